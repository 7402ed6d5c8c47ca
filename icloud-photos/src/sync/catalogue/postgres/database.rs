//! Which database, and how it is reached.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::{is_about_the_way, no_connection};
use super::passfile;
use super::tls::Trust;
use crate::error::{Error, ErrorKind, Result};

/// After that long without an answer a machine counts as gone: idle, between probes, and how many of these. The server is told the
/// same, so that it ends the session of a worker whose machine vanished after 25 seconds, and with it the lease.
pub(super) const IDLE: Duration = Duration::from_secs(10);
pub(super) const BETWEEN: Duration = Duration::from_secs(5);
pub(super) const PROBES: u32 = 3;

/// The same where something was sent and is not confirmed.
pub(super) const UNHEARD: Duration = Duration::from_secs(25);

const CONNECT: Duration = Duration::from_secs(15);

/// Where Debian's PostgreSQL has its socket; a URL without a host means it.
const SOCKETS: &str = "/var/run/postgresql";

/// A PostgreSQL database that keeps the catalogues of many copies. Nothing is sent before a catalogue is opened.
///
/// Neither its `Debug` nor its `Display` shows a password.
#[derive(Clone)]
pub struct Database {
    config: Box<Config>,
    /// How it is reached; the second way counts where the first is refused.
    ways: Vec<Way>,
}

/// By TLS, with this trust, or in the clear.
type Way = Option<Trust>;

