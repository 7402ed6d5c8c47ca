//! The user's albums and folders as a tree (protocol notes 5.10).

use std::collections::HashSet;

use futures::future::BoxFuture;

use super::album::{Album, AlbumId, AlbumKind, composed};
use super::wire::{AlbumFields, Record, Records};
use super::{Library, LibraryKind, query};
use crate::error::{ErrorKind, Result};

/// Records that stand for the tops of trees, not for anything in them.
const ROOTS: [&str; 2] = ["----Root-Folder----", "----Project-Root-Folder----"];
const FOLDER: i64 = 3;
/// Deeper nesting is taken for damaged data.
const MAX_DEPTH: usize = 32;

/// The user's albums and folders, in the user's order.
#[derive(Debug, Clone)]
pub struct AlbumTree {
    roots: Vec<AlbumNode>,
}

/// An album, or a folder with what lies in it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AlbumNode {
    /// The album or folder; [`Album::kind`] says which.
    pub album: Album,
    /// What lies in a folder, in the user's order; empty for an album.
    pub children: Vec<AlbumNode>,
}

impl AlbumTree {
    /// What lies in no folder.
    pub fn roots(&self) -> &[AlbumNode] {
        &self.roots
    }

    /// All albums and folders, a folder before what lies in it.
    pub fn iter(&self) -> impl Iterator<Item = &Album> {
        let mut stack: Vec<&AlbumNode> = self.roots.iter().rev().collect();
        std::iter::from_fn(move || {
            let node = stack.pop()?;
            stack.extend(node.children.iter().rev());
            Some(&node.album)
        })
    }

    /// The first album or folder with this path of titles, however their characters are composed.
    pub fn find<S: AsRef<str>>(&self, path: &[S]) -> Option<&Album> {
        let path: Vec<_> = path.iter().map(|title| composed(title.as_ref())).collect();
        self.iter().find(|album| album.path() == path)
    }

    /// The album or folder of this id.
    pub fn get(&self, id: &AlbumId) -> Option<&Album> {
        self.iter().find(|album| album.id() == Some(id))
    }
}

impl Library {
    /// Asks for the user's albums and folders: one request, and one more for each folder.
    ///
    /// Shared libraries have none; that Apple refuses to list them there is no error.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn albums(&self) -> Result<AlbumTree> {
        let mut walk = Walk { library: self, seen: HashSet::new(), strays: Vec::new() };
        match walk.nodes(None).await {
            Ok(mut roots) => {
                roots.extend(walk.lost());
                Ok(AlbumTree { roots })
            }
            // HTTP 400 `BAD_REQUEST`, "Index has invalid data".
            Err(error) if self.kind() == LibraryKind::Shared && error.kind() == ErrorKind::Protocol => {
                Ok(AlbumTree { roots: Vec::new() })
            }
            Err(error) => Err(error.during("list albums")),
        }
    }
}

/// An album and the folder it says it lies in.
type Found = (Album, Option<String>);

/// A walk through the folders. Every album is visited once, however often it is listed.
struct Walk<'a> {
    library: &'a Library,
    seen: HashSet<AlbumId>,
    /// Albums that were listed outside the folder they say they lie in.
    strays: Vec<Album>,
}

impl Walk<'_> {
    /// Boxed, for it descends into folders.
    fn nodes<'a>(&'a mut self, folder: Option<&'a Album>) -> BoxFuture<'a, Result<Vec<AlbumNode>>> {
        Box::pin(async move {
            let mut nodes = Vec::new();
            for album in self.albums_in(folder).await? {
                let descend = album.kind() == AlbumKind::Folder && album.path().len() < MAX_DEPTH;
                let children = if descend { self.nodes(Some(&album)).await? } else { Vec::new() };
                nodes.push(AlbumNode { album, children });
            }
            Ok(nodes)
        })
    }

    /// The albums and folders directly in `folder`, page by page.
    async fn albums_in(&mut self, folder: Option<&Album>) -> Result<Vec<Album>> {
        let mut albums = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let id = folder.and_then(Album::id).map(AlbumId::as_str);
            let body = query::albums(self.library.zone(), id, marker.as_deref());
            let path = folder.map_or(&[][..], Album::path);
            let (found, next) =
                self.library.query(&body, |answer| read_albums(self.library, answer, path)).await?;
            for (album, parent) in found {
                let here = parent.is_none_or(|parent| Some(parent.as_str()) == id || is_root(&parent));
                if !here {
                    self.strays.push(album);
                } else if album.id().is_some_and(|id| self.seen.insert(id.clone())) {
                    albums.push(album);
                }
            }
            if next.is_none() || next == marker {
                return Ok(albums);
            }
            marker = next;
        }
    }

    /// Strays that never came with their folder.
    fn lost(self) -> impl Iterator<Item = AlbumNode> {
        let mut seen = self.seen;
        let lost =
            self.strays.into_iter().filter(move |album| album.id().is_some_and(|id| seen.insert(id.clone())));
        lost.map(|album| AlbumNode { album, children: Vec::new() })
    }
}

/// The albums of an answer, each with the folder it says it lies in, and the mark of the next page.
fn read_albums(library: &Library, answer: &[u8], path: &[String]) -> Result<(Vec<Found>, Option<String>)> {
    let page = Records::<AlbumFields<'_>>::read(answer)?;
    let next = page.marker.map(|marker| marker.0.into_owned());
    let albums = page.records.into_iter().filter_map(|record| read_album(library, record, path));
    Ok((albums.collect(), next))
}

/// The album of a record and the folder it says it lies in; `None` for what is no living album.
fn read_album(library: &Library, record: Record<'_, AlbumFields<'_>>, path: &[String]) -> Option<Found> {
    let gone = record.deleted == Some(true) || record.server_error_code.is_some();
    let id = record.record_name.as_deref().filter(|name| !gone && !is_root(name))?;
    let id = AlbumId::new(id);
    let fields = record.fields?;
    if fields.is_deleted.flag() || fields.is_expunged.flag() {
        return None;
    }
    let kind = if fields.album_type.int() == Some(FOLDER) { AlbumKind::Folder } else { AlbumKind::User };
    let parent = fields.parent_id.text().map(std::borrow::Cow::into_owned);
    let name = fields.album_name_enc.decoded().unwrap_or_default();
    Some((Album::user(library.clone(), id, kind, name, path), parent))
}

fn is_root(record_name: &str) -> bool {
    ROOTS.contains(&record_name)
}
