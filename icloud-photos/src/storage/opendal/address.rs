//! A storage by its address: `s3://bucket/folder?region=eu-central-1`.
//!
//! | address | service |
//! | --- | --- |
//! | `s3://BUCKET/FOLDER` | Amazon S3, and with `?endpoint=https://...` what speaks its protocol |
//! | `gs://BUCKET/FOLDER` | Google Cloud Storage |
//! | `az://CONTAINER/FOLDER` | Azure Blob Storage |
//! | `webdav://HOST/FOLDER` | WebDAV over HTTPS; `webdav+http://` without encryption |
//! | `sftp://USER@HOST/FOLDER` | SFTP by the system's `ssh`, with its configuration, keys and known hosts |
//!
//! An address stands in process lists, logs and catalogues: one that holds a secret is refused. Secrets, and whatever else the
//! service can be told, come from where its own tools take them (`AWS_ACCESS_KEY_ID`, `~/.aws`, `GOOGLE_APPLICATION_CREDENTIALS`,
//! `AZURE_STORAGE_ACCOUNT_KEY`, `~/.ssh`), or from variables that are named after OpenDAL's options: `OPENDAL_WEBDAV_USERNAME`,
//! `OPENDAL_WEBDAV_PASSWORD`, and with `_FILE` behind it the name of a file that holds the value.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, HeaderValue};
use http::{Request, Response};
use opendal::layers::{RetryLayer, TimeoutLayer};
use opendal::{Buffer, HttpBody, HttpTransport, HttpTransporter, OperationContext, Operator};
use url::Url;

use super::OpendalStorage;
use super::uploads::{self, Uploads};
use super::webdav::{Puts, extend};
use crate::error::{Error, ErrorKind, Result};

/// A service, as an address names it.
struct Service {
    schemes: &'static [&'static str],
    /// OpenDAL's name.
    name: &'static str,
    /// What may stand behind the question mark.
    options: &'static [&'static str],
    /// What may only come from the environment.
    secrets: &'static [&'static str],
}

const SERVICES: &[Service] = &[
    Service {
        schemes: &["s3"],
        name: "s3",
        options: &[
            "checksum_algorithm",
            "default_acl",
            "default_storage_class",
            "enable_virtual_host_style",
            "endpoint",
            "profile",
            "region",
            "server_side_encryption",
            "server_side_encryption_aws_kms_key_id",
        ],
        secrets: &["access_key_id", "secret_access_key", "session_token"],
    },
    Service {
        schemes: &["gs", "gcs"],
        name: "gcs",
        options: &["credential_path", "default_storage_class", "endpoint", "predefined_acl"],
        secrets: &["credential", "token"],
    },
    Service {
        schemes: &["az", "azblob"],
        name: "azblob",
        options: &["account_name", "endpoint"],
        secrets: &["account_key", "sas_token"],
    },
    Service {
        schemes: &["webdav", "webdav+http"],
        name: "webdav",
        options: &["disable_create_dir"],
        secrets: &["username", "password", "token"],
    },
    #[cfg(unix)]
    Service { schemes: &["sftp"], name: "sftp", options: &["key", "known_hosts_strategy"], secrets: &[] },
];

/// What may pass is tried again after this, then after twice as long and so on: some seconds in all.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const RETRIES: usize = 4;

/// So long a question may go unanswered, and a piece of a file be under way: eight mebibytes take minutes over a slow line.
const QUESTION: Duration = Duration::from_secs(30);
pub(super) const TRANSFER: Duration = Duration::from_secs(300);

impl OpendalStorage {
    /// The storage at an address. What may pass is tried again for some seconds. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an address that names no service, lacks something, has an option that the service does not know,
    /// or holds a secret.
    pub fn from_url(address: &str) -> Result<Self> {
        Self::from_url_with(address, |name| std::env::var(name).ok())
    }

