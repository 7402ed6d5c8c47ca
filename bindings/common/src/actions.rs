//! What a run would do.

use icloud_photos::sync::{Action, Target, Why};

use crate::names::snake;
use crate::value::{ToValue, Value, model, unknown, variant};

impl ToValue for Target {
    fn to_value(self) -> Value {
        model!("Target", asset = self.asset, role = self.role, tree = self.tree.as_str(), path = self.path)
    }
}

impl ToValue for Why {
    fn to_value(self) -> Value {
        match self {
            Self::Failed { .. } => Value::Member("Why", "failed".into()),
            other => Value::Member("Why", snake(&format!("{other:?}")).into()),
        }
    }
}

impl ToValue for Action {
    fn to_value(self) -> Value {
        match self {
            Self::Begin { total } => variant!("ActionBegin", total = total),
            Self::Download { target, size, modified, deduplicated, standing, copies, why } => variant!(
                "ActionDownload",
                target = target,
                size = size,
                modified = modified,
                deduplicated = deduplicated,
                standing = standing,
                copies = copies,
                why = why
            ),
            Self::Present { target, deduplicated, known, proven, doubted, found } => variant!(
                "ActionPresent",
                target = target,
                deduplicated = deduplicated,
                known = known,
                proven = proven,
                doubted = doubted,
                found = found
            ),
            Self::Stands { path, doubted } => variant!("ActionStands", path = path, doubted = doubted),
            Self::Describe { target } => variant!("ActionDescribe", target = target),
            Self::Claim { row } => variant!("ActionClaim", row = row),
            Self::Settle { row, before } => variant!("ActionSettle", row = row, before = before),
            Self::Renamed { row, found } => variant!("ActionRenamed", row = row, found = found),
            Self::Forget { key } => variant!("ActionForget", key = key),
            Self::Lost { key, path } => variant!("ActionLost", key = key, path = path),
            Self::Skip { asset, reason } => variant!("ActionSkip", asset = asset, reason = &reason),
            Self::Remark { asset, problem } => variant!("ActionRemark", asset = asset, problem = &problem),
            Self::Problem { asset, id, lacks, error } => variant!(
                "ActionProblem",
                asset = asset,
                id = id.as_ref().map(|id| id.as_str()),
                lacks = lacks,
                error = error
            ),
            Self::Note { change } => variant!("ActionNote", change = change),
            Self::Placed { album, asset } => {
                variant!("ActionPlaced", album = album.as_str(), asset = asset.as_str())
            }
            Self::Albums { albums } => variant!("ActionAlbums", albums = albums),
            other => other.of_the_books(),
        }
    }
}

trait OfTheBooks {
    /// Those that say how far a run has come.
    fn of_the_books(self) -> Value;
}

impl OfTheBooks for Action {
    fn of_the_books(self) -> Value {
        match self {
            Self::Aside { progress } => variant!("ActionAside", progress = progress),
            Self::Done { asset } => variant!("ActionDone", asset = asset),
            Self::Listed { progress, seen } => {
                let seen: Vec<&str> = seen.iter().map(|id| id.as_str()).collect();
                variant!("ActionListed", progress = progress, seen = seen)
            }
            Self::End { listing } => variant!("ActionEnd", listing = listing),
            Self::Enough { found } => variant!("ActionEnough", found = found),
            Self::EndOfRest => variant!("ActionEndOfRest"),
            Self::Covered { progress } => variant!("ActionCovered", progress = progress),
            other => unknown("ActionOther", &other),
        }
    }
}
