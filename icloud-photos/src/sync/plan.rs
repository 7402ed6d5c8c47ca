//! Deciding, without doing: which file belongs where, and whether it is there.
//!
//! A [`Plan`] is a stream of [`Action`]s in the order of the listing. It reads the library and looks at the storage; it
//! changes nothing. Memory does not grow with the library but for the claims (`claims.rs`).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::stream::BoxStream;
use futures::{Stream, StreamExt};

use super::claims::{Claim, Claims};
use super::engine::Inner;
use super::event::{SkipReason, Target};
use super::layout::{ItemKind, LayoutProblem, Placement, WantedFile};
use crate::asset::{Asset, Assets, Checksum, Hasher, Listing, Resource, Role};
use crate::error::{Error, ErrorKind, Result};

use crate::storage::{ObjectMeta, StoragePath};

/// The storage is asked about the files of so many assets in one call, if as many are listed already.
const GLANCE: usize = 64;

/// So many such calls are under way at once.
const LOOK_AHEAD: usize = 2;

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
    },
    /// Nothing to do: the file is there.
    Present {
        /// What and where.
        target: Target,
        /// Whether it stands under a longer name, because the plain one belongs to another photo.
        deduplicated: bool,
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
        /// Whose, if known.
        asset: Option<Asset>,
        /// What is wrong.
        error: Error,
    },
    /// Everything about this asset was said.
    Done {
        /// The asset.
        asset: Asset,
    },
    /// An album ends.
    End {
        /// Whether Apple gave everything that it counts.
        listing: Listing,
    },
}

/// What a run would do, as a lazy stream of [`Action`]s.
pub type Plan = BoxStream<'static, Result<Action>>;

pub(super) fn plan(inner: Arc<Inner>) -> Plan {
    let claims = Claims::new(inner.storage.capabilities().case_sensitive);
    let planner = Planner { inner, claims, queue: VecDeque::new(), album: 0, listing: None };
    futures::stream::try_unfold(planner, |mut planner| async move {
        Ok(planner.next().await?.map(|action| (action, planner)))
    })
    .boxed()
}

struct Planner {
    inner: Arc<Inner>,
    claims: Claims,
    queue: VecDeque<Action>,
    album: usize,
    listing: Option<Survey>,
}

/// What the storage holds under the plain names of one asset.
struct Surveyed {
    asset: Asset,
    placement: Placement,
    /// One for each file of the placement.
    found: Vec<Result<(StoragePath, There)>>,
}

/// What stands under a path, or under the name that older versions of icloudpd gave the file.
type There = Result<Option<ObjectMeta>>;

type Survey = BoxStream<'static, Result<Step>>;

enum Step {
    Asset(Box<Surveyed>),
    Left(Asset, SkipReason),
    Problem(Error),
    End(Listing),
}

impl Planner {
    async fn next(&mut self) -> Result<Option<Action>> {
        loop {
            if let Some(action) = self.queue.pop_front() {
                return Ok(Some(action));
            }
            let Some(survey) = &mut self.listing else {
                if self.album == self.inner.albums.len() {
                    return Ok(None);
                }
                let (total, survey) = survey(&self.inner, self.album).await?;
                self.album += 1;
                self.listing = Some(survey);
                return Ok(Some(Action::Begin { total }));
            };
            match survey.next().await.transpose()? {
                None => self.listing = None,
                Some(Step::End(listing)) => self.queue.push_back(Action::End { listing }),
                Some(Step::Problem(error)) => self.queue.push_back(Action::Problem { asset: None, error }),
                Some(Step::Left(asset, reason)) => {
                    self.queue.push_back(Action::Skip { asset: asset.clone(), reason });
                    self.queue.push_back(Action::Done { asset });
                }
                Some(Step::Asset(surveyed)) => self.place(*surveyed).await,
            }
        }
    }

    async fn place(&mut self, surveyed: Surveyed) {
        let Surveyed { asset, placement, found } = surveyed;
        let modified = Some(modified(&placement));
        for problem in placement.problems {
            self.queue.push_back(remark(&asset, problem));
        }
        for (file, found) in placement.files.iter().zip(found) {
            let placed = match found {
                Ok((path, Ok(there))) => {
                    let wanted = Wanted::new(&asset, file, path, modified);
                    self.decide(&wanted, there).await
                }
                Ok((_, Err(error))) | Err(error) => Err(error),
            };
            match placed {
                Ok(action) => self.queue.push_back(action),
                Err(error) => self.queue.push_back(Action::Problem { asset: Some(asset.clone()), error }),
            }
        }
        self.queue.push_back(Action::Done { asset });
    }

    async fn decide(&mut self, wanted: &Wanted<'_>, there: Option<ObjectMeta>) -> Result<Action> {
        if let Some(claim) = self.claims.get(&wanted.path).cloned() {
            return self.beside(wanted, claim).await;
        }
        match there {
            None => Ok(self.download(wanted, wanted.path.clone(), false)),
            Some(meta)
                if !self.inner.layout.compares_sizes()
                    || wanted.size.is_none_or(|size| size == meta.size) =>
            {
                self.claims.set(&wanted.path, wanted.claim().assumed(wanted.asset.id(), wanted.role));
                Ok(wanted.present(wanted.path.clone(), false))
            }
            Some(_) => self.by_size(wanted).await,
        }
    }

