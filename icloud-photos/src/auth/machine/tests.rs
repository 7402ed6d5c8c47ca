//! Every known answer, and where it leads (protocol notes 2.7, 3, 4, 9.3).

use std::time::Duration;

use rand::SeedableRng;

use super::*;
use crate::error::ErrorKind;
use crate::session::saved::SavedSession;

const OPEN_DOOR: &str = r#"{"dsInfo":{"dsid":"7","hsaVersion":2},"hsaTrustedBrowser":true,
    "webservices":{"ckdatabasews":{"url":"https://p1-ckdatabasews.icloud.com:443","pcsRequired":true}}}"#;
const WANTS_CODE: &str = r#"{"dsInfo":{"dsid":"7","hsaVersion":2},"hsaChallengeRequired":true}"#;
const WANTS_STEP: &str = r#"{"dsInfo":{"dsid":7,"hsaVersion":1},"hsaChallengeRequired":true,
    "webservices":{"ckdatabasews":{"url":"https://p1-ckdatabasews.icloud.com:443"}}}"#;
const PHONES: &str = r#"{"trustedPhoneNumbers":[{"id":1,"numberWithDialCode":"+1 81"}]}"#;

/// What is expected next, in short.
#[derive(Debug, PartialEq)]
enum Next {
    Send(&'static str),
    Challenge,
    Action(Need),
    Resting,
    Done,
    Fail(ErrorKind),
}

use Next::*;

fn next(outcome: &Outcome) -> Next {
    match outcome {
        Outcome::Send(call) => Send(call.path),
        Outcome::Challenge => Challenge,
        Outcome::Action(need) => Action(*need),
        Outcome::Resting => Resting,
        Outcome::Done => Done,
        Outcome::Fail(error) => Fail(error.kind()),
    }
}

fn machine(password: Option<&str>) -> Machine {
    let account = AppleId::new("Jane@X.com").unwrap();
    Machine::new(account, password.map(Into::into), Tokens::fresh(), StdRng::seed_from_u64(7))
}

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Event {
    Event::Answer(Answer {
        url: "https://idmsa.apple.com/appleauth/auth".parse().unwrap(),
        http_status: status,
        headers: headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect(),
        body: body.to_owned().into(),
        now: SystemTime::UNIX_EPOCH,
    })
}

/// An acceptable answer to `init`.
fn hello() -> String {
    let b = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7; 256]);
    format!(r#"{{"iteration":1000,"salt":"obLD1OX2BxgpOktcbX6PkA==","protocol":"s2k","b":"{b}","c":"ctx"}}"#)
}

fn at_init() -> Machine {
    let mut machine = machine(Some("pw"));
    assert_eq!(next(&machine.step(Event::Begin(Rung::Password))), Send(wire::path::INIT));
    machine
}

fn at_complete() -> Machine {
    let mut machine = at_init();
    assert_eq!(next(&machine.step(answer(200, &[], &hello()))), Send(wire::path::COMPLETE));
    machine
}

fn at_account_login() -> Machine {
    let mut machine = at_complete();
    let token = [("x-apple-session-token", "tok")];
    assert_eq!(next(&machine.step(answer(200, &token, "{}"))), Send(wire::path::ACCOUNT_LOGIN));
    machine
}

fn at_challenge() -> Machine {
    let mut machine = at_complete();
    assert_eq!(next(&machine.step(answer(409, &[], PHONES))), Challenge);
    machine
}

fn code() -> SecurityCode {
    "054321".parse().unwrap()
}

fn at_verify() -> Machine {
    let mut machine = at_challenge();
    assert_eq!(next(&machine.step(Event::Code(code()))), Send(wire::path::DEVICE_CODE));
    machine
}

type Row = (u16, &'static [(&'static str, &'static str)], &'static str, Next);

fn check(stage: &str, make: impl Fn() -> Machine, rows: Vec<Row>) {
    for (status, headers, body, expected) in rows {
        let mut machine = make();
        let outcome = machine.step(answer(status, headers, body));
        assert_eq!(next(&outcome), expected, "{stage} answered {status} {headers:?} {body}");
    }
}

