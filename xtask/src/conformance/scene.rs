//! One set of options on a library of exact assets, run by both programs, each on a fake of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Found;
use super::compare;
use super::differences;
use super::pins::Allowed;
use super::runs::{TREE, World, icloudpd, ours};
use super::sidecar::{self, Sidecars};
use crate::fake::Fake;
use crate::process::{self, Ended, Person};
use crate::tree::{self, Entry, Tree};

mod lines;

use self::lines::Next;

/// The folder that a scene may write into beside the one it is told.
const OUTSIDE: &str = "outside";

/// One of them: a row of the report.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) name: String,
    library: fn() -> Vec<Value>,
    pub(super) options: Vec<&'static str>,
    tz: &'static str,
    /// Files that lie in the folder before, with what is in them.
    local: Vec<(String, Content)>,
    /// How often the programs run; the last run counts.
    runs: u8,
    /// What goes wrong: a fault script.
    faults: &'static str,
    /// Whether what is logged is compared, beside tree, exit code and what is gone in iCloud.
    logged: bool,
    /// The library is of the days before the run, so that paths are others each day.
    moving: bool,
    /// Both write into a folder beside the one that `--directory` names: `{outside}` in the options.
    outside: bool,
    /// The differences that there must be, and no others: the exception, and how the line about it begins.
    differs: Vec<(&'static str, &'static str)>,
    /// Those that there may be.
    may: Vec<(&'static str, &'static str)>,
    /// Lines of the real one that filled the folder before.
    past: Vec<Vec<&'static str>>,
    /// What follows the first line, over the same folder.
    later: Vec<Next>,
    /// How many requests about content ours makes in the first line.
    fetches: Option<u64>,
}

/// What is in a file that lies there before.
#[derive(Debug, Clone)]
enum Content {
    Zeros(u64),
    Bytes(&'static [u8]),
}

impl Scene {
    pub(super) fn new(name: &str, library: fn() -> Vec<Value>, options: &[&'static str]) -> Self {
        Self {
            name: name.to_owned(),
            library,
            options: options.to_vec(),
            tz: "UTC",
            local: Vec::new(),
            runs: 1,
            faults: "",
            logged: true,
            moving: false,
            outside: false,
            differs: Vec::new(),
            may: Vec::new(),
            past: Vec::new(),
            later: Vec::new(),
            fetches: None,
        }
    }

    pub(super) fn tz(mut self, tz: &'static str) -> Self {
        self.tz = tz;
        self
    }

    pub(super) fn local(mut self, files: &[(&str, u64)]) -> Self {
        self.local.extend(files.iter().map(|(path, length)| ((*path).to_owned(), Content::Zeros(*length))));
        self
    }

    pub(super) fn bytes(mut self, path: &str, bytes: &'static [u8]) -> Self {
        self.local.push((path.to_owned(), Content::Bytes(bytes)));
        self
    }

    pub(super) fn text(self, path: &str, text: &'static str) -> Self {
        self.bytes(path, text.as_bytes())
    }

    pub(super) fn moving(mut self) -> Self {
        self.moving = true;
        self
    }

    pub(super) fn outside(mut self) -> Self {
        self.outside = true;
        self
    }

    pub(super) fn twice(mut self) -> Self {
        self.runs = 2;
        self
    }

    /// Twice, and of the second run ours says less: it follows the changes since the first.
    pub(super) fn again(self) -> Self {
        self.twice()
            .differs("O1", &["logged there alone: Downloading "])
            .may("O1", &["logged there alone: *deduplicated"])
    }

    /// Differences that there may be.
    pub(super) fn may(mut self, exception: &'static str, lines: &[&'static str]) -> Self {
        self.may.extend(lines.iter().map(|line| (exception, *line)));
        self
    }

    pub(super) fn faults(mut self, script: &'static str) -> Self {
        self.faults = script;
        self
    }

    pub(super) fn silent(mut self) -> Self {
        self.logged = false;
        self
    }

    pub(super) fn differs(mut self, exception: &'static str, lines: &[&'static str]) -> Self {
        self.differs.extend(lines.iter().map(|line| (exception, *line)));
        self
    }

    /// The same under the other policy: what lies in the folder has the names of that policy.
    pub(super) fn by_id(&self, ids: &BTreeMap<&str, &str>) -> Self {
        let mut other = self.clone();
        other.name.push_str("_name_id7");
        other.options.extend(["--file-match-policy", "name-id7"]);
        for (path, _) in &mut other.local {
            for (stem, id) in ids {
                *path = path.replace(stem, &format!("{stem}_{id}"));
            }
        }
        other
    }

