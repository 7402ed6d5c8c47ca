//! What an error of the database means to a person.

use tokio_postgres::error::SqlState;

use crate::error::{Error, ErrorKind, Retry};

const BROKEN: &str = "the connection to the database broke, and with it the lease of this copy; what was not committed is done again by \
                      the next run";

const ENDED: &str = "the database was shut down or restarted, or somebody ended this connection, and with it the lease of this copy; what \
                     was not committed is done again by the next run";

const STARTING: &str =
    "the database is starting up, or shutting down; what was not committed is done again by the next run";

const FULL: &str = "the database has no connection left: raise its max_connections, or let fewer workers run; each copy that is kept \
                    takes two";

const NO_TLS: &str = "the database offers no TLS: switch it on there (ssl = on), or write sslmode=disable into the URL if the network \
                      is yours alone";

const NOT_TRUSTED: &str = "the certificate of the database is not trusted here, or not for that host: name a file with the certificate \
                           that signed it by sslrootcert; sslmode=verify-ca does not look at the name, and sslmode=require encrypts \
                           and trusts anybody";

const NO_HANDSHAKE: &str =
    "the database and this program could not agree on TLS; see the log of the database";

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
    if let Some(advice) = about_tls(&error) {
        return Error::new(ErrorKind::Config, advice).with("database", database).caused_by(error);
    }
    // What is left is a password that was asked for, and nobody gave.
    if !is_of_the_socket(&error) {
        return Error::new(ErrorKind::PermissionDenied, NOT_LET_IN)
            .with("database", database)
            .caused_by(error);
    }
    let advice = "the database cannot be reached; check host and port in the URL, and whether it runs";
    unreached(advice).with("database", database).caused_by(error)
}

/// What is wrong with TLS, if that is it: nothing that passes. A connection that broke meanwhile is none of it.
fn about_tls(error: &tokio_postgres::Error) -> Option<&'static str> {
    use std::error::Error as _;
    let cause = error.source()?;
    // The driver knows no other sign of it.
    if cause.to_string() == "server does not support TLS" {
        return Some(NO_TLS);
    }
    let cause = cause.downcast_ref::<std::io::Error>()?.get_ref()?;
    match cause.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(_) => Some(NOT_TRUSTED),
        _ => Some(NO_HANDSHAKE),
    }
}

/// Whether to try without TLS, or with it, where either will do: the other way was refused, by whatever rule.
pub(super) fn is_about_the_way(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) || about_tls(error).is_some()
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
    if *code == SqlState::TOO_MANY_CONNECTIONS {
        return (ErrorKind::Storage, FULL);
    }
    if *code == SqlState::CANNOT_CONNECT_NOW {
        return (ErrorKind::Storage, STARTING);
    }
    if is_one_of(&[&SqlState::ADMIN_SHUTDOWN, &SqlState::CRASH_SHUTDOWN]) {
        return (ErrorKind::Storage, ENDED);
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
            (ErrorKind::Conflict, "somebody else is at work on the same tables; try again when they are done")
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said is what happened: a database that restarts has connections enough.
    #[test]
    fn a_restart_is_no_want_of_connections() {
        let (restarting, advice) = of_code(&SqlState::CANNOT_CONNECT_NOW);
        assert!(advice.contains("starting up") && !advice.contains("max_connections"), "{advice}");
        let (ended, advice) = of_code(&SqlState::ADMIN_SHUTDOWN);
        assert!(advice.contains("restarted") && advice.contains("lease"), "{advice}");
        let (full, advice) = of_code(&SqlState::TOO_MANY_CONNECTIONS);
        assert!(advice.contains("max_connections"), "{advice}");
        assert!([restarting, ended, full].iter().all(|kind| *kind == ErrorKind::Storage));
    }
}
