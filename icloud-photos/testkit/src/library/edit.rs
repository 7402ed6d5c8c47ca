//! What a person does on their phone meanwhile: changes a test makes between two runs of a client.

use super::asset::{Asset, Edit as Render, Master, Name};
use super::random::{bytes, hash};
use super::uti;
use super::zone::{Album, Place, Purpose, Zone, dashed};
use super::{Library, State};

/// A change to one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A new render of the photo; its original stays.
    Render,
    /// Gives its original another name: only the master is written.
    Rename(String),
    /// Marks it as favourite or takes the mark away.
    Favourite(bool),
    /// Hides it or shows it again.
    Hide(bool),
    /// Moves it to Recently Deleted.
    Trash,
    /// Takes it back from there.
    Restore,
    /// Removes it for good.
    Purge,
    /// Puts it into the album of this record name.
    Enter(String),
    /// Takes it out of the album of this record name.
    Leave(String),
    /// Moves it to the Shared Photo Library, where it gets another record name.
    MoveToShared,
}

/// What is in a picture that a test adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// A JPEG without Exif.
    Jpeg,
    /// A JPEG that says when it was taken: 2017:01:02 03:04:05.
    JpegWithDate,
    /// A JPEG of a camera, with all but the date: maker and a note of his, place, thumbnail.
    JpegOfCamera,
    /// A JPEG whose Exif leads nowhere.
    JpegDamaged,
    /// A PNG.
    Png,
    /// A HEIC that nothing decodes.
    Heic,
    /// A HEIC that decodes, with Exif that names a maker and no date.
    HeicStill,
    /// An AVIF without Exif.
    Avif,
    /// A lossless WebP without Exif.
    Webp,
}

impl Picture {
    fn uti(self) -> &'static uti::Uti {
        match self {
            Self::Jpeg => &uti::JPEG,
            Self::JpegWithDate => &uti::JPEG_EXIF,
            Self::JpegOfCamera => &uti::JPEG_CAMERA,
            Self::JpegDamaged => &uti::JPEG_DAMAGED,
            Self::Png => &uti::PNG,
            Self::Heic => &uti::HEIC,
            Self::HeicStill => &uti::HEIC_STILL,
            Self::Avif => &uti::AVIF,
            Self::Webp => &uti::WEBP,
        }
    }
}

impl Library {
    /// Adds a JPEG named `name` of `size` bytes to the personal library, taken and added at `now_ms`, and gives its
    /// record name.
    pub fn add_photo(&self, name: &str, size: u64, now_ms: i64) -> String {
        self.add_picture(name, Picture::Jpeg, size, now_ms)
    }

    /// The same for a picture of some kind.
    pub fn add_picture(&self, name: &str, picture: Picture, size: u64, now_ms: i64) -> String {
        let mut state = self.write();
        state.change_zone(Purpose::Personal, |zone| {
            let number = zone.assets.len() as u32;
            let key = hash(&[zone.key, u64::from(number), 51]);
            let mut master = Master::new(number, key, size, picture.uti(), Name::Text(name.into()));
            master.checksum = master.original().checksum();
            let master = zone.add_master(master);
            let place = zone.add_asset(Asset::new(number, master, now_ms));
            zone.asset_id(place)
        })
    }

    /// Makes a second asset of one of the personal library that is not deleted: both show the same original. Gives its
    /// record name.
    pub fn duplicate(&self, asset: &str, now_ms: i64) -> Option<String> {
        self.write().change_zone(Purpose::Personal, |zone| {
            let place = zone.asset_place(asset).filter(|place| zone.assets[*place as usize].is_live())?;
            let number = zone.assets.len() as u32;
            let original = zone.assets[place as usize].clone();
            zone.note(Place::Master(original.master));
            let copy = Asset { number, added: now_ms, modified: now_ms, by_web: false, ..original };
            let place = zone.add_asset(copy);
            Some(zone.asset_id(place))
        })
    }

    /// What a busy day leaves in the personal library: `changes` changes in equal parts, photos that came, new renders,
    /// marks as favourite, and photos that went to Recently Deleted, the last three all over the library. Gives how
    /// many there were.
    pub fn stir(&self, changes: usize, now_ms: i64) -> usize {
        let live = self.live_assets();
        let step = (live.len() / changes.max(1)).max(1);
        let mut old = live.iter().step_by(step);
        let mut change = |number: usize| {
            let edit = match number % 4 {
                0 => {
                    self.add_photo(&format!("NEW_{now_ms}_{number}.JPG"), 2000, now_ms);
                    return true;
                }
                1 => Edit::Render,
                2 => Edit::Favourite(true),
                _ => Edit::Trash,
            };
            old.next().is_some_and(|asset| self.edit(asset, &edit, now_ms))
        };
        (0..changes).filter(|number| change(*number)).count()
    }

    /// The record names of what the personal library shows.
    fn live_assets(&self) -> Vec<String> {
        let state = self.read();
        let Some(zone) = state.zones.iter().find(|zone| zone.purpose == Purpose::Personal) else {
            return Vec::new();
        };
        let places = (0..zone.assets.len() as u32).filter(|place| {
            let asset = &zone.assets[*place as usize];
            asset.is_live() && !asset.hidden && zone.exists(Place::Asset(*place))
        });
        places.map(|place| zone.asset_id(place)).collect()
    }

