//! What a Rust program can reach of the library, as rustdoc's JSON tells it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::house;
use crate::process;

/// The shapes of rustdoc's JSON that this file was written for. A new compiler may bring another.
const KNOWN_FORMATS: &[u64] = &[57];
const FEATURES: &str = "opendal,object-store,postgres,testing";

/// One thing with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// By its shortest path: `Album::count`, `sync::SyncEvent::Downloaded.bytes`.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Names of what it stands in, the nearest last: modules, its type, its variant.
    pub(crate) parents: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Module,
    /// A struct, an enum, a trait, an alias.
    Type,
    Variant,
    Field,
    Method,
    Function,
    Constant,
    Macro,
}

impl Item {
    /// The last part of its name.
    pub(crate) fn own_name(&self) -> &str {
        last(&self.name)
    }

    /// The full name of what it stands in.
    pub(crate) fn owner(&self) -> Option<&str> {
        self.parents.last().map(String::as_str)
    }
}

/// The last part of a name.
pub(crate) fn last(name: &str) -> &str {
    name.rsplit([':', '.']).next().unwrap_or(name)
}

/// Lets rustdoc describe the library; gives the file.
pub(crate) fn describe() -> Result<PathBuf> {
    let target = house::target()?;
    let rustdoc = unlocked_rustdoc(&target)?;
    let mut command = house::cargo(&["rustdoc", "--quiet", "--package", "icloud-photos", "--lib"]);
    command.args(["--features", FEATURES, "--target-dir"]).arg(&target);
    command.args(["--", "-Z", "unstable-options", "--output-format", "json"]);
    process::must(command.env("RUSTDOC", rustdoc))?;
    Ok(target.join("doc").join("icloud_photos.json"))
}

/// A rustdoc that gives JSON though the compiler is a stable one.
///
/// The variable that allows it is set for rustdoc alone: set for cargo, it would have many dependencies built again, for
/// they look at it.
fn unlocked_rustdoc(target: &Path) -> Result<PathBuf> {
    let script = target.join("api-rustdoc");
    let wanted = "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n";
    // Written only where it differs: cargo runs everything again for a newer rustdoc.
    if fs::read_to_string(&script).ok().as_deref() != Some(wanted) {
        fs::write(&script, wanted).with_context(|| format!("cannot write {}", script.display()))?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    }
    Ok(script)
}

/// All public items of a description, sorted by name.
pub(crate) fn items(text: &str) -> Result<Vec<Item>> {
    let document: Value = serde_json::from_str(text).context("rustdoc's JSON cannot be read")?;
    let format = document["format_version"].as_u64();
    if !format.is_some_and(|format| KNOWN_FORMATS.contains(&format)) {
        bail!(
            "rustdoc's JSON has the format {format:?}, and xtask/src/api/rustdoc.rs knows {KNOWN_FORMATS:?}: \
             read what changed, and add the number"
        );
    }
    let mut reader = Reader { index: &document["index"], found: BTreeMap::new() };
    reader.walk(&document["root"])?;
    Ok(reader.found.into_values().collect())
}

struct Reader<'a> {
    index: &'a Value,
    found: BTreeMap<String, Item>,
}

impl<'a> Reader<'a> {
    /// Goes through the modules, those that are near first, so that the first path of an item is its shortest.
    fn walk(&mut self, root: &'a Value) -> Result<()> {
        let mut paths: HashMap<String, Vec<String>> = HashMap::new();
        let mut waiting = VecDeque::from([(key(root), Vec::new())]);
        while let Some((id, path)) = waiting.pop_front() {
            // What is not in the index is somebody else's, or hidden.
            let Some((kind, inner)) = self.inner(&id) else { continue };
            if kind == "use" {
                let glob = inner["is_glob"] == true;
                let name = if glob { None } else { inner["name"].as_str() };
                let path = path.into_iter().chain(name.map(str::to_owned)).collect();
                // Before all that is waiting: being shown somewhere else is no step further away.
                waiting.push_front((key(&inner["id"]), path));
                continue;
            }
            if paths.contains_key(&id) {
                continue;
            }
            if kind == "module" {
                for child in list(&inner["items"]) {
                    let id = key(child);
                    let Some((kind, _)) = self.inner(&id) else { continue };
                    let name = (kind != "use").then(|| self.name(&id)).flatten();
                    let path = path.iter().cloned().chain(name).collect();
                    waiting.push_back((id, path));
                }
            }
            paths.insert(id, path);
        }
        for (id, path) in &paths {
            self.take(id, path).with_context(|| format!("in {}", path.join("::")))?;
        }
        Ok(())
    }

    /// One item of a module, with all that stands in it.
    fn take(&mut self, id: &str, path: &[String]) -> Result<()> {
        let Some((kind, inner)) = self.inner(id) else { return Ok(()) };
        let Some((_, modules)) = path.split_last() else { return Ok(()) };
        let name = path.join("::");
        let parents: Vec<String> = (1..=modules.len()).map(|length| path[..length].join("::")).collect();
        let kind = match kind {
            "module" => Kind::Module,
            "struct" | "enum" | "trait" | "type_alias" => Kind::Type,
            "function" => Kind::Function,
            "constant" | "static" => Kind::Constant,
            "macro" => Kind::Macro,
            other => bail!("{name} is of a kind that nobody thought of: {other}"),
        };
        let within: Vec<String> = parents.iter().cloned().chain([name.clone()]).collect();
        self.add(name, kind, parents);
        self.fields(&inner["kind"], &within);
        for variant in list(&inner["variants"]) {
            self.variant(&key(variant), &within);
        }
        // A trait has its methods itself, a type in blocks.
        self.members(&inner["items"], &within, kind == Kind::Type);
        for block in list(&inner["impls"]) {
            if let Some((_, block)) = self.inner(&key(block)).filter(|(_, block)| block["trait"].is_null()) {
                self.members(&block["items"], &within, true);
            }
        }
        Ok(())
    }

