//! Which name of a language stands for which Rust name.
//!
//! Names are kept wherever a language's manner allows it, so that most are found by these rules:
//!
//! | Rust | Python | Node |
//! |---|---|---|
//! | a type | the same name | the same name |
//! | a function, a method, a field | the same name | the same in camelCase; times end in `Ms` |
//! | `Kind::LiveMovie`, without data | `Kind.LIVE_MOVIE` | the word `live_movie` of the union `Kind` |
//! | `SyncEvent::Downloaded`, with data in the enum | the class `SyncDownloaded(SyncEvent)` | `SyncDownloaded` of the union |
//! | `Login::Complete`, likewise | | a member without a name: `Login.complete` |
//! | `ErrorKind::Config` | `ErrorKind.CONFIG`, and the class `ConfigError` | the word `config` |
//! | the first nameless field of a variant | the first parameter of its class | its first member |
//! | `new`, `builder`, `build` | calling the class | calling the class |
//! | `XBuilder`, `XOptions` | `X` or `x()`; their methods are its parameters | the members of `XOptions` |
//!
//! What they do not find needs a row. Members follow the row of their type: renamed with it, left out with it.

use std::collections::HashMap;

use super::language::{Built, Language};
use super::names::{Package, simple};
use super::rows::{Row, There};
use super::rustdoc::{Item, Kind, last};

/// What an enum with data loses at its end to become the beginning of its classes.
const SUFFIXES: &[&str] = &["", "Event", "Reason", "Problem", "State"];

/// What became of one Rust item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    ByRule(Vec<String>),
    ByRow(&'a Row, &'a [String]),
    /// By its own row, or by that of what it stands in.
    LeftOut(&'a Row),
    Missing,
}

