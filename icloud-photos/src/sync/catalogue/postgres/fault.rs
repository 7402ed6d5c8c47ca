//! What an error of the database means to a person.

use tokio_postgres::error::SqlState;

use crate::error::{Error, ErrorKind, Retry};

const BROKEN: &str = "the connection to the database broke, and with it the lease of this copy; what was not committed is done again by \
                      the next run";

const NOT_LET_IN: &str = "the database does not let this user in; check the user in the URL, and PGPASSWORD, PGPASSFILE or ~/.pgpass";

const NOT_ALLOWED: &str =
    "the database does not allow this user to do that; docs/postgresql.md says which privileges are needed";

/// What happened on a connection that stood; `database` is its URL, which holds no secret.
pub(super) fn fault(error: tokio_postgres::Error, database: &str) -> Error {
    let (kind, advice) = match error.code() {
        Some(code) => of_code(code),
        None if error.is_closed() => (ErrorKind::Storage, BROKEN),
        None if std::error::Error::source(&error).is_some() && !is_of_the_socket(&error) => {
            return strange(error).with("database", database);
        }
        // Reading from or writing to the socket failed.
        None => (ErrorKind::Storage, BROKEN),
    };
    Error::new(kind, advice).with("database", database).caused_by(error)
}

/// Why no connection came about.
pub(super) fn no_connection(error: tokio_postgres::Error, database: &str) -> Error {
    if error.code().is_some() {
        return fault(error, database);
    }
    // What is left is a password that was asked for, and nobody gave.
    if !is_of_the_socket(&error) {
        return Error::new(ErrorKind::PermissionDenied, NOT_LET_IN)
            .with("database", database)
            .caused_by(error);
    }
    let advice = "the database cannot be reached; check host and port in the URL, whether it runs, and whether its certificate is \
                  trusted here";
    unreached(advice).with("database", database).caused_by(error)
}

/// Of the storage, and not of the network: that is the one to Apple. It may pass.
fn unreached(advice: &'static str) -> Error {
    Error::new(ErrorKind::Storage, advice).retrying(Retry::Later { after: None })
}

/// A row that says what this version does not know.
pub(super) fn strange(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let advice =
        "the catalogue holds a row that this version cannot read; update, or undo what was changed by hand";
    Error::new(ErrorKind::Storage, advice).caused_by(cause)
}

fn of_code(code: &SqlState) -> (ErrorKind, &'static str) {
    let is_one_of = |codes: &[&SqlState]| codes.contains(&code);
    if *code == SqlState::DISK_FULL {
        return (ErrorKind::StorageFull, "the disk of the database is full; free some space and run again");
    }
    if *code == SqlState::INVALID_CATALOG_NAME {
        return (ErrorKind::NotFound, "there is no such database; make it with `createdb`");
    }
    if is_one_of(&[&SqlState::INVALID_PASSWORD, &SqlState::INVALID_AUTHORIZATION_SPECIFICATION]) {
        return (ErrorKind::PermissionDenied, NOT_LET_IN);
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return (ErrorKind::PermissionDenied, NOT_ALLOWED);
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return (
            ErrorKind::PermissionDenied,
            "this database is for reading only (a standby?); name the one that is written to",
        );
    }
    if is_one_of(&[&SqlState::TOO_MANY_CONNECTIONS, &SqlState::CANNOT_CONNECT_NOW]) {
        let advice = "the database takes no connections now; run again later, or raise its max_connections: each copy that is kept \
                      takes two";
        return (ErrorKind::Storage, advice);
    }
    if *code == SqlState::QUERY_CANCELED {
        let advice =
            "the database cut a statement short; raise its statement_timeout for this user, or run again";
        return (ErrorKind::Storage, advice);
    }
    match code.code().get(..2) {
        // Shutdown, or a connection that somebody ended; 08 is the class of connections.
        Some("57" | "08") => (ErrorKind::Storage, BROKEN),
        Some("23" | "40" | "55") => {
            (ErrorKind::Conflict, "somebody else is at work on the same tables; run again")
        }
        Some("53" | "54" | "58") => {
            (ErrorKind::Storage, "the database lacks something that it needs; see its log")
        }
        Some("XX") => {
            (ErrorKind::Storage, "the database is damaged; see its log, and docs/postgresql.md about backups")
        }
        Some("42") => (
            ErrorKind::Storage,
            "the tables of the catalogue are not what they should be; undo what was changed by hand, or restore a backup",
        ),
        _ => (ErrorKind::Unexpected, "the catalogue failed in an unexpected way; please report it"),
    }
}

/// Errors of the socket have an I/O error for their cause; others what the driver says.
fn is_of_the_socket(error: &tokio_postgres::Error) -> bool {
    use std::error::Error as _;
    error.source().is_some_and(|cause| cause.is::<std::io::Error>())
}