    fn variant(&mut self, id: &str, parents: &[String]) {
        let (Some((_, inner)), Some(name)) = (self.inner(id), self.name(id)) else { return };
        let name = format!("{}::{name}", parents.last().map_or("", String::as_str));
        let within: Vec<String> = parents.iter().cloned().chain([name.clone()]).collect();
        self.add(name, Kind::Variant, parents.to_vec());
        self.fields(&inner["kind"], &within);
    }

    /// Of a struct or a variant: `{"plain": {"fields"}}`, `{"struct": {"fields"}}`, `{"tuple": [..]}`, or a word for none.
    fn fields(&mut self, kind: &'a Value, parents: &[String]) {
        let named = ["plain", "struct"].into_iter().flat_map(|form| list(&kind[form]["fields"]));
        for field in named.chain(list(&kind["tuple"])) {
            if let (Some(name), Some(owner)) = (self.name(&key(field)), parents.last()) {
                self.add(format!("{owner}.{name}"), Kind::Field, parents.to_vec());
            }
        }
    }

    fn members(&mut self, items: &'a Value, parents: &[String], are_members: bool) {
        for item in list(items).filter(|_| are_members) {
            let id = key(item);
            let (Some((kind, _)), Some(name)) = (self.inner(&id), self.name(&id)) else { continue };
            let kind = match kind {
                "function" => Kind::Method,
                "assoc_const" => Kind::Constant,
                // A type that belongs to a trait says nothing to other languages.
                _ => continue,
            };
            let name = format!("{}::{name}", parents.last().map_or("", String::as_str));
            self.add(name, kind, parents.to_vec());
        }
    }

    fn add(&mut self, name: String, kind: Kind, parents: Vec<String>) {
        self.found.insert(name.clone(), Item { name, kind, parents });
    }

    /// What an item is, and the rest about it.
    fn inner(&self, id: &str) -> Option<(&'a str, &'a Value)> {
        let inner = self.index.get(id)?["inner"].as_object()?;
        inner.iter().next().map(|(kind, inner)| (kind.as_str(), inner))
    }

    fn name(&self, id: &str) -> Option<String> {
        self.index.get(id)?["name"].as_str().map(str::to_owned)
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Numbers in lists are texts in the index.
fn key(id: &Value) -> String {
    id.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(name: &str, inner: Value) -> Value {
        json!({ "name": name, "inner": inner })
    }

    /// A crate with a struct that is shown at two places, an enum, a trait.
    fn crate_of(format: u64) -> String {
        let mut index = serde_json::Map::new();
        let mut put = |id: u64, item: Value| index.insert(id.to_string(), item);
        put(0, item("lib", json!({ "module": { "items": [1, 2] } })));
        put(1, item("sync", json!({ "module": { "items": [3, 4, 5, 6] } })));
        put(2, json!({ "name": null, "inner": { "use": { "name": "Album", "id": 6, "is_glob": false } } }));
        put(3, json!({ "name": null, "inner": { "use": { "name": "Album", "id": 6, "is_glob": false } } }));
        put(4, item("Event", json!({ "enum": { "variants": [7, 8], "impls": [] } })));
        put(5, item("Store", json!({ "trait": { "items": [9, 10] } })));
        put(
            6,
            item(
                "Album",
                json!({ "struct": { "kind": { "plain": { "fields": [11, 99] } }, "impls": [12, 13] } }),
            ),
        );
        put(7, item("Done", json!({ "variant": { "kind": { "struct": { "fields": [14] } } } })));
        put(8, item("Odd", json!({ "variant": { "kind": { "tuple": [15, null] } } })));
        put(9, item("read", json!({ "function": {} })));
        put(10, item("Kind", json!({ "assoc_type": {} })));
        put(11, item("name", json!({ "struct_field": {} })));
        put(12, item("", json!({ "impl": { "trait": null, "items": [16] } })));
        put(13, item("", json!({ "impl": { "trait": { "path": "Clone" }, "items": [17] } })));
        put(14, item("bytes", json!({ "struct_field": {} })));
        put(15, item("0", json!({ "struct_field": {} })));
        put(16, item("count", json!({ "function": {} })));
        put(17, item("clone", json!({ "function": {} })));
        json!({ "format_version": format, "root": 0, "index": index }).to_string()
    }

    #[test]
    fn all_is_found_by_its_shortest_path() {
        let names: Vec<String> = items(&crate_of(57)).unwrap().into_iter().map(|item| item.name).collect();
        let expected = [
            "Album",
            "Album.name",
            "Album::count",
            "sync",
            "sync::Event",
            "sync::Event::Done",
            "sync::Event::Done.bytes",
            "sync::Event::Odd",
            "sync::Event::Odd.0",
            "sync::Store",
            "sync::Store::read",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn an_item_knows_what_it_stands_in() {
        let items = items(&crate_of(57)).unwrap();
        let field = items.iter().find(|item| item.name.ends_with(".bytes")).unwrap();
        assert_eq!(field.parents, ["sync", "sync::Event", "sync::Event::Done"]);
        assert_eq!((field.own_name(), field.kind), ("bytes", Kind::Field));
    }

    #[test]
    fn a_format_that_nobody_read_is_refused_with_words() {
        let error = items(&crate_of(1)).unwrap_err().to_string();
        assert!(error.contains("Some(1)") && error.contains("57"), "{error}");
    }
}
