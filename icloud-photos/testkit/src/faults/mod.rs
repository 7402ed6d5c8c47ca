//! Faults by script: which request is to go wrong, and how.
//!
//! ```json
//! {
//!   "seed": 7,
//!   "rules": [
//!     {"match": "content", "after": 3, "times": 2, "action": {"kind": "status", "code": 503, "retry_after": 1}},
//!     {"match": "cloudkit/records/query", "rate": 0.1, "action": {"kind": "html"}},
//!     {"match": "auth", "times": 1, "action": {"kind": "reset"}}
//!   ]
//! }
//! ```
//!
//! A rule counts the requests it matches. The first rule that wants to fire does; the same script over the same
//! requests does the same thing again.

mod apply;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::endpoint::{self, Endpoint};
use crate::http::Request;

pub(crate) use apply::suffer;

/// The rules, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultScript {
    /// What rates and random places are drawn from.
    pub seed: u64,
    /// The rules; the first that fires acts.
    pub rules: Vec<FaultRule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The call's name or the beginning of one up to a slash (`cloudkit`), the beginning of a path
    /// (`/setup/ws/1/v`), or `*`.
    #[serde(rename = "match")]
    pub on: String,
    /// Only requests whose path, query or body have this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Lets so many of them pass first.
    #[serde(default)]
    pub after: u64,
    /// Fires so many times; without an end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Fires on this share of them, from 0 to 1; on all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// What happens.
    pub action: FaultAction,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FaultAction {
    /// Another status with the body its service would send, or with the given one. The request is not carried out.
    Status {
        /// The HTTP status.
        code: u16,
        /// `Retry-After`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
        /// The body, in place of the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// A page of HTML with status 200. The request is not carried out.
    Html,
    /// An error text of 17 bytes with status 200, as the content host sends. The request is not carried out.
    Tiny,
    /// The connection closes without an answer. The request is not carried out.
    Reset,
    /// The answer waits.
    Stall {
        /// Body bytes that come first; when absent even the headers wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        /// Milliseconds; for ever when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ms: Option<u64>,
    },
    /// The connection breaks in the body.
    Cut {
        /// Body bytes that come first.
        after: u64,
    },
    /// The body ends early but in good order, under the right `Content-Length`. Over TCP this closes the
    /// connection.
    Truncate {
        /// Body bytes that come.
        after: u64,
    },
    /// The body is longer (or, negative, shorter), and `Content-Length` agrees with it.
    Resize {
        /// By so many bytes.
        by: i64,
    },
    /// One bit of the body is wrong.
    Flip {
        /// Which byte; a random one when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<u64>,
    },
    /// A listing lacks the end of its records and does not say so.
    ShortList {
        /// Records that stay.
        keep: usize,
    },
}

/// `Retry-After`, in both of its forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RetryAfter {
    /// Seconds.
    Seconds(u64),
    /// An HTTP date, or anything else.
    Text(String),
}

impl FaultRule {
    /// A rule that always fires.
    pub fn new(on: impl Into<String>, action: FaultAction) -> Self {
        Self { on: on.into(), contains: None, after: 0, times: None, rate: None, action }
    }

    /// Lets so many pass first.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.after = requests;
        self
    }

    /// Fires so many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Fires on this share.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Only requests that have this text.
    #[must_use]
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.contains = Some(text.into());
        self
    }

    fn matches(&self, endpoint: Endpoint, request: &Request) -> bool {
        endpoint::matches(&self.on, endpoint, request.uri().path())
            && self.contains.as_ref().is_none_or(|text| has(request, text))
    }
}

impl FaultAction {
    /// A plain status.
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None, body: None }
    }

    /// A status that says when to come back.
    pub fn status_retry_after(code: u16, seconds: u64) -> Self {
        Self::Status { code, retry_after: Some(RetryAfter::Seconds(seconds)), body: None }
    }
}

impl FaultScript {
    /// A script of these rules.
    pub fn new(rules: impl IntoIterator<Item = FaultRule>) -> Self {
        Self { seed: 0, rules: rules.into_iter().collect() }
    }

    /// Reads a script from JSON: the whole thing, or only the array of its rules.
    ///
    /// # Errors
    /// What is wrong with the JSON, or with the script as [`FaultScript::check`] says.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let whole = if value.is_array() { json!({"rules": value}) } else { value };
        let script: Self = serde_json::from_value(whole).map_err(|error| error.to_string())?;
        script.check().map(|()| script)
    }

    /// What is wrong with the script, if anything: a rule that could never fire is an error.
    pub fn check(&self) -> Result<(), String> {
        for rule in &self.rules {
            if !endpoint::known(&rule.on) {
                return Err(format!("no call is named {:?}", rule.on));
            }
            if rule.rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
                return Err("a rate lies between 0 and 1".to_owned());
            }
            if let FaultAction::Status { code, .. } = rule.action
                && StatusCode::from_u16(code).map_or(true, |code| code.is_informational())
            {
                return Err(format!("{code} is no final HTTP status"));
            }
        }
        Ok(())
    }
}

/// A script under way.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: AtomicBool,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    script: FaultScript,
    /// For each rule: requests matched, times fired.
    counts: Vec<(u64, u64)>,
}

/// A rule that fired, and a number drawn for it.
#[derive(Debug)]
pub(crate) struct Fault {
    action: FaultAction,
    roll: u64,
}

impl Faults {
    /// Takes a new script; its counts begin at zero.
    pub(crate) fn set(&self, script: FaultScript) -> Result<(), String> {
        script.check()?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        self.active.store(!script.rules.is_empty(), Relaxed);
        *running = Running { counts: vec![(0, 0); script.rules.len()], script };
        Ok(())
    }

    /// What is to happen to this request.
    pub(crate) fn strike(&self, endpoint: Endpoint, request: &Request) -> Option<Fault> {
        if !self.active.load(Relaxed) {
            return None;
        }
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Running { script, counts } = &mut *running;
        let mut fault = None;
        for (index, (rule, (seen, fired))) in script.rules.iter().zip(counts).enumerate() {
            if !rule.matches(endpoint, request) {
                continue;
            }
            *seen += 1;
            let roll = mix(mix(script.seed, index as u64), *seen);
            let spent = rule.times.is_some_and(|times| *fired >= times);
            let lucky = rule.rate.is_some_and(|rate| fraction(roll) >= rate);
            if fault.is_none() && *seen > rule.after && !spent && !lucky {
                *fired += 1;
                fault = Some(Fault { action: rule.action.clone(), roll: mix(roll, 1) });
            }
        }
        fault
    }
}

fn has(request: &Request, text: &str) -> bool {
    let within = |bytes: &[u8]| bytes.windows(text.len().max(1)).any(|part| part == text.as_bytes());
    let uri = request.uri().path_and_query().map_or("", |it| it.as_str());
    uri.contains(text) || within(request.body())
}

/// A number that looks random and follows from the two (splitmix64).
fn mix(seed: u64, step: u64) -> u64 {
    let mut z = seed.wrapping_add(step.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn fraction(roll: u64) -> f64 {
    (roll >> 11) as f64 / (1_u64 << 53) as f64
}