    /// The same with another environment than that of this process.
    ///
    /// # Errors
    /// As [`OpendalStorage::from_url`].
    pub fn from_url_with(address: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let url = parse(address)?;
        let service = service(&url)?;
        let mut options = told(service, &url, &environment)?;
        place(service, &url, &environment, &mut options)?;
        refuse_secret_endpoint(&url, &options)?;
        let operator = Operator::via_iter(service.name, options.clone()).map_err(|error| {
            let advice = "the address of the storage is not complete, or an option of it is wrong";
            Error::new(ErrorKind::Config, advice).with("address", shown(&url)).with("said", error.message())
        })?;
        let operator = operator.clone().with_context(plain(operator.context()));
        let patience = TimeoutLayer::new().with_timeout(QUESTION).with_io_timeout(TRANSFER);
        let retry = RetryLayer::new().with_min_delay(FIRST_PAUSE).with_max_times(RETRIES).with_jitter();
        let storage = Self::new(operator.layer(patience).layer(retry));
        match service.name {
            "s3" => Ok(storage.with(Some(Uploads::of(&options)?), None)),
            "webdav" => Ok(storage.with(None, Some(Puts::of(&options)?))),
            _ => Ok(storage),
        }
    }
}

/// Whether a text is the address of a storage, and not the name of a folder.
///
/// One that lacks a slash is meant to be one all the same: nobody calls a folder `s3:`.
pub fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.len() > 1
        && scheme.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter));
    let is_known = SERVICES.iter().any(|service| service.schemes.contains(&scheme.to_lowercase().as_str()));
    is_scheme && (is_known || rest.starts_with("//"))
}

/// What an address names, however it is spelled: service, bucket or host, folder, and the endpoint, wherever that was told. Of a server that may
/// show each user a folder of his own the user belongs to it; how it is asked (region, profile) does not.
pub(crate) fn identity(address: &str) -> String {
    identified(address).unwrap_or_else(|_| address.to_owned())
}

fn identified(address: &str) -> Result<String> {
    let (url, environment) = (parse(address)?, |name: &str| std::env::var(name).ok());
    let service = service(&url)?;
    let mut options = told(service, &url, &environment)?;
    place(service, &url, &environment, &mut options)?;
    let option = |name: &str| options.get(name).map(String::as_str).unwrap_or_default();
    let scheme = if service.name == "webdav" { url.scheme() } else { service.schemes[0] };
    let host = match service.name {
        "webdav" | "sftp" => host_of(option("endpoint")),
        "azblob" => option("container").to_owned(),
        _ => option("bucket").to_owned(),
    };
    let mut named = parse(&format!("{scheme}://{host}"))?;
    extend(&mut named, option("root"));
    let user = if service.name == "sftp" { option("user") } else { option("username") };
    // Only addresses without a host can have none.
    let _ = named.set_username(user);
    let endpoint = match service.name {
        "s3" => uploads::endpoint(&options),
        "gcs" | "azblob" => options.get("endpoint").cloned(),
        _ => None,
    };
    let endpoint = endpoint.map(|endpoint| spelled(&endpoint));
    // Amazon's own goes without saying.
    if let Some(endpoint) = endpoint.filter(|endpoint| !endpoint.ends_with(".amazonaws.com")) {
        named.query_pairs_mut().append_pair("endpoint", &endpoint);
    }
    Ok(named.to_string())
}

/// An endpoint in the usual spelling: letters of the host, ports that go without saying.
fn spelled(endpoint: &str) -> String {
    let endpoint = endpoint.trim();
    let whole = if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") };
    Url::parse(&whole).map_or(whole, |url| url.to_string()).trim_end_matches('/').to_owned()
}

/// Host and port of an endpoint.
fn host_of(endpoint: &str) -> String {
    let spelled = spelled(&endpoint.replace("ssh://", "https://"));
    spelled.split_once("://").map_or_else(String::new, |(_, host)| host.to_owned())
}

/// The storage that was known by this identity, asked as the one at an address is.
pub(crate) fn reached_like(identity: &str, address: &str) -> Result<String> {
    let (mut known, like) = (parse(identity)?, parse(address)?);
    let kept: Vec<_> =
        known.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let told = like.query_pairs().filter(|(name, _)| name != "endpoint");
    let pairs: Vec<_> =
        kept.into_iter().chain(told.map(|(name, value)| (name.into_owned(), value.into_owned()))).collect();
    known.set_query(None);
    if !pairs.is_empty() {
        known.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(known.to_string())
}

fn parse(address: &str) -> Result<Url> {
    let url = Url::parse(address).map_err(|error| {
        // The text may hold a secret.
        Error::new(ErrorKind::Config, "this is no address of a storage, such as s3://bucket/folder")
            .caused_by(error)
    })?;
    if url.password().is_some() {
        let advice = "a password in an address is seen by everybody who may list processes; secrets come from the environment \
                      (OPENDAL_WEBDAV_PASSWORD), or from where the tools of the storage have them";
        return Err(Error::new(ErrorKind::Config, advice).with("address", shown(&url)));
    }
    Ok(url)
}

fn service(url: &Url) -> Result<&'static Service> {
    SERVICES.iter().find(|service| service.schemes.contains(&url.scheme())).ok_or_else(|| {
        let known: Vec<_> = SERVICES.iter().flat_map(|service| service.schemes).copied().collect();
        let message = format!("no storage is called {}; known are {}", url.scheme(), known.join(", "));
        Error::new(ErrorKind::Config, message)
    })
}

