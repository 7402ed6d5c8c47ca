//! Sessions shared with the Python icloudpd: under Apple's own names, for cookies go by them.

use std::fs;
use std::path::Path;

use icloud_photos::session::{FileSessionStore, MemorySessionStore, SessionStore};
use icloud_photos::{AppleId, Client, Credentials, ErrorKind, Login, Session};
use icloud_photos_testkit::{AccountSpec, FakeCloud, FaultAction, FaultRule, FaultScript};

use crate::auth_world::NotingTransport;

const PASSWORD: &str = "correct horse battery staple";
const DOTTED: &str = "a.b@x.com";
const PLAIN: &str = "ab@x.com";

struct Place {
    cloud: FakeCloud,
    transport: NotingTransport,
    folder: tempfile::TempDir,
}

impl Place {
    /// Two accounts whose files have one name.
    fn new() -> Self {
        let account = |username: &str| AccountSpec {
            username: username.to_owned(),
            password: PASSWORD.to_owned(),
            ..AccountSpec::default()
        };
        let cloud = FakeCloud::builder()
            .account(account(DOTTED))
            .account(account(PLAIN))
            .base_url("https://p61-ckdatabasews.icloud.com")
            .build();
        let transport = NotingTransport::of(&cloud);
        Self { cloud, transport, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn client(&self) -> Client {
        self.client_over(FileSessionStore::new(self.folder.path()).beside_icloudpd())
    }

    fn client_over(&self, store: impl SessionStore) -> Client {
        Client::builder().transport(self.transport.clone()).sessions(store).build().unwrap()
    }

    async fn sign_in(&self, client: &Client, name: &str) -> Session {
        match client.login(Credentials::new(id(name), PASSWORD)).await.unwrap() {
            Login::Complete(session) => session,
            Login::CodeRequired(challenge) => {
                challenge.request_push().await.unwrap();
                let code = self.cloud.codes().last().unwrap().code.parse().unwrap();
                challenge.submit(code).await.unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Only the files of the Python icloudpd are left.
    fn forget_ours(&self) {
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains("icloud-photos") {
                fs::remove_file(path).unwrap();
            }
        }
    }

    async fn restored(&self, name: &str) -> Option<Session> {
        self.transport.sent();
        self.client().restore(&id(name)).await.unwrap()
    }
}

fn id(name: &str) -> AppleId {
    AppleId::new(name).unwrap()
}

async fn works(session: &Session) -> bool {
    session.primary_library().index_state().await.is_ok()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn their_cookies_alone_take_the_session_up_again() {
    let place = Place::new();
    place.sign_in(&place.client(), DOTTED).await;
    place.forget_ours();
    fs::write(place.path("abxcom.session"), r#"{"session_token": "of no use", "client_id": "auth-1"}"#)
        .unwrap();
    let session = place.restored(DOTTED).await.unwrap();
    assert_eq!(place.transport.sent(), ["POST /setup/ws/1/validate"]);
    assert!(works(&session).await);
}

#[tokio::test]
async fn their_tokens_alone_do_as_well() {
    let place = Place::new();
    place.sign_in(&place.client(), DOTTED).await;
    place.forget_ours();
    fs::write(place.path("abxcom"), "half a file").unwrap();
    let session = place.restored(DOTTED).await.unwrap();
    assert_eq!(place.transport.sent(), ["POST /setup/ws/1/accountLogin"]);
    assert!(works(&session).await);
    assert!(text(&place.path("abxcom")).contains("X-APPLE-WEBAUTH-TOKEN"), "their half file is whole again");
}

#[tokio::test]
async fn their_trust_spares_the_code_when_only_the_password_helps() {
    let place = Place::new();
    place.sign_in(&place.client(), DOTTED).await;
    place.forget_ours();
    let session = place.path("abxcom.session");
    let mut data: serde_json::Value = serde_json::from_str(&text(&session)).unwrap();
    data["session_token"] = "ended".into();
    fs::write(&session, data.to_string()).unwrap();
    fs::remove_file(place.path("abxcom")).unwrap();
    assert!(place.restored(DOTTED).await.is_none());
    let login = place.client().login(Credentials::new(id(DOTTED), PASSWORD)).await.unwrap();
    assert!(matches!(login, Login::Complete(_)), "{login:?}");
}

#[tokio::test]
async fn one_accounts_session_is_never_anothers() {
    let place = Place::new();
    place.sign_in(&place.client(), DOTTED).await;
    let theirs = (text(&place.path("abxcom")), text(&place.path("abxcom.session")));
    assert!(place.restored(PLAIN).await.is_none());
    assert_eq!(place.transport.sent(), ["POST /setup/ws/1/validate"], "no token of theirs is used");
    assert!(place.restored(PLAIN).await.is_none());
    assert!(place.transport.sent().is_empty(), "nor is it asked about again");
    let session = place.sign_in(&place.client(), PLAIN).await;
    assert_ne!(session.dsid(), place.restored(DOTTED).await.unwrap().dsid());
    session.refresh().await.unwrap();
    session.save().await.unwrap();
    assert_eq!(place.restored(PLAIN).await.unwrap().dsid(), session.dsid());
    let session_file = text(&place.path("abxcom.session"));
    assert!(text(&place.path("abxcom")).contains("12345678901"), "the first owner's files stay theirs");
    let client_id =
        |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["client_id"].clone();
    assert_eq!(client_id(&session_file), client_id(&theirs.1));
}

#[tokio::test]
async fn without_sharing_nothing_of_theirs_is_read_or_written() {
    let place = Place::new();
    let client = place.client_over(FileSessionStore::new(place.folder.path()));
    place.sign_in(&client, DOTTED).await;
    assert!(!place.path("abxcom").exists() && !place.path("abxcom.session").exists());
    let memory = place.client_over(MemorySessionStore::new());
    assert!(memory.restore(&id(DOTTED)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_sign_out_leaves_nothing_to_come_back_by() {
    let place = Place::new();
    let session = place.sign_in(&place.client(), DOTTED).await;
    session.sign_out().await.unwrap();
    assert!(!place.path("abxcom").exists() && !place.path("abxcom.session").exists());
    assert!(place.restored(DOTTED).await.is_none());
}

#[tokio::test]
async fn where_ours_is_refused_theirs_is_tried() {
    let place = Place::new();
    place.sign_in(&place.client(), DOTTED).await;
    let mut ours = fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let ours = ours.find(|path| path.to_string_lossy().ends_with("icloud-photos.json")).unwrap();
    let mut saved: serde_json::Value = serde_json::from_str(&text(&ours)).unwrap();
    saved["signed_in"]["tokens"]["session_token"] = "ended".into();
    saved["signed_in"]["tokens"]["cookies"] = serde_json::json!([]);
    fs::write(&ours, saved.to_string()).unwrap();
    assert!(works(&place.restored(DOTTED).await.unwrap()).await);
    assert_eq!(place.transport.sent()[..2], ["POST /setup/ws/1/accountLogin", "POST /setup/ws/1/validate"]);
}

#[tokio::test]
async fn a_passing_fault_is_told_and_does_not_end_in_a_question_for_the_password() {
    let place = Place::new();
    place.sign_in(&place.client(), DOTTED).await;
    place.forget_ours();
    let rule = FaultRule::new("setup/validate", FaultAction::Reset);
    place.cloud.set_faults(FaultScript::new([rule])).unwrap();
    let error = place.client().restore(&id(DOTTED)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
}