pub(crate) struct Rules<'a> {
    language: Language,
    package: &'a Package,
    items: HashMap<&'a str, &'a Item>,
    rows: HashMap<&'a str, &'a Row>,
    /// How many Rust types bear the same last name.
    namesakes: HashMap<&'a str, usize>,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(language: Language, items: &'a [Item], package: &'a Package, rows: &'a [Row]) -> Self {
        let mut namesakes = HashMap::new();
        for item in items.iter().filter(|item| item.kind == Kind::Type) {
            *namesakes.entry(item.own_name()).or_default() += 1;
        }
        let named =
            |row: &'a Row| (*row.there(language) != There::ByRule).then_some((row.rust.as_deref()?, row));
        Self {
            language,
            package,
            items: items.iter().map(|item| (item.name.as_str(), item)).collect(),
            rows: rows.iter().filter_map(named).collect(),
            namesakes,
        }
    }

    pub(crate) fn judge(&self, item: &Item) -> Verdict<'a> {
        match self.rows.get(item.name.as_str()).map(|row| (*row, row.there(self.language))) {
            Some((row, There::LeftOut)) => return Verdict::LeftOut(row),
            Some((row, There::Names(names))) => return Verdict::ByRow(row, names),
            Some((_, There::ByRule)) | None => {}
        }
        let found = self.by_rule(item);
        if !found.is_empty() {
            return Verdict::ByRule(found);
        }
        self.covering(item).map_or(Verdict::Missing, Verdict::LeftOut)
    }

    /// The row of what an item stands in, if that is not there as a thing of ours.
    pub(crate) fn covering(&self, item: &Item) -> Option<&'a Row> {
        // The nearest decides: what is there, by row or by rule, is not left out with its module.
        let row = item.parents.iter().rev().find_map(|parent| {
            let is_there = || self.items.get(parent.as_str()).is_some_and(|it| !self.by_rule(it).is_empty());
            self.rows.get(parent.as_str()).copied().map(Some).or_else(|| is_there().then_some(None))
        })??;
        let is_left_out = match row.there(self.language) {
            There::LeftOut => true,
            There::Names(names) => names.iter().all(|name| self.language.has_itself(name)),
            There::ByRule => false,
        };
        is_left_out.then_some(row)
    }

    /// Without looking at the item's own row.
    pub(crate) fn by_rule(&self, item: &Item) -> Vec<String> {
        let own = item.own_name();
        let found = match item.kind {
            Kind::Module | Kind::Macro => None,
            Kind::Type => self.of_type(own),
            Kind::Function => self.of_function(own),
            Kind::Variant => return self.of_variant(item),
            Kind::Field | Kind::Method | Kind::Constant => {
                let built = item.owner().and_then(|owner| self.language.built(last(owner)));
                let is_parameter = matches!(built, Some(Built::Called(..)));
                self.places(item).iter().find_map(|place| self.of_member(place, own, is_parameter))
            }
        };
        found.into_iter().collect()
    }

    /// Where the members of what an item stands in are to be found: classes and functions.
    fn places(&self, item: &Item) -> Vec<String> {
        let owner = item.owner().and_then(|owner| self.items.get(owner)).filter(|it| it.kind != Kind::Module);
        match owner.map(|owner| self.judge(owner)) {
            Some(Verdict::ByRule(names)) => names,
            Some(Verdict::ByRow(_, names)) => names.to_vec(),
            Some(Verdict::LeftOut(_) | Verdict::Missing) | None => Vec::new(),
        }
    }

    fn of_type(&self, own: &str) -> Option<String> {
        // Of two that bear the same name a rule cannot say which is meant.
        if self.namesakes.get(own).is_some_and(|&many| many > 1) {
            return None;
        }
        if let Some(name) = self.package.find(own) {
            return Some(name.to_owned());
        }
        if self.package.constants.contains(own) {
            return Some(own.to_owned());
        }
        match self.language.built(own)? {
            Built::Called(class, function) => {
                self.package.find(&class).map(str::to_owned).or_else(|| self.called(&function))
            }
            Built::Told(interface) => self.package.find(&interface).map(str::to_owned),
        }
    }

    fn of_function(&self, own: &str) -> Option<String> {
        let names = self.language.members(own);
        let mut found = names.iter().filter_map(|name| self.package.find(name));
        found.find(|&name| self.package.functions.contains_key(name)).map(str::to_owned)
    }

    /// A function by its name, or a method if only one class has it.
    fn called(&self, name: &str) -> Option<String> {
        if self.package.functions.contains_key(name) {
            return Some(name.to_owned());
        }
        let classes = self.package.classes.keys().filter(|class| self.language.twin(class).is_none());
        let mut methods = classes.map(|class| format!("{class}.{name}")).filter(|it| self.package.has(it));
        let first = methods.next()?;
        methods.next().is_none().then_some(first)
    }

    /// What is told to a builder may be a parameter, even if there is a member of the same name.
    fn of_member(&self, place: &str, own: &str, is_parameter: bool) -> Option<String> {
        if let Ok(index) = own.parse::<usize>() {
            return Some(format!("{place}({})", self.package.parameters(place)?.get(index)?));
        }
        let members = self.language.members(own);
        let mut names = members.iter().flat_map(|own| {
            [format!("{place}.{own}"), format!("{place}({own})")].into_iter().skip(is_parameter.into())
        });
        if let Some(name) = names.find(|name| self.package.has(name)) {
            return Some(name);
        }
        let makes = ["new", "builder", "build"].contains(&own) && self.package.has(place);
        makes.then(|| place.to_owned())
    }

    fn of_variant(&self, item: &Item) -> Vec<String> {
        let own = item.own_name();
        let enumeration = item.owner().map_or("", last);
        for place in self.places(item) {
            let member = format!("{place}.{}", self.language.word(own));
            if self.package.has(&member) {
                let has_class = enumeration == "ErrorKind" && self.language.has_classes_of_errors();
                return if has_class { self.with_error(member, own) } else { vec![member] };
            }
            let stems = SUFFIXES.iter().filter_map(|suffix| enumeration.strip_suffix(suffix));
            let mut classes = stems.filter_map(|stem| self.package.find(&format!("{stem}{own}")));
            let is_kin = |class: &&str| {
                self.package
                    .classes
                    .get(*class)
                    .is_some_and(|it| it.bases.iter().any(|base| base == simple(&place)))
            };
            if let Some(class) = classes.find(is_kin) {
                return vec![class.to_owned()];
            }
        }
        Vec::new()
    }

    /// A kind of error is there if its exception is, too.
    fn with_error(&self, member: String, own: &str) -> Vec<String> {
        let own = own.strip_suffix("Error").unwrap_or(own);
        self.package
            .find(&format!("{own}Error"))
            .map(|class| vec![member, class.to_owned()])
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::tests::{class, package};
    use super::super::rows;
    use super::*;

    fn item(name: &str, kind: Kind, parents: &[&str]) -> Item {
        Item { name: name.to_owned(), kind, parents: parents.iter().map(|&it| it.to_owned()).collect() }
    }

    /// Types, their variants, fields and methods, as rustdoc's reader makes them.
    fn world(extra: &[Item]) -> Vec<Item> {
        let mut items = vec![
            item("Album", Kind::Type, &[]),
            item("Album::count", Kind::Method, &["Album"]),
            item("Album::new", Kind::Method, &["Album"]),
            item("sync::SyncEvent", Kind::Type, &["sync"]),
            item("sync::SyncEvent::Done", Kind::Variant, &["sync", "sync::SyncEvent"]),
            item(
                "sync::SyncEvent::Done.bytes",
                Kind::Field,
                &["sync", "sync::SyncEvent", "sync::SyncEvent::Done"],
            ),
            item(
                "sync::SyncEvent::Done.0",
                Kind::Field,
                &["sync", "sync::SyncEvent", "sync::SyncEvent::Done"],
            ),
        ];
        items.extend_from_slice(extra);
        items
    }

    fn verdict(items: &[Item], package: &Package, text: &str, name: &str) -> String {
        verdict_in(Language::Python, items, package, text, name)
    }

    fn verdict_in(language: Language, items: &[Item], package: &Package, text: &str, name: &str) -> String {
        let rows = rows::read(text).unwrap();
        let rules = Rules::new(language, items, package, &rows);
        match rules.judge(items.iter().find(|item| item.name == name).unwrap()) {
            Verdict::ByRule(names) => format!("rule {}", names.join(" + ")),
            Verdict::ByRow(row, names) => format!("row {} {}", row.line, names.join(" + ")),
            Verdict::LeftOut(row) => format!("out {}", row.line),
            Verdict::Missing => "missing".to_owned(),
        }
    }

    fn python() -> Package {
        let kind = class(&[], &[], &["CONFIG", "LIVE_MOVIE", "LOST"]);
        package(vec![
            ("Album", class(&[], &["native"], &["count()"])),
            ("events.SyncEvent", class(&[], &[], &[])),
            ("events.SyncDone", class(&["SyncEvent"], &["bytes"], &["bytes"])),
            ("SyncLost", class(&[], &[], &[])),
            ("ErrorKind", kind),
            ("ConfigError", class(&["ICloudError"], &[], &[])),
            ("Layout", class(&[], &["folder"], &["folder", "place()"])),
            ("Engine", class(&[], &[], &["adopt(reread)"])),
            ("AsyncEngine", class(&[], &[], &["adopt(reread)"])),
        ])
    }

    #[test]
    fn the_same_name_is_found_and_another_is_not() {
        let extra = [item("Album::missing", Kind::Method, &["Album"]), item("Nobody", Kind::Type, &[])];
        let (items, package) = (world(&extra), python());
        for (name, expected) in [
            ("Album", "rule Album"),
            ("Album::count", "rule Album.count"),
            ("Album::new", "rule Album"),
            ("Album::missing", "missing"),
            ("Nobody", "missing"),
        ] {
            assert_eq!(verdict(&items, &package, "", name), expected, "{name}");
        }
    }

    #[test]
    fn variants_are_classes_of_their_kin_or_members() {
        let extra = [
            item("sync::SyncEvent::Lost", Kind::Variant, &["sync", "sync::SyncEvent"]),
            item("ErrorKind", Kind::Type, &[]),
            item("ErrorKind::Config", Kind::Variant, &["ErrorKind"]),
            item("ErrorKind::Lost", Kind::Variant, &["ErrorKind"]),
        ];
        let (items, package) = (world(&extra), python());
        for (name, expected) in [
            ("sync::SyncEvent::Done", "rule events.SyncDone"),
            ("sync::SyncEvent::Done.bytes", "rule events.SyncDone.bytes"),
            ("sync::SyncEvent::Done.0", "rule events.SyncDone(bytes)"),
            // `SyncLost` is there, but is no `SyncEvent`.
            ("sync::SyncEvent::Lost", "missing"),
            ("ErrorKind::Config", "rule ErrorKind.CONFIG + ConfigError"),
            // The member is there, the exception is not.
            ("ErrorKind::Lost", "missing"),
        ] {
            assert_eq!(verdict(&items, &package, "", name), expected, "{name}");
        }
    }

    #[test]
    fn methods_of_builders_are_keyword_parameters() {
        let extra = [
            item("LayoutOptions", Kind::Type, &[]),
            item("LayoutOptions::folder", Kind::Method, &["LayoutOptions"]),
            item("LayoutOptions::zone", Kind::Method, &["LayoutOptions"]),
            item("LayoutOptions::place", Kind::Method, &["LayoutOptions"]),
            item("AdoptOptions", Kind::Type, &[]),
            item("AdoptOptions.reread", Kind::Field, &["AdoptOptions"]),
        ];
        let (items, package) = (world(&extra), python());
        for (name, expected) in [
            ("LayoutOptions", "rule Layout"),
            ("LayoutOptions::folder", "rule Layout(folder)"),
            ("LayoutOptions::zone", "missing"),
            // A member, but no parameter.
            ("LayoutOptions::place", "missing"),
            ("AdoptOptions", "rule Engine.adopt"),
            ("AdoptOptions.reread", "rule Engine.adopt(reread)"),
        ] {
            assert_eq!(verdict(&items, &package, "", name), expected, "{name}");
        }
    }

    #[test]
    fn members_follow_the_row_of_their_type() {
        let extra = [
            item("http", Kind::Module, &[]),
            item("http::Clock", Kind::Type, &["http"]),
            item("http::Clock::now", Kind::Method, &["http", "http::Clock"]),
            item("http::Policy", Kind::Type, &["http"]),
            item("http::Policy::odd", Kind::Method, &["http", "http::Policy"]),
            item("http::Engine", Kind::Type, &["http"]),
            item("http::Engine::odd", Kind::Method, &["http", "http::Engine"]),
            item("Error", Kind::Type, &[]),
            item("Error::folder", Kind::Method, &["Error"]),
        ];
        let (items, package) = (world(&extra), python());
        let rows = "Error | Layout | | other name\nhttp | - | | why\nAlbum | str | | text\nhttp::Policy | Layout | | it";
        for (name, expected) in [
            ("Error::folder", "rule Layout.folder"),
            ("http::Clock::now", "out 2"),
            ("Album::count", "out 3"),
            // Its module is left out, but it is not.
            ("http::Policy::odd", "missing"),
            ("http::Engine::odd", "missing"),
        ] {
            assert_eq!(verdict(&items, &package, rows, name), expected, "{name}");
        }
    }

    #[test]
    fn namesakes_need_a_row() {
        let items = world(&[item("other::Album", Kind::Type, &["other"])]);
        assert_eq!(verdict(&items, &python(), "", "Album"), "missing");
        assert_eq!(
            verdict(&items, &python(), "Album | Album | | the first", "Album::count"),
            "rule Album.count"
        );
    }

    #[test]
    fn names_of_node_follow_its_manner() {
        let extra = [
            item("ErrorKind", Kind::Type, &[]),
            item("ErrorKind::CodeRequired", Kind::Variant, &["ErrorKind"]),
            item("Login", Kind::Type, &[]),
            item("Login::CodeRequired", Kind::Variant, &["Login"]),
            item("Login::CodeRequired.0", Kind::Field, &["Login", "Login::CodeRequired"]),
            item("sync::SyncEvent::Lost", Kind::Variant, &["sync", "sync::SyncEvent"]),
            item("Album::long_since", Kind::Method, &["Album"]),
            item("ClientBuilder", Kind::Type, &[]),
            item("ClientBuilder::stall_timeout", Kind::Method, &["ClientBuilder"]),
            item("ClientBuilder::clock", Kind::Method, &["ClientBuilder"]),
            item("ClientBuilder::build", Kind::Method, &["ClientBuilder"]),
            item("type_extension", Kind::Function, &[]),
        ];
        let items = world(&extra);
        let mut package = package(vec![
            ("Album", class(&[], &[], &["count()", "longSinceMs"])),
            ("ErrorKind", class(&[], &[], &["code_required"])),
            ("Login", class(&[], &[], &[])),
            ("Login.code_required", class(&[], &["challenge"], &["challenge"])),
            ("SyncEvent", class(&[], &[], &[])),
            ("SyncDone", class(&["SyncEvent"], &["bytes"], &["bytes"])),
            ("SyncLost", class(&[], &[], &[])),
            ("ClientOptions", class(&[], &["stallTimeoutMs"], &["stallTimeoutMs"])),
            // A class of the name of a builder is not what is told to it.
            ("Client", class(&[], &["clock"], &["clock"])),
        ]);
        package.functions.insert("typeExtension".to_owned(), Vec::new());
        for (name, expected) in [
            ("ErrorKind::CodeRequired", "rule ErrorKind.code_required"),
            ("Login::CodeRequired", "rule Login.code_required"),
            ("Login::CodeRequired.0", "rule Login.code_required(challenge)"),
            ("sync::SyncEvent::Done.bytes", "rule SyncDone.bytes"),
            ("sync::SyncEvent::Lost", "missing"),
            ("Album::long_since", "rule Album.longSinceMs"),
            ("ClientBuilder", "rule ClientOptions"),
            ("ClientBuilder::stall_timeout", "rule ClientOptions.stallTimeoutMs"),
            ("ClientBuilder::clock", "missing"),
            ("ClientBuilder::build", "rule ClientOptions"),
            ("type_extension", "rule typeExtension"),
        ] {
            assert_eq!(verdict_in(Language::Node, &items, &package, "", name), expected, "{name}");
        }
    }

    #[test]
    fn rows_are_about_the_languages_that_they_name() {
        let items = world(&[item("http", Kind::Module, &[]), item("http::Clock", Kind::Type, &["http"])]);
        let package = python();
        let rows = "http | - | | one reason\nhttp | | - | another\nAlbum::new | | Album.count | why";
        assert_eq!(verdict_in(Language::Python, &items, &package, rows, "http::Clock"), "out 1");
        assert_eq!(verdict_in(Language::Node, &items, &package, rows, "http::Clock"), "out 2");
        assert_eq!(verdict_in(Language::Python, &items, &package, rows, "Album::new"), "rule Album");
        assert_eq!(verdict_in(Language::Node, &items, &package, rows, "Album::new"), "row 3 Album.count");
    }
}
