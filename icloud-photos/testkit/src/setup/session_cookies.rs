//! The cookies of a session: at first login, while a second factor is missing, and after it.

use super::Call;
use crate::account::SecondFactor;
use crate::cookies::{self, CookieWriter, DateStyle};
use crate::desk::WebSession;

/// Days of most cookies that outlive a browser.
const LONG_DAYS: u32 = 30;
/// Days of what comes with full access.
const FULL_DAYS: u32 = 31;
/// Days of the two that remember the browser.
const BROWSER_DAYS: u32 = 60;

impl Call<'_> {
    /// What `accountLogin` or `validate` sends for a session.
    pub(super) fn session_cookies(&mut self, id: &str, at_login: bool) -> Vec<String> {
        let Some(session) = self.desk.web_sessions.get(id).cloned() else { return Vec::new() };
        let mut writer = CookieWriter::new(self.request, self.now_ms);
        if at_login {
            self.of_login(&mut writer, id, &session);
        }
        writer.short("X-APPLE-WEBAUTH-VALIDATE", &format!("v=1:t=EQ==BST_{id}_{:x}~~", session.tokens));
        let style = if session.verified { DateStyle::Tight } else { DateStyle::Spaced };
        let token = format!("{}=", self.desk.name(24));
        keep(&mut writer, &session, "X-APPLE-DS-WEB-SESSION-TOKEN", &token, LONG_DAYS, style);
        if session.verified {
            self.of_full_access(&mut writer, id, &session);
        } else {
            writer.short(HSA_LOGIN, &format!("v=2:t=Cw==BST_{id}_0~~"));
        }
        if session.verified && at_login {
            self.of_second_factor(&mut writer, &session);
        }
        writer.finish()
    }

    fn of_login(&self, writer: &mut CookieWriter, id: &str, session: &WebSession) {
        let value = format!("v=1:t=Cw==BST_{id}_0~~");
        let user = format!("v=1:s=1:d={}", self.desk.accounts[session.account].dsid);
        writer.short("X-APPLE-UNIQUE-CLIENT-ID", "Cw==");
        writer.short(cookies::LOGIN, &value);
        keep(writer, session, cookies::USER, &user, LONG_DAYS, DateStyle::Spaced);
        let browser = "X_APPLE_WEB_KB-ONHCNAXFAIPPFDMR5UZVNO6NIMY";
        keep(writer, session, browser, &value, BROWSER_DAYS, DateStyle::Spaced);
    }

    fn of_full_access(&mut self, writer: &mut CookieWriter, id: &str, session: &WebSession) {
        let token = self.desk.next_web_token(id).unwrap_or_default();
        keep(writer, session, cookies::TOKEN, &token, FULL_DAYS, DateStyle::Tight);
        // With Advanced Data Protection only a device can give these.
        if self.desk.accounts[session.account].spec.adp.is_some() {
            return;
        }
        for service in ["Documents", "News", "Notes", "Sharing"] {
            let (name, value) =
                (format!("X-APPLE-WEBAUTH-PCS-{service}"), format!("{}=", self.desk.name(16)));
            keep(writer, session, &name, &value, FULL_DAYS, DateStyle::Tight);
        }
    }

    fn of_second_factor(&mut self, writer: &mut CookieWriter, session: &WebSession) {
        if self.desk.accounts[session.account].spec.second_factor == SecondFactor::None {
            return;
        }
        writer.delete(HSA_LOGIN);
        if session.trusted {
            writer.long(HSA_TRUST, &self.desk.name(24), BROWSER_DAYS, DateStyle::Spaced);
        }
    }
}

const HSA_LOGIN: &str = "X-APPLE-WEBAUTH-HSA-LOGIN";
const HSA_TRUST: &str = "X-APPLE-WEBAUTH-HSA-TRUST-AAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Sets a cookie that lasts only if the client asked for `extended_login`.
fn keep(
    writer: &mut CookieWriter,
    session: &WebSession,
    name: &str,
    value: &str,
    days: u32,
    style: DateStyle,
) {
    if session.extended {
        writer.long(name, value, days, style);
    } else {
        writer.short(name, value);
    }
}
