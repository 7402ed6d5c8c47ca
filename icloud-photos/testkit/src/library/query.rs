//! `records/query`, its batch form, and `records/lookup`.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::index::Index;
use super::json::Keys;
use super::random::uuid;
use super::record::Writer;
use super::reply::Fault;
use super::spec::{PageOrder, Switches};
use super::zone::{Place, Purpose, Zone};
use super::{Call, token};

/// No answer holds more records, whatever is asked.
pub(super) const MAX_RECORDS: u64 = 200;

/// One query on one zone.
pub(super) struct Query<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) switches: &'a Switches,
    pub(super) zone: &'a Zone,
    pub(super) body: &'a Value,
}

impl Query<'_> {
    /// Answers `records/query`.
    pub(super) fn answer(&self) -> Result<String, Fault> {
        let record_type = self.body["query"]["recordType"].as_str();
        match record_type.ok_or_else(|| Fault::bad_request("missing recordType"))? {
            "CheckIndexingState" => Ok(self.indexing_state()),
            "HyperionIndexCountLookup" => self.counts(),
            "CPLAlbumByPositionLive" => self.albums(),
            record_type => self.list(record_type),
        }
    }

    fn indexing_state(&self) -> String {
        let state = &self.switches.indexing_state;
        let progress = if state == "FINISHED" { 100 } else { 42 };
        let fields = format!(
            "{{\"progress\":{{\"value\":{progress},\"type\":\"INT64\"}},\
             \"state\":{{\"value\":\"{state}\",\"type\":\"STRING\"}}}}"
        );
        let name = format!("_{}", uuid(self.call.number));
        self.page(&self.synthetic(&name, "CheckIndexingState", &fields), None)
    }

    fn counts(&self) -> Result<String, Fault> {
        let ids = self.filter("indexCountID").and_then(Value::as_array);
        let ids = ids.ok_or_else(|| Fault::bad_request("missing indexCountID"))?;
        let mut records = Vec::new();
        for id in ids.iter().filter_map(Value::as_str) {
            let index = Index::of_count(id, self.zone);
            let index = index.ok_or_else(|| Fault::bad_request(format!("Unknown index: {id}")))?;
            self.check(&index)?;
            let count = self.zone.index(&index).len();
            let fields = format!("{{\"itemCount\":{{\"value\":{count},\"type\":\"INT64\"}}}}");
            records.push(self.synthetic(id, "IndexCountResult", &fields));
        }
        Ok(self.page(&records.join(","), None))
    }

    /// A record the server makes up for the answer.
    fn synthetic(&self, name: &str, kind: &str, fields: &str) -> String {
        let mut out = format!(
            "{{\"recordName\":\"{name}\",\"recordType\":\"{kind}\",\"fields\":{fields},\"pluginFields\":{{}},\
             \"recordChangeTag\":\"0\""
        );
        for member in ["created", "modified"] {
            let now = self.call.now_ms;
            let _ = write!(
                out,
                ",\"{member}\":{{\"timestamp\":{now},\"userRecordName\":\"_10\",\"deviceID\":\"1\"}}"
            );
        }
        out.push_str(",\"deleted\":false,\"zoneID\":");
        self.zone.push_id(&mut out);
        out.push('}');
        out
    }

    fn albums(&self) -> Result<String, Fault> {
        if self.zone.purpose != Purpose::Personal {
            return Err(Fault::bad_request("Index has invalid data"));
        }
        let parent = self.filter("parentId").and_then(Value::as_str);
        let albums = &self.zone.albums;
        let mut found: Vec<u32> = (0..albums.len() as u32)
            .filter(|i| {
                let album = &albums[*i as usize];
                album.trashed.is_none() && album.parent.as_deref() == parent
            })
            .collect();
        found.sort_by_key(|i| albums[*i as usize].position);
        let start = self.start_rank();
        let limit = self.limit();
        let marker = (start + limit < found.len() as u64).then(|| marker(start + limit, ""));
        let mut records = String::new();
        self.write(|writer| {
            for album in found.iter().skip(start as usize).take(limit as usize) {
                writer.push(&mut records, Place::Album(*album));
            }
        });
        Ok(self.page(&records, marker))
    }

    fn list(&self, record_type: &str) -> Result<String, Fault> {
        let parent = self.filter("parentId").and_then(Value::as_str);
        let album = parent.and_then(|id| self.zone.album_place(id));
        let smart = self.filter("smartAlbum").and_then(Value::as_str);
        let index = Index::of_list(record_type, smart, album);
        let index = index.ok_or_else(|| Fault::bad_request(format!("Unknown index: {record_type}")))?;
        self.check(&index)?;
        let list = self.zone.index(&index);
        let list = self.without_missing(&list);
        let list: &[u32] = &list;
        let photos = (self.limit() / if index.album().is_some() { 3 } else { 2 }).max(1);
        let slice = Slice::of(list.len() as u64, self.start_rank(), photos, self.descending());
        let mut records = String::with_capacity(4096 * (slice.end - slice.begin) as usize);
        self.write(|writer| self.push_photos(writer, &mut records, list, &slice, index.album()));
        let last = list.get(slice.begin as usize).map(|place| self.zone.asset_id(*place)).unwrap_or_default();
        Ok(self.page(&records, slice.next.map(|rank| marker(rank, &last))))
    }

    /// Writes the records of the photos of one page in the order that is switched on.
    fn push_photos(
        &self,
        writer: &Writer<'_>,
        out: &mut String,
        list: &[u32],
        page: &Slice,
        album: Option<u32>,
    ) {
        let places: Vec<u32> = page.ranks().map(|rank| list[rank as usize]).collect();
        let mut assets = places.clone();
        if self.switches.split_pairs && !self.descending() {
            if page.next.is_some() {
                assets.pop();
            }
            if page.begin > 0 && page.begin < page.end {
                assets.insert(0, list[page.begin as usize - 1]);
            }
        }
        let master = |place: u32| Place::Master(self.zone.assets[place as usize].master);
        if let Some(album) = album {
            for place in &places {
                writer.push(out, Place::Member(album, *place));
            }
        }
        match self.switches.page_order {
            PageOrder::MastersFirst => {
                for place in &places {
                    writer.push(out, master(*place));
                }
                for place in &assets {
                    writer.push(out, Place::Asset(*place));
                }
            }
            PageOrder::Interleaved => {
                for i in 0..places.len().max(assets.len()) {
                    if let Some(place) = assets.get(i) {
                        writer.push(out, Place::Asset(*place));
                    }
                    if let Some(place) = places.get(i) {
                        writer.push(out, master(*place));
                    }
                }
            }
        }
    }

    /// A list without those assets that never appear in lists: some from all over the library.
    fn without_missing<'l>(&self, list: &'l [u32]) -> std::borrow::Cow<'l, [u32]> {
        let library = self.zone.index(&Index::Library);
        let missing = self.switches.missing_from_lists.min(library.len() as u64) as usize;
        if missing == 0 {
            return list.into();
        }
        let missing: std::collections::HashSet<u32> =
            (0..missing).map(|i| library[(2 * i + 1) * library.len() / (2 * missing)]).collect();
        list.iter().copied().filter(|place| !missing.contains(place)).collect::<Vec<_>>().into()
    }

    /// Answers `records/lookup`.
    pub(super) fn lookup(&self) -> Result<String, Fault> {
        let names = self.body["records"].as_array().ok_or_else(|| Fault::bad_request("missing records"))?;
        if names.len() as u64 > MAX_RECORDS {
            return Err(Fault::bad_request("limit of 200 records exceeded"));
        }
        let mut records = String::new();
        self.write(|writer| {
            for name in names {
                let name = name["recordName"].as_str().unwrap_or_default();
                let found = self.zone.find(name);
                if !found.is_some_and(|place| writer.push(&mut records, place)) {
                    push_error(&mut records, name, &Fault::not_found());
                }
            }
        });
        Ok(format!("{{\"records\":[{records}]{}}}", self.sync_token()))
    }

    fn write(&self, write: impl FnOnce(&Writer<'_>)) {
        let keys = Keys::from_request(&self.body["desiredKeys"]);
        let links = self.call.links(self.zone, self.switches);
        write(&Writer { zone: self.zone, keys: &keys, links: &links, with_zone: true });
    }

    fn page(&self, records: &str, marker: Option<String>) -> String {
        let marker = marker.map(|marker| format!(",\"continuationMarker\":\"{marker}\"")).unwrap_or_default();
        format!("{{\"records\":[{records}]{marker}{}}}", self.sync_token())
    }

    fn sync_token(&self) -> String {
        if !self.call.with_token {
            return String::new();
        }
        format!(",\"syncToken\":\"{}\"", token::of_head(self.zone))
    }

    /// Refuses what a zone has no index for.
    fn check(&self, index: &Index) -> Result<(), Fault> {
        match self.zone.purpose {
            Purpose::Personal => Ok(()),
            Purpose::Shared if index.is_for_shared() => Ok(()),
            _ => Err(Fault::bad_request("Index has invalid data")),
        }
    }

    /// The value of a filter; `filterBy` may be one filter or a list.
    fn filter(&self, name: &str) -> Option<&Value> {
        let filters = &self.body["query"]["filterBy"];
        let list = filters.as_array().map_or(std::slice::from_ref(filters), Vec::as_slice);
        let found = list.iter().find(|filter| filter["fieldName"] == name)?;
        Some(&found["fieldValue"]["value"])
    }

    fn start_rank(&self) -> u64 {
        let marker = self.body["continuationMarker"].as_str().and_then(read_marker);
        marker.or_else(|| self.filter("startRank").and_then(Value::as_u64)).unwrap_or(0)
    }

    fn descending(&self) -> bool {
        self.filter("direction").is_some_and(|direction| direction == "DESCENDING")
    }

    fn limit(&self) -> u64 {
        self.body["resultsLimit"].as_u64().unwrap_or(MAX_RECORDS).clamp(1, MAX_RECORDS)
    }
}

