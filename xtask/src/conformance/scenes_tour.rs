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
        tour("museum: default", &[]).covers(&[
            "0 default", "3.4 HEIC live", "3.4 extension from type", "3.4 gif", "3.4 nrw", "3.4 no extension",
            "3.4 no extension live", "3.4 heic named jpeg", "3.4 no item type", "3.7 suffix", "5.1 dedup", "5.4 mtime",
            "2.1 text for a date", "2.1 year 5", "2.1 year 10000", "3.1 forbidden characters", "3.1 clear text", "3.1 no name, unknown type", "3.2 stripped", "3.2 nothing left but an extension", "3.3 dots alone", "3.4 RAW types", "3.4 unknown type, no extension", "3.4 a name decides for a photo", "3.4 film", "3.7 HEIF and JPG have no _HEVC", "4.3 order by date", "5.1 live film and film of one name", "5.1 three of one name",
        ]),
        tour("museum: default, again", &[]).again().covers(&["5.1 second run"]),
        tour("museum: by id", &BY_ID).covers(&["3.3 id7"]),
        tour("museum: by id, again", &BY_ID).again().covers(&["3.3 id7 second run"]),
        tour("museum: medium", &["--size", "medium"]).covers(&["3.4 medium", "3.5 medium falls back"]),
        tour("museum: thumb", &["--size", "thumb"]).covers(&["3.5 thumb falls back"]),
        tour("museum: thumb, forced", &["--size", "thumb", "--force-size"]).covers(&["3.5 thumb forced"]),
        tour("museum: medium, forced", &["--size", "medium", "--force-size"]).covers(&["3.5 medium forced"]),
        tour("museum: thumb and medium", &["--size", "thumb", "--size", "medium"]).covers(&["3.5 thumb, medium"]),
        tour("museum: original and thumb", &["--size", "original", "--size", "thumb"])
            .covers(&["3.5 original, thumb"]),
        tour("museum: original and thumb, forced", &["--size", "original", "--size", "thumb", "--force-size"])
            .covers(&["3.5 original, thumb forced"]),
        tour("museum: adjusted", &["--size", "adjusted"]).covers(&["3.5 adjusted alone"]),
        tour("museum: adjusted, forced", &["--size", "adjusted", "--force-size"]).covers(&["3.5 adjusted forced"]),
        tour("museum: original and adjusted", &["--size", "original", "--size", "adjusted"])
            .covers(&["3.6 adjusted", "3.6 unicode kept"]),
        tour("museum: original and adjusted, forced", &["--size", "original", "--size", "adjusted", "--force-size"])
            .covers(&["3.5 original, adjusted forced"]),
        tour("museum: original and adjusted by id", &by_id(&["--size", "original", "--size", "adjusted"]))
            .covers(&["3.6 adjusted without id"]).differs("C2", &BESIDE),
        tour("museum: original and adjusted, again", &["--size", "original", "--size", "adjusted"]).again(),
        tour("museum: alternative", &["--size", "alternative"]).covers(&["3.5 alternative alone"]),
        tour("museum: original and alternative", &["--size", "original", "--size", "alternative"])
            .covers(&["3.6 alternative"]),
        tour("museum: original and alternative by id", &by_id(&["--size", "original", "--size", "alternative"]))
            .covers(&["3.6 alternative without id"]),
        tour("museum: adjusted and alternative", &["--size", "adjusted", "--size", "alternative"])
            .covers(&["3.5 adjusted, alternative"]),
        tour("museum: adjusted and alternative by id", &by_id(&["--size", "adjusted", "--size", "alternative"]))
            .covers(&["3.5 adjusted, alternative by id"]).differs("C2", &BESIDE),
        tour("museum: every size", &ALL).covers(&["3.5 every size"]),
        tour("museum: every size, again", &ALL).again(),
        tour("museum: every size by id", &by_id(&ALL)).covers(&["3.5 every size by id"]).differs("C2", &BESIDE),
        tour("museum: every size, forced", &[&ALL[..], &["--force-size"]].concat()),
        tour("museum: live medium", &["--live-photo-size", "medium"]).covers(&["3.7 live medium"]),
        tour("museum: live medium by id", &by_id(&["--live-photo-size", "medium"])),
        tour("museum: live thumb", &["--live-photo-size", "thumb"]).covers(&["3.7 live thumb"]).silent().differs(
            "F9",
            &["exit code 1 there, 0 in ours", "only in ours: "],
        ),
        tour("museum: live original names", &["--live-photo-mov-filename-policy", "original"])
            .covers(&["3.7 original"]),
        tour(
            "museum: live original names by id",
            &by_id(&["--live-photo-mov-filename-policy", "original", "--live-photo-size", "medium"]),
        ),
        tour("museum: align original", &["--align-raw", "original"]).covers(&["3.8 original"]),
        tour("museum: align alternative", &["--align-raw", "alternative"]).covers(&["3.8 alternative"]),
        tour(
            "museum: align alternative, both",
            &["--align-raw", "alternative", "--size", "original", "--size", "alternative"],
        )
        .covers(&["3.8 alternative, both"]),
        tour(
            "museum: align original, both",
            &["--align-raw", "original", "--size", "original", "--size", "alternative", "--size", "adjusted"],
        )
        .covers(&["3.8 original, both"]),
        tour("museum: align as is, both", &["--align-raw", "as-is", "--size", "original", "--size", "alternative"])
            .covers(&["3.8 as is"]),
    ]
}