    /// The plain name was handed out in this run already.
    async fn beside(&mut self, wanted: &Wanted<'_>, claim: Claim) -> Result<Action> {
        if claim.is_for(wanted.size, wanted.checksum) {
            return Ok(wanted.present(wanted.path.clone(), false));
        }
        if self.inner.layout.compares_sizes() && claim.size != wanted.size {
            return self.by_size(wanted).await;
        }
        match self.contest(wanted, &wanted.path, &claim).await? {
            Some(action) => Ok(action),
            None => self.by_content(wanted).await,
        }
    }

    /// Two photos lay claim to a file that stood there before this run: its bytes say whose it is. If it is this one's, the
    /// one we took for its owner is a newcomer and still missing; if it is neither's, both are.
    async fn contest(
        &mut self,
        wanted: &Wanted<'_>,
        path: &StoragePath,
        claim: &Claim,
    ) -> Result<Option<Action>> {
        let (Some((owner, role)), Some(checksum)) = (&claim.assumed, wanted.checksum) else {
            return Ok(None);
        };
        let Some(content) = self.inner.content(path).await? else { return Ok(None) };
        let ours = content == *checksum;
        if !ours && claim.is_for(claim.size, Some(&content)) {
            return Ok(None);
        }
        let owner = self.inner.library.asset(owner).await?;
        self.claims.set(path, if ours { wanted.claim() } else { Claim::new(claim.size, Some(&content)) });
        let modified = Some(modified(&self.inner.layout.place(&owner)));
        let other = Wanted { modified, ..Wanted::again(&owner, *role, wanted.path.clone()) };
        let twin = self.by_content(&other).await?;
        self.queue.push_back(twin);
        Ok(ours.then(|| wanted.present(path.clone(), *path != wanted.path)))
    }

    /// icloudpd's rule: another length gets the length in its name, and whatever stands there is taken for it.
    async fn by_size(&mut self, wanted: &Wanted<'_>) -> Result<Action> {
        let Some(size) = wanted.size else { return self.by_content(wanted).await };
        let path = wanted.path.with_suffix(&size.to_string());
        match self.claims.get(&path).cloned() {
            Some(claim) if claim.is_for(wanted.size, wanted.checksum) => Ok(wanted.present(path, true)),
            Some(claim) => match self.contest(wanted, &path, &claim).await? {
                Some(action) => Ok(action),
                None => self.by_content(wanted).await,
            },
            None if self.inner.storage.stat(&path).await?.is_some() => {
                self.claims.set(&path, wanted.claim().assumed(wanted.asset.id(), wanted.role));
                Ok(wanted.present(path, true))
            }
            None => Ok(self.download(wanted, path, true)),
        }
    }

    /// Our own rule for what icloudpd loses: a different photo with the same name and length gets eight digits of its
    /// checksum in its name. They are its own, so the name is the same in every run.
    async fn by_content(&mut self, wanted: &Wanted<'_>) -> Result<Action> {
        let digits: String = match wanted.checksum {
            Some(checksum) => checksum.as_bytes()[1..5].iter().map(|byte| format!("{byte:02x}")).collect(),
            None => wanted.asset.id().as_str().chars().take(8).collect::<String>().to_lowercase(),
        };
        let path = wanted.path.with_suffix(&digits);
        if self.claims.get(&path).is_some() || self.inner.storage.stat(&path).await?.is_some() {
            self.claims.set(&path, wanted.claim());
            return Ok(wanted.present(path, true));
        }
        Ok(self.download(wanted, path, true))
    }

    fn download(&mut self, wanted: &Wanted<'_>, path: StoragePath, deduplicated: bool) -> Action {
        self.claims.set(&path, wanted.claim());
        Action::Download {
            target: wanted.target(path),
            size: wanted.size,
            modified: wanted.modified,
            deduplicated,
        }
    }
}

/// Some problems of names and versions leave a file out, others only change its name.
fn remark(asset: &Asset, problem: LayoutProblem) -> Action {
    let asset = asset.clone();
    match problem {
        LayoutProblem::SizeMissing { size, name } => {
            let reason = SkipReason::NoSuchSize { size: size.as_str().to_owned(), name };
            Action::Skip { asset, reason }
        }
        LayoutProblem::OriginalMissing { name } => {
            let error =
                Error::new(ErrorKind::NotFound, "Apple has no original of this photo").with("name", name);
            Action::Problem { asset: Some(asset), error }
        }
        problem => Action::Remark { asset, problem },
    }
}

/// Whole seconds, also before 1970.
fn modified(placement: &Placement) -> SystemTime {
    let seconds = placement.created.seconds();
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// One file and the plain path it would like.
struct Wanted<'a> {
    asset: &'a Asset,
    role: Role,
    size: Option<u64>,
    checksum: Option<&'a Checksum>,
    path: StoragePath,
    modified: Option<SystemTime>,
}

