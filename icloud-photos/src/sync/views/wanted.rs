//! What a view is to show, by the catalogue alone: all libraries that share the storage, and nothing of who ran when.
//!
//! Of a file that stands in several trees the first is shown. A photo that is hidden in iCloud goes, unless this copy moved it out; one that is
//! deleted there stays for as long as the copy keeps its file, in the albums that it was seen in last (`Scan::albums`). The names of two files
//! that meet in a folder are found when all that want to go there are known.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::super::catalogue::{
    AssetRow, Batch, FileKey, FileRow, HIDDEN, IN, LEFT, LibraryKey, RemovalState,
};
use super::super::engine::Inner;
use super::super::shelf::Shelf;
use super::View;
use super::names::{Labels, fold, library_label, numbered};
use super::record::Line;
use super::sorted::{Merge, Sorted, Sorter};
use crate::asset::AssetId;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::StoragePath;

/// Rows looked at in one go.
const ROWS: usize = 1000;

const IN_THE_WAY: &str =
    "the copy keeps photos of its own in the folder of this view; give the view another name";

/// A file that wants to go to a folder. Ordered by the folder; there the photo that was taken first comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Guest {
    folded: String,
    created: i64,
    library: String,
    asset: String,
    folder: String,
    name: String,
    sidecar: bool,
    line: Line,
}

/// A file of an asset and what is known of that.
struct Shown<'a> {
    row: &'a FileRow,
    path: &'a StoragePath,
}

/// All lines of a view, by their paths.
pub(super) async fn wanted(inner: &Inner, view: &View, rehearses: bool) -> Result<Sorted<Line>> {
    let mut scan = Scan { inner, view, rehearses, labels: HashMap::new(), guests: Sorter::default() };
    let mut after: Option<FileKey> = None;
    let mut held: Vec<FileRow> = Vec::new();
    loop {
        let rows = inner.catalogue.files(None, after.as_ref(), ROWS).await?;
        let Some(last) = rows.last().map(|row| row.key.clone()) else { break };
        held.extend(rows);
        // The rows of the last asset may go on behind this page.
        let is_of_last = |row: &FileRow| row.key.library == last.library && row.key.asset == last.asset;
        let end = held.iter().position(is_of_last).unwrap_or(held.len());
        let whole: Vec<_> = held.drain(..end).collect();
        scan.take(&whole).await?;
        after = Some(last);
    }
    scan.take(&held).await?;
    named(&mut scan.guests.finish())
}

struct Scan<'a> {
    inner: &'a Inner,
    view: &'a View,
    rehearses: bool,
    labels: HashMap<LibraryKey, Labels>,
    guests: Sorter<Guest>,
}

