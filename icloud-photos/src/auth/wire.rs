//! Apple's names in the sign-in service and in the setup calls that belong to signing in (protocol notes 1.4, 2, 3,
//! 4.1, 4.6, 4.8).

use serde::Deserialize;
use serde_json::{Value, json};

use super::action::SecurityKeyAssertion;
use super::code::{CodeDelivery, Phone, SecurityCode};
use super::srp::{Proof, ServerHello};
use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind, Result};
use crate::session::tokens::Tokens;
use crate::session::wire::{AUTH_ATTRIBUTES, SCNT, SESSION_ID, number_or_text};

/// The public key of icloud.com's own sign-in widget.
const WIDGET_KEY: &str = "d39ba9916b7251055b22c7f910e2ea796ee65e98b2ddecea8f5dde8d9d1a815d";

/// The status that was meant, when HTTP says 200.
pub(super) const REAL_STATUS: &str = "x-apple-i-rscd";

/// The cookie without which `validate` is asked in vain.
pub(super) const SESSION_COOKIE: &str = "X-APPLE-WEBAUTH-TOKEN";

pub(super) mod path {
    pub(crate) const INIT: &str = "/signin/init";
    pub(crate) const COMPLETE: &str = "/signin/complete?isRememberMeEnabled=true";
    pub(crate) const REPAIR: &str = "/repair/complete";
    pub(crate) const STATE: &str = "";
    pub(crate) const DEVICE_CODE: &str = "/verify/trusteddevice/securitycode";
    pub(crate) const PHONE: &str = "/verify/phone";
    pub(crate) const PHONE_CODE: &str = "/verify/phone/securitycode";
    pub(crate) const SECURITY_KEY: &str = "/verify/security/key";
    pub(crate) const TRUST: &str = "/2sv/trust";
    pub(crate) const VALIDATE: &str = "/validate";
    pub(crate) const ACCOUNT_LOGIN: &str = "/accountLogin";
    pub(crate) const LIST_DEVICES: &str = "/listDevices";
    pub(crate) const SEND_CODE: &str = "/sendVerificationCode";
    pub(crate) const CHECK_CODE: &str = "/validateVerificationCode";
    pub(crate) const WEB_ACCESS: &str = "/requestWebAccessState";
    pub(crate) const ASK_DEVICES: &str = "/enableDeviceConsentForPCS";
    pub(crate) const REQUEST_KEYS: &str = "/requestPCS";
    pub(crate) const GET_TERMS: &str = "/getTerms";
    pub(crate) const ACCEPT_TERMS: &str = "/repairDone";
}

