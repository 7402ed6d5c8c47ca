//! What the comparison found.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Write as _};

use super::language::Language;
use super::names::Package;
use super::rows::{Row, There};
use super::rules::{Rules, Verdict};
use super::rustdoc::{Item, Kind};
use crate::tally::Tally;

#[derive(Debug)]
pub(crate) struct Report {
    language: Language,
    /// What stands for each item: in Rust, there, the reason.
    lines: Vec<[String; 3]>,
    by_rule: u64,
    by_row: u64,
    left_out: u64,
    /// In Rust, not there, without a row.
    missing: Vec<String>,
    /// Rows that say nothing true, or nothing new.
    stale: Vec<String>,
    /// There, for nothing in Rust, without a row.
    extra: Vec<String>,
    /// What the two faces do not have alike.
    unlike: Vec<String>,
}

impl Report {
    pub(crate) fn new(language: Language, items: &[Item], package: &Package, rows: &[Row]) -> Self {
        let rules = Rules::new(language, items, package, rows);
        let mut report = Self::empty(language);
        report.unlike = package.unlike_faces(language);
        let mut used = Used::default();
        let mut covering = BTreeSet::new();
        for item in items.iter().filter(|item| item.kind != Kind::Module) {
            let verdict = rules.judge(item);
            match &verdict {
                Verdict::ByRule(names) => used.take(names, package),
                Verdict::ByRow(_, names) => used.take(names, package),
                Verdict::LeftOut(row) => _ = covering.insert(row.line),
                Verdict::Missing => {}
            }
            report.note(item, verdict);
        }
        report.stale = report.stale(&rules, items, package, rows, &covering);
        report.look_at_the_rest(package, rows, &used);
        report
    }

    fn empty(language: Language) -> Self {
        Self {
            language,
            lines: Vec::new(),
            by_rule: 0,
            by_row: 0,
            left_out: 0,
            missing: Vec::new(),
            stale: Vec::new(),
            extra: Vec::new(),
            unlike: Vec::new(),
        }
    }

    fn note(&mut self, item: &Item, verdict: Verdict<'_>) {
        let (there, reason) = match verdict {
            Verdict::ByRule(names) => {
                self.by_rule += 1;
                (names.join(" + "), String::new())
            }
            Verdict::ByRow(row, names) => {
                self.by_row += 1;
                (names.join(" + "), row.reason.clone())
            }
            Verdict::LeftOut(row) => {
                self.left_out += 1;
                ("-".to_owned(), row.reason.clone())
            }
            Verdict::Missing => {
                self.missing.push(item.name.clone());
                ("MISSING".to_owned(), String::new())
            }
        };
        self.lines.push([item.name.clone(), there, reason]);
    }

    /// What is there that nothing was found for, and rows that explain it.
    fn look_at_the_rest(&mut self, package: &Package, rows: &[Row], used: &Used) {
        let extra = extra(self.language, package, used);
        let mut explained = BTreeSet::new();
        for row in rows.iter().filter(|row| row.rust.is_none()) {
            let There::Names(names) = row.there(self.language) else { continue };
            for name in names {
                let hits: Vec<&String> = extra.iter().filter(|it| matches(name, it)).collect();
                if hits.is_empty() {
                    let language = self.language.name();
                    self.stale.push(format!(
                        "line {}: {name} is not in {language}, or stands for something",
                        row.line
                    ));
                }
                explained.extend(hits.into_iter().cloned());
            }
        }
        self.extra = extra.difference(&explained).cloned().collect();
    }

    /// Rows about Rust items that are wrong, or that nothing needs.
    fn stale(
        &self,
        rules: &Rules<'_>,
        items: &[Item],
        package: &Package,
        rows: &[Row],
        covering: &BTreeSet<usize>,
    ) -> Vec<String> {
        let mut stale = Vec::new();
        let mut seen = BTreeSet::new();
        for row in rows.iter().filter(|row| *row.there(self.language) != There::ByRule) {
            let Some(rust) = row.rust.as_deref() else { continue };
            let mut say = |what: String| stale.push(format!("line {}: {rust}: {what}", row.line));
            if !seen.insert(rust) {
                say("there is a row for it before".to_owned());
            }
            let Some(item) = items.iter().find(|item| item.name == rust) else {
                say("names nothing in Rust".to_owned());
                continue;
            };
            let by_rule = rules.by_rule(item);
            match row.there(self.language) {
                There::Names(names) => {
                    let is_there = |name: &str| package.has(name) || self.language.has_itself(name);
                    for name in names.iter().filter(|name| !is_there(name)) {
                        say(format!("{name} is not in {}", self.language.name()));
                    }
                    if *names == by_rule {
                        say("the rules find it without a row".to_owned());
                    }
                }
                There::LeftOut if !by_rule.is_empty() => {
                    say(format!("it is in {}: {}", self.language.name(), by_rule.join(" + ")));
                }
                There::LeftOut if rules.covering(item).is_some() => {
                    say("the row of what it stands in says so already".to_owned());
                }
                There::LeftOut if !covering.contains(&row.line) => say("nothing needs it".to_owned()),
                There::LeftOut | There::ByRule => {}
            }
        }
        stale
    }

    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        for [rust, there, reason] in &self.lines {
            // Writing into a text cannot fail.
            let _ = writeln!(table, "{:<60} {there:<50} {reason}", rust);
        }
        table
    }

    pub(crate) fn tally(&self) -> Tally {
        let found = self.by_rule + self.by_row + self.left_out;
        let wrong = self.lists().iter().map(|(_, list)| list.len() as u64).sum();
        Tally::new(found, wrong)
    }

    fn lists(&self) -> [(String, &Vec<String>); 4] {
        let language = self.language.name();
        [
            (format!("not in {language}, and no row of bindings/api.txt says why"), &self.missing),
            (format!("rows of bindings/api.txt about {language} to take away or mend"), &self.stale),
            (format!("in {language} for nothing in Rust, and no row says why"), &self.extra),
            (format!("not alike in the two faces of {language}"), &self.unlike),
        ]
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (heading, list) in self.lists().iter().filter(|(_, list)| !list.is_empty()) {
            writeln!(f, "{heading}: {}", list.len())?;
            list.iter().try_for_each(|name| writeln!(f, "  {name}"))?;
        }
        let (rule, row, out) = (self.by_rule, self.by_row, self.left_out);
        let all = self.lines.len();
        let language = self.language.name();
        writeln!(
            f,
            "{all} Rust items, in {language}: {rule} found by rule, {row} by row, {out} left out with a reason"
        )
    }
}

