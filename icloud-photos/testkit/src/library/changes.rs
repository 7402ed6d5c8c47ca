//! `zones/list`, `changes/database` and `changes/zone` (protocol page, 7).

use serde_json::Value;

use super::json::Keys;
use super::query::MAX_RECORDS;
use super::random::{hash, hash_bytes};
use super::record::{Writer, tag};
use super::reply::Fault;
use super::token::{self, Position};
use super::zone::{Database, Entry, Purpose, Zone};
use super::{Call, State};

impl State {
    /// Answers `zones/list` and `changes/database`, which give the same. With a token, only zones that
    /// changed since.
    pub(super) fn zones(&self, call: &Call<'_>, database: Database, body: &Value) -> Result<String, Fault> {
        let since = match body["syncToken"].as_str() {
            Some(token) if !token.is_empty() => Some(token::read_database(self.key, token)?),
            _ => None,
        };
        let mut zones = Vec::new();
        for zone in self.zones.iter().filter(|zone| zone.database == database) {
            if since.is_none_or(|since| zone.touched > since) {
                let mut entry = String::from("{\"zoneID\":");
                zone.push_id(&mut entry);
                let token = token::of_head(zone);
                let deleted = zone.purpose == Purpose::Removed;
                entry
                    .push_str(&format!(",\"syncToken\":\"{token}\",\"atomic\":true,\"deleted\":{deleted}}}"));
                zones.push(entry);
            }
        }
        let token = token::of_database(self.key, self.clock, call.number);
        Ok(format!("{{\"moreComing\":false,\"syncToken\":\"{token}\",\"zones\":[{}]}}", zones.join(",")))
    }

    /// Answers `changes/zone`.
    pub(super) fn changes(&self, call: &Call<'_>, database: Database, body: &Value) -> Result<String, Fault> {
        let wanted = body["zones"].as_array().ok_or_else(|| Fault::bad_request("missing zones"))?;
        let answers: Vec<String> =
            wanted.iter().map(|request| self.zone_changes(call, database, request)).collect();
        Ok(format!("{{\"zones\":[{}]}}", answers.join(",")))
    }

    /// The part of the answer about one zone; its errors come inside.
    fn zone_changes(&self, call: &Call<'_>, database: Database, request: &Value) -> String {
        let answer = self.zone(database, &request["zoneID"]).and_then(|zone| self.page(call, zone, request));
        answer.unwrap_or_else(|fault| format!("{{\"zoneID\":{},{}}}", request["zoneID"], fault.members()))
    }

    fn page(&self, call: &Call<'_>, zone: &Zone, request: &Value) -> Result<String, Fault> {
        let start = match request["syncToken"].as_str() {
            None => Position { at: 0, after_empty_page: false },
            Some("") => Position { at: zone.head(), after_empty_page: false },
            Some(token) => token::read_zone(zone, token)?,
        };
        let limit = request["resultsLimit"].as_u64().unwrap_or(MAX_RECORDS).clamp(1, MAX_RECORDS) as u32;
        let mut records = String::new();
        let next = if self.is_empty_page(zone, start) {
            Position { after_empty_page: true, ..start }
        } else {
            let keys = Keys::from_request(&request["desiredKeys"]);
            let links = call.links(zone, &self.switches);
            let writer = Writer { zone, keys: &keys, links: &links, with_zone: true };
            let end = zone.head().min(start.at.saturating_add(limit));
            for (at, entry) in zone.entries(start.at).take((end - start.at) as usize) {
                push_entry(&writer, &mut records, at, entry);
            }
            Position { at: end, after_empty_page: false }
        };
        let mut out = String::from("{\"zoneID\":");
        zone.push_id(&mut out);
        let more = next.at < zone.head();
        let token = token::of_zone(zone, next);
        out.push_str(&format!(",\"syncToken\":\"{token}\",\"moreComing\":{more},\"records\":[{records}]}}"));
        Ok(out)
    }

    /// Every fourth place a page may begin at has an empty page before it, where more is to come.
    fn is_empty_page(&self, zone: &Zone, start: Position) -> bool {
        let due = self.switches.empty_change_pages && !start.after_empty_page && start.at < zone.head();
        due && start.at > 0
            && hash(&[hash_bytes(zone.name.as_bytes()), u64::from(start.at)]).is_multiple_of(4)
    }

    /// The zone a request names.
    pub(super) fn zone(&self, database: Database, id: &Value) -> Result<&Zone, Fault> {
        let name = id["zoneName"].as_str().unwrap_or_default();
        let owner = id["ownerRecordName"].as_str();
        let found = self.zones.iter().filter(|zone| zone.purpose != Purpose::Removed).find(|zone| {
            zone.name == name && zone.database == database && owner.is_none_or(|owner| owner == zone.owner)
        });
        found.ok_or_else(Fault::zone_not_found)
    }
}

fn push_entry(writer: &Writer<'_>, out: &mut String, at: u32, entry: &Entry) {
    match entry {
        Entry::Changed(place) if writer.zone.is_last(at, *place) => {
            writer.push(out, *place);
        }
        Entry::Changed(_) => {}
        Entry::Gone(name) => {
            if !out.is_empty() {
                out.push(',');
            }
            out.push_str(&format!(
                "{{\"recordName\":\"{name}\",\"recordType\":null,\"deleted\":true,\"recordChangeTag\":\"{}\"}}",
                tag(at)
            ));
        }
    }
}
