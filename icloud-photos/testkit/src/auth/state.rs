//! What the sign-in service tells about a pending second factor.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, body};
use crate::account::{Phone, SecondFactor};
use crate::desk::Account;
use crate::http::{Response, empty, header, html};

impl Call<'_> {
    /// `GET /appleauth/auth`: a page with the state inside or, for clients that ask for it, the state as JSON.
    pub(super) fn state(&mut self, id: &str) -> Response {
        let Some((account, _)) = self.whose(id) else { return empty(StatusCode::UNAUTHORIZED) };
        let accepts = header(self.request.headers(), "accept").unwrap_or_default();
        let response = if accepts.contains("application/json") {
            let mut answer = json!({"authType": "hsa2"});
            self.describe_challenge(id, account, &mut answer);
            body(StatusCode::OK, &answer)
        } else {
            let state = self.boot_args(id, account);
            // The first script is there because Apple's page has several.
            html(
                StatusCode::OK,
                format!(
                    "<!DOCTYPE html>\n<html><head><script type=\"application/json\" class=\"l10n\">{{\"a\":1}}</script>\
                     <script type=\"application/json\" class=\"boot_args\">{state}</script></head><body></body></html>"
                ),
            )
        };
        self.sealed(id, response, None)
    }

    /// Adds to a body what a client needs to go on: phones, lock flags, the challenge for a hardware key.
    pub(super) fn describe_challenge(&mut self, id: &str, account: usize, answer: &mut Value) {
        let account = &self.desk.accounts[account];
        let phones = phone_state(account);
        for member in ["trustedPhoneNumbers", "trustedPhoneNumber", "securityCode"] {
            answer[member] = phones[member].clone();
        }
        answer["trustedDeviceCount"] = u32::from(account.spec.trusted_devices).into();
        if !account.spec.trusted_devices {
            answer["noTrustedDevices"] = true.into();
        }
        answer["phoneNumberVerification"] = phones;
        if let SecondFactor::SecurityKeys(keys) = &account.spec.second_factor {
            answer["keyNames"] = json!(keys.names);
            answer["fsaChallenge"] = self.key_challenge(id);
        }
    }

    /// The challenge of this sign-in for a hardware key.
    pub(super) fn key_challenge(&self, id: &str) -> Value {
        let challenge =
            self.desk.sign_ins.get(id).map(|sign_in| sign_in.challenge.as_str()).unwrap_or_default();
        // 43 letters, as 32 bytes in base64url have.
        json!({"challenge": challenge.get(..43), "keyHandles": ["a2V5LW9uZQ", "a2V5LXR3bw"], "rpId": "apple.com"})
    }

    fn boot_args(&mut self, id: &str, account: usize) -> Value {
        let phones = phone_state(&self.desk.accounts[account]);
        let devices = self.desk.accounts[account].spec.trusted_devices;
        let mut direct = json!({
            "authUserType": "hsa2",
            "hasTrustedDevices": devices,
            "authType": "hsa2",
            "authInitialRoute": if devices { "auth/verify/trusteddevice" } else { "auth/verify/phone" },
            "twoSV": {
                "supportedPushModes": ["voice", "sms"],
                "phoneNumberVerification": phones,
                "authFactors": ["robocall", "sms", "generatedcode"],
                "sourceAppId": 1159,
                "source_returnurl": "https://idmsa.apple.com/",
            },
            "urlContext": "/appleauth",
            "referrerQuery": "",
            "appleIDUrl": "https://appleid.apple.com",
        });
        if let SecondFactor::SecurityKeys(keys) = &self.desk.accounts[account].spec.second_factor {
            direct["twoSV"]["keyNames"] = json!(keys.names);
            direct["twoSV"]["fsaChallenge"] = self.key_challenge(id);
        }
        json!({"direct": direct, "additional": {"canRoute2sv": true}})
    }
}

/// The phones and the lock flags of an account.
pub(super) fn phone_state(account: &Account) -> Value {
    let phones: Vec<Value> = account.spec.phones.iter().map(described).collect();
    json!({
        "trustedPhoneNumber": phones.first(),
        "trustedPhoneNumbers": phones,
        "securityCode": security_code(account),
        "authenticationType": "hsa2",
        "recoveryUrl": "https://iforgot.apple.com/phone/add",
        "cantUsePhoneNumberUrl": "https://iforgot.apple.com/iforgot/phone/add",
        "recoveryWebUrl": "https://iforgot.apple.com/password/verify/appleid",
        "repairPhoneNumberUrl": "https://gsa.apple.com/appleid/account/manage/repair/verify/phone",
        "repairPhoneNumberWebUrl": "https://appleid.apple.com/widget/account/repair",
        "aboutTwoFactorAuthenticationUrl": "https://support.apple.com/kb/HT204921",
        "autoVerified": false,
        "supportsRecovery": true,
        "hsa2Account": true,
        "restrictedAccount": false,
        "managedAccount": account.spec.managed,
    })
}

/// The lock flags.
pub(super) fn security_code(account: &Account) -> Value {
    json!({
        "length": 6,
        "tooManyCodesSent": account.sending_locked(),
        "tooManyCodesValidated": account.codes_locked(),
        "securityCodeLocked": account.codes_locked(),
        "securityCodeCooldown": false,
    })
}

fn described(phone: &Phone) -> Value {
    let number = format!("(•••) •••-••{}", phone.last_digits);
    json!({
        "id": phone.id,
        "numberWithDialCode": format!("+1 {number}"),
        "obfuscatedNumber": number,
        "lastTwoDigits": phone.last_digits,
        "pushMode": phone.mode,
        "nonFTEU": false,
    })
}
