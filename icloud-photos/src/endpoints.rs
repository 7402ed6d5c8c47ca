//! Where Apple's services are.

use url::Url;

use crate::error::{Error, ErrorKind, Result};

/// The two worlds an Apple account can live in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Region {
    /// `icloud.com`
    #[default]
    World,
    /// `icloud.com.cn`, accounts of mainland China
    China,
}

/// The three hosts that are known before sign-in. All others come from the account's own web-services map.
///
/// Values for the regions: protocol notes 1.1 (recorded; for China as four clients have it, with the sign-in
/// host that pyicloud and icloud-photos-sync use).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    auth: Url,
    setup: Url,
    home: Url,
}

impl Endpoints {
    /// Apple's own hosts for a region.
    pub fn for_region(region: Region) -> Self {
        let (auth, setup, home) = match region {
            Region::World => {
                ("https://idmsa.apple.com", "https://setup.icloud.com", "https://www.icloud.com")
            }
            Region::China => {
                ("https://idmsa.apple.com", "https://setup.icloud.com.cn", "https://www.icloud.com.cn")
            }
        };
        #[allow(clippy::expect_used)] // constants, read by a test
        let parse = |url: &str| Url::parse(url).expect("constant URL");
        Self { auth: parse(auth), setup: parse(setup), home: parse(home) }
    }

    /// Replaces the sign-in host (`https://idmsa.apple.com`); paths below it stay.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless the URL is `https`, or `http` on a loopback address.
    pub fn with_auth(mut self, url: &str) -> Result<Self> {
        self.auth = parse_endpoint(url)?;
        Ok(self)
    }

    /// Replaces the setup host (`https://setup.icloud.com`); paths below it stay.
    ///
    /// # Errors
    /// As [`Endpoints::with_auth`].
    pub fn with_setup(mut self, url: &str) -> Result<Self> {
        self.setup = parse_endpoint(url)?;
        Ok(self)
    }

    /// Base of the sign-in service, `{auth}/appleauth/auth`.
    pub fn auth_base(&self) -> String {
        format!("{}/appleauth/auth", origin(&self.auth))
    }

    /// The sign-in host itself.
    pub fn auth_root(&self) -> String {
        origin(&self.auth)
    }

    /// Base of the setup service, `{setup}/setup/ws/1`.
    pub fn setup_base(&self) -> String {
        format!("{}/setup/ws/1", origin(&self.setup))
    }

    /// The web site whose client we speak for; sent as `Origin`, `Referer` and redirect URI.
    pub fn home(&self) -> String {
        origin(&self.home)
    }

    /// Whether a host from the web-services map or a download link may be talked to: Apple's own over `https`, or
    /// loopback when the endpoints themselves are loopback.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`], naming the host.
    pub fn check_host(&self, url: &Url) -> Result<()> {
        const SUFFIXES: [&str; 5] = [
            ".icloud.com",
            ".icloud.com.cn",
            ".icloud-content.com",
            ".icloud-content.com.cn",
            ".cdn-apple.com",
        ];
        let host = url.host_str().unwrap_or("");
        let apple = url.scheme() == "https" && SUFFIXES.iter().any(|suffix| host.ends_with(suffix));
        if apple || (is_loopback(url) && is_loopback(&self.setup)) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Protocol,
            "the server named a host that is not Apple's; nothing was sent to it",
        )
        .with("host", host))
    }
}

impl Default for Endpoints {
    fn default() -> Self {
        Self::for_region(Region::World)
    }
}

fn parse_endpoint(text: &str) -> Result<Url> {
    // It is not said which: what is no URL may hold a password all the same.
    let url = Url::parse(text)
        .map_err(|error| Error::new(ErrorKind::Config, "an endpoint is not a URL").caused_by(error))?;
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) {
        return Ok(url);
    }
    Err(Error::new(ErrorKind::Config, "an endpoint must be https://, or http:// on a loopback address")
        .with("endpoint", format!("{}://{}", url.scheme(), url.host_str().unwrap_or(""))))
}

fn origin(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_its_hosts() {
        assert_eq!(Endpoints::default().auth_base(), "https://idmsa.apple.com/appleauth/auth");
        let china = Endpoints::for_region(Region::China);
        assert_eq!(china.setup_base(), "https://setup.icloud.com.cn/setup/ws/1");
        assert_eq!(china.home(), "https://www.icloud.com.cn");
        // Not that of icloudpd: accounts of mainland China got 503 there.
        assert_eq!(china.auth_root(), "https://idmsa.apple.com");
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert!(Endpoints::default().with_auth("http://127.0.0.1:80").is_ok());
        assert!(Endpoints::default().with_auth("http://[::1]:80/").is_ok());
        assert!(Endpoints::default().with_setup("http://icloud.com").is_err());
        assert!(Endpoints::default().with_setup("rubbish").is_err());
    }

    #[test]
    fn hosts_must_be_apples() {
        let apple = Endpoints::default();
        let check = |endpoints: &Endpoints, url: &str| endpoints.check_host(&url.parse().unwrap()).is_ok();
        assert!(check(&apple, "https://p61-ckdatabasews.icloud.com:443"));
        assert!(check(&apple, "https://cvws.icloud-content.com/B/x"));
        assert!(!check(&apple, "http://p61-ckdatabasews.icloud.com"));
        assert!(!check(&apple, "https://evil-icloud.com"));
        assert!(!check(&apple, "http://127.0.0.1:1"));
        let fake = Endpoints::default().with_setup("http://127.0.0.1:1").unwrap();
        assert!(check(&fake, "http://127.0.0.1:2"));
    }
}