/// Names that stand for something in Rust.
#[derive(Debug, Default)]
struct Used(BTreeSet<String>);

impl Used {
    fn take(&mut self, names: &[String], package: &Package) {
        for name in names {
            // Where a parameter stands for something, so does what takes it, and the member that keeps it.
            let (called, parameter) = name.trim_end_matches(')').split_once('(').unwrap_or((name, ""));
            self.0.insert(known_as(called, package));
            self.0.insert(known_as(&format!("{called}.{parameter}"), package));
        }
    }
}

/// Members are known by the class that has them; others only inherit it.
fn known_as(name: &str, package: &Package) -> String {
    match (package.member(name), name.rsplit_once('.')) {
        (Some(member), Some((_, own))) => format!("{}.{own}", member.made_in),
        _ => name.to_owned(),
    }
}

/// Names that stand for nothing. The asyncio face of Python is looked at by comparing it with the other one.
fn extra(language: Language, package: &Package, used: &Used) -> BTreeSet<String> {
    let is_twin = |name: &str| language.twin(name).is_some();
    let tops = package.classes.keys().chain(package.functions.keys()).chain(&package.constants);
    let mut extra: BTreeSet<String> =
        tops.filter(|name| !is_twin(name) && !used.0.contains(*name)).cloned().collect();
    for (name, class) in package.classes.iter().filter(|(name, _)| !is_twin(name)) {
        for (own, member) in &class.members {
            let stands = |owner: &str| used.0.contains(&format!("{owner}.{own}"));
            // What a base has is looked at there, and stands for the same in what is made of it.
            let is_of_a_base = class.bases.iter().any(|base| {
                stands(base)
                    || package
                        .find(base)
                        .is_some_and(|base| package.member(&format!("{base}.{own}")).is_some())
            });
            if !stands(&member.made_in) && !is_of_a_base {
                extra.insert(format!("{name}.{own}"));
            }
        }
    }
    extra
}

/// `Class.*` is the class with all its members.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(class) => name.strip_prefix(class).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
        None => pattern == name,
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

    fn compared(text: &str) -> Report {
        let items = [
            item("Album", Kind::Type, &[]),
            item("Album::count", Kind::Method, &["Album"]),
            item("Error", Kind::Type, &[]),
            item("Error::kind", Kind::Method, &["Error"]),
            item("http", Kind::Module, &[]),
            item("http::Clock", Kind::Type, &["http"]),
        ];
        let package = package(vec![
            ("Album", class(&[], &[], &["count()", "close()"])),
            ("AsyncAlbum", class(&[], &[], &["count()", "aclose()"])),
            ("ICloudError", class(&[], &[], &["kind"])),
            ("Word", class(&[], &[], &["text"])),
        ]);
        Report::new(Language::Python, &items, &package, &rows::read(text).unwrap())
    }

    const ENOUGH: &str = "Error | ICloudError | | name\nhttp | - | | why\n- | Album.close + Word.* | | why";

    #[test]
    fn with_its_rows_nothing_is_wrong() {
        let report = compared(ENOUGH);
        assert_eq!((report.tally().passed, report.tally().failed), (5, 0), "{report}");
        assert_eq!((report.by_rule, report.by_row, report.left_out), (3, 1, 1));
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_said() {
        let report = compared("");
        assert_eq!(report.missing, ["Error", "Error::kind", "http::Clock"]);
        assert_eq!(report.extra, ["Album.close", "ICloudError", "ICloudError.kind", "Word", "Word.text"]);
        assert_eq!(report.tally().failed, 8);
    }

    #[test]
    fn rows_that_nothing_needs_are_said() {
        for (row, expected) in [
            ("Nothing | - | | why", "names nothing in Rust"),
            ("Album | - | | why", "it is in Python"),
            ("Album::count | Album.count | | why", "find it without"),
            ("Album::count | Album.other | | why", "Album.other is not in Python"),
            ("http::Clock | - | | why", "stands in says so"),
            ("http | - | | why", "there is a row"),
            ("- | Album.count | | why", "stands for something"),
            ("- | Nobody | | why", "not in Python"),
        ] {
            let report = compared(&format!("{ENOUGH}\n{row}"));
            assert!(report.stale.iter().any(|line| line.contains(expected)), "{row}: {report}");
            assert!(report.tally().failed > 0);
        }
    }

    #[test]
    fn one_face_alone_is_said() {
        let items = [item("Album", Kind::Type, &[])];
        let package =
            package(vec![("Album", class(&[], &[], &[])), ("AsyncAlbum", class(&[], &[], &["count()"]))]);
        let report = Report::new(Language::Python, &items, &package, &[]);
        assert_eq!(report.unlike, ["AsyncAlbum.count and Album.count are not alike"]);
    }
}