/// The address without what comes behind the question mark.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    // Only addresses without a host can have none.
    let _ = shown.set_password(None);
    shown.to_string()
}

/// The options that address and environment give. The environment does not contradict the address.
fn told(
    service: &Service,
    url: &Url,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>> {
    let mut told = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        if service.secrets.contains(&&*name) {
            let variable = variable(service, &name);
            let advice = format!(
                "{name} does not belong into an address, which everybody sees who may list processes; set {variable}"
            );
            return Err(Error::new(ErrorKind::Config, advice).with("address", shown(url)));
        }
        if !service.options.contains(&&*name) {
            let known = service.options.join(", ");
            let message = format!("{} knows no option {name:?}; known are {known}", url.scheme());
            return Err(Error::new(ErrorKind::Config, message).with("address", shown(url)));
        }
        told.insert(name.into_owned(), value.into_owned());
    }
    for name in service.options.iter().chain(service.secrets) {
        if !told.contains_key(*name)
            && let Some(value) = from_environment(&variable(service, name), environment)?
        {
            told.insert((*name).to_owned(), value);
        }
    }
    Ok(told)
}

/// Signed addresses and such with a password are secrets too.
fn refuse_secret_endpoint(url: &Url, options: &BTreeMap<String, String>) -> Result<()> {
    let is_secret = |endpoint: &String| endpoint.contains(['@', '?', '#']);
    if options.get("endpoint").is_some_and(is_secret) {
        let message = "an endpoint is scheme, host and port alone; secrets come from the environment";
        return Err(Error::new(ErrorKind::Config, message).with("address", shown(url)));
    }
    Ok(())
}

/// What is stored is wanted as it is: a server that packs it on its way does not tell its length.
fn plain(context: &OperationContext) -> OperationContext {
    context.with_http_transport(HttpTransporter::new(Plain(HttpTransporter::default())))
}

#[derive(Debug)]
struct Plain(HttpTransporter);

impl HttpTransport for Plain {
    async fn fetch(&self, mut request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        request.headers_mut().entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
        self.0.fetch(request).await
    }
}

fn variable(service: &Service, option: &str) -> String {
    format!("OPENDAL_{}_{}", service.name.to_uppercase(), option.to_uppercase())
}

/// A variable's value, or what the file holds that it names.
fn from_environment(name: &str, environment: &impl Fn(&str) -> Option<String>) -> Result<Option<String>> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    if let Some(value) = set(name) {
        return Ok(Some(value));
    }
    let name = format!("{name}_FILE");
    let Some(file) = set(&name) else { return Ok(None) };
    let text = std::fs::read_to_string(&file).map_err(|error| {
        let message = format!("the file that {name} names cannot be read");
        Error::new(ErrorKind::Config, message).with("file", &file).caused_by(error)
    })?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Where the storage is.
