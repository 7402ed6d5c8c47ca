//! What differs between theirs and ours, as lines for a person.

use crate::tree::{Entry, Tree};

/// Paths, bytes and modification times.
pub(super) fn trees(theirs: &Tree, ours: &Tree) -> Vec<String> {
    let mut differences = Vec::new();
    for (path, entry) in theirs {
        match ours.get(path) {
            None => differences.push(format!("missing in ours: {path} ({entry})")),
            Some(our) if our != entry => differences.push(format!("{path}: {entry} there, {our} in ours")),
            Some(_) => {}
        }
    }
    for (path, entry) in ours {
        if !theirs.contains_key(path) {
            differences.push(format!("only in ours: {path} ({entry})"));
        }
    }
    differences
}

/// The one allowed difference, and nothing wider: of two photos with one name and one length both have the first, and
/// ours has the second beside it under a name of its own. `twins` are the checksums of the two.
pub(super) fn twins(theirs: &Tree, ours: &Tree, twins: &[String; 2]) -> Vec<String> {
    let extra = ours.iter().filter(|(path, _)| !theirs.contains_key(*path));
    let second = extra.filter(|(path, entry)| is_second(theirs, path, entry, twins));
    let second: Vec<&String> = second.map(|(path, _)| path).collect();
    let [second] = second[..] else {
        return vec![format!("the second of the two stands {} times in ours: {second:?}", second.len())];
    };
    let mut rest = ours.clone();
    rest.remove(second);
    trees(theirs, &rest)
}

fn is_second(theirs: &Tree, path: &str, entry: &Entry, twins: &[String; 2]) -> bool {
    let Entry::File { length, checksum, modified, .. } = entry else { return false };
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    twins.contains(checksum)
        && theirs.iter().any(|(other, first)| {
            folder(other) == folder(path)
                && matches!(first, Entry::File { length: l, checksum: c, modified: m, .. }
                    if l == length && m == modified && c != checksum && twins.contains(c))
        })
}

/// Printed lines, in order.
pub(super) fn lines(theirs: &str, ours: &str) -> Vec<String> {
    diff(theirs.lines().collect(), ours.lines().collect())
}

/// Printed names: those that one of the two prints alone, and whether the others come in one order.
pub(super) fn names(theirs: &str, ours: &str) -> Vec<String> {
    let (theirs, ours): (Vec<&str>, Vec<&str>) = (theirs.lines().collect(), ours.lines().collect());
    let (there, common_there) = split(&theirs, &ours);
    let (here, common_here) = split(&ours, &theirs);
    let mut differences: Vec<String> =
        there.into_iter().map(|line| format!("printed there alone: {line}")).collect();
    differences.extend(here.into_iter().map(|line| format!("printed in ours alone: {line}")));
    if common_there != common_here {
        differences.push("printed in another order".to_owned());
    }
    differences
}

/// The lines that `others` has not, or not as often, and those that it has.
fn split<'a>(lines: &[&'a str], others: &[&str]) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut others = others.to_vec();
    lines.iter().copied().partition(|line| match others.iter().position(|other| other == line) {
        Some(at) => {
            others.swap_remove(at);
            false
        }
        None => true,
    })
}

/// Printed libraries, in any order. The real one prints zones of links to bundles of photos too, and then fails on them.
pub(super) fn libraries(theirs: &str, ours: &str) -> Vec<String> {
    let theirs: Vec<&str> = theirs.lines().filter(|line| !line.starts_with("CMM-")).collect();
    sorted_lines(&theirs.join("\n"), ours)
}

/// Lines, in any order.
fn sorted_lines(theirs: &str, ours: &str) -> Vec<String> {
    let sorted = |text: &'_ str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let (theirs, ours) = (sorted(theirs), sorted(ours));
    diff(theirs.iter().map(String::as_str).collect(), ours.iter().map(String::as_str).collect())
}

/// What a log says about photos, without times and levels. Order says nothing: ours fetches several at a time.
pub(super) fn logged(theirs: &str, ours: &str) -> Vec<String> {
    let (mut theirs, mut ours) = (told(theirs), told(ours));
    theirs.retain(|line| match ours.iter().position(|our| our == line) {
        Some(at) => {
            ours.swap_remove(at);
            false
        }
        None => true,
    });
    let there = theirs.into_iter().map(|line| format!("logged there alone: {line}"));
    there.chain(ours.into_iter().map(|line| format!("logged in ours alone: {line}"))).collect()
}

/// How lines begin that people search for, or end.
const BEGIN: [&str; 10] = [
    "Downloaded ",
    "Downloading the first ",
    "Skipping ",
    "All ",
    "Deleted ",
    "[DRY RUN] Would d",
    "Could not ",
    "Found ",
    "Unknown library",
    "Looking up ",
];
const END: [&str; 4] = [" already exists", " deduplicated", " Skipping...", " ..."];

fn told(text: &str) -> Vec<String> {
    let told = text.lines().filter_map(|line| {
        // 2018-07-31 07:22:24 INFO     text
        let text = line.get(29..)?;
        let wanted =
            BEGIN.iter().any(|begin| text.starts_with(begin)) || END.iter().any(|end| text.ends_with(end));
        wanted.then(|| without_moment(text))
    });
    told.collect()
}

