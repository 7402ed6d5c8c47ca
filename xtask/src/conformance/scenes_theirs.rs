// The scenes of icloudpd's own tests, by the names of those; part of `scenes`.

const STILLS: [&str; 2] = ["--skip-videos", "--skip-live-photos"];
const P7409: (&str, u64) = ("2018/07/31/IMG_7409.JPG", 1884);
const M7409: (&str, u64) = ("2018/07/31/IMG_7409.MOV", 3294);
const P7408: (&str, u64) = ("2018/07/30/IMG_7408.JPG", 1151);
const M7408: (&str, u64) = ("2018/07/30/IMG_7408.MOV", 1606);
const P7407: (&str, u64) = ("2018/07/30/IMG_7407.JPG", 656);

fn stills(name: &str, recent: &'static str, more: &[&'static str]) -> Scene {
    Scene::new(name, on::twelve, &[&["--recent", recent], &STILLS[..], more].concat())
}

fn newest(name: &str, library: fn() -> Vec<serde_json::Value>, more: &[&'static str]) -> Scene {
    Scene::new(name, library, &[&["--recent", "1"], &STILLS[..], more].concat())
}

fn photos() -> Vec<Scene> {
    vec![
        stills("test_download_and_skip_existing_photos", "5", &[]).local(&[P7408, P7407]),
        Scene::new("test_download_photos_and_set_exif", on::twelve, &["--recent", "4", "--set-exif-datetime"])
            .local(&[P7408, P7407])
            .differs("C1", &["2018/07/31/IMG_7409"]),
        stills("test_download_photos_and_get_exif_exceptions", "1", &["--set-exif-datetime"])
            .differs("C1", &["2018/07/31/IMG_7409"]),
        stills("test_download_photos_and_set_exif_exceptions", "1", &["--set-exif-datetime"])
            .differs("C1", &["2018/07/31/IMG_7409"]),
        Scene::new("test_skip_existing_downloads", on::twelve, &["--recent", "1"]).local(&[P7409, M7409]),
        Scene::new(
            "test_until_found",
            on::twelve,
            &["--recent", "20", "--until-found", "3", "--live-photo-size", "medium"],
        )
        .local(&[
            P7408,
            ("2018/07/30/IMG_7408-medium.MOV", 894),
            ("2018/07/30/IMG_7405.MOV", 36_491),
            ("2018/07/30/IMG_7404.MOV", 225_935),
            ("2018/07/30/IMG_7401.MOV", 565_699),
            ("2018/07/30/IMG_7400.JPG", 2308),
            ("2018/07/30/IMG_7400-medium.MOV", 1238),
            ("2018/07/30/IMG_7399.JPG", 2251),
        ]),
        newest("test_size_fallback_to_original", on::no_thumb, &["--size", "thumb"]),
        newest("test_adjusted_size_fallback_to_original", on::only_original, &["--size", "adjusted", "--size", "alternative"]),
        newest("test_force_size", on::no_thumb, &["--size", "thumb", "--force-size"]),
        newest("test_download_two_sizes_with_force_size", on::no_medium, &["--size", "medium", "--size", "thumb", "--force-size"]),
        newest("test_creation_date_without_century", on::twelve_year_five, &[]),
        newest("test_creation_date_prior_1970", on::twelve_1965, &[]),
        newest("test_missing_item_type", on::twelve_no_type, &[]),
        newest("test_missing_item_type_value", on::twelve_null_type, &[]),
        Scene::new("test_download_and_dedupe_existing_photos", on::twelve, &["--recent", "5", "--skip-videos"])
            .local(&[("2018/07/31/IMG_7409.JPG", 1), ("2018/07/31/IMG_7409.MOV", 1), P7408, M7408]),
        stills("test_download_chinese", "1", &["--directory", "\u{4e2d}\u{6587}/photos"]),
        Scene::new("test_download_one_recent_live_photo", on::twelve, &["--recent", "1"]),
        Scene::new(
            "test_download_one_recent_live_photo_chinese",
            on::twelve_chinese,
            &["--recent", "1", "--keep-unicode-in-filenames"],
        ),
        stills("test_download_and_delete_after", "1", &["--delete-after-download"])
            .differs("O8", &["gone there alone: ", "logged there alone: Deleted "]),
        stills("test_download_and_not_delete_after_when_exists", "1", &["--delete-after-download"]).local(&[P7409]),
        stills("test_download_over_old_original_photos", "5", &[])
            .local(&[("2018/07/30/IMG_7408-original.JPG", 1151), P7407]),
        Scene::new("test_download_normalized_names", on::twelve_forbidden, &["--recent", "5", STILLS[0], STILLS[1]])
            .local(&[P7408, P7407]),
        stills("test_dry_run", "1", &["--dry-run"]).differs("O3", &["logged there alone: Downloaded "]),
        stills("test_download_after_delete_dry_run", "1", &["--dry-run", "--delete-after-download"])
            .differs("O3", &["logged there alone: Downloaded "])
            .differs("O8", &["logged there alone: [DRY RUN] Would delete "]),
        stills("test_download_two_sizes", "1", &["--size", "original", "--size", "thumb"]),
        Scene::new("test_download_filename_string_encoding", on::twelve_clear, &["--recent", "5", STILLS[0], STILLS[1]])
            .local(&[P7408, P7407]),
        stills("test_download_and_skip_old", "5", &["--skip-created-before", "2018-07-31"]),
        stills("test_download_and_skip_new", "1", &["--skip-created-after", "2018-07-31"]),
    ]
}

fn photos_wrong() -> Vec<Scene> {
    const REFUSED: &str = r#"{"rules": [{"match": "content", "action": {"kind": "status", "code": 400, "body": "{}"}}]}"#;
    const FAILED: [&str; 4] = [
        "missing in ours: 2018*(a folder)",
        "logged there alone: Could not ",
        "logged there alone: All photos*have been downloaded",
        "logged in ours alone: Could not download ",
    ];
    const DIES: [&str; 2] = ["exit code 1 there, 0 in ours", "only in ours: 2018"];
    vec![
        Scene::new("test_missing_size", on::twelve, &["--recent", "3"]).faults(REFUSED)
            .differs("K17", &["exit code 0 there, 3 in ours"])
            .differs("O9", &FAILED),
        stills("test_download_and_delete_after_fail", "1", &["--delete-after-download"]).faults(REFUSED)
            .differs("K17", &["exit code 0 there, 3 in ours"])
            .differs("O9", &FAILED),
        Scene::new("test_download_bad_filename_base64_encoding", on::twelve_bad_base64, &["--recent", "5", STILLS[0], STILLS[1]])
            .local(&[P7408, P7407])
            .silent()
            .differs("F8", &DIES),
        Scene::new("test_download_bad_filename_utf8_encoding", on::twelve_bad_utf8, &["--recent", "5", STILLS[0], STILLS[1]])
            .local(&[P7408, P7407])
            .silent()
            .differs("F8", &DIES),
    ]
}

fn photos_raw() -> Vec<Scene> {
    vec![
        newest("test_download_raw_photos", on::raw, &[]),
        newest("test_download_raw_alt_photos", on::raw_alt, &["--size", "original", "--size", "alternative"]),
        newest(
            "test_download_raw_photos_policy_alt_with_adj",
            on::raw_alt_adjusted,
            &["--size", "adjusted", "--align-raw", "alternative"],
        ),
        newest("test_download_raw_photos_policy_orig", on::raw_alt, &["--align-raw", "original"]),
        newest("test_download_raw_photos_policy_as_is", on::raw_alt, &["--align-raw", "as-is"]),
        Scene::new("test_skip_existing_downloads_for_live_photos", on::lives, &["--recent", "3"]),
        Scene::new("test_skip_existing_live_photodownloads", on::lives, &["--recent", "3"])
            .local(&[("2020/11/04/IMG_0516.HEIC", 1651), ("2020/11/04/IMG_0514_HEVC.MOV", 3951)]),
        Scene::new(
            "test_skip_existing_live_photo_print_filenames",
            on::lives,
            &["--recent", "3", "--only-print-filenames"],
        )
        .local(&[("2020/11/04/IMG_0516.HEIC", 1651), ("2020/11/04/IMG_0514_HEVC.MOV", 3951)]),
    ]
}

fn videos_and_lists() -> Vec<Scene> {
    const PRINT: &str = "--only-print-filenames";
    let five = |name: &str, more: &[&'static str]| Scene::new(name, on::twelve, &[&["--recent", "5", PRINT], more].concat());
    vec![
        Scene::new("test_download_and_skip_existing_videos", on::twelve, &["--recent", "4", "--skip-photos"]),
        Scene::new(
            "test_only_print_filenames_should_not_download_during_deduplication",
            on::twelve,
            &["--recent", "3", PRINT],
        )
        .local(&[("2018/07/31/IMG_7409.MOV", 100)]),
        five("test_listing_recent_photos", &[]),
        five("test_default_folder_structure", &[]),
        five("test_folder_structure_none", &["--folder-structure=none"]),
        five("test_folder_structure_bad_format", &["--folder-structure={%Y}{%Y}"]),
        Scene::new("test_listing_recent_photos_with_missing_filenameEnc", on::twelve_no_name, &["--recent", "5", PRINT]),
        Scene::new("test_listing_library_error", on::twelve, &["--library", "doesnotexist"]).differs(
            "F10",
            &["logged there alone: Unknown library: doesnotexist", "logged in ours alone: Unknown library: doesnotexist. "],
        ),
        Scene::new("test_conflict_options_delete_after_download_and_auto_delete", on::twelve, &["--auto-delete", "--delete-after-download"]),
        Scene::new(
            "test_conflict_options_delete_after_download_and_keep_icloud_recent_days",
            on::twelve,
            &["--keep-icloud-recent-days", "1", "--delete-after-download"],
        ),
    ]
}

fn keep() -> Vec<Scene> {
    let one = || on::hours_ago(&[("IMG_7409.JPG", 89 * 24 + 7)]);
    let fresh = || on::hours_ago(&[("IMG_7409.JPG", 7)]);
    let ten = || on::hours_ago(&[("IMG_7409.JPG", 247)]);
    let three = || on::hours_ago(&[("IMG_7409.JPG", 7), ("IMG_7408.JPG", 27), ("IMG_7407.JPG", 28)]);
    let keep = |name: &str, library: fn() -> Vec<serde_json::Value>, recent: &'static str, days: &'static str| {
        Scene::new(name, library, &["--recent", recent, "--keep-icloud-recent-days", days, STILLS[0], STILLS[1]]).moving()
    };
    vec![
        keep("test_wide_range_keep_icloud_recent_days", one, "1", "100"),
        keep("test_narrow_range_keep_icloud_recent_days", fresh, "1", "1"),
        keep("test_keep_icloud_recent_days_delete_all", ten, "1", "0"),
        keep("test_keep_icloud_recent_days_1_keeps_today", fresh, "1", "1"),
        keep("test_keep_icloud_recent_days_keeps_some", three, "3", "1"),
        keep("test_keep_icloud_recent_days_delete_existing", three, "3", "0").twice(),
        Scene::new(
            "test_keep_icloud_recent_days_delete_existing_dry_run",
            ten,
            &["--recent", "1", "--keep-icloud-recent-days", "0", "--dry-run"],
        )
        .moving()
        .differs("O3", &["logged there alone: Downloaded "]),
        Scene::new(
            "test_keep_icloud_recent_days_with_skip_videos",
            on::twelve,
            &["--recent", "4", "--keep-icloud-recent-days", "1", STILLS[0], STILLS[1]],
        )
        .differs("O8", &["gone there alone: ", "logged there alone: Deleted "]),
    ]
}

fn auto_delete() -> Vec<Scene> {
    const MINE: [(&str, u64); 7] = [
        ("2018/07/30/IMG_7407.JPG", 0),
        ("2018/07/30/IMG_7407-original.JPG", 0),
        ("2018/07/30/IMG_7406.MOV", 0),
        ("2018/07/26/IMG_7383.PNG", 0),
        ("2018/07/12/IMG_7190.JPG", 0),
        ("2018/07/12/IMG_7190-medium.JPG", 0),
        ("2018/07/12/IMG_7190.MOV", 0),
    ];
    // Files that no run of ours stored, and none with the right bytes: ours leaves them.
    const STAY: [&str; 3] = ["only in ours: 2018", "logged there alone: Deleted ", "logged in ours alone: "];
    let mirror = |name: &str, library, more: &[&'static str]| {
        Scene::new(name, library, &[&["--recent", "0", "--skip-videos", "--auto-delete"], more].concat())
    };
    vec![
        mirror("test_autodelete_photos", on::deleted, &[]).local(&MINE[..6]).differs("C3", &STAY[..2]),
        mirror("test_autodelete_photos_lp", on::deleted, &[]).local(&MINE).differs("C3", &STAY[..2]),
        mirror("test_autodelete_photos_lp_heic", on::deleted_heic, &[])
            .local(&[MINE[0], MINE[1], MINE[2], MINE[3], ("2018/07/12/IMG_7190.HEIC", 0), MINE[5]])
            .differs("C3", &STAY[..2]),
        mirror("test_autodelete_photos_dry_run", on::deleted, &["--dry-run"])
            .local(&MINE[..6])
            .differs("C3", &["logged there alone: [DRY RUN] Would delete"]),
        mirror("test_autodelete_photos_folder_none", on::deleted, &["--folder-structure", "none"])
            .local(&[("IMG_7407.JPG", 0), ("IMG_7406.MOV", 0), ("IMG_7383.PNG", 0), ("IMG_7190.JPG", 0)])
            .differs("C3", &["only in ours: IMG_", "logged there alone: Deleted "]),
    ]
}