const RSCD_401: &[(&str, &str)] = &[("x-apple-i-rscd", "401")];
const RSCD_403: &[(&str, &str)] = &[("x-apple-i-rscd", "403")];
const RSCD_409: &[(&str, &str)] = &[("x-apple-i-rscd", "409")];
const LOCKED: &str = r#"{"serviceErrors":[{"code":"-20209","message":"Locked."}]}"#;
const BAD_PROOF: &str = r#"{"serviceErrors":[{"code":"-20101","message":"Enter the password."}]}"#;
const BAD_CODE: &str = r#"{"service_errors":[{"code":"-21669","message":"Incorrect."}],"hasError":true}"#;

#[test]
fn init() {
    check(
        "init",
        at_init,
        vec![
            (400, &[], "{}", Fail(ErrorKind::Protocol)),
            (401, &[], "{}", Send(wire::path::INIT)),
            (421, &[], "", Send(wire::path::INIT)),
            (450, &[], "", Send(wire::path::INIT)),
            (200, RSCD_401, "{}", Send(wire::path::INIT)),
            (200, RSCD_403, "{}", Fail(ErrorKind::Forbidden)),
            (403, &[], "<html>", Fail(ErrorKind::Forbidden)),
            (403, &[], LOCKED, Fail(ErrorKind::AccountLocked)),
            (412, &[], "", Fail(ErrorKind::Forbidden)),
            (429, &[], "", Fail(ErrorKind::RateLimited)),
            (500, &[], "", Fail(ErrorKind::Network)),
            (502, &[], "", Fail(ErrorKind::Network)),
            (503, &[], "Service Temporary Unavailable", Fail(ErrorKind::RateLimited)),
            (504, &[], "", Fail(ErrorKind::Network)),
            (200, &[], "<html>", Fail(ErrorKind::Protocol)),
            (200, &[], r#"{"iteration":5}"#, Fail(ErrorKind::Protocol)),
        ],
    );
    assert_eq!(next(&at_init().step(answer(409, &[], &hello()))), Send(wire::path::COMPLETE));
}

#[test]
fn a_stale_context_is_forgotten_and_init_begun_anew_once() {
    let mut machine = at_init();
    let scnt = [("scnt", "stale"), ("x-apple-id-session-id", "stale")];
    assert_eq!(next(&machine.step(answer(401, &scnt, "{}"))), Send(wire::path::INIT));
    assert!(machine.tokens.scnt.is_empty() && machine.tokens.session_id.is_empty());
    assert_eq!(
        next(&machine.step(answer(401, &scnt, BAD_PROOF))),
        Fail(ErrorKind::Forbidden),
        "no wrong password"
    );
}

#[test]
fn a_short_number_throws_the_exchange_away_three_times() {
    let mut machine = at_init();
    let short = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7; 255]);
    let hello = format!(r#"{{"iteration":1000,"salt":"AAAA","protocol":"s2k","b":"{short}","c":"ctx"}}"#);
    for _ in 0..3 {
        assert_eq!(next(&machine.step(answer(200, &[], &hello))), Send(wire::path::INIT));
    }
    assert_eq!(next(&machine.step(answer(200, &[], &hello))), Fail(ErrorKind::Protocol));
}

