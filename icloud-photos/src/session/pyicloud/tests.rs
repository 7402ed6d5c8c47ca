use super::*;
use crate::session::saved::SignedIn;
use crate::session::{FileSessionStore, SessionStore as _};

const COOKIES: &str = include_str!("../testdata/icloudpd-1.32.3.cookies");
const DATA: &str = include_str!("../testdata/icloudpd-1.32.3.session");
const DSID: &str = "12345678901";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// What icloudpd 1.32.3 left there.
    fn of_icloudpd() -> Self {
        let place = Self::new();
        place.write("jdoeexamplecom", COOKIES);
        place.write("jdoeexamplecom.session", DATA);
        place
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.path().join(name)).ok()
    }

    fn store(&self) -> FileSessionStore {
        FileSessionStore::new(self.0.path()).beside_icloudpd()
    }

    async fn borrowed(&self) -> Option<Borrowed> {
        self.store().load(&jdoe()).await.unwrap()?.borrowed
    }

    /// As if icloudpd had run after our last save.
    fn now_newer(&self) {
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        let file = File::options().write(true).open(self.0.path().join("jdoeexamplecom.session")).unwrap();
        file.set_modified(later).unwrap();
    }
}

fn jdoe() -> AppleId {
    AppleId::new("jdoe@example.com").unwrap()
}

fn own(dsid: &str, trust: &str) -> SavedSession {
    let mut signed_in = SignedIn::default();
    signed_in.account.dsid = dsid.to_owned();
    signed_in.tokens = Tokens { trust_token: trust.into(), ..Tokens::fresh() };
    signed_in.tokens.session_token = "mine".into();
    signed_in.tokens.cookies = lwp::read(&COOKIES.replace(DSID, dsid)).unwrap();
    SavedSession { signed_in: Some(signed_in), ..SavedSession::default() }
}

#[tokio::test]
async fn what_icloudpd_left_is_found_where_ours_is_absent() {
    let place = Place::of_icloudpd();
    let tokens = place.borrowed().await.unwrap().tokens;
    assert_eq!(tokens.client_id, "auth-fbe986ee-ea4e-11f1-80ef-02fc00000001");
    assert_eq!(tokens.country, "USA");
    assert!(tokens.trust_token.expose().starts_with("HSARMTK025c5") && tokens.cookies.holds(USER_COOKIE));
    let opened = [&tokens.session_id, &tokens.session_token, &tokens.scnt];
    assert!(opened.iter().all(|token| !token.is_empty()));
    let saved = SavedSession { borrowed: place.borrowed().await, ..SavedSession::default() };
    assert!(!format!("{saved:?}{:?}", saved.borrowed).contains("HSARMTK"));
    let plain = FileSessionStore::new(place.0.path());
    assert!(plain.load(&jdoe()).await.unwrap().is_none(), "only who asks for it shares");
}

#[tokio::test]
async fn pyiclouds_cookies_are_found_too() {
    let place = Place::of_icloudpd();
    fs::rename(place.0.path().join("jdoeexamplecom"), place.0.path().join("jdoeexamplecom.cookiejar"))
        .unwrap();
    assert!(place.borrowed().await.unwrap().tokens.cookies.holds(USER_COOKIE));
}

