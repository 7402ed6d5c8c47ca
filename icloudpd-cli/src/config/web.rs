//! What is served over HTTP, and where.

use std::path::PathBuf;

use crate::args::{Global, MfaProvider, PasswordProvider, UsageError};

/// icloudpd's port, but not its address: there the page is open to the whole network.
const PAGE_ADDRESS: &str = "127.0.0.1:8080";

/// The page and the metrics; each may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Web {
    pub(crate) page: Option<Page>,
    /// `HOST:PORT`
    pub(crate) metrics: Option<String>,
    /// Names under which it may be reached, lower case.
    pub(crate) hosts: Vec<String>,
}

/// The page that asks for passwords and codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// `HOST:PORT`
    pub(crate) address: String,
    pub(crate) token_file: Option<PathBuf>,
}

impl Web {
    /// As icloudpd does, the page is served when a provider is `webui`; with an address of its own in any case.
    ///
    /// # Errors
    /// If an address is none. Whether it can be had shows later.
    pub(super) fn of(global: &Global) -> Result<Self, UsageError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let (page, metrics) = (given(&global.webui_address), given(&global.metrics_address));
        for (option, address) in [("--webui-address", &page), ("--metrics-address", &metrics)] {
            address.as_deref().map_or(Ok(()), |address| check(option, address))?;
        }
        let asks = global.mfa_provider == MfaProvider::Webui
            || global.password_provider.contains(&PasswordProvider::Webui);
        let address = page.or_else(|| asks.then(|| PAGE_ADDRESS.to_owned()));
        let page = address.map(|address| Page { address, token_file: global.webui_token_file.clone() });
        let hosts = global.webui_host.iter().map(|name| name.trim().to_lowercase()).collect();
        Ok(Self { page, metrics, hosts })
    }
}

fn check(option: &str, address: &str) -> Result<(), UsageError> {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or_default();
    let why = match address.rsplit_once(':') {
        // Browsers want it so, but it is no web address that is listened at.
        _ if bare != address && bare.contains(':') => format!("write {bare}"),
        Some((host, port)) if port.parse::<u16>().is_ok() => {
            if !host.is_empty() {
                return Ok(());
            }
            // Many programs mean every address by `:8080`, and some this machine alone.
            format!(
                "name the host too: 127.0.0.1{address} is for this machine alone, 0.0.0.0{address} for all"
            )
        }
        _ => "it must be HOST:PORT, for example 127.0.0.1:8080".to_owned(),
    };
    Err(UsageError::Argument(format!("{option} {address} cannot be used: {why}")))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::args::{Request, Surroundings};

    fn web(line: &str) -> Web {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        match crate::args::parse(&args, &Surroundings::default()).unwrap() {
            Request::Line(line) => Web::of(&line.global).unwrap(),
            Request::Page(_) => panic!(),
        }
    }

    #[test]
    fn what_is_no_address_is_refused_before_anything_begins() {
        for option in ["--webui-address", "--metrics-address"] {
            let table = [
                ("http://127.0.0.1:80", "write 127.0.0.1:80"),
                ("127.0.0.1:80/", "write 127.0.0.1:80"),
                ("https://[::1]:80/page", "write [::1]:80"),
                ("http://localhost", "it must be HOST:PORT, for example 127.0.0.1:8080"),
                ("/tmp/socket", "it must be HOST:PORT, for example 127.0.0.1:8080"),
                (":80", "name the host too"),
            ];
            for (address, why) in table {
                let UsageError::Argument(text) = check(option, address).unwrap_err() else { panic!() };
                assert!(text.starts_with(&format!("{option} {address} cannot be used: {why}")), "{text}");
            }
            for address in ["127.0.0.1:0", "[::1]:0", "::1:80", "nas.lan:65535"] {
                assert!(check(option, address).is_ok(), "{address}");
            }
        }
    }

    #[test]
    fn the_page_is_served_on_loopback_and_only_if_somebody_wants_it() {
        assert_eq!(web("-u a"), Web::default());
        for line in ["-u a --mfa-provider weBui", "-u a --password-provider webui"] {
            assert_eq!(web(line).page.unwrap().address, "127.0.0.1:8080", "{line}");
        }
        let own = web(
            "-u a --webui-address 0.0.0.0:80 --webui-host NAS.lan --metrics-address 0.0.0.0:9 --webui-token-file t",
        );
        assert_eq!(own.page, Some(Page { address: "0.0.0.0:80".into(), token_file: Some("t".into()) }));
        assert_eq!((own.hosts, own.metrics), (vec!["nas.lan".to_owned()], Some("0.0.0.0:9".to_owned())));
        assert_eq!(web("-u a --metrics-address localhost:1").page, None);
    }
}
