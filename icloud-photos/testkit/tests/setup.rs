//! The setup service and the gate before CloudKit.

mod support;

use http::Method;
use icloud_photos_testkit::{Access, AccountSpec, Adp, FakeCloud, SecondFactor};
use serde_json::{Value, json};
use support::Client;

fn cloud(spec: AccountSpec) -> FakeCloud {
    FakeCloud::builder()
        .account(spec)
        .clock_at_ms(1_700_000_000_000)
        .base_url("http://127.0.0.1:4711")
        .build()
}

fn quick() -> AccountSpec {
    AccountSpec { iterations: 1000, ..AccountSpec::default() }
}

#[tokio::test]
async fn cookies_come_before_trust_and_the_token_only_after() {
    let cloud = cloud(quick());
    let mut client = Client::new(&cloud);
    client.right_password().await;
    let before = client.account_login().await;
    assert_eq!(
        (&before.json["hsaChallengeRequired"], &before.json["hsaTrustedBrowser"]),
        (&json!(true), &json!(false))
    );
    assert!(client.cookie("X-APPLE-WEBAUTH-HSA-LOGIN").is_some());
    assert!(client.cookie("X-APPLE-WEBAUTH-TOKEN").is_none());
    assert_eq!(client.validate().await.json["reason"], "Missing X-APPLE-WEBAUTH-TOKEN cookie");
    assert_eq!(client.zones().await.status, 421);

    let mut client = Client::sign_in(&cloud).await;
    assert!(client.cookie("X-APPLE-WEBAUTH-TOKEN").unwrap().starts_with("\"v=2:t="));
    assert!(client.cookie("X-APPLE-WEBAUTH-PCS-Sharing").is_some());
    assert!(client.cookie("X-APPLE-WEBAUTH-HSA-LOGIN").is_none(), "taken back");
    let again = client.account_login().await;
    let user = again.cookies().into_iter().find(|cookie| cookie.starts_with("X-APPLE-WEBAUTH-USER")).unwrap();
    assert_eq!(
        user,
        "X-APPLE-WEBAUTH-USER=\"v=1:s=1:d=12345678901\";Expires=Thu, 14-Dec-2023 22:13:20 GMT;Path=/;HttpOnly"
    );
    let token =
        again.cookies().into_iter().find(|cookie| cookie.starts_with("X-APPLE-WEBAUTH-TOKEN")).unwrap();
    assert!(token.contains(";Expires=Fri,15-Dec-2023 22:13:20 GMT;"), "{token}");
}

#[tokio::test]
async fn hosts_of_apple_get_cookies_for_apple() {
    let cloud = cloud(quick());
    let mut client = Client::new(&cloud);
    client.right_password().await;
    let body = json!({"dsWebAuthToken": client.session_token}).to_string();
    let request =
        http::Request::builder().method(Method::POST).uri("https://setup.icloud.com/setup/ws/1/accountLogin");
    let response = cloud.handle(request.body(body.into()).unwrap()).await;
    let cookie = response.headers().get("set-cookie").unwrap().to_str().unwrap();
    assert_eq!(cookie, "X-APPLE-UNIQUE-CLIENT-ID=\"Cw==\";Path=/;Domain=.icloud.com;Secure");
}

#[tokio::test]
async fn the_map_of_services_points_to_the_fake() {
    let cloud = cloud(quick());
    let mut client = Client::sign_in(&cloud).await;
    let account = client.validate().await;
    let database = &account.json["webservices"]["ckdatabasews"];
    assert_eq!(database["url"], "http://127.0.0.1:4711");
    assert_eq!((&database["status"], &database["pcsRequired"]), (&json!("active"), &json!(true)));
    assert_eq!(account.json["dsInfo"]["dsid"], "12345678901");
}