#[tokio::test]
async fn what_is_saved_is_there_for_icloudpd_and_for_its_owner_only() {
    let place = Place::new();
    place.store().save(&jdoe(), &own(DSID, "trust")).await.unwrap();
    let data: Value = serde_json::from_str(&place.read("jdoeexamplecom.session").unwrap()).unwrap();
    assert_eq!((&data["session_token"], &data["trust_token"]), (&"mine".into(), &"trust".into()));
    assert_eq!(data.get("scnt"), None, "icloudpd sends what is there");
    assert!(place.read("jdoeexamplecom").unwrap().starts_with("#LWP-Cookies-2.0\nSet-Cookie3: "));
    #[cfg(unix)]
    for name in ["jdoeexamplecom", "jdoeexamplecom.session"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(place.0.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let names = fs::read_dir(place.0.path()).unwrap().count();
    assert_eq!(names, 3, "ours, theirs, and nothing half written");
}

#[tokio::test]
async fn what_icloudpd_knows_besides_stays_but_for_the_last_answer() {
    let place = Place::of_icloudpd();
    let data = DATA.replacen('{', r#"{"apple_rscd": "401", "apple_ercd": "-20101", "extra": [1], "#, 1);
    place.write("jdoeexamplecom.session", data);
    place.store().save(&jdoe(), &own(DSID, "trust")).await.unwrap();
    let data: Value = serde_json::from_str(&place.read("jdoeexamplecom.session").unwrap()).unwrap();
    assert_eq!((&data["extra"][0], &data["trust_eligible"]), (&1.into(), &"true".into()));
    assert!(
        data.get("apple_rscd").is_none() && data.get("apple_ercd").is_none() && data.get("scnt").is_none()
    );
}

#[tokio::test]
async fn another_accounts_files_are_neither_taken_nor_overwritten() {
    let place = Place::of_icloudpd();
    let store = place.store();
    store.save(&jdoe(), &own("99", "trust")).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session").as_deref(), Some(DATA));
    assert!(place.borrowed().await.is_none(), "the number in their cookie is another one");
    // Without that cookie nothing but Apple can tell; a trust token is worth a code to somebody.
    place.write("jdoeexamplecom", "#LWP-Cookies-2.0\n");
    store.save(&jdoe(), &own("99", "trust")).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session").as_deref(), Some(DATA));
    assert!(place.borrowed().await.is_some_and(|borrowed| !borrowed.is_newer));
    store.remove(&jdoe()).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session").as_deref(), Some(DATA));
}

#[tokio::test]
async fn what_names_nobody_is_not_overwritten_unless_it_is_the_session_that_we_saved() {
    let place = Place::new();
    let store = place.store();
    // An account without a second factor, whose cookies were lost: a session, and no trust.
    let theirs = r#"{"client_id": "auth-1", "session_token": "theirs"}"#;
    place.write("jdoeexamplecom.session", theirs);
    store.save(&jdoe(), &own("99", "trust")).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session").as_deref(), Some(theirs));
    // A sign-in as the browser that the file speaks of does not prove whose file it is.
    let theirs = r#"{"client_id": "auth-1", "session_token": "theirs", "trust_token": "theirs"}"#;
    place.write("jdoeexamplecom.session", theirs);
    let mut session = own("99", "trust");
    session.signed_in.as_mut().unwrap().tokens.client_id = "auth-1".to_owned();
    store.save(&jdoe(), &session).await.unwrap();
    store.remove(&jdoe()).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session").as_deref(), Some(theirs));
    assert_eq!(place.read("jdoeexamplecom"), None);
    // What we lent, and whose cookies were lost since, is known by its session.
    fs::remove_file(place.0.path().join("jdoeexamplecom.session")).unwrap();
    store.save(&jdoe(), &session).await.unwrap();
    fs::remove_file(place.0.path().join("jdoeexamplecom")).unwrap();
    session.signed_in.as_mut().unwrap().tokens.session_token = "renewed".into();
    store.save(&jdoe(), &session).await.unwrap();
    assert!(place.read("jdoeexamplecom.session").unwrap().contains("renewed"));
    // A sign-in that failed there left nothing that is worth keeping.
    place.write("jdoeexamplecom.session", r#"{"client_id": "auth-2", "scnt": "s", "session_id": "i"}"#);
    store.save(&jdoe(), &session).await.unwrap();
    assert!(place.read("jdoeexamplecom.session").unwrap().contains("renewed"));
}

#[tokio::test]
async fn what_was_disowned_is_left_alone() {
    let place = Place::of_icloudpd();
    let mark = place.borrowed().await.unwrap().tokens.mark();
    let disowned = SavedSession { disowned: Some(mark.clone()), ..SavedSession::default() };
    place.store().save(&jdoe(), &disowned).await.unwrap();
    assert!(place.borrowed().await.is_none());
    let session = SavedSession { disowned: Some(mark), ..own(DSID, "trust") };
    place.store().save(&jdoe(), &session).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session").as_deref(), Some(DATA));
    assert_eq!(place.read("jdoeexamplecom").as_deref(), Some(COOKIES));
}

#[tokio::test]
async fn a_code_that_was_entered_there_is_worth_more_than_our_older_session() {
    let place = Place::new();
    let store = place.store();
    store.save(&jdoe(), &own(DSID, "older")).await.unwrap();
    assert!(place.borrowed().await.is_some_and(|borrowed| !borrowed.is_newer), "it is our own");
    place.write("jdoeexamplecom", COOKIES);
    place.write("jdoeexamplecom.session", DATA);
    place.now_newer();
    let loaded = store.load(&jdoe()).await.unwrap().unwrap();
    let order: Vec<bool> = loaded.sources().iter().map(|source| source.is_borrowed).collect();
    assert_eq!(order, [true, false]);
    store.save(&jdoe(), &own(DSID, "older")).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session").as_deref(), Some(DATA), "a late save does not undo it");
    let taken = place.borrowed().await.unwrap().tokens;
    let mut session = own(DSID, "older");
    session.signed_in.as_mut().unwrap().tokens = taken;
    store.save(&jdoe(), &session).await.unwrap();
    assert!(place.borrowed().await.is_some_and(|borrowed| !borrowed.is_newer));
}

#[tokio::test]
async fn signing_out_takes_theirs_along_but_a_booked_attempt_does_not() {
    let place = Place::of_icloudpd();
    let store = place.store();
    let attempt = r#"{"format":"1","attempts":[{"at":1700000000}]}"#;
    let attempted: SavedSession = serde_json::from_str(attempt).unwrap();
    store.save(&jdoe(), &attempted).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session").as_deref(), Some(DATA), "nobody signed out");
    store.save(&jdoe(), &own(DSID, "trust")).await.unwrap();
    store.save(&jdoe(), &attempted).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session"), None);
    assert_eq!(place.read("jdoeexamplecom"), None);
    store.save(&jdoe(), &own(DSID, "trust")).await.unwrap();
    store.remove(&jdoe()).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom.session"), None);
}

#[tokio::test]
async fn rubbish_is_no_session_and_no_error() {
    let place = Place::new();
    let huge = vec![b'x'; LONGEST + 1];
    let rubbish: [&[u8]; 8] = [
        b"",
        b"[1]",
        b"{\"session_token\": 7}",
        b"{\"session_token\": \"half",
        b"{\"session_token\": \"a\\r\\nEvil: header\"}",
        b"\x80\x03c__main__",
        b"null",
        &huge,
    ];
    for bytes in rubbish {
        place.write("jdoeexamplecom.session", bytes);
        place.write("jdoeexamplecom", bytes);
        assert!(place.borrowed().await.is_none(), "{:?}", &bytes[..bytes.len().min(20)]);
    }
    // A file that neither program wrote is not ours to replace.
    place.write("jdoeexamplecom", "my notes");
    place.write("jdoeexamplecom.session", "");
    place.store().save(&jdoe(), &own(DSID, "trust")).await.unwrap();
    assert_eq!(place.read("jdoeexamplecom").as_deref(), Some("my notes"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_not_waited_for_and_a_link_is_replaced_and_not_written_through() {
    let place = Place::of_icloudpd();
    let (link, elsewhere) = (place.0.path().join("jdoeexamplecom"), place.0.path().join("elsewhere"));
    fs::rename(&link, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    assert!(place.borrowed().await.unwrap().tokens.cookies.holds(USER_COOKIE));
    place.store().save(&jdoe(), &own(DSID, "trust")).await.unwrap();
    assert_eq!(place.read("elsewhere").as_deref(), Some(COOKIES));
    let pipe = place.0.path().join("jdoeexamplecom.session");
    fs::remove_file(&pipe).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    place.borrowed().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_place_that_cannot_be_written_costs_only_theirs() {
    let place = Place::new();
    fs::create_dir(place.0.path().join("jdoeexamplecom")).unwrap();
    place.store().save(&jdoe(), &own(DSID, "trust")).await.unwrap();
    assert!(place.store().load(&jdoe()).await.unwrap().unwrap().signed_in.is_some());
}

#[test]
fn files_are_named_as_icloudpd_names_them() {
    for (login, name) in
        [("JDoe@gmail.com", "jdoegmailcom"), ("a_b-c@x.com", "a_bcxcom"), ("jö+1@x.y", "jö1xy")]
    {
        let files = Files::new(Path::new("/f"), &AppleId::new(login).unwrap());
        assert_eq!(files.cookies, Path::new("/f").join(name));
        assert_eq!(files.data, Path::new("/f").join(format!("{name}.session")));
    }
}