/// A limit so many days ago is another one each time it is looked at: of it the day is compared, not the time of day.
fn without_moment(text: &str) -> String {
    let limit = [", before ", ", after "].iter().find_map(|word| Some(text.rfind(word)? + word.len()));
    match limit.and_then(|at| text.get(at..).zip(text.get(..at + 10))) {
        Some((limit, day)) if text.starts_with("Skipping ") && limit.contains('.') && limit.len() > 30 => {
            day.to_owned()
        }
        _ => text.to_owned(),
    }
}

fn diff(theirs: Vec<&str>, ours: Vec<&str>) -> Vec<String> {
    let mut differences = Vec::new();
    for number in 0..theirs.len().max(ours.len()) {
        let (there, our) = (theirs.get(number), ours.get(number));
        if there != our {
            let show = |line: Option<&&str>| line.map_or("nothing".to_owned(), |line| format!("{line:?}"));
            differences.push(format!("line {}: {} there, {} in ours", number + 1, show(there), show(our)));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moving_limit_is_compared_by_its_day() {
        let line = |moment| {
            format!("Skipping a.JPG, as it was created 2018-07-31 07:22:24.816000+00:00, before {moment}.")
        };
        assert_eq!(
            without_moment(&line("2021-06-06 12:06:03.878937+00:00")),
            without_moment(&line("2021-06-06 12:06:04.100000+00:00"))
        );
        assert_ne!(
            without_moment(&line("2021-06-06 12:06:03.878937+00:00")),
            without_moment(&line("2021-06-07 12:06:03.878937+00:00"))
        );
        assert_eq!(without_moment(&line("2018-07-31 00:00:00+00:00")), line("2018-07-31 00:00:00+00:00"));
    }

    #[test]
    fn names_that_one_prints_alone_are_told_and_another_order_too() {
        assert!(names("a\nb\nb", "a\nb\nb").is_empty());
        assert_eq!(names("a\na\nb", "a\nc\nb"), ["printed there alone: a", "printed in ours alone: c"]);
        assert_eq!(names("a\nb", "b\na"), ["printed in another order"]);
    }

    fn file(bytes: &str, length: u64, modified: i64) -> Entry {
        Entry::File { length, sha256: bytes.to_owned(), checksum: bytes.to_owned(), modified }
    }

    fn tree(entries: &[(&str, Entry)]) -> Tree {
        entries.iter().map(|(path, entry)| ((*path).to_owned(), entry.clone())).collect()
    }

    #[test]
    fn equal_trees_do_not_differ() {
        let one = tree(&[("2020", Entry::Folder), ("2020/a.JPG", file("aa", 3, 7))]);
        assert!(trees(&one, &one).is_empty());
    }

    #[test]
    fn every_kind_of_difference_is_seen() {
        let theirs = tree(&[("a", file("aa", 3, 7)), ("b", file("bb", 3, 7)), ("c", Entry::Folder)]);
        for ours in [
            tree(&[("a", file("aa", 3, 7)), ("b", file("bb", 3, 7))]),
            tree(&[("a", file("xx", 3, 7)), ("b", file("bb", 3, 7)), ("c", Entry::Folder)]),
            tree(&[("a", file("aa", 4, 7)), ("b", file("bb", 3, 7)), ("c", Entry::Folder)]),
            tree(&[("a", file("aa", 3, 8)), ("b", file("bb", 3, 7)), ("c", Entry::Folder)]),
            tree(&[
                ("a", file("aa", 3, 7)),
                ("b", file("bb", 3, 7)),
                ("c", Entry::Folder),
                ("d", Entry::Folder),
            ]),
        ] {
            assert_eq!(trees(&theirs, &ours).len(), 1, "{ours:?}");
        }
    }

    #[test]
    fn only_the_second_twin_may_be_more() {
        let pair = ["aa".to_owned(), "bb".to_owned()];
        let theirs = tree(&[("x/a.JPG", file("aa", 3, 7)), ("y/a.JPG", file("ee", 3, 7))]);
        let with = |path: &str, entry: Entry| {
            let mut ours = theirs.clone();
            ours.insert(path.to_owned(), entry);
            ours
        };
        assert!(twins(&theirs, &with("x/a-2.JPG", file("bb", 3, 7)), &pair).is_empty());
        for wrong in [
            theirs.clone(),
            with("x/a-2.JPG", file("aa", 3, 7)),
            with("x/a-2.JPG", file("cc", 3, 7)),
            with("x/a-2.JPG", file("bb", 4, 7)),
            with("x/a-2.JPG", file("bb", 3, 8)),
            with("y/a-2.JPG", file("bb", 3, 7)),
        ] {
            assert!(!twins(&theirs, &wrong, &pair).is_empty(), "{wrong:?}");
        }
        let mut two_more = with("x/a-2.JPG", file("bb", 3, 7));
        two_more.insert("x/a-3.JPG".to_owned(), file("dd", 3, 7));
        assert_eq!(twins(&theirs, &two_more, &pair).len(), 1);
    }

    #[test]
    fn printed_lines_are_compared_in_order_unless_told_otherwise() {
        assert!(lines("a\nb\n", "a\nb\n").is_empty());
        assert_eq!(lines("a\nb\n", "b\na\n").len(), 2);
        assert!(sorted_lines("a\nb\n", "b\na\n").is_empty());
        assert_eq!(sorted_lines("a\nb\n", "a\n").len(), 1);
    }
}
