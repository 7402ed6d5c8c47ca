//! Signing in by the web page, metrics and health: over plain HTTP, without a script.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use icloud_photos_testkit::{AccountSpec, Adp, LibrarySpec};

use crate::page::{Running, Visitor, http};
use crate::support::{World, ran};

const CODE: &str = "012345";
const OWN: [&str; 2] = ["--webui-address", "127.0.0.1:0"];
const BY_PAGE: [&str; 6] =
    ["--webui-address", "127.0.0.1:0", "--password-provider", "webui", "--mfa-provider", "webui"];

fn with_code(change: impl FnOnce(&mut AccountSpec)) -> World {
    let mut account = AccountSpec { code: Some(CODE.to_owned()), ..AccountSpec::default() };
    change(&mut account);
    World::of(account, LibrarySpec::plain(3, 1000))
}

/// About to download, with the page as the only one to ask.
fn start(world: &World, more: &[&str]) -> Running {
    Running::start(world.download().args(BY_PAGE).args(more).env_remove("ICLOUDPD_PASSWORD"))
}

fn enter(running: &mut Running) -> Visitor {
    let (address, token) = running.page();
    Visitor::enter(&address, &token)
}

#[test]
fn wrong_and_right_answers_lead_to_a_copy_and_no_secret_is_ever_shown() {
    let world = with_code(|_| {});
    let mut running = start(&world, &[]);
    let mut visitor = enter(&mut running);
    visitor.until("Password of the Apple ID");
    assert_eq!(http(&visitor.address, "GET", "/healthz", &[], "").status, 503);
    assert_eq!(visitor.submit("password", "password=wr0ng-secret").status, 303);
    visitor.until("Wrong password for jdoe@example.com");
    visitor.submit("password", "password=correct+horse+battery+staple");
    visitor.until("Code of six digits");
    visitor.submit("code", "code=999999");
    visitor.until("Wrong Two-Factor Code for jdoe@example.com");
    visitor.submit("code", "code=012+345");
    assert_eq!(running.ended(), Some(0), "{}", running.said);
    assert_eq!(world.photos().len(), 3);
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 2, "each password was sent once");
    for secret in ["wr0ng-secret", "battery", "999999", CODE] {
        assert!(!running.said.contains(secret) && !visitor.seen.contains(secret), "{secret}");
    }
}

#[test]
fn a_password_that_was_refused_is_sent_once_and_the_page_is_asked_for_another() {
    let world = with_code(|_| {});
    let providers =
        ["--password-provider", "parameter", "--password-provider", "webui", "--mfa-provider", "webui"];
    let mut command = world.icloudpd(&["--auth-only"]);
    let mut running =
        Running::start(command.args(OWN).args(providers).env("ICLOUDPD_PASSWORD", "out of date"));
    let mut visitor = enter(&mut running);
    visitor.until("Wrong password for jdoe@example.com");
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 1);
    visitor.submit("password", "password=correct+horse+battery+staple");
    visitor.until("Code of six digits");
    visitor.submit("code", "code=012345");
    assert_eq!(running.ended(), Some(0), "{}", running.said);
}

#[test]
fn wrong_passwords_stop_before_apple_locks_the_account_and_the_page_says_so() {
    let world = with_code(|_| {});
    let mut running = start(&world, &[]);
    let mut visitor = enter(&mut running);
    for number in 1..=3 {
        visitor.until("Password of the Apple ID");
        visitor.submit("password", "password=wrong");
        running.after("ERROR    Wrong password");
        assert_eq!(world.cloud.counts().requests_to("auth/complete"), number);
    }
    visitor.until("Password of the Apple ID");
    visitor.submit("password", "password=wrong");
    visitor.until("Too many sign-ins in half an hour");
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 3);
}

