//! From a seed to a world.

mod told;

use serde_json::{Value, json};

use self::told::{LAST, options, other, past};
use super::dice::Dice;
use super::world::{Damage, Edit, Harm, World};

const JPEG: &str = "public.jpeg";
const HEIC: &str = "public.heic";
const MOV: &str = "com.apple.quicktime-movie";
const MP4: &str = "public.mpeg-4";

const ZONES: [&str; 12] = [
    "UTC",
    "Europe/Berlin",
    "America/Los_Angeles",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
    "Africa/Monrovia",
    "America/Sao_Paulo",
];

/// Few, so that they clash.
const NAMES: [&str; 8] = [
    "IMG_1.JPG",
    "IMG_1.HEIC",
    "IMG_2.JPG",
    "IMG_2.HEIC",
    "IMG_3.jpeg",
    "IMG_1.MOV",
    "IMG_2.PNG",
    "IMG_1.DNG",
];
const ODD_NAMES: [&str; 16] = [
    "Caf\u{e9}.JPG",
    "Cafe\u{301}.HEIC",
    "\u{4e2d}\u{6587}.JPG",
    "IMG_\u{e9}1.JPG",
    ".hidden",
    "..jpg",
    "a.",
    "noext",
    "two.dots.JPG",
    "i/n v:a\0l*i?d\\p<a>t\"h|.JPG",
    "tail .JPG",
    "IMG_1-adjusted.JPG",
    "IMG_1_HEVC.MOV",
    "IMG_1-1000.JPG",
    "IMG_1-medium.JPG",
    "x.heif",
];
const RAWS: [&str; 4] =
    ["com.adobe.raw-image", "com.canon.cr2-raw-image", "com.nikon.nrw-raw-image", "com.sony.arw-raw-image"];
const OTHERS: [&str; 8] = [
    "public.png",
    "public.heif",
    "com.compuserve.gif",
    "org.webmproject.webp",
    "public.tiff",
    "public.avi",
    "com.apple.m4v-video",
    "com.example.hologram",
];
/// Few, so that they are equal.
const LENGTHS: [u64; 6] = [1000, 1001, 1500, 2000, 5000, 70_000];

/// 2018-07-31 00:00 UTC.
const DAY: i64 = 1_532_995_200_000;
const ODD_DATES: [i64; 9] = [
    -157_766_400_000,
    -500,
    0,
    -61_995_110_400_000,
    -5_364_662_400_000,
    4_102_444_800_000,
    253_402_300_800_000,
    1_520_762_400_000,
    1_541_320_200_000,
];

pub(super) fn world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let tz = dice.pick(&ZONES).to_owned();
    let library: Vec<Value> = (0..2 + dice.below(12)).map(|_| asset(&mut dice)).collect();
    let options = options(&mut dice);
    let past = past(&mut dice, &options);
    let harms = if past.is_empty() { 0 } else { dice.below(6) };
    let damages = (0..harms).map(|_| damage(&mut dice)).collect();
    let many = if dice.chance(60) { 1 + dice.below(4) } else { 0 };
    let edits = (0..many).map(|_| edit(&mut dice)).collect();
    let kills = if dice.chance(25) {
        (0..1 + dice.below(3)).map(|_| dice.roll() % 1000).collect()
    } else {
        Vec::new()
    };
    let quiet = options.iter().any(|option| LAST.contains(&option[0].as_str()));
    let other = if !quiet && dice.chance(40) { other(&mut dice, &options) } else { Vec::new() };
    World { seed, tz, library, options, past, damages, edits, kills, other }
}

fn asset(dice: &mut Dice) -> Value {
    let name = if dice.chance(75) { dice.pick(&NAMES) } else { dice.pick(&ODD_NAMES) };
    let kind = kind(dice, name);
    let mut asset = json!({"name": name, "kind": kind, "date": date(dice), "albums": albums(dice)});
    asset["files"] = files(dice, kind).into();
    if dice.chance(25) {
        asset["own-files"] = own_files(dice, kind).into();
    }
    oddities(dice, &mut asset);
    asset
}

fn kind(dice: &mut Dice, name: &str) -> &'static str {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end).to_ascii_lowercase();
    if dice.chance(12) {
        return dice.pick(&OTHERS);
    }
    match end.as_str() {
        "heic" => HEIC,
        "mov" => MOV,
        "dng" => dice.pick(&RAWS),
        "png" => "public.png",
        "heif" => "public.heif",
        _ if dice.chance(8) => dice.pick(&[HEIC, MOV, MP4]),
        _ => JPEG,
    }
}

fn date(dice: &mut Dice) -> i64 {
    if dice.chance(6) {
        return dice.pick(&ODD_DATES);
    }
    let hours = dice.below(60) as i64 - 20;
    DAY + hours * 3_600_000 + dice.below(3_600_000) as i64
}

fn albums(dice: &mut Dice) -> Vec<&'static str> {
    ["One", "Two"].into_iter().filter(|_| dice.chance(35)).collect()
}

