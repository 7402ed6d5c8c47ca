//! The sign-in service, as a client meets it.

mod support;

use http::Method;
use icloud_photos_testkit::{
    AccountSpec, CodeAccepted, CodeRejected, FakeCloud, LeadingZero, Phone, Protocol, SecondFactor,
    SecurityKeys, StatusForm,
};
use serde_json::{Value, json};
use support::Client;

fn cloud(spec: AccountSpec) -> FakeCloud {
    FakeCloud::builder().account(spec).clock_at_ms(1_700_000_000_000).build()
}

fn quick() -> AccountSpec {
    AccountSpec { iterations: 1000, ..AccountSpec::default() }
}

#[tokio::test]
async fn password_code_and_trust_open_a_session_and_the_next_login_needs_no_code() {
    let cloud = cloud(quick());
    let mut client = Client::sign_in(&cloud).await;
    assert!(client.cookie("X-APPLE-WEBAUTH-TOKEN").is_some());
    let account = client.validate().await;
    assert_eq!(account.json["hsaTrustedBrowser"], true);
    assert_eq!(client.zones().await.status, 200);

    let mut again = Client::new(&cloud);
    again.trust_token = client.trust_token.clone();
    assert_eq!(again.right_password().await.status, 200);
    assert_eq!(again.account_login().await.json["hsaTrustedBrowser"], true);
}

