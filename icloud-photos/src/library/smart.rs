//! Albums that iCloud fills by itself (protocol notes 5.5).

use super::query::Index;

/// An album that iCloud fills by itself. The names are those of icloudpd, in its order, then three that it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SmartAlbum {
    /// Time-lapse videos.
    TimeLapse,
    /// All videos.
    Videos,
    /// Slow-motion videos.
    SloMo,
    /// Series of shots; the ones that stand for their series.
    Bursts,
    /// What the user marked with a heart.
    Favorites,
    /// Panoramas.
    Panoramas,
    /// Screenshots.
    Screenshots,
    /// Live Photos.
    Live,
    /// What was deleted within the last 30 days. Its assets can be downloaded still.
    RecentlyDeleted,
    /// What the user hid.
    Hidden,
    /// Photos with depth.
    Portrait,
    /// Live Photos with the long-exposure effect.
    LongExposure,
    /// Animated images.
    Animated,
}

impl SmartAlbum {
    /// All of them; the first ten are icloudpd's, in the order it lists them.
    pub const ALL: [Self; 13] = [
        Self::TimeLapse,
        Self::Videos,
        Self::SloMo,
        Self::Bursts,
        Self::Favorites,
        Self::Panoramas,
        Self::Screenshots,
        Self::Live,
        Self::RecentlyDeleted,
        Self::Hidden,
        Self::Portrait,
        Self::LongExposure,
        Self::Animated,
    ];

    /// The ten that icloudpd knows, in its order.
    pub const ICLOUDPD: &'static [Self] = Self::ALL.split_at(10).0;

    /// The English title, as icloudpd spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TimeLapse => "Time-lapse",
            Self::Videos => "Videos",
            Self::SloMo => "Slo-mo",
            Self::Bursts => "Bursts",
            Self::Favorites => "Favorites",
            Self::Panoramas => "Panoramas",
            Self::Screenshots => "Screenshots",
            Self::Live => "Live",
            Self::RecentlyDeleted => "Recently Deleted",
            Self::Hidden => "Hidden",
            Self::Portrait => "Portrait",
            Self::LongExposure => "Long Exposure",
            Self::Animated => "Animated",
        }
    }

    pub(crate) fn index(self) -> Index {
        let (count, filter) = match self {
            Self::RecentlyDeleted => {
                return plain("CPLAssetAndMasterDeletedByExpungedDate", "CPLAssetDeletedByExpungedDate");
            }
            Self::Hidden => return plain("CPLAssetAndMasterHiddenByAssetDate", "CPLAssetHiddenByAssetDate"),
            Self::Bursts => {
                return plain("CPLBurstStackAssetAndMasterByAssetDate", "CPLAssetBurstStackAssetByAssetDate");
            }
            Self::TimeLapse => ("Timelapse", "TIMELAPSE"),
            Self::Videos => ("Video", "VIDEO"),
            Self::SloMo => ("Slomo", "SLOMO"),
            Self::Favorites => ("Favorite", "FAVORITE"),
            Self::Panoramas => ("Panorama", "PANORAMA"),
            Self::Screenshots => ("Screenshot", "SCREENSHOT"),
            Self::Live => ("Live", "LIVE"),
            Self::Portrait => ("Depth", "DEPTH"),
            Self::LongExposure => ("Exposure", "EXPOSURE"),
            Self::Animated => ("Animated", "ANIMATED"),
        };
        Index {
            count: format!("CPLAssetInSmartAlbumByAssetDate:{count}"),
            filter: Some(("smartAlbum", filter.to_owned())),
            ..plain("CPLAssetAndMasterInSmartAlbumByAssetDate", "")
        }
    }
}

/// Everything in the library but what is hidden or deleted.
pub(crate) fn whole_library() -> Index {
    plain("CPLAssetAndMasterByAssetDateWithoutHiddenOrDeleted", "CPLAssetByAssetDateWithoutHiddenOrDeleted")
}

/// An album of the user's, newest first.
pub(crate) fn user_album(record_name: &str) -> Index {
    Index {
        list: "CPLContainerRelationLiveByAssetDate",
        count: format!("CPLContainerRelationNotDeletedByAssetDate:{record_name}"),
        filter: Some(("parentId", record_name.to_owned())),
        records_per_asset: 3,
    }
}

fn plain(list: &'static str, count: &str) -> Index {
    Index { list, count: count.to_owned(), filter: None, records_per_asset: 2 }
}
