//! Signing in, from the first password to a session that renews itself.

use std::time::Duration;

use futures::future::join_all;
use icloud_photos::auth::{Action, Challenge, CodeDelivery, Login, SavedChallenge};
use icloud_photos::session::{FileSessionStore, MemorySessionStore, SavedSession, SessionStore};
use icloud_photos::{Client, Credentials, Error, ErrorKind, Retry, SecurityCode, Session};
use icloud_photos_testkit::{
    Access, AccountSpec, CodeAccepted, CodeRejected, FaultAction, FaultRule, FaultScript, LeadingZero,
    Protocol, StatusForm,
};

use crate::auth_world::{PASSWORD, World, credentials, jane};

fn code(text: &str) -> SecurityCode {
    text.parse().unwrap()
}

async fn challenge(client: &Client) -> Challenge {
    match client.login(credentials()).await.unwrap() {
        Login::CodeRequired(challenge) => challenge,
        other => panic!("{other:?}"),
    }
}

async fn refused(client: &Client) -> Error {
    client.login(credentials()).await.map(|login| format!("{login:?}")).unwrap_err()
}

/// Signs in with a code from a device.
async fn sign_in(world: &World, client: &Client) -> Session {
    let challenge = challenge(client).await;
    challenge.request_push().await.unwrap();
    challenge.submit(code(&world.shown_code())).await.unwrap()
}

/// A call of CloudKit.
async fn look(session: &Session) -> Result<(), Error> {
    session.primary_library().index_state().await.map(|_| ())
}

#[tokio::test]
async fn a_code_from_a_device() {
    let world = World::in_state("two-factor");
    let client = world.client(MemorySessionStore::new());
    let challenge = challenge(&client).await;
    assert!(challenge.has_devices() && !challenge.is_two_step());
    assert_eq!(challenge.phones()[0].number(), "(•••) •••-••81");
    assert!(
        world.cloud.codes().is_empty(),
        "Apple is asked for a code only when somebody is there to read it"
    );
    challenge.request_push().await.unwrap();
    let session = challenge.submit(code(&world.shown_code())).await.unwrap();
    assert_eq!((session.account(), session.dsid()), (&jane(), "12345678901"));
    look(&session).await.unwrap();
}

#[tokio::test]
async fn every_way_a_right_code_is_answered_and_both_protocols() {
    let rows = [
        AccountSpec { code_accepted: CodeAccepted::Ok, ..AccountSpec::default() },
        AccountSpec { code_accepted: CodeAccepted::Conflict, ..AccountSpec::default() },
        AccountSpec { protocol: Protocol::S2kFo, ..AccountSpec::default() },
        AccountSpec { status: StatusForm::Header, ..AccountSpec::default() },
        AccountSpec { status: StatusForm::Hidden, says_auth_type: false, ..AccountSpec::default() },
        AccountSpec { strict_scnt: true, strict_token: true, ..AccountSpec::default() },
        AccountSpec { code: Some("000042".to_owned()), ..AccountSpec::default() },
        AccountSpec { username: "JDoe@Example.com".to_owned(), ..AccountSpec::default() },
    ];
    for spec in rows {
        let world = World::new(spec.clone());
        let session = sign_in(&world, &world.client(MemorySessionStore::new())).await;
        look(&session).await.unwrap_or_else(|error| panic!("{error} with {spec:?}"));
    }
}

#[tokio::test]
async fn a_message_or_a_call_to_a_phone() {
    let world = World::new(AccountSpec::default());
    let challenge = challenge(&world.client(MemorySessionStore::new())).await;
    let phone = &challenge.phones()[0];
    assert_eq!(phone.delivery(), CodeDelivery::Sms);
    challenge.send_code(phone).await.unwrap();
    assert_eq!(world.cloud.codes()[0].mode, "sms");
    challenge.send_code(&phone.by_voice()).await.unwrap();
    assert_eq!(world.cloud.codes()[0].mode, "voice");
    challenge.submit(code(&world.shown_code())).await.unwrap();
}

#[tokio::test]
async fn an_account_with_phones_only() {
    let world = World::in_state("sms-only");
    let challenge = challenge(&world.client(MemorySessionStore::new())).await;
    assert!(!challenge.has_devices());
    challenge.request_push().await.unwrap();
    challenge.send_code(&challenge.phones()[0]).await.unwrap();
    challenge.submit(code(&world.shown_code())).await.unwrap();
}