/// The headers of every call to the sign-in service.
pub(super) fn headers(tokens: &Tokens, endpoints: &Endpoints) -> Vec<(&'static str, String)> {
    let root = endpoints.auth_root();
    let mut headers = vec![
        ("accept", "application/json".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("referer", format!("{root}/")),
        ("origin", root),
        ("x-apple-oauth-client-id", WIDGET_KEY.to_owned()),
        ("x-apple-oauth-client-type", "firstPartyAuth".to_owned()),
        ("x-apple-oauth-redirect-uri", endpoints.home()),
        ("x-apple-oauth-require-grant-code", "true".to_owned()),
        ("x-apple-oauth-response-mode", "web_message".to_owned()),
        ("x-apple-oauth-response-type", "code".to_owned()),
        ("x-apple-oauth-state", tokens.client_id.clone()),
        ("x-apple-widget-key", WIDGET_KEY.to_owned()),
    ];
    let echoes =
        [(SCNT, &tokens.scnt), (SESSION_ID, &tokens.session_id), (AUTH_ATTRIBUTES, &tokens.attributes)];
    headers.extend(
        echoes
            .into_iter()
            .filter(|(_, token)| !token.is_empty())
            .map(|(name, token)| (name, token.expose().to_owned())),
    );
    headers
}

pub(super) fn init(account: &str, public: &str) -> Value {
    json!({ "a": public, "accountName": account, "protocols": ["s2k", "s2k_fo"] })
}

/// The answer to `init`: the server's half, and a context to be returned unchanged.
pub(super) fn server_hello(body: &[u8]) -> Result<(ServerHello, String)> {
    #[derive(Deserialize)]
    struct Hello {
        iteration: u32,
        salt: String,
        protocol: String,
        b: String,
        c: String,
    }
    let hello: Hello = serde_json::from_slice(body).map_err(|_| {
        Error::new(
            ErrorKind::Protocol,
            "Apple's sign-in service answered in a way this version does not understand",
        )
    })?;
    Ok((ServerHello::parse(&hello.protocol, hello.iteration, &hello.salt, &hello.b)?, hello.c))
}

pub(super) fn complete(account: &str, context: &str, proof: &Proof, tokens: &Tokens) -> Value {
    let trust: Vec<&str> =
        Some(tokens.trust_token.expose()).filter(|token| !token.is_empty()).into_iter().collect();
    json!({
        "accountName": account,
        "c": context,
        "m1": proof.m1,
        "m2": proof.m2,
        "rememberMe": true,
        "trustTokens": trust,
    })
}

pub(super) fn account_login(tokens: &Tokens) -> Value {
    json!({
        "accountCountryCode": tokens.country,
        "dsWebAuthToken": tokens.session_token.expose(),
        "extended_login": true,
        "trustToken": tokens.trust_token.expose(),
    })
}

/// What the sign-in service knows about the second factor.
#[derive(Debug, Default)]
pub(super) struct FactorState {
    /// `hsa2`, `hsa` or `sa`, if it is said.
    pub(super) auth_type: Option<String>,
    pub(super) phones: Vec<Phone>,
    pub(super) no_devices: bool,
    /// Apple sends or checks no more codes for now.
    pub(super) locked: bool,
    pub(super) security_key: Option<SecurityKey>,
}

/// A WebAuthn challenge.
#[derive(Debug, Clone, Default)]
pub(super) struct SecurityKey {
    pub(super) challenge: String,
    pub(super) credentials: Vec<String>,
    pub(super) relying_party: String,
    pub(super) names: Vec<String>,
}

/// Reads the state from JSON, bare or wrapped, or from the page that a browser gets.
pub(super) fn factor_state(body: &[u8]) -> FactorState {
    let json = match serde_json::from_slice::<Value>(body) {
        Ok(json) => json,
        Err(_) => boot_args(body).unwrap_or_default(),
    };
    const PLACES: [&str; 5] = [
        "",
        "/phoneNumberVerification",
        "/direct/twoSV/phoneNumberVerification",
        "/direct/twoSV/bridgeInitiateData/phoneNumberVerification",
        "/direct",
    ];
    let places: Vec<&Value> = PLACES.iter().filter_map(|place| json.pointer(place)).collect();
    let find = |name: &str| places.iter().find_map(|place| place.get(name));
    let text = |name: &str| find(name).and_then(Value::as_str);
    let is = |name: &str| find(name).and_then(Value::as_bool);
    let listed = find("trustedPhoneNumbers").and_then(Value::as_array).filter(|list| !list.is_empty());
    let phones = match (listed, find("trustedPhoneNumber")) {
        (Some(list), _) => list.iter().filter_map(phone).collect(),
        (None, Some(single)) => phone(single).into_iter().collect(),
        (None, None) => Vec::new(),
    };
    FactorState {
        auth_type: text("authType").or_else(|| text("auth_type")).map(str::to_owned),
        phones,
        no_devices: is("noTrustedDevices") == Some(true) || is("hasTrustedDevices") == Some(false),
        locked: find("securityCode").is_some_and(is_locked),
        security_key: security_key(&places),
    }
}

fn is_locked(code: &Value) -> bool {
    ["tooManyCodesSent", "tooManyCodesValidated", "securityCodeLocked", "securityCodeCooldown"]
        .iter()
        .any(|flag| code.get(flag).and_then(Value::as_bool) == Some(true))
}

fn phone(json: &Value) -> Option<Phone> {
    let id = json.get("id")?;
    let id = id.as_str().and_then(|text| text.parse::<u64>().ok()).map_or_else(|| id.clone(), Value::from);
    let number =
        ["obfuscatedNumber", "numberWithDialCode", "lastTwoDigits"].iter().find_map(|name| json.get(name));
    let voice = json.get("pushMode").and_then(Value::as_str) == Some("voice");
    let echo = json.get("nonFTEU").map_or_else(|| json!({}), |value| json!({ "nonFTEU": value }));
    Some(Phone {
        id,
        number: number.map(number_or_text).unwrap_or_default(),
        name: None,
        delivery: if voice { CodeDelivery::Voice } else { CodeDelivery::Sms },
        echo,
    })
}

fn security_key(places: &[&Value]) -> Option<SecurityKey> {
    let find = |name: &str| places.iter().find_map(|place| place.get(name));
    let texts = |value: Option<&Value>| -> Vec<String> {
        value
            .and_then(Value::as_array)
            .map(|list| list.iter().map(number_or_text).collect())
            .unwrap_or_default()
    };
    let names = texts(find("keyNames"));
    let challenge = find("fsaChallenge").filter(|value| value.is_object());
    if names.is_empty() && challenge.is_none() {
        return None;
    }
    let member = |name: &str| challenge.and_then(|challenge| challenge.get(name));
    Some(SecurityKey {
        challenge: member("challenge").map(number_or_text).unwrap_or_default(),
        credentials: texts(member("keyHandles")),
        relying_party: member("rpId").map(number_or_text).unwrap_or_default(),
        names,
    })
}

/// The JSON inside the first script element of class `boot_args`.
fn boot_args(body: &[u8]) -> Option<Value> {
    let page = std::str::from_utf8(body).ok()?;
    page.split("<script").skip(1).find_map(|script| {
        let (attributes, rest) = script.split_once('>')?;
        let classes = attributes.split("class=").nth(1)?.trim_start_matches(['"', '\'']);
        let classes = classes.split(['"', '\'']).next()?;
        let ours = classes.split_ascii_whitespace().any(|class| class == "boot_args");
        let (json, _) = rest.split_once("</script")?;
        if ours { serde_json::from_str(json).ok() } else { None }
    })
}

pub(super) fn device_code(code: &SecurityCode) -> Value {
    json!({ "securityCode": { "code": code.expose() } })
}

pub(super) fn phone_request(phone: &Phone) -> Value {
    json!({ "phoneNumber": phone_number(phone), "mode": mode(phone) })
}

pub(super) fn phone_code(phone: &Phone, code: &SecurityCode) -> Value {
    json!({ "phoneNumber": { "id": phone.id }, "securityCode": { "code": code.expose() }, "mode": mode(phone) })
}

fn phone_number(phone: &Phone) -> Value {
    let mut number = phone.echo.clone();
    if let Some(members) = number.as_object_mut() {
        members.insert("id".to_owned(), phone.id.clone());
    }
    number
}

fn mode(phone: &Phone) -> &'static str {
    match phone.delivery {
        CodeDelivery::Sms => "sms",
        CodeDelivery::Voice => "voice",
    }
}