fn tour_names() -> Vec<Scene> {
    const UNICODE: &str = "--keep-unicode-in-filenames";
    vec![
        tour("museum: unicode kept", &[UNICODE]).covers(&["3.2 kept"]),
        tour("museum: unicode kept, again", &[UNICODE]).again(),
        tour("museum: unicode kept by id", &[UNICODE, BY_ID[0], BY_ID[1]]).covers(&["3.2 kept by id"]),
        tour("museum: unicode kept, edits", &[UNICODE, "--size", "original", "--size", "adjusted"]),
        tour("museum: names alone", &["--only-print-filenames", "--recent", "30"])
            .covers(&["1.5 names alone"])
            .differs("O2", &["line *foo-3000.JPG\" in ours"]),
        tour("museum: no folders", &["--folder-structure", "none"]).covers(&["2.2 none"]),
        tour("museum: no folders, None", &["--folder-structure", "None"]),
        tour("museum: no folders by id", &["--folder-structure", "none", BY_ID[0], BY_ID[1]]),
        tour("museum: dry run", &["--dry-run"]).covers(&["5.7 dry run"]).differs("O3", &["logged there alone: Downloaded "]).differs(
            "O2",
            &["logged there alone: [DRY RUN] Would download ", "logged in ours alone: [DRY RUN] Would download ", "logged in ours alone: photos/2018/07/31/*deduplicated"],
        ),
        tour("museum: live left out", &["--skip-live-photos"]).covers(&["4.5 live left out"]),
        tour("museum: films left out", &["--skip-videos"]).covers(&["4.5 films left out", "3.4 gif is a film"]),
        tour("museum: photos left out", &["--skip-photos"]).covers(&["4.5 photos left out"]),
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
        tour("west: default", &[]).tz(WEST).covers(&["2.1 west", "2.1 no date", "2.1 before 1970"]),
        tour("west: again", &[]).tz(WEST).again(),
        tour("west: every size by id", &["--size", "original", "--size", "adjusted", BY_ID[0], BY_ID[1]]).tz(WEST).differs("C2", &BESIDE),
        tour("west: hours", &["--folder-structure", "{:%Y-%m-%d %H.%M.%S %z %Z}"]).tz(WEST).covers(&["2.1 summer time"]),
        tour("east: default", &[]).tz(EAST).covers(&["2.1 east", "2.1 old offsets"]),
        tour("east: hours", &["--folder-structure", "{:%Y-%m-%d %H.%M.%S %z}"]).tz(EAST).covers(&["2.2 seconds in zones"]),
        tour("Auckland: default", &[]).tz("Pacific/Auckland"),
        template("year and month", "{:%Y/%m}").covers(&["2.2 automatic"]),
        template("numbered", "{0:%Y}/{0:%m}").covers(&["2.2 numbered"]),
        template("braces", "{{x}}/{:%Y}").covers(&["2.2 braces"]),
        template("text outside", "%d/{:%Y}").covers(&["2.2 text outside"]),
        template("colons", "{:%H:%M}").covers(&["2.2 colons"]),
        template("empty field", "{}").covers(&["2.2 empty field"]),
        template("literal", "{:>40}").covers(&["2.2 literal"]),
        template("attributes", "{0.year}/{0.month:02}").covers(&["2.2 attributes"]),
        template("conversion", "{!s:.10}").covers(&["2.2 conversion"]),
        template("days", "{:%a %A %d %e %j %u %w}").covers(&["2.2 days"]),
        template("months", "{:%b %B %h %m}").covers(&["2.2 months"]),
        template("years", "{:%C %g %G %y %Y}").covers(&["2.2 years"]),
        template("weeks", "{:%U %V %W}").covers(&["2.2 weeks"]),
        template("clock", "{:%H %I %k %l %M %p %P %S}").covers(&["2.2 clock"]),
        template("whole dates", "{:%c}/{:%D}").covers(&["2.2 two automatic fields"]),
        template("compounds", "{:%D %F %R %T %r %x %X %c}").covers(&["2.2 compounds"]),
        template("white space", "{:%n%t%%}").covers(&["2.2 white space"]).differs("O4", &["logged there alone: Downloaded photos/", "logged in ours alone: "]),
        template("microseconds and epoch", "{:%f %s}").covers(&["2.2 microseconds"]),
        template("flags", "{:%-m %_m %^B %10Y %Om %Ey %#Z}").covers(&["2.2 flags"]),
        template("unknown", "{:%Q %}").covers(&["2.2 unknown"]),
        template("upwards", "../photos/{:%Y}").covers(&["2.2 upwards"]),
        template("broken", "{%Y}").covers(&["2.2 broken"]),
        template("mixed", "{:%Y}/{0:%m}").covers(&["2.2 mixed"]),
        template("empty", "").covers(&["2.2 empty"]),
        template("slashes", "a//b/./{:%Y}/").covers(&["2.2 slashes"]),
        tour("locale: months", &["--use-os-locale", "--folder-structure", "{:%Y/%B}"]).covers(&["2.2 locale"]),
    ]
}

