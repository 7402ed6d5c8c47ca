// Libraries for single rows of the tables; part of `exhibits`.

/// Edits and alternatives whose names meet.
pub(super) fn edits() -> Vec<Value> {
    let meeting = |name: &str, kind: &str| Exhibit::new(name, kind).small().file("resOriginalAlt", kind).edited(kind);
    finish(vec![
        meeting("all.JPG", JPEG),
        meeting("all.HEIC", HEIC),
        meeting("\u{fc}ber.JPG", JPEG),
        photo("three.JPG").file("resOriginalAlt", CR2).edited(JPEG),
        Exhibit::new("raw.DNG", DNG).small().file("resOriginalAlt", JPEG).edited(JPEG),
        Exhibit::new("different.DNG", DNG).small().file("resOriginalAlt", HEIC).edited(JPEG),
        Exhibit::new("film.MOV", MOV).film().own("resVidFull", MOV).own("resVidMed", MP4).own("resVidSmall", MP4),
        Exhibit::new("live.HEIC", HEIC).small().live().edited(JPEG).own("resVidFull", MOV).own("resVidMed", MOV),
        Exhibit::new("half.HEIC", HEIC).small().file("resOriginalVidCompl", MOV),
        photo("folder:name.JPG").edited(JPEG),
        photo("foo").edited(JPEG),
    ])
}

/// Names that nobody thinks of.
pub(super) fn names_of_all_sorts() -> Vec<Value> {
    finish(vec![
        photo(".."),
        photo("."),
        photo(" "),
        photo("/"),
        photo("a\tb\u{1}.JPG"),
        photo("CON.JPG"),
        photo("trailing. . .JPG "),
        photo("-dash.JPG"),
        photo("%Y{0}.JPG"),
        photo("Foo.WebP").set("kind", "org.webmproject.webp").set("item-kind", "org.webmproject.webp"),
        Exhibit::new("Foo.GIF", "com.compuserve.gif").small(),
        Exhibit::new("named.JPEG", "org.webmproject.webp").small(),
        photo("twice.JPG.JPG"),
        photo("IMG.1234.HEIC").set("kind", HEIC).live(),
        photo("\u{1f600}.JPG"),
        photo("\u{1f600}\u{1f601}.HEIC").live(),
        Exhibit::bare(JPEG).file("resOriginal", JPEG).set("flaw", "no-item-type"),
    ])
}

/// One whose name no file system takes, before one that is well.
pub(super) fn too_long() -> Vec<Value> {
    finish(vec![photo(&format!("{}.JPG", "long".repeat(75))), photo("short.JPG")])
}

/// Base64 with what does not belong there: a decoder that takes no offence reads `IMG_7409.JPG`.
pub(super) fn twelve_loose_base64() -> Vec<Value> {
    first_is(|first| first.set("raw-name", "SU1H\nXzc0 MDku-SlBH"))
}

/// Only the smaller still has no link; and a film without one.
pub(super) fn links_missing() -> Vec<Value> {
    let unlinked = |exhibit: Exhibit, family: &str, kind: &str, size: u64| {
        exhibit.push("files", json!({"family": family, "kind": kind, "size": size, "no-link": true}))
    };
    finish(vec![
        unlinked(Exhibit::new("still.JPG", JPEG), "resJPEGThumb", JPEG, 70),
        unlinked(photo("live.JPG"), "resOriginalVidCompl", MOV, 900),
        photo("whole.JPG"),
    ])
}

/// Films without extension, in a folder with a dot.
pub(super) fn no_dot() -> Vec<Value> {
    finish(vec![Exhibit::new("bar", HEIC).small().live(), photo("a.JPG").live()])
}

/// An album of the user with a title of Apple's.
pub(super) fn own_favourites() -> Vec<Value> {
    finish(vec![
        photo("mine.JPG").set("albums", json!(["Favorites"])),
        photo("theirs.JPG").set("favourite", true),
        photo("neither.JPG"),
    ])
}

/// Kinds that the filters know: `itemType` without a value goes by the name.
pub(super) fn kinds() -> Vec<Value> {
    finish(vec![
        photo("null.JPG").set("flaw", "null-item-type"),
        Exhibit::new("null.MOV", MOV).film().set("flaw", "null-item-type"),
        photo("none.JPG").set("flaw", "no-item-type"),
        Exhibit::new("none.MOV", MOV).film().set("flaw", "no-item-type"),
        Exhibit::new("a.avif", "org.webmproject.webp").small(),
        Exhibit::new("b.HEIC", "org.webmproject.webp").small(),
        photo("c.JPG"),
        Exhibit::new("d.MOV", MOV).film(),
    ])
}

/// A little of all that names and folders depend on, of three years and in two albums; one lies in Recently Deleted.
pub(super) fn trees() -> Vec<Value> {
    let year = |exhibit: Exhibit, back: i64| exhibit.at(DAY_ONE - back * 366 * 86_400_000);
    let album = |exhibit: Exhibit, titles: &[&str]| exhibit.set("albums", json!(titles));
    finish(vec![
        album(Exhibit::new("live.HEIC", HEIC).small().live(), &["One"]),
        year(album(photo("both.JPG").live(), &["One", "Two"]), 1),
        year(album(photo("edited.JPG").edited(JPEG), &["Two"]), 1),
        photo("clash.JPG"),
        photo("clash.JPG"),
        year(album(Exhibit::new("film.MOV", MOV).film(), &["Two"]), 2),
        photo("Caf\u{e9}.JPG"),
        Exhibit::new("raw.DNG", DNG).small().file("resOriginalAlt", JPEG),
        year(photo("gone.JPG").set("deleted", DAY_ONE), 1),
    ])
}

pub(super) fn one_master_two_days() -> Vec<Value> {
    let one = |date| photo("twice.JPG").set("master", "AY6c+BsE0jjaXx9tmVGJM1D2VcEO").at(date);
    finish(vec![one(DAY_ONE), one(DAY_ONE - 86_400_000), photo("once.JPG")])
}
