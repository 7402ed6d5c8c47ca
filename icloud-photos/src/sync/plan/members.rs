//! Who is in which album, for views.
//!
//! Learned once, from the list of each album, by a run that has no history to go by; those that follow the history are told who comes and goes. The
//! lists are read after the history was followed: whatever happens from then on is in the next news, and says the same once more.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::try_unfold;

use super::super::catalogue::{AssetRow, IN};
use super::super::engine::Inner;
use super::survey::{Step, Survey};
use crate::asset::{AssetId, Assets, Change, Fields};
use crate::error::{Error, ErrorKind, Result};
use crate::library::{Album, AlbumId, AlbumKind};

/// Members asked for in one go.
const MEMBERS: usize = 1000;

/// All members of all albums of the user's, and who is in them no more, as if the history had told.
pub(super) fn members(inner: Arc<Inner>) -> Survey {
    let reader = Reader { inner, albums: None, open: None, waiting: VecDeque::new() };
    try_unfold(reader, |mut reader| async move { Ok(reader.next().await?.map(|step| (step, reader))) })
        .boxed()
}

struct Reader {
    inner: Arc<Inner>,
    /// Those that are to be read; `None` before anybody asked.
    albums: Option<VecDeque<Album>>,
    open: Option<Open>,
    waiting: VecDeque<Step>,
}

/// An album that is read.
struct Open {
    album: AlbumId,
    title: String,
    assets: Box<Assets>,
    seen: HashSet<AssetId>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Step>> {
        loop {
            if let Some(step) = self.waiting.pop_front() {
                return Ok(Some(step));
            }
            let Some(open) = &mut self.open else {
                if self.open_next().await? {
                    continue;
                }
                return Ok(None);
            };
            match open.assets.next().await {
                Some(Ok(asset)) => {
                    let (album, asset) = (open.album.clone(), asset.id().clone());
                    open.seen.insert(asset.clone());
                    return Ok(Some(Step::Note(Change::Entered { album, asset })));
                }
                // Of the copy it is told elsewhere.
                Some(Err(error)) if Assets::concerns_one(&error) => {}
                Some(Err(error)) => return Err(error),
                None => self.close().await?,
            }
        }
    }

    async fn open_next(&mut self) -> Result<bool> {
        if self.albums.is_none() {
            let tree = self.inner.library.albums().await?;
            self.albums =
                Some(tree.iter().filter(|album| album.kind() == AlbumKind::User).cloned().collect());
        }
        while let Some(album) = self.albums.as_mut().and_then(VecDeque::pop_front) {
            let Some(id) = album.id().cloned() else { continue };
            let assets = Box::new(album.assets().fields(Fields::Basic).roles([]));
            let title = album.name().to_owned();
            self.open = Some(Open { album: id, title, assets, seen: HashSet::new() });
            return Ok(true);
        }
        Ok(false)
    }

    /// Whoever was not in the list has left, unless no list shows them: of who is deleted or hidden it says nothing.
    async fn close(&mut self) -> Result<()> {
        let Some(Open { album, title, assets, seen }) = self.open.take() else { return Ok(()) };
        if !assets.outcome().has_all() {
            let message =
                "the list of an album is not what Apple counts: who is in it is asked again by the next run";
            let error = Error::new(ErrorKind::Protocol, message).with("album", title);
            self.waiting.push_back(Step::Problem(None, error));
            return Ok(());
        }
        let (selection, mut after) = (format!("{IN}{album}"), None);
        loop {
            let Inner { catalogue, key, .. } = &*self.inner;
            let known = catalogue.members(key, &selection, after.as_ref(), MEMBERS).await?;
            let Some(last) = known.last() else { return Ok(()) };
            after = Some(last.clone());
            let rows = catalogue.assets(key, &known).await?;
            let is_listed =
                |row: &Option<AssetRow>| row.as_ref().is_some_and(|row| !(row.trashed || row.hidden));
            let left =
                known.into_iter().zip(rows).filter(|(asset, row)| !seen.contains(asset) && is_listed(row));
            let left = left
                .map(|(asset, _)| asset)
                .map(|asset| Step::Note(Change::Left { album: album.clone(), asset }));
            self.waiting.extend(left);
        }
    }
}
