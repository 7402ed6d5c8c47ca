//! The worked examples of the behaviour notes, section by section.

use super::*;

fn sizes(sizes: &[Size]) -> LayoutOptions {
    utc().sizes(sizes.iter().copied())
}

const O: Size = Size::Original;
const ADJ: Size = Size::Adjusted;
const ALT: Size = Size::Alternative;
const MED: Size = Size::Medium;
const THM: Size = Size::Thumb;

fn live_heic() -> Build {
    Build::new("IMG_1.HEIC", HEIC)
        .with(Role::Medium, JPEG)
        .with(Role::Thumb, JPEG)
        .with(Role::LiveMovie, MOVIE)
        .with(Role::VideoMedium, MOVIE)
        .with(Role::VideoSmall, MOVIE)
}

#[test]
fn live_photos_are_named_after_their_photo() {
    assert_eq!(names(live_heic(), utc()), ["IMG_1.HEIC", "IMG_1_HEVC.MOV"]);
    let original = utc().live_naming(LiveNaming::Original);
    assert_eq!(names(live_heic(), original), ["IMG_1.HEIC", "IMG_1.MOV"]);
    let medium = utc().live_photos(Some(LiveSize::Medium));
    assert_eq!(names(live_heic(), medium), ["IMG_1.HEIC", "IMG_1_HEVC-medium.MOV"]);
    let thumb = utc().live_photos(Some(LiveSize::Thumb));
    assert_eq!(names(live_heic(), thumb), ["IMG_1.HEIC", "IMG_1_HEVC-thumb.MOV"]);
    assert_eq!(names(live_heic(), utc().live_photos(None)), ["IMG_1.HEIC"]);
    let id7 = utc().names(NamePolicy::Id7);
    assert_eq!(names(live_heic(), id7.clone()), ["IMG_1_QVk2Yyt.HEIC", "IMG_1_QVk2Yyt_HEVC.MOV"]);
    assert_eq!(
        names(live_heic(), id7.sizes([O, MED, THM]).live_photos(Some(LiveSize::Medium))),
        [
            "IMG_1_QVk2Yyt.HEIC",
            "IMG_1_QVk2Yyt-medium.JPG",
            "IMG_1_QVk2Yyt-thumb.JPG",
            "IMG_1_QVk2Yyt_HEVC-medium.MOV"
        ]
    );
    let of = |name, kind| names(Build::new(name, kind).with(Role::LiveMovie, MOVIE), utc());
    assert_eq!(of("IMG_1.JPG", JPEG), ["IMG_1.JPG", "IMG_1.MOV"]);
    assert_eq!(of("IMG_1.HEIF", "public.heif"), ["IMG_1.HEIF", "IMG_1.MOV"]);
    assert_eq!(of("foo", HEIC), ["foo.HEIC", "foo"], "no extension, none for the film");
    let mislabelled = Build::new("IMG_1.HEIC", JPEG).with(Role::LiveMovie, MOVIE);
    assert_eq!(names(mislabelled, utc()), ["IMG_1.JPG", "IMG_1_HEVC.MOV"]);
    let missing = Build::new("IMG_1.HEIC", HEIC).with(Role::VideoMedium, MOVIE);
    assert_eq!(names(missing, utc()), ["IMG_1.HEIC"], "no film in place of a missing one");
    let odd = Build::new("IMG_1.HEIC", HEIC).with(Role::LiveMovie, HEIC);
    assert_eq!(names(odd, utc()), ["IMG_1.HEIC", "IMG_1.HEIC"]);
}