    /// Exceptions that it leans on.
    pub(super) fn exceptions(&self) -> BTreeSet<&'static str> {
        self.differs.iter().map(|(exception, _)| *exception).collect()
    }

    pub(super) fn run(&self, world: &World) -> Result<Found> {
        let slug: String = self.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let folder = world.folder.join("scenes").join(slug);
        fs::create_dir_all(&folder)?;
        let library = folder.join("library.json");
        fs::write(&library, Value::from((self.library)()).to_string())?;
        let (differences, files) = if self.past.is_empty() && self.later.is_empty() {
            let theirs = self.one(world, &folder, &library, false).context("the real icloudpd")?;
            let ours = self.one(world, &folder, &library, true).context("our icloudpd")?;
            (self.compare(&self.options, &theirs, &ours), theirs.files())
        } else {
            self.lines(world, &folder, &library)?
        };
        let (wrong, allowed) = self.judge(differences);
        if wrong.is_empty() {
            fs::remove_dir_all(&folder)?;
        }
        Ok(Found { wrong, allowed, compared: format!("{files} files") })
    }

    fn one(&self, world: &World, folder: &Path, library: &Path, is_ours: bool) -> Result<Done> {
        let side = self.side(world, folder, library, is_ours)?;
        let before = deleted(&side.fake)?;
        let mut last = None;
        for _ in 0..self.runs.max(1) {
            last = Some(self.once(world, &side, &self.options)?);
        }
        self.done(&side, &before, last.context("no run")?)
    }

    /// A fake for one of the two, and a folder as it stands before.
    fn side(&self, world: &World, folder: &Path, library: &Path, is_ours: bool) -> Result<Side> {
        let folder = folder.join(if is_ours { "ours" } else { "theirs" });
        self.lay_out(&folder)?;
        Ok(Side { fake: self.fake(world, library)?, folder, is_ours })
    }

    fn fake(&self, world: &World, library: &Path) -> Result<Fake> {
        let faults = if self.faults.is_empty() { Vec::new() } else { vec!["--faults", self.faults] };
        let path = library.to_string_lossy();
        let mut arguments = vec!["--library", &path, "--state", "password-only", "--seed", "20"];
        arguments.extend(faults);
        Fake::start_with(&world.programs, &arguments)
    }

    fn once(&self, world: &World, side: &Side, options: &[&str]) -> Result<Ended> {
        side.fake.reset_counts()?;
        let command = match side.is_ours {
            true => ours(&world.programs, &side.fake.url),
            false => world.clients.icloudpd(&side.fake.url),
        };
        let outside = side.folder.join(OUTSIDE).to_string_lossy().into_owned();
        let options: Vec<String> =
            options.iter().map(|option| option.replace("{outside}", &outside)).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let mut command = icloudpd(command, &side.folder, &options);
        command.env("TZ", self.tz);
        process::run(command, &side.folder, Person::Nobody)
    }

    fn done(&self, side: &Side, before: &BTreeSet<String>, ended: Ended) -> Result<Done> {
        let gone = deleted(&side.fake)?.difference(before).cloned().collect();
        let fetched = side.fake.counts()?.to("content");
        let root = side.folder.join(TREE);
        let mut tree = tree::read(&root)?;
        if self.outside {
            let beyond = tree::read(&side.folder.join(OUTSIDE))?;
            tree.extend(beyond.into_iter().map(|(path, entry)| (format!("{OUTSIDE}/{path}"), entry)));
        }
        let sidecars = sidecar::take(&root, &mut tree)?;
        Ok(Done { ended, tree, sidecars, gone, fetched })
    }

    fn lay_out(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        for (path, content) in &self.local {
            let path: PathBuf = folder.join(TREE).join(path);
            fs::create_dir_all(path.parent().context("a file in no folder")?)?;
            let mut file = fs::File::create(&path)?;
            match content {
                Content::Zeros(length) => file.set_len(*length)?,
                Content::Bytes(bytes) => file.write_all(bytes)?,
            }
            // Both sides have the same, at whatever time they get them.
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000))?;
        }
        Ok(())
    }

    fn compare(&self, options: &[&str], theirs: &Done, ours: &Done) -> Vec<String> {
        let mut differences = compare::trees(&theirs.tree, &ours.tree);
        differences.extend(sidecar::compare(&theirs.sidecars, &ours.sidecars));
        if theirs.ended.code != ours.ended.code {
            differences.push(format!(
                "exit code {} there, {} in ours: {}",
                theirs.ended.code,
                ours.ended.code,
                if ours.ended.code == 0 { theirs.ended.tail() } else { ours.ended.tail() }
            ));
        }
        differences
            .extend(theirs.gone.difference(&ours.gone).map(|name| format!("gone there alone: {name}")));
        differences
            .extend(ours.gone.difference(&theirs.gone).map(|name| format!("gone in ours alone: {name}")));
        if (self.runs > 1 || !self.later.is_empty()) && ours.fetched > theirs.fetched {
            differences.push(format!("{} fetches there, {} in ours", theirs.fetched, ours.fetched));
        }
        if options.contains(&"--only-print-filenames") {
            differences.extend(compare::names(&theirs.ended.stdout, &ours.ended.stdout));
        } else if self.logged {
            differences.extend(compare::logged(&theirs.ended.stdout, &ours.ended.stdout));
        }
        differences
    }

    /// How many folders of days the last days have depends on the hour: at one after midnight another number of photos shares a day, or a
    /// month, than at noon. Their files tell of them.
    fn is_of_the_hour(&self, difference: &str) -> bool {
        self.moving && difference.ends_with(" (a folder)")
    }

    /// What of the differences is wrong: those that no exception allows, and those that should have been there. What is allowed is
    /// held to its very words by `exceptions.txt`.
    pub(super) fn judge(&self, differences: Vec<String>) -> (Vec<String>, Vec<Allowed>) {
        let mut used = vec![false; self.differs.len()];
        let (mut wrong, mut allowed) = (Vec::new(), Vec::new());
        for difference in differences {
            let at = self.differs.iter().position(|(_, line)| fits(line, &difference));
            let may = self.may.iter().find(|(_, line)| fits(line, &difference));
            let exception = match (at, may) {
                (Some(at), _) => {
                    used[at] = true;
                    self.differs[at].0
                }
                (None, Some((exception, _))) => exception,
                (None, None) => {
                    wrong.push(difference);
                    continue;
                }
            };
            if !self.is_of_the_hour(&difference) {
                allowed.push(Allowed::new(exception, &difference, self.moving));
            }
        }
        for (exception, line) in
            self.differs.iter().zip(&used).filter(|(_, used)| !**used).map(|(one, _)| one)
        {
            wrong.push(format!("exception {exception} is there for nothing: {line}"));
        }
        for exception in self.exceptions().into_iter().filter(|id| differences::find(id).is_none()) {
            wrong.push(format!("there is no exception {exception}"));
        }
        (wrong, allowed)
    }
}

