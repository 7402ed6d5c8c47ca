//! Mail by SMTP, as icloudpd sends it: STARTTLS unless that is switched off, a login if user and password are known.
//!
//! Safer than icloudpd: the server's certificate is checked against the trust store of the system, and the date is one that mail
//! programs can read. A server on port 465 speaks TLS from the first byte.

use std::time::Duration;

use lettre::message::{Mailboxes, MessageBuilder, header::ContentType};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::event::Message;
use super::wire::Wire;
use crate::config::{Mail, SmtpPassword};
use crate::prompt;
use icloud_photos::redact::{ExposeSecret as _, SecretString};

/// How long the server may be silent.
const SILENCE: Duration = Duration::from_secs(20);

/// Letters; mail programs want no more than 76.
const LONGEST_LINE: usize = 72;

const TLS_FROM_THE_START: u16 = 465;

pub(super) async fn send(mail: &Mail, message: &Message) -> Result<(), String> {
    let letter = letter(mail, message)?;
    let tls = match mail.tls {
        true => Some(TlsParameters::new(mail.host.clone()).map_err(|error| error.to_string())?),
        false => None,
    };
    let password = password(&mail.password).await?;
    let login = mail
        .username
        .clone()
        .zip(password)
        .map(|(name, password)| Credentials::new(name, password.expose_secret().to_owned()));
    hand_over(mail, &letter, tls, login).await.map_err(|error| advise(mail, &error))
}

fn letter(mail: &Mail, message: &Message) -> Result<lettre::Message, String> {
    let from = mail.from.parse().map_err(|error| format!("the sender is no address: {error}"))?;
    let to: Mailboxes = mail.to.parse().map_err(|error| format!("the receiver is no address: {error}"))?;
    let builder = to.into_iter().fold(MessageBuilder::new().from(from), MessageBuilder::to);
    builder
        .subject(message.subject.clone())
        .header(ContentType::TEXT_PLAIN)
        .body(format!("Hello,\n\n{}", wrapped(&message.text)))
        .map_err(|error| error.to_string())
}

/// Long lines would be encoded, and whoever looks for words in them would not find them.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let mut length = 0;
        for word in line.split(' ') {
            let room = length == 0 || length + 1 + word.len() <= LONGEST_LINE;
            lines += match length {
                0 => "",
                _ if room => " ",
                _ => "\n",
            };
            length = word.len() + if room && length > 0 { length + 1 } else { 0 };
            lines += word;
        }
        lines.push('\n');
    }
    lines
}

async fn hand_over(
    mail: &Mail,
    letter: &lettre::Message,
    tls: Option<TlsParameters>,
    login: Option<Credentials>,
) -> Result<(), lettre::transport::smtp::Error> {
    let name = ClientId::default();
    let (at_once, later) = if mail.port == TLS_FROM_THE_START { (tls, None) } else { (None, tls) };
    let wire = Wire::to((&mail.host, mail.port), SILENCE, at_once).await?;
    let mut server = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &name).await?;
    if let Some(tls) = later {
        server.starttls(tls, &name).await?;
    }
    if let Some(login) = login {
        server.auth(DEFAULT_MECHANISMS, &login).await?;
    }
    server.send(letter.envelope(), &letter.formatted()).await?;
    // The letter has been taken, whatever comes now.
    server.abort().await;
    Ok(())
}

async fn password(from: &SmtpPassword) -> Result<Option<SecretString>, String> {
    match from {
        SmtpPassword::None => Ok(None),
        SmtpPassword::Text(text) => Ok(Some(text.clone())),
        SmtpPassword::File(path) => {
            prompt::password_file(path.clone()).await.map(Some).map_err(|error| error.to_string())
        }
    }
}

/// The error with its causes: each says more than the one before.
fn advise(mail: &Mail, error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    if error.is_tls() || text.contains("certificate") {
        text += ". If the server has a certificate of its own, name its root in SSL_CERT_FILE, or use --smtp-no-tls";
    }
    format!("{}:{}: {text}", mail.host, mail.port)
}

#[cfg(test)]
mod tests {
    use icloud_photos::ErrorKind;

    use super::super::event::Event;
    use super::*;

    fn mail(from: &str, to: &str, port: u16) -> Mail {
        Mail {
            host: "localhost".to_owned(),
            port,
            tls: false,
            username: None,
            password: SmtpPassword::None,
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    fn formatted(from: &str, to: &str) -> Result<String, String> {
        let mail = mail(from, to, 25);
        let event = Event::NeedsPerson { need: ErrorKind::CodeRequired, what: "" };
        letter(&mail, &Message::new("jdoe@gmail.com", &event))
            .map(|letter| String::from_utf8(letter.formatted()).unwrap())
    }

    #[test]
    fn a_letter_has_icloudpds_headers_and_says_what_it_says() {
        let text = formatted("iCloud Photos Downloader <a+smtp@b.com>", "JD <jdoe+n@c.org>").unwrap();
        for line in [
            "From: \"iCloud Photos Downloader\" <a+smtp@b.com>\r\n",
            "To: JD <jdoe+n@c.org>\r\n",
            "Subject: icloud_photos_downloader: Two step authentication has expired\r\n",
            "\r\n\r\nHello,\r\n\r\n",
            "\r\nThe two-step authentication of jdoe@gmail.com has expired for\r\nicloud_photos_downloader.\r\n",
        ] {
            assert!(text.contains(line), "{line:?} is not in {text}");
        }
    }

    #[test]
    fn several_receivers_and_plain_addresses_will_do() {
        let text = formatted("root@localhost", "a@b.com, C <c@d.com>").unwrap();
        assert!(text.contains("From: root@localhost\r\n"), "{text}");
        assert!(text.contains("a@b.com") && text.contains("c@d.com"), "{text}");
        assert!(formatted("nobody", "a@b.com").unwrap_err().contains("sender"));
        assert!(formatted("a@b.com\r\nBcc: x@y.z", "a@b.com").is_err());
    }

    /// Neither the memory nor the time of a run belongs to the mail server.
    #[tokio::test]
    async fn a_server_whose_line_never_ends_is_given_up() {
        use tokio::io::AsyncWriteExt as _;
        let listener = tokio::net::TcpListener::bind("localhost:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut sent = 0;
            while client.write_all(&[b'2'; 1 << 16]).await.is_ok() {
                sent += 1 << 16;
            }
            sent
        });
        let event = Event::NeedsPerson { need: ErrorKind::CodeRequired, what: "" };
        let (mail, message) = (mail("a@b.com", "c@d.com", port), Message::new("jdoe", &event));
        let sent = tokio::time::timeout(Duration::from_secs(20), send(&mail, &message)).await;
        assert!(sent.unwrap().unwrap_err().contains("more than any answer needs"));
        // What lies in the buffers of the system counts too.
        assert!(server.await.unwrap() < 32 << 20);
    }
}