    /// Makes an album in the personal library and gives its record name.
    pub fn add_album(&self, title: &str, now_ms: i64) -> String {
        self.write().change_zone(Purpose::Personal, |zone| {
            let id = dashed(&bytes(hash(&[zone.key, u64::from(zone.head()), 42])));
            zone.albums.push(Album {
                id: id.clone(),
                title: Some(title.to_owned()),
                folder: false,
                parent: None,
                position: 1024 * zone.albums.len() as i64,
                by_date: false,
                modified: now_ms,
                trashed: None,
                by_web: false,
                changed: 0,
                members: Default::default(),
            });
            zone.note(Place::Album(zone.albums.len() as u32 - 1));
            id
        })
    }

    /// Gives an album of the personal library another title. False if there is none of this record name.
    pub fn rename_album(&self, album: &str, title: &str, now_ms: i64) -> bool {
        self.change_album(album, now_ms, |album| album.title = Some(title.to_owned()))
    }

    /// Puts an album of the personal library into a folder, or out of all. False if there is none of this record name.
    pub fn move_album(&self, album: &str, folder: Option<&str>, now_ms: i64) -> bool {
        self.change_album(album, now_ms, |album| album.parent = folder.map(str::to_owned))
    }

    /// Deletes an album of the personal library; its assets stay. False if there is none of this record name.
    pub fn delete_album(&self, album: &str, now_ms: i64) -> bool {
        self.change_album(album, now_ms, |album| album.trashed = Some(now_ms))
    }

    fn change_album(&self, album: &str, now_ms: i64, change: impl FnOnce(&mut Album)) -> bool {
        self.write().change_zone(Purpose::Personal, |zone| {
            let Some(place) = zone.album_place(album) else { return false };
            let album = &mut zone.albums[place as usize];
            album.modified = now_ms;
            change(album);
            zone.note(Place::Album(place));
            true
        })
    }

    /// Changes the asset that has this record name. False, with nothing changed, when there is no such asset or
    /// the change does not apply to it.
    pub fn edit(&self, asset: &str, edit: &Edit, now_ms: i64) -> bool {
        let mut state = self.write();
        let found = state
            .zones
            .iter()
            .position(|zone| zone.asset_place(asset).is_some_and(|place| zone.exists(Place::Asset(place))));
        let Some(zone) = found else { return false };
        let Some(place) = state.zones[zone].asset_place(asset) else { return false };
        if *edit == Edit::MoveToShared {
            return state.move_to_shared(zone, place, now_ms);
        }
        let done = apply(&mut state.zones[zone], place, edit, now_ms);
        if done {
            state.seal(zone);
        }
        done
    }
}

fn apply(zone: &mut Zone, place: u32, edit: &Edit, now: i64) -> bool {
    let video = zone.master_of(place).is_video();
    let asset = &mut zone.assets[place as usize];
    match edit {
        Edit::Render => {
            asset.renders = asset.renders.saturating_add(1);
            asset.edit = if video || asset.edit != Render::PhotosHeic { Render::Photos } else { asset.edit };
        }
        Edit::Favourite(on) => asset.favourite = *on,
        Edit::Hide(on) => asset.hidden = *on,
        Edit::Rename(name) => {
            let master = asset.master;
            zone.masters[master as usize].name = Name::Text(name.as_str().into());
            zone.note(Place::Master(master));
            return true;
        }
        Edit::Trash => zone.set_trashed(place, Some(now)),
        Edit::Restore => zone.set_trashed(place, None),
        Edit::Purge => {
            zone.purge(place);
            return true;
        }
        Edit::Enter(album) | Edit::Leave(album) => {
            let Some(album) = zone.album_place(album) else { return false };
            let done = match edit {
                Edit::Enter(_) => {
                    zone.enter_album(album, place, now);
                    true
                }
                _ => zone.leave_album(album, place),
            };
            zone.note(Place::Album(album));
            return done;
        }
        Edit::MoveToShared => return false,
    }
    zone.touch_asset(place, now, false);
    true
}

impl State {
    fn move_to_shared(&mut self, from: usize, place: u32, now: i64) -> bool {
        let Some(to) = self.zones.iter().position(|zone| zone.purpose == Purpose::Shared) else {
            return false;
        };
        if from == to {
            return false;
        }
        let mut asset = self.zones[from].assets[place as usize].clone();
        let mut master = self.zones[from].master_of(place).clone();
        self.zones[from].purge(place);
        self.seal(from);
        let shared = &mut self.zones[to];
        master.assets = 0;
        asset.master = shared.add_master(master);
        asset.modified = now;
        shared.add_asset(asset);
        self.seal(to);
        true
    }

    /// Changes a zone and notes that it changed.
    fn change_zone<T: Default>(&mut self, purpose: Purpose, change: impl FnOnce(&mut Zone) -> T) -> T {
        let Some(zone) = self.zones.iter().position(|zone| zone.purpose == purpose) else {
            return T::default();
        };
        let result = change(&mut self.zones[zone]);
        self.seal(zone);
        result
    }

    fn seal(&mut self, zone: usize) {
        self.clock += 1;
        self.zones[zone].touched = self.clock;
        self.zones[zone].note(Place::Info);
    }
}
