//! The names of the calls, as counters and fault scripts use them.

use http::Method;

/// A call, by its name in the tables below, such as `auth/init`, `setup/validate`, `cloudkit/records/query` or `content`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Endpoint(usize);

/// Calls with a path of their own: method (empty for any), path, name. The two ways to ask for a code and the
/// ways to enter one differ in the method alone, so the names are not the paths.
const FIXED: &[(&str, &str, &str)] = &[
    ("", "/appleauth/auth/authorize/signin", "auth/authorize"),
    ("", "/appleauth/auth/federate", "auth/federate"),
    ("", "/appleauth/auth/signin/init", "auth/init"),
    ("", "/appleauth/auth/signin/complete", "auth/complete"),
    ("POST", "/appleauth/auth/signin", "auth/legacy"),
    ("", "/appleauth/auth/repair/complete", "auth/repair"),
    ("GET", "/appleauth/auth", "auth/state"),
    ("PUT", "/appleauth/auth/verify/trusteddevice/securitycode", "auth/push/device"),
    ("PUT", "/appleauth/auth/verify/trusteddevice", "auth/push/device"),
    ("GET", "/appleauth/auth/verify/trusteddevice", "auth/push/device"),
    ("PUT", "/appleauth/auth/verify/phone", "auth/push/phone"),
    ("POST", "/appleauth/auth/verify/trusteddevice/securitycode", "auth/code/device"),
    ("POST", "/appleauth/auth/verify/phone/securitycode", "auth/code/phone"),
    ("POST", "/appleauth/auth/verify/security/key", "auth/code/key"),
    ("GET", "/appleauth/auth/2sv/trust", "auth/trust"),
    ("POST", "/setup/ws/1/validate", "setup/validate"),
    ("POST", "/setup/ws/1/accountLogin", "setup/accountLogin"),
    ("GET", "/setup/ws/1/listDevices", "setup/listDevices"),
    ("POST", "/setup/ws/1/sendVerificationCode", "setup/sendVerificationCode"),
    ("POST", "/setup/ws/1/validateVerificationCode", "setup/validateVerificationCode"),
    ("POST", "/setup/ws/1/requestWebAccessState", "setup/requestWebAccessState"),
    ("POST", "/setup/ws/1/enableDeviceConsentForPCS", "setup/enableDeviceConsentForPCS"),
    ("POST", "/setup/ws/1/requestPCS", "setup/requestPCS"),
    ("", "/setup/ws/1/getTerms", "setup/getTerms"),
    ("", "/setup/ws/1/repairDone", "setup/repairDone"),
    ("POST", "/setup/ws/1/logout", "setup/logout"),
];

/// CloudKit calls: what follows `/database/1/{container}/{environment}/{scope}`, and the name.
const CLOUDKIT: &[(&str, &str)] = &[
    ("/records/query", "cloudkit/records/query"),
    ("/internal/records/query/batch", "cloudkit/records/query/batch"),
    ("/records/lookup", "cloudkit/records/lookup"),
    ("/records/modify", "cloudkit/records/modify"),
    ("/records/changes", "cloudkit/records/changes"),
    ("/records/resolve", "cloudkit/records/resolve"),
    ("/zones/list", "cloudkit/zones/list"),
    ("/changes/database", "cloudkit/changes/database"),
    ("/changes/zone", "cloudkit/changes/zone"),
];

/// What has no row above.
const REST: &[&str] = &["content", "auth/other", "setup/other", "cloudkit/other", "other"];

/// How many names there are.
pub(crate) const COUNT: usize = FIXED.len() + CLOUDKIT.len() + REST.len();

impl Endpoint {
    /// Which call this is.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        if path.starts_with("/B/") {
            return Self::rest("content");
        }
        if let Some(after) = path.strip_prefix("/database/1/") {
            return Self::cloudkit(after);
        }
        let fits = |row: &(&str, &str, &str)| row.1 == path && (row.0.is_empty() || row.0 == method.as_str());
        if let Some(index) = FIXED.iter().position(fits) {
            return Self(index);
        }
        match path {
            path if path.starts_with("/appleauth/") => Self::rest("auth/other"),
            path if path.starts_with("/setup/") => Self::rest("setup/other"),
            _ => Self::rest("other"),
        }
    }

    /// Its place among [`COUNT`].
    pub(crate) fn index(self) -> usize {
        self.0
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        Self::name_at(self.0)
    }

    /// The name with that place.
    pub(crate) fn name_at(index: usize) -> &'static str {
        let (fixed, cloudkit) = (FIXED.len(), FIXED.len() + CLOUDKIT.len());
        match index {
            index if index < fixed => FIXED[index].2,
            index if index < cloudkit => CLOUDKIT[index - fixed].1,
            index => REST.get(index - cloudkit).copied().unwrap_or("other"),
        }
    }

    fn cloudkit(after: &str) -> Self {
        // {container}/{environment}/{scope}/{operation...}
        let operation = after.match_indices('/').nth(2).map_or("", |(at, _)| &after[at..]);
        match CLOUDKIT.iter().position(|(path, _)| *path == operation) {
            Some(index) => Self(FIXED.len() + index),
            None => Self::rest("cloudkit/other"),
        }
    }

    fn rest(name: &str) -> Self {
        let index = REST.iter().position(|rest| *rest == name).unwrap_or(REST.len() - 1);
        Self(FIXED.len() + CLOUDKIT.len() + index)
    }
}

/// Whether a script's `match` means this call: `*`, a name or the beginning of one up to a slash, or, if it
/// begins with a slash, the beginning of a path.
pub(crate) fn matches(pattern: &str, endpoint: Endpoint, path: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    if pattern.starts_with('/') {
        return path.starts_with(pattern);
    }
    endpoint.name().strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a `match` can ever mean anything.
pub(crate) fn known(pattern: &str) -> bool {
    pattern == "*"
        || pattern.starts_with('/')
        || (0..COUNT).any(|index| matches(pattern, Endpoint(index), ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &str, path: &str) -> &'static str {
        Endpoint::of(&Method::from_bytes(method.as_bytes()).unwrap(), path).name()
    }

    #[test]
    fn calls_have_the_names_of_the_table() {
        let device = "/appleauth/auth/verify/trusteddevice/securitycode";
        assert_eq!(name("PUT", device), "auth/push/device");
        assert_eq!(name("POST", device), "auth/code/device");
        assert_eq!(name("GET", "/appleauth/auth"), "auth/state");
        assert_eq!(name("POST", "/setup/ws/1/validate"), "setup/validate");
        let photos = "/database/1/com.apple.photos.cloud/production/private";
        assert_eq!(
            name("POST", &format!("{photos}/internal/records/query/batch")),
            "cloudkit/records/query/batch"
        );
        assert_eq!(name("POST", &format!("{photos}/what/ever")), "cloudkit/other");
        assert_eq!(name("GET", "/B/abc/x"), "content");
        assert_eq!(name("GET", "/favicon.ico"), "other");
    }

    #[test]
    fn a_pattern_ends_at_a_slash() {
        let query = Endpoint::of(&Method::POST, "/database/1/c/e/s/records/query");
        assert!(matches("cloudkit", query, ""));
        assert!(matches("cloudkit/records", query, ""));
        assert!(!matches("cloudkit/rec", query, ""));
        assert!(known("cloudkit/records") && known("auth") && !known("auth/inti"));
    }
}
