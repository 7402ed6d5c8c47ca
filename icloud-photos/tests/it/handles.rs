//! Handles may be shared, futures may move between threads, and nothing shows a secret.

use std::sync::Arc;

use icloud_photos::auth::SavedChallenge;
use icloud_photos::download::{Downloader, Saved};
use icloud_photos::session::{FileSessionStore, SavedSession};
use icloud_photos::storage::{FsStorage, MemoryStorage, Storage, StoragePath};
use icloud_photos::sync::{SyncEngine, SyncReport};
use icloud_photos::{
    Album, Asset, Assets, Challenge, Client, Credentials, Error, Library, Login, Role, SecurityCode, Session,
};

fn shared<T: Send + Sync + 'static>() {}

fn movable<T: Send>(_: T) {}

#[test]
fn handles_are_send_and_sync() {
    shared::<Client>();
    shared::<Session>();
    shared::<Challenge>();
    shared::<SavedChallenge>();
    shared::<SavedSession>();
    shared::<Library>();
    shared::<Album>();
    shared::<Asset>();
    shared::<Downloader>();
    shared::<SyncEngine>();
    shared::<SyncReport>();
    shared::<Saved>();
    shared::<FsStorage>();
    shared::<MemoryStorage>();
    shared::<Arc<dyn Storage>>();
    shared::<FileSessionStore>();
    shared::<Error>();
    fn clonable<T: Clone>() {}
    clonable::<Client>();
    clonable::<Session>();
    clonable::<Library>();
    clonable::<Album>();
    clonable::<Asset>();
    clonable::<Downloader>();
    clonable::<SyncEngine>();
}

/// Compiled, never run: every future that a program awaits may be spawned.
#[allow(dead_code)]
fn futures_are_send(
    client: &Client,
    credentials: Credentials,
    challenge: &Challenge,
    code: SecurityCode,
    session: &Session,
    library: &Library,
    asset: &Asset,
    downloader: &Downloader,
    storage: &dyn Storage,
    path: &StoragePath,
    engine: &SyncEngine,
    assets: Assets,
    login: Login,
) {
    movable(client.login(credentials));
    movable(challenge.submit(code));
    movable(session.libraries());
    movable(library.albums());
    movable(library.asset(asset.id()));
    movable(downloader.get(asset, Role::Original).save(storage, path));
    movable(downloader.get(asset, Role::Original).bytes(1));
    movable(engine.plan());
    movable(engine.run(Arc::new(())));
    movable(assets);
    movable(login);
}