fn place(
    service: &Service,
    url: &Url,
    environment: &impl Fn(&str) -> Option<String>,
    options: &mut BTreeMap<String, String>,
) -> Result<()> {
    let folder = percent_decoded(url.path())?;
    let names: Vec<_> = folder.split('/').filter(|name| !name.is_empty()).collect();
    options.insert("root".to_owned(), format!("/{}", names.join("/")));
    let host = &*percent_decoded(url.host_str().unwrap_or_default())?;
    if host.is_empty() {
        let message = "the address names no bucket, container or host";
        return Err(Error::new(ErrorKind::Config, message).with("address", shown(url)));
    }
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut set = |name: &str, value: String| drop(options.insert(name.to_owned(), value));
    match service.name {
        "s3" | "gcs" => set("bucket", host.to_owned()),
        "azblob" => set("container", host.to_owned()),
        "webdav" => {
            let scheme = if url.scheme() == "webdav" { "https" } else { "http" };
            set("endpoint", format!("{scheme}://{authority}"));
        }
        "sftp" => set("endpoint", format!("ssh://{authority}")),
        _ => {}
    }
    if !url.username().is_empty() {
        let name = match service.name {
            "sftp" => "user",
            "webdav" => "username",
            _ => {
                let message = "this kind of address takes no name of a user";
                return Err(Error::new(ErrorKind::Config, message).with("address", shown(url)));
            }
        };
        set(name, percent_decoded(url.username())?);
    }
    if service.name == "s3" {
        region(environment, options);
    }
    if service.name == "azblob" {
        account(environment, options);
    }
    Ok(())
}

/// Services that only speak Amazon's protocol have no regions and want one all the same.
fn region(environment: &impl Fn(&str) -> Option<String>, options: &mut BTreeMap<String, String>) {
    let is_set = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().any(|name| environment(name).is_some());
    if !is_set {
        options.entry("region".to_owned()).or_insert_with(|| "us-east-1".to_owned());
    }
}

/// Azure's address is made of the name of the account.
fn account(environment: &impl Fn(&str) -> Option<String>, options: &mut BTreeMap<String, String>) {
    let named = options.get("account_name").cloned().or_else(|| environment("AZURE_STORAGE_ACCOUNT_NAME"));
    // Azure's own variables are heard only all together.
    if options.contains_key("account_name")
        && !(options.contains_key("account_key") || options.contains_key("sas_token"))
    {
        for (option, variable) in
            [("account_key", "AZURE_STORAGE_ACCOUNT_KEY"), ("sas_token", "AZURE_STORAGE_SAS_TOKEN")]
        {
            options.extend(environment(variable).map(|value| (option.to_owned(), value)));
        }
    }
    if let Some(account) = named {
        options
            .entry("endpoint".to_owned())
            .or_insert_with(|| format!("https://{account}.blob.core.windows.net"));
    }
}

fn percent_decoded(text: &str) -> Result<String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|error| {
        Error::new(ErrorKind::Config, "the address holds bytes that are no text").caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_identity_and_two_have_two() {
        let same = [
            (
                "s3://b/w?endpoint=http://localhost:9000",
                "S3://b//w/?region=eu&endpoint=http://LOCALHOST:9000/",
            ),
            ("s3://b/w%20x?endpoint=https://h", "s3://%62/w x?endpoint=h:443"),
            ("s3://b/w?region=eu", "s3://b/w?endpoint=https://s3.eu.amazonaws.com"),
            ("s3://b/w", "s3://b/w?endpoint=https://s3.eu.amazonaws.com/"),
            ("s3://b/%2541", "s3://b//%2541/"),
            ("gs://b/w", "gcs://b/w/"),
            ("webdav://me@Host:443/x", "webdav://me@host/x"),
            ("az://c/w?account_name=one", "azblob://c/w?endpoint=https://one.blob.core.windows.net"),
        ];
        for (one, other) in same {
            assert_eq!(identity(one), identity(other), "{one}, {other}");
            assert_eq!(identity(&identity(one)), identity(one), "{one}");
        }
        let others = [
            ("s3://b/w", "s3://b/x"),
            ("s3://b/%2541", "s3://b/A"),
            ("s3://b/w", "s3://b/w?endpoint=https://notamazonaws.com"),
            ("s3://b/w?endpoint=https://h", "s3://b/w?endpoint=https://i"),
            ("sftp://jane@nas/photos", "sftp://bob@nas/photos"),
            ("webdav://jane@nas/photos", "webdav+http://jane@nas/photos"),
            ("webdav://jane@nas/photos", "webdav://bob@nas/photos"),
            ("az://c/w?account_name=one", "az://c/w?account_name=two"),
        ];
        for (one, other) in others {
            assert_ne!(identity(one), identity(other), "{one}, {other}");
        }
        let known = identity("s3://b/w?endpoint=https://h");
        assert_eq!(
            reached_like(&known, "s3://b/x?region=eu&endpoint=https://i").unwrap(),
            format!("{known}&region=eu")
        );
    }
}