pub(super) fn security_key_answer(key: &SecurityKey, answer: &SecurityKeyAssertion) -> Value {
    json!({
        "challenge": key.challenge,
        "clientData": answer.client_data,
        "signatureData": answer.signature,
        "authenticatorData": answer.authenticator_data,
        "userHandle": answer.user_handle,
        "credentialID": answer.credential_id,
        "rpId": key.relying_party,
    })
}

/// The devices of the old two-step verification; each object is sent back whole.
pub(super) fn two_step_devices(body: &[u8]) -> Vec<Phone> {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let devices = json.get("devices").and_then(Value::as_array).cloned().unwrap_or_default();
    let device = |device: Value| {
        let name = ["phoneNumber", "deviceName", "name"].iter().find_map(|name| device.get(name));
        Phone {
            id: device.get("deviceId").cloned().unwrap_or_default(),
            number: name.map(number_or_text).unwrap_or_default(),
            name: device.get("deviceName").and_then(Value::as_str).map(str::to_owned),
            delivery: CodeDelivery::Sms,
            echo: device,
        }
    };
    devices.into_iter().map(device).collect()
}

pub(super) fn two_step_code(device: &Phone, code: &SecurityCode) -> Value {
    let mut body = device.echo.clone();
    if let Some(members) = body.as_object_mut() {
        members.insert("verificationCode".to_owned(), code.expose().into());
        members.insert("trustBrowser".to_owned(), true.into());
    }
    body
}