impl Scan<'_> {
    /// Takes all rows of some assets.
    async fn take(&mut self, rows: &[FileRow]) -> Result<()> {
        for of_library in rows.chunk_by(|one, other| one.key.library == other.key.library) {
            let assets: Vec<_> = of_library.chunk_by(|one, other| one.key.asset == other.key.asset).collect();
            let ids: Vec<AssetId> =
                assets.iter().filter_map(|rows| rows.first()).map(|row| row.key.asset.clone()).collect();
            let Some(library) = of_library.first().map(|row| row.key.library.clone()) else { continue };
            let catalogue = &self.inner.catalogue;
            let known = catalogue.assets(&library, &ids).await?;
            let moved = catalogue.removals(&library, &ids).await?;
            let albums = self.albums(&library, &ids, &known).await?;
            let hidden = self.hidden(&library, &ids, &known).await?;
            self.learn(&library).await?;
            for ((((rows, known), moved), albums), was_hidden) in
                assets.into_iter().zip(known).zip(moved).zip(albums).zip(hidden)
            {
                let is_moved = moved.is_some_and(|moved| moved.state == RemovalState::Sent)
                    && !is_in_library(known.as_ref());
                let is_hidden = known.as_ref().is_some_and(|asset| asset.hidden) && !is_moved;
                self.require_room(rows)?;
                if !(is_hidden || was_hidden) {
                    self.show(&library, rows, known.as_ref(), &albums)?;
                }
            }
        }
        Ok(())
    }

    /// The albums of each of these assets, by record name. Apple takes a photo that is gone for good out of all its albums, and so tells it
    /// like one that its owner took out: it counts only of one that is in the library.
    async fn albums(
        &self,
        library: &LibraryKey,
        ids: &[AssetId],
        known: &[Option<AssetRow>],
    ) -> Result<Vec<Vec<String>>> {
        if !self.view.folders.needs_albums() {
            return Ok(vec![Vec::new(); ids.len()]);
        }
        let catalogue = &self.inner.catalogue;
        let named = |list: &str, names: Vec<String>| {
            let names = names.into_iter().filter_map(|name| name.strip_prefix(list).map(str::to_owned));
            names.collect::<Vec<_>>()
        };
        let current = catalogue.selections_of(library, IN, ids).await?.into_iter();
        let mut albums: Vec<_> = current.map(|names| named(IN, names)).collect();
        let left = catalogue.selections_of(library, LEFT, ids).await?;
        let mut settled = Batch::default();
        for (((id, known), left), albums) in ids.iter().zip(known).zip(left).zip(&mut albums) {
            let member = |name: String| (library.clone(), name, id.clone());
            if !is_in_library(known.as_ref()) {
                // It left the album with the library, and is in it again should it come back.
                let kept = named(LEFT, left.clone());
                settled.members.extend(kept.iter().map(|album| member(format!("{IN}{album}"))));
                albums.extend(kept);
            }
            settled.gone_members.extend(left.into_iter().map(member));
        }
        if !(self.rehearses || settled.is_empty()) {
            catalogue.commit(settled).await?;
        }
        Ok(albums)
    }

    /// Whether each of these assets is hidden in the library, or was when it was last there: it is not to be shown because it was deleted.
    async fn hidden(
        &self,
        library: &LibraryKey,
        ids: &[AssetId],
        known: &[Option<AssetRow>],
    ) -> Result<Vec<bool>> {
        let noted = self.inner.catalogue.selections_of(library, HIDDEN, ids).await?;
        let (mut changed, mut hidden) = (Batch::default(), Vec::new());
        for ((id, known), noted) in ids.iter().zip(known).zip(noted) {
            let was_hidden = !noted.is_empty();
            let in_library = known.as_ref().filter(|asset| !asset.trashed);
            let is_hidden = in_library.map_or(was_hidden, |asset| asset.hidden);
            hidden.push(is_hidden);
            let note = (library.clone(), HIDDEN.to_owned(), id.clone());
            changed.members.extend((is_hidden && !was_hidden).then(|| note.clone()));
            changed.gone_members.extend((!is_hidden && was_hidden).then_some(note));
        }
        if !(self.rehearses || changed.is_empty()) {
            self.inner.catalogue.commit(changed).await?;
        }
        Ok(hidden)
    }

    async fn learn(&mut self, library: &LibraryKey) -> Result<()> {
        if !self.labels.contains_key(library) {
            let shelf = Shelf::new(self.inner.catalogue.albums(library).await?);
            self.labels.insert(library.clone(), Labels::of(&shelf));
        }
        Ok(())
    }

    /// Nothing of the copy stands where the view is to be.
    fn require_room(&self, rows: &[FileRow]) -> Result<()> {
        let folder = fold(&self.view.name);
        let first = |path: &StoragePath| path.as_str().split('/').next().map(fold);
        let mut paths = rows.iter().filter(|row| row.status.is_kept()).filter_map(|row| row.path.as_ref());
        match paths.find(|path| first(path).as_ref() == Some(&folder)) {
            None => Ok(()),
            Some(path) => Err(Error::new(ErrorKind::Conflict, IN_THE_WAY)
                .with("view", &self.view.name)
                .with("path", path)),
        }
    }

    fn show(
        &mut self,
        library: &LibraryKey,
        rows: &[FileRow],
        asset: Option<&AssetRow>,
        albums: &[String],
    ) -> Result<()> {
        let shown = first_of_each(rows);
        let taken = asset.and_then(|asset| asset.created);
        let created =
            taken.or_else(|| shown.first()?.row.modified.map(|seconds| seconds.saturating_mul(1000)));
        for folder in self.folders(library, created, albums) {
            for Shown { row, path } in &shown {
                self.guests.push(Guest {
                    folded: fold(&folder),
                    created: created.unwrap_or_default(),
                    library: library.to_string(),
                    asset: row.key.asset.to_string(),
                    folder: folder.clone(),
                    name: path.name().to_owned(),
                    sidecar: row.sidecar,
                    line: Line::of(row, path),
                })?;
            }
        }
        Ok(())
    }

    /// The folders of an asset: of a view by album one for each, else one.
    fn folders(&self, library: &LibraryKey, created: Option<i64>, albums: &[String]) -> Vec<String> {
        let layout = &self.inner.layout;
        let time = layout.zone().of_asset_date(created).unwrap_or_else(|utc| utc);
        let (name, locale) = (library_label(library.as_str()), layout.locale());
        let folders = &self.view.folders;
        if !folders.needs_albums() {
            return vec![folders.render(None, &name, &time, locale)];
        }
        let labels = self.labels.get(library);
        let albums = albums.iter().filter_map(|album| labels?.get(album));
        albums.map(|label| folders.render(Some(label), &name, &time, locale)).collect()
    }
}

