//! The JSON that describes an account, in the shape of the recordings.

use serde_json::{Map, Value, json};

use crate::account::SecondFactor;
use crate::desk::{Account, Desk, WebSession};

/// What `accountLogin` and `validate` answer for a session.
pub(super) fn account_json(desk: &Desk, id: &str, base_url: &str) -> Value {
    let Some(session) = desk.web_sessions.get(id) else { return json!({"success": false}) };
    let account = &desk.accounts[session.account];
    let adp = account.spec.adp.is_some();
    let mut answer = json!({
        "dsInfo": ds_info(account),
        "hasMinimumDeviceForPhotosWeb": true,
        "iCDPEnabled": adp,
        "webservices": web_services(account, base_url),
        "pcsEnabled": true,
        "configBag": config_bag(base_url),
        "appsOrder": ["mail", "contacts", "calendar", "photos", "iclouddrive", "notes3", "reminders", "find", "settings"],
        "version": 2,
        "isExtendedLogin": session.extended,
        "pcsServiceIdentitiesIncluded": false,
        "requestInfo": {"country": "US", "timeZone": "EST", "region": "NC"},
        "pcsDeleted": false,
        "iCloudInfo": {"SafariBookmarksHasMigratedToCloudKit": false},
        "apps": {"mail": {}, "photos": {}, "iclouddrive": {}, "find": {"canLaunchWithOneFactor": true},
                 "settings": {"canLaunchWithOneFactor": true}, "newspublisher": {"isHidden": true}},
    });
    add_second_factor(&mut answer, account, session);
    if account.spec.terms_update_needed {
        answer["termsUpdateNeeded"] = true.into();
    }
    if let Some(domain) = &account.spec.domain_to_use {
        answer["domainToUse"] = domain.as_str().into();
    }
    answer
}

/// The members that an account without a second factor does not have at all.
fn add_second_factor(answer: &mut Value, account: &Account, session: &WebSession) {
    let (version, enabled) = match account.spec.second_factor {
        SecondFactor::None => return,
        SecondFactor::TwoStep => (1, true),
        SecondFactor::TwoFactor | SecondFactor::SecurityKeys(_) => (2, true),
    };
    answer["dsInfo"]["hsaVersion"] = version.into();
    answer["dsInfo"]["hsaEnabled"] = enabled.into();
    answer["hsaChallengeRequired"] = (!session.verified).into();
    answer["hsaTrustedBrowser"] = session.trusted.into();
}

fn ds_info(account: &Account) -> Value {
    let spec = &account.spec;
    json!({
        "dsid": account.dsid,
        "appleId": spec.username,
        "primaryEmail": spec.username,
        "primaryEmailVerified": true,
        "appleIdEntries": [{"isPrimary": true, "type": "EMAIL", "value": spec.username}],
        "appleIdAliases": [],
        "firstName": "John",
        "lastName": "Doe",
        "fullName": "John Doe",
        "countryCode": spec.country,
        "locale": "en-us_US",
        "languageCode": "en-us",
        "aDsID": format!("123456-12-{}", account.dsid),
        "notificationId": "12341234-1234-12341234-1234",
        "iCDPEnabled": spec.adp.is_some(),
        "isManagedAppleID": spec.managed,
        "isWebAccessAllowed": spec.web_access,
        "hasICloudQualifyingDevice": spec.trusted_devices,
        "locked": spec.locked,
        "pcsDeleted": false,
        "ICDRSCapableDeviceCount": u32::from(spec.adp.is_some()),
        "ICDRSCapableDeviceList": "",
        "statusCode": 2,
        "isPaidDeveloper": false,
        "hasPaymentInfo": true,
        "familyEligible": true,
    })
}

/// The map of services. Every URL has its port, as Apple's have `:443`; all of ours are one server.
fn web_services(account: &Account, base_url: &str) -> Value {
    let plain = |url: &str| json!({"url": url, "status": "active"});
    let protected = || json!({"url": base_url, "status": "active", "pcsRequired": true});
    let mut services = Map::new();
    const PLAIN: [&str; 8] =
        ["reminders", "calendar", "contacts", "findme", "settings", "uploadimagews", "sharedlibrary", "push"];
    // Not in the recorded map, but pyicloud shows no photos without it.
    for name in PLAIN.into_iter().chain(["sharedstreams"]) {
        services.insert(name.to_owned(), plain(base_url));
    }
    for name in ["photos", "photosupload", "drivews", "docws"] {
        services.insert(name.to_owned(), protected());
    }
    services.insert("schoolwork".to_owned(), json!({}));
    services.insert("ckdeviceservice".to_owned(), json!({"url": base_url}));
    let env =
        json!({"url": base_url, "status": "active", "iCloudEnv": {"shortId": "p", "vipSuffix": "prod"}});
    services.insert("account".to_owned(), env);
    if account.spec.photos_service {
        services.insert("ckdatabasews".to_owned(), protected());
    }
    Value::Object(services)
}

fn config_bag(base_url: &str) -> Value {
    let setup = |name: &str| format!("{base_url}/setup/ws/1/{name}");
    json!({
        "urls": {
            "accountLogin": setup("accountLogin"),
            "accountCreate": setup("createLiteAccount"),
            "downloadICloudTerms": setup("downloadLiteTerms"),
            "getICloudTerms": setup("getTerms"),
            "repairDone": setup("repairDone"),
            "accountLoginUI": format!("{base_url}/appleauth/auth/signin?widgetKey="),
            "accountAuthorizeUI": format!("{base_url}/appleauth/auth/authorize/signin?client_id="),
            "accountCreateUI": "https://appleid.apple.com/widget/account/?widgetKey=#!create",
            "accountRepairUI": "https://appleid.apple.com/widget/account/?widgetKey=#!repair",
            "vettingUrlForEmail": "https://id.apple.com/IDMSEmailVetting/vetShareEmail",
            "vettingUrlForPhone": "https://id.apple.com/IDMSEmailVetting/vetSharePhone",
        },
        "accountCreateEnabled": true,
    })
}
