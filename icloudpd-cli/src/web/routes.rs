//! From request to response.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes};
use icloud_photos::redact::SecretString;

use super::facts::Facts;
use super::gate::{self, Gate, Visitor};
use super::{metrics, page};
use crate::board::{About, Answer, Board};

/// No form of ours is longer.
const BODY: usize = 4096;

/// For the body of a request.
const BODY_TIME: Duration = Duration::from_secs(5);

type Page = Response<Full<Bytes>>;

/// What is served at one address.
#[derive(Debug)]
pub(super) struct Site {
    board: Board,
    facts: Facts,
    /// `None` where only metrics and health are served.
    gate: Option<Gate>,
    /// Names under which it may be reached.
    names: Vec<String>,
}

/// The fields of a form.
type Form = HashMap<String, SecretString>;

impl Site {
    pub(super) fn new(board: Board, facts: Facts, gate: Option<Gate>, names: &[String]) -> Self {
        Self { board, facts, gate, names: names.to_vec() }
    }

    pub(super) async fn answer<B>(&self, request: Request<B>) -> Page
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        match (head.uri.path(), &self.gate) {
            ("/metrics" | "/healthz", _) => self.for_machines(&head),
            (path, Some(gate)) if is_known(path) => {
                if !gate::is_our_name(&head.headers, &self.names, false) {
                    return wrong_name();
                }
                match head.method {
                    Method::GET | Method::HEAD if is_page(path) => self.get(gate, &head),
                    Method::POST if !is_page(path) => self.post(gate, &head, body).await,
                    _ => wrong_method(if is_page(path) { "GET" } else { "POST" }),
                }
            }
            _ => text(StatusCode::NOT_FOUND, "There is nothing here"),
        }
    }

    fn for_machines(&self, head: &Parts) -> Page {
        if !gate::is_our_name(&head.headers, &self.names, true) {
            return wrong_name();
        }
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return wrong_method("GET");
        }
        if head.uri.path() == "/metrics" {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            return response(StatusCode::OK, kind, metrics::metrics(&self.board));
        }
        let (well, how) = metrics::health(&self.board.look().0);
        let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        response(status, "application/json", how)
    }

    fn get(&self, gate: &Gate, head: &Parts) -> Page {
        let query = head.uri.query().unwrap_or_default();
        let token = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
        if let Some((_, token)) = token.filter(|_| head.uri.path() == "/") {
            return match gate.knows_token(&token) {
                true => let_in(gate, head),
                false => self.locked(Some("This is not the token")),
            };
        }
        if gate.visitor(&head.headers).is_none() {
            return self.locked(None);
        }
        match head.uri.path() {
            "/status" => html(StatusCode::OK, |_| self.view(gate, None).main()),
            _ => html(StatusCode::OK, |nonce| self.view(gate, None).whole(nonce)),
        }
    }

    fn locked(&self, why: Option<&str>) -> Page {
        html(StatusCode::UNAUTHORIZED, |nonce| page::locked(why, nonce))
    }

    fn view<'a>(&'a self, gate: &'a Gate, said: Option<&'a str>) -> page::View<'a> {
        let (state, counted) = self.board.look();
        page::View { state, counted, facts: &self.facts, csrf: gate.csrf(), said, now: SystemTime::now() }
    }

    async fn post<B>(&self, gate: &Gate, head: &Parts, body: B) -> Page
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Some(visitor) = gate.visitor(&head.headers) else { return self.locked(None) };
        let form = match read_form(head, body).await {
            Ok(form) => form,
            Err(refusal) => return refusal,
        };
        if visitor == Visitor::Browser && !gate.is_our_form(&head.headers, field(&form, "csrf")) {
            return text(
                StatusCode::FORBIDDEN,
                "This form is not from the page, or the program was started anew: load the page again",
            );
        }
        match (self.act(head.uri.path(), &form), visitor) {
            (Ok(()), Visitor::Script) => text(StatusCode::OK, "Ok"),
            (Ok(()), Visitor::Browser) => redirect("./"),
            (Err(why), Visitor::Script) => text(StatusCode::BAD_REQUEST, why),
            (Err(why), Visitor::Browser) => {
                html(StatusCode::BAD_REQUEST, |nonce| self.view(gate, Some(why)).whole(nonce))
            }
        }
    }

    /// Does what a form asks for.
    fn act(&self, path: &str, form: &Form) -> Result<(), &'static str> {
        let answer = match path {
            "/password" => password(form)?,
            "/code" => code(form)?,
            "/send" => send(form)?,
            "/again" => Answer::Again,
            "/resume" => {
                self.board.hurry();
                return Ok(());
            }
            _ if self.board.cancel() => return Ok(()),
            _ => return Err("Nothing is being downloaded"),
        };
        let question = match field(form, "question") {
            "" => self.only_question(),
            number => number.parse().ok(),
        };
        let late = "This was not asked for any more. Look at what the page asks now";
        self.board.answer(question.ok_or(late)?, answer).map_err(|_| late)
    }

    /// A script need not say which question it answers when there is one only.
    fn only_question(&self) -> Option<u64> {
        let (state, _) = self.board.look();
        let mut open = state.accounts.iter().filter_map(|account| account.question.as_ref());
        let one = open.next().map(|question| question.number);
        one.filter(|_| open.next().is_none())
    }
}

