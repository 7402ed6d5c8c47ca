//! Apple's names in the setup service and in errors (protocol notes 1.6, 1.7, 4.2, 9.1).

use http::HeaderMap;
use serde_json::Value;
use url::Url;

use super::AppleId;
use super::account::Account;
use super::reason::Reason;

pub(crate) const SCNT: &str = "scnt";
pub(crate) const SESSION_ID: &str = "x-apple-id-session-id";
pub(crate) const SESSION_TOKEN: &str = "x-apple-session-token";
pub(crate) const TRUST_TOKEN: &str = "x-apple-twosv-trust-token";
pub(crate) const AUTH_ATTRIBUTES: &str = "x-apple-auth-attributes";
pub(crate) const ACCOUNT_COUNTRY: &str = "x-apple-id-account-country";

/// Cookies that show that a device has handed over the keys of an account with Advanced Data Protection.
pub(crate) const PCS_COOKIES: [&str; 2] = ["X-APPLE-WEBAUTH-PCS-Photos", "X-APPLE-WEBAUTH-PCS-Sharing"];

/// The cookie that shows until when a browser is trusted begins so.
pub(crate) const TRUST_COOKIE: &str = "X-APPLE-WEBAUTH-HSA-TRUST";

/// Sign out, and forget that this browser was trusted.
pub(crate) const LOGOUT: &[u8] = br#"{"trustBrowser":false,"allBrowsers":false}"#;

/// Which client we are, for the query of setup and CloudKit calls.
pub(crate) fn client_query(client_id: &str, dsid: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("clientBuildNumber", "2522Project44")
        .append_pair("clientMasteringNumber", "2522B2")
        .append_pair("clientId", client_id)
        .append_pair("dsid", dsid)
        .finish()
}

/// The query of every CloudKit call: symbolic names of enumerations, and a sync token with each answer.
pub(crate) fn cloudkit_query(client_id: &str, dsid: &str) -> String {
    format!("{}&remapEnums=true&getCurrentSyncToken=true", client_query(client_id, dsid))
}

/// Reads the account JSON of `accountLogin` and `validate`. What is absent or of an unexpected type has its default.
pub(crate) fn account(json: &Value) -> Account {
    let flag = |path: &str| json.pointer(path).and_then(Value::as_bool);
    let text = |path: &str| json.pointer(path).and_then(Value::as_str);
    Account {
        dsid: json.pointer("/dsInfo/dsid").map(number_or_text).unwrap_or_default(),
        names: names(json),
        hsa_version: json.pointer("/dsInfo/hsaVersion").and_then(Value::as_u64).unwrap_or(0),
        challenged: flag("/hsaChallengeRequired").unwrap_or(false),
        trusted: flag("/hsaTrustedBrowser").unwrap_or(false),
        locked: flag("/dsInfo/locked").unwrap_or(false),
        web_access: flag("/dsInfo/isWebAccessAllowed").unwrap_or(true),
        data_protection: flag("/dsInfo/iCDPEnabled") == Some(true) || flag("/iCDPEnabled") == Some(true),
        keys_required: flag("/webservices/ckdatabasews/pcsRequired").unwrap_or(false),
        terms_needed: flag("/termsUpdateNeeded").unwrap_or(false),
        language: text("/dsInfo/languageCode").unwrap_or("en_US").to_owned(),
        database: text("/webservices/ckdatabasews/url").and_then(|url| Url::parse(url).ok()),
        other_domain: text("/domainToUse").map(str::to_owned),
    }
}

/// What one may call the account by at sign-in (protocol notes 4.2).
fn names(json: &Value) -> Vec<AppleId> {
    let Some(info) = json.get("dsInfo") else { return Vec::new() };
    let single = ["appleId", "primaryEmail", "appleIdAlias", "iCloudAppleIdAlias"];
    let single = single.iter().filter_map(|name| info.get(name));
    let list = |name: &str| info.get(name).and_then(Value::as_array).into_iter().flatten();
    let entries = list("appleIdEntries").filter_map(|entry| entry.get("value"));
    let texts = single.chain(list("appleIdAliases")).chain(entries).filter_map(Value::as_str);
    texts.filter_map(|text| AppleId::new(text).ok()).collect()
}

/// Reads why a request failed, from any of Apple's shapes.
pub(crate) fn reason(headers: &HeaderMap, body: &[u8]) -> Reason {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return Reason {
            code: header("x-apple-i-ercd"),
            html: looks_like_html(headers, body),
            ..Reason::default()
        };
    };
    let first = ["serviceErrors", "service_errors"].iter().find_map(|list| json.get(list)?.get(0));
    let place = first.unwrap_or(&json);
    let code =
        ["serverErrorCode", "errorCode", "code"].iter().find_map(|name| place.get(name)).map(number_or_text);
    let texts = ["message", "errorMessage", "reason", "errorReason", "error"];
    Reason {
        code: code.or_else(|| header("x-apple-i-ercd")),
        text: texts.iter().find_map(|name| place.get(name)?.as_str()).map(str::to_owned),
        retry_after: json.get("retryAfter").and_then(Value::as_f64),
        refused: first.is_some()
            || json.get("hasError").and_then(Value::as_bool) == Some(true)
            || json.get("success").and_then(Value::as_bool) == Some(false),
        html: false,
    }
    .shortened()
}

/// Whether a body is CloudKit's top-level error.
pub(crate) fn is_cloudkit_error(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Error<'a> {
        #[serde(rename = "serverErrorCode", borrow)]
        _code: &'a serde_json::value::RawValue,
    }
    serde_json::from_slice::<Error<'_>>(body).is_ok()
}

/// Identifiers and codes come as numbers in some answers and as text in others.
pub(crate) fn number_or_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Pages of the edge instead of an answer of the service.
pub(crate) fn looks_like_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    body.trim_ascii_start().starts_with(b"<") || declared.is_some_and(|kind| kind.starts_with("text/html"))
}