fn tour_filters() -> Vec<Scene> {
    let before = "--skip-created-before";
    vec![
        tour("filter: recent 0", &["--recent", "0"]).covers(&["4.4 recent 0"]),
        tour("filter: recent 1", &["--recent", "1"]).covers(&["4.4 recent 1"]),
        tour("filter: recent 20 without films", &["--recent", "20", "--skip-videos"]).covers(&["4.4 recent first"]),
        tour("filter: album", &["--album", "One"]).covers(&["4.2 album"]),
        tour("filter: two albums", &["--album", "One", "--album", "Two"]).covers(&["4.2 two albums"]).differs("O5", &ALBUMS),
        tour("filter: album twice", &["--album", "Two", "--album", "Two"]).covers(&["4.2 album twice"]).differs("O5", &ALBUMS).differs("O5", &["logged in ours alone: photos/*already exists"]),
        tour("filter: two albums, one each", &["--album", "One", "--album", "Two", "--recent", "1"])
            .differs("O5", &[ALBUMS[1]]),
        tour("filter: Favorites", &["--album", "Favorites"]).covers(&["4.2 smart album"]),
        tour("filter: Videos", &["--album", "Videos"]),
        tour("filter: Live", &["--album", "Live"]),
        tour("filter: Hidden", &["--album", "Hidden"]).covers(&["4.2 hidden"]),
        tour("filter: Recently Deleted", &["--album", "Recently Deleted"]).covers(&["4.2 deleted"]),
        tour("filter: no such album", &["--album", "Three"]).covers(&["4.2 unknown"]),
        tour("filter: no such library", &["--library", "Three"]).covers(&["4.1 unknown"])
            .differs("F10", &["logged there alone: Unknown library: Three", "logged in ours alone: Unknown library: Three. "]),
        tour("filter: primary by name", &["--library", "PrimarySync", "--recent", "5"]).covers(&["4.1 by name"]),
        tour("filter: until found 1", &["--until-found", "1"]).covers(&["4.4 until found"]),
        tour("filter: until found 0", &["--until-found", "0"]).covers(&["4.4 until found 0"]),
        tour("filter: until found, two sizes", &["--until-found", "3", "--size", "original", "--size", "thumb"]).again()
            .differs("O1", &["logged there alone: Found ", "logged in ours alone: photos/*already exists"])
            .may("O1", &["logged in ours alone: Skipping ", "logged in ours alone: photos/*deduplicated", "logged in ours alone: *Skipping..."])
            .covers(&["4.4 until found, two sizes"]),
        tour("filter: before a day", &[before, "2018-07-31"]).tz("America/Los_Angeles").covers(&["4.6 day"]),
        tour("filter: before a time", &[before, "2018-07-31T07:00:00Z"]).covers(&["4.6 time"]),
        tour("filter: before an interval", &[before, "2000d"]).covers(&["4.6 interval"]),
        tour("filter: after a day", &["--skip-created-after", "20180731"]).covers(&["4.6 after"]),
        tour("filter: both", &[before, "2018-01-01", "--skip-created-after", "2018-12-31"]).covers(&["4.6 both"]),
        tour("filter: after, by week", &["--skip-created-after", "2018-W31-2"]).covers(&["4.6 week"]),
        tour("filter: no date", &[before, "2018/01/01"]).covers(&["4.6 wrong"]),
        Scene::new("sidecars", on::twelve, &["--xmp-sidecar"]).covers(&["3.9 sidecar"]),
        Scene::new("sidecars, again", on::twelve, &["--xmp-sidecar"]).again(),
        tour("sidecars: dates beyond the calendar", &["--xmp-sidecar"])
            .differs("F8", &["exit code 1 there, 0 in ours", "only in ours: ", "logged in ours alone: "]),
    ]
}

