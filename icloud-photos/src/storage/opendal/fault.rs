//! What OpenDAL and the services say, as errors that tell a person what to do.
//!
//! OpenDAL has few kinds, and puts the rest into texts: the answer with its status and headers, the service's own code (`SlowDown`), and
//! what TLS, the resolver or `ssh` said last. Those are looked through here, in that order, and nowhere else. Of what is found only the
//! status, the code, and a line of plain words get into an error: a page says nothing, and addresses and answers may hold a signature.

use std::error::Error as StdError;

use http::StatusCode;
use opendal::ErrorKind as Theirs;

use crate::error::{Error, ErrorKind, Retry};
use crate::storage::StoragePath;

/// A kind, what to do, and whether it may pass by itself.
type Verdict = (ErrorKind, &'static str, bool);

const PASSES: bool = true;
const STAYS: bool = false;

/// The code of Amazon, and of others, for what a service does not know.
const NOT_IMPLEMENTED: &str = "NotImplemented";

const FULL: &str =
    "the storage is full, or what you may keep there is used up; make room there and run again";
const UNKNOWN_KEY: &str =
    "the storage does not know these credentials; check the key and its secret, and where they come from";
const UNKNOWN_NAME: &str = "the storage does not accept name and password, or the token; check them (some servers want a password made for the app)";
const NO_KEY: &str = "no credentials for the storage were found, or none that can be used; its page in docs/ says where they are looked for";
const EXPIRED: &str = "the credentials of the storage have expired; get new ones and run again";
const NO_RIGHT: &str = "the storage refuses: these credentials have no right to do that there; the page of the storage in docs/ says which \
                        rights are needed";
const REFUSED: &str = "the storage refuses; check its credentials and what they may do";
const NO_BUCKET: &str = "the storage has no such bucket, container or share; make it, or correct the address";
const REGION: &str = "the bucket is in another region; name it in the address (?region=...)";
const CLOCK: &str =
    "the clock of this computer is wrong by more than the storage bears; set it right and run again";
const TOO_LARGE: &str = "the storage takes no file of that length; raise its limit (nginx: client_max_body_size, Apache: LimitRequestBody), or leave the file out";
const ELSEWHERE: &str = "the server says that the storage is at another address; correct the address (https or http? a folder that moved?)";
const NO_FILES: &str = "the server does not do that at this address; is it the folder that its WebDAV serves, and may files be written there?";
const PROXY: &str = "a server before the storage could not pass the request on; run again. If it is always so: where a proxy ends TLS before \
                     WebDAV, it must rewrite the header Destination";
const FAILED: &str = "the storage failed; its own log may say why";
const PASSING: &str = "the storage cannot be reached, or failed for a while; run again";

/// Our error for one of OpenDAL's.
pub(super) fn fault(error: opendal::Error, path: &StoragePath) -> Error {
    let told = Told::of(&error);
    let verdict = of_kind(error.kind())
        .or_else(|| of_code(&told.code))
        .or_else(|| told.status.and_then(of_status))
        .or_else(|| of_words(&told.causes))
        .unwrap_or_else(|| rest(&error));
    let kind = error.kind().to_string();
    let error = made(verdict, path, [kind, told.shown()]);
    match told.region {
        Some(region) if verdict.1 == REGION => error.with("region", region),
        _ => error,
    }
}

/// Whether a service does not know what it was asked for.
pub(super) fn is_not_implemented(error: &Error) -> bool {
    error.kind() == ErrorKind::Unsupported && error.to_string().contains(NOT_IMPLEMENTED)
}

/// The error for an answer of a server that is no yes.
pub(super) fn refusal(status: StatusCode, path: &StoragePath) -> Error {
    let other = match status.is_server_error() {
        true => (ErrorKind::Storage, PASSING, PASSES),
        false => (ErrorKind::Storage, FAILED, STAYS),
    };
    made(of_status(status.as_u16()).unwrap_or(other), path, [status.to_string(), String::new()])
}

/// The error for a request that has no answer.
pub(super) fn unreachable(error: &(dyn StdError + 'static), path: &StoragePath) -> Error {
    let causes = causes(Some(error));
    let verdict = of_words(&causes).unwrap_or((ErrorKind::Storage, PASSING, PASSES));
    made(verdict, path, ["no answer".to_owned(), line(&causes)])
}

fn made((kind, advice, passes): Verdict, path: &StoragePath, said: [String; 2]) -> Error {
    let retry = if passes { Retry::Later { after: None } } else { Retry::Never };
    let said: Vec<_> = said.into_iter().filter(|said| !said.is_empty()).collect();
    Error::new(kind, advice).retrying(retry).with("path", path).with("said", said.join(": "))
}

/// What callers act on, whatever the service says beside it.
fn of_kind(kind: Theirs) -> Option<Verdict> {
    let taken = |advice| Some((ErrorKind::AlreadyExists, advice, STAYS));
    match kind {
        Theirs::AlreadyExists | Theirs::ConditionNotMatch => taken("something with this name exists already"),
        Theirs::IsADirectory => taken("a folder stands where a file is needed; move it away"),
        Theirs::NotADirectory => taken("a file stands where a folder is needed; move it away"),
        _ => None,
    }
}

/// The codes of Amazon and those who speak its protocol, and of Azure.
fn of_code(code: &str) -> Option<Verdict> {
    use ErrorKind::{Config, PermissionDenied, Storage, StorageFull, Unsupported};
    Some(match code {
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSecurity"
        | "NotSignedUp"
        | "AuthenticationFailed" => (PermissionDenied, UNKNOWN_KEY, STAYS),
        "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" => (PermissionDenied, EXPIRED, STAYS),
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" | "AuthorizationPermissionMismatch" => {
            (PermissionDenied, NO_RIGHT, STAYS)
        }
        "AuthorizationHeaderMalformed"
        | "PermanentRedirect"
        | "TemporaryRedirect"
        | "Redirect"
        | "IllegalLocationConstraintException" => (Config, REGION, STAYS),
        "NoSuchBucket" | "ContainerNotFound" => (Config, NO_BUCKET, STAYS),
        "RequestTimeTooSkewed" | "RequestExpired" => (Config, CLOCK, STAYS),
        "QuotaExceeded" | "XMinioStorageFull" | "XMinioAdminBucketQuotaExceeded" | "InsufficientCapacity" => {
            (StorageFull, FULL, STAYS)
        }
        "EntityTooLarge" | "RequestBodyTooLarge" => (Unsupported, TOO_LARGE, STAYS),
        NOT_IMPLEMENTED => (Unsupported, "the storage cannot do that", STAYS),
        "SlowDown" | "TooManyRequests" | "ServerBusy" => {
            (Storage, "the storage asks to slow down; run again", PASSES)
        }
        _ => return None,
    })
}

fn of_status(status: u16) -> Option<Verdict> {
    use ErrorKind::{Config, PermissionDenied, Storage, StorageFull, Unsupported};
    Some(match status {
        301 | 302 | 307 | 308 => (Config, ELSEWHERE, STAYS),
        401 => (PermissionDenied, UNKNOWN_NAME, STAYS),
        403 => (PermissionDenied, REFUSED, STAYS),
        405 | 501 => (Storage, NO_FILES, STAYS),
        413 => (Unsupported, TOO_LARGE, STAYS),
        423 => (Storage, "another program has locked the file in the storage; run again", PASSES),
        429 => (Storage, "the storage asks to slow down; run again", PASSES),
        502 => (Storage, PROXY, PASSES),
        507 => (StorageFull, FULL, STAYS),
        _ => return None,
    })
}

/// What the resolver, the system, TLS and `ssh` say.
const WORDS: &[(&[&str], Verdict)] = &[
    (
        &["remote host identification has changed"],
        (
            ErrorKind::PermissionDenied,
            "the host shows another key than the one that ssh knows it by: it was set up anew, or somebody pretends to be it. Find out \
             which, then remove the old key (ssh-keygen -R HOST)",
            STAYS,
        ),
    ),
    (
        &["host key verification failed", "host key is known"],
        (
            ErrorKind::PermissionDenied,
            "ssh does not know this host: connect once by hand (ssh USER@HOST) and accept its key",
            STAYS,
        ),
    ),
    (
        &["permission denied (", "too many authentication failures"],
        (
            ErrorKind::PermissionDenied,
            "the host accepts none of the keys that ssh has for this user; check both (ssh -v USER@HOST), and give the file of the key \
             (?key=...)",
            STAYS,
        ),
    ),
    (
        &["local ssh command could not be executed", "no such file or directory (os error 2)"],
        (ErrorKind::Config, "the program ssh cannot be run; install it (Debian: openssh-client)", STAYS),
    ),
    (&["no space", "nospace", "quota", "disk full"], (ErrorKind::StorageFull, FULL, STAYS)),
    (
        &["dns error", "could not resolve hostname", "name or service not known"],
        (ErrorKind::Storage, "no host has the name that the address says; check it, and the network", PASSES),
    ),
    (
        &["certificate"],
        (
            ErrorKind::Config,
            "the certificate of the storage is not to be trusted; if it is your own, name its root certificate in SSL_CERT_FILE",
            STAYS,
        ),
    ),
    (
        &["corrupt message", "invalidcontenttype"],
        (
            ErrorKind::Config,
            "the server does not speak HTTPS there; check the port, or say http (webdav+http://, ?endpoint=http://...)",
            STAYS,
        ),
    ),
    (
        &["connection refused"],
        (
            ErrorKind::Storage,
            "nothing answers at the address of the storage; does its server run, and is the port right?",
            PASSES,
        ),
    ),
    (
        &["unreachable", "no route to host", "timed out", "timeout"],
        (
            ErrorKind::Storage,
            "the storage cannot be reached, or does not answer; check the network, and run again",
            PASSES,
        ),
    ),
    // What `sftp-server` says of a full disk, too.
    (
        &["error kind failure"],
        (
            ErrorKind::Storage,
            "the server failed and does not say why; most often its disk is full, or what you may keep there is used up",
            PASSES,
        ),
    ),
];

fn of_words(causes: &str) -> Option<Verdict> {
    let text = causes.to_lowercase();
    let found = WORDS.iter().find(|(words, _)| words.iter().any(|word| text.contains(word)));
    found.map(|(_, verdict)| *verdict)
}

/// What only OpenDAL's kind tells of.
fn rest(error: &opendal::Error) -> Verdict {
    match error.kind() {
        // Whoever reads looks for it himself. Here it is not about a photo that is gone.
        Theirs::NotFound => (ErrorKind::Storage, NO_BUCKET, STAYS),
        Theirs::PermissionDenied => (ErrorKind::PermissionDenied, REFUSED, STAYS),
        Theirs::ConfigInvalid => {
            (ErrorKind::Config, "the address or an option of the storage is wrong", STAYS)
        }
        Theirs::Unsupported => (ErrorKind::Unsupported, "the storage cannot do that", STAYS),
        Theirs::RateLimited => (ErrorKind::Storage, "the storage asks to slow down; run again", PASSES),
        // Nothing was sent.
        _ if error.message().contains("signing http request") => (ErrorKind::Config, NO_KEY, STAYS),
        // It did not pass within the time that trying again took; a later run may have more luck.
        _ if error.is_temporary() || error.is_persistent() => (ErrorKind::Storage, PASSING, PASSES),
        _ => (ErrorKind::Storage, FAILED, STAYS),
    }
}

/// What is in an error of OpenDAL's.
struct Told {
    status: Option<u16>,
    /// The service's own word for it.
    code: String,
    /// Its words, if they are some.
    words: String,
    /// All that is below the error.
    causes: String,
    /// The region that the bucket is in.
    region: Option<String>,
}

impl Told {
    fn of(error: &opendal::Error) -> Self {
        let all = error.to_string();
        let message = error.message();
        let code = between(message, "Error { code: \"", "\"").unwrap_or_default().to_owned();
        let words = match between(message, "message: \"", "\"") {
            Some(words) => words,
            None if message.contains(['<', '{']) => "",
            None => message,
        };
        let expected = between(words, "expecting '", "'");
        let region = expected.or_else(|| between(&all, "\"x-amz-bucket-region\": \"", "\""));
        Self {
            status: between(&all, "response: Parts { status: ", ",").and_then(|status| status.parse().ok()),
            words: words.to_owned(),
            causes: causes(error.source()),
            region: region.map(str::to_owned),
            code,
        }
    }

    /// A line for people. What was signed is left out.
    fn shown(&self) -> String {
        let status = self.status.map(|status| status.to_string()).unwrap_or_default();
        let is_open = |text: &&String| !text.to_lowercase().contains("sig");
        let parts =
            [&status, &self.code].into_iter().chain([&self.words, &self.causes].into_iter().filter(is_open));
        let parts: Vec<_> = parts.map(|text| line(text)).filter(|text| !text.is_empty()).collect();
        parts.join(": ")
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// An error and what caused it, the last last, each said once.
fn causes(mut error: Option<&(dyn StdError + 'static)>) -> String {
    let mut told = String::new();
    while let Some(cause) = error {
        error = cause.source();
        let text = cause.to_string();
        if !told.contains(&text) {
            let joint = if told.is_empty() { "" } else { ": " };
            told = format!("{told}{joint}{text}");
        }
    }
    told
}

/// Some words on one line: `ssh` writes several, with a frame, and a server may write a book.
fn line(text: &str) -> String {
    let lines =
        text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty() && !line.contains("@@@"));
    let text = lines.collect::<Vec<_>>().join("; ");
    text.chars().filter(|letter| !letter.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(error: opendal::Error) -> String {
        fault(error, &StoragePath::default()).to_string()
    }

    #[test]
    fn the_region_is_named_where_the_service_does() {
        let message = "S3Error { code: \"AuthorizationHeaderMalformed\", message: \"The authorization header is malformed; the region \
                       'us-east-1' is wrong; expecting 'eu-central-1'\", resource: \"\", request_id: \"1\" }";
        let told = text(opendal::Error::new(Theirs::Unexpected, message));
        assert!(told.contains("?region=...") && told.contains("region: eu-central-1"), "{told}");

        let message = "S3Error { code: \"PermanentRedirect\", message: \"another endpoint\", resource: \"\", request_id: \"1\" }";
        let answer =
            "Parts { status: 301, version: HTTP/1.1, headers: {\"x-amz-bucket-region\": \"eu-west-3\"} }";
        let told = text(opendal::Error::new(Theirs::Unexpected, message).with_context("response", answer));
        assert!(told.contains("region: eu-west-3") && told.contains("301: PermanentRedirect"), "{told}");
    }

    #[test]
    fn neither_addresses_nor_signatures_nor_pages_are_shown() {
        let azure = "AzblobError { code: \"AuthenticationFailed\", message: \"The MAC signature found in the request 'hunter2' is not the \
                     same as any computed signature\", reason: \"\" }";
        for message in
            [azure, "<html><body>hunter2</body></html>", "S3Error { code: \"\", message: \"sig=hunter2\" }"]
        {
            let error = opendal::Error::new(Theirs::PermissionDenied, message);
            let error = error.with_context("uri", "https://host/x?sig=hunter2");
            let error = fault(error, &StoragePath::default());
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
