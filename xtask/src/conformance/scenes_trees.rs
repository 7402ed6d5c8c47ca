// Several trees in one folder: lines that lay a library out in different ways, later or in turn; part of `scenes`.

const BY_DAY: [&str; 2] = ["--folder-structure", "{:%Y/%m/%d}"];
const BY_YEAR: [&str; 2] = ["--folder-structure", "years/{:%Y}"];
const FLAT: [&str; 2] = ["--folder-structure", "none"];
const ONE: [&str; 4] = ["--album", "One", "--folder-structure", "albums/One/{:%Y}"];
const TWO: [&str; 4] = ["--album", "Two", "--folder-structure", "albums/Two/{:%Y}"];
const LIVE_NAMES: [&str; 2] = ["--live-photo-mov-filename-policy", "original"];

fn trees() -> Vec<Scene> {
    [trees_in_turn(), trees_of_names(), trees_of_sizes(), trees_taken_over(), trees_that_change(), trees_removed()].concat()
}

fn tree(name: &str, options: &[&'static str]) -> Scene {
    Scene::new(&format!("trees: {name}"), on::trees, options)
}

/// What ours leaves unsaid in a line that it ran before, for it asks what changed since; and it says `already exists` of every file that it
/// looks for, also of photos that have left iCloud and of sizes that are not asked for any more.
const IN_LINES: [[&str; 3]; 6] = [
    ["line 2: logged there alone: Downloading ", "line 2: logged there alone: *deduplicated", "line 2: logged in ours alone: photos/*already exists"],
    ["line 3: logged there alone: Downloading ", "line 3: logged there alone: *deduplicated", "line 3: logged in ours alone: photos/*already exists"],
    ["line 4: logged there alone: Downloading ", "line 4: logged there alone: *deduplicated", "line 4: logged in ours alone: photos/*already exists"],
    ["line 5: logged there alone: Downloading ", "line 5: logged there alone: *deduplicated", "line 5: logged in ours alone: photos/*already exists"],
    ["line 6: logged there alone: Downloading ", "line 6: logged there alone: *deduplicated", "line 6: logged in ours alone: photos/*already exists"],
    ["line 7: logged there alone: Downloading ", "line 7: logged there alone: *deduplicated", "line 7: logged in ours alone: photos/*already exists"],
];

/// The lines whose options were there before.
fn followed(scene: Scene, lines: &[usize]) -> Scene {
    lines.iter().fold(scene, |scene, line| scene.may("O1", &IN_LINES[line - 2]))
}

/// A second tree costs no request about content, and both are as icloudpd makes them, as often as they are asked for.
fn trees_in_turn() -> Vec<Scene> {
    let both = |name: &str, library: fn() -> Vec<serde_json::Value>, more: &[&'static str]| {
        let (day, year) = ([&BY_DAY[..], more].concat(), [&BY_YEAR[..], more].concat());
        let scene = Scene::new(&format!("trees: {name}"), library, &day);
        let scene = scene.then(&year).fetches(0).then(&day).fetches(0).then(&year).fetches(0);
        followed(scene, &[3, 4])
    };
    vec![
        both("two structures in turn", on::trees, &[]),
        both("two structures in turn, by id", on::trees, &BY_ID),
        both("two structures in turn, every kind", museum, &["--size", "original", "--size", "adjusted"]),
        followed(
            tree("three structures, and back", &BY_DAY)
                .then(&FLAT).fetches(0)
                .then(&BY_YEAR).fetches(0)
                .then(&BY_DAY).fetches(0),
            &[4],
        ),
        followed(
            tree("an album in each line", &ONE).then(&TWO).then(&BY_DAY).then(&ONE).fetches(0).then(&TWO).fetches(0),
            &[4, 5],
        ),
        followed(
            tree("albums after the whole library", &BY_DAY).then(&ONE).fetches(0).then(&TWO).fetches(0).then(&BY_DAY).fetches(0),
            &[4],
        ),
        tree("two albums in one folder", &["--album", "One", BY_YEAR[0], BY_YEAR[1]])
            .then(&["--album", "Two", BY_YEAR[0], BY_YEAR[1]]),
        tree("the second of few", &BY_DAY).then(&[BY_YEAR[0], BY_YEAR[1], "--recent", "3"]).fetches(0).then(&BY_YEAR).fetches(0),
        tree("the second of photos alone", &BY_DAY).then(&[BY_YEAR[0], BY_YEAR[1], "--skip-videos", "--skip-live-photos"]).fetches(0),
        tree("the second until found", &BY_DAY).then(&[BY_YEAR[0], BY_YEAR[1], "--until-found", "2"]).fetches(0),
        tree("the second rehearsed", &BY_DAY)
            .then(&[BY_YEAR[0], BY_YEAR[1], "--dry-run"]).fetches(0)
            .differs("O3", &["line 2: logged there alone: Downloaded "])
            .may("O2", &["line 2: logged there alone: [DRY RUN] Would download ", "line 2: logged in ours alone: [DRY RUN] Would download ", "line 2: logged in ours alone: *deduplicated"])
            .then(&BY_YEAR).fetches(0),
        tree("the second printed", &BY_DAY)
            .then(&[BY_YEAR[0], BY_YEAR[1], "--only-print-filenames"]).fetches(0)
            .may("O2", &["line 2: printed "])
            .then(&BY_YEAR).fetches(0),
    ]
}

/// Other rules for names, later, and the first ones again.
fn trees_of_names() -> Vec<Scene> {
    let back = |name: &str, options: &[&'static str]| {
        followed(tree(name, &[]).then(options).fetches(0).then(&[]).fetches(0).then(options).fetches(0), &[3, 4])
    };
    vec![
        back("by id, and back", &BY_ID),
        back("live names, and back", &LIVE_NAMES),
        back("unicode kept, and back", &["--keep-unicode-in-filenames"]),
        back("all rules for names, and back", &[&BY_ID[..], &LIVE_NAMES[..], &["--keep-unicode-in-filenames"]].concat()),
        followed(tree("from ids to lengths, and back", &BY_ID).then(&[]).fetches(0).then(&BY_ID).fetches(0), &[3]),
        followed(
            tree("another zone, and back", &[]).zone("Pacific/Honolulu").then(&[]).fetches(0).zone("UTC").then(&[]).fetches(0)
                .differs("T1", &["line 2: missing in ours: 20", "line 2: logged there alone: Downloaded "])
                .may("T1", &["line 3: missing in ours: 20"]),
            &[2, 3],
        ),
    ]
}

/// What is wanted changes: the names that the sizes of a photo want depend on it.
fn trees_of_sizes() -> Vec<Scene> {
    let back = |name: &str, options: &[&'static str]| followed(tree(name, &[]).then(options).then(&[]).fetches(0).then(options).fetches(0), &[3, 4]);
    let id = |options: &[&'static str]| [options, &BY_ID[..]].concat();
    vec![
        back("a size more, and back", &["--size", "original", "--size", "thumb"]),
        back("another size, and back", &["--size", "thumb"]),
        back("edits alone, and back", &["--size", "adjusted"]),
        back("edits too, and back", &["--size", "original", "--size", "adjusted"]),
        back("alternatives, and back", &["--size", "alternative"]),
        back("aligned to alternatives, and back", &["--align-raw", "alternative"]),
        back("smaller films, and back", &["--live-photo-size", "medium"]),
        back("a forced size, and back", &["--size", "medium", "--force-size"]),
        followed(tree("edits alone by id, and back", &BY_ID).then(&id(&["--size", "adjusted"])).then(&BY_ID).fetches(0), &[3])
            .differs("C2", &["line 2: only in ours: 2017/07/30/edited_", "line 2: 0 fetches there, 1 in ours", "line 2: logged there alone: photos/2017/07/30/edited_", "line 2: logged in ours alone: "])
            .may("C2", &["line 2: logged in ours alone: "]),
        tree("another structure and a size more", &BY_DAY).then(&[BY_YEAR[0], BY_YEAR[1], "--size", "original", "--size", "thumb"]),
    ]
}

/// Folders that the real one filled: each line of ours finds its own.
fn trees_taken_over() -> Vec<Scene> {
    let over = |name: &str, first: &[&'static str], second: &[&'static str]| {
        let scene = tree(&format!("of the real one, {name}"), first).past(first).past(second);
        followed(scene.fetches(0).then(second).fetches(0).then(first).fetches(0), &[3])
    };
    vec![
        over("two structures", &BY_DAY, &BY_YEAR),
        over("two albums", &ONE, &TWO),
        over("an album beside the library", &BY_DAY, &TWO),
        over("two rules for names", &[], &BY_ID),
        over("two rules for films", &[], &LIVE_NAMES),
        over("two sizes", &[], &["--size", "thumb"]),
        over("two structures with sidecars", &[BY_DAY[0], BY_DAY[1], "--xmp-sidecar"], &[BY_YEAR[0], BY_YEAR[1], "--xmp-sidecar"]),
        tree("of the real one, and a third", &BY_DAY).past(&BY_DAY).past(&BY_YEAR).fetches(0).then(&FLAT).fetches(0).then(&BY_YEAR).fetches(0),
    ]
}

/// Photos come and go, and files of one tree get lost, while another stands.
fn trees_that_change() -> Vec<Scene> {
    let two = |name: &str| tree(name, &BY_DAY).then(&BY_YEAR).fetches(0);
    const XMP: &str = "--xmp-sidecar";
    vec![
        followed(two("a photo comes").edit("gone.JPG", "restore").then(&BY_DAY).then(&BY_YEAR).fetches(0), &[3, 4]),
        followed(
            tree("a photo comes into an album", &ONE).then(&TWO).edit("clash.JPG", "enter:Two").edit("live.HEIC", "leave:One").then(&ONE).fetches(0).then(&TWO),
            &[3, 4],
        ),
        followed(two("a file of the first is lost").loss("2018/07/31/live.HEIC").then(&BY_DAY).fetches(0).then(&BY_YEAR).fetches(0), &[3, 4]),
        followed(two("a file of the second is lost").loss("years/2018/live.HEIC").then(&BY_DAY).fetches(0).then(&BY_YEAR).fetches(0), &[3, 4]),
        // What rots is not copied: the second tree gets what iCloud has.
        tree("a file rots before the second", &BY_DAY).rot("2018/07/31/live.HEIC").then(&BY_YEAR).fetches(1),
        followed(
            tree("sidecars of both", &[BY_DAY[0], BY_DAY[1], XMP])
                .then(&[BY_YEAR[0], BY_YEAR[1], XMP]).fetches(0)
                .edit("both.JPG", "favourite")
                .then(&[BY_DAY[0], BY_DAY[1], XMP]).fetches(0)
                .then(&[BY_YEAR[0], BY_YEAR[1], XMP]).fetches(0),
            &[3, 4],
        ),
        followed(
            tree("sidecars of the second alone", &BY_DAY).then(&[BY_YEAR[0], BY_YEAR[1], XMP]).fetches(0).then(&BY_DAY).fetches(0),
            &[3],
        ),
        // A file that bears its date is not what Apple's checksum proves: each tree fetches its own.
        tree("dated in both", &[BY_DAY[0], BY_DAY[1], "--set-exif-datetime"]).silent()
            .then(&[BY_YEAR[0], BY_YEAR[1], "--set-exif-datetime"])
            .differs("C1", &["line 1: *in ours", "line 2: *in ours"]),
        tree("dated in the second alone", &BY_DAY).silent()
            .then(&[BY_YEAR[0], BY_YEAR[1], "--set-exif-datetime"]).fetches(0)
            .differs("C1", &["line 2: *in ours"]),
    ]
}

/// What removes, removes of the tree of its line.
fn trees_removed() -> Vec<Scene> {
    let two = |name: &str| tree(name, &BY_DAY).then(&BY_YEAR).fetches(0);
    const MIRROR: &str = "--auto-delete";
    const XMP: [&str; 1] = ["--xmp-sidecar"];
    const AFTER: [&str; 1] = ["--delete-after-download"];
    const DAYS: [&str; 2] = ["--keep-icloud-recent-days", "400"];
    // All that iCloud could not make again, so that both move the same.
    const SIZES: [&str; 6] = ["--size", "original", "--size", "adjusted", "--size", "alternative"];
    let (day, year) = (BY_DAY, BY_YEAR);
    let whole = |structure: &[&'static str; 2], more: &[&'static str]| [&structure[..], &SIZES[..], more].concat();
    let mirror = |structure: &[&'static str; 2]| [structure[0], structure[1], MIRROR];
    vec![
        followed(two("mirrored in the first").edit("both.JPG", "trash").then(&mirror(&BY_DAY)).fetches(0), &[3]),
        followed(two("mirrored in the second").edit("both.JPG", "trash").then(&mirror(&BY_YEAR)).fetches(0), &[3]),
        followed(
            two("mirrored in both").edit("both.JPG", "trash").edit("film.MOV", "trash").then(&mirror(&BY_DAY)).fetches(0).then(&mirror(&BY_YEAR)).fetches(0),
            &[3, 4],
        ),
        followed(two("gone without a mirror").edit("both.JPG", "trash").then(&BY_DAY).fetches(0).then(&BY_YEAR).fetches(0), &[3, 4]),
        followed(
            tree("mirrored in an album", &ONE).then(&TWO).edit("both.JPG", "trash").then(&[&ONE[..], &[MIRROR]].concat()).fetches(0).then(&[&TWO[..], &[MIRROR]].concat()).fetches(0),
            &[3, 4],
        ),
        // Who only left an album is not deleted.
        followed(
            tree("mirrored, and only out of the album", &ONE).then(&TWO).edit("both.JPG", "leave:Two").then(&[&TWO[..], &[MIRROR]].concat()).fetches(0).then(&[&ONE[..], &[MIRROR]].concat()).fetches(0),
            &[3, 4],
        ),
        followed(
            tree("of the real one, mirrored", &mirror(&BY_DAY)).past(&BY_DAY).past(&BY_YEAR).fetches(0).then(&mirror(&BY_YEAR)).fetches(0)
                .edit("both.JPG", "trash").then(&mirror(&BY_DAY)).fetches(0).then(&mirror(&BY_YEAR)).fetches(0),
            &[3, 4],
        ),
        followed(tree("moved out by the second", &whole(&day, &[])).then(&whole(&year, &AFTER)).fetches(0).then(&day).fetches(0).then(&year).fetches(0), &[3, 4]),
        followed(tree("moved out by the second, by days", &whole(&day, &[])).then(&whole(&year, &DAYS)).fetches(0).then(&day).fetches(0).then(&year).fetches(0), &[3, 4]),
        // Of what was deleted before ours ever ran it knows no file.
        tree("of the real one, mirrored at once", &["--auth-only"]).past(&BY_DAY).past(&BY_YEAR).edit("both.JPG", "trash")
            .then(&mirror(&BY_DAY)).fetches(0).then(&mirror(&BY_YEAR)).fetches(0)
            .differs("C3", &["line 2: only in ours: 2017/07/30/both", "line 2: logged there alone: Deleted photos/2017/07/30/both"])
            .differs("C3", &["line 3: only in ours: years/2017/both", "line 3: logged there alone: Deleted photos/years/2017/both"]),
        followed(
            tree("mirrored with sidecars", &[&BY_DAY[..], &XMP].concat()).then(&[&BY_YEAR[..], &XMP].concat()).fetches(0)
                .edit("both.JPG", "trash")
                .then(&[&mirror(&BY_DAY)[..], &XMP].concat()).fetches(0)
                .then(&[&mirror(&BY_YEAR)[..], &XMP].concat()).fetches(0)
                .differs("X3", &["line 3: sidecar years/2017/both"]),
            &[3, 4],
        ),
        // What the first moved out is nothing that the second would lay out.
        followed(tree("moved out by the first", &whole(&day, &DAYS)).then(&whole(&year, &[])).fetches(0).then(&whole(&day, &[])).fetches(0), &[3]),
        followed(tree("moved out by the second of few", &whole(&day, &[])).then(&[&whole(&year, &AFTER)[..], &["--recent", "2"]].concat()).fetches(0).then(&whole(&day, &[])).fetches(0), &[3]),
        // icloudpd takes for deleted what it moved out itself.
        followed(tree("moved out, and mirrored in the other", &whole(&day, &[])).then(&whole(&year, &DAYS)).fetches(0)
            .then(&whole(&day, &[MIRROR])).fetches(0), &[3])
            .differs("F16", &["line 3: only in ours: 20", "line 3: logged there alone: Deleted "]),
    ]
}
