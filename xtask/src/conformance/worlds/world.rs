//! A world: a library, a folder with a past, options, and what happens between two runs. It is data, so that it can be
//! written down, told again, and made smaller.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// All that two programs are put into.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) tz: String,
    /// Exact assets, as `fake-icloud --library` takes them.
    pub(super) library: Vec<Value>,
    /// What both are told; each inner list stands or falls as one.
    pub(super) options: Vec<Vec<String>>,
    /// Options of the runs of the real one that filled the folder before.
    pub(super) past: Vec<Vec<Vec<String>>>,
    /// What became of the folder since.
    pub(super) damages: Vec<Damage>,
    /// What happens in iCloud between the first and the last run.
    pub(super) edits: Vec<Edit>,
    /// After how many thousandths of its time a run of ours is killed, one after the other.
    pub(super) kills: Vec<u64>,
    /// The options of a run over the folder of the first, after which the first ones come again; none if there is none.
    #[serde(default)]
    pub(super) other: Vec<Vec<String>>,
}

/// Something that happened to a file of the folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Damage {
    /// Which of the files, counted round and round.
    pub(super) file: usize,
    pub(super) kind: Harm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Harm {
    /// It is gone.
    Removed,
    /// Half of it is gone.
    Cut,
    /// All of it is gone but the name.
    Emptied,
    /// Its bytes are others, their number the same.
    Garbled,
    /// It is longer.
    Longer,
    /// A folder has its name.
    Folder,
    /// It has the name that old versions of icloudpd gave.
    Legacy,
    /// Somebody renamed it.
    Renamed,
    /// Half of it lies in the `.part` of a run that was cut.
    HalfPart,
    /// All of it lies there.
    WholePart,
    /// Somebody's own file lies beside it.
    Foreign,
}

/// One change in iCloud.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Edit {
    /// Which asset, counted round and round.
    pub(super) asset: usize,
    /// As `/fake/mutate` calls it.
    pub(super) kind: String,
    /// The new name.
    #[serde(default)]
    pub(super) name: Option<String>,
}

impl World {
    pub(super) fn arguments(&self) -> Vec<String> {
        self.options.concat()
    }

    pub(super) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|group| group.first().is_some_and(|first| first == option))
    }

    /// The values of an option, in the order they stand in.
    pub(super) fn values<'a>(&'a self, option: &'a str) -> impl Iterator<Item = &'a str> {
        let groups =
            self.options.iter().filter(move |group| group.first().is_some_and(|first| first == option));
        groups.filter_map(|group| group.get(1)).map(String::as_str)
    }

    /// Photos leave iCloud, so that no run can be had twice.
    pub(super) fn moves(&self) -> bool {
        self.has("--keep-icloud-recent-days") || self.has("--delete-after-download")
    }

    /// Nothing is written.
    pub(super) fn rehearses(&self) -> bool {
        self.has("--dry-run") || self.has("--only-print-filenames")
    }

    /// The same world where both are told something else.
    pub(super) fn told(&self, options: Vec<Vec<String>>) -> Self {
        Self { options, ..self.clone() }
    }

    /// Everything that is one thing smaller.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            change(&mut world);
            all.push(world);
        };
        if !self.edits.is_empty() {
            with(&|world| world.edits.clear());
        }
        if !self.kills.is_empty() {
            with(&|world| world.kills.clear());
        }
        if !self.past.is_empty() {
            with(&|world| {
                world.past.clear();
                world.damages.clear();
            });
        }
        if !self.other.is_empty() {
            with(&|world| world.other.clear());
        }
        // First halves, then one at a time.
        let many = self.library.len();
        if many > 3 {
            with(&|world| world.library.truncate(many / 2));
            with(&|world| drop(world.library.drain(..many / 2)));
        }
        (0..self.options.len()).for_each(|at| with(&|world| drop(world.options.remove(at))));
        (0..self.past.len()).for_each(|at| with(&|world| drop(world.past.remove(at))));
        (0..self.damages.len()).for_each(|at| {
            with(&|world| {
                world.damages.remove(at);
            })
        });
        (0..self.edits.len()).for_each(|at| with(&|world| drop(world.edits.remove(at))));
        (0..many).for_each(|at| with(&|world| drop(world.library.remove(at))));
        for (at, options) in self.past.iter().enumerate() {
            (0..options.len()).for_each(|option| with(&|world| drop(world.past[at].remove(option))));
        }
        (0..self.other.len()).for_each(|at| with(&|world| drop(world.other.remove(at))));
        if self.tz != "UTC" {
            with(&|world| "UTC".clone_into(&mut world.tz));
        }
        all
    }
}
