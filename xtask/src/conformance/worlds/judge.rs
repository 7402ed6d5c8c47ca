//! What of the differences between the two is meant, and what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::super::compare;
use super::play::Done;
use super::rules;
use super::world::World;
use crate::fake::Truth;
use crate::tree::{Entry, Tree};

/// How often each exception was used.
pub(super) type Used = BTreeMap<&'static str, u64>;

/// What is looked at.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) name: &'static str,
    pub(super) world: &'a World,
    /// The folder that ours found.
    pub(super) before: &'a Tree,
    pub(super) theirs: &'a Done,
    pub(super) ours: &'a Done,
}

/// One difference: what kind, and the path or line that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    Missing(String),
    Extra(String),
    /// The bytes differ, and maybe the time.
    Bytes(String),
    /// The time alone.
    Time(String),
    Exit(i32, i32),
    SaidThere(String),
    SaidHere(String),
    PrintedThere(String),
    PrintedHere(String),
    GoneThere(String),
    GoneHere(String),
}

/// What came of a world so far.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) wrong: Vec<String>,
    pub(super) used: Used,
    /// The real one ended in a stack trace that ends so: there is nothing more to compare with.
    pub(super) died: Option<String>,
}

/// Compares all that two runs left and said.
pub(super) fn judge(step: &Step<'_>) -> Verdict {
    let mut verdict = Verdict { died: rules::last_words(step), ..Verdict::default() };
    if verdict.died.is_some() {
        *verdict.used.entry(rules::why_it_died(step)).or_default() += 1;
        return verdict;
    }
    let mut all = trees(&step.theirs.tree, &step.ours.tree);
    all.extend(ends(step));
    all.extend(said(step));
    verdict.weigh(step, all);
    verdict
}

fn ends(step: &Step<'_>) -> Vec<Difference> {
    let (theirs, ours) = (step.theirs, step.ours);
    let mut all = Vec::new();
    if theirs.ended.code != ours.ended.code {
        all.push(Difference::Exit(theirs.ended.code, ours.ended.code));
    }
    all.extend(theirs.gone.difference(&ours.gone).cloned().map(Difference::GoneThere));
    all.extend(ours.gone.difference(&theirs.gone).cloned().map(Difference::GoneHere));
    all
}

fn said(step: &Step<'_>) -> Vec<Difference> {
    let (theirs, ours) = (&step.theirs.ended.stdout, &step.ours.ended.stdout);
    if step.world.has("--only-print-filenames") {
        let lines = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
        let (theirs, ours) = (lines(theirs), lines(ours));
        let there = theirs.difference(&ours).cloned().map(Difference::PrintedThere);
        return there.chain(ours.difference(&theirs).cloned().map(Difference::PrintedHere)).collect();
    }
    let one = |line: String| {
        let there = line.strip_prefix("logged there alone: ");
        let here = line.strip_prefix("logged in ours alone: ");
        let there = there.map(|line| Difference::SaidThere(line.to_owned()));
        there.or_else(|| here.map(|line| Difference::SaidHere(line.to_owned())))
    };
    compare::logged(theirs, ours).into_iter().filter_map(one).collect()
}

/// How two trees differ. Of sidecars it is compared where they stand: theirs are no valid XMP.
fn trees(theirs: &Tree, ours: &Tree) -> Vec<Difference> {
    let mut all = Vec::new();
    for (path, entry) in theirs {
        match (entry, ours.get(path)) {
            (_, None) => all.push(Difference::Missing(path.clone())),
            (_, Some(our)) if our == entry || path.ends_with(".xmp") => {}
            (Entry::File { sha256: there, .. }, Some(Entry::File { sha256: here, .. })) if there == here => {
                all.push(Difference::Time(path.clone()));
            }
            _ => all.push(Difference::Bytes(path.clone())),
        }
    }
    all.extend(ours.keys().filter(|path| !theirs.contains_key(*path)).cloned().map(Difference::Extra));
    all
}

