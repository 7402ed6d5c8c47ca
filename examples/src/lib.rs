//! What all examples need: somebody who is signed in.
//!
//! Without any setting an example talks to a fake iCloud inside its own process, so it runs anywhere and touches
//! nobody's photos. With `ICLOUD_USERNAME` and `ICLOUD_PASSWORD` it signs in to that account and asks for the code; with `ICLOUD_ENDPOINT`
//! too, to a fake that is served there.

use std::io::{self, Write};

use icloud_photos::session::FileSessionStore;
use icloud_photos::{Client, Credentials, Endpoints, Error, ErrorKind, Login, Result, Session};
use icloud_photos_testkit::{AccountSpec, FakeCloud, LibrarySpec, Server};

/// A signed-in session, and the fake that serves it, if there is one.
#[derive(Debug)]
pub struct Guest {
    /// The session.
    pub session: Session,
    _fake: Option<Server>,
}

/// Signs in, to the account in the environment or to a fake.
///
/// # Errors
/// What signing in reports.
pub async fn sign_in() -> Result<Guest> {
    match (std::env::var("ICLOUD_USERNAME"), std::env::var("ICLOUD_PASSWORD")) {
        (Ok(name), Ok(password)) => {
            let builder = match std::env::var("ICLOUD_ENDPOINT") {
                Ok(url) => {
                    Client::builder().endpoints(Endpoints::default().with_auth(&url)?.with_setup(&url)?)
                }
                Err(_) => Client::builder().sessions(FileSessionStore::new(".icloud-session")),
            };
            let client = builder.build()?;
            let account = name.parse()?;
            let session = match client.restore(&account).await? {
                Some(session) => session,
                None => answer(client.login(Credentials::new(account, password)).await?, ask).await?,
            };
            Ok(Guest { session, _fake: None })
        }
        _ => on_the_fake().await,
    }
}

/// A fake iCloud with a small library, and a client of it.
///
/// # Errors
/// [`ErrorKind::Network`] if no port is free.
pub async fn fake() -> Result<(FakeCloud, Server, Client)> {
    let cloud =
        FakeCloud::builder().account(AccountSpec::default()).library(LibrarySpec::everyday(1, 60)).build();
    let server = cloud
        .serve()
        .await
        .map_err(|error| Error::new(ErrorKind::Network, "no port is free for the fake").caused_by(error))?;
    let endpoints = Endpoints::default().with_auth(server.url())?.with_setup(server.url())?;
    let client = Client::builder().endpoints(endpoints).build()?;
    Ok((cloud, server, client))
}

/// The account of the fake.
///
/// # Errors
/// None in practice: the fake's account has a valid name.
pub fn fake_credentials() -> Result<Credentials> {
    let account = AccountSpec::default();
    Ok(Credentials::new(account.username.parse()?, account.password))
}

/// The code that the devices of the fake's account show.
pub fn shown(cloud: &FakeCloud) -> String {
    cloud.codes().pop().map(|shown| shown.code).unwrap_or_default()
}

async fn on_the_fake() -> Result<Guest> {
    let (cloud, server, client) = fake().await?;
    let login = client.login(fake_credentials()?).await?;
    let session = answer(login, || Ok(shown(&cloud))).await?;
    Ok(Guest { session, _fake: Some(server) })
}

async fn answer(login: Login, code: impl Fn() -> io::Result<String>) -> Result<Session> {
    match login {
        Login::Complete(session) => Ok(session),
        Login::CodeRequired(challenge) => {
            challenge.request_push().await?;
            let code = code().map_err(|error| Error::new(ErrorKind::Config, "no code").caused_by(error))?;
            challenge.submit(code.parse()?).await
        }
        other => Err(Error::new(ErrorKind::Unsupported, format!("this account needs more: {other:?}"))),
    }
}

fn ask() -> io::Result<String> {
    print!("Code shown on your devices: ");
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}
