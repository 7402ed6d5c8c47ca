//! Which asset belongs to which master (protocol notes 5.7), and which assets were seen before.
//!
//! Pairing goes by `masterRef` and never by position. Several assets may hang on one master. What finds no partner
//! on its page waits for the next ones; an asset that waited in vain is looked up.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::asset::record::{AssetPart, MasterPart};
use crate::asset::{Asset, AssetId, MasterId};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::library::LibraryId;

/// Assets remembered for finding repetitions. Pages that overlap lie close together, so that this need not grow with
/// the library.
const REMEMBERED: usize = 4096;
/// Masters that may wait for an asset.
const WAITING_MASTERS: usize = 200;

/// The last assets seen.
#[derive(Debug, Default)]
pub(super) struct Window {
    known: HashSet<AssetId>,
    order: VecDeque<AssetId>,
}

impl Window {
    pub(super) fn contains(&self, id: &AssetId) -> bool {
        self.known.contains(id)
    }

    /// True if it was not known.
    pub(super) fn insert(&mut self, id: &AssetId) -> bool {
        if !self.known.insert(id.clone()) {
            return false;
        }
        self.order.push_back(id.clone());
        if self.order.len() > REMEMBERED {
            self.order.pop_front().inspect(|oldest| {
                self.known.remove(oldest);
            });
        }
        true
    }
}

/// Joins assets and masters across pages.
#[derive(Debug)]
pub(super) struct Pairing {
    library: LibraryId,
    waiting_assets: Vec<AssetPart>,
    waiting_masters: VecDeque<MasterPart>,
}

impl Pairing {
    pub(super) fn new(library: LibraryId) -> Self {
        Self { library, waiting_assets: Vec::new(), waiting_masters: VecDeque::new() }
    }

    /// Pairs what can be paired. `referenced` are all masters that assets of the page name, repetitions too: other
    /// masters of the page are kept for assets to come.
    pub(super) fn pair(
        &mut self,
        assets: Vec<AssetPart>,
        masters: Vec<MasterPart>,
        referenced: &HashSet<MasterId>,
    ) -> Vec<Result<Asset>> {
        let mut known: HashMap<MasterId, MasterPart> =
            self.waiting_masters.drain(..).chain(masters).map(|master| (master.id.clone(), master)).collect();
        let waited = std::mem::take(&mut self.waiting_assets);
        let mut uses: HashMap<MasterId, usize> = HashMap::new();
        for master in waited.iter().chain(&assets).filter_map(|asset| asset.master.clone()) {
            *uses.entry(master).or_default() += 1;
        }
        let mut paired = Vec::with_capacity(assets.len());
        for asset in waited.into_iter().chain(assets) {
            let Some(id) = &asset.master else {
                paired.push(Err(no_master(&asset)));
                continue;
            };
            let left = uses.get_mut(id).map_or(0, |left| {
                *left -= 1;
                *left
            });
            let master = if left == 0 { known.remove(id) } else { known.get(id).cloned() };
            match master {
                Some(master) => paired.push(Ok(asset.join(master, &self.library))),
                None => self.waiting_assets.push(asset),
            }
        }
        let unclaimed = known.into_values().filter(|master| !referenced.contains(&master.id));
        self.waiting_masters.extend(unclaimed.take(WAITING_MASTERS));
        paired
    }

    /// Nothing waits for its partner.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting_assets.is_empty() && self.waiting_masters.is_empty()
    }

    /// How many assets wait for their master.
    pub(super) fn waiting(&self) -> usize {
        self.waiting_assets.len()
    }

    /// What is left at the end of the list: damaged pairs, of which only the master exists.
    pub(super) fn abandoned(&mut self) -> impl Iterator<Item = Error> {
        self.waiting_masters.drain(..).map(|master| {
            Error::new(ErrorKind::NotFound, "iCloud lists a file whose photo record is missing")
                .with("record", &master.id)
        })
    }

    /// Takes some assets that wait, to look their masters up.
    pub(super) fn take_waiting(&mut self, most: usize) -> Vec<AssetPart> {
        let count = most.min(self.waiting_assets.len());
        self.waiting_assets.drain(..count).collect()
    }
}

/// Joins assets with masters that were looked up. A master that is missing is that asset's error, and so is what
/// befell it: one of the `failures` of the same answer. None of them is [`ErrorKind::NotFound`]: the asset is there.
pub(in crate::asset) fn join_all(
    assets: Vec<AssetPart>,
    masters: Vec<MasterPart>,
    failures: &[(String, Error)],
    library: &LibraryId,
) -> Vec<Result<Asset>> {
    let masters: HashMap<MasterId, MasterPart> =
        masters.into_iter().map(|master| (master.id.clone(), master)).collect();
    let failures: HashMap<&str, &Error> =
        failures.iter().map(|(name, error)| (name.as_str(), error)).collect();
    let join = |asset: AssetPart| {
        let Some(id) = &asset.master else { return Err(no_master(&asset)) };
        match (masters.get(id), failures.get(id.as_str())) {
            (Some(master), _) => Ok(asset.join(master.clone(), library)),
            (None, Some(error)) if error.kind() != ErrorKind::NotFound => {
                Err(error.duplicate().with("asset", &asset.id))
            }
            (None, Some(_)) => {
                let advice = "the photo's file record is missing in iCloud";
                Err(Error::new(ErrorKind::Protocol, advice).with("asset", &asset.id))
            }
            (None, None) => {
                let advice = "Apple's answer does not mention the photo's file record";
                let error = Error::new(ErrorKind::Protocol, advice).with("asset", &asset.id);
                Err(error.retrying(Retry::Later { after: None }))
            }
        }
    };
    assets.into_iter().map(join).collect()
}

fn no_master(asset: &AssetPart) -> Error {
    Error::new(ErrorKind::Protocol, "the photo's record names no file record").with("asset", &asset.id)
}
