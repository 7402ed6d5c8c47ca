//! Scenes of several command lines over one directory, one after the other, and of what happens between them. After each line all is
//! compared, and what is said of it begins with its number.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::super::runs::{TREE, World};
use super::{Done, Scene, Side, deleted};
use crate::tree;

/// What follows.
#[derive(Debug, Clone)]
pub(super) enum Next {
    /// Both run with these options; and how many requests about content ours makes then.
    Line(Vec<&'static str>, Option<u64>),
    /// Something becomes of a photo in iCloud: its name, and the change as `/fake/mutate` calls it, with an album behind a colon.
    Edit(&'static str, &'static str),
    /// Both lose a file of the folder.
    Loss(&'static str),
    /// A file of both has other bytes now, as many as before, and the time that it had.
    Rot(&'static str),
    /// Both computers move.
    Zone(&'static str),
}

impl Scene {
    /// Another command line over the same folder.
    pub(in super::super) fn then(mut self, options: &[&'static str]) -> Self {
        self.later.push(Next::Line(options.to_vec(), None));
        self
    }

    /// How many requests about content ours makes in the line that was named last.
    pub(in super::super) fn fetches(mut self, count: u64) -> Self {
        match self.later.last_mut() {
            Some(Next::Line(_, fetches)) => *fetches = Some(count),
            _ => self.fetches = Some(count),
        }
        self
    }

    /// A line of the real one that filled the folder before.
    pub(in super::super) fn past(mut self, options: &[&'static str]) -> Self {
        self.past.push(options.to_vec());
        self
    }

    pub(in super::super) fn edit(mut self, photo: &'static str, change: &'static str) -> Self {
        self.later.push(Next::Edit(photo, change));
        self
    }

    pub(in super::super) fn loss(mut self, path: &'static str) -> Self {
        self.later.push(Next::Loss(path));
        self
    }

    pub(in super::super) fn rot(mut self, path: &'static str) -> Self {
        self.later.push(Next::Rot(path));
        self
    }

    pub(in super::super) fn zone(mut self, tz: &'static str) -> Self {
        self.later.push(Next::Zone(tz));
        self
    }

    /// All that differs, and how many files the real one has in the end.
    pub(super) fn lines(&self, world: &World, folder: &Path, library: &Path) -> Result<(Vec<String>, usize)> {
        let sides = [self.side(world, folder, library, false)?, self.side(world, folder, library, true)?];
        self.fill(world, folder, library, &sides).context("the past")?;
        let first = Next::Line(self.options.clone(), self.fetches);
        let mut now = self.clone();
        let (mut all, mut old, mut number, mut files) = (Vec::new(), BTreeSet::new(), 0, 0);
        for next in std::iter::once(&first).chain(&self.later) {
            let (options, fetches) = match next {
                Next::Line(options, fetches) => (options, fetches),
                Next::Zone(tz) => {
                    now.tz = tz;
                    continue;
                }
                _ => {
                    sides.iter().try_for_each(|side| happens(side, next))?;
                    continue;
                }
            };
            number += 1;
            let (found, theirs) = now.line(world, &sides, options, *fetches)?;
            files = theirs.files();
            // What differed before, differs still; what is said is said again.
            let is_new = |line: &String| old.insert(line.clone()) || !is_of_the_tree(line);
            all.extend(found.into_iter().filter(is_new).map(|line| format!("line {number}: {line}")));
        }
        Ok((all, files))
    }

    fn line(
        &self,
        world: &World,
        [theirs, ours]: &[Side; 2],
        options: &[&str],
        fetches: Option<u64>,
    ) -> Result<(Vec<String>, Done)> {
        let run = |side: &Side| {
            let before = deleted(&side.fake)?;
            self.done(side, &before, self.once(world, side, options)?)
        };
        let theirs = run(theirs).context("the real icloudpd")?;
        let ours = run(ours).context("our icloudpd")?;
        let mut found = self.compare(options, &theirs, &ours);
        let wanted = fetches.filter(|wanted| *wanted != ours.fetched);
        found.extend(wanted.map(|wanted| format!("{} fetches in ours, not {wanted}", ours.fetched)));
        Ok((found, theirs))
    }

    /// The real one, on a fake of its own, and a copy of what it wrote for each.
    fn fill(&self, world: &World, folder: &Path, library: &Path, sides: &[Side; 2]) -> Result<()> {
        if self.past.is_empty() {
            return Ok(());
        }
        let past = Side { fake: self.fake(world, library)?, folder: folder.join("past"), is_ours: false };
        fs::create_dir_all(&past.folder)?;
        for options in &self.past {
            let ended = self.once(world, &past, options)?;
            anyhow::ensure!(ended.code == 0, "the real one: {}", ended.tail());
        }
        sides.iter().try_for_each(|side| tree::copy(&past.folder.join(TREE), &side.folder.join(TREE)))
    }
}

/// Whether a difference lasts until something changes.
fn is_of_the_tree(line: &str) -> bool {
    !["logged ", "printed ", "exit code ", "gone "].iter().any(|start| line.starts_with(start))
        && !line.contains(" fetches ")
}

fn happens(side: &Side, next: &Next) -> Result<()> {
    let path = |path: &str| side.folder.join(TREE).join(path);
    match next {
        Next::Line(..) | Next::Zone(_) => Ok(()),
        Next::Edit(photo, change) => edit(side, photo, change),
        // Ours may never have had it: that is told as a difference already.
        Next::Loss(lost) => match fs::remove_file(path(lost)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        },
        Next::Rot(rotten) => rot(&path(rotten)).with_context(|| format!("{rotten} is not there to rot")),
    }
}

fn edit(side: &Side, photo: &str, change: &str) -> Result<()> {
    let truth = side.fake.truth()?;
    let asset = truth.assets.into_iter().find(|asset| asset.name.as_deref() == Some(photo));
    let id = asset.with_context(|| format!("there is no {photo}"))?.id;
    let (kind, title) = change.split_once(':').unwrap_or((change, ""));
    let mut albums = truth.zones.into_iter().flat_map(|zone| zone.albums);
    let album = albums.find(|album| album.title.as_deref() == Some(title)).map(|album| album.id);
    let done = side.fake.mutate(&json!({"asset": id, "edit": kind, "album": album}))?;
    anyhow::ensure!(done, "{photo} takes no {change}");
    Ok(())
}

fn rot(path: &Path) -> Result<()> {
    let (length, modified) = (fs::metadata(path)?.len(), fs::metadata(path)?.modified()?);
    fs::write(path, vec![b'x'; length as usize])?;
    Ok(fs::File::options().write(true).open(path)?.set_modified(modified)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_requests_is_of_the_line_before_it() {
        let scene =
            Scene::new("one", Vec::new, &[]).fetches(3).then(&["--size"]).fetches(0).edit("a", "trash");
        assert_eq!(scene.fetches, Some(3));
        assert!(matches!(scene.later[..], [Next::Line(_, Some(0)), Next::Edit("a", "trash")]));
    }

    #[test]
    fn what_is_said_is_said_again_and_what_stands_is_told_once() {
        for lasting in ["missing in ours: a (a folder)", "only in ours: a", "a.JPG: 1 bytes there, 2 in ours"]
        {
            assert!(is_of_the_tree(lasting), "{lasting}");
        }
        let said = [
            "logged there alone: a",
            "printed there alone: a",
            "exit code 0 there, 3 in ours",
            "gone there alone: a",
        ];
        for passing in said.into_iter().chain(["0 fetches there, 1 in ours", "1 fetches in ours, not 0"]) {
            assert!(!is_of_the_tree(passing), "{passing}");
        }
    }

    #[test]
    fn a_file_rots_and_keeps_its_length_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.JPG");
        fs::write(&path, b"abcd").unwrap();
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
        fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        rot(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"xxxx");
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), old);
    }
}