#[tokio::test]
async fn a_wrong_code_and_then_the_right_one() {
    for rejected in [CodeRejected::BadRequest, CodeRejected::OkWithError] {
        let spec = AccountSpec {
            code: Some("054321".to_owned()),
            code_rejected: rejected,
            ..AccountSpec::default()
        };
        let world = World::new(spec);
        let challenge = challenge(&world.client(MemorySessionStore::new())).await;
        challenge.request_push().await.unwrap();
        let error = challenge.submit(code("111111")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CodeRejected);
        challenge.submit(code("054 321")).await.unwrap();
    }
}

#[tokio::test]
async fn wrong_codes_end_before_apple_locks_the_account() {
    let spec =
        AccountSpec { code: Some("054321".to_owned()), wrong_codes_allowed: 100, ..AccountSpec::default() };
    let world = World::new(spec);
    let challenge = challenge(&world.client(MemorySessionStore::new())).await;
    challenge.request_push().await.unwrap();
    let mut kinds = Vec::new();
    for _ in 0..6 {
        kinds.push(challenge.submit(code("111111")).await.unwrap_err().kind());
    }
    assert_eq!(kinds[4..], [ErrorKind::CodeRejected, ErrorKind::TooManyCodes]);
    assert_eq!(world.cloud.counts().requests_to("auth/code/device"), 5);
}

#[tokio::test]
async fn a_challenge_lives_ten_minutes() {
    let world = World::new(AccountSpec { code: Some("054321".to_owned()), ..AccountSpec::default() });
    let challenge = challenge(&world.client(MemorySessionStore::new())).await;
    world.cloud.advance_seconds(3600);
    let error = challenge.submit(code("054321")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ChallengeExpired);
}

#[tokio::test]
async fn another_process_answers_the_challenge() {
    let world = World::new(AccountSpec { strict_scnt: true, ..AccountSpec::default() });
    let folder = tempfile::tempdir().unwrap();
    let first = challenge(&world.client(FileSessionStore::new(folder.path()))).await;
    first.send_code(&first.phones()[0]).await.unwrap();
    let saved = serde_json::to_string(&first.to_saved().await).unwrap();
    drop(first);

    let client = world.client(FileSessionStore::new(folder.path()));
    let saved: SavedChallenge = serde_json::from_str(&saved).unwrap();
    assert_eq!(saved.account(), &jane());
    let second = client.resume(saved).unwrap();
    assert_eq!(second.phones().len(), 1);
    let error = second.submit(code("111111")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CodeRejected);
    let session = second.submit(code(&world.shown_code())).await.unwrap();
    look(&session).await.unwrap();
    assert!(client.restore(&jane()).await.unwrap().is_some());
}

