//! What happened in iCloud since a run.

use icloud_photos::sync::{AssetNews, Detail, Membership, NewsEvent};

use crate::value::{ToValue, Value, model, unknown, variant};

impl ToValue for NewsEvent {
    fn to_value(self) -> Value {
        match self {
            Self::Added(news) => variant!("NewsAdded", news = news),
            Self::Edited(news) => variant!("NewsEdited", news = news),
            Self::Metadata(news) => variant!("NewsMetadata", news = news),
            Self::Trashed(news) => variant!("NewsTrashed", news = news),
            Self::Restored(news) => variant!("NewsRestored", news = news),
            Self::Moved { news, to } => variant!("NewsMoved", news = news, to = to.as_str()),
            Self::Gone(news) => variant!("NewsGone", news = news),
            Self::AlbumMade(album) => variant!("NewsAlbumMade", album = album),
            Self::AlbumRenamed { album, was } => variant!("NewsAlbumRenamed", album = album, was = was),
            Self::AlbumMoved { album, was } => variant!("NewsAlbumMoved", album = album, was = was),
            Self::AlbumDeleted(album) => variant!("NewsAlbumDeleted", album = album),
            Self::Entered(membership) => variant!("NewsEntered", membership = membership),
            Self::Left(membership) => variant!("NewsLeft", membership = membership),
            Self::Problem { asset, error } => {
                variant!("NewsProblem", asset = asset.as_ref().map(|id| id.as_str()), error = error)
            }
            Self::Reset { reason } => variant!("NewsReset", reason = reason),
            other => unknown("NewsOther", &other),
        }
    }
}

impl ToValue for AssetNews {
    fn to_value(self) -> Value {
        model!("AssetNews", asset = self.asset, files = self.files, details = self.details)
    }
}

impl ToValue for Membership {
    fn to_value(self) -> Value {
        model!(
            "Membership",
            album = self.album.as_str(),
            path = self.path,
            asset = self.asset.as_str(),
            name = self.name,
            files = self.files
        )
    }
}

impl ToValue for Detail {
    fn to_value(self) -> Value {
        match self {
            Self::Files(roles) => variant!("DetailFiles", roles = roles),
            Self::Adjustment { was, now } => variant!("DetailAdjustment", was = was, now = now),
            Self::Favorite(now) => variant!("DetailFavorite", now = now),
            Self::Hidden(now) => variant!("DetailHidden", now = now),
            Self::Name { was, now } => variant!("DetailName", was = was, now = now),
            Self::Created { was, now } => variant!("DetailCreated", was = was, now = now),
            Self::Offset { was, now } => variant!("DetailOffset", was = was, now = now),
            Self::Kind => variant!("DetailKind"),
            Self::Burst => variant!("DetailBurst"),
            Self::Added => variant!("DetailAdded"),
            other => unknown("DetailOther", &other),
        }
    }
}
