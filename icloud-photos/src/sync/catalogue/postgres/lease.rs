//! Who keeps a copy.
//!
//! A lease is an advisory lock of PostgreSQL on the number of the copy, held by the session on whose connection commits go. The
//! server takes it back when that session ends, however it does, and a session that ended can commit nothing: nobody has to be
//! asked, and no clock to be trusted. Each commit looks whether its session still holds the lock, for a pooler in between may have
//! given the connection to somebody else, and whether the tables are still of this version, for a newer program may have changed
//! them meanwhile.

use std::sync::Arc;

use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::fault::strange;
use super::schema;
use super::session::Session;
use crate::error::{Error, ErrorKind, Result, Retry};

/// `iCPc`: the first half of the number of each lock of ours; the second is the number of the copy, or 0 for the tables.
pub(super) const CLASS: i32 = 0x6943_5063;

/// How each commit begins: while it is on its way nobody changes the tables, for whoever does takes the same lock alone.
pub(super) const BEGIN: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock_shared(1766019171, 0)";

/// How long to wait for whoever holds it. A catalogue that was closed a moment ago, here or elsewhere, lets go within that.
const PATIENCE: &str = "SET lock_timeout = '2s'";
const NO_LIMIT: &str = "SET lock_timeout = 0";

const TAKE: &str = "SELECT pg_advisory_lock($1, $2)";

/// Locks of this kind count how often they were taken by one session; a session that has it before we asked is shared with somebody.
const HELD: &str = "SELECT (SELECT number FROM icloud_photos.version) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
    AND classid::bigint = $1 AND objid::bigint = $2 AND objsubid = 2";

const HOLDER: &str = "SELECT a.application_name, host(a.client_addr), a.backend_start::text
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $1 AND l.objid::bigint = $2 AND l.objsubid = 2
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

const POOLED: &str = "the connection to the database is shared with others, by a pooler that gives each transaction another session: a \
                      copy cannot be leased like that. Name the database itself, or let the pooler give whole sessions";

const TAKEN_AWAY: &str = "this copy is no longer leased to this worker: somebody took the lock from its session, or a pooler gave it \
                          another one; nothing was written. Let nothing but whole sessions between worker and database";

/// Takes the lease of a copy for this session.
///
/// # Errors
/// [`ErrorKind::Conflict`], worth another try later, if somebody else has it.
pub(super) async fn take(session: &Arc<Session>, copy: i32) -> Result<()> {
    if is_held(session, copy).await? {
        return Err(Error::new(ErrorKind::Config, POOLED).with("database", session.database()));
    }
    session.order(PATIENCE).await?;
    let taken = session.client.execute(TAKE, &[&CLASS, &copy]).await;
    match taken {
        Ok(_) => session.order(NO_LIMIT).await,
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            Err(held_by_other(session, copy).await)
        }
        Err(error) => Err(session.fault(error)),
    }
}

/// That this session has the lease, in the midst of a transaction that began with [`BEGIN`].
pub(super) async fn require(session: &Session, copy: i32) -> Result<()> {
    if let Some(row) = session.rows(HELD, [i64::from(CLASS), i64::from(copy)]).await?.first() {
        let version = row.try_get::<_, i32>(0).map_err(strange)?;
        return schema::require(usize::try_from(version).unwrap_or(usize::MAX), session.database());
    }
    Err(Error::new(ErrorKind::Conflict, TAKEN_AWAY).with("database", session.database()))
}

async fn is_held(session: &Session, copy: i32) -> Result<bool> {
    Ok(!session.rows(HELD, [i64::from(CLASS), i64::from(copy)]).await?.is_empty())
}

async fn held_by_other(session: &Session, copy: i32) -> Error {
    let advice = "another worker keeps this copy; it is free again when that one is done";
    let error = Error::new(ErrorKind::Conflict, advice).retrying(Retry::Later { after: None });
    let error = error.with("database", session.database());
    let holder = session.rows(HOLDER, [i64::from(CLASS), i64::from(copy)]).await;
    match holder.ok().and_then(|rows| rows.first().and_then(described)) {
        Some(holder) => error.with("worker", holder),
        None => error,
    }
}

/// `icloud-photos 4711 at 10.0.0.7 since ...`; nothing where the server does not tell, as of other users' sessions.
fn described(row: &Row) -> Option<String> {
    let text =
        |column| row.try_get::<_, Option<String>>(column).ok().flatten().filter(|text| !text.is_empty());
    let place =
        text(1).map_or_else(|| "on the database's machine".to_owned(), |address| format!("at {address}"));
    Some(format!("{} {place} since {}", text(0)?, text(2)?))
}