/// Appends an error in the place of a record.
pub(super) fn push_error(out: &mut String, name: &str, fault: &Fault) {
    if !out.is_empty() {
        out.push(',');
    }
    let _ = write!(out, "{{\"recordName\":{},{}}}", Value::from(name), fault.members());
}

/// Which ranks a page holds.
struct Slice {
    begin: u64,
    end: u64,
    descending: bool,
    /// Where the next page starts.
    next: Option<u64>,
}

impl Slice {
    fn of(len: u64, start: u64, photos: u64, descending: bool) -> Self {
        if descending {
            let begin = start.saturating_add(1).saturating_sub(photos).min(len);
            let end = start.saturating_add(1).min(len);
            Self { begin, end, descending, next: (begin > 0 && begin < end).then(|| begin - 1) }
        } else {
            let begin = start.min(len);
            let end = start.saturating_add(photos).min(len);
            Self { begin, end, descending, next: (end < len).then_some(end) }
        }
    }

    fn ranks(&self) -> Box<dyn Iterator<Item = u64>> {
        if self.descending { Box::new((self.begin..self.end).rev()) } else { Box::new(self.begin..self.end) }
    }
}

/// `continuationMarker`: a protocol buffer with a rank and a record name, as recorded.
fn marker(rank: u64, name: &str) -> String {
    let mut raw = vec![0x12, 6, 0x19];
    raw.extend_from_slice(&rank.to_be_bytes()[3..]);
    raw.extend_from_slice(&[0x1a, name.len() as u8 + 4, 0x0a, name.len() as u8]);
    raw.extend_from_slice(name.as_bytes());
    raw.extend_from_slice(&[0x10, 1]);
    STANDARD.encode(raw)
}

fn read_marker(marker: &str) -> Option<u64> {
    let raw = STANDARD.decode(marker).ok()?;
    let rank = raw.strip_prefix(&[0x12, 6, 0x19])?.get(..5)?;
    Some(rank.iter().fold(0, |rank, byte| rank << 8 | u64::from(*byte)))
}
