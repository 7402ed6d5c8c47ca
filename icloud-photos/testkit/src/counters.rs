//! What was asked, and how much at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use serde::{Deserialize, Serialize};

use crate::endpoint::{COUNT, Endpoint};
use crate::http::{Body, Response};

/// A reading of the counters. Requests to `/fake/...` are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All requests.
    pub requests: u64,
    /// Bytes of all answers' bodies.
    pub bytes: u64,
    /// The most requests there were at one moment.
    pub peak_concurrent: u64,
    /// By the name of the call, such as `auth/init` or `content`; calls nobody made are absent.
    pub endpoints: BTreeMap<String, EndpointCounts>,
}

/// The counters of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointCounts {
    /// Requests.
    pub requests: u64,
    /// Bytes of the answers' bodies.
    pub bytes: u64,
    /// Answers by HTTP status. A request that got none is in none.
    pub statuses: BTreeMap<u16, u64>,
}

impl Counts {
    /// Requests to one call, or to all whose names begin with `name` and a slash.
    pub fn requests_to(&self, name: &str) -> u64 {
        let of =
            |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.endpoints.iter().filter(|(key, _)| of(key)).map(|(_, counts)| counts.requests).sum()
    }
}

#[derive(Debug)]
pub(crate) struct Counters {
    cells: [Cell; COUNT],
    in_flight: AtomicU64,
    peak: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        let cells = std::array::from_fn(|_| Cell::default());
        Self { cells, in_flight: AtomicU64::new(0), peak: AtomicU64::new(0) }
    }
}

#[derive(Debug, Default)]
struct Cell {
    requests: AtomicU64,
    bytes: AtomicU64,
    statuses: Mutex<BTreeMap<u16, u64>>,
}

/// A request under way, until its last byte is out.
#[derive(Debug)]
pub(crate) struct InFlight {
    counters: Arc<Counters>,
    endpoint: Endpoint,
}

impl Counters {
    pub(crate) fn enter(self: &Arc<Self>, endpoint: Endpoint) -> InFlight {
        self.cells[endpoint.index()].requests.fetch_add(1, Relaxed);
        let now = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.peak.fetch_max(now, Relaxed);
        InFlight { counters: Arc::clone(self), endpoint }
    }

    pub(crate) fn read(&self) -> Counts {
        let mut counts = Counts { peak_concurrent: self.peak.load(Relaxed), ..Counts::default() };
        for (index, cell) in self.cells.iter().enumerate() {
            let (requests, bytes) = (cell.requests.load(Relaxed), cell.bytes.load(Relaxed));
            if requests == 0 {
                continue;
            }
            counts.requests += requests;
            counts.bytes += bytes;
            let statuses = cell.statuses.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let name = Endpoint::name_at(index).to_owned();
            let entry = counts.endpoints.entry(name).or_default();
            // Several rows of the table may share a name.
            entry.requests += requests;
            entry.bytes += bytes;
            for (status, count) in statuses {
                *entry.statuses.entry(status).or_default() += count;
            }
        }
        counts
    }

    pub(crate) fn reset(&self) {
        for cell in &self.cells {
            cell.requests.store(0, Relaxed);
            cell.bytes.store(0, Relaxed);
            cell.statuses.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        self.peak.store(self.in_flight.load(Relaxed), Relaxed);
    }
}

impl InFlight {
    /// Counts the answer; a streaming one while it is sent.
    pub(crate) fn answered(self, response: Response) -> Response {
        let status = response.status().as_u16();
        if response.extensions().get::<crate::http::ConnectionReset>().is_none() {
            let mut statuses = self.cell().statuses.lock().unwrap_or_else(PoisonError::into_inner);
            *statuses.entry(status).or_default() += 1;
        }
        response.map(|body| match body {
            Body::Full(bytes) => {
                self.cell().bytes.fetch_add(bytes.len() as u64, Relaxed);
                Body::Full(bytes)
            }
            Body::Stream(stream) => Body::Stream(
                stream
                    .inspect(move |chunk| {
                        let length = chunk.as_ref().map_or(0, bytes::Bytes::len);
                        self.cell().bytes.fetch_add(length as u64, Relaxed);
                    })
                    .boxed(),
            ),
        })
    }

    fn cell(&self) -> &Cell {
        &self.counters.cells[self.endpoint.index()]
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.counters.in_flight.fetch_sub(1, Relaxed);
    }
}
