//! Albums and folders of a generated personal library.

use super::generate::NEWEST;
use super::random::{bytes, hash};
use super::zone::{Album, Place, Zone, dashed};

/// What to make.
struct Plan {
    title: Option<&'static str>,
    /// Place in the list of the folder it lies in.
    parent: Option<usize>,
    folder: bool,
    deleted: bool,
    /// Holds every n-th asset; none when zero.
    every: u32,
}

const fn album(title: &'static str, every: u32) -> Plan {
    Plan { title: Some(title), parent: None, folder: false, deleted: false, every }
}

const fn inside(parent: usize, plan: Plan) -> Plan {
    Plan { parent: Some(parent), ..plan }
}

const fn folder(title: &'static str) -> Plan {
    Plan { folder: true, ..album(title, 0) }
}

const EVERYDAY: &[Plan] = &[
    Plan { title: None, parent: None, folder: true, deleted: false, every: 0 },
    album("Holiday", 3),
    album("Wedding", 7),
    album("Wedding", 11),
    album("Jo\u{308}rg", 13),
    album("2018/Summer: \u{4e2d}\u{6587}", 17),
    album("Empty", 0),
    folder("Family"),
    inside(7, album("Kids", 5)),
    inside(7, folder("Grandparents")),
    inside(9, album("Oma & Opa", 19)),
    inside(9, album("Holiday", 23)),
    Plan { deleted: true, ..album("Deleted album", 29) },
];

const WILD: &[Plan] =
    &[album("Favorites", 31), album("", 37), album("../..", 41), Plan { title: None, ..album("", 43) }];

/// Fills the zone.
pub(super) fn fill(zone: &mut Zone, wild: bool) {
    let plans: Vec<&Plan> = EVERYDAY.iter().chain(if wild { WILD } else { &[] }).collect();
    let id = |i: usize| match i {
        0 => "----Root-Folder----".to_owned(),
        _ => dashed(&bytes(hash(&[zone.key, i as u64, 71]))),
    };
    let ids: Vec<String> = (0..plans.len()).map(id).collect();
    for (i, plan) in plans.into_iter().enumerate() {
        zone.albums.push(Album {
            id: ids[i].clone(),
            title: plan.title.map(str::to_owned),
            folder: plan.folder,
            parent: plan.parent.map(|parent| ids[parent].clone()),
            position: 1024 * i as i64,
            by_date: i % 2 == 1,
            modified: NEWEST,
            trashed: plan.deleted.then_some(NEWEST),
            by_web: false,
            changed: 0,
            members: Default::default(),
        });
        let place = i as u32;
        zone.note(Place::Album(place));
        for asset in (0..zone.assets.len() as u32).filter(|asset| plan.every > 0 && asset % plan.every == 1) {
            zone.enter_album(place, asset, NEWEST);
        }
    }
}

/// Adds an album to an exact library, the `number`-th.
pub(super) fn add(zone: &mut Zone, number: usize, title: &str) {
    zone.albums.push(Album {
        id: dashed(&bytes(hash(&[zone.key, number as u64, 72]))),
        title: Some(title.to_owned()),
        folder: false,
        parent: None,
        position: 1024 * number as i64,
        by_date: true,
        modified: NEWEST,
        trashed: None,
        by_web: false,
        changed: 0,
        members: Default::default(),
    });
    zone.note(Place::Album(zone.albums.len() as u32 - 1));
}