#[tokio::test]
async fn accounts_differ_in_what_the_recordings_show() {
    let states = ["password-only", "web-access-off", "terms", "wrong-domain", "no-photos-service"];
    let mut seen = Vec::new();
    for state in states {
        let cloud = cloud(AccountSpec { iterations: 1000, ..AccountSpec::in_state(state).unwrap() });
        let mut client = Client::new(&cloud);
        client.right_password().await;
        let account = client.account_login().await.json;
        seen.push(match state {
            "password-only" => {
                account["dsInfo"].get("hsaVersion").is_none() && account.get("hsaTrustedBrowser").is_none()
            }
            "web-access-off" => account["dsInfo"]["isWebAccessAllowed"] == false,
            "terms" => account["termsUpdateNeeded"] == true,
            "wrong-domain" => account["domainToUse"] == "iCloud.com.cn",
            _ => account["webservices"].get("ckdatabasews").is_none(),
        });
    }
    assert_eq!(seen, [true; 5]);
    assert!(AccountSpec::STATES.iter().all(|state| AccountSpec::in_state(state).is_some()));
}

#[tokio::test]
async fn two_steps_are_done_by_the_setup_service() {
    let cloud = cloud(AccountSpec { second_factor: SecondFactor::TwoStep, ..quick() });
    let mut client = Client::new(&cloud);
    assert_eq!(client.right_password().await.status, 200);
    let before = client.account_login().await;
    assert_eq!(
        (&before.json["dsInfo"]["hsaVersion"], &before.json["hsaChallengeRequired"]),
        (&json!(1), &json!(true))
    );
    let devices = client.get("/setup/ws/1/listDevices").await;
    let mut device = devices.json["devices"][0].clone();
    assert_eq!(client.post("/setup/ws/1/sendVerificationCode", device.clone()).await.json["success"], true);
    device["trustBrowser"] = true.into();
    device["verificationCode"] = "nocode".into();
    let wrong = client.post("/setup/ws/1/validateVerificationCode", device.clone()).await;
    assert_eq!((wrong.status, &wrong.json["errorCode"]), (200, &json!(-21669)));
    device["verificationCode"] = cloud.codes()[0].code.clone().into();
    assert_eq!(client.post("/setup/ws/1/validateVerificationCode", device).await.json["success"], true);
    assert_eq!(client.get("/appleauth/auth/2sv/trust").await.status, 404);
    assert_eq!(client.account_login().await.json["hsaTrustedBrowser"], true);
    assert_eq!(client.zones().await.status, 200);
}

#[tokio::test]
async fn every_answer_of_cloudkit_brings_a_token_and_the_old_ones_stay_good_unless_strict() {
    let cloud = cloud(quick());
    let mut client = Client::sign_in(&cloud).await;
    let old = client.cookies.clone();
    let answer = client.zones().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-apple-cloudkit-version"), Some("1.0"));
    assert_ne!(client.cookies, old);
    client.cookies.clone_from(&old);
    assert_eq!(client.zones().await.status, 200);

    cloud.change_account("jdoe@example.com", |account| account.strict_token = true);
    assert_eq!(client.zones().await.status, 200);
    client.cookies = old;
    assert_eq!(client.zones().await.status, 401);
}

#[tokio::test]
async fn a_cookie_without_its_quotes_is_none() {
    let cloud = cloud(quick());
    let mut client = Client::sign_in(&cloud).await;
    client.cookies.iter_mut().for_each(|(_, value)| *value = value.trim_matches('"').to_owned());
    assert_eq!(client.zones().await.status, 421);
}

#[tokio::test]
async fn each_rung_of_recovery_can_be_broken_alone() {
    let cloud = cloud(quick());
    let mut client = Client::sign_in(&cloud).await;
    cloud.expire_sessions();
    let over = client.zones().await;
    assert_eq!((over.status, &over.json["reason"]), (401, &json!("Invalid global session")));
    assert_eq!(client.validate().await.status, 421);
    assert_eq!(client.account_login().await.status, 200);
    assert_eq!(client.zones().await.status, 200);

    cloud.expire_session_tokens();
    cloud.expire_sessions();
    assert_eq!(client.account_login().await.status, 421);
    assert_eq!(client.right_password().await.status, 200, "the trust token is still good");
    assert_eq!(client.account_login().await.status, 200);
    assert_eq!(client.zones().await.status, 200);

    cloud.advance_seconds(31 * 86_400);
    assert_eq!(client.zones().await.status, 401);
}

#[tokio::test]
async fn a_moved_partition_is_421_until_the_map_is_read_again() {
    let cloud = cloud(quick());
    let mut client = Client::sign_in(&cloud).await;
    cloud.move_partition();
    assert_eq!(client.zones().await.status, 421);
    assert_eq!(client.validate().await.header("x-apple-user-partition"), Some("62"));
    assert_eq!(client.zones().await.status, 200);
}

