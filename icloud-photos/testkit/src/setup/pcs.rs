//! Advanced Data Protection: a device of the account has to hand out keys before CloudKit answers.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, no_session};
use crate::account::Adp;
use crate::cookies::{self, CookieWriter};
use crate::http::{Response, ResponseExt, body_json, json};

impl Call<'_> {
    pub(super) fn web_access_state(&mut self) -> Response {
        let Some(id) = self.session(cookies::TOKEN) else {
            return no_session("Missing X-APPLE-WEBAUTH-TOKEN cookie");
        };
        let Some(adp) = self.adp(&id) else {
            let answer = json!({"isICDRSDisabled": false, "isDeviceConsentedForPCS": true});
            return json(StatusCode::OK, &answer);
        };
        let consented = self.poll_consent(&id, &adp);
        json(StatusCode::OK, &json!({"isICDRSDisabled": true, "isDeviceConsentedForPCS": consented}))
    }

    pub(super) fn ask_for_consent(&mut self) -> Response {
        let Some(id) = self.session(cookies::TOKEN) else {
            return no_session("Missing X-APPLE-WEBAUTH-TOKEN cookie");
        };
        let asked = self.adp(&id).is_some();
        self.prompt(&id);
        json(StatusCode::OK, &json!({"isDeviceConsentNotificationSent": asked}))
    }

    pub(super) fn request_pcs(&mut self) -> Response {
        let Some(id) = self.session(cookies::TOKEN) else {
            return no_session("Missing X-APPLE-WEBAUTH-TOKEN cookie");
        };
        if let Some(adp) = self.adp(&id) {
            // Some clients come here at once: then this call is the one that prompts.
            self.prompt(&id);
            if let Some(answer) = self.not_yet(&id, &adp) {
                return json(StatusCode::OK, &answer);
            }
            if let Some(session) = self.desk.web_sessions.get_mut(&id) {
                session.pcs_until_ms = self.now_ms + i64::from(adp.lasts_seconds) * 1000;
            }
        }
        let mut writer = CookieWriter::new(self.request, self.now_ms);
        for name in [cookies::PCS_PHOTOS, cookies::PCS_SHARING] {
            writer.short(name, &format!("v=1:t=EQ==BST_{id}_0~~"));
        }
        let answer = json!({"status": "success", "message": "", "isWebAccessAllowed": true});
        json(StatusCode::OK, &answer).with_cookies(&writer.finish())
    }

    fn not_yet(&mut self, id: &str, adp: &Adp) -> Option<Value> {
        let failure =
            |message: &str| json!({"status": "failure", "message": message, "isWebAccessAllowed": true});
        if body_json(self.request)["appName"] != "photos" {
            return Some(failure("Unknown application."));
        }
        if adp.refused {
            return Some(failure("The request was denied on the device."));
        }
        if !self.poll_consent(id, adp) {
            return Some(failure("Requested the device to upload cookies."));
        }
        let consent = &mut self.desk.web_sessions.get_mut(id)?.consent;
        consent.cookie_polls += 1;
        (consent.cookie_polls <= adp.cookies_after).then(|| failure("Cookies not available yet on server."))
    }

    /// Whether the person has said yes. Each question counts.
    fn poll_consent(&mut self, id: &str, adp: &Adp) -> bool {
        let Some(session) = self.desk.web_sessions.get_mut(id) else { return false };
        if session.consent.asked {
            session.consent.consent_polls += 1;
        }
        session.consent.asked && !adp.refused && session.consent.consent_polls > adp.consent_after
    }

    fn prompt(&mut self, id: &str) {
        if let Some(session) = self.desk.web_sessions.get_mut(id) {
            session.consent.asked = true;
        }
    }

    fn adp(&self, id: &str) -> Option<Adp> {
        let account = self.desk.web_sessions.get(id)?.account;
        self.desk.accounts[account].spec.adp.clone()
    }
}
