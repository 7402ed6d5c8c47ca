//! One connection, and the statements that were prepared on it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::TryStreamExt as _;
use tokio_postgres::types::{BorrowToSql, ToSql};
use tokio_postgres::{Client, Row, Statement};

use super::database::{BETWEEN, Database, IDLE, PROBES, UNHEARD};
use super::fault::fault;
use crate::error::{Error, ErrorKind, Result};

/// A value for a statement.
pub(super) type Param = Box<dyn ToSql + Sync + Send>;

/// What a session is told about machines that vanish and about itself, which may be idle for as long as a download takes, and asked
/// about the server. A commit is on the disk when it returns, whatever
/// the server's own setting; plans are made for the values at hand, for a table that was empty a minute ago may be large.
const SET_UP: &str = "
    SELECT set_config('tcp_keepalives_idle', $1, false), set_config('tcp_keepalives_interval', $2, false),
        set_config('tcp_keepalives_count', $3, false), set_config('tcp_user_timeout', $4, false),
        (SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'),
        set_config('plan_cache_mode', 'force_custom_plan', false),
        set_config('synchronous_commit',
            CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
        current_setting('server_encoding'), current_setting('fsync')";

pub(super) struct Session {
    pub(super) client: Client,
    database: String,
    /// Whether the server waits for its disk.
    flushes: bool,
    statements: Mutex<HashMap<&'static str, Statement>>,
}

impl Session {
    pub(super) async fn open(database: &Database) -> Result<Self> {
        let (client, database) = (database.connect().await?, database.to_string());
        let session = Self { client, database, flushes: true, statements: Mutex::default() };
        let texts = [
            IDLE.as_secs().to_string(),
            BETWEEN.as_secs().to_string(),
            PROBES.to_string(),
            UNHEARD.as_millis().to_string(),
        ];
        let params = texts.map(|text| Box::new(text) as Param);
        let row = session.rows(SET_UP, params).await?.pop();
        let said =
            |column| row.as_ref().and_then(|row| row.try_get::<_, String>(column).ok()).unwrap_or_default();
        if said(7) != "UTF8" {
            let advice = "this database cannot keep every name; make one with `createdb --encoding UTF8 --template template0`";
            return Err(Error::new(ErrorKind::Config, advice)
                .with("database", &session.database)
                .with("its encoding", said(7)));
        }
        let flushes = said(8) != "off";
        Ok(Self { flushes, ..session })
    }

    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// Says so if the server does not keep what it says it has.
    pub(super) fn warn_of_unsafe_server(&self) {
        if !self.flushes {
            tracing::warn!(
                "{}: fsync is off there; a loss of power takes the catalogues away",
                self.database
            );
        }
    }

    pub(super) fn fault(&self, error: tokio_postgres::Error) -> Error {
        fault(error, &self.database)
    }

    pub(super) async fn rows<P: BorrowToSql>(
        &self,
        sql: &'static str,
        params: impl IntoIterator<Item = P, IntoIter: ExactSizeIterator>,
    ) -> Result<Vec<Row>> {
        let statement = self.statement(sql).await?;
        let rows = self.client.query_raw(&statement, params).await.map_err(|error| self.fault(error))?;
        rows.try_collect().await.map_err(|error| self.fault(error))
    }

    /// Gives back how many rows it changed.
    pub(super) async fn execute<P: BorrowToSql>(
        &self,
        sql: &'static str,
        params: impl IntoIterator<Item = P, IntoIter: ExactSizeIterator>,
    ) -> Result<u64> {
        let statement = self.statement(sql).await?;
        self.client.execute_raw(&statement, params).await.map_err(|error| self.fault(error))
    }

    /// For what returns nothing and takes no values, such as `BEGIN`.
    pub(super) async fn order(&self, sql: &str) -> Result<()> {
        self.client.batch_execute(sql).await.map_err(|error| self.fault(error))
    }

    async fn statement(&self, sql: &'static str) -> Result<Statement> {
        let known = || self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        let prepared = known().get(sql).cloned();
        if let Some(statement) = prepared {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await.map_err(|error| self.fault(error))?;
        known().insert(sql, statement.clone());
        Ok(statement)
    }
}