impl Database {
    /// Reads a URL such as `postgres://user@host:5432/photos?sslrootcert=/etc/ssl/db.pem`, with the parameters that libpq knows.
    ///
    /// - If nothing is said of TLS, other hosts are reached by it as with `verify-full`, and loopback addresses without.
    /// - `sslmode` (or `PGSSLMODE`) is what it is to libpq: `disable`; `allow` and `prefer`, which encrypt if the server wants or can; `require`,
    ///   which encrypts and trusts any certificate; `verify-ca`, which wants one that is signed by a certificate in the file `sslrootcert` (or
    ///   `PGSSLROOTCERT`), or is in it; `verify-full`, which wants it to be for the name of the host too. With that file `require` means `verify-ca`.
    ///   Without one, or with `system` for it, the two that verify go by what this system trusts, and both look at the name.
    /// - Sockets go without TLS.
    /// - A host that begins with `%2F` is the folder of a Unix socket, and no host means `/var/run/postgresql`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`]: it is no such URL, or holds a password, which everybody on the machine could read in the list of processes.
    /// The URL itself is not shown.
    pub fn parse(url: &str) -> Result<Self> {
        let (bare, mode, root) = without_tls(url);
        let refuse = |message: &'static str| Error::new(ErrorKind::Config, message);
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(refuse("a database is named by a URL like postgres://user@host:5432/database"));
        }
        let mut config: Config = bare.parse().map_err(|error| {
            refuse("the URL of the database cannot be read; it looks like postgres://user@host:5432/database").caused_by(error)
        })?;
        if config.get_password().is_some() {
            return Err(refuse(
                "the URL of the database holds a password, which the list of processes would show to everybody: take it out, and \
                 give it by PGPASSWORD, PGPASSFILE or ~/.pgpass",
            ));
        }
        complete(&mut config);
        let mode = mode.or_else(|| variable("PGSSLMODE"));
        let root =
            root.or_else(|| variable("PGSSLROOTCERT")).filter(|file| file != "system").map(PathBuf::from);
        let is_here = config.get_hosts().iter().all(is_here);
        let ways = match (mode.as_deref(), root) {
            _ if config.get_hosts().iter().all(is_socket) => vec![None],
            (Some("disable"), _) => vec![None],
            (Some("allow"), _) => vec![None, Some(Trust::Anybody)],
            (Some("prefer"), _) => vec![Some(Trust::Anybody), None],
            (Some("require"), None) => vec![Some(Trust::Anybody)],
            (Some("require" | "verify-ca"), Some(file)) => vec![Some(Trust::File { file, names: false })],
            (None, _) if is_here => vec![None],
            (Some("verify-ca" | "verify-full") | None, None) => vec![Some(Trust::System)],
            (Some("verify-full") | None, Some(file)) => vec![Some(Trust::File { file, names: true })],
            (Some(other), _) => {
                let modes = "disable, allow, prefer, require, verify-ca and verify-full";
                let message = format!("sslmode (or PGSSLMODE) is {other:?}, which is none of {modes}");
                return Err(Error::new(ErrorKind::Config, message));
            }
        };
        Ok(Self { config: Box::new(config), ways })
    }

    /// Whether a text is meant as the URL of a database.
    pub fn is_url(text: &str) -> bool {
        // With a slip it is none, but nobody calls a folder so, and it may hold a password.
        let (scheme, rest) = text.split_at(text.find([':', '/']).unwrap_or(text.len()));
        let is_ours =
            ["postgres", "postgresql", "pg", "psql", "pgsql"].contains(&scheme.to_lowercase().as_str());
        // The other form that libpq knows is refused, and may hold a password too.
        let pairs = ["host=", "hostaddr=", "dbname=", "user=", "password="];
        let is_pair = |word: &str| pairs.iter().any(|pair| word.starts_with(pair));
        text.contains("://")
            || text.split_whitespace().any(is_pair)
            || (is_ours && (rest.starts_with(':') || rest.starts_with("//")))
    }

    /// With this password.
    #[must_use]
    pub fn password(mut self, password: &SecretString) -> Self {
        self.config.password(password.expose_secret());
        self
    }

    /// With the password that PostgreSQL's own programs would use: that of `PGPASSWORD`, else of the file `PGPASSFILE`, else of
    /// `~/.pgpass`; without one if there is none.
    ///
    /// # Errors
    /// Of a file that is there and cannot be read.
    pub fn usual_password(self) -> Result<Self> {
        let host = self.host();
        let asker = passfile::Asker {
            host: if host.starts_with('/') { "localhost" } else { &host },
            port: self.port(),
            database: self.config.get_dbname().or(self.config.get_user()).unwrap_or_default(),
            user: self.config.get_user().unwrap_or_default(),
        };
        let password = passfile::usual(&asker)?;
        Ok(match password {
            Some(password) => self.password(&password),
            None => self,
        })
    }

    /// Opens a connection, and a task of the runtime that serves it for as long as it is used.
    pub(super) async fn connect(&self) -> Result<Client> {
        let mut ways = self.ways.iter();
        let mut done = self.connect_by(ways.next().unwrap_or(&None)).await?;
        for way in ways {
            if done.as_ref().is_err_and(is_about_the_way) {
                done = self.connect_by(way).await?;
            }
        }
        done.map_err(|error| no_connection(error, &self.to_string()))
    }

    async fn connect_by(&self, way: &Way) -> Result<std::result::Result<Client, tokio_postgres::Error>> {
        let mut config = (*self.config).clone();
        let Some(trust) = way else {
            let connected = config.ssl_mode(SslMode::Disable).connect(NoTls).await;
            return Ok(connected.map(|(client, connection)| {
                tokio::spawn(connection);
                client
            }));
        };
        let connector = MakeRustlsConnect::new(trust.config()?);
        let connected = config.ssl_mode(SslMode::Require).connect(connector).await;
        Ok(connected.map(|(client, connection)| {
            tokio::spawn(connection);
            client
        }))
    }

    fn host(&self) -> String {
        self.config.get_hosts().first().map_or_else(String::new, |host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        })
    }

    fn port(&self) -> u16 {
        self.config.get_ports().first().copied().unwrap_or(5432)
    }
}