/// What has no counterpart: no file of the folder is gone or changed unless the real one did the same, and what is new has the
/// bytes that iCloud has.
pub(super) fn promises(step: &Step<'_>, truth: &Truth) -> Verdict {
    let mut wrong = Vec::new();
    for (path, entry) in step.before.iter().filter(|(path, entry)| is_photo(path, entry)) {
        let now = step.ours.tree.get(path);
        let mirrored = now.is_none() && rules::find(step, &Difference::Missing(path.clone())) == Some("C3");
        if now != Some(entry) && step.theirs.tree.get(path) == Some(entry) && !mirrored {
            wrong.push(format!("{}: a file of the folder is gone or changed: {path}", step.name));
        }
    }
    let known: BTreeSet<&str> =
        truth.assets.iter().flat_map(|asset| &asset.resources).map(|file| file.checksum.as_str()).collect();
    for (path, entry) in &step.ours.tree {
        let Entry::File { checksum, .. } = entry else { continue };
        let is_new = is_photo(path, entry) && step.before.get(path) != Some(entry);
        let dated = step.world.has("--set-exif-datetime") && rules::is_jpeg(path);
        if is_new && !dated && !known.contains(checksum.as_str()) {
            wrong.push(format!("{}: the bytes of {path} are none of iCloud's", step.name));
        }
    }
    Verdict { wrong, ..Verdict::default() }
}

fn is_photo(path: &str, entry: &Entry) -> bool {
    matches!(entry, Entry::File { .. }) && !path.ends_with(".xmp") && !path.ends_with(".part")
}

impl Verdict {
    pub(super) fn is_wrong(&self) -> bool {
        !self.wrong.is_empty()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.wrong.extend(other.wrong);
        self.died = self.died.take().or(other.died);
        for (id, times) in other.used {
            *self.used.entry(id).or_default() += times;
        }
    }

    fn weigh(&mut self, step: &Step<'_>, all: Vec<Difference>) {
        for difference in all {
            match rules::find(step, &difference) {
                Some(id) => *self.used.entry(id).or_default() += 1,
                None => self.wrong.push(format!("{}: {difference:?}", step.name)),
            }
        }
    }

    fn wrong_if(&mut self, wrong: bool, what: impl FnOnce() -> String) {
        if wrong {
            self.wrong.push(what());
        }
    }

    /// A second run over one's own folder.
    pub(super) fn of_nothing_new(name: &str, world: &World, first: &Done, again: &Done) -> Self {
        let mut verdict = Self::of_equal_trees(name, first, again);
        if world.rehearses() {
            let same = said_sorted(first) == said_sorted(again);
            verdict.wrong_if(!same && world.has("--only-print-filenames"), || {
                format!("{name}: a rehearsal says something else")
            });
            return verdict;
        }
        verdict.wrong_if(first.ended.code != again.ended.code, || {
            format!("{name}: {} after {}: {}", again.ended.code, first.ended.code, again.ended.tail())
        });
        // What could not be had is asked for again.
        verdict.wrong_if(again.fetched > 0 && first.ended.code == 0, || {
            format!("{name}: {} fetches\n{}", again.fetched, again.ended.tail())
        });
        let told: Vec<&str> =
            again.ended.stdout.lines().filter(|line| line.contains(" Downloaded ")).collect();
        verdict.wrong_if(!told.is_empty(), || format!("{name}: {told:?}"));
        verdict
    }

    pub(super) fn of_equal_trees(name: &str, whole: &Done, other: &Done) -> Self {
        let wrong = trees(&whole.tree, &other.tree);
        let wrong = wrong.into_iter().filter(|one| !matches!(one, Difference::Missing(path) | Difference::Extra(path) if path.ends_with(".part")));
        Self { wrong: wrong.map(|one| format!("{name}: {one:?}")).collect(), ..Self::default() }
    }