#[test]
fn a_locked_account_is_told_as_such() {
    let world = with_code(|account| account.locked = true);
    let mut running = start(&world, &[]);
    let mut visitor = enter(&mut running);
    visitor.until("Password of the Apple ID");
    visitor.submit("password", "password=correct+horse+battery+staple");
    visitor.until("Apple has locked this Apple ID for security reasons");
}

#[test]
fn the_code_is_sent_to_a_phone_or_to_the_devices_again() {
    let world = with_code(|_| {});
    let mut running = start(&world, &[]);
    let mut visitor = enter(&mut running);
    visitor.until("Password of the Apple ID");
    visitor.submit("password", "password=correct+horse+battery+staple");
    visitor.until("Send a code to (***) ***-**81");
    assert_eq!(world.cloud.counts().requests_to("auth/code/device"), 0);
    visitor.submit("send", "to=0");
    visitor.until("It was sent to (***) ***-**81");
    assert_eq!(world.cloud.counts().requests_to("auth/push/phone"), 1);
    visitor.submit("code", "code=012345");
    assert_eq!(running.ended(), Some(0), "{}", running.said);
}

const TOO_MANY: &str = "Too many two-factor authentication codes";

#[test]
fn after_too_many_codes_nothing_is_sent_before_a_person_says_so() {
    let world = with_code(|account| account.wrong_codes_allowed = 1);
    let mut running = start(&world, &[]);
    let mut visitor = enter(&mut running);
    visitor.until("Password of the Apple ID");
    visitor.submit("password", "password=correct+horse+battery+staple");
    while !visitor.until_any(&["action=\"code\"", TOO_MANY]).contains(TOO_MANY) {
        visitor.submit("code", "code=999999");
        // The page says so a moment later.
        if running.after("ERROR    ").starts_with("Too many two-factor") {
            break;
        }
    }
    visitor.until(TOO_MANY);
    let before = world.cloud.counts().requests_to("auth/init");
    // Apple does not let it be so soon; the page stays, and asks again.
    visitor.submit("again", "");
    running.after("ERROR    Too many two-factor");
    visitor.until("Try again");
    assert!(world.cloud.counts().requests_to("auth/init") > before);
}

#[test]
fn a_code_that_comes_too_late_leads_to_a_new_one_without_the_password() {
    let world = with_code(|_| {});
    let mut running = start(&world, &[]);
    let mut visitor = enter(&mut running);
    visitor.until("Password of the Apple ID");
    visitor.submit("password", "password=correct+horse+battery+staple");
    visitor.until("action=\"code\"");
    // Somebody was asleep.
    world.cloud.advance_seconds(8 * 3600);
    visitor.submit("code", "code=012345");
    visitor.until("The code came too late");
    visitor.until("action=\"code\"");
    visitor.submit("code", "code=012345");
    assert_eq!(running.ended(), Some(0), "{}", running.said);
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 2, "one sign-in, and one more");
}