fn is_in_library(known: Option<&AssetRow>) -> bool {
    known.is_some_and(|asset| !asset.trashed)
}

/// Each file of an asset once, wherever it stands first.
fn first_of_each(rows: &[FileRow]) -> Vec<Shown<'_>> {
    let mut shown: Vec<Shown<'_>> = Vec::new();
    for row in rows.iter().filter(|row| row.status.is_kept()) {
        let Some(path) = &row.path else { continue };
        if shown.last().is_none_or(|last| last.row.key.role != row.key.role) {
            shown.push(Shown { row, path });
        }
    }
    shown
}

/// Gives every guest its name. One folder at a time is held in memory.
fn named(guests: &mut Sorted<Guest>) -> Result<Sorted<Line>> {
    let mut lines = Sorter::default();
    let mut guests = guests.iter()?;
    while let Some(first) = guests.next()? {
        let mut folder =
            Folder { path: first.folder.clone(), folded: first.folded.clone(), taken: HashMap::new() };
        let mut party = vec![first];
        loop {
            party.extend(rest_of_asset(&mut guests, &party)?);
            for line in folder.seat(std::mem::take(&mut party)) {
                lines.push(line)?;
            }
            match guests.peek() {
                Some(next) if next.folded == folder.folded => party.extend(guests.next()?),
                _ => break,
            }
        }
    }
    Ok(lines.finish())
}

/// The files of an asset go together.
fn rest_of_asset(guests: &mut Merge<'_, Guest>, party: &[Guest]) -> Result<Vec<Guest>> {
    let mut rest = Vec::new();
    let Some(first) = party.first() else { return Ok(rest) };
    let key = |guest: &Guest| (guest.folded.clone(), guest.library.clone(), guest.asset.clone());
    while guests.peek().is_some_and(|next| key(next) == key(first)) {
        rest.extend(guests.next()?);
    }
    Ok(rest)
}

struct Folder {
    path: String,
    folded: String,
    /// The file under each name, by what counts as the same name.
    taken: HashMap<String, String>,
}

impl Folder {
    /// The files of one asset. If one of them meets a name that is taken, all get the digits.
    fn seat(&mut self, party: Vec<Guest>) -> Vec<Line> {
        // By two albums that make one folder a file may come twice.
        let party: BTreeMap<String, Guest> =
            party.into_iter().map(|guest| (guest.line.file.clone(), guest)).collect();
        let is_free = |number: &u32| party.values().all(|guest| self.has_room(guest, *number));
        let number = (0..3).find(is_free).unwrap_or(3);
        let mut lines = Vec::new();
        for guest in party.into_values() {
            let number = (number..).find(|number| self.has_room(&guest, *number)).unwrap_or(number);
            lines.extend(self.take(&guest, number));
        }
        lines
    }

    fn has_room(&self, guest: &Guest, number: u32) -> bool {
        let name = numbered(&guest.name, &guest.asset, number);
        let is_free = |name: &str, file: &str| self.taken.get(&fold(name)).is_none_or(|taken| taken == file);
        is_free(&name, &guest.line.file)
            && (!guest.sidecar || is_free(&format!("{name}.xmp"), &format!("{}.xmp", guest.line.file)))
    }

    /// What two assets share is shown once.
    fn take(&mut self, guest: &Guest, number: u32) -> Vec<Line> {
        let name = numbered(&guest.name, &guest.asset, number);
        let path = if self.path.is_empty() { name } else { format!("{}/{name}", self.path) };
        let line = Line { path, ..guest.line.clone() };
        let sidecar = guest.sidecar.then(|| line.sidecar());
        let mut lines = Vec::new();
        for line in [Some(line), sidecar].into_iter().flatten() {
            let name = line.path.rsplit('/').next().unwrap_or_default();
            if self.taken.insert(fold(name), line.file.clone()).is_none() {
                lines.push(line);
            }
        }
        lines
    }
}
