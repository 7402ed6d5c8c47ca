// Options on the museum; part of `scenes`.

const BY_ID: [&str; 2] = ["--file-match-policy", "name-id7"];

/// Of photos that want one name ours keeps the second beside the first, and says so.
const BESIDE: [&str; 3] = ["only in ours: 2018/07/3", "logged there alone: photos/*already exists", "logged in ours alone: "];
/// What is said of several albums.
const ALBUMS: [&str; 3] = [
    "logged there alone: Downloading 4 ",
    "logged there alone: All photos and videos have been downloaded",
    "logged in ours alone: Downloading 2 ",
];

fn tour(name: &str, options: &[&'static str]) -> Scene {
    Scene::new(name, museum, options)
}

fn tour_sizes() -> Vec<Scene> {
    const ALL: [&str; 10] = [
        "--size", "original", "--size", "medium", "--size", "thumb", "--size", "adjusted", "--size", "alternative",
    ];
    let by_id = |options: &[&'static str]| [options, &BY_ID[..]].concat();
    vec![
        tour("museum: default", &[]),
        tour("museum: default, again", &[]).again(),
        tour("museum: by id", &BY_ID),
        tour("museum: by id, again", &BY_ID).again(),
        tour("museum: medium", &["--size", "medium"]),
        tour("museum: thumb", &["--size", "thumb"]),
        tour("museum: thumb, forced", &["--size", "thumb", "--force-size"]),
        tour("museum: medium, forced", &["--size", "medium", "--force-size"]),
        tour("museum: thumb and medium", &["--size", "thumb", "--size", "medium"]),
        tour("museum: original and thumb", &["--size", "original", "--size", "thumb"]),
        tour("museum: original and thumb, forced", &["--size", "original", "--size", "thumb", "--force-size"]),
        tour("museum: adjusted", &["--size", "adjusted"]),
        tour("museum: adjusted, forced", &["--size", "adjusted", "--force-size"]),
        tour("museum: original and adjusted", &["--size", "original", "--size", "adjusted"]),
        tour("museum: original and adjusted, forced", &["--size", "original", "--size", "adjusted", "--force-size"]),
        tour("museum: original and adjusted by id", &by_id(&["--size", "original", "--size", "adjusted"])).differs("C2", &BESIDE),
        tour("museum: original and adjusted, again", &["--size", "original", "--size", "adjusted"]).again(),
        tour("museum: alternative", &["--size", "alternative"]),
        tour("museum: original and alternative", &["--size", "original", "--size", "alternative"]),
        tour("museum: original and alternative by id", &by_id(&["--size", "original", "--size", "alternative"])),
        tour("museum: adjusted and alternative", &["--size", "adjusted", "--size", "alternative"]),
        tour("museum: adjusted and alternative by id", &by_id(&["--size", "adjusted", "--size", "alternative"])).differs("C2", &BESIDE),
        tour("museum: every size", &ALL),
        tour("museum: every size, again", &ALL).again(),
        tour("museum: every size by id", &by_id(&ALL)).differs("C2", &BESIDE),
        tour("museum: every size, forced", &[&ALL[..], &["--force-size"]].concat()),
        tour("museum: live medium", &["--live-photo-size", "medium"]),
        tour("museum: live medium by id", &by_id(&["--live-photo-size", "medium"])),
        tour("museum: live thumb", &["--live-photo-size", "thumb"]).silent().differs(
            "F9",
            &["exit code 1 there, 0 in ours", "only in ours: "],
        ),
        tour("museum: live original names", &["--live-photo-mov-filename-policy", "original"]),
        tour(
            "museum: live original names by id",
            &by_id(&["--live-photo-mov-filename-policy", "original", "--live-photo-size", "medium"]),
        ),
        tour("museum: align original", &["--align-raw", "original"]),
        tour("museum: align alternative", &["--align-raw", "alternative"]),
        tour(
            "museum: align alternative, both",
            &["--align-raw", "alternative", "--size", "original", "--size", "alternative"],
        ),
        tour(
            "museum: align original, both",
            &["--align-raw", "original", "--size", "original", "--size", "alternative", "--size", "adjusted"],
        ),
        tour("museum: align as is, both", &["--align-raw", "as-is", "--size", "original", "--size", "alternative"]),
    ]
}

fn tour_names() -> Vec<Scene> {
    const UNICODE: &str = "--keep-unicode-in-filenames";
    vec![
        tour("museum: unicode kept", &[UNICODE]),
        tour("museum: unicode kept, again", &[UNICODE]).again(),
        tour("museum: unicode kept by id", &[UNICODE, BY_ID[0], BY_ID[1]]),
        tour("museum: unicode kept, edits", &[UNICODE, "--size", "original", "--size", "adjusted"]),
        tour("museum: names alone", &["--only-print-filenames", "--recent", "30"])
            .differs("O2", &["printed there alone: photos/", "printed in ours alone: photos/"]),
        tour("museum: no folders", &["--folder-structure", "none"]),
        tour("museum: no folders, None", &["--folder-structure", "None"]),
        tour("museum: no folders by id", &["--folder-structure", "none", BY_ID[0], BY_ID[1]]),
        tour("museum: dry run", &["--dry-run"]).differs("O3", &["logged there alone: Downloaded "]).differs(
            "O2",
            &["logged there alone: [DRY RUN] Would download ", "logged in ours alone: [DRY RUN] Would download ", "logged in ours alone: photos/2018/07/31/*deduplicated"],
        ),
        tour("museum: live left out", &["--skip-live-photos"]),
        tour("museum: films left out", &["--skip-videos"]),
        tour("museum: photos left out", &["--skip-photos"]),
        tour("museum: films and live left out", &["--skip-videos", "--skip-live-photos", "--size", "thumb"]),
    ]
}

fn tour_dates() -> Vec<Scene> {
    const WEST: &str = "America/Los_Angeles";
    const EAST: &str = "Asia/Kathmandu";
    let template = |name: &str, template: &'static str| {
        tour(&format!("template: {name}"), &["--folder-structure", template, "--skip-live-photos"])
    };
    vec![
        tour("west: default", &[]).tz(WEST),
        tour("west: again", &[]).tz(WEST).again(),
        tour("west: every size by id", &["--size", "original", "--size", "adjusted", BY_ID[0], BY_ID[1]]).tz(WEST).differs("C2", &BESIDE),
        tour("west: hours", &["--folder-structure", "{:%Y-%m-%d %H.%M.%S %z %Z}"]).tz(WEST),
        tour("east: default", &[]).tz(EAST),
        tour("east: hours", &["--folder-structure", "{:%Y-%m-%d %H.%M.%S %z}"]).tz(EAST),
        tour("Auckland: default", &[]).tz("Pacific/Auckland"),
        template("year and month", "{:%Y/%m}"),
        template("numbered", "{0:%Y}/{0:%m}"),
        template("braces", "{{x}}/{:%Y}"),
        template("text outside", "%d/{:%Y}"),
        template("colons", "{:%H:%M}"),
        template("empty field", "{}"),
        template("literal", "{:>40}"),
        template("attributes", "{0.year}/{0.month:02}"),
        template("conversion", "{!s:.10}"),
        template("days", "{:%a %A %d %e %j %u %w}"),
        template("months", "{:%b %B %h %m}"),
        template("years", "{:%C %g %G %y %Y}"),
        template("weeks", "{:%U %V %W}"),
        template("clock", "{:%H %I %k %l %M %p %P %S}"),
        template("whole dates", "{:%c}/{:%D}"),
        template("compounds", "{:%D %F %R %T %r %x %X %c}"),
        template("white space", "{:%n%t%%}").differs("O4", &["logged there alone: Downloaded photos/", "logged in ours alone: "]),
        template("microseconds and epoch", "{:%f %s}"),
        template("flags", "{:%-m %_m %^B %10Y %Om %Ey %#Z}"),
        template("unknown", "{:%Q %}"),
        template("upwards", "../photos/{:%Y}"),
        template("broken", "{%Y}"),
        template("mixed", "{:%Y}/{0:%m}"),
        template("empty", ""),
        template("slashes", "a//b/./{:%Y}/"),
        tour("locale: months", &["--use-os-locale", "--folder-structure", "{:%Y/%B}"]),
    ]
}

fn tour_filters() -> Vec<Scene> {
    let before = "--skip-created-before";
    vec![
        tour("filter: recent 0", &["--recent", "0"]),
        tour("filter: recent 1", &["--recent", "1"]),
        tour("filter: recent 20 without films", &["--recent", "20", "--skip-videos"]),
        tour("filter: album", &["--album", "One"]),
        tour("filter: two albums", &["--album", "One", "--album", "Two"]).differs("O5", &ALBUMS),
        tour("filter: album twice", &["--album", "Two", "--album", "Two"]).differs("O5", &ALBUMS).differs("O5", &["logged in ours alone: photos/*already exists"]),
        tour("filter: two albums, one each", &["--album", "One", "--album", "Two", "--recent", "1"])
            .differs("O5", &[ALBUMS[1]]),
        tour("filter: Favorites", &["--album", "Favorites"]),
        tour("filter: Videos", &["--album", "Videos"]),
        tour("filter: Live", &["--album", "Live"]),
        tour("filter: Hidden", &["--album", "Hidden"]),
        tour("filter: Recently Deleted", &["--album", "Recently Deleted"]),
        tour("filter: no such album", &["--album", "Three"]),
        tour("filter: no such library", &["--library", "Three"])
            .differs("F10", &["logged there alone: Unknown library: Three", "logged in ours alone: Unknown library: Three. "]),
        tour("filter: primary by name", &["--library", "PrimarySync", "--recent", "5"]),
        tour("filter: until found 1", &["--until-found", "1"]),
        tour("filter: until found 0", &["--until-found", "0"]),
        tour("filter: until found, two sizes", &["--until-found", "3", "--size", "original", "--size", "thumb"]).again()
            .differs("O1", &["logged there alone: Found ", "logged in ours alone: photos/*already exists"])
            .may("O1", &["logged in ours alone: Skipping ", "logged in ours alone: photos/*deduplicated", "logged in ours alone: *Skipping..."]),
        tour("filter: before a day", &[before, "2018-07-31"]).tz("America/Los_Angeles"),
        tour("filter: before a time", &[before, "2018-07-31T07:00:00Z"]),
        tour("filter: before an interval", &[before, "2000d"]),
        tour("filter: after a day", &["--skip-created-after", "20180731"]),
        tour("filter: both", &[before, "2018-01-01", "--skip-created-after", "2018-12-31"]),
        tour("filter: after, by week", &["--skip-created-after", "2018-W31-2"]),
        tour("filter: no date", &[before, "2018/01/01"]),
        Scene::new("sidecars", on::twelve, &["--xmp-sidecar"]),
        Scene::new("sidecars, again", on::twelve, &["--xmp-sidecar"]).again(),
        tour("sidecars: dates beyond the calendar", &["--xmp-sidecar"])
            .differs("F8", &["exit code 1 there, 0 in ours", "only in ours: ", "logged in ours alone: "]),
    ]
}

fn tour_odd() -> Vec<Scene> {
    const DIES: &str = "exit code 1 there, 0 in ours";
    const FOLDERS: [&str; 1] = ["only in ours: 2018"];
    let broken = |name: &str, library| Scene::new(name, library, &[]);
    let partly: [&str; 2] = ["exit code 1 there, 3 in ours", FOLDERS[0]];
    vec![
        broken("odd: no base64", on::twelve_bad_base64).silent().differs("F8", &[DIES, FOLDERS[0]]),
        broken("odd: no UTF-8", on::twelve_bad_utf8).silent().differs("F8", &[DIES, FOLDERS[0]]),
        broken("odd: no original", on::medium_only).silent().differs("F8", &partly),
        broken("odd: no type of file", on::no_file_type)
            .silent()
            .differs("F8", &[DIES, FOLDERS[0]]),
        broken("odd: master alone", on::master_alone).silent().differs("F8", &partly),
        broken("odd: no link", on::twelve_no_link).silent().differs("K17", &["exit code 0 there, 3 in ours"]).differs("O6", &["only in ours: 2018/07/31"]),
        broken("odd: two assets of one master", on::one_master).differs("C5", &["2018/07/31/twice.JPG: "]),
        broken("odd: a live film of another type", on::mpeg_live),
        broken("odd: no name", on::twelve_no_name),
        Scene::new("odd: a folder of the name of a photo", on::twelve, &["--recent", "2"])
            .local(&[("2018/07/31/IMG_7409.JPG/x", 1)])
            .silent()
            .differs("K17", &["exit code 0 there, 3 in ours"])
            .differs("O7", &["missing in ours: 2018/07/31/*)"]),
        Scene::new("old: legacy name", on::twelve, &["--recent", "3"])
            .local(&[("2018/07/30/IMG_7408-original.JPG", 1151), ("2018/07/31/IMG_7409-original.JPG", 5)]),
        Scene::new("old: every name of other length", on::twelve, &["--recent", "4"])
            .local(&[
                ("2018/07/31/IMG_7409.JPG", 5),
                ("2018/07/31/IMG_7409-1884.JPG", 7),
                ("2018/07/30/IMG_7408.MOV", 200),
                ("2018/07/30/IMG_7405.MOV", 0),
            ]),
        Scene::new("old: medium of other length", on::twelve, &["--recent", "2", "--size", "medium"])
            .local(&[("2018/07/31/IMG_7409-medium.JPG", 5)]),
        Scene::new("old: by id, any length", on::twelve, &["--recent", "2", BY_ID[0], BY_ID[1]])
            .local(&[("2018/07/31/IMG_7409_QVk2Yyt.JPG", 5), ("2018/07/30/IMG_7408_QVI4T2l-original.JPG", 5)])
            .differs("K10", &BESIDE),
    ]
}

fn tour_modes() -> Vec<Scene> {
    let aged = || on::hours_ago(&[("new.JPG", 1), ("day.JPG", 25), ("week.JPG", 170), ("old.JPG", 9000)]);
    const MANY: [&str; 0] = [];
    let keep = |days: &'static str| [&["--keep-icloud-recent-days", days], &MANY[..]].concat();
    vec![
        Scene::new("move: 1 day", aged, &keep("1")).moving(),
        Scene::new("move: 7 days", aged, &keep("7")).moving(),
        Scene::new("move: 0 days", aged, &keep("0")).moving(),
        Scene::new("move: twice", aged, &keep("7")).twice().differs("O1", &["logged there alone: Downloading 2 ", "logged in ours alone: photos/*already exists"]).moving(),
        Scene::new("move: after download", aged, &["--delete-after-download"]).moving(),
        Scene::new("move: after download, films left out", on::twelve, &["--delete-after-download", "--skip-videos"]),
        Scene::new("move: names alone", aged, &["--only-print-filenames", "--keep-icloud-recent-days", "0"]).moving()
            .differs("F2", &["gone there alone: "]),
        Scene::new("both deletions", aged, &["--auto-delete", "--delete-after-download"]).moving(),
        Scene::new("mirror: nothing deleted", on::twelve, &["--auto-delete", "--recent", "1"]),
    ]
}
