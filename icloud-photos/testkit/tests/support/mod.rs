//! A client of a few lines: cookies, the headers of the sign-in service, SRP. Written from the protocol alone.

#![allow(dead_code, unreachable_pub)] // each test file uses its part
#![allow(clippy::unwrap_used)] // clippy knows only functions marked as tests

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, StatusCode};
use icloud_photos_testkit::{FakeCloud, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use srp::ClientG2048;

pub const PHOTOS: &str = "/database/1/com.apple.photos.cloud/production/private";
const WIDGET_KEY: &str = "d39ba9916b7251055b22c7f910e2ea796ee65e98b2ddecea8f5dde8d9d1a815d";

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub bytes: Bytes,
    pub json: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }
}

pub struct Client {
    pub cloud: FakeCloud,
    pub cookies: Vec<(String, String)>,
    pub scnt: Option<String>,
    pub session_id: Option<String>,
    pub session_token: Option<String>,
    pub trust_token: Option<String>,
    pub accept: &'static str,
}

impl Client {
    pub fn new(cloud: &FakeCloud) -> Self {
        Self {
            cloud: cloud.clone(),
            cookies: Vec::new(),
            scnt: None,
            session_id: None,
            session_token: None,
            trust_token: None,
            accept: "application/json",
        }
    }

    pub async fn raw(&self, method: Method, path: &str, body: Bytes) -> Response {
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:80")
            .header("accept", self.accept)
            .header("x-apple-widget-key", WIDGET_KEY);
        if let Some(scnt) = &self.scnt {
            request = request.header("scnt", scnt);
        }
        if let Some(id) = &self.session_id {
            request = request.header("x-apple-id-session-id", id);
        }
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        self.cloud.handle(request.body(body).unwrap()).await
    }

    pub async fn call(&mut self, method: Method, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let response = self.raw(method, path, body).await;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, bytes, json };
        self.harvest(&answer);
        answer
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    pub async fn put(&mut self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, body).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.call(Method::GET, path, Value::Null).await
    }

    fn harvest(&mut self, answer: &Answer) {
        let keep = |name: &str, place: &mut Option<String>| {
            if let Some(value) = answer.header(name) {
                *place = Some(value.to_owned());
            }
        };
        keep("scnt", &mut self.scnt);
        keep("x-apple-id-session-id", &mut self.session_id);
        keep("x-apple-session-token", &mut self.session_token);
        keep("x-apple-twosv-trust-token", &mut self.trust_token);
        for cookie in answer.cookies() {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if value != "\"\"" {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// `init` and `complete`.
    pub async fn password(&mut self, login: &str, password: &str) -> Answer {
        let client = ClientG2048::<Sha256>::new_with_options(false);
        let secret = [0x5a; 32];
        let public = STANDARD.encode(client.compute_public_ephemeral(&secret));
        let body = json!({"a": public, "accountName": login, "protocols": ["s2k", "s2k_fo"]});
        let init = self.post("/appleauth/auth/signin/init", body).await;
        if init.status != 200 {
            return init;
        }
        let decode = |name: &str| STANDARD.decode(init.json[name].as_str().unwrap()).unwrap();
        let hash = Sha256::digest(password);
        let input = match init.json["protocol"].as_str().unwrap() {
            "s2k" => hash.to_vec(),
            _ => hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes(),
        };
        let rounds = u32::try_from(init.json["iteration"].as_u64().unwrap()).unwrap();
        let key = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(&input, &decode("salt"), rounds);
        let verifier =
            client.process_reply(&secret, login.as_bytes(), &key, &decode("salt"), &decode("b")).unwrap();
        let m1 = verifier.proof();
        let session_key = Sha256::digest(verifier.key());
        let mut m2 = Sha256::new();
        m2.update(client.compute_public_ephemeral(&secret));
        m2.update(m1);
        m2.update(session_key);
        let trust: Vec<&String> = self.trust_token.iter().collect();
        let body = json!({
            "accountName": login,
            "c": init.json["c"],
            "m1": STANDARD.encode(m1),
            "m2": STANDARD.encode(m2.finalize()),
            "rememberMe": true,
            "trustTokens": trust,
        });
        self.post("/appleauth/auth/signin/complete?isRememberMeEnabled=true", body).await
    }

    /// The password of the default account.
    pub async fn right_password(&mut self) -> Answer {
        self.password("jdoe@example.com", "correct horse battery staple").await
    }

    pub async fn push(&mut self) -> Answer {
        self.put("/appleauth/auth/verify/trusteddevice/securitycode", Value::Null).await
    }

    pub async fn enter(&mut self, code: &str) -> Answer {
        let body = json!({"securityCode": {"code": code}});
        self.post("/appleauth/auth/verify/trusteddevice/securitycode", body).await
    }

    pub async fn account_login(&mut self) -> Answer {
        let body = json!({
            "accountCountryCode": "USA",
            "dsWebAuthToken": self.session_token,
            "extended_login": true,
            "trustToken": self.trust_token.clone().unwrap_or_default(),
        });
        self.post("/setup/ws/1/accountLogin", body).await
    }

    pub async fn validate(&mut self) -> Answer {
        self.post("/setup/ws/1/validate", Value::Null).await
    }

    pub async fn zones(&mut self) -> Answer {
        self.post(&format!("{PHOTOS}/zones/list"), json!({})).await
    }

    /// All the way to a trusted session of the default account.
    pub async fn sign_in(cloud: &FakeCloud) -> Self {
        let mut client = Self::new(cloud);
        assert_eq!(client.right_password().await.status, StatusCode::CONFLICT);
        client.push().await;
        let code = cloud.codes()[0].code.clone();
        assert_eq!(client.enter(&code).await.status, StatusCode::NO_CONTENT);
        assert_eq!(client.get("/appleauth/auth/2sv/trust").await.status, StatusCode::NO_CONTENT);
        assert_eq!(client.account_login().await.status, StatusCode::OK);
        client
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