#[tokio::test]
async fn every_way_of_hashing_and_every_leading_zero_is_accepted() {
    for protocol in [Protocol::S2k, Protocol::S2kFo] {
        for leading_zero in [LeadingZero::None, LeadingZero::Public, LeadingZero::Shared] {
            let cloud = cloud(AccountSpec { protocol, leading_zero, ..quick() });
            let answer = Client::new(&cloud).right_password().await;
            assert_eq!(answer.status, 409, "{protocol:?} {leading_zero:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_look_the_same_and_ten_lock_the_account() {
    let cloud = cloud(quick());
    let mut client = Client::new(&cloud);
    let wrong = client.password("jdoe@example.com", "guess").await;
    let unknown = client.password("nobody@example.com", "guess").await;
    for answer in [&wrong, &unknown] {
        assert_eq!((answer.status, &answer.json["serviceErrors"][0]["code"]), (401, &json!("-20101")));
    }
    assert_eq!(client.right_password().await.status, 409, "a right one sets the count back");
    for _ in 0..9 {
        assert_eq!(client.password("jdoe@example.com", "guess").await.status, 401);
    }
    let tenth = client.password("jdoe@example.com", "guess").await;
    assert_eq!((tenth.status, &tenth.json["serviceErrors"][0]["code"]), (403, &json!("-20209")));
    assert_eq!(client.right_password().await.status, 403);
}

#[tokio::test]
async fn the_login_is_found_in_any_case_and_proven_as_written() {
    let cloud = cloud(quick());
    let answer = Client::new(&cloud).password("JDoe@Example.com", "correct horse battery staple").await;
    assert_eq!(answer.status, 409);
}

#[tokio::test]
async fn nothing_shows_a_code_until_it_is_asked_for_and_a_push_kills_the_code_before() {
    let cloud = cloud(quick());
    let mut client = Client::new(&cloud);
    client.right_password().await;
    assert!(cloud.codes().is_empty());
    client.push().await;
    let first = cloud.codes()[0].clone();
    assert_eq!((first.username.as_str(), first.mode.as_str()), ("jdoe@example.com", "device"));
    client.push().await;
    let second = cloud.codes()[0].code.clone();
    assert_ne!(first.code, second);
    assert_eq!(client.enter(&first.code).await.status, 400);
    assert_eq!(client.enter(&second).await.status, 204);
    assert!(cloud.codes().is_empty());
}

#[tokio::test]
async fn a_code_keeps_its_leading_zero_and_is_no_number() {
    let cloud = cloud(AccountSpec { code: Some("012345".to_owned()), ..quick() });
    let mut client = Client::new(&cloud);
    client.right_password().await;
    client.push().await;
    let path = "/appleauth/auth/verify/trusteddevice/securitycode";
    let number = client.post(path, json!({"securityCode": {"code": 12345}})).await;
    assert_eq!(number.status, 400);
    assert_eq!(client.enter("12345").await.status, 400);
    assert_eq!(client.enter("012345").await.status, 204);
}

#[tokio::test]
async fn wrong_codes_say_so_and_lock_in_the_end() {
    let cloud = cloud(AccountSpec { code: Some("111111".to_owned()), wrong_codes_allowed: 2, ..quick() });
    let mut client = Client::new(&cloud);
    client.right_password().await;
    client.push().await;
    let first = client.enter("000000").await;
    assert_eq!(first.status, 400);
    assert_eq!(first.header("x-apple-i-ercd"), Some("-21669"));
    assert_eq!(first.json["service_errors"][0]["code"], "-21669");
    assert_eq!(first.json["securityCode"]["securityCodeLocked"], false);
    client.enter("000000").await;
    let locked = client.enter("111111").await;
    assert_eq!((locked.status, &locked.json["securityCode"]["securityCodeLocked"]), (423, &json!(true)));
}

#[tokio::test]
async fn a_rejection_may_be_disguised_and_an_acceptance_may_be_409() {
    let spec = AccountSpec {
        code: Some("111111".to_owned()),
        code_rejected: CodeRejected::OkWithError,
        code_accepted: CodeAccepted::Conflict,
        ..quick()
    };
    let cloud = cloud(spec);
    let mut client = Client::new(&cloud);
    client.right_password().await;
    client.push().await;
    let wrong = client.enter("000000").await;
    assert_eq!((wrong.status, &wrong.json["hasError"]), (200, &json!(true)));
    let right = client.enter("111111").await;
    assert_eq!((right.status, &right.json["securityCode"]["valid"]), (409, &json!(true)));
    assert!(right.header("x-apple-session-token").is_some());
    assert_eq!(client.get("/appleauth/auth/2sv/trust").await.status, 204);
}

#[tokio::test]
async fn phones_are_listed_in_both_shapes_and_only_listed_ones_take_a_code() {
    let phones = vec![
        Phone { id: 1, last_digits: "81".to_owned(), mode: "sms".to_owned(), device_name: None },
        Phone { id: 4, last_digits: "07".to_owned(), mode: "voice".to_owned(), device_name: None },
    ];
    let cloud = cloud(AccountSpec { phones, trusted_devices: false, ..quick() });
    let mut client = Client::new(&cloud);
    let challenge = client.right_password().await;
    assert_eq!(challenge.json["noTrustedDevices"], true);
    assert_eq!(client.push().await.status, 412);

    let as_json = client.get("/appleauth/auth").await;
    assert_eq!(as_json.json["trustedPhoneNumbers"][1]["id"], 4);
    client.accept = "text/html";
    let page = client.get("/appleauth/auth").await;
    let page = std::str::from_utf8(&page.bytes).unwrap();
    let (_, rest) = page.split_once("class=\"boot_args\">").unwrap();
    let state: Value = serde_json::from_str(rest.split("</script>").next().unwrap()).unwrap();
    let listed = &state["direct"]["twoSV"]["phoneNumberVerification"]["trustedPhoneNumbers"];
    assert_eq!(listed[1]["numberWithDialCode"], "+1 (•••) •••-••07");

    let send = |id: u64| json!({"phoneNumber": {"id": id}, "mode": "sms"});
    assert_eq!(client.put("/appleauth/auth/verify/phone", send(9)).await.status, 400);
    assert_eq!(client.put("/appleauth/auth/verify/phone", send(4)).await.status, 200);
    let shown = cloud.codes()[0].clone();
    assert_eq!((shown.phone, shown.mode.as_str()), (Some(4), "sms"));
    assert_eq!(client.enter(&shown.code).await.status, 400, "the code of a phone is none of a device");
    let entry =
        |id: u64| json!({"phoneNumber": {"id": id}, "securityCode": {"code": shown.code}, "mode": "sms"});
    let path = "/appleauth/auth/verify/phone/securitycode";
    assert_eq!(client.post(path, entry(1)).await.status, 400, "nor of another phone");
    assert_eq!(client.post(path, entry(4)).await.status, 200);
}

#[tokio::test]
async fn too_many_messages_lock_sending() {
    let cloud = cloud(AccountSpec { codes_sent_allowed: 1, ..quick() });
    let mut client = Client::new(&cloud);
    client.right_password().await;
    assert_eq!(client.push().await.status, 202);
    let refused = client.push().await;
    assert_eq!((refused.status, &refused.json["securityCode"]["tooManyCodesSent"]), (423, &json!(true)));
}

#[tokio::test]
async fn a_challenge_lives_ten_minutes() {
    let cloud = cloud(quick());
    let mut client = Client::new(&cloud);
    client.right_password().await;
    cloud.advance_seconds(599);
    assert_eq!(client.push().await.status, 202);
    cloud.advance_seconds(1);
    assert_eq!(client.enter("000000").await.status, 401);
}

#[tokio::test]
async fn trust_needs_a_code_first_and_ends() {
    let cloud = cloud(AccountSpec { trust_days: 30, ..quick() });
    let mut client = Client::new(&cloud);
    client.right_password().await;
    assert_eq!(client.get("/appleauth/auth/2sv/trust").await.status, 401);

    let trusted = Client::sign_in(&cloud).await;
    let token = trusted.trust_token.clone().unwrap();
    assert!(token.starts_with("HSARMTK") && token.ends_with("SRVX"));
    let mut again = Client::new(&cloud);
    again.trust_token = Some(token.clone());
    assert_eq!(again.right_password().await.status, 200);
    cloud.advance_seconds(30 * 86_400);
    assert_eq!(again.right_password().await.status, 409);
    let fresh = Client::sign_in(&cloud).await;
    cloud.expire_trust_tokens();
    again.trust_token = fresh.trust_token.clone();
    assert_eq!(again.right_password().await.status, 409);
}

#[tokio::test]
async fn a_repair_is_asked_for_once() {
    let cloud = cloud(AccountSpec { repair_needed: true, second_factor: SecondFactor::None, ..quick() });
    let mut client = Client::new(&cloud);
    assert_eq!(client.right_password().await.status, 412);
    let repaired = client.post("/appleauth/auth/repair/complete", json!({})).await;
    assert_eq!((repaired.status, repaired.bytes.len()), (200, 0));
    let account = client.account_login().await;
    assert_eq!(account.json["dsInfo"].get("hsaVersion"), None);
    assert!(client.cookie("X-APPLE-WEBAUTH-TOKEN").is_some());
    assert_eq!(Client::new(&cloud).right_password().await.status, 200);
}

#[tokio::test]
async fn statuses_can_travel_in_a_header_or_not_at_all() {
    let in_header = cloud(AccountSpec { status: StatusForm::Header, ..quick() });
    let mut client = Client::new(&in_header);
    let needs_code = client.right_password().await;
    assert_eq!((needs_code.status, needs_code.header("x-apple-i-rscd")), (200, Some("409")));
    let wrong = client.password("jdoe@example.com", "guess").await;
    assert_eq!((wrong.status, wrong.header("x-apple-i-rscd")), (200, Some("401")));

    let hidden = cloud(AccountSpec { status: StatusForm::Hidden, says_auth_type: false, ..quick() });
    let mut client = Client::new(&hidden);
    let answer = client.right_password().await;
    assert_eq!(
        (answer.status, answer.header("x-apple-i-rscd"), answer.json.get("authType")),
        (200, None, None)
    );
    assert_eq!(client.account_login().await.json["hsaChallengeRequired"], true);
}

#[tokio::test]
async fn keys_of_hardware_are_named_and_their_answer_compared() {
    let keys = SecurityKeys { accepted_signature: Some("c2lnbmVk".to_owned()), ..SecurityKeys::default() };
    let cloud = cloud(AccountSpec { second_factor: SecondFactor::SecurityKeys(keys), ..quick() });
    let mut client = Client::new(&cloud);
    let challenge = client.right_password().await;
    assert_eq!(challenge.json["keyNames"][0], "Blue key");
    let mut answer =
        json!({"challenge": challenge.json["fsaChallenge"]["challenge"], "signatureData": "bm8="});
    let path = "/appleauth/auth/verify/security/key";
    assert_eq!(client.post(path, answer.clone()).await.status, 400);
    answer["signatureData"] = "c2lnbmVk".into();
    assert_eq!(client.post(path, answer).await.status, 200);
    assert_eq!(client.get("/appleauth/auth/2sv/trust").await.status, 204);
}

#[tokio::test]
async fn scnt_is_checked_and_in_strict_accounts_it_must_be_the_newest() {
    let lenient = cloud(quick());
    let mut client = Client::new(&lenient);
    client.right_password().await;
    let older = client.scnt.clone();
    client.push().await;
    assert_ne!(client.scnt, older, "it rolls");
    client.scnt = older;
    assert_eq!(client.push().await.status, 202);
    client.scnt = Some("made up".to_owned());
    assert_eq!(client.push().await.status, 401);

    let strict = cloud(AccountSpec { strict_scnt: true, ..quick() });
    let mut client = Client::new(&strict);
    assert_eq!(client.right_password().await.status, 409);
    let older = client.scnt.clone();
    client.push().await;
    client.scnt = older;
    assert_eq!(client.push().await.status, 401);
}

#[tokio::test]
async fn the_opening_calls_and_the_old_way_answer() {
    let cloud = cloud(quick());
    let mut client = Client::new(&cloud);
    let page = client.get("/appleauth/auth/authorize/signin?frame_id=auth-1").await;
    assert_eq!(page.status, 200);
    assert!(page.cookies().iter().any(|cookie| cookie.starts_with("aasp=")));
    let body = json!({"accountName": "jdoe@example.com", "rememberMe": true});
    assert_eq!(client.post("/appleauth/auth/federate?isRememberMeEnabled=true", body).await.status, 200);
    assert_eq!(client.right_password().await.status, 409);
    let legacy = client.post("/appleauth/auth/signin", json!({"accountName": "a", "password": "b"})).await;
    assert_eq!((legacy.status, &legacy.bytes[..]), (503, &b"Service Temporary Unavailable"[..]));
}

#[tokio::test]
async fn a_request_without_the_widget_key_is_refused() {
    let cloud = cloud(quick());
    let request = http::Request::builder().method(Method::POST).uri("/appleauth/auth/signin/init");
    let response = cloud.handle(request.body("{}".into()).unwrap()).await;
    assert_eq!(response.status(), 400);
}