#[test]
fn complete() {
    check(
        "complete",
        at_complete,
        vec![
            (200, &[], r#"{"auth_type":"hsa2"}"#, Send(wire::path::ACCOUNT_LOGIN)),
            (200, RSCD_401, "{}", Fail(ErrorKind::BadCredentials)),
            (200, RSCD_403, "{}", Fail(ErrorKind::Forbidden)),
            (200, RSCD_409, "{}", Send(wire::path::STATE)),
            (400, &[], "{}", Fail(ErrorKind::Protocol)),
            (401, &[], BAD_PROOF, Fail(ErrorKind::BadCredentials)),
            (401, &[], "{}", Fail(ErrorKind::BadCredentials)),
            (401, &[], LOCKED, Fail(ErrorKind::AccountLocked)),
            (401, &[], r#"{"serviceErrors":[{"code":"-1","message":"x"}]}"#, Fail(ErrorKind::Forbidden)),
            (403, &[], "", Fail(ErrorKind::Forbidden)),
            (403, &[], LOCKED, Fail(ErrorKind::AccountLocked)),
            (409, &[], "", Send(wire::path::STATE)),
            (409, &[], PHONES, Challenge),
            (409, &[], r#"{"authType":"hsa"}"#, Send(wire::path::ACCOUNT_LOGIN)),
            (409, &[], r#"{"authType":"hsa2","keyNames":["k"]}"#, Action(Need::SecurityKey)),
            (409, &[], r#"{"fsaChallenge":{"challenge":"c"}}"#, Action(Need::SecurityKey)),
            (
                409,
                &[],
                r#"{"trustedPhoneNumbers":[{"id":1}],"securityCode":{"securityCodeLocked":true}}"#,
                Fail(ErrorKind::TooManyCodes),
            ),
            (412, &[], r#"{"auth_type":"sa"}"#, Send(wire::path::REPAIR)),
            (421, &[], "", Fail(ErrorKind::Forbidden)),
            (423, &[], "", Fail(ErrorKind::Forbidden)),
            (429, &[], "", Fail(ErrorKind::RateLimited)),
            (450, &[], "", Fail(ErrorKind::Forbidden)),
            (500, &[], "", Fail(ErrorKind::Network)),
            (503, &[], "", Fail(ErrorKind::RateLimited)),
        ],
    );
}

#[test]
fn only_the_proof_counts_as_an_attempt_and_is_never_repeated() {
    let mut machine = at_init();
    let Outcome::Send(call) = machine.step(answer(200, &[], &hello())) else { panic!("no call") };
    assert!(call.is_attempt && !call.repeatable);
    let body: Value = serde_json::from_slice(&call.body.unwrap()).unwrap();
    assert_eq!((body["accountName"].as_str(), body["c"].as_str()), (Some("jane@x.com"), Some("ctx")));
    assert_eq!(body["trustTokens"], serde_json::json!([]));
}

#[test]
fn retry_after_travels_with_the_error() {
    let outcome = at_complete().step(answer(429, &[("retry-after", "7")], ""));
    let Outcome::Fail(error) = outcome else { panic!("no error") };
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[test]
fn repair() {
    let at_repair = || {
        let mut machine = at_complete();
        machine.step(answer(412, &[], "{}"));
        machine
    };
    check(
        "repair",
        at_repair,
        vec![
            (200, &[], "", Send(wire::path::ACCOUNT_LOGIN)),
            (403, &[], "", Fail(ErrorKind::Forbidden)),
            (412, &[], "", Fail(ErrorKind::Forbidden)),
            (503, &[], "", Fail(ErrorKind::RateLimited)),
        ],
    );
}

#[test]
fn account_login_after_the_password() {
    check(
        "accountLogin",
        at_account_login,
        vec![
            (200, &[], OPEN_DOOR, Done),
            (200, &[], WANTS_CODE, Send(wire::path::STATE)),
            (200, &[], WANTS_STEP, Send(wire::path::LIST_DEVICES)),
            (200, &[], r#"{"dsInfo":{"dsid":"7"}}"#, Fail(ErrorKind::NotActivated)),
            (200, &[], r#"{"dsInfo":{"dsid":"7","locked":true}}"#, Fail(ErrorKind::AccountLocked)),
            (
                200,
                &[],
                r#"{"dsInfo":{"dsid":"7","isWebAccessAllowed":false}}"#,
                Fail(ErrorKind::WebAccessDisabled),
            ),
            (
                200,
                &[],
                r#"{"dsInfo":{"dsid":"7"},"domainToUse":"iCloud.com.cn"}"#,
                Fail(ErrorKind::WrongRegion),
            ),
            (302, &[], r#"{"domainToUse":"iCloud.com"}"#, Fail(ErrorKind::WrongRegion)),
            (200, &[], r#"{"dsInfo":{"dsid":"7"},"termsUpdateNeeded":true}"#, Action(Need::Terms)),
            (
                200,
                &[],
                r#"{"dsInfo":{"dsid":"7","iCDPEnabled":true},"webservices":{"ckdatabasews":{"pcsRequired":true}}}"#,
                Action(Need::Consent),
            ),
            (200, &[], r#"{"success":false,"error":"no"}"#, Fail(ErrorKind::Forbidden)),
            (200, &[], "<html>", Fail(ErrorKind::Network)),
            (421, &[], r#"{"success":false,"configBag":{"urls":{}}}"#, Fail(ErrorKind::WrongRegion)),
            (421, &[], "{}", Fail(ErrorKind::Forbidden)),
            (401, &[], "{}", Fail(ErrorKind::Forbidden)),
            (450, &[], "", Fail(ErrorKind::Forbidden)),
            (429, &[], "", Fail(ErrorKind::RateLimited)),
            (500, &[], "", Fail(ErrorKind::Network)),
        ],
    );
}

#[test]
fn verify() {
    const TOKEN: &[(&str, &str)] = &[("x-apple-session-token", "t")];
    check(
        "verify",
        at_verify,
        vec![
            (204, &[], "", Send(wire::path::TRUST)),
            (200, &[], "{}", Send(wire::path::TRUST)),
            (409, TOKEN, r#"{"securityCode":{"valid":true}}"#, Send(wire::path::TRUST)),
            (409, &[], "{}", Fail(ErrorKind::CodeRejected)),
            (400, &[], BAD_CODE, Fail(ErrorKind::CodeRejected)),
            (400, &[("x-apple-i-ercd", "-21669")], "", Fail(ErrorKind::CodeRejected)),
            (200, &[], BAD_CODE, Fail(ErrorKind::CodeRejected)),
            (401, &[], "", Fail(ErrorKind::ChallengeExpired)),
            (403, &[], "", Fail(ErrorKind::ChallengeExpired)),
            (403, &[], LOCKED, Fail(ErrorKind::AccountLocked)),
            (412, &[], "", Fail(ErrorKind::TooManyCodes)),
            (421, &[], "", Fail(ErrorKind::ChallengeExpired)),
            (423, &[], "", Fail(ErrorKind::TooManyCodes)),
            (429, &[], "", Fail(ErrorKind::RateLimited)),
            (503, &[], "", Fail(ErrorKind::RateLimited)),
        ],
    );
}

#[test]
fn a_wrong_code_keeps_the_challenge_until_there_were_too_many() {
    let mut machine = at_challenge();
    for _ in 0..5 {
        assert_eq!(next(&machine.step(Event::Code(code()))), Send(wire::path::DEVICE_CODE));
        assert_eq!(next(&machine.step(answer(400, &[], BAD_CODE))), Fail(ErrorKind::CodeRejected));
    }
    assert_eq!(next(&machine.step(Event::Code(code()))), Fail(ErrorKind::TooManyCodes));
}

#[test]
fn an_accepted_code_is_not_sent_twice() {
    let mut machine = at_verify();
    machine.step(answer(204, &[], ""));
    machine.step(answer(204, &[("x-apple-twosv-trust-token", "trust")], ""));
    assert_eq!(next(&machine.step(answer(503, &[], ""))), Fail(ErrorKind::RateLimited));
    assert_eq!(next(&machine.step(Event::Code(code()))), Send(wire::path::TRUST));
    assert_eq!(next(&machine.step(answer(404, &[], ""))), Send(wire::path::ACCOUNT_LOGIN), "trust may fail");
    assert_eq!(next(&machine.step(answer(200, &[], OPEN_DOOR))), Done);
    assert_eq!(machine.tokens().trust_token.expose(), "trust");
}

#[test]
fn an_account_that_is_not_trusted_after_the_code_is_no_loop() {
    let mut machine = at_verify();
    machine.step(answer(204, &[], ""));
    machine.step(answer(204, &[], ""));
    assert_eq!(next(&machine.step(answer(200, &[], WANTS_CODE))), Fail(ErrorKind::Forbidden));
}

#[test]
fn codes_by_phone() {
    let mut machine = at_challenge();
    let phone = machine.factor().phones[0].clone();
    assert_eq!(next(&machine.step(Event::SendCode(phone.clone()))), Send(wire::path::PHONE));
    assert_eq!(next(&machine.step(answer(200, &[], PHONES))), Resting);
    assert_eq!(next(&machine.step(Event::Code(code()))), Send(wire::path::PHONE_CODE));
    assert_eq!(next(&machine.step(Event::Push)), Send(wire::path::DEVICE_CODE), "the devices count again");
    assert_eq!(next(&machine.step(answer(500, &[], ""))), Resting, "a push that fails is no obstacle");
    assert_eq!(next(&machine.step(Event::Code(code()))), Send(wire::path::DEVICE_CODE));
    let at_sent = || {
        let mut machine = at_challenge();
        machine.step(Event::SendCode(phone.clone()));
        machine
    };
    check(
        "send code",
        at_sent,
        vec![
            (200, &[], r#"{"securityCode":{"tooManyCodesSent":true}}"#, Fail(ErrorKind::TooManyCodes)),
            (412, &[], "", Fail(ErrorKind::TooManyCodes)),
            (401, &[], "", Fail(ErrorKind::ChallengeExpired)),
            (429, &[], "", Fail(ErrorKind::RateLimited)),
        ],
    );
}

#[test]
fn an_account_without_devices_was_texted_already_and_is_never_pushed() {
    let mut machine = at_complete();
    let body = r#"{"noTrustedDevices":true,"trustedPhoneNumbers":[{"id":3,"pushMode":"sms"}]}"#;
    assert_eq!(next(&machine.step(answer(409, &[], body))), Challenge);
    assert_eq!(next(&machine.step(Event::Push)), Resting);
    assert_eq!(next(&machine.step(Event::Code(code()))), Send(wire::path::PHONE_CODE));
}

#[test]
fn a_list_of_phones_that_cannot_be_had_is_no_obstacle() {
    let mut machine = at_complete();
    machine.step(answer(409, &[], ""));
    assert_eq!(next(&machine.step(answer(500, &[], ""))), Challenge);
    assert!(machine.factor().devices);
}

#[test]
fn two_step() {
    let at_devices = || {
        let mut machine = at_account_login();
        machine.step(answer(200, &[], WANTS_STEP));
        machine
    };
    let devices = r#"{"devices":[{"deviceType":"SMS","phoneNumber":"*03","deviceId":"1"}]}"#;
    let mut machine = at_devices();
    assert_eq!(next(&machine.step(answer(200, &[], devices))), Challenge);
    let phone = machine.factor().phones[0].clone();
    assert_eq!((phone.number(), phone.id()), ("*03", "1".to_owned()));
    assert_eq!(next(&machine.step(Event::SendCode(phone))), Send(wire::path::SEND_CODE));
    assert_eq!(next(&machine.step(answer(200, &[], r#"{"success":true}"#))), Resting);
    let Outcome::Send(call) = machine.step(Event::Code(code())) else { panic!("no call") };
    let body: Value = serde_json::from_slice(&call.body.unwrap()).unwrap();
    assert_eq!((body["verificationCode"].as_str(), body["deviceId"].as_str()), (Some("054321"), Some("1")));
    let wrong = r#"{"success":false,"errorMessage":"The code is not valid.","errorCode":-21669}"#;
    assert_eq!(next(&machine.step(answer(200, &[], wrong))), Fail(ErrorKind::CodeRejected));
    machine.step(Event::Code(code()));
    assert_eq!(next(&machine.step(answer(200, &[], r#"{"success":true}"#))), Send(wire::path::ACCOUNT_LOGIN));
    assert_eq!(next(&machine.step(answer(200, &[], WANTS_STEP))), Done, "Apple goes on saying so (recorded)");
}

#[test]
fn security_keys_lead_to_trust() {
    let mut machine = at_complete();
    machine.step(answer(
        409,
        &[],
        r#"{"fsaChallenge":{"challenge":"c","keyHandles":["h"],"rpId":"apple.com"}}"#,
    ));
    let assertion = SecurityKeyAssertion {
        client_data: String::new(),
        signature: "signed".to_owned(),
        authenticator_data: String::new(),
        user_handle: None,
        credential_id: String::new(),
    };
    assert!(!format!("{assertion:?}").contains("signed"));
    assert_eq!(next(&machine.step(Event::Assertion(assertion))), Send(wire::path::SECURITY_KEY));
    assert_eq!(next(&machine.step(answer(204, &[], ""))), Send(wire::path::TRUST));
}

/// A machine that was signed in before.
fn known(password: Option<&str>, cookie: bool, token: bool) -> Machine {
    let mut machine = machine(password);
    if cookie {
        let url = "https://setup.icloud.com/setup/ws/1/validate".parse().unwrap();
        let set = r#"X-APPLE-WEBAUTH-TOKEN="v=2"; Path=/; Domain=.icloud.com"#;
        let headers = std::iter::once((http::header::SET_COOKIE, set.parse().unwrap())).collect();
        machine.tokens.harvest(&url, &headers);
    }
    if token {
        machine.tokens.session_token = "tok".into();
    }
    machine
}

#[test]
fn the_ladder_goes_from_cheap_to_dear() {
    let mut machine = known(Some("pw"), true, true);
    assert_eq!(next(&machine.step(Event::Begin(Rung::Validate))), Send(wire::path::VALIDATE));
    assert_eq!(next(&machine.step(answer(421, &[], "{}"))), Send(wire::path::ACCOUNT_LOGIN));
    assert_eq!(next(&machine.step(answer(421, &[], "{}"))), Send(wire::path::INIT));
    assert_eq!(machine.rung(), Rung::Password);

    let mut machine = known(Some("pw"), true, true);
    machine.step(Event::Begin(Rung::Validate));
    assert_eq!(next(&machine.step(answer(200, &[], OPEN_DOOR))), Done);
    assert_eq!(machine.rung(), Rung::Validate);
}

#[test]
fn rungs_without_anything_at_hand_are_passed_over() {
    let first = |mut machine: Machine| next(&machine.step(Event::Begin(Rung::Validate)));
    assert_eq!(first(known(None, false, true)), Send(wire::path::ACCOUNT_LOGIN));
    assert_eq!(first(known(Some("pw"), false, false)), Send(wire::path::INIT));
    assert_eq!(first(known(None, false, false)), Fail(ErrorKind::SessionExpired));
}

#[test]
fn only_a_refusal_makes_the_ladder_climb() {
    let at_validate = || {
        let mut machine = known(None, true, true);
        machine.step(Event::Begin(Rung::Validate));
        machine
    };
    check(
        "validate",
        at_validate,
        vec![
            (200, &[], OPEN_DOOR, Done),
            (200, &[], WANTS_CODE, Send(wire::path::ACCOUNT_LOGIN)),
            (200, &[], r#"{"success":false}"#, Send(wire::path::ACCOUNT_LOGIN)),
            (401, &[], "", Send(wire::path::ACCOUNT_LOGIN)),
            (403, &[], "", Send(wire::path::ACCOUNT_LOGIN)),
            (421, &[], "", Send(wire::path::ACCOUNT_LOGIN)),
            (450, &[], "", Send(wire::path::ACCOUNT_LOGIN)),
            (421, &[], r#"{"success":false,"configBag":{"urls":{}}}"#, Send(wire::path::ACCOUNT_LOGIN)),
            (200, &[], "<html>", Fail(ErrorKind::Network)),
            (403, &[], "<html>", Fail(ErrorKind::Forbidden)),
            (407, &[], "", Fail(ErrorKind::Protocol)),
            (429, &[], "", Fail(ErrorKind::RateLimited)),
            (500, &[], "", Fail(ErrorKind::Network)),
            (503, &[], "", Fail(ErrorKind::RateLimited)),
        ],
    );
    let at_token = || {
        let mut machine = at_validate();
        machine.step(answer(401, &[], ""));
        machine
    };
    check(
        "accountLogin with a token",
        at_token,
        vec![
            (200, &[], OPEN_DOOR, Done),
            (200, &[], WANTS_CODE, Fail(ErrorKind::SessionExpired)),
            (421, &[], "", Fail(ErrorKind::SessionExpired)),
            (421, &[], "<html>", Fail(ErrorKind::Forbidden)),
            (503, &[], "", Fail(ErrorKind::RateLimited)),
        ],
    );
}

#[test]
fn a_climb_to_the_password_stays_the_same_browser() {
    let mut machine = known(Some("pw"), true, true);
    machine.tokens.trust_token = "HSARMTK".into();
    machine.tokens.scnt = "old".into();
    let client = machine.tokens.client_id.clone();
    machine.step(Event::Begin(Rung::Password));
    assert!(machine.tokens.scnt.is_empty() && machine.tokens.session_token.is_empty());
    assert_eq!(machine.tokens.client_id, client);
    let Outcome::Send(call) = machine.step(answer(200, &[], &hello())) else { panic!("no call") };
    let body: Value = serde_json::from_slice(&call.body.unwrap()).unwrap();
    assert_eq!(body["trustTokens"], serde_json::json!(["HSARMTK"]));
}

#[test]
fn terms_are_accepted_only_when_somebody_says_so() {
    let mut machine = at_account_login();
    let terms = OPEN_DOOR.replacen('{', r#"{"termsUpdateNeeded":true,"#, 1);
    assert_eq!(next(&machine.step(answer(200, &[], &terms))), Action(Need::Terms));
    assert_eq!(next(&machine.step(Event::AcceptTerms)), Send(wire::path::GET_TERMS));
    let Outcome::Send(call) = machine.step(answer(200, &[], r#"{"iCloudTerms":{"version":2}}"#)) else {
        panic!("no call")
    };
    assert_eq!(&call.body.unwrap()[..], br#"{"acceptedICloudTerms":2}"#);
    assert_eq!(next(&machine.step(answer(200, &[], r#"{"success":true}"#))), Send(wire::path::ACCOUNT_LOGIN));
    assert_eq!(next(&machine.step(answer(200, &[], OPEN_DOOR))), Done);
    assert_eq!(next(&machine.step(Event::AcceptTerms)), Send(wire::path::GET_TERMS));
    assert_eq!(next(&machine.step(answer(200, &[], "{}"))), Fail(ErrorKind::Network));
}

#[test]
fn consent_is_asked_for_and_polled() {
    let mut machine = at_account_login();
    let adp = OPEN_DOOR.replace(r#""hsaVersion":2"#, r#""hsaVersion":2,"iCDPEnabled":true"#);
    assert_eq!(next(&machine.step(answer(200, &[], &adp))), Action(Need::Consent));
    assert_eq!(next(&machine.step(Event::AskDevices)), Send(wire::path::WEB_ACCESS));
    let state = r#"{"isICDRSDisabled":true,"isDeviceConsentedForPCS":false}"#;
    assert_eq!(next(&machine.step(answer(200, &[], state))), Send(wire::path::ASK_DEVICES));
    assert_eq!(next(&machine.step(answer(200, &[], "{}"))), Resting);
    let waiting = r#"{"status":"failure","message":"Cookies not available yet on server."}"#;
    assert_eq!(next(&machine.step(Event::CheckDevices)), Send(wire::path::REQUEST_KEYS));
    assert_eq!(next(&machine.step(answer(200, &[], waiting))), Action(Need::Consent));
    machine.step(Event::CheckDevices);
    let success = r#"{"status":"success"}"#;
    assert_eq!(next(&machine.step(answer(200, &[], success))), Action(Need::Consent), "no cookies, no keys");
    machine.step(Event::CheckDevices);
    let refused = r#"{"status":"failure","message":"The request was denied on the device."}"#;
    assert_eq!(next(&machine.step(answer(200, &[], refused))), Fail(ErrorKind::AdvancedDataProtection));
}

#[test]
fn an_answer_nobody_waits_for_is_an_error_not_a_panic() {
    assert_eq!(next(&machine(None).step(answer(200, &[], "{}"))), Fail(ErrorKind::Unexpected));
    let mut fresh = machine(None);
    assert_eq!(next(&fresh.step(Event::Code(code()))), Send(wire::path::DEVICE_CODE));
}

#[test]
fn debug_shows_no_secret() {
    let mut machine = known(Some("hunter2"), true, true);
    machine.tokens.trust_token = "HSARMTK".into();
    let outcome = machine.step(Event::Begin(Rung::Password));
    let saved = SavedSession::default();
    let shown = format!("{machine:?} {outcome:?} {:?} {saved:?} {:?}", machine.tokens, Event::Code(code()));
    for secret in ["hunter2", "HSARMTK", "054321", "v=2", "tok\""] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
