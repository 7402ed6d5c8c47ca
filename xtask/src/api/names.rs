//! What a package shows, as `names.py` or `names.mjs` of its tools tells it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::language::Language;

/// Public names, written as after the name of the package: `Album`, `events.SyncDownloaded`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Package {
    pub(crate) classes: BTreeMap<String, Class>,
    /// With the names of their parameters.
    pub(crate) functions: BTreeMap<String, Vec<String>>,
    pub(crate) constants: BTreeSet<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Class {
    /// All bases that are ours, by their own names.
    pub(crate) bases: Vec<String>,
    pub(crate) members: BTreeMap<String, Member>,
    /// Of the constructor.
    pub(crate) parameters: Vec<String>,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Member {
    /// The class that has it; others inherit it.
    pub(crate) made_in: String,
    /// None for what is read and not called.
    pub(crate) parameters: Option<Vec<String>>,
}

/// What the asyncio face calls otherwise.
const TWIN_NAMES: &[(&str, &str)] = &[("aclose", "close")];

impl Package {
    pub(crate) fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("what the names were printed as cannot be read")
    }

    /// The full name of a class or function by its own, where there is exactly one.
    pub(crate) fn find(&self, own: &str) -> Option<&str> {
        let all = self.classes.keys().chain(self.functions.keys());
        let mut same = all.filter(|full| simple(full) == own);
        let first = same.next()?;
        same.next().is_none().then_some(first.as_str())
    }

    /// Whether there is `Class`, `Class.member`, `function`, a constant, or one of these with `(parameter)`.
    pub(crate) fn has(&self, name: &str) -> bool {
        match name.strip_suffix(')').and_then(|name| name.split_once('(')) {
            Some((called, parameter)) => {
                self.parameters(called).is_some_and(|all| all.iter().any(|one| one == parameter))
            }
            None => {
                self.classes.contains_key(name)
                    || self.functions.contains_key(name)
                    || self.constants.contains(name)
                    || self.member(name).is_some()
            }
        }
    }

    /// Of a class, a function, or a method.
    pub(crate) fn parameters(&self, name: &str) -> Option<&Vec<String>> {
        let class = self.classes.get(name).map(|class| &class.parameters);
        class.or_else(|| self.functions.get(name)).or_else(|| self.member(name)?.parameters.as_ref())
    }

    /// By `Class.member`.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        let (class, member) = name.rsplit_once('.')?;
        self.classes.get(class)?.members.get(member)
    }

    /// What the two faces do not have alike, in words.
    pub(crate) fn unlike_faces(&self, language: Language) -> Vec<String> {
        let mut unlike = Vec::new();
        for (name, class) in &self.classes {
            let Some(twin) = language.twin(name) else { continue };
            match self.classes.get(&twin) {
                None => unlike.push(format!("{name} has no {twin} beside it")),
                Some(blocking) => unlike.extend(differences((name, class), (&twin, blocking))),
            }
        }
        unlike
    }
}

fn differences(one: (&str, &Class), other: (&str, &Class)) -> Vec<String> {
    let shape = |class: &Class| -> BTreeMap<String, Option<Vec<String>>> {
        class.members.iter().map(|(name, it)| (plain(name).to_owned(), it.parameters.clone())).collect()
    };
    let (left, right) = (shape(one.1), shape(other.1));
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let unlike = names.into_iter().filter(|name| left.get(*name) != right.get(*name));
    let mut unlike: Vec<String> =
        unlike.map(|name| format!("{}.{name} and {}.{name} are not alike", one.0, other.0)).collect();
    if one.1.parameters != other.1.parameters {
        unlike.push(format!("{}() and {}() take other parameters", one.0, other.0));
    }
    unlike
}

/// A member's name in the blocking face.
fn plain(name: &str) -> &str {
    TWIN_NAMES.iter().find(|(twin, _)| *twin == name).map_or(name, |(_, plain)| plain)
}

/// A name without the module before it.
pub(crate) fn simple(full: &str) -> &str {
    full.rsplit('.').next().unwrap_or(full)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A class with members; `name()` is a method without parameters, `name(a,b)` one with two.
    pub(crate) fn class(bases: &[&str], parameters: &[&str], members: &[&str]) -> Class {
        let members =
            members.iter().map(|text| match text.strip_suffix(')').and_then(|it| it.split_once('(')) {
                None => ((*text).to_owned(), Member::default()),
                Some((name, inside)) => {
                    let parameters =
                        inside.split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect();
                    (name.to_owned(), Member { parameters: Some(parameters), ..Member::default() })
                }
            });
        Class {
            bases: bases.iter().map(|&base| base.to_owned()).collect(),
            members: members.collect(),
            parameters: parameters.iter().map(|&parameter| parameter.to_owned()).collect(),
        }
    }

    pub(crate) fn package(classes: Vec<(&str, Class)>) -> Package {
        let classes = classes.into_iter().map(|(name, mut class)| {
            class.members.values_mut().for_each(|member| member.made_in = simple(name).to_owned());
            (name.to_owned(), class)
        });
        Package { classes: classes.collect(), ..Package::default() }
    }

    #[test]
    fn names_are_found_with_members_and_parameters() {
        let package = package(vec![("events.Done", class(&[], &["size"], &["save(path)", "size"]))]);
        for name in ["events.Done", "events.Done.size", "events.Done(size)", "events.Done.save(path)"] {
            assert!(package.has(name), "{name}");
        }
        for name in ["Done", "events.Done.other", "events.Done(path)", "events.Done.save(size)"] {
            assert!(!package.has(name), "{name}");
        }
        assert_eq!(package.find("Done"), Some("events.Done"));
    }

    #[test]
    fn a_name_that_two_classes_have_is_not_found() {
        let package = package(vec![("Done", class(&[], &[], &[])), ("events.Done", class(&[], &[], &[]))]);
        assert_eq!(package.find("Done"), None);
    }

    #[test]
    fn faces_are_alike_or_named() {
        let alike = package(vec![
            ("Album", class(&[], &["a"], &["count()", "close()"])),
            ("AsyncAlbum", class(&[], &["a"], &["count()", "aclose()"])),
        ]);
        assert_eq!(alike.unlike_faces(Language::Python), Vec::<String>::new());
        let unlike = package(vec![
            ("Album", class(&[], &["a"], &["count()", "save(path)"])),
            ("AsyncAlbum", class(&[], &[], &["save(name)"])),
            ("AsyncAsset", class(&[], &[], &[])),
        ]);
        assert_eq!(
            unlike.unlike_faces(Language::Python),
            [
                "AsyncAlbum.count and Album.count are not alike",
                "AsyncAlbum.save and Album.save are not alike",
                "AsyncAlbum() and Album() take other parameters",
                "AsyncAsset has no Asset beside it",
            ]
        );
        // Elsewhere the word is one of many.
        assert_eq!(unlike.unlike_faces(Language::Node), Vec::<String>::new());
    }
}