#[tokio::test]
async fn the_old_two_step_verification() {
    let world = World::in_state("two-step");
    let challenge = challenge(&world.client(MemorySessionStore::new())).await;
    assert!(challenge.is_two_step());
    challenge.send_code(&challenge.phones()[0]).await.unwrap();
    let right = world.shown_code();
    let wrong = if right == "111111" { "222222" } else { "111111" };
    assert_eq!(challenge.submit(code(wrong)).await.unwrap_err().kind(), ErrorKind::CodeRejected);
    look(&challenge.submit(code(&right)).await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn accounts_without_a_second_factor_and_with_a_page_to_look_at() {
    for state in ["password-only", "repair"] {
        let world = World::in_state(state);
        let client = world.client(MemorySessionStore::new());
        let Login::Complete(session) = client.login(credentials()).await.unwrap() else { panic!("{state}") };
        look(&session).await.unwrap();
    }
}

#[tokio::test]
async fn each_obstacle_has_its_own_error() {
    let rows = [
        ("locked", ErrorKind::AccountLocked),
        ("wrong-domain", ErrorKind::WrongRegion),
        ("web-access-off", ErrorKind::WebAccessDisabled),
        ("no-photos-service", ErrorKind::NotActivated),
    ];
    for (state, kind) in rows {
        let world = World::in_state(state);
        assert_eq!(error_of(&world).await.kind(), kind, "{state}");
    }
}

#[tokio::test]
async fn what_the_database_refuses_is_told_apart() {
    for (access, kind) in
        [(Access::NeverSetUp, ErrorKind::NotActivated), (Access::Denied, ErrorKind::Forbidden)]
    {
        let world = World::in_state("two-factor");
        let session = sign_in(&world, &world.client(MemorySessionStore::new())).await;
        world.cloud.library("jdoe@example.com").unwrap().switch(|switches| switches.access = access);
        assert_eq!(look(&session).await.unwrap_err().kind(), kind, "{access:?}");
        assert_eq!(world.cloud.counts().requests_to("setup/validate"), 0, "no renewal cures that");
    }
}

/// The error of a sign-in, be it before or after the code.
async fn error_of(world: &World) -> Error {
    let client = world.client(MemorySessionStore::new());
    match client.login(credentials()).await {
        Err(error) => error,
        Ok(Login::CodeRequired(challenge)) => {
            challenge.request_push().await.unwrap();
            challenge.submit(code(&world.shown_code())).await.unwrap_err()
        }
        Ok(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name() {
    let world = World::new(AccountSpec { lock_after: None, ..AccountSpec::default() });
    let client = world.client(MemorySessionStore::new());
    for _ in 0..3 {
        let error = client.login(Credentials::new(jane(), "wrong")).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::BadCredentials, "sign in"));
        assert!(!format!("{error} {error:?}").contains("wrong\""));
    }
    let error = client.login(Credentials::new(jane(), "wrong")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyAttempts);
    assert!(error.retry_after().unwrap() > Duration::from_secs(29 * 60));
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 3, "the fourth was never sent");
    world.clock.advance(Duration::from_secs(31 * 60));
    let _ = challenge(&client).await;

    let nobody = Credentials::new("nobody@example.com".parse().unwrap(), PASSWORD);
    let error = client.login(nobody).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadCredentials);
}

#[tokio::test]
async fn processes_share_the_budget() {
    let world = World::in_state("two-factor");
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (
        world.client(FileSessionStore::new(folder.path())),
        world.client(FileSessionStore::new(folder.path())),
    );
    for client in [&one, &two, &one, &two, &one] {
        let _ = challenge(client).await;
    }
    assert_eq!(refused(&two).await.kind(), ErrorKind::TooManyAttempts);
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 5);
}

#[tokio::test]
async fn success_gives_the_budget_back() {
    let world = World::in_state("two-factor");
    let client = world.client(MemorySessionStore::new());
    for _ in 0..4 {
        let _ = challenge(&client).await;
    }
    sign_in(&world, &client).await;
    world.cloud.expire_trust_tokens();
    let _ = challenge(&client).await;
}

#[tokio::test]
async fn a_503_and_then_all_is_well() {
    for call in ["auth/init", "setup/accountLogin", "auth/trust"] {
        let world = World::in_state("two-factor");
        let rule = FaultRule::new(call, FaultAction::status(503)).times(2);
        world.cloud.set_faults(FaultScript::new([rule])).unwrap();
        let session = sign_in(&world, &world.client(MemorySessionStore::new())).await;
        look(&session).await.unwrap();
    }
}

#[tokio::test]
async fn a_service_that_keeps_refusing_is_not_hammered() {
    let world = World::in_state("two-factor");
    let rule = FaultRule::new("auth/init", FaultAction::status(503));
    world.cloud.set_faults(FaultScript::new([rule])).unwrap();
    let error = refused(&world.client(MemorySessionStore::new())).await;
    assert_eq!((error.kind(), error.retry()), (ErrorKind::RateLimited, Retry::Exhausted { attempts: 3 }));
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 3);
}

#[tokio::test]
async fn the_proof_of_the_password_is_never_sent_twice() {
    let world = World::in_state("two-factor");
    let rule = FaultRule::new("auth/complete", FaultAction::Reset);
    world.cloud.set_faults(FaultScript::new([rule])).unwrap();
    let error = refused(&world.client(MemorySessionStore::new())).await;
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 1);
}

#[tokio::test]
async fn numbers_with_a_zero_top_byte_are_not_used() {
    let world = World::new(AccountSpec { leading_zero: LeadingZero::Public, ..AccountSpec::default() });
    let error = refused(&world.client(MemorySessionStore::new())).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let counts = world.cloud.counts();
    assert_eq!((counts.requests_to("auth/init"), counts.requests_to("auth/complete")), (4, 0));
}