#[test]
fn edits_and_alternatives_get_names_of_their_own_when_they_clash() {
    let edited = |name, kind| Build::new(name, kind).with(Role::Edited, JPEG);
    assert_eq!(names(edited("IMG_1.HEIC", HEIC), sizes(&[O, ADJ])), ["IMG_1.HEIC", "IMG_1.JPG"]);
    assert_eq!(names(edited("IMG_1.JPG", JPEG), sizes(&[O, ADJ])), ["IMG_1.JPG", "IMG_1-adjusted.JPG"]);
    let id7 = sizes(&[O, ADJ]).names(NamePolicy::Id7);
    assert_eq!(names(edited("IMG_1.JPG", JPEG), id7), ["IMG_1_QVk2Yyt.JPG", "IMG_1-adjusted.JPG"], "sic");
    assert_eq!(
        names(edited("IMG_é1.JPG", JPEG), sizes(&[O, ADJ])),
        ["IMG_1.JPG", "IMG_é1-adjusted.JPG"],
        "sic"
    );
    let only = place(edited("IMG_1.JPG", JPEG), sizes(&[ADJ]));
    assert_eq!((only.files[0].name.as_str(), only.files[0].role), ("IMG_1.JPG", Role::Edited));
    let pair = || Build::new("IMG_1.JPG", JPEG).with(Role::Alternative, CR2);
    assert_eq!(names(pair(), sizes(&[O, ALT])), ["IMG_1.JPG", "IMG_1.CR2"]);
    let raw = place(pair(), utc().align_raw(RawAlign::Original));
    assert_eq!((raw.files[0].name.as_str(), raw.files[0].role), ("IMG_1.CR2", Role::Alternative));
    let dng = Build::new("IMG_1.DNG", DNG).with(Role::Alternative, JPEG).with(Role::Edited, JPEG);
    assert_eq!(names(dng, sizes(&[O, ALT, ADJ])), ["IMG_1.DNG", "IMG_1-alternative.JPG", "IMG_1.JPG"]);
    let cr2 = || Build::new("IMG_7409.CR2", CR2).with(Role::Alternative, JPEG);
    assert_eq!(names(cr2(), utc()), ["IMG_7409.CR2"]);
    assert_eq!(names(cr2(), utc().align_raw(RawAlign::Alternative)), ["IMG_7409.JPG"]);
    assert_eq!(names(cr2(), sizes(&[O, ALT])), ["IMG_7409.CR2", "IMG_7409.JPG"]);
}

#[test]
fn extensions_come_from_the_type() {
    let original = |name, kind| names(Build::new(name, kind), utc());
    assert_eq!(original("foo.jpeg", JPEG), ["foo.JPG"]);
    assert_eq!(original("solvej dk.png", "public.png"), ["solvej dk.PNG"]);
    assert_eq!(original("a.gif", "com.compuserve.gif"), ["a.gif"]);
    assert_eq!(original("a.nrw", "com.nikon.nrw-raw-image"), ["a.NRF"], "sic");
    assert_eq!(original("foo", JPEG), ["foo.JPG"]);
    assert_eq!(original("foo", "unknown.type"), ["foo."]);
    assert_eq!(original(".JPG", JPEG), [".JPG.JPG"]);
    let mut no_type = Build::new("IMG_1.MOV", MOVIE);
    no_type.media_type = None;
    assert_eq!(names(no_type, utc()), ["IMG_1.MOV"]);
}

#[test]
fn videos_have_small_films() {
    let movie = || Build::new("IMG_2.MOV", MOVIE).with(Role::VideoMedium, MP4).with(Role::VideoSmall, MP4);
    assert_eq!(names(movie(), sizes(&[O, MED, THM])), ["IMG_2.MOV", "IMG_2-medium.MOV", "IMG_2-thumb.MOV"]);
    let clip = Build::new("clip.mp4", MP4).with(Role::VideoMedium, MP4);
    assert_eq!(names(clip, sizes(&[O, MED])), ["clip.mp4", "clip-medium.mp4"]);
    let gif = Build::new("a.gif", "com.compuserve.gif").with(Role::Medium, JPEG);
    assert_eq!(names(gif, sizes(&[MED])), ["a.gif"]);
    let png = Build::new("IMG_7383.PNG", "public.png").with(Role::Medium, JPEG);
    assert_eq!(names(png, sizes(&[MED])), ["IMG_7383-medium.JPG"]);
}

