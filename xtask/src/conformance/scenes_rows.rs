// Rows of the reference that no other scene shows, in its order; part of `scenes`.

fn rows() -> Vec<Scene> {
    [rows_names(), rows_dates(), rows_sidecars(), rows_filters(), rows_presence(), rows_faults(), rows_modes()].concat()
}

fn rows_names() -> Vec<Scene> {
    let edits = |name: &str, options: &[&'static str]| Scene::new(&format!("edits: {name}"), on::edits, options);
    let sorts = |name: &str, options: &[&'static str]| Scene::new(&format!("names: {name}"), on::names_of_all_sorts, options);
    const THREE: [&str; 6] = ["--size", "original", "--size", "alternative", "--size", "adjusted"];
    vec![
        tour(
            "museum: three sizes by id, live medium",
            &["--size", "original", "--size", "medium", "--size", "thumb", "--live-photo-size", "medium", BY_ID[0], BY_ID[1]],
        ),
        tour("museum: thumb before original", &["--size", "thumb", "--size", "original"]),
        tour("museum: medium and adjusted", &["--size", "medium", "--size", "adjusted"]),
        tour("museum: alternative, forced", &["--size", "alternative", "--force-size"]),
        tour("museum: a size twice", &["--size", "thumb", "--size", "THUMB"]),
        edits("alternative before adjusted", &THREE),
        edits("alternative before adjusted, again", &THREE).again(),
        edits("by id", &[&THREE[..], &BY_ID[..]].concat()),
        edits("adjusted alone", &["--size", "adjusted"]),
        edits("adjusted and alternative", &["--size", "adjusted", "--size", "alternative"]),
        edits("aligned to alternatives", &[&THREE[..], &["--align-raw", "alternative"]].concat()),
        edits("live medium", &["--live-photo-size", "medium"]),
        edits("live medium of a thumb", &["--live-photo-size", "medium", "--size", "thumb"]),
        edits("unicode kept", &[&THREE[..], &["--keep-unicode-in-filenames"]].concat()),
        sorts("of all sorts", &[]).differs("O4", &["logged there alone: ", "logged in ours alone: "]),
        sorts("of all sorts, again", &[]).again().differs("O4", &["logged there alone: ", "logged in ours alone: "]),
        sorts("of all sorts by id", &BY_ID).differs("O4", &["logged there alone: ", "logged in ours alone: "]),
        sorts("of all sorts, unicode kept", &["--keep-unicode-in-filenames"]).differs("O4", &["logged there alone: ", "logged in ours alone: "]),
        sorts("of all sorts, medium", &["--size", "medium"]).differs("O4", &["logged there alone: ", "logged in ours alone: "]),
        sorts("printed", &["--only-print-filenames"]).differs("O4", &["printed "]),
        Scene::new("names: loose base64", on::twelve_loose_base64, &["--recent", "2"]),
        Scene::new("names: too long", on::too_long, &[]).silent()
            .differs("K17", &["exit code 0 there, 3 in ours"])
            .differs("O7", &["missing in ours: "]),
        Scene::new("odd: no original, adjusted", on::medium_only, &["--size", "adjusted"]).silent().differs("K17", &["exit code 0 there, 3 in ours"]),
        Scene::new("odd: two assets of one master, on two days", on::one_master_two_days, &[]).differs("C5", &["only in ours: 2018/07/31/twice.JPG", "logged there alone: ", "logged in ours alone: "]),
        Scene::new("odd: links missing", on::links_missing, &[]).silent().differs("O6", &["only in ours: 2018/07/31/live.JPG", "only in ours: 2018/07/31/still.JPG"]).may("K17", &["exit code 0 there, 3 in ours"]),
        Scene::new("odd: a file where a folder should be", on::twelve, &["--recent", "3", "--skip-live-photos"])
            .local(&[("2018/07/31", 5)])
            .silent()
            .differs("K17", &["exit code 0 there, 3 in ours"]),
        Scene::new("odd: a live film of another type by id", on::mpeg_live, &BY_ID).differs("C2", &["only in ours: ", "logged there alone: photos/*already exists", "logged in ours alone: "]),
    ]
}

fn rows_dates() -> Vec<Scene> {
    let zone = |name: &str, tz: &'static str| {
        tour(&format!("zone: {name}"), &["--folder-structure", "{:%Y-%m-%d %H%M%S %z %Z}", "--skip-live-photos"]).tz(tz)
    };
    let template = |name: &str, template: &'static str| {
        tour(&format!("template: {name}"), &["--folder-structure", template, "--skip-live-photos"])
    };
    vec![
        zone("by rules", "CET-1CEST,M3.5.0,M10.5.0/3").silent().differs("F10", &["exit code 1 there, 0 in ours", "only in ours: "]),
        zone("with a colon", ":Europe/Berlin"),
        zone("without a name", ""),
        zone("that nobody knows", "Mars/Olympus").silent().differs("F10", &["exit code 1 there, 2 in ours"]),
        zone("Berlin", "Europe/Berlin"),
        zone("half an hour of summer", "Australia/Lord_Howe"),
        template("automatic attributes", "{.year}"),
        template("attributes of a day", "{0.day:>4}/{0.hour:x}/{0.minute}/{0.second:04d}").silent().differs("C8", &["exit code 0 there, 2 in ours", "missing in ours: "]),
        template("numbered and empty", "{0}"),
        template("conversions", "{0!s:.7}"),
        template("odd letters", "{:%E %L %N %v %q %i %J %K %O %o %1 %!}"),
        template("flags and widths", "{:%_d %-H %05S %^a %#p %-j %3d %_5Y}"),
        template("no such attribute", "{0.decade}"),
        template("a second argument", "{1:%Y}"),
        template("a brace too many", "{:%Y}}"),
        template("none, in capitals", "NONE"),
        template("doubled braces", "{:{{x}}/%Y}"),
        template("doubled braces around a date", "{0:{{%Y}}/%m}{{{0:%d}}}"),
        template("a doubled brace alone", "{:{{}"),
        tour("template: a field within a field", &["--folder-structure", "{0:%Y-{0.month}}", "--recent", "3"]).silent().differs("C8", &["exit code 0 there, 2 in ours", "missing in ours: "]),
        tour("template: doubled braces outside", &["--folder-structure", "{:../outside/{{}}/%Y}", "--skip-live-photos"]).outside().silent(),
        tour("template: outside behind a date", &["--folder-structure", "{:%Y/../../outside/%m}", "--recent", "3"])
            .outside()
            .silent()
            .differs("C9", &["exit code 0 there, 3 in ours", "missing in ours: outside/"]),
        tour("template: back to the directory behind a date", &["--folder-structure", "{:%Y/../%m/%%/..}", "--skip-live-photos"]),
        tour("template: outside", &["--folder-structure", "../outside/{:%Y}", "--skip-live-photos"]).outside().silent(),
        tour("template: absolute", &["--folder-structure", "{outside}/{:%Y}", "--skip-live-photos"]).outside().silent(),
        tour("template: absolute by a date", &["--folder-structure", "{:{outside}/%Y}", "--skip-live-photos"]).outside().silent(),
    ]
}