#[test]
fn the_page_tells_to_allow_the_access_on_a_device() {
    let world = with_code(|account| account.adp = Some(Adp::default()));
    let mut running = start(&world, &[]);
    let mut visitor = enter(&mut running);
    visitor.until("Password of the Apple ID");
    visitor.submit("password", "password=correct+horse+battery+staple");
    visitor.until("action=\"code\"");
    visitor.submit("code", "code=012345");
    visitor.until("Allow the access on an iPhone, iPad or Mac");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_sign_in_that_waits_for_the_page() {
    let world = with_code(|_| {});
    let mut running = start(&world, &[]);
    enter(&mut running).until("Password of the Apple ID");
    assert_eq!(running.terminate(), Some(143));
}

#[test]
fn accounts_are_served_one_after_the_other_and_the_page_says_so() {
    let world = with_code(|_| {});
    let other = ["-u", "other@example.com", "--auth-only"];
    let mut running = start(&world, &other);
    let mut visitor = enter(&mut running);
    let page = visitor.until("Password of the Apple ID");
    assert!(page.contains("other@example.com") && page.contains("Waits for its turn"), "{page}");
    assert_eq!(page.matches("action=\"password\"").count(), 1);
    visitor.submit("password", "password=correct+horse+battery+staple");
    visitor.until("action=\"code\"");
    visitor.submit("code", "code=012345");
    let page = visitor.until("action=\"password\"");
    assert!(page.contains("all is well"), "{page}");
    let metrics = http(&visitor.address, "GET", "/metrics", &[], "").body;
    for line in [
        r#"icloudpd_downloaded_files_total{account="jdoe@example.com",section="1"} 3"#,
        r#"icloudpd_runs_total{account="jdoe@example.com",section="1",result="success"} 1"#,
        r#"icloudpd_waiting_for_person{account="other@example.com",section="2"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[test]
fn the_token_is_not_in_the_log_when_it_is_the_users_own() {
    let world = with_code(|_| {});
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "my-own-token-of-length\n").unwrap();
    let mut running = start(&world, &["--webui-token-file", file.path().to_str().unwrap()]);
    let url = running.after("The web page is at http://");
    let address = url.split('/').next().unwrap();
    Visitor::enter(address, "my-own-token-of-length").until("Password of the Apple ID");
    running.after("Waiting for the password");
    assert!(!running.said.contains("my-own-token"), "{}", running.said);
}

#[test]
fn an_address_that_is_taken_or_none_ends_the_run_before_it_begins() {
    let world = with_code(|_| {});
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let table = [
        ("--webui-address", taken.as_str(), "another program listens there already"),
        ("--metrics-address", taken.as_str(), "another program listens there already"),
    ];
    for (option, address, why) in table {
        ran(&mut world.icloudpd(&["--auth-only", option, address]))
            .exits(1)
            .says(&format!("{option} {address} cannot be used: {why}"));
    }
    drop(holder);
    let table = [
        ("--webui-address", "nonsense", "it must be HOST:PORT"),
        ("--webui-address", "localhost:port", "it must be HOST:PORT"),
        ("--metrics-address", "127.0.0.1:65536", "it must be HOST:PORT"),
        (
            "--webui-address",
            ":0",
            "name the host too: 127.0.0.1:0 is for this machine alone, 0.0.0.0:0 for all",
        ),
        ("--metrics-address", ":0", "name the host too"),
    ];
    for (option, address, why) in table {
        let ran = ran(&mut world.icloudpd(&["--auth-only", option, address])).exits(2);
        assert!(ran.out.contains(&format!("{option} {address} cannot be used: {why}")), "{}", ran.out);
    }
    ran(&mut world.icloudpd(&[
        "--auth-only",
        "--webui-address",
        "127.0.0.1:0",
        "--webui-token-file",
        "/no/such",
    ]))
    .exits(1)
    .says("The file of --webui-token-file cannot be read");
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}

#[cfg(unix)]
#[test]
fn metrics_have_an_address_of_their_own_without_a_page() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let mut command = world.icloudpd(&["--auth-only"]);
    // A pipe into which nobody writes a password: the program stays.
    let folder = tempfile::TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let args = ["--metrics-address", "127.0.0.1:0", "--password-file", pipe.to_str().unwrap()];
    let mut running = Running::start(command.args(args).env_remove("ICLOUDPD_PASSWORD"));
    let url = running.after("Metrics are at http://");
    let address = url.split('/').next().unwrap().to_owned();
    assert!(http(&address, "GET", "/metrics", &[], "").body.contains("icloudpd_info{version="));
    assert_eq!(http(&address, "GET", "/", &[], "").status, 404);
    assert_eq!(http(&address, "POST", "/cancel", &[], "").status, 404);
}

#[test]
fn a_client_that_says_nothing_keeps_nobody_out() {
    let world = with_code(|_| {});
    let mut running = start(&world, &[]);
    let (address, token) = running.page();
    Visitor::enter(&address, &token).until("Password of the Apple ID");
    let silent: Vec<_> = (0..10).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert_eq!(http(&address, "GET", "/healthz", &[], "").status, 503);
    let mut slow = &silent[0];
    // It is cut off whatever it does.
    slow.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).unwrap();
    let huge = "x".repeat(100_000);
    let mut stream = TcpStream::connect(&address).unwrap();
    let _ = stream.write_all(format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {huge}\r\n\r\n").as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(http(&address, "GET", "/healthz", &[], "").status, 503);
}

#[test]
fn what_others_can_reach_is_said() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    let beyond = ran(&mut world.icloudpd(&["--auth-only", "--metrics-address", "0.0.0.0:0"])).exits(0);
    beyond.says("Metrics and health can be reached from other machines, without encryption");
    let here = ran(&mut world.icloudpd(&["--auth-only", "--metrics-address", "127.0.0.1:0"])).exits(0);
    assert!(!here.out.contains("from other machines"), "{}", here.out);
}