/// Whether a device of the owner may and did hand over keys.
#[derive(Debug, Deserialize)]
pub(super) struct WebAccess {
    #[serde(rename = "isDeviceConsentedForPCS", default)]
    pub(super) consented: bool,
}

/// The answer to the request for keys.
#[derive(Debug, Deserialize)]
pub(super) struct KeysAnswer {
    #[serde(default)]
    status: String,
    #[serde(default)]
    pub(super) message: String,
}

impl KeysAnswer {
    pub(super) fn is_success(&self) -> bool {
        self.status == "success"
    }

    /// The device has not answered yet.
    pub(super) fn is_pending(&self) -> bool {
        self.message.starts_with("Requested the device to upload cookies")
            || self.message.starts_with("Cookies not available yet")
    }
}

pub(super) fn request_keys() -> Value {
    json!({ "appName": "photos", "derivedFromUserAction": true })
}

pub(super) fn get_terms(language: &str) -> Value {
    json!({ "locale": language })
}

pub(super) fn terms_version(body: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Value>(body).ok()?.pointer("/iCloudTerms/version").cloned()
}

pub(super) fn accept_terms(version: &Value) -> Value {
    json!({ "acceptedICloudTerms": version })
}

/// An account asked for on the wrong side gets its configuration instead of an answer (protocol notes 1.1).
pub(super) fn names_other_side(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|json| json.pointer("/configBag/urls").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str =
        r#"[{"id":"2","numberWithDialCode":"+1 ••81","pushMode":"voice","nonFTEU":true},{"id":1}]"#;

    #[test]
    fn phones_are_found_wherever_they_are() {
        let shapes = [
            format!(r#"{{"trustedPhoneNumbers":{LIST}}}"#),
            format!(r#"{{"phoneNumberVerification":{{"trustedPhoneNumbers":{LIST}}}}}"#),
            format!(
                r#"{{"direct":{{"twoSV":{{"phoneNumberVerification":{{"trustedPhoneNumbers":{LIST}}}}}}}}}"#
            ),
            format!(
                r#"{{"direct":{{"twoSV":{{"bridgeInitiateData":{{"phoneNumberVerification":
                {{"trustedPhoneNumbers":{LIST}}}}}}}}}}}"#
            ),
        ];
        for shape in shapes {
            let page = format!(
                r#"<html><script type="application/json" class="other">{{"x":1}}</script>
                <script type="application/json" class="a boot_args b">{shape}</script>"#
            );
            for body in [shape.as_bytes(), page.as_bytes()] {
                let phones = factor_state(body).phones;
                assert_eq!(phones.len(), 2, "{shape}");
                assert_eq!((phones[0].id.clone(), phones[0].delivery), (2.into(), CodeDelivery::Voice));
                assert_eq!(phone_request(&phones[0])["phoneNumber"], json!({"id": 2, "nonFTEU": true}));
                assert_eq!(phone_request(&phones[1].by_voice())["mode"], "voice");
            }
        }
    }

    #[test]
    fn oddities_of_the_state() {
        let single = factor_state(br#"{"trustedPhoneNumber":{"id":"x-7"},"noTrustedDevices":true}"#);
        assert_eq!((single.phones[0].id(), single.no_devices), ("x-7".to_owned(), true));
        assert!(factor_state(br#"{"securityCode":{"securityCodeLocked":true}}"#).locked);
        let key =
            factor_state(br#"{"fsaChallenge":{"challenge":"c","keyHandles":["h"],"rpId":"apple.com"}}"#);
        assert_eq!(key.security_key.unwrap().credentials, ["h"]);
        assert!(factor_state(br#"{"keyNames":["YubiKey"]}"#).security_key.is_some());
        assert!(factor_state(br#"{"keyNames":[],"fsaChallenge":null}"#).security_key.is_none());
        assert!(factor_state(b"<html>rubbish").phones.is_empty());
        assert!(factor_state(b"").phones.is_empty());
    }
}