fn rows_sidecars() -> Vec<Scene> {
    const SIDECAR: &str = "--xmp-sidecar";
    const FOREIGN: &str = "<?xml version='1.0'?><x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='darktable'/>";
    const THEIRS: &str = "<?xml version='1.0'?><x:xml_doc xmlns:x='adobe:ns:meta/' x:xmptk='icloudpd 1.30.0+abc'/>";
    let one = |name: &str, options: &[&'static str]| {
        Scene::new(&format!("sidecars: {name}"), on::twelve, &[&[SIDECAR, "--recent", "4"], options].concat())
    };
    vec![
        one("of each size", &["--size", "original", "--size", "thumb", "--size", "adjusted"]),
        one("of forced sizes", &["--size", "adjusted", "--size", "medium", "--force-size"]),
        one("of others are left alone", &[])
            .text("2018/07/31/IMG_7409.JPG.xmp", FOREIGN)
            .text("2018/07/30/IMG_7408.JPG.xmp", "no XML")
            .text("2018/07/30/IMG_7407.JPG.xmp", "")
            .text("2018/07/30/IMG_7405.MOV.xmp", THEIRS),
        one("of files of other length", &[]).local(&[("2018/07/31/IMG_7409.JPG", 5), ("2018/07/30/IMG_7408.JPG", 1151)]),
        one("dry run", &["--dry-run"]).local(&[P7409]).differs("O3", &["logged there alone: Downloaded "]),
        one("names alone", &["--only-print-filenames"]).local(&[P7409]).differs("F12", &["exit code 1 there, 0 in ours", "missing in ours: ", "printed "]),
        one("of a file that fails", &["--skip-live-photos"])
            .faults(r#"{"rules": [{"match": "content", "action": {"kind": "status", "code": 400, "body": "{}"}}]}"#)
            .silent()
            .differs("K17", &["exit code 0 there, 3 in ours"])
            .may("O9", &["missing in ours: "]),
    ]
}

fn rows_filters() -> Vec<Scene> {
    let filter = |name: &str, options: &[&'static str]| tour(&format!("filter: {name}"), options);
    let kinds = |name: &str, options: &[&'static str]| Scene::new(&format!("kinds: {name}"), on::kinds, options);
    vec![
        filter("library without a name", &["--library", "", "--recent", "3"]),
        filter("album in small letters", &["--album", "favorites"]),
        filter("album of another library", &["--library", "PrimarySync", "--album", "Screenshots"]),
        filter("Bursts and Panoramas", &["--album", "Bursts", "--album", "Panoramas"]).differs("O5", &["logged there alone: All photos and videos have been downloaded"]),
        filter("Time-lapse and Slo-mo", &["--album", "Time-lapse", "--album", "Slo-mo"]).differs("O5", &["logged there alone: All photos and videos have been downloaded"]),
        filter("names of two albums", &["--album", "One", "--album", "Two", "--only-print-filenames"]).differs("F12", &["printed "]),
        filter("a negative number", &["--recent", "-1"]).silent().differs("F10", &["exit code 1 there, 2 in ours"]),
        filter("both limits", &["--recent", "5", "--until-found", "1"]),
        filter("until found, forced", &["--until-found", "2", "--size", "thumb", "--force-size"]).again()
            .may("O1", &["logged "]),
        filter("until found in two albums", &["--until-found", "1", "--album", "One", "--album", "Two"])
            .local(&[("2018/07/31/in both.JPG", 1)]).differs("O5", &["logged there alone: All photos and videos have been downloaded"]),
        // What was found at the end of one album does not count in the next.
        filter("until found, from one album to the next", &["--until-found", "2", "--album", "One", "--album", "Two"])
            .local(&[("2018/07/31/in both.JPG", 8800)]).differs("O5", &["logged there alone: All photos and videos have been downloaded"]),
        filter("neither photos nor films", &["--skip-photos", "--skip-videos"]),
        filter("the very moment", &["--skip-created-before", "2018-07-31T07:22:24.816Z", "--skip-created-after", "2018-07-31T07:22:24.816Z"]),
        filter("an interval and more", &["--skip-created-before", "3000days"]),
        filter("an endless interval", &["--skip-created-before", "99999999999999d"]).silent().differs("F10", &["exit code 1 there, 2 in ours"]),
        filter("local midnight", &["--skip-created-before", "2018-07-31"]).tz("Asia/Kathmandu"),
        filter("an offset", &["--skip-created-after", "2018-07-31T10:00:00+08:00"]).tz("America/Los_Angeles"),
        filter("by type before date", &["--skip-videos", "--skip-created-before", "2018-07-31T07:00:00Z"]),
        Scene::new("filter: an album with Apple's title", on::own_favourites, &["--album", "Favorites"]),
        kinds("films left out", &["--skip-videos"]),
        kinds("photos left out", &["--skip-photos"]),
        kinds("sizes", &["--size", "medium", "--size", "thumb"]),
    ]
}

fn rows_presence() -> Vec<Scene> {
    let dotted = ["--folder-structure", "{:%Y.%m}"];
    vec![
        Scene::new("old: legacy name with other bytes, again", on::twelve, &["--recent", "2", "--skip-live-photos"])
            .local(&[("2018/07/31/IMG_7409-original.JPG", 1884)]).again()
            .differs("O1", &["logged there alone: photos/2018/07/31/IMG_7409.JPG already exists", "logged in ours alone: photos/2018/07/31/IMG_7409-original.JPG already exists"]),
        Scene::new("old: legacy name for a fallback", on::only_original, &["--size", "thumb"])
            .local(&[("2018/07/31/IMG_7409-original.JPG", 1000)]),
        Scene::new("old: no extension in a folder with a dot", on::no_dot, &dotted)
            .local(&[("2018.07/bar", 5), ("2018.07/a.MOV", 5)])
            .differs("O14", &["missing in ours: 2018-1021.07", "only in ours: 2018.07/bar-1021", "logged there alone: ", "logged in ours alone: "]),
        Scene::new("old: no extension and no dot", on::no_dot, &[])
            .local(&[("2018/07/31/bar", 5), ("2018/07/31/a.MOV", 5)])
            .differs("O14", &["only in ours: 2018/07/31/bar-1021", "logged there alone: ", "logged in ours alone: "]),
        Scene::new("old: parts that nobody wants", on::twelve, &["--recent", "1"])
            .local(&[("2018/07/31/AAAA====.part", 40), ("2018/07/31/IMG_1.JPG.part", 0)]),
        Scene::new("old: printed with films of other length", on::twelve, &["--recent", "3", "--only-print-filenames"])
            .local(&[("2018/07/31/IMG_7409.MOV", 100), ("2018/07/31/IMG_7409-3294.MOV", 3294), ("2018/07/30/IMG_7408.JPG", 3)])
            .differs("F12", &["printed "]),
        Scene::new("old: by id, longer", on::twelve, &["--recent", "3", BY_ID[0], BY_ID[1]])
            .local(&[("2018/07/31/IMG_7409_QVk2Yyt.JPG", 2000), ("2018/07/30/IMG_7408_QVI4T2l.MOV", 1606), ("2018/07/30/IMG_7407_QVovd0F-original.JPG", 700)]),
        // The first is a JPEG whose end is there, the second one that was cut before it.
        Scene::new("old: by id, processed", on::twelve, &["--recent", "2", "--skip-live-photos", BY_ID[0], BY_ID[1]])
            .bytes("2018/07/31/IMG_7409_QVk2Yyt.JPG", b"\xff\xd8\xff\xe0\0\x04xx\xff\xda\0\x03x12\xff\xd9")
            .bytes("2018/07/30/IMG_7408_QVI4T2l.JPG", b"\xff\xd8\xff\xe0\0\x04xx\xff\xda\0\x03x12\xff")
            .differs("K10", &["only in ours: 2018/07/30/", "logged there alone: photos/2018/07/30/*already exists", "logged in ours alone: "]),
        tour("museum: EXIF", &["--set-exif-datetime"]).silent().differs("C1", &["*in ours"]),
        tour("museum: EXIF by id", &["--set-exif-datetime", BY_ID[0], BY_ID[1]]).tz("America/Los_Angeles").silent().differs("C1", &["*in ours"]),
    ]
}

fn rows_faults() -> Vec<Scene> {
    const GONE: &str = r#"{"rules": [{"match": "content", "times": 1, "action": {"kind": "status", "code": 404}}]}"#;
    const BROKEN: &str = r#"{"rules": [{"match": "content", "times": 1, "action": {"kind": "status", "code": 500}}]}"#;
    const CUT: &str = r#"{"rules": [{"match": "content", "times": 1, "action": {"kind": "cut", "after": 500}}]}"#;
    const SHORT: &str = r#"{"rules": [{"match": "content", "times": 1, "action": {"kind": "truncate", "after": 500}}]}"#;
    const BUSY: &str = r#"{"rules": [{"match": "content", "times": 1, "action": {"kind": "status", "code": 503}}]}"#;
    const RESET: &str = r#"{"rules": [{"match": "content", "times": 1, "action": {"kind": "reset"}}]}"#;
    const LISTS: &str =
        r#"{"rules": [{"match": "cloudkit/records/query", "contains": "CPLAssetAndMaster", "action": {"kind": "status", "code": 400}}]}"#;
    const ZONES: &str = r#"{"rules": [{"match": "cloudkit/zones/list", "action": {"kind": "status", "code": 400}}]}"#;
    let one = |name: &str, faults| {
        Scene::new(&format!("fault: {name}"), on::twelve, &["--recent", "3", "--skip-live-photos"]).faults(faults).silent()
    };
    vec![
        one("a file is gone", GONE).differs("F7", &["only in ours: 2018/07/31/IMG_7409.JPG"]),
        one("a broken server", BROKEN).differs("F7", &["only in ours: 2018/07/31/IMG_7409.JPG"]),
        one("a cut connection", CUT).differs("F4", &["2018/07/31/IMG_7409.JPG: 500 bytes"]),
        one("a body that ends early", SHORT).differs("F4", &["2018/07/31/IMG_7409.JPG: 500 bytes"]),
        one("a busy server", BUSY).differs("F7", &["exit code 1 there, 0 in ours", "only in ours: 2018"]),
        one("no answer", RESET).differs("F7", &["exit code 1 there, 0 in ours", "only in ours: 2018"]),
        Scene::new("fault: no list", on::twelve, &["--recent", "1"]).faults(LISTS).silent(),
        Scene::new("fault: no libraries", on::twelve, &["--library", "SharedSync-1"]).faults(ZONES).silent(),
    ]
}

fn rows_modes() -> Vec<Scene> {
    let aged = || on::hours_ago(&[("tomorrow.JPG", -30), ("new.JPG", 1), ("day.JPG", 24), ("old.JPG", 9000)]);
    let fresh = || on::hours_ago(&[("new.JPG", 1), ("day.JPG", 25)]);
    let old = || on::hours_ago(&[("old.JPG", 9000)]);
    let keep = |name: &str, days: &'static str, options: &[&'static str]| {
        Scene::new(&format!("move: {name}"), aged, &[&["--keep-icloud-recent-days", days], options].concat()).moving()
    };
    const FAILS: &str =
        r#"{"rules": [{"match": "content", "action": {"kind": "status", "code": 400, "body": "{}"}}]}"#;
    vec![
        keep("the future stays", "0", &[]),
        keep("0 days after download", "0", &["--delete-after-download"])
            .silent()
            .differs("F14", &["exit code 0 there, 2 in ours", "missing in ours: ", "gone there alone: "]),
        keep("a size that is not there", "1", &["--size", "adjusted", "--size", "original", "--force-size"]),
        Scene::new("move: rehearsed before anything is here", fresh, &["--keep-icloud-recent-days", "7", "--dry-run"]).moving()
            .differs("O3", &["logged there alone: Downloaded "])
            .differs("O21", &["logged there alone: Skipping deletion of "]),
        Scene::new("move: before a rehearsal", fresh, &["--keep-icloud-recent-days", "7"]).then(&["--keep-icloud-recent-days", "7", "--dry-run"]).moving()
            .may("O1", &["line 2: logged there alone: Downloading "]),
        Scene::new("move: all gone, again", old, &["--keep-icloud-recent-days", "7"]).twice().moving()
            .differs("O1", &["logged in ours alone: photos/*already exists"])
            .may("O1", &["logged there alone: Downloading "]),
        keep("by dates", "1", &["--skip-created-after", "2d"]),
        Scene::new("move: after download, the film was missing", on::twelve, &["--recent", "1", "--delete-after-download"])
            .local(&[P7409])
            .silent()
            .differs("K17", &["exit code 0 there, 3 in ours"]),
        // The film lies there with other bytes, and cannot be fetched beside.
        Scene::new("move: after download, the film fails", on::twelve, &["--recent", "1", "--delete-after-download"])
            .faults(FAILS)
            .local(&[P7409])
            .silent()
            .differs("K17", &["exit code 0 there, 3 in ours"]),
        Scene::new("move: after download, two sizes", on::twelve, &["--recent", "3", "--delete-after-download", "--size", "original", "--size", "thumb"]),
        Scene::new("mirror: sidecars", on::deleted, &["--auto-delete", "--xmp-sidecar"])
            .text("2018/07/30/IMG_7406.MOV.xmp", "")
            .text("2018/07/12/IMG_7190.MOV.xmp", "<a/>")
            .differs("C3", &["only in ours: 2018/07/", "logged there alone: Deleted "]),
        Scene::new("mirror: names alone", on::deleted, &["--auto-delete", "--only-print-filenames"])
            .local(&[("2018/07/30/IMG_7406.MOV", 0)]),
    ]
}