#[tokio::test]
async fn trust_makes_the_next_sign_in_need_no_code() {
    let world = World::in_state("two-factor");
    let folder = tempfile::tempdir().unwrap();
    sign_in(&world, &world.client(FileSessionStore::new(folder.path()))).await;
    let client = world.client(FileSessionStore::new(folder.path()));
    let login = client.login(credentials()).await.unwrap();
    assert!(matches!(login, Login::Complete(_)), "{login:?}");
    world.cloud.expire_trust_tokens();
    let _ = challenge(&client).await;
}

#[tokio::test]
async fn the_second_run_restores_with_one_request() {
    let world = World::in_state("two-factor");
    let folder = tempfile::tempdir().unwrap();
    let session = sign_in(&world, &world.client(FileSessionStore::new(folder.path()))).await;
    look(&session).await.unwrap();
    session.save().await.unwrap();
    world.sent();
    let client = world.client(FileSessionStore::new(folder.path()));
    let session = client.restore(&jane()).await.unwrap().unwrap();
    assert_eq!(world.sent(), ["POST /setup/ws/1/validate"]);
    look(&session).await.unwrap();
    assert!(client.restore(&"other@example.com".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_restored_session_survives_dead_cookies_but_not_dead_tokens() {
    let world = World::in_state("two-factor");
    let client = world.client(MemorySessionStore::new());
    sign_in(&world, &client).await;
    world.cloud.expire_sessions();
    world.sent();
    let session = client.restore(&jane()).await.unwrap().unwrap();
    assert_eq!(world.sent(), ["POST /setup/ws/1/validate", "POST /setup/ws/1/accountLogin"]);
    look(&session).await.unwrap();
    world.cloud.expire_sessions();
    world.cloud.expire_session_tokens();
    assert!(client.restore(&jane()).await.unwrap().is_none());
    let login = client.login(credentials()).await.unwrap();
    assert!(matches!(login, Login::Complete(_)), "the trust token outlives the session: {login:?}");
}

#[tokio::test]
async fn eight_calls_notice_the_end_and_one_renews() {
    let world = World::in_state("two-factor");
    let session = sign_in(&world, &world.client(MemorySessionStore::new())).await;
    let library = session.primary_library();
    library.index_state().await.unwrap();
    world.cloud.expire_sessions();
    world.cloud.reset_counts();
    let calls = join_all((0..8).map(|_| library.index_state())).await;
    calls.into_iter().for_each(|call| assert!(call.is_ok(), "{call:?}"));
    let counts = world.cloud.counts();
    let climbed = ["setup/validate", "setup/accountLogin", "auth"].map(|call| counts.requests_to(call));
    assert_eq!(climbed, [1, 1, 0]);
}

#[tokio::test]
async fn a_dead_token_leads_to_the_password_and_then_to_a_person() {
    let world = World::in_state("two-factor");
    let session = sign_in(&world, &world.client(MemorySessionStore::new())).await;
    let library = session.primary_library();
    world.cloud.expire_sessions();
    world.cloud.expire_session_tokens();
    library.index_state().await.unwrap();
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 2, "the session signed in again by itself");

    world.cloud.expire_sessions();
    world.cloud.expire_session_tokens();
    world.cloud.expire_trust_tokens();
    let errors = join_all((0..8).map(|_| library.index_state())).await;
    for error in errors {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::CodeRequired);
    }
    assert_eq!(library.index_state().await.unwrap_err().kind(), ErrorKind::CodeRequired);
    assert_eq!(
        world.cloud.counts().requests_to("auth/complete"),
        3,
        "eight calls and a ninth cost one attempt"
    );
}

#[tokio::test]
async fn a_session_that_was_restored_cannot_sign_in_by_itself() {
    let world = World::in_state("two-factor");
    let client = world.client(MemorySessionStore::new());
    sign_in(&world, &client).await;
    let session = client.restore(&jane()).await.unwrap().unwrap();
    world.cloud.expire_sessions();
    world.cloud.expire_session_tokens();
    assert_eq!(look(&session).await.unwrap_err().kind(), ErrorKind::SessionExpired);
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 1);
}