#[tokio::test]
async fn data_protection_needs_a_yes_on_a_device() {
    let adp = Adp { consent_after: 1, cookies_after: 1, lasts_seconds: 3600, ..Adp::default() };
    let cloud = cloud(AccountSpec { adp: Some(adp), ..quick() });
    let mut client = Client::sign_in(&cloud).await;
    assert_eq!(client.zones().await.status, 423);
    let path = "/setup/ws/1/requestWebAccessState";
    let state = client.post(path, Value::Null).await.json;
    assert_eq!((&state["isICDRSDisabled"], &state["isDeviceConsentedForPCS"]), (&json!(true), &json!(false)));
    let sent = client.post("/setup/ws/1/enableDeviceConsentForPCS", Value::Null).await.json;
    assert_eq!(sent["isDeviceConsentNotificationSent"], true);
    assert_eq!(client.post(path, Value::Null).await.json["isDeviceConsentedForPCS"], false);
    assert_eq!(client.post(path, Value::Null).await.json["isDeviceConsentedForPCS"], true);
    let body = json!({"appName": "photos", "derivedFromUserAction": true});
    let waiting = client.post("/setup/ws/1/requestPCS", body.clone()).await.json;
    assert_eq!(waiting["message"], "Cookies not available yet on server.");
    assert_eq!(client.post("/setup/ws/1/requestPCS", body.clone()).await.json["status"], "success");
    assert_eq!(client.zones().await.status, 200);
    cloud.advance_seconds(3600);
    assert_eq!(client.zones().await.status, 423);

    cloud.change_account("jdoe@example.com", |account| {
        account.adp = Some(Adp { refused: true, says_locked: false, ..Adp::default() });
    });
    assert_eq!(client.zones().await.json["serverErrorCode"], "ACCESS_DENIED");
    let refused = client.post("/setup/ws/1/requestPCS", body).await.json;
    assert_eq!(refused["message"], "The request was denied on the device.");
}

#[tokio::test]
async fn web_access_off_denies_and_a_library_never_set_up_has_no_zone() {
    let cloud = cloud(quick());
    let mut client = Client::sign_in(&cloud).await;
    cloud.change_account("jdoe@example.com", |account| account.web_access = false);
    let denied = client.zones().await;
    assert_eq!(denied.status, 403);
    assert_eq!(denied.json["reason"], "private db access disabled for this account");
    cloud.change_account("jdoe@example.com", |account| account.web_access = true);
    let library = cloud.library("jdoe@example.com").unwrap();
    library.switch(|switches| switches.access = Access::NeverSetUp);
    assert_eq!(client.zones().await.json["serverErrorCode"], "ZONE_NOT_FOUND");
}

#[tokio::test]
async fn terms_are_accepted_by_their_version() {
    let cloud = cloud(AccountSpec { terms_update_needed: true, ..quick() });
    let mut client = Client::sign_in(&cloud).await;
    assert_eq!(client.validate().await.json["termsUpdateNeeded"], true);
    let terms = client.call(Method::GET, "/setup/ws/1/getTerms", json!({"locale": "en_US"})).await;
    let wrong = client.call(Method::GET, "/setup/ws/1/repairDone", json!({"acceptedICloudTerms": 1})).await;
    assert_eq!(wrong.status, 400);
    let version = terms.json["iCloudTerms"]["version"].clone();
    client.call(Method::GET, "/setup/ws/1/repairDone", json!({"acceptedICloudTerms": version})).await;
    assert_eq!(client.account_login().await.json.get("termsUpdateNeeded"), None);
}

#[tokio::test]
async fn after_logout_nothing_is_left() {
    let cloud = cloud(quick());
    let mut client = Client::sign_in(&cloud).await;
    let kept = client.cookies.clone();
    let body = json!({"trustBrowser": false, "allBrowsers": false});
    assert_eq!(client.post("/setup/ws/1/logout", body).await.json["success"], true);
    assert!(client.cookie("X-APPLE-WEBAUTH-TOKEN").is_none());
    client.cookies = kept;
    assert_eq!(client.zones().await.status, 401);
    assert_eq!(client.account_login().await.status, 421);
    assert_eq!(client.right_password().await.status, 409, "the trust is forgotten too");
}
