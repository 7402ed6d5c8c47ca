//! Deciding, without doing: which file belongs where, and whether it is there.
//!
//! A [`Plan`] is a stream of [`Action`]s. It reads the library, the catalogue and the storage; it changes nothing. Memory does
//! not grow with the library but for the claims (`claims.rs`). `route.rs` says where assets come from, `survey.rs` what is
//! known of their files, `decide.rs` what follows; `rest.rs` how a listing that was cut goes on, `sweep.rs` who is looked for at its end.

mod astray;
mod census;
mod decide;
mod fate;
mod follow;
mod lookup;
mod members;
mod moved;
mod moved_out;
mod rest;
mod route;
mod streak;
mod survey;
mod sweep;
mod wanted;
mod whole;
mod window;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use futures::StreamExt;
use futures::stream::BoxStream;

use self::decide::Decider;
use self::route::Route;
use self::survey::{Step, Survey};
use super::catalogue::{FileKey, FileRow, Progress};
use super::engine::Inner;
use super::event::{SkipReason, Target};
use super::layout::LayoutProblem;
use crate::asset::{Asset, AssetId, Change, Listing, Role};
use crate::error::{Error, Result};
use crate::library::{AlbumId, AlbumTree};
use crate::storage::{ObjectMeta, StoragePath};

/// One step of a plan.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// An album begins; Apple counts this many assets in it, or the limit says so.
    Begin {
        /// `None` if Apple gave no count.
        total: Option<u64>,
    },
    /// Fetch a file.
    Download {
        /// What and where.
        target: Target,
        /// Length in bytes, if known.
        size: Option<u64>,
        /// The modification time it gets.
        modified: Option<SystemTime>,
        /// Whether the plain name was taken by another photo.
        deduplicated: bool,
        /// Where it may stand already, though only its bytes could tell: if they come again, nothing is stored.
        standing: Vec<StoragePath>,
        /// Where it stands in other trees of the folder: it is copied from there, if it is proven.
        copies: Vec<StoragePath>,
        /// Why it is not here, or not good enough.
        why: Why,
    },
    /// Nothing to do: the file is there.
    Present {
        /// What and where.
        target: Target,
        /// Whether it stands under another name, because the plain one belongs to another photo.
        deduplicated: bool,
        /// Whether the catalogue knows it as this asset's.
        known: bool,
        /// SHA-256 of its bytes, if they were read for this plan: they are those of the asset, or those that were stored for it, if
        /// it is doubted.
        proven: Option<[u8; 32]>,
        /// Whether it could not be confirmed when it was fetched, and still cannot.
        doubted: bool,
        /// What stands there. `None` for a file that this run fetches for another asset of the same bytes.
        found: Option<ObjectMeta>,
    },
    /// Nothing to do: a file that the catalogue knows stands where it should.
    Stands {
        /// Where.
        path: StoragePath,
        /// Whether it could not be confirmed when it was fetched, and still cannot.
        doubted: bool,
    },
    /// Nothing to do but to write the sidecar of a file that stands.
    Describe {
        /// What and where.
        target: Target,
    },
    /// Nothing to do but to remember that a file which stands is to have a sidecar.
    Claim {
        /// What the catalogue says of it.
        row: FileRow,
    },
    /// Nothing to do but to remember that a file which stands is of another tree than it was, or of none any more.
    Settle {
        /// What the catalogue is to say of it.
        row: FileRow,
        /// What it was known as.
        before: FileKey,
    },
    /// Nothing to do but to remember it: a file that was missing or damaged, of a photo that this copy moved out of iCloud, stands under
    /// another name, or is right again.
    Renamed {
        /// What the catalogue says of it.
        row: FileRow,
        /// What stands there.
        found: ObjectMeta,
    },
    /// Forget a file that is neither here nor in iCloud.
    Forget {
        /// Which.
        key: FileKey,
    },
    /// Nothing can be done: a file is damaged, or missing here though this copy moved its photo out of iCloud, and iCloud has it no more.
    Lost {
        /// Which.
        key: FileKey,
        /// Where it stood.
        path: StoragePath,
    },
    /// Leave something out.
    Skip {
        /// Whose.
        asset: Asset,
        /// Why.
        reason: SkipReason,
    },
    /// Something about an asset that a person may want to know; its files are planned all the same.
    Remark {
        /// Whose.
        asset: Asset,
        /// What.
        problem: LayoutProblem,
    },
    /// Cannot be planned; the run goes on.
    Problem {
        /// Whose, if it could be read.
        asset: Option<Asset>,
        /// Whose, if only that is known.
        id: Option<AssetId>,
        /// Which of its files it is about, if iCloud lacks that one or it cannot be looked at here: it is asked for again by every
        /// run.
        lacks: Option<Role>,
        /// What is wrong.
        error: Error,
    },
    /// Nothing to do but to remember how something is now of which no file is wanted: an asset that is hidden or deleted,
    /// an album, a record that is gone.
    Note {
        /// What was seen.
        change: Change,
    },
    /// Nothing to do but to remember that an asset is in an album of the user's, for sidecars.
    Placed {
        /// The album.
        album: AlbumId,
        /// The asset.
        asset: AssetId,
    },
    /// Nothing to do but to remember the user's albums, all of them.
    Albums {
        /// As they are now.
        albums: AlbumTree,
    },
    /// Nothing to do but to remember it, should the run come to its end: something beside how far the library was copied.
    Aside {
        /// What.
        progress: Progress,
    },
    /// Everything about this asset was said.
    Done {
        /// The asset.
        asset: Asset,
    },
    /// A part of a listing ends.
    Listed {
        /// With all of the above done, what a run goes on from if this one is cut before its end.
        progress: Progress,
        /// Whom the listing has shown since it was said last, if that matters at its end.
        seen: Vec<AssetId>,
    },
    /// An album ends.
    End {
        /// Whether Apple gave everything that it counts.
        listing: Listing,
    },
    /// An album is left before its end, for so many files in a row stand here ([`SyncBuilder::until_found`](super::SyncBuilder::until_found)).
    Enough {
        /// How many.
        found: u64,
    },
    /// An album ends whose list an earlier run began. Nothing more is said of it, for this one has not seen all of it.
    EndOfRest,
    /// The last one: with all of the above done, everything up to this point in the library's history is covered.
    Covered {
        /// What the next run goes on from.
        progress: Progress,
    },
}

