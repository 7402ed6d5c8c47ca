//! Which database, and how it is reached.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{RootCertStore, crypto};
use rustls_platform_verifier::BuilderVerifierExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::no_connection;
use super::passfile;
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
    tls: Option<Trust>,
}

/// Who vouches for the server's certificate.
#[derive(Debug, Clone)]
enum Trust {
    System,
    File(PathBuf),
}

impl Database {
    /// Reads a URL such as `postgres://user@host:5432/photos?sslrootcert=/etc/ssl/db.pem`, with the parameters that libpq knows.
    ///
    /// - Other hosts are reached by TLS, and their certificate must be for that name and signed by somebody whom this system trusts, or by
    ///   the file `sslrootcert` (or `PGSSLROOTCERT`). `require`, `verify-ca` and `verify-full` for `sslmode` (or `PGSSLMODE`) all
    ///   mean that. Only `sslmode=disable` does without; it is what is meant for loopback addresses and sockets, if
    ///   nothing else is said.
    /// - A host that begins with `%2F` is the folder of a Unix socket, and no host means `/var/run/postgresql`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`]: it is no such URL, or holds a password, which everybody on the machine could read in the list of processes.
    /// The URL itself is not shown.
    pub fn parse(url: &str) -> Result<Self> {
        let (bare, mode, root) = without_tls(url);
        let refuse = |message: &'static str| Error::new(ErrorKind::Config, message);
        if !Self::is_url(url) {
            return Err(refuse("a database is named by a URL like postgres://user@host/database"));
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
        let root = root.or_else(|| variable("PGSSLROOTCERT")).map(PathBuf::from);
        let wants = match mode.as_deref() {
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            None => !config.get_hosts().iter().all(is_here),
            Some(_) => {
                return Err(refuse("sslmode is one of disable, require, verify-ca and verify-full here"));
            }
        };
        config.ssl_mode(if wants { SslMode::Require } else { SslMode::Disable });
        let tls = wants.then(|| root.map_or(Trust::System, Trust::File));
        Ok(Self { config: Box::new(config), tls })
    }

    /// Whether a text is meant as the URL of a database.
    pub fn is_url(text: &str) -> bool {
        // Without the slashes it is none, but nobody calls a folder so, and it may hold a password.
        text.starts_with("postgres:") || text.starts_with("postgresql:")
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
        let fault = |error| no_connection(error, &self.to_string());
        match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(fault)?;
                tokio::spawn(connection);
                Ok(client)
            }
            Some(trust) => {
                let connector = MakeRustlsConnect::new(trust.config()?);
                let (client, connection) = self.config.connect(connector).await.map_err(fault)?;
                tokio::spawn(connection);
                Ok(client)
            }
        }
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

impl Trust {
    fn config(&self) -> Result<ClientConfig> {
        let unusable = |error: rustls::Error| {
            Error::new(ErrorKind::Config, "TLS cannot be used on this system").caused_by(error)
        };
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        Ok(match self {
            Self::System => builder.with_platform_verifier().map_err(unusable)?.with_no_client_auth(),
            Self::File(file) => builder.with_root_certificates(roots(file)?).with_no_client_auth(),
        })
    }
}

fn roots(file: &Path) -> Result<RootCertStore> {
    let unreadable = |cause: Box<dyn std::error::Error + Send + Sync>| {
        let advice = "the file that sslrootcert names holds no certificates that can be read (PEM)";
        Error::new(ErrorKind::Config, advice).with("file", file.display()).caused_by(cause)
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.into()))? {
        let certificate = certificate.map_err(|error| unreadable(error.into()))?;
        roots.add(certificate).map_err(|error| unreadable(error.into()))?;
    }
    if roots.is_empty() { Err(unreadable("no certificate is in it".into())) } else { Ok(roots) }
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
    fn other_hosts_are_reached_by_tls_unless_that_is_switched_off() {
        let table = [
            ("postgres://me@db.example/x", true),
            ("postgres://me@db.example/x?sslmode=disable", false),
            ("postgres://me@db.example/x?sslmode=require", true),
            ("postgres://me@localhost/x?connect_timeout=3&sslmode=verify-full", true),
            ("postgres://me@localhost,db.example/x", true),
            ("postgres://me@127.0.0.1:6000/x", false),
            ("postgres://me@[::1]/x", false),
            ("postgres://me@%2Frun%2Fpg/x", false),
            ("postgres:///x", false),
        ];
        for (url, wants) in table {
            let database = Database::parse(url).unwrap();
            assert_eq!(database.tls.is_some(), wants, "{url}");
            let mode = if wants { SslMode::Require } else { SslMode::Disable };
            assert_eq!(database.config.get_ssl_mode(), mode, "{url}");
        }
        for url in
            ["postgres://db/x?sslmode=prefer", "postgres://db/x?sslmode=Disable", "mysql://db/x", "/data", ""]
        {
            assert_eq!(Database::parse(url).unwrap_err().kind(), ErrorKind::Config, "{url}");
        }
    }

    #[test]
    fn certificates_are_read_from_the_file_that_is_named() {
        let database = Database::parse("postgres://db/x?sslrootcert=%2Fno%2Fsuch.pem").unwrap();
        let error = database.tls.as_ref().unwrap().config().unwrap_err();
        assert!(error.to_string().contains("/no/such.pem"), "{error}");
    }
}
