//! The indexes a client can list and count (protocol page, 5.5).

use std::cmp::Reverse;

use super::asset::{Asset, Edit, Master, Subtype};
use super::zone::Zone;

/// A sorted list of assets the server keeps.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Index {
    /// The library by date taken.
    Library,
    /// The library by date added, hidden ones included.
    Added,
    /// Recently Deleted.
    Deleted,
    Hidden,
    Bursts,
    Smart(Smart),
    /// An album, by date taken.
    Album(u32),
    /// An album, in its own order.
    AlbumByPosition(u32),
}

/// A smart album.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Smart {
    Favourite,
    Video,
    Live,
    Screenshot,
    Panorama,
    SlowMotion,
    TimeLapse,
    Depth,
    Exposure,
    Animated,
    Selfie,
}

impl Smart {
    /// The album with its name in a list query and its name in a count.
    const ALL: [(Self, &'static str, &'static str); 11] = [
        (Self::Favourite, "FAVORITE", "Favorite"),
        (Self::Video, "VIDEO", "Video"),
        (Self::Live, "LIVE", "Live"),
        (Self::Screenshot, "SCREENSHOT", "Screenshot"),
        (Self::Panorama, "PANORAMA", "Panorama"),
        (Self::SlowMotion, "SLOMO", "Slomo"),
        (Self::TimeLapse, "TIMELAPSE", "Timelapse"),
        (Self::Depth, "DEPTH", "Depth"),
        (Self::Exposure, "EXPOSURE", "Exposure"),
        (Self::Animated, "ANIMATED", "Animated"),
        (Self::Selfie, "SELFIE", "Selfie"),
    ];

    fn holds(self, master: &Master, asset: &Asset) -> bool {
        match self {
            Self::Favourite => asset.favourite,
            Self::Video => master.is_video(),
            Self::Live => master.live,
            Self::Screenshot => asset.subtype == Subtype::Screenshot,
            Self::Panorama => asset.subtype == Subtype::Panorama,
            Self::SlowMotion => asset.subtype == Subtype::SlowMotion || asset.edit == Edit::SlowMotion,
            Self::TimeLapse => asset.subtype == Subtype::TimeLapse,
            Self::Depth => asset.subtype == Subtype::Portrait,
            Self::Exposure => asset.subtype == Subtype::LongExposure,
            Self::Animated => asset.subtype == Subtype::Animated,
            Self::Selfie => false,
        }
    }
}

impl Index {
    /// The index behind the `recordType` of a list query; `None` when there is none of that name.
    pub(super) fn of_list(record_type: &str, smart: Option<&str>, album: Option<u32>) -> Option<Self> {
        Some(match record_type {
            "CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted" => Self::Library,
            "CPLAssetAndMasterByAddedDate" => Self::Added,
            "CPLAssetAndMasterDeletedByExpungedDate" => Self::Deleted,
            "CPLAssetAndMasterHiddenByAssetDate" => Self::Hidden,
            "CPLBurstStackAssetAndMasterByAssetDate" => Self::Bursts,
            "CPLAssetAndMasterInSmartAlbumByAssetDate" => {
                Self::Smart(Smart::ALL.iter().find(|(_, list, _)| Some(*list) == smart)?.0)
            }
            "CPLContainerRelationLiveByAssetDate" => Self::Album(album?),
            "CPLContainerRelationLiveByPosition" => Self::AlbumByPosition(album?),
            _ => return None,
        })
    }

    /// The index behind an `indexCountID`.
    pub(super) fn of_count(id: &str, zone: &Zone) -> Option<Self> {
        Some(match id.split_once(':') {
            None => match id {
                "CPLAssetByAssetDateWithoutHiddenOrDeleted" => Self::Library,
                "CPLAssetByAddedDate" => Self::Added,
                "CPLAssetDeletedByExpungedDate" => Self::Deleted,
                "CPLAssetHiddenByAssetDate" => Self::Hidden,
                "CPLAssetBurstStackAssetByAssetDate" => Self::Bursts,
                _ => return None,
            },
            Some(("CPLAssetInSmartAlbumByAssetDate", name)) => {
                Self::Smart(Smart::ALL.iter().find(|(_, _, count)| *count == name)?.0)
            }
            Some(("CPLContainerRelationNotDeletedByAssetDate", album)) => {
                Self::Album(zone.album_place(album)?)
            }
            Some(_) => return None,
        })
    }

    /// The album, for the lists that carry a relation beside each asset.
    pub(super) fn album(&self) -> Option<u32> {
        match self {
            Self::Album(album) | Self::AlbumByPosition(album) => Some(*album),
            _ => None,
        }
    }

    /// A Shared Photo Library has no albums.
    pub(super) fn is_for_shared(&self) -> bool {
        matches!(self, Self::Smart(Smart::Favourite)) || !matches!(self, Self::Smart(_) | Self::Bursts)
    }

    /// Lists the places of the assets, newest first.
    pub(super) fn build(&self, zone: &Zone) -> Vec<u32> {
        let mut list: Vec<u32> = match self.album() {
            Some(album) => zone.albums[album as usize].members.keys().copied().collect(),
            None => (0..zone.assets.len() as u32).collect(),
        };
        list.retain(|place| self.holds(zone.master_of(*place), &zone.assets[*place as usize]));
        list.sort_by_cached_key(|place| Reverse((self.rank(zone, *place), Reverse(*place))));
        list
    }

    fn holds(&self, master: &Master, asset: &Asset) -> bool {
        match self {
            Self::Library => asset.is_shown(),
            Self::Added | Self::Album(_) | Self::AlbumByPosition(_) => asset.is_live(),
            Self::Deleted => !asset.purged && asset.trashed.is_some(),
            Self::Hidden => asset.is_live() && asset.hidden,
            Self::Bursts => asset.is_shown() && asset.burst.is_some(),
            Self::Smart(smart) => asset.is_shown() && smart.holds(master, asset),
        }
    }

    /// What the index sorts by; the greatest comes first.
    fn rank(&self, zone: &Zone, place: u32) -> i64 {
        let asset = &zone.assets[place as usize];
        match self {
            Self::Added => asset.added,
            Self::Deleted => asset.trashed.unwrap_or(i64::MIN),
            Self::AlbumByPosition(album) => {
                let member = zone.albums[*album as usize].members.get(&place);
                member.map_or(i64::MIN, |member| -member.position)
            }
            _ => asset.date.unwrap_or(i64::MIN),
        }
    }
}