fn tour_odd() -> Vec<Scene> {
    const DIES: &str = "exit code 1 there, 0 in ours";
    const FOLDERS: [&str; 1] = ["only in ours: 2018"];
    let broken = |name: &str, library, rows: &'static [&'static str]| Scene::new(name, library, &[]).covers(rows);
    let partly: [&str; 2] = ["exit code 1 there, 3 in ours", FOLDERS[0]];
    vec![
        broken("odd: no base64", on::twelve_bad_base64, &["3.1 no base64"]).silent().differs("F8", &[DIES, FOLDERS[0]]),
        broken("odd: no UTF-8", on::twelve_bad_utf8, &["3.1 no UTF-8"]).silent().differs("F8", &[DIES, FOLDERS[0]]),
        broken("odd: no original", on::medium_only, &["3.5 no original"]).silent().differs("F8", &partly),
        broken("odd: no type of file", on::no_file_type, &["3.5 no type of file"])
            .silent()
            .differs("F8", &[DIES, FOLDERS[0]]),
        broken("odd: master alone", on::master_alone, &["4.3 master alone"]).silent().differs("F8", &partly),
        broken("odd: no link", on::twelve_no_link, &["3.5 no link"]).silent().differs("K17", &["exit code 0 there, 3 in ours"]).differs("O6", &["only in ours: 2018/07/31"]),
        broken("odd: two assets of one master", on::one_master, &["4.3 one master"]).differs("C5", &["2018/07/31/twice.JPG: "]),
        broken("odd: a live film of another type", on::mpeg_live, &["3.7 other type"]),
        broken("odd: no name", on::twelve_no_name, &["3.1 no name"]),
        Scene::new("odd: a folder of the name of a photo", on::twelve, &["--recent", "2"])
            .local(&[("2018/07/31/IMG_7409.JPG/x", 1)])
            .covers(&["5.1 folder in the way"])
            .silent()
            .differs("K17", &["exit code 0 there, 3 in ours"])
            .differs("O7", &["missing in ours: 2018/07/31/*)"]),
        Scene::new("old: legacy name", on::twelve, &["--recent", "3"])
            .local(&[("2018/07/30/IMG_7408-original.JPG", 1151), ("2018/07/31/IMG_7409-original.JPG", 5)])
            .covers(&["5.1 legacy -original", "5.1 legacy of other length"]),
        Scene::new("old: every name of other length", on::twelve, &["--recent", "4"])
            .local(&[
                ("2018/07/31/IMG_7409.JPG", 5),
                ("2018/07/31/IMG_7409-1884.JPG", 7),
                ("2018/07/30/IMG_7408.MOV", 200),
                ("2018/07/30/IMG_7405.MOV", 0),
            ])
            .covers(&["5.1 dedup by existence", "5.1 live film of other length"]),
        Scene::new("old: medium of other length", on::twelve, &["--recent", "2", "--size", "medium"])
            .local(&[("2018/07/31/IMG_7409-medium.JPG", 5)])
            .covers(&["5.1 medium dedup"]),
        Scene::new("old: by id, any length", on::twelve, &["--recent", "2", BY_ID[0], BY_ID[1]])
            .local(&[("2018/07/31/IMG_7409_QVk2Yyt.JPG", 5), ("2018/07/30/IMG_7408_QVI4T2l-original.JPG", 5)])
            .covers(&["5.1 id7 any length", "5.1 id7 legacy"])
            .differs("K10", &BESIDE),
    ]
}

fn tour_modes() -> Vec<Scene> {
    let aged = || on::hours_ago(&[("new.JPG", 1), ("day.JPG", 25), ("week.JPG", 170), ("old.JPG", 9000)]);
    const MANY: [&str; 0] = [];
    let keep = |days: &'static str| [&["--keep-icloud-recent-days", days], &MANY[..]].concat();
    vec![
        Scene::new("move: 1 day", aged, &keep("1")).covers(&["6.3 one day"]),
        Scene::new("move: 7 days", aged, &keep("7")).covers(&["6.3 days"]),
        Scene::new("move: 0 days", aged, &keep("0")).covers(&["6.3 all"]),
        Scene::new("move: twice", aged, &keep("7")).twice().differs("O1", &["logged there alone: Downloading 2 ", "logged in ours alone: photos/*already exists"]),
        Scene::new("move: after download", aged, &["--delete-after-download"]).covers(&["6.4 after download"]),
        Scene::new("move: after download, films left out", on::twelve, &["--delete-after-download", "--skip-videos"])
            .covers(&["6.3 filters"]),
        Scene::new("move: names alone", aged, &["--only-print-filenames", "--keep-icloud-recent-days", "0"])
            .covers(&["5.8 move"])
            .differs("F2", &["gone there alone: "]),
        Scene::new("both deletions", aged, &["--auto-delete", "--delete-after-download"]).covers(&["1.4 both"]),
        Scene::new("mirror: nothing deleted", on::twelve, &["--auto-delete", "--recent", "1"]).covers(&["6.2 nothing"]),
    ]
}