impl<'a> Wanted<'a> {
    fn new(asset: &'a Asset, file: &WantedFile, path: StoragePath, modified: Option<SystemTime>) -> Self {
        let wanted = Self::again(asset, file.role, path);
        Self { modified, ..wanted }
    }

    fn again(asset: &'a Asset, role: Role, path: StoragePath) -> Self {
        let resource: Option<&Resource> = asset.resource(role);
        Self {
            asset,
            role,
            size: resource.and_then(|resource| resource.size),
            checksum: resource.and_then(|resource| resource.checksum.as_ref()),
            path,
            modified: None,
        }
    }

    fn claim(&self) -> Claim {
        Claim::new(self.size, self.checksum)
    }

    fn target(&self, path: StoragePath) -> Target {
        Target { asset: self.asset.clone(), role: self.role, path }
    }

    fn present(&self, path: StoragePath, deduplicated: bool) -> Action {
        Action::Present { target: self.target(path), deduplicated }
    }
}

/// Begins the listing of one album: its assets with what the storage holds, in order.
async fn survey(inner: &Arc<Inner>, album: usize) -> Result<(Option<u64>, Survey)> {
    let (total, assets) = inner.list(album).await?;
    let inner = inner.clone();
    let steps = items(assets)
        .ready_chunks(GLANCE)
        .map(move |items| look(inner.clone(), items))
        .buffered(LOOK_AHEAD)
        .flat_map(futures::stream::iter);
    Ok((total, steps.boxed()))
}

enum Item {
    Asset(Result<Asset>),
    End(Listing),
}

fn items(assets: Assets) -> impl Stream<Item = Item> {
    futures::stream::unfold(Some(assets), |assets| async {
        let mut assets = assets?;
        match assets.next().await {
            Some(asset) => Some((Item::Asset(asset), Some(assets))),
            None => Some((Item::End(assets.outcome()), None)),
        }
    })
}

/// Asks the storage about all files of some items at once; then, about the older names of those that are missing.
async fn look(inner: Arc<Inner>, items: Vec<Item>) -> Vec<Result<Step>> {
    let mut steps: Vec<_> = items.into_iter().map(|item| inner.draft(item)).collect();
    ask(&inner, found_of(&mut steps).map(|(_, path, there)| (path.clone(), there)).collect()).await;
    let missing = found_of(&mut steps).filter(|(_, _, there)| matches!(there, Ok(None)));
    let older = missing.filter_map(|(file, path, there)| {
        let legacy = file.legacy_name.as_ref()?;
        Some((path.sibling(legacy), there))
    });
    ask(&inner, older.collect()).await;
    steps
}

async fn ask(inner: &Inner, questions: Vec<(StoragePath, &mut There)>) {
    let (paths, answers): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
    for (answer, there) in answers.into_iter().zip(inner.storage.stat_all(paths).await) {
        *answer = there;
    }
}

/// What was found of every file whose path the storage can take.
fn found_of(steps: &mut [Result<Step>]) -> impl Iterator<Item = (&WantedFile, &StoragePath, &mut There)> {
    let assets = steps.iter_mut().filter_map(|step| match step {
        Ok(Step::Asset(surveyed)) => Some(&mut **surveyed),
        _ => None,
    });
    assets
        .flat_map(|Surveyed { placement, found, .. }| placement.files.iter().zip(found))
        .filter_map(|(file, found)| found.as_mut().ok().map(|(path, there)| (file, &*path, there)))
}

impl Inner {
    fn reason_to_skip(&self, asset: &Asset) -> Option<SkipReason> {
        match self.layout.item_kind(asset) {
            ItemKind::Movie if self.skip_videos => Some(SkipReason::IsVideo),
            ItemKind::Image if self.skip_photos => Some(SkipReason::IsPhoto),
            _ => None,
        }
    }

    /// What an item asks for, before the storage was asked.
    fn draft(&self, item: Item) -> Result<Step> {
        let asset = match item {
            Item::End(listing) => return Ok(Step::End(listing)),
            Item::Asset(Err(error)) if Assets::concerns_one(&error) => return Ok(Step::Problem(error)),
            Item::Asset(asset) => asset?,
        };
        if let Some(reason) = self.reason_to_skip(&asset) {
            return Ok(Step::Left(asset, reason));
        }
        let placement = self.layout.place(&asset);
        let path = |file: &WantedFile| StoragePath::parse(&placement.path(&file.name));
        let found = placement.files.iter().map(|file| Ok((path(file)?, Ok(None)))).collect();
        Ok(Step::Asset(Box::new(Surveyed { asset, placement, found })))
    }

    /// Apple's checksum of a stored file. Files are read only where two photos lay claim to one name.
    async fn content(&self, path: &StoragePath) -> Result<Option<Checksum>> {
        let mut bytes = match self.storage.read(path, 0).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut hasher = Hasher::new();
        while let Some(chunk) = bytes.next().await.transpose()? {
            hasher.update(&chunk);
        }
        Ok(Some(hasher.finish().checksum))
    }
}
