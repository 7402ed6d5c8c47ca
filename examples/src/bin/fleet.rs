//! Three workers keep four accounts over one PostgreSQL database. Who comes to an account that another keeps goes on to the next.
//!
//! `FLEET_DATABASE` names a database (`postgres://user@host/database`); without it a server of its own is started, if PostgreSQL is
//! on the machine. The workers are tasks here; processes on several machines do the same.

use std::path::PathBuf;
use std::sync::Arc;

use icloud_photos::storage::{FsStorage, Storage};
use icloud_photos::sync::catalogue::Database;
use icloud_photos::sync::{SyncEngine, store};
use icloud_photos::{Client, Credentials, Endpoints, Error, ErrorKind, Login, Result};
use icloud_photos_test_servers::postgres::Postgres;
use icloud_photos_testkit::{AccountSpec, FakeCloud, LibrarySpec};

const WORKERS: usize = 3;
const ACCOUNTS: usize = 4;

/// What every worker is told: where iCloud is, where photos go, who remembers.
#[derive(Clone)]
struct Orders {
    endpoints: Endpoints,
    photos: PathBuf,
    database: Database,
    accounts: Vec<AccountSpec>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let server = std::env::var_os("FLEET_DATABASE").is_none().then(Postgres::start).flatten();
    let Some(url) = std::env::var("FLEET_DATABASE").ok().or_else(|| server.as_ref().map(Postgres::url))
    else {
        println!("skipped: no PostgreSQL on this machine, and no FLEET_DATABASE");
        return Ok(());
    };
    // The password, if there is one, comes from PGPASSWORD or ~/.pgpass.
    let database = Database::parse(&url)?.usual_password()?;
    let photos = tempfile::tempdir().map_err(|error| Error::storage(error, "a temporary folder"))?;
    let accounts: Vec<AccountSpec> = (1..=ACCOUNTS).filter_map(account).collect();
    let cloud = accounts.iter().fold(FakeCloud::builder(), |cloud, account| {
        cloud.account(account.clone()).library(LibrarySpec::plain(40, 50_000))
    });
    let cloud = cloud.build();
    let fake = cloud.serve().await.map_err(|error| Error::storage(error, "a port for the fake"))?;
    let endpoints = Endpoints::default().with_auth(fake.url())?.with_setup(fake.url())?;
    let orders = Orders { endpoints, photos: photos.path().to_owned(), database, accounts };

    let workers = (1..=WORKERS).map(|number| tokio::spawn(work(number, orders.clone())));
    for ended in futures::future::join_all(workers).await {
        ended.map_err(|error| Error::new(ErrorKind::Cancelled, "a worker ended").caused_by(error))??;
    }
    println!("{} files fetched for {ACCOUNTS} accounts", cloud.counts().requests_to("content"));
    Ok(())
}

/// One round of one worker.
async fn work(number: usize, orders: Orders) -> Result<()> {
    for account in &orders.accounts {
        match keep(account, &orders).await {
            Ok(report) => println!("worker {number} kept {}: {report}", account.username),
            // Worth another try in the next round.
            Err(error) if error.kind() == ErrorKind::Conflict && error.is_retryable() => {
                println!("worker {number} leaves {} to another", account.username);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Copies what an account holds. The lease is taken with the catalogue, and given back when the last clone of it is dropped.
async fn keep(account: &AccountSpec, orders: &Orders) -> Result<String> {
    let folder = orders.photos.join(&account.username);
    let storage: Arc<dyn Storage> = Arc::new(FsStorage::open(&folder)?);
    let catalogue = Arc::new(store::open(&*storage, &folder.display().to_string(), &orders.database).await?);
    let client = Client::builder().endpoints(orders.endpoints.clone()).build()?;
    let credentials = Credentials::new(account.username.parse()?, account.password.clone());
    let Login::Complete(session) = client.login(credentials).await? else {
        return Err(Error::new(ErrorKind::CodeRequired, "this account needs a code"));
    };
    let engine = SyncEngine::builder(&session.primary_library(), storage).catalogue(catalogue).build()?;
    Ok(engine.run(Arc::new(())).await?.to_string())
}

fn account(number: usize) -> Option<AccountSpec> {
    let plain = AccountSpec::in_state("password-only")?;
    Some(AccountSpec { username: format!("user{number}@example.com"), ..plain })
}
