//! One zone: its masters, assets and albums, and the log of what happened to them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::asset::{Asset, Flaw, Master};
use super::blob::Checksum;
use super::index::Index;
use super::random::{bytes, hash, hash_bytes, hex};

/// A day, in milliseconds.
pub(super) const DAY: i64 = 86_400_000;

/// What a zone is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// `PrimarySync`.
    Personal,
    /// `SharedSync-<UUID>`.
    Shared,
    /// `CMM-<UUID>`, a bundle behind a link, and what other apps keep: nothing to list.
    Bundle,
    /// It was deleted; only its name is left.
    Removed,
}

/// In which database the account finds a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    Private,
    Shared,
}

/// A zone and all it holds. Places in the vectors never change; what is gone is marked so.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) name: String,
    pub(super) database: Database,
    pub(super) purpose: Purpose,
    /// `_` and 32 hexadecimal digits.
    pub(super) owner: String,
    /// The device that took the photos.
    pub(super) device: String,
    pub(super) key: u64,
    pub(super) masters: Vec<Master>,
    pub(super) assets: Vec<Asset>,
    pub(super) albums: Vec<Album>,
    log: Vec<Entry>,
    /// Position of the last change of the counters.
    pub(super) info_changed: u32,
    /// Tokens before this position are too old.
    pub(super) horizon: u32,
    /// The library's clock at the last change.
    pub(super) touched: u64,
    by_checksum: HashMap<Checksum, u32>,
    /// Masters whose record name is not their checksum.
    by_name: HashMap<String, u32>,
    indexes: Mutex<HashMap<Index, Arc<[u32]>>>,
}

/// An album or a folder.
#[derive(Debug, Clone)]
pub(super) struct Album {
    pub(super) id: String,
    /// Absent on the root folder.
    pub(super) title: Option<String>,
    pub(super) folder: bool,
    pub(super) parent: Option<String>,
    pub(super) position: i64,
    pub(super) by_date: bool,
    pub(super) modified: i64,
    /// When it was deleted, in milliseconds.
    pub(super) trashed: Option<i64>,
    pub(super) by_web: bool,
    pub(super) changed: u32,
    /// Places of assets.
    pub(super) members: BTreeMap<u32, Member>,
}

/// An asset in an album.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) position: i64,
    pub(super) added: i64,
    pub(super) changed: u32,
}

/// A record of the zone, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Master(u32),
    Asset(u32),
    Album(u32),
    /// An asset in an album.
    Member(u32, u32),
    /// The counters.
    Info,
}

/// One line of the log. Only the last line about a record counts.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    Changed(Place),
    Gone(Box<str>),
}

impl Zone {
    pub(super) fn new(seed: u64, name: String, purpose: Purpose, database: Database) -> Self {
        let key = hash(&[seed, hash_bytes(name.as_bytes())]);
        let owner = if database == Database::Private { seed } else { seed ^ 1 };
        Self {
            name,
            database,
            purpose,
            owner: format!("_{}", hex::<16>(hash(&[owner, 11]))),
            device: hex::<32>(hash(&[seed, 12])).to_uppercase(),
            key,
            masters: Vec::new(),
            assets: Vec::new(),
            albums: Vec::new(),
            log: Vec::new(),
            info_changed: 0,
            horizon: 0,
            touched: 0,
            by_checksum: HashMap::new(),
            by_name: HashMap::new(),
            indexes: Mutex::default(),
        }
    }

    /// The position after the last change.
    pub(super) fn head(&self) -> u32 {
        self.log.len() as u32
    }

    /// Changes from a position on, with the position each stands at.
    pub(super) fn entries(&self, from: u32) -> impl Iterator<Item = (u32, &Entry)> {
        self.log.iter().enumerate().skip(from as usize).map(|(at, entry)| (at as u32, entry))
    }

    /// Whether the entry at a position is the last about its record.
    pub(super) fn is_last(&self, at: u32, place: Place) -> bool {
        let changed = match place {
            Place::Master(i) => self.masters[i as usize].changed,
            Place::Asset(i) => self.assets[i as usize].changed,
            Place::Album(i) => self.albums[i as usize].changed,
            Place::Member(album, asset) => {
                return self.albums[album as usize].members.get(&asset).is_some_and(|m| m.changed == at);
            }
            Place::Info => self.info_changed,
        };
        changed == at && self.exists(place)
    }