#[tokio::test]
async fn a_moved_partition_never_costs_a_sign_in() {
    let world = World::in_state("two-factor");
    let session = sign_in(&world, &world.client(MemorySessionStore::new())).await;
    world.cloud.move_partition();
    world.cloud.reset_counts();
    look(&session).await.unwrap();
    assert_eq!(world.cloud.counts().requests_to("auth"), 0);
}

#[tokio::test]
async fn a_refusal_that_renewing_does_not_cure_ends_without_a_sign_in() {
    let world = World::in_state("two-factor");
    let session = sign_in(&world, &world.client(MemorySessionStore::new())).await;
    let library = session.primary_library();
    library.index_state().await.unwrap();
    for status in [401, 421] {
        let rule = FaultRule::new("cloudkit", FaultAction::status(status));
        world.cloud.set_faults(FaultScript::new([rule])).unwrap();
        world.cloud.reset_counts();
        assert_eq!(library.index_state().await.unwrap_err().kind(), ErrorKind::SessionExpired);
        let counts = world.cloud.counts();
        let made =
            ["cloudkit", "setup/validate", "setup/accountLogin", "auth"].map(|call| counts.requests_to(call));
        assert_eq!(made, [3, 1, 1, 0], "each rung once after {status}");
        world.cloud.set_faults(FaultScript::default()).unwrap();
        library.index_state().await.unwrap();
    }
}

#[tokio::test]
async fn another_process_that_renewed_first_is_noticed() {
    let world = World::in_state("two-factor");
    let folder = tempfile::tempdir().unwrap();
    let first = sign_in(&world, &world.client(FileSessionStore::new(folder.path()))).await;
    let other = world.client(FileSessionStore::new(folder.path()));
    let second = other.restore(&jane()).await.unwrap().unwrap();
    world.cloud.expire_sessions();
    look(&second).await.unwrap();
    world.sent();
    look(&first).await.unwrap();
    let renewing: Vec<_> = world.sent().into_iter().filter(|call| call.contains("/setup/")).collect();
    assert_eq!(renewing, ["POST /setup/ws/1/validate"], "the other one's cookies are good");
}

#[tokio::test]
async fn an_older_session_does_not_replace_a_newer_sign_in() {
    let world = World::in_state("two-factor");
    let store = MemorySessionStore::new();
    let old = sign_in(&world, &world.client(store.clone())).await;
    let other = world.client(store.clone()).restore(&jane()).await.unwrap().unwrap();
    look(&old).await.unwrap();
    other.sign_out().await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    sign_in(&world, &world.client(store.clone())).await;
    let browser = async || {
        let saved = serde_json::to_value(store.load(&jane()).await.unwrap()).unwrap();
        saved.pointer("/signed_in/tokens/client_id").unwrap().clone()
    };
    let newest = browser().await;
    old.save().await.unwrap();
    assert_eq!(browser().await, newest);
}

#[tokio::test]
async fn terms_are_accepted_on_an_explicit_call() {
    let world = World::in_state("terms");
    let client = world.client(MemorySessionStore::new());
    let challenge = challenge(&client).await;
    challenge.request_push().await.unwrap();
    let error = challenge.submit(code(&world.shown_code())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TermsRequired);
    let Login::ActionRequired(action) = client.login(credentials()).await.unwrap() else {
        panic!("no action")
    };
    assert_eq!(action.error().kind(), ErrorKind::TermsRequired);
    let Action::AcceptTerms(terms) = action else { panic!("{action:?}") };
    let Login::Complete(session) = terms.accept().await.unwrap() else { panic!("not complete") };
    look(&session).await.unwrap();
}

#[tokio::test]
async fn a_device_approves_the_session() {
    let world = World::in_state("adp");
    let client = world.client(MemorySessionStore::new());
    let challenge = challenge(&client).await;
    challenge.request_push().await.unwrap();
    let error = challenge.submit(code(&world.shown_code())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AdvancedDataProtection);
    let login = client.login(credentials()).await.unwrap();
    let Login::ActionRequired(Action::ApproveOnDevice(consent)) = login else { panic!("{login:?}") };
    let session = consent.wait(Duration::from_secs(300)).await.unwrap();
    look(&session).await.unwrap();

    world.cloud.advance_seconds(7200);
    let error = look(&session).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AdvancedDataProtection, "{error}");
    session.save().await.unwrap();
    let login = client.login(credentials()).await.unwrap();
    assert!(matches!(login, Login::ActionRequired(Action::ApproveOnDevice(_))), "{login:?}");
}

