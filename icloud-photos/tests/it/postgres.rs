//! The catalogue in a real PostgreSQL keeps the promises of the trait, and its own: leases, lost connections, doors that are closed.

use icloud_photos::sync::catalogue::{Database, PostgresCatalogue};
use icloud_photos_test_servers::{postgres::Postgres, skip};

mod conformance {
    icloud_photos::catalogue_conformance!(super::fresh);
}

async fn fresh() -> Option<(PostgresCatalogue, Postgres)> {
    let server = server("conformance")?;
    Some((PostgresCatalogue::open(&database(&server), "a-1").await.unwrap(), server))
}

/// A server; none if the machine has none, and then that is said.
fn server(test: &str) -> Option<Postgres> {
    let server = Postgres::start();
    if server.is_none() {
        skip(test, "PostgreSQL");
    }
    server
}

fn database(server: &Postgres) -> Database {
    Database::parse(&server.url()).unwrap()
}