    /// Whether there is such a record to show.
    pub(super) fn exists(&self, place: Place) -> bool {
        match place {
            Place::Master(i) => {
                let master = &self.masters[i as usize];
                !master.purged && master.flaw != Flaw::NoMaster
            }
            Place::Asset(i) => !self.assets[i as usize].purged && self.master_of(i).flaw != Flaw::NoAsset,
            Place::Album(_) | Place::Info => true,
            Place::Member(album, asset) => self.albums[album as usize].members.contains_key(&asset),
        }
    }

    pub(super) fn master_of(&self, asset: u32) -> &Master {
        &self.masters[self.assets[asset as usize].master as usize]
    }

    /// The record name of an asset: its number can be read from it again.
    pub(super) fn asset_id(&self, asset: u32) -> String {
        let high = bytes::<10>(hash(&[self.key, u64::from(asset)]));
        let mut id = [0; 16];
        id[..10].copy_from_slice(&high);
        let mask = hash(&[self.key, hash_bytes(&high)]);
        id[10..].copy_from_slice(&(u64::from(asset) ^ mask).to_be_bytes()[2..]);
        dashed(&id)
    }

    /// The place of the asset that has this record name.
    pub(super) fn asset_place(&self, id: &str) -> Option<u32> {
        let digits: String = id.split('-').collect();
        let mut raw = [0; 16];
        for (i, byte) in raw.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok()?;
        }
        let mask = hash(&[self.key, hash_bytes(&raw[..10])]);
        let low = raw[10..].iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let place = u32::try_from((low ^ mask) & 0xffff_ffff_ffff).ok()?;
        ((place as usize) < self.assets.len() && self.asset_id(place) == id).then_some(place)
    }

    /// The place of any record by its name.
    pub(super) fn find(&self, name: &str) -> Option<Place> {
        if let Some((asset, album)) = name.split_once("-IN-") {
            return Some(Place::Member(self.album_place(album)?, self.asset_place(asset)?));
        }
        if name == self.info_name() {
            return Some(Place::Info);
        }
        let asset = || self.asset_place(name).map(Place::Asset);
        let album = || self.album_place(name).map(Place::Album);
        asset().or_else(album).or_else(|| self.master_place(name).map(Place::Master))
    }

    pub(super) fn album_place(&self, id: &str) -> Option<u32> {
        self.albums.iter().position(|album| album.id == id).map(|i| i as u32)
    }

    /// The place of the master that an exact library calls so.
    pub(super) fn master_of_name(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    fn master_place(&self, name: &str) -> Option<u32> {
        use base64::Engine;
        if let Some(place) = self.master_of_name(name) {
            return Some(place);
        }
        let raw = base64::engine::general_purpose::STANDARD.decode(name).ok()?;
        self.by_checksum.get(&Checksum::try_from(raw).ok()?).copied()
    }

    /// The record name of the counters.
    pub(super) fn info_name(&self) -> String {
        format!("{}-0000-LI", self.name)
    }

    /// The assets of an index, newest first. Kept until the next change.
    pub(super) fn index(&self, index: &Index) -> Arc<[u32]> {
        let mut kept = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = kept.get(index) {
            return Arc::clone(list);
        }
        let list: Arc<[u32]> = index.build(self).into();
        kept.insert(index.clone(), Arc::clone(&list));
        list
    }

    /// Writes a change into the log.
    pub(super) fn note(&mut self, place: Place) {
        let at = self.head();
        self.log.push(Entry::Changed(place));
        match place {
            Place::Master(i) => self.masters[i as usize].changed = at,
            Place::Asset(i) => self.assets[i as usize].changed = at,
            Place::Album(i) => self.albums[i as usize].changed = at,
            Place::Member(album, asset) => {
                if let Some(member) = self.albums[album as usize].members.get_mut(&asset) {
                    member.changed = at;
                }
            }
            Place::Info => self.info_changed = at,
        }
        self.forget_indexes();
    }

    /// Writes into the log that a record is gone for good.
    pub(super) fn note_gone(&mut self, name: String) {
        self.log.push(Entry::Gone(name.into()));
        self.forget_indexes();
    }

    fn forget_indexes(&mut self) {
        self.indexes.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Takes in a master, or finds the one that has the same bytes.
    pub(super) fn add_master(&mut self, master: Master) -> u32 {
        if let Some(known) = self.by_checksum.get(&master.checksum) {
            return *known;
        }
        let place = self.masters.len() as u32;
        if let Some(name) = master.exact.as_ref().and_then(|exact| exact.record.clone()) {
            self.by_name.insert(name, place);
        }
        self.by_checksum.insert(master.checksum, place);
        self.masters.push(master);
        self.note(Place::Master(place));
        place
    }

    /// Takes in an asset.
    pub(super) fn add_asset(&mut self, asset: Asset) -> u32 {
        let place = self.assets.len() as u32;
        let master = asset.master as usize;
        self.masters[master].assets += 1;
        if self.masters[master].purged {
            self.masters[master].purged = false;
            self.note(Place::Master(asset.master));
        }
        self.assets.push(asset);
        self.note(Place::Asset(place));
        place
    }

    /// Moves an asset to Recently Deleted or back; a touch is to follow. Its master comes along when no asset of
    /// it stays.
    pub(super) fn set_trashed(&mut self, asset: u32, when: Option<i64>) {
        self.assets[asset as usize].trashed = when;
        let master = self.assets[asset as usize].master;
        // Nearly every master has one asset; only the others are worth a search.
        let shared = self.masters[master as usize].assets > 1;
        let live = shared && self.assets.iter().any(|a| a.master == master && a.is_live());
        let when = when.filter(|_| !live);
        if self.masters[master as usize].trashed != when {
            self.masters[master as usize].trashed = when;
            self.note(Place::Master(master));
        }
    }

    /// Writes down that an asset was written just now.
    pub(super) fn touch_asset(&mut self, asset: u32, now: i64, by_web: bool) {
        let record = &mut self.assets[asset as usize];
        record.modified = now;
        record.by_web = by_web;
        self.note(Place::Asset(asset));
    }

    /// Makes every token given so far too old.
    pub(super) fn expire_tokens(&mut self) {
        self.note(Place::Info);
        self.horizon = self.head();
    }

    /// Removes an asset for good, with its places in albums, and its master when it was the last.
    pub(super) fn purge(&mut self, asset: u32) {
        let id = self.asset_id(asset);
        for album in 0..self.albums.len() {
            self.leave_album(album as u32, asset);
        }
        self.assets[asset as usize].purged = true;
        self.note_gone(id);
        let master = &mut self.masters[self.assets[asset as usize].master as usize];
        master.assets -= 1;
        if master.assets == 0 {
            master.purged = true;
            master.trashed = None;
            let name = master.record_name();
            self.note_gone(name);
        }
    }

    /// Puts an asset into an album.
    pub(super) fn enter_album(&mut self, album: u32, asset: u32, added: i64) {
        let member = Member { position: 1024, added, changed: 0 };
        self.albums[album as usize].members.insert(asset, member);
        self.note(Place::Member(album, asset));
    }

    /// Takes an asset out of an album; false when it was not in it.
    pub(super) fn leave_album(&mut self, album: u32, asset: u32) -> bool {
        let found = self.albums[album as usize].members.remove(&asset).is_some();
        if found {
            self.note_gone(self.member_name(album, asset));
        }
        found
    }

    pub(super) fn member_name(&self, album: u32, asset: u32) -> String {
        format!("{}-IN-{}", self.asset_id(asset), self.albums[album as usize].id)
    }
}

/// An upper-case UUID.
pub(super) fn dashed(id: &[u8; 16]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(36);
    for (i, byte) in id.iter().enumerate() {
        let dash = if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
        let _ = write!(out, "{dash}{byte:02X}");
    }
    out
}