#[test]
fn kinds_are_those_of_icloudpd() {
    let layout = Layout::new(utc()).unwrap();
    let kind = |name: &str, kind: &str| layout.item_kind(&Build::new(name, kind).asset());
    assert_eq!(kind("a.MOV", MOVIE), ItemKind::Movie);
    assert_eq!(kind("a.MOV", CR2), ItemKind::Image);
    assert_eq!(kind("a.gif", "com.compuserve.gif"), ItemKind::Movie);
    assert_eq!(kind("a.JpEg", "x"), ItemKind::Image);
    assert_eq!(kind("a.avif", "public.avif"), ItemKind::Movie);
    let mut unknown = Build::new("a.MOV", MOVIE);
    unknown.media_type = None;
    assert_eq!(layout.item_kind(&unknown.asset()), ItemKind::Unknown);
}

#[test]
fn missing_sizes_fall_back_to_the_original() {
    let plain = || Build::new("IMG_1.JPG", JPEG);
    let thumb = place(plain(), sizes(&[THM]));
    assert_eq!(thumb.files[0].legacy_name.as_deref(), Some("IMG_1-original.JPG"));
    assert_eq!((thumb.files.len(), thumb.files[0].label), (1, "original"));
    let forced = place(plain(), sizes(&[THM]).force_size(true));
    assert_eq!(forced.files, []);
    assert_eq!(forced.problems[0].to_string(), "thumb size does not exist for IMG_1.JPG. Skipping...");
    assert_eq!(names(plain(), sizes(&[THM, MED])), ["IMG_1.JPG", "IMG_1.JPG"]);
    assert_eq!(names(plain(), sizes(&[O, THM])), ["IMG_1.JPG"]);
    assert_eq!(names(plain(), sizes(&[ADJ]).force_size(true)), ["IMG_1.JPG"]);
    let both = place(plain(), sizes(&[O, ADJ]).force_size(true));
    assert_eq!(both.files.len(), 1);
    assert_eq!(both.problems[0].to_string(), "adjusted size does not exist for IMG_1.JPG. Skipping...");
    let edited = || Build::new("IMG_1.JPG", JPEG).with(Role::Edited, JPEG);
    let placed = place(edited(), sizes(&[ADJ, ALT]));
    let roles: Vec<_> = placed.files.iter().map(|file| (file.name.as_str(), file.role)).collect();
    assert_eq!(roles, [("IMG_1.JPG", Role::Edited), ("IMG_1.JPG", Role::Original)]);
}

/// There icloudpd stops the whole run; one odd asset must not.
#[test]
fn a_missing_original_is_a_problem_of_one_asset() {
    let headless = || live_heic().without(Role::Original);
    for (wanted, files) in [
        (&[O][..], &["IMG_1_HEVC.MOV"][..]),
        (&[ADJ], &["IMG_1_HEVC.MOV"]),
        (&[O, MED], &["IMG_1-medium.JPG", "IMG_1_HEVC.MOV"]),
    ] {
        let placed = place(headless(), sizes(wanted));
        assert_eq!(placed.problems, [LayoutProblem::OriginalMissing { name: "IMG_1.HEIC".to_owned() }]);
        assert_eq!(placed.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), files);
    }
    let mut described = Build::new("IMG_1.JPG", JPEG);
    described.resources[0].link = None;
    assert_eq!(place(described, utc()).files, [], "a description is not a file");
}

