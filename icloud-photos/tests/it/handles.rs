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
    movable::<Option<Assets>>(None);
    movable::<Option<Login>>(None);
    fn clonable<T: Clone>() {}
    clonable::<Client>();
    clonable::<Session>();
    clonable::<Library>();
    clonable::<Album>();
    clonable::<Asset>();
    clonable::<Downloader>();
    clonable::<SyncEngine>();
}

/// What there is to hold while signed in.
struct Holding<'a> {
    client: &'a Client,
    challenge: &'a Challenge,
    session: &'a Session,
    library: &'a Library,
    asset: &'a Asset,
    downloader: &'a Downloader,
    engine: &'a SyncEngine,
}

/// Compiled, never run: every future that a program awaits may be spawned.
#[allow(dead_code)]
fn futures_are_send(a: &Holding<'_>, storage: &dyn Storage, path: &StoragePath, code: SecurityCode) {
    let credentials: fn() -> Credentials = || unreachable!("never run");
    movable(a.client.login(credentials()));
    movable(a.challenge.submit(code));
    movable(a.session.libraries());
    movable(a.library.albums());
    movable(a.library.all().assets());
    movable(a.library.asset(a.asset.id()));
    movable(a.downloader.get(a.asset, Role::Original).save(storage, path));
    movable(a.downloader.get(a.asset, Role::Original).bytes(1));
    movable(a.engine.plan());
    movable(a.engine.run(Arc::new(())));
}
