//! Whom to tell of what.

use std::path::PathBuf;

use icloud_photos::redact::{ExposeSecret as _, SecretString};
use url::Url;

use crate::args::{Common, NotifyOn, UsageError};

/// The ways out of a section, and what goes over them.
#[derive(Debug)]
pub(crate) struct Notifying {
    /// As typed: a bare name is looked for beside us and then in `PATH`.
    pub(crate) script: Option<PathBuf>,
    pub(crate) mail: Option<Mail>,
    /// It may hold a secret.
    pub(crate) webhook: Option<SecretString>,
    pub(crate) on: Vec<NotifyOn>,
    /// Days before Apple's trust ends.
    pub(crate) days_before: u64,
}

/// A mail as icloudpd sends it.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) username: Option<String>,
    pub(crate) password: SmtpPassword,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// Where the password for the mail server is.
#[derive(Debug, Clone)]
pub(crate) enum SmtpPassword {
    None,
    Text(SecretString),
    File(PathBuf),
}

impl Notifying {
    pub(super) fn of(common: &Common) -> Result<Self, UsageError> {
        let webhook = common.notification_webhook.clone().filter(|url| !url.expose_secret().is_empty());
        if webhook.as_ref().is_some_and(|url| !is_web(url)) {
            // Without the address: it may hold a secret.
            let text = "argument --notification-webhook: not an http or https address";
            return Err(UsageError::Argument(text.to_owned()));
        }
        Ok(Self {
            script: common.notification_script.clone().filter(|path| !path.as_os_str().is_empty()),
            mail: mail(common)?,
            webhook,
            on: common.notify_on.clone(),
            days_before: common.notify_days_before,
        })
    }
}

fn is_web(url: &SecretString) -> bool {
    Url::parse(url.expose_secret()).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// icloudpd sends mail if there is anybody to send it to: the address named for it, else the user of the mail server. From whom: the
/// name given, else its own with that user, else the receiver.
fn mail(common: &Common) -> Result<Option<Mail>, UsageError> {
    let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let username = named(&common.smtp_username);
    let Some(to) = named(&common.notification_email).or_else(|| username.clone()) else { return Ok(None) };
    let port = u16::try_from(common.smtp_port).map_err(|_| {
        UsageError::Argument(format!("argument --smtp-port: not a port: {}", common.smtp_port))
    })?;
    // A user that is no address cannot be a sender.
    let own = username.as_ref().filter(|name| name.contains('@'));
    let from = named(&common.notification_email_from)
        .or_else(|| own.map(|name| format!("iCloud Photos Downloader <{name}>")))
        .unwrap_or_else(|| to.clone());
    let password = match (&common.smtp_password_file, &common.smtp_password) {
        (Some(path), _) => SmtpPassword::File(path.clone()),
        (None, Some(text)) if !text.expose_secret().is_empty() => SmtpPassword::Text(text.clone()),
        _ => SmtpPassword::None,
    };
    let host = common.smtp_host.clone();
    Ok(Some(Mail { host, port, tls: !common.smtp_no_tls, username, password, from, to }))
}
