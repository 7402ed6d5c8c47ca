//! What a person does on their phone meanwhile: changes a test makes between two runs of a client.

use super::asset::{Asset, Edit as Render, Master, Name};
use super::random::hash;
use super::uti;
use super::zone::{Place, Purpose, Zone};
use super::{Library, State};

/// A change to one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A new render of the photo; its original stays.
    Render,
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

impl Library {
    /// Adds a JPEG named `name` of `size` bytes to the personal library, taken and added at `now_ms`, and gives its
    /// record name.
    pub fn add_photo(&self, name: &str, size: u64, now_ms: i64) -> String {
        let mut state = self.write();
        state.change_zone(Purpose::Personal, |zone| {
            let number = zone.assets.len() as u32;
            let key = hash(&[zone.key, u64::from(number), 51]);
            let mut master = Master::new(number, key, size, &uti::JPEG, Name::Text(name.into()));
            master.checksum = master.original().checksum();
            let master = zone.add_master(master);
            let place = zone.add_asset(Asset::new(number, master, now_ms));
            zone.asset_id(place)
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
