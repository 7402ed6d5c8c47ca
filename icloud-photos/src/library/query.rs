//! The bodies of requests to the photo database (protocol notes 5.2 to 5.10 and 7).

use serde_json::{Value, json};

use super::SyncToken;
use super::wire::ZoneId;

/// The server never returns more records than this, whatever is asked (protocol notes 5.6).
pub(crate) const MAX_RECORDS: usize = 200;

/// One of the server's sorted lists of assets, and how to ask for it.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    /// `recordType` of the list query.
    pub(crate) list: &'static str,
    /// `indexCountID` of the count query.
    pub(crate) count: String,
    /// The filter beside rank and direction.
    pub(crate) filter: Option<(&'static str, String)>,
    /// Records the server sends per asset: asset and master, in albums the relation too.
    pub(crate) records_per_asset: usize,
}

pub(crate) fn zones(token: Option<&str>) -> Value {
    token.map_or_else(|| json!({}), |token| json!({ "syncToken": token }))
}

pub(crate) fn indexing_state(zone: &ZoneId) -> Value {
    json!({ "query": { "recordType": "CheckIndexingState" }, "zoneID": zone })
}

/// Asks the sizes of several indexes at once; `filterBy` is an object here, as recorded.
pub(crate) fn counts<'a>(indexes: impl Iterator<Item = &'a str>, zone: &ZoneId) -> Value {
    let queries = indexes.map(|index| {
        json!({
            "resultsLimit": 1,
            "query": {
                "recordType": "HyperionIndexCountLookup",
                "filterBy": {
                    "fieldName": "indexCountID",
                    "comparator": "IN",
                    "fieldValue": { "type": "STRING_LIST", "value": [index] },
                },
            },
            "zoneWide": true,
            "zoneID": zone,
        })
    });
    json!({ "batch": queries.collect::<Vec<_>>() })
}

/// Asks for a page of an index. `ASCENDING` counts from the newest.
pub(crate) fn list(index: &Index, zone: &ZoneId, rank: u64, limit: usize, keys: Option<&[String]>) -> Value {
    let mut filters =
        vec![filter("startRank", "INT64", json!(rank)), filter("direction", "STRING", json!("ASCENDING"))];
    if let Some((name, value)) = &index.filter {
        filters.push(filter(name, "STRING", json!(value)));
    }
    let mut body = json!({
        "query": { "recordType": index.list, "filterBy": filters },
        "resultsLimit": limit,
        "zoneID": zone,
    });
    if let Some(keys) = keys {
        body["desiredKeys"] = json!(keys);
    }
    body
}

/// Asks for the albums of a folder, or of the root.
pub(crate) fn albums(zone: &ZoneId, folder: Option<&str>, marker: Option<&str>) -> Value {
    let mut body = json!({ "query": { "recordType": "CPLAlbumByPositionLive" }, "zoneID": zone });
    if let Some(folder) = folder {
        body["query"]["filterBy"] = json!([filter("parentId", "STRING", json!(folder))]);
    }
    if let Some(marker) = marker {
        body["continuationMarker"] = json!(marker);
    }
    body
}

/// Asks for records by name, [`MAX_RECORDS`] at most.
pub(crate) fn lookup(names: &[&str], zone: &ZoneId, keys: Option<&[String]>) -> Value {
    let records: Vec<_> = names.iter().map(|name| json!({ "recordName": name })).collect();
    let mut body = json!({ "records": records, "zoneID": zone });
    if let Some(keys) = keys {
        body["desiredKeys"] = json!(keys);
    }
    body
}

/// Moves assets to Recently Deleted: record name and the tag it was seen with. One that cannot go holds up no other.
pub(crate) fn trash<'a>(assets: impl Iterator<Item = (&'a str, Option<&'a str>)>, zone: &ZoneId) -> Value {
    let operations = assets.map(|(name, tag)| {
        let fields = json!({ "isDeleted": { "value": 1 } });
        let mut record = json!({ "recordName": name, "recordType": "CPLAsset", "fields": fields });
        if let Some(tag) = tag {
            record["recordChangeTag"] = json!(tag);
        }
        json!({ "operationType": "update", "record": record })
    });
    json!({
        "operations": operations.collect::<Vec<_>>(),
        "desiredKeys": ["isDeleted"],
        "atomic": false,
        "zoneID": zone,
    })
}

/// Asks what happened in a zone since a token, which must not be empty: that would mean "nothing is new".
pub(crate) fn changes(zone: &ZoneId, since: &SyncToken, limit: usize, keys: Option<&[String]>) -> Value {
    let mut one = json!({ "zoneID": zone, "syncToken": since.as_str(), "resultsLimit": limit });
    if let Some(keys) = keys {
        one["desiredKeys"] = json!(keys);
    }
    json!({ "zones": [one] })
}

fn filter(name: &str, kind: &str, value: Value) -> Value {
    json!({ "fieldName": name, "comparator": "EQUALS", "fieldValue": { "type": kind, "value": value } })
}