#[tokio::test]
async fn a_device_that_refuses_or_never_answers() {
    for refused in [true, false] {
        let mut spec = AccountSpec::in_state("adp").unwrap();
        if let Some(adp) = spec.adp.as_mut() {
            (adp.refused, adp.consent_after) = (refused, 1000);
        }
        let world =
            World::new(AccountSpec { second_factor: icloud_photos_testkit::SecondFactor::None, ..spec });
        let login = world.client(MemorySessionStore::new()).login(credentials()).await.unwrap();
        let Login::ActionRequired(Action::ApproveOnDevice(consent)) = login else { panic!("{login:?}") };
        let error = consent.wait(Duration::from_secs(60)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AdvancedDataProtection);
    }
}

#[tokio::test]
async fn a_security_key_is_refused_with_its_challenge_at_hand() {
    let world = World::in_state("security-keys");
    let login = world.client(MemorySessionStore::new()).login(credentials()).await.unwrap();
    let Login::ActionRequired(action) = login else { panic!("{login:?}") };
    assert_eq!(action.error().kind(), ErrorKind::SecurityKeyRequired);
    let Action::UseSecurityKey(key) = action else { panic!("{action:?}") };
    assert_eq!((key.challenge().len(), key.relying_party(), key.credentials().len()), (43, "apple.com", 2));
    assert_eq!(key.key_names(), ["Blue key", "Key in the safe"]);
}

#[tokio::test]
async fn signing_out_forgets_the_session_everywhere() {
    let world = World::in_state("two-factor");
    let folder = tempfile::tempdir().unwrap();
    let client = world.client(FileSessionStore::new(folder.path()));
    let session = sign_in(&world, &client).await;
    let other = session.clone();
    session.sign_out().await.unwrap();
    assert_eq!(look(&other).await.unwrap_err().kind(), ErrorKind::SessionExpired);
    other.save().await.unwrap();
    assert!(client.restore(&jane()).await.unwrap().is_none());
    assert!(FileSessionStore::new(folder.path()).load(&jane()).await.unwrap().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn a_store_that_cannot_be_written_says_so_before_the_password_is_tried() {
    let world = World::in_state("two-factor");
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "in the way").unwrap();
    let client = world.client(FileSessionStore::new(blocked.join("sessions")));
    let error = refused(&client).await;
    assert!(
        matches!(error.kind(), ErrorKind::Storage | ErrorKind::NotFound | ErrorKind::AlreadyExists),
        "{error:?}"
    );
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn nothing_public_shows_a_secret() {
    let world = World::in_state("two-factor");
    let store = MemorySessionStore::new();
    let client = world.client(store.clone());
    let challenge = challenge(&client).await;
    challenge.request_push().await.unwrap();
    let shown_code = world.shown_code();
    let typed = code(&shown_code);
    let mut shown =
        format!("{client:?} {challenge:?} {:?} {typed:?} {:?}", challenge.phones(), credentials());
    let saved_challenge = challenge.to_saved().await;
    shown += &format!("{saved_challenge:?}");
    let session = challenge.submit(typed).await.unwrap();
    look(&session).await.unwrap();
    session.save().await.unwrap();
    let saved = store.load(&jane()).await.unwrap().unwrap();
    shown += &format!("{session:?} {saved:?} {store:?} {:?}", Login::Complete(session.clone()));
    let error = client.login(Credentials::new(jane(), "another-password")).await.unwrap_err();
    shown += &format!("{error:?} {error}");

    let mut secrets = secrets_of(&saved, &saved_challenge);
    assert!(secrets.len() > 6, "the test looks for nothing: {}", secrets.len());
    secrets.extend([PASSWORD.to_owned(), "another-password".to_owned(), shown_code]);
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} in {shown}");
    }
}

/// Every long text in what is saved, names and addresses aside.
fn secrets_of(saved: &SavedSession, challenge: &SavedChallenge) -> Vec<String> {
    fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => found.push(text.clone()),
            serde_json::Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
            serde_json::Value::Object(members) => members.values().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_json::to_value(saved).unwrap(), &mut found);
    collect(&serde_json::to_value(challenge).unwrap(), &mut found);
    found.retain(|text| text.len() > 20 && !text.starts_with("http") && !text.contains('•'));
    found
}