#[test]
fn names_of_records_stand_in_for_missing_ones() {
    let nameless = |master: &str, filename, kind: Option<&str>| {
        let media_type = kind.map(str::to_owned);
        let resources = vec![resource(Role::Original, kind.unwrap_or("x"))];
        Build { master: master.to_owned(), filename, media_type, created_ms: None, resources }
    };
    let of = |master, kind| place(nameless(master, Filename::Missing, kind), utc());
    assert_eq!(of(MASTER, Some(JPEG)).files[0].name, "AY6c_BsE0jja.JPG");
    assert_eq!(of("AZ/wAGT9P6jhr0NKCjLyh7KawNEx", Some(JPEG)).files[0].name, "AZ_wAGT9P6jh.JPG");
    assert_eq!(of(MASTER, Some("what")).files[0].name, "AY6c_BsE0jja.unknown");
    assert_eq!(of(MASTER, None).files[0].name, "AY6c_BsE0jja.unknown");
    assert!(of(MASTER, None).problems.is_empty());
    let broken = place(nameless(MASTER, Filename::Undecodable("/w==".to_owned()), Some(JPEG)), utc());
    assert_eq!(broken.files[0].name, "AY6c_BsE0jja.JPG");
    assert!(
        matches!(&broken.problems[..], [LayoutProblem::UndecodableName { value, .. }] if value == "/w==")
    );
}

#[test]
fn forbidden_characters_and_unicode() {
    let of = |name, options| names(Build::new(name, JPEG), options);
    assert_eq!(of("i/n v:a\0l*i?d\\p<a>t\"h|.JPG", utc()), ["i_n v_a_l_i_d_p_a_t_h_.JPG"]);
    assert_eq!(of("Café.JPG", utc()), ["Caf.JPG"]);
    assert_eq!(of("Cafe\u{301}.JPG", utc()), ["Cafe.JPG"]);
    assert_eq!(of("中文.JPG", utc()), [".JPG.JPG"]);
    assert_eq!(of("中文.JPG", utc().names(NamePolicy::Id7)), [".JPG_QVk2Yyt.JPG"]);
    assert_eq!(of("IMG_中文_7409.JPG", utc().keep_unicode(true)), ["IMG_中文_7409.JPG"]);
}

/// Such a name would be the folder itself; icloudpd fails there each time.
#[test]
fn names_that_mean_a_folder_are_replaced() {
    let placed = place(Build::new(".", "unknown.type"), utc());
    assert_eq!(placed.files[0].name, "AY6c_BsE0jja.unknown");
    assert_eq!(placed.problems, [LayoutProblem::UnusableName { name: "..".to_owned() }]);
    let nameless = Build::new("", HEIC).with(Role::LiveMovie, MOVIE);
    assert_eq!(names(nameless, utc()), ["AY6c_BsE0jja.HEIC", "AY6c_BsE0jja_HEVC.MOV"]);
}

#[test]
fn seven_characters_of_the_record_name() {
    for (master, id7) in [
        (MASTER, "QVk2Yyt"),
        ("AR8OijSKPNBuzFZHNvRpv+yNookj", "QVI4T2l"),
        ("AZ/wAGT9P6jhr0NKCjLyh7KawNEx", "QVovd0F"),
        ("AY+R3dhJpz0NaLm5n1dA8cdywPKa", "QVkrUjN"),
        ("AR9MlEx0lFVJHEQTaHcKRCD294Gx", "QVI5TWx"),
        ("AW4UkI6B5ZqZbVK7cHvMqNTi3Cqb", "QVc0VWt"),
        ("AWXh7InIou3rM0Zo+WXXXdecePBO", "QVdYaDd"),
        ("ATIjvJxHQ3UEEqzVXRAHP5lUVvDK", "QVRJanZ"),
        ("AXE/MlykbRbSwjFfqPAr1NDaT0T1", "QVhFL01"),
        ("AULqseWEVDM/tX0Ew6z/srAwyKAE", "QVVMcXN"),
    ] {
        let mut asset = Build::new("IMG_1.JPG", JPEG);
        asset.master = master.to_owned();
        assert_eq!(names(asset, utc().names(NamePolicy::Id7)), [format!("IMG_1_{id7}.JPG")]);
    }
}