fn file(dice: &mut Dice, family: &str, kind: &str) -> Value {
    json!({"family": family, "kind": kind, "size": dice.pick(&LENGTHS)})
}

fn files(dice: &mut Dice, kind: &str) -> Vec<Value> {
    let mut files = vec![file(dice, "resOriginal", kind)];
    let film = [MOV, MP4, "public.avi", "com.apple.m4v-video"].contains(&kind);
    if film {
        for family in ["resVidMed", "resVidSmall"] {
            if dice.chance(80) {
                files.push(file(dice, family, MP4));
            }
        }
        return files;
    }
    for family in ["resJPEGMed", "resJPEGThumb"] {
        if dice.chance(75) {
            files.push(file(dice, family, JPEG));
        }
    }
    if dice.chance(35) {
        files.push(file(dice, "resOriginalVidCompl", MOV));
        for family in ["resVidMed", "resVidSmall"] {
            if dice.chance(75) {
                files.push(file(dice, family, MOV));
            }
        }
    }
    let raw = kind.contains("raw-image");
    if raw && dice.chance(60) || dice.chance(8) {
        let other = if raw { JPEG } else { dice.pick(&[JPEG, RAWS[0], RAWS[1]]) };
        files.push(file(dice, "resOriginalAlt", other));
    }
    files
}

fn own_files(dice: &mut Dice, kind: &str) -> Vec<Value> {
    if kind == MOV || kind == MP4 {
        return vec![file(dice, "resVidFull", MOV), file(dice, "resVidMed", MP4)];
    }
    let render = dice.pick(&[JPEG, JPEG, HEIC]);
    let mut files = vec![file(dice, "resJPEGFull", render)];
    for family in ["resJPEGMed", "resJPEGThumb"] {
        if dice.chance(70) {
            files.push(file(dice, family, JPEG));
        }
    }
    files
}

/// What few photos have.
fn oddities(dice: &mut Dice, asset: &mut Value) {
    for (percent, member, value) in [
        (15, "favourite", json!(true)),
        (6, "hidden", json!(true)),
        (10, "deleted", json!(DAY)),
        (10, "shared", json!(true)),
        (20, "offset", json!(25_200)),
        (4, "clear-name", json!(true)),
        (3, "flaw", json!("no-item-type")),
        (2, "text-date", json!("yesterday")),
    ] {
        if dice.chance(percent) {
            asset[member] = value;
        }
    }
    let members = asset.as_object_mut();
    if asset_has(&members, "text-date") || dice.chance(2) {
        members.map(|members| members.remove("date"));
    } else if dice.chance(3) {
        members.map(|members| members.remove("name"));
    } else if dice.chance(10) {
        // Of the id `name-id7` sees no more than the first five characters.
        asset["master"] = format!("AZ/wA{:020x}AAA", dice.roll()).into();
    } else if dice.chance(3) {
        asset["master"] = "AY6c+BsE0jjaXx9tmVGJM1D2VcEO".into();
    }
}

fn asset_has(members: &Option<&mut serde_json::Map<String, Value>>, member: &str) -> bool {
    members.as_ref().is_some_and(|members| members.contains_key(member))
}

fn damage(dice: &mut Dice) -> Damage {
    let kind = dice.pick(&[
        Harm::Removed,
        Harm::Removed,
        Harm::Cut,
        Harm::Emptied,
        Harm::Garbled,
        Harm::Longer,
        Harm::Folder,
        Harm::Legacy,
        Harm::Renamed,
        Harm::HalfPart,
        Harm::WholePart,
        Harm::Foreign,
    ]);
    Damage { file: dice.below(1000), kind }
}

fn edit(dice: &mut Dice) -> Edit {
    let kinds = ["trash", "restore", "hide", "show", "favourite", "rename", "purge", "move-to-shared"];
    let kind = dice.pick(&kinds).to_owned();
    let name = (kind == "rename").then(|| dice.pick(&NAMES).to_owned());
    Edit { asset: dice.below(1000), kind, name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_world_again() {
        let text = |seed| serde_json::to_string(&world(seed)).unwrap();
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn another_layout_is_another_and_comes_where_something_was_laid_out() {
        let worlds: Vec<World> = (0..300).map(world).collect();
        let (with, without): (Vec<_>, Vec<_>) = worlds.iter().partition(|world| !world.other.is_empty());
        assert!(with.len() > 50 && without.len() > 50, "{} {}", with.len(), without.len());
        assert!(with.iter().all(|world| !world.moves() && !world.rehearses()));
        let same = with.iter().filter(|world| world.other == world.options).count();
        assert!(same < with.len() / 10, "{same}");
    }

    #[test]
    fn what_is_smaller_is_smaller() {
        let world = world(7);
        let length = |world: &World| serde_json::to_string(world).unwrap().len();
        let all = world.smaller();
        assert!(all.len() > world.library.len());
        assert!(all.iter().all(|one| length(one) < length(&world)));
    }
}
