//! `changes`: what has happened in iCloud since the last run, a line each.

use futures::StreamExt as _;
use icloud_photos::Result;
use icloud_photos::asset::Role;
use icloud_photos::storage::StoragePath;
use icloud_photos::sync::{AssetNews, Detail, Membership, NewsEvent, SyncEngine};
use indicatif::MultiProgress;

use crate::config::Config;
use crate::exit::{Exit, with_causes};
use crate::output::print;

/// `changes`: what has happened in iCloud since the last run. The next run sees it all the same.
pub(super) async fn changes(config: &Config, engine: &SyncEngine, bars: &MultiProgress) -> Result<Exit> {
    let mut news = engine.news();
    while let Some(event) = news.next().await.transpose()? {
        // Neither maps with odd keys nor numbers that JSON lacks: it cannot fail.
        let json = config.json.then(|| serde_json::to_string(&event).unwrap_or_default());
        let Some(line) = json.or_else(|| describe(&event)) else { continue };
        if print(bars, line)?.is_break() {
            return Ok(Exit::Success);
        }
    }
    Ok(Exit::Success)
}

/// `None` for what this version has no words for.
fn describe(event: &NewsEvent) -> Option<String> {
    Some(match event {
        NewsEvent::Added(news) => asset("added", news, None),
        NewsEvent::Edited(news) => asset("edited", news, None),
        NewsEvent::Metadata(news) => asset("changed", news, None),
        NewsEvent::Trashed(news) => asset("trashed", news, None),
        NewsEvent::Restored(news) => asset("restored", news, None),
        NewsEvent::Moved { news, to } => asset("moved", news, Some(format!("to {to}"))),
        NewsEvent::Gone(news) => asset("gone", news, None),
        NewsEvent::AlbumMade(album) => format!("new {} {} {}", album.kind, album.album, album.path),
        NewsEvent::AlbumRenamed { album, was } => {
            format!("renamed {} {} {} (was {was})", album.kind, album.album, album.path)
        }
        NewsEvent::AlbumMoved { album, was } => {
            format!("moved {} {} {} (was {was})", album.kind, album.album, album.path)
        }
        NewsEvent::AlbumDeleted(album) => format!("deleted {} {} {}", album.kind, album.album, album.path),
        NewsEvent::Entered(news) => membership("entered", news),
        NewsEvent::Left(news) => membership("left", news),
        NewsEvent::Problem { asset, error } => {
            let asset = asset.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("unreadable {asset}: {}", with_causes(error))
        }
        NewsEvent::Reset { reason } => {
            format!("the next run lists everything: what happened cannot be told ({reason})")
        }
        _ => return None,
    })
}

/// `edited <id> IMG_1.JPG (favourite; name was OLD.JPG): 2018/07/31/IMG_1.JPG`
fn asset(what: &str, news: &AssetNews, more: Option<String>) -> String {
    let details: Vec<String> = more.into_iter().chain(news.details.iter().filter_map(detail)).collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join("; ")) };
    let name = if news.asset.name.is_empty() { "without a name" } else { &news.asset.name };
    format!("{what} {} {name}{details}{}", news.asset.asset, paths(&news.files))
}

fn membership(what: &str, news: &Membership) -> String {
    let album = news.path.as_deref().unwrap_or(news.album.as_str());
    let name = news.name.as_deref().unwrap_or_default();
    let asset = format!("{} {name}", news.asset);
    format!("{what} {} (album {album}){}", asset.trim_end(), paths(&news.files))
}

fn paths(files: &[StoragePath]) -> String {
    if files.is_empty() {
        return String::new();
    }
    let paths: Vec<&str> = files.iter().map(StoragePath::as_str).collect();
    format!(": {}", paths.join(", "))
}

fn detail(detail: &Detail) -> Option<String> {
    Some(match detail {
        Detail::Files(roles) => {
            let roles: Vec<&str> = roles.iter().copied().map(role).collect();
            format!("other files: {}", roles.join(", "))
        }
        Detail::Adjustment { now: Some(now), .. } => format!("edited with {now}"),
        Detail::Adjustment { now: None, .. } => "back to the original".to_owned(),
        Detail::Favorite(true) => "favourite".to_owned(),
        Detail::Favorite(false) => "no favourite any more".to_owned(),
        Detail::Hidden(true) => "hidden".to_owned(),
        Detail::Hidden(false) => "hidden no more".to_owned(),
        Detail::Name { was, .. } => format!("name was {was}"),
        Detail::Created { .. } | Detail::Offset { .. } => "other date".to_owned(),
        Detail::Kind => "other kind".to_owned(),
        Detail::Burst => "other burst".to_owned(),
        Detail::Added => "other date of import".to_owned(),
        _ => return None,
    })
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Original => "original",
        Role::Alternative => "alternative",
        Role::LiveMovie => "movie of the Live Photo",
        Role::Edited | Role::EditedVideo => "edited version",
        Role::Large => "large",
        Role::Medium | Role::VideoMedium => "medium",
        Role::Thumb | Role::VideoSmall => "thumb",
        _ => "another",
    }
}
