//! The ways in which programs of this field lost photos, one by one, and that none of them is open here.
//!
//! Each test names one incident that was reported or found in the code of a peer: what happened there stands above it.

mod deleting;
mod fetching;
mod keeping;

use icloud_photos::sync::layout::LayoutOptions;
use icloud_photos::sync::{Disposal, MoveRule, SyncBuilder};
use icloud_photos_testkit::{FaultAction, FaultRule, LibrarySpec};

use crate::copies::{Choose, Copy};

/// Everything leaves iCloud that is proven to be here.
const ALL: MoveRule = MoveRule::OlderThan { days: 0 };

async fn copy_of(photos: &[&str], choose: Choose) -> Copy {
    let copy =
        Copy::with(LibrarySpec::plain(0, 1000), move |library, builder| choose(library, builder)).await;
    for (days, name) in photos.iter().enumerate() {
        copy.photo(name, days as i64 + 1);
    }
    copy
}

fn moving(rule: MoveRule) -> Choose {
    std::sync::Arc::new(move |_, builder: SyncBuilder| builder.move_out(Some(rule)))
}

fn mirroring() -> Choose {
    std::sync::Arc::new(|_, builder: SyncBuilder| builder.mirror(Some(Disposal::Remove)))
}

fn plain() -> Choose {
    std::sync::Arc::new(|_, builder| builder)
}

fn flat() -> LayoutOptions {
    LayoutOptions::default().folder("none")
}

/// Content comes wrong, always.
fn spoilt() -> FaultRule {
    FaultRule::new("content", FaultAction::Flip { at: None })
}