/// Whether a line is as a pattern says: it begins so, and where the pattern has a star it ends as what follows that.
pub(super) fn fits(pattern: &str, line: &str) -> bool {
    match pattern.split_once('*') {
        None => line.starts_with(pattern),
        Some((begin, end)) => line.starts_with(begin) && line.ends_with(end),
    }
}

/// What a program did.
#[derive(Debug)]
struct Done {
    ended: Ended,
    tree: Tree,
    sidecars: Sidecars,
    /// Names of photos that went to Recently Deleted.
    gone: BTreeSet<String>,
    /// Requests about content in the last run.
    fetched: u64,
}

impl Done {
    fn files(&self) -> usize {
        self.tree.values().filter(|entry| matches!(entry, Entry::File { .. })).count()
    }
}

/// One of the two programs: its fake and its folder.
#[derive(Debug)]
struct Side {
    fake: Fake,
    folder: PathBuf,
    is_ours: bool,
}

fn deleted(fake: &Fake) -> Result<BTreeSet<String>> {
    let truth = fake.truth()?;
    let deleted = truth.assets.into_iter().filter(|asset| asset.deleted);
    Ok(deleted.map(|asset| asset.name.unwrap_or(asset.id)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_days_before_a_run_are_pinned_nowhere() {
        let folders = ["missing in ours: 2026 (a folder)", "missing in ours: 2026/11/27 (a folder)"];
        let scene = Scene::new("one", Vec::new, &[]).differs("F14", &["missing in ours: "]);
        let pinned = |scene: &Scene| scene.judge(folders.map(str::to_owned).to_vec()).1.len();
        assert_eq!(pinned(&scene), 2);
        let scene = scene.moving();
        assert_eq!(pinned(&scene), 0);
        assert!(
            scene.judge(folders.map(str::to_owned).to_vec()).0.is_empty(),
            "they use the exception all the same"
        );
    }

    #[test]
    fn a_scene_allows_the_differences_it_names_and_wants_each_of_them() {
        let scene = Scene::new("one", Vec::new, &[]).differs("F8", &["exit code 1 there, 0 in ours"]);
        assert!(scene.judge(vec!["exit code 1 there, 0 in ours: \nKeyError".to_owned()]).0.is_empty());
        assert_eq!(scene.judge(vec![]).0.len(), 1);
        let wider = vec!["exit code 1 there, 0 in ours".to_owned(), "only in ours: a".to_owned()];
        assert_eq!(scene.judge(wider).0, ["only in ours: a"]);
        let unknown = Scene::new("two", Vec::new, &[]).differs("F99", &["a"]);
        assert_eq!(unknown.judge(vec!["a".to_owned()]).0, ["there is no exception F99"]);
    }
}