/// Why a file is to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// No run saw it before.
    New,
    /// It was here, and is gone.
    Missing,
    /// The photo was edited since its file was fetched.
    Edited,
    /// It could not be had.
    Failed {
        /// By so many runs.
        attempts: u32,
    },
    /// A file stands there that could not be confirmed when it was fetched; proven bytes take its place.
    Unconfirmed,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::Missing => f.write_str("missing here"),
            Self::Edited => f.write_str("edited"),
            Self::Failed { attempts: 1 } => f.write_str("failed once"),
            Self::Failed { attempts } => write!(f, "failed {attempts} times"),
            Self::Unconfirmed => f.write_str("could not be confirmed"),
        }
    }
}

/// What a run would do, as a lazy stream of [`Action`]s.
pub type Plan = BoxStream<'static, Result<Action>>;

pub(super) fn plan(inner: Arc<Inner>) -> Plan {
    let planner = Planner { decider: Decider::new(inner.clone()), route: Route::new(inner), steps: None };
    futures::stream::try_unfold(planner, |mut planner| async move {
        Ok(planner.next().await?.map(|action| (action, planner)))
    })
    .boxed()
}

/// What is wrong with a file here says nothing of what iCloud showed.
fn is_about_storage(error: &Error) -> bool {
    use crate::error::ErrorKind::{AlreadyExists, PermissionDenied, Storage, Unsupported};
    matches!(error.kind(), AlreadyExists | PermissionDenied | Storage | Unsupported)
}

struct Planner {
    decider: Decider,
    route: Route,
    /// The leg under way.
    steps: Option<Survey>,
}

impl Planner {
    async fn next(&mut self) -> Result<Option<Action>> {
        loop {
            if let Some(action) = self.decider.pop() {
                if let Action::Problem { lacks: None, error, .. } = &action
                    && !is_about_storage(error)
                {
                    self.route.flaw();
                }
                return Ok(Some(action));
            }
            let Some(steps) = &mut self.steps else {
                let Some((first, steps)) = self.route.next().await? else { return Ok(None) };
                self.steps = Some(steps);
                self.decider.doubts(self.route.doubts_names(), self.route.follows_a_kill());
                self.decider.streak.begin();
                if first.is_some() {
                    return Ok(first);
                }
                continue;
            };
            match steps.next().await.transpose()? {
                Some(step) => {
                    self.decider.streak.pauses = self.route.is_spoken_of();
                    if let Some(found) = self.enough(&step) {
                        self.steps = None;
                        return Ok(Some(Action::Enough { found }));
                    }
                    if self.route.note(&step).await? {
                        self.steps = None;
                    }
                    self.take(step).await;
                }
                None => self.steps = None,
            }
        }
    }

    /// Whether this step, the next asset of a list, is one too many.
    fn enough(&mut self, step: &Step) -> Option<u64> {
        let is_asset = matches!(step, Step::Asset(_) | Step::Left(..) | Step::Problem(..));
        let found = self.decider.streak.reached().filter(|_| is_asset && self.route.is_listing())?;
        self.route.leave();
        Some(found)
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Asset(surveyed) => {
                if let Some(album) = self.route.listed_album() {
                    let asset = surveyed.asset.id().clone();
                    self.decider.push(Action::Placed { album, asset });
                }
                self.decider.place(*surveyed).await;
            }
            Step::Left(asset, reason) => {
                self.decider.push(Action::Skip { asset: asset.clone(), reason });
                self.decider.push(Action::Done { asset });
            }
            Step::Problem(id, error) => {
                self.decider.push(Action::Problem { asset: None, id, lacks: None, error });
            }
            Step::Stands { path, doubted } => self.decider.push(Action::Stands { path, doubted }),
            Step::Undescribed(target) => self.decider.push(Action::Describe { target: *target }),
            Step::Gone(key) => self.decider.push(Action::Forget { key }),
            Step::Sought(file, asset) => self.decider.seek(*file, asset).await,
            Step::Astray(row) => self.decider.astray(*row).await,
            Step::Searched => self.decider.searched(),
            Step::Aside(progress) => self.decider.push(Action::Aside { progress }),
            Step::Note(change) => self.decider.push(Action::Note { change }),
            Step::Albums(albums) => self.decider.push(Action::Albums { albums }),
            Step::End(listing) => self.decider.push(Action::End { listing }),
            Step::Listed(rank) => {
                if let Some((progress, seen)) = self.route.mark(rank) {
                    self.decider.push(Action::Listed { progress, seen });
                }
            }
            Step::EndOfRest => self.decider.push(Action::EndOfRest),
            Step::Reached { .. } | Step::ListAnew(_) | Step::Restless(_) | Step::Removed(_) => {}
        }
    }
}