/// What the URL leaves to be said.
fn complete(config: &mut Config) {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host(SOCKETS);
    }
    if config.get_user().is_none()
        && let Some(user) = variable("PGUSER").or_else(|| variable("USER"))
    {
        config.user(user);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    config.keepalives(true).keepalives_idle(IDLE).keepalives_interval(BETWEEN).keepalives_retries(PROBES);
    config.tcp_user_timeout(UNHEARD);
    config.application_name(format!("icloud-photos {}", std::process::id()));
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Whether bytes for this host stay on this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn is_socket(host: &Host) -> bool {
    !matches!(host, Host::Tcp(_))
}

/// The URL without what it says of TLS, for the driver knows less of that than we do; and what it says.
fn without_tls(url: &str) -> (String, Option<String>, Option<String>) {
    let (mut mode, mut root) = (None, None);
    let Some((front, query)) = url.split_once('?') else { return (url.to_owned(), mode, root) };
    let mut kept = Vec::new();
    for pair in query.split('&') {
        let value = |name: &str| {
            let value = pair.strip_prefix(name)?.strip_prefix('=')?;
            url::form_urlencoded::parse(format!("x={value}").as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())
        };
        if let Some(text) = value("sslmode") {
            mode = Some(text);
        } else if let Some(text) = value("sslrootcert") {
            root = Some(text);
        } else {
            kept.push(pair);
        }
    }
    let bare = if kept.is_empty() { front.to_owned() } else { format!("{front}?{}", kept.join("&")) };
    (bare, mode, root)
}

/// As a URL, without password and parameters.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.config.get_user().unwrap_or_default();
        let name = self.config.get_dbname().unwrap_or(user);
        write!(f, "postgres://{user}@{}:{}/{name}", self.host(), self.port())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.to_string()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_url_is_refused_and_not_shown() {
        for url in [
            "postgres://me:hunter2@db/x",
            "postgresql://me@db/x?password=hunter2",
            "postgres://me:hunter2@db:port/x",
        ] {
            let error = Database::parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        let error = Database::parse("postgres://me:hunter2@db/x").unwrap_err();
        assert!(error.message().contains("PGPASSWORD"), "{error}");
    }

    #[test]
    fn a_password_is_never_shown() {
        let database = Database::parse("postgres://me@db/x").unwrap().password(&"hunter2".into());
        assert_eq!(database.to_string(), "postgres://me@db:5432/x");
        assert!(!format!("{database:?}").contains("hunter2"), "{database:?}");
    }

    #[test]
    fn modes_are_those_of_libpq() {
        let file = |names| Some(Trust::File { file: "/r.pem".into(), names });
        let (clear, anybody, system) = (None, Some(Trust::Anybody), Some(Trust::System));
        let table = [
            ("db.example/x", vec![system.clone()]),
            ("db.example/x?sslrootcert=%2Fr.pem", vec![file(true)]),
            ("db.example/x?sslmode=disable", vec![clear.clone()]),
            ("db.example/x?sslmode=allow", vec![clear.clone(), anybody.clone()]),
            ("db.example/x?sslmode=prefer&sslrootcert=%2Fr.pem", vec![anybody.clone(), clear.clone()]),
            ("db.example/x?sslmode=require", vec![anybody.clone()]),
            ("db.example/x?sslmode=require&sslrootcert=%2Fr.pem", vec![file(false)]),
            ("db.example/x?sslmode=require&sslrootcert=system", vec![anybody.clone()]),
            ("db.example/x?sslmode=verify-ca&sslrootcert=%2Fr.pem", vec![file(false)]),
            ("db.example/x?sslmode=verify-ca", vec![system.clone()]),
            ("db.example/x?sslmode=verify-full&sslrootcert=system", vec![system.clone()]),
            ("localhost/x?connect_timeout=3&sslmode=verify-full", vec![system.clone()]),
            ("localhost,db.example/x", vec![system.clone()]),
            ("127.0.0.1:6000/x", vec![clear.clone()]),
            ("[::1]/x", vec![clear.clone()]),
            ("%2Frun%2Fpg/x?sslmode=require", vec![clear.clone()]),
            ("/x", vec![clear.clone()]),
        ];
        for (rest, ways) in table {
            assert_eq!(Database::parse(&format!("postgres://{rest}")).unwrap().ways, ways, "{rest}");
        }
        for mode in ["Disable", "verify_full", "yes", ""] {
            let error = Database::parse(&format!("postgres://db/x?sslmode={mode}")).unwrap_err();
            let text = error.to_string();
            assert!(error.kind() == ErrorKind::Config && text.contains(&format!("{mode:?}")), "{text}");
        }
    }

    #[test]
    fn slips_are_no_databases_and_say_how_one_is_named() {
        let slips = [
            "postgres:",
            "postgres:db/x",
            "postgres:/db/x",
            "mysql://db/x",
            "/data",
            "",
            "Postgres//db",
            "postgresql://db:port/x",
            "postgres://db/x?nothing=1",
            "postgres:me:hunter2@db",
        ];
        for url in slips {
            let error = Database::parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
            assert!(error.message().contains("postgres://user@host"), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        for slip in
            ["postgres:", "postgres:db", "POSTGRES://db/x", "postgresql//db/x", "pg://db/x", "psql://db/x"]
        {
            assert!(Database::is_url(slip), "{slip} is meant as one");
        }
        for folder in ["postgres", "./postgres:x", "/srv/postgres:x", "postgres/x", "catalogues", "pg"] {
            assert!(!Database::is_url(folder), "{folder}");
        }
    }
}
