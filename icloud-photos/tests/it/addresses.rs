//! What begins like an address is no path of this machine.

use std::path::Path;

use icloud_photos::ErrorKind;
use icloud_photos::session::{AppleId, FileSessionStore, SessionStore};
use icloud_photos::storage::FsStorage;
use icloud_photos::sync::catalogue::SqliteCatalogue;

#[tokio::test]
async fn nothing_is_made_of_an_address() {
    let address = "local-path-test://user:hunter2@bucket/photos";
    let (sessions, account) = (FileSessionStore::new(address), AppleId::new("a@example.com").unwrap());
    let errors = [
        FsStorage::open(address).unwrap_err(),
        SqliteCatalogue::open(address).unwrap_err(),
        SqliteCatalogue::open_read_only(address).unwrap_err(),
        sessions.load(&account).await.unwrap_err(),
        sessions.save(&account, &Default::default()).await.unwrap_err(),
        sessions.remove(&account).await.unwrap_err(),
        sessions.try_lock(&account).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    assert!(!Path::new("local-path-test:").exists());
}