/// The cases of icloudpd's own `test_filenames.py`.
#[test]
fn icloudpds_own_cases() {
    let build = |kinds: [Option<&str>; 3]| {
        let mut asset = Build::new("IMG_1.JPG", kinds[0].unwrap());
        for (role, kind) in [(Role::Alternative, kinds[1]), (Role::Edited, kinds[2])] {
            if let Some(kind) = kind {
                asset = asset.with(role, kind);
            }
        }
        asset.with(Role::Medium, JPEG).with(Role::Thumb, JPEG)
    };
    let of = |kinds, wanted: &[Size]| names(build(kinds), sizes(wanted));
    assert_eq!(
        of([Some(DNG), Some(HEIC), Some(JPEG)], &[O, ALT, ADJ]),
        ["IMG_1.DNG", "IMG_1.HEIC", "IMG_1.JPG"]
    );
    assert_eq!(
        of([Some(DNG), Some(JPEG), Some(JPEG)], &[O, ALT, ADJ]),
        ["IMG_1.DNG", "IMG_1-alternative.JPG", "IMG_1.JPG"]
    );
    assert_eq!(of([Some(HEIC), None, Some(HEIC)], &[ADJ]), ["IMG_1.HEIC"]);
    assert_eq!(of([Some(HEIC), None, Some(JPEG)], &[O, ADJ]), ["IMG_1.HEIC", "IMG_1.JPG"]);
    assert_eq!(of([Some(DNG), Some(JPEG), None], &[O, ALT]), ["IMG_1.DNG", "IMG_1.JPG"]);
    assert_eq!(
        of([Some(JPEG), Some(CR2), Some(JPEG)], &[O, ADJ, ALT]),
        ["IMG_1.JPG", "IMG_1-adjusted.JPG", "IMG_1.CR2"]
    );
    assert_eq!(of([Some(HEIC), None, Some(JPEG)], &[O, ALT]), ["IMG_1.HEIC"]);
    assert_eq!(of([Some(HEIC), None, None], &[ALT]), ["IMG_1.HEIC"]);
    assert_eq!(of([Some(HEIC), None, None], &[ADJ, ALT]), ["IMG_1.HEIC", "IMG_1.HEIC"]);
}

#[test]
fn folders_follow_the_local_date() {
    let folder = |ms: Option<i64>, zone: &str| {
        let mut asset = Build::new("a", JPEG);
        asset.created_ms = ms;
        let options = utc().zone(LocalZone::named(zone).unwrap()).folder("{:%Y/%m/%d %H:%M:%S%z}");
        place(asset, options).folder
    };
    assert_eq!(folder(Some(1_533_021_744_816), "UTC"), "2018/07/31 07:22:24+0000");
    assert_eq!(folder(Some(1_533_021_744_816), "America/Los_Angeles"), "2018/07/31 00:22:24-0700");
    assert_eq!(folder(Some(1_533_021_744_816), ":Asia/Kathmandu"), "2018/07/31 13:07:24+0545");
    assert_eq!(folder(Some(-157_766_400_000), "America/Los_Angeles"), "1964/12/31 16:00:00-0800");
    assert_eq!(folder(Some(-500), "UTC"), "1969/12/31 23:59:59+0000");
    assert_eq!(folder(Some(-62_135_596_800_000), "UTC"), "1/01/01 00:00:00+0000");
    for absurd in [None, Some(253_402_300_800_000), Some(i64::MAX), Some(i64::MIN), Some(-62_135_596_800_001)]
    {
        assert_eq!(folder(absurd, "UTC"), "1970/01/01 00:00:00+0000");
        assert_eq!(folder(absurd, "America/Los_Angeles"), "1969/12/31 16:00:00-0800");
        assert_eq!(folder(absurd, "Pacific/Auckland"), "1970/01/01 12:00:00+1200");
    }
    assert_eq!(folder(Some(0), "CET-1CEST,M3.5.0,M10.5.0/3"), "1970/01/01 01:00:00+0100");
    for berlin in ["posix/Europe/Berlin", ":posix/Europe/Berlin", "right/Europe/Berlin"] {
        assert_eq!(folder(Some(1_533_021_744_816), berlin), "2018/07/31 09:22:24+0200", "{berlin}");
    }
    for unknown in
        ["posix/Mars/Olympus", "right/", "posix/../Europe/Berlin", "../zoneinfo/Europe/Berlin", "Europe"]
    {
        assert!(LocalZone::named(unknown).is_err(), "{unknown}");
    }
    assert_eq!(LocalZone::named("Mars/Olympus").unwrap_err().kind(), crate::ErrorKind::Config);
}