fn is_known(path: &str) -> bool {
    is_page(path) || matches!(path, "/password" | "/code" | "/send" | "/again" | "/resume" | "/cancel")
}

fn is_page(path: &str) -> bool {
    matches!(path, "/" | "/status")
}

/// Lets a browser in, and takes the token out of its address. Where another page sent it here, the browser would not
/// show the new cookie on a redirect: then the page itself goes on.
fn let_in(gate: &Gate, head: &Parts) -> Page {
    let elsewhere = head.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let mut page = match elsewhere {
        true => html(StatusCode::OK, page::welcome),
        false => redirect("./"),
    };
    if let Some(cookie) = gate.cookie() {
        page.headers_mut().insert(SET_COOKIE, cookie);
    }
    page
}

async fn read_form<B>(head: &Parts, body: B) -> Result<Form, Page>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let kind = head.headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("none"));
    let is_form = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    };
    if kind.is_some_and(|kind| !is_form(kind)) {
        return Err(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "This is not a form"));
    }
    let bytes = match tokio::time::timeout(BODY_TIME, Limited::new(body, BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Err(text(StatusCode::PAYLOAD_TOO_LARGE, "This is too long")),
        Err(_) => return Err(text(StatusCode::REQUEST_TIMEOUT, "This took too long")),
    };
    if kind.is_none() && !bytes.is_empty() {
        return Err(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "This is not a form"));
    }
    let fields = url::form_urlencoded::parse(&bytes);
    Ok(fields.map(|(name, value)| (name.into_owned(), SecretString::from(value.into_owned()))).collect())
}

fn field<'a>(form: &'a Form, name: &str) -> &'a str {
    use icloud_photos::redact::ExposeSecret as _;
    form.get(name).map_or("", |value| value.expose_secret())
}

fn password(form: &Form) -> Result<Answer, &'static str> {
    match form.get("password") {
        // What stands for bytes that are no text: sent to Apple, it would count as a wrong password.
        Some(_) if field(form, "password").contains('\u{fffd}') => {
            Err("This password is no text in UTF-8, so it was not sent to Apple. Try again")
        }
        Some(password) if !field(form, "password").is_empty() => Ok(Answer::Password(password.clone())),
        _ => Err("Empty string. Try again"),
    }
}

fn code(form: &Form) -> Result<Answer, &'static str> {
    let code = field(form, "code").parse();
    code.map(Answer::Code).map_err(|_| "Invalid code, should be six digits. Try again")
}

fn send(form: &Form) -> Result<Answer, &'static str> {
    match field(form, "to") {
        "devices" => Ok(Answer::Devices),
        index => index.parse().map(Answer::Phone).map_err(|_| "There is no such phone"),
    }
}

fn wrong_name() -> Page {
    text(
        StatusCode::MISDIRECTED_REQUEST,
        "This name is not known here. Use an address in figures or localhost, or start icloudpd with --webui-host NAME",
    )
}

fn wrong_method(right: &'static str) -> Page {
    let mut page = text(StatusCode::METHOD_NOT_ALLOWED, "Not this way");
    page.headers_mut().insert(ALLOW, HeaderValue::from_static(right));
    page
}

fn redirect(to: &'static str) -> Page {
    let mut page = text(StatusCode::SEE_OTHER, "");
    page.headers_mut().insert(LOCATION, HeaderValue::from_static(to));
    page
}

fn text(status: StatusCode, line: &str) -> Page {
    response(status, "text/plain; charset=utf-8", format!("{line}\n"))
}

/// A page may use its own style and script and nothing else: they bear a value that is new each time.
fn html(status: StatusCode, make: impl FnOnce(&str) -> String) -> Page {
    let Ok(nonce) = gate::random() else {
        return text(StatusCode::INTERNAL_SERVER_ERROR, "The system gives no random numbers");
    };
    let mut page = response(status, "text/html; charset=utf-8", make(&nonce));
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    page
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Page {
    let mut page = Response::new(Full::new(Bytes::from(body)));
    *page.status_mut() = status;
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // With `no-referrer` browsers would not say where a form comes from either.
        (REFERRER_POLICY, "same-origin"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        page.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    page
}

/// What the page calls the answers to a question.
pub(super) fn route(about: &About) -> &'static str {
    match about {
        About::Password => "password",
        About::Code { .. } => "code",
        About::Device { .. } => "send",
        About::Again => "again",
    }
}

#[cfg(test)]
mod tests;