    /// Ours over the folder of the real one, without a catalogue: it fetches what only ours has, and nothing else.
    pub(super) fn of_takeover(world: &World, theirs: &Done, ours: &Done, taken: &Done) -> Self {
        let name = "ours over the folder of the real one";
        let mut verdict = Self::default();
        let step = Step { name, world, before: &theirs.tree, theirs, ours: taken };
        verdict.weigh(&step, trees(&theirs.tree, &taken.tree));
        if world.rehearses() {
            return verdict;
        }
        let new = taken.tree.keys().filter(|path| !theirs.tree.contains_key(*path)).count() as u64;
        let fetches = taken.fetched.saturating_sub(new);
        verdict.wrong_if(fetches > 0 && ours.ended.code == 0, || {
            format!("{name}: {} fetches, {new} new files\n{}", taken.fetched, taken.ended.tail())
        });
        verdict
    }

    /// The real one over the folder of ours: it writes nothing that it would not write over its own.
    pub(super) fn of_going_back(world: &World, theirs: &Done, own: &Done, ours: &Done, back: &Done) -> Self {
        let name = "the real one over the folder of ours";
        let written = |before: &Done, after: &Done| -> BTreeSet<String> {
            let new = after
                .tree
                .iter()
                .filter(|(path, entry)| before.tree.get(*path) != Some(entry) && is_photo(path, entry));
            new.map(|(path, _)| path.clone()).collect()
        };
        let own = written(theirs, own);
        let mut verdict = Self::default();
        for path in written(ours, back).difference(&own) {
            let step = Step { name, world, before: &ours.tree, theirs: back, ours };
            match rules::find(&step, &Difference::Missing(path.clone())) {
                Some(id) => *verdict.used.entry(id).or_default() += 1,
                None => verdict.wrong.push(format!("{name}: it wrote {path}")),
            }
        }
        verdict
    }

    /// What stands in the folder is not fetched again for another name. Of a folder that others have filled nothing proves what is in
    /// it before it was read, and dated bytes are not those that iCloud has.
    pub(super) fn of_copies(step: &Step<'_>) -> Self {
        let mut verdict = Self::default();
        if !step.world.past.is_empty() || step.world.has("--set-exif-datetime") {
            return verdict;
        }
        let checksums = |tree: &Tree| -> Vec<String> {
            let sums = tree.values().filter_map(|entry| match entry {
                Entry::File { checksum, .. } => Some(checksum.clone()),
                Entry::Folder => None,
            });
            sums.collect()
        };
        let before = checksums(step.before);
        let new = step.ours.tree.iter().filter(|(path, entry)| {
            is_photo(path, entry)
                && step.before.get(*path) != Some(entry)
                && matches!(entry, Entry::File { checksum, .. } if !before.contains(checksum))
        });
        let (new, fetched) = (new.count() as u64, step.ours.fetched);
        verdict.wrong_if(fetched > new && step.ours.ended.code == 0, || {
            format!("{}: {fetched} fetches for {new} new contents", step.name)
        });
        verdict
    }

    /// What changed in iCloud came to both. Ours says less of what it need not look at: of the rest the paths count.
    pub(super) fn of_changes(step: &Step<'_>, their_first: &Done, our_first: &Done) -> Self {
        let mut verdict = Self { died: rules::last_words(step), ..Self::default() };
        if verdict.died.is_some() {
            *verdict.used.entry(rules::why_it_died(step)).or_default() += 1;
            return verdict;
        }
        // What differed before, differs still.
        let old: Vec<Difference> = trees(&their_first.tree, &our_first.tree);
        let mut all = trees(&step.theirs.tree, &step.ours.tree);
        all.retain(|one| !old.contains(one));
        all.extend(ends(step));
        let told = said(step);
        let counts = |line: &str| line.starts_with("Downloaded ") || line.starts_with("Deleted ");
        all.extend(told.into_iter().filter(|one| match one {
            Difference::SaidThere(line) | Difference::SaidHere(line) => counts(line),
            _ => true,
        }));
        verdict.weigh(step, all);
        verdict
    }
}

fn said_sorted(done: &Done) -> Vec<&str> {
    let mut lines: Vec<&str> = done.ended.stdout.lines().collect();
    lines.sort_unstable();
    lines
}