#[test]
fn a_date_without_a_local_day_stays_in_utc() {
    let mut asset = Build::new("a", JPEG);
    asset.created_ms = Some(-62_135_596_800_000);
    let placed = place(asset, utc().zone(LocalZone::named("America/Los_Angeles").unwrap()));
    assert_eq!(placed.folder, "1/01/01");
    assert_eq!(
        placed.problems[0].to_string(),
        "Could not convert photo created date to local timezone (0001-01-01 00:00:00+00:00)"
    );
}

#[test]
fn times_of_files_are_rounded_down() {
    let seconds = |ms| {
        let mut asset = Build::new("a", JPEG);
        asset.created_ms = Some(ms);
        place(asset, utc()).created.seconds()
    };
    assert_eq!((seconds(1_533_021_744_816), seconds(-500), seconds(-1000)), (1_533_021_744, -1, -1));
}

#[test]
fn folders_are_normalised() {
    let of = |template: &str| {
        let placed = place(Build::new("a.JPG", JPEG), utc().folder(template));
        (placed.folder.clone(), placed.path(&placed.files[0].name))
    };
    let pair = |folder: &str, path: &str| (folder.to_owned(), path.to_owned());
    assert_eq!(of("{:%Y/%m/%d}"), pair("2018/07/31", "2018/07/31/a.JPG"));
    assert_eq!(of("none"), pair("", "a.JPG"));
    assert_eq!(of(""), pair("", "a.JPG"));
    assert_eq!(of("./a//b/../{:%Y}/."), pair("a/2018", "a/2018/a.JPG"));
    assert_eq!(of("../{:%Y}"), pair("../2018", "../2018/a.JPG"));
    assert_eq!(of("a/../../b"), pair("../b", "../b/a.JPG"));
    assert_eq!(of("/abs/{:%Y}"), pair("/abs/2018", "/abs/2018/a.JPG"));
    assert_eq!(of("//abs"), pair("//abs", "//abs/a.JPG"));
    assert_eq!(of("///abs"), pair("/abs", "/abs/a.JPG"));
    assert_eq!(of("/.."), pair("/", "/a.JPG"));
    assert_eq!(of("a/.."), pair("", "a.JPG"));
}

/// As CPython 3.11 formats them; `museum`'s rows of the conformance run go through the real icloudpd.
#[test]
fn braces_may_be_doubled_within_braces() {
    let of = |template: &str| place(Build::new("a.JPG", JPEG), utc().folder(template)).folder;
    assert_eq!(of("{:{{x}}/%Y}"), "{x}/2018");
    assert_eq!(of("{:{{%Y}}}"), "{2018}");
    assert_eq!(of("{0:{{%Y}}/%m}{{{0:%d}}}"), "{2018}/07{31}");
    assert_eq!(of("{:a{{}}b}"), "a{}b");
    for refused in [
        "{:{{}",
        "{:{}}",
        "{:a{{b}",
        "{:}}",
        "{:%Y}}/}",
        "{0:{{/%Y}",
        "{{:%Y}}}",
        "{:{:%Y}}",
        "{0:%Y-{0.month}}",
    ] {
        assert!(Layout::new(utc().folder(refused)).is_err(), "{refused}");
    }
}

#[test]
fn repeated_sizes_count_once_and_none_means_original() {
    assert_eq!(utc().sizes([THM, O, THM]).wanted_sizes(), [THM, O]);
    assert_eq!(utc().sizes([]).wanted_sizes(), [O]);
}

#[test]
fn wrong_templates_are_refused_in_icloudpds_words() {
    let error = Layout::new(utc().folder("{%Y}")).unwrap_err();
    assert_eq!(error.to_string(), "Format {%Y} specified in --folder-structure is incorrect");
}