/// One after the other, each for as long as it may say nothing, they would take 25 seconds.
#[test]
fn a_crowd_that_says_nothing_keeps_nobody_out() {
    let world = with_code(|_| {});
    let mut running = start(&world, &[]);
    let (address, _) = running.page();
    let crowd: Vec<_> = (0..160).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(15))).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 "), "{answer:?}");
    drop(crowd);
}

#[test]
fn a_password_that_nobody_gives_in_time_is_told_as_that() {
    let world = with_code(|_| {});
    let mut running = start(&world, &["--watch-with-interval", "1", "--answer-within", "1"]);
    let mut visitor = enter(&mut running);
    running.after("Nobody gave the password of jdoe@example.com in time");
    let page = visitor.until("action=\"resume\"");
    assert!(page.contains("Needs a person") && page.contains("Nobody gave the password"), "{page}");
    let health = http(&visitor.address, "GET", "/healthz", &[], "");
    assert!(health.status == 503 && health.body.contains("waiting for a person"), "{}", health.body);
    let metrics = http(&visitor.address, "GET", "/metrics", &[], "").body;
    let waits = r#"icloudpd_waiting_for_person{account="jdoe@example.com",section="1"} 1"#;
    assert!(metrics.contains(waits), "{metrics}");
    running.after("it needs a person");
    assert!(!running.said.contains("authentication is required"), "{}", running.said);
    // Not while a round begins.
    visitor.until("action=\"resume\"");
    visitor.submit("resume", "");
    visitor.until("Password of the Apple ID");
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}

#[test]
fn a_password_that_is_no_text_is_not_sent() {
    let world = with_code(|_| {});
    let mut running = start(&world, &[]);
    let mut visitor = enter(&mut running);
    visitor.until("Password of the Apple ID");
    let got = visitor.submit("password", "password=caf%e9");
    assert!(got.status == 400 && got.body.contains("UTF-8"), "{got:?}");
    visitor.submit("password", "password=correct+horse+battery+staple");
    visitor.until("Code of six digits");
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 1);
}

/// A renewal in the middle of the rounds asks nobody; whoever can be asked is asked then.
#[test]
fn a_session_that_ends_between_two_rounds_is_asked_about_on_the_page() {
    let world = with_code(|_| {});
    let mut command = world.download();
    let args = ["--mfa-provider", "webui", "--watch-with-interval", "1"];
    let mut running = Running::start(command.args(OWN).args(args));
    let mut visitor = enter(&mut running);
    visitor.until("Code of six digits");
    visitor.submit("code", "code=012345");
    visitor.until("all is well");
    world.cloud.expire_sessions();
    world.cloud.expire_session_tokens();
    world.cloud.expire_trust_tokens();
    visitor.until("Code of six digits");
    visitor.submit("code", "code=012345");
    running.after("The session has ended, signing in anew");
    running.after("have been downloaded");
    assert!(!running.said.contains("is left alone"), "{}", running.said);
}
