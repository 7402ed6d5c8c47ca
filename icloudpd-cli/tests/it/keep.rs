//! `adopt`, `verify`, `status`, `plan`, `changes`, and what a run remembers.

use std::path::{Path, PathBuf};

use icloud_photos_testkit::{Edit, FaultAction, FaultRule, FaultScript, LibrarySpec};

use crate::support::{Ran, World, ran};

const MARK: &str = ".icloud-photos-store";

pub(crate) fn verb(world: &World, verb: &str, more: &[&str]) -> Ran {
    let (directory, sessions) = (world.directory(), world.sessions());
    let mut command = world.download();
    let mut plain = std::process::Command::new(command.get_program());
    plain.arg(verb).args(command.get_args()).args(more).env_clear();
    for (name, value) in command.get_envs() {
        plain.env(name, value.unwrap_or_default());
    }
    assert!(directory.is_absolute() && sessions.is_absolute());
    command = plain;
    ran(&mut command)
}

fn a_photo(world: &World) -> PathBuf {
    let path = world.photos().into_iter().find(|path| path.ends_with(".JPG")).unwrap();
    world.directory().join(path)
}

fn catalogues(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "sqlite")).collect()
}

#[test]
fn a_run_with_nothing_new_sends_two_requests() {
    let world = World::new(LibrarySpec::everyday(5, 300));
    ran(&mut world.download()).exits(0);
    let tree = world.photos();
    world.cloud.reset_counts();
    ran(&mut world.download()).exits(0).says("All photos and videos have been downloaded");
    let counts = world.cloud.counts();
    assert_eq!((counts.requests_to("cloudkit/changes/zone"), counts.requests_to("setup/validate")), (1, 1));
    assert_eq!(counts.requests, 2);
    assert_eq!(world.photos(), tree);
}

#[test]
fn a_file_that_was_removed_comes_back_unless_that_is_respected() {
    let world = World::new(LibrarySpec::plain(20, 2000));
    ran(&mut world.download()).exits(0);
    let gone = a_photo(&world);
    std::fs::remove_file(&gone).unwrap();
    ran(world.download().args(["--missing", "respect"])).exits(0);
    assert!(!gone.exists());
    let planned = verb(&world, "plan", &[]).exits(0);
    assert!(planned.out.contains("fetch ") && planned.out.contains("1 files to fetch"), "{}", planned.out);
    assert!(!gone.exists(), "a plan fetches nothing");
    ran(&mut world.download()).exits(0);
    assert!(gone.exists());
}

#[test]
fn another_folder_structure_is_laid_out_beside_and_copied() {
    let world = World::new(LibrarySpec::plain(5, 2000));
    ran(&mut world.download()).exits(0);
    let first = world.photos();
    world.cloud.reset_counts();
    let flat = ["--folder-structure", "none"];
    let planned = verb(&world, "plan", &flat).exits(0);
    assert!(planned.out.contains("5 files to copy within the folder\n0 files to fetch"), "{}", planned.out);
    let report = world.sessions().join("report.json");
    let told = ran(world.download().args(flat).arg("--report-json").arg(&report)).exits(0);
    assert_eq!(format!("{}{}", told.out, told.err).matches("Downloaded ").count(), 5, "as icloudpd says it");
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains(r#""copied":5"#) || report.contains(r#""copied": 5"#), "{report}");
    assert_eq!(world.cloud.counts().requests_to("content"), 0);
    assert_eq!(world.photos().len(), 10);
    assert!(first.iter().all(|path| world.photos().contains(path)));
    for structure in [&flat[..], &[]] {
        world.cloud.reset_counts();
        ran(world.download().args(structure)).exits(0);
        assert_eq!(world.cloud.counts().requests, 2, "{structure:?}");
    }
    assert!(verb(&world, "verify", &[]).exits(0).out.contains("10 proven"));
}

#[test]
fn adopt_takes_renamed_files_and_names_damaged_ones() {
    let world = World::new(LibrarySpec::plain(30, 3000));
    ran(&mut world.download()).exits(0);
    // The catalogue is lost with its folder, and so is the session; all files are renamed into one folder but two.
    std::fs::remove_dir_all(world.sessions()).unwrap();
    std::fs::remove_file(world.directory().join(MARK)).unwrap();
    let damaged = a_photo(&world);
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes[1500] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    std::fs::write(world.directory().join("holiday.txt"), "not a photo").unwrap();
    for (number, path) in world.photos().into_iter().filter(|path| path.ends_with(".JPG")).enumerate() {
        let path = world.directory().join(path);
        if path != damaged {
            std::fs::rename(path, world.directory().join(format!("{number}.dat"))).unwrap();
        }
    }
    let before = world.photos();
    let rehearsal = verb(&world, "adopt", &["--dry-run"]).exits(3);
    assert!(rehearsal.out.contains("29 recognised") && catalogues(&world.sessions()).is_empty());
    let adopted = verb(&world, "adopt", &[]).exits(3);
    adopted.says(&format!("Damaged: {}", damaged.strip_prefix(world.directory()).unwrap().display()));
    adopted.says("Not among the photos that were asked for: holiday.txt");
    assert!(
        adopted.out.contains("29 recognised") && adopted.out.contains("still missing: 1"),
        "{}",
        adopted.out
    );
    world.cloud.reset_counts();
    ran(&mut world.download()).exits(0);
    assert_eq!(world.cloud.counts().requests_to("content"), 1, "only the damaged one");
    assert_eq!(world.photos().len(), before.len() + 1);
}

#[test]
fn verify_finds_what_changed_and_repairs_it() {
    let world = World::new(LibrarySpec::plain(15, 3000));
    ran(&mut world.download()).exits(0);
    world.cloud.reset_counts();
    let sound = verb(&world, "verify", &[]).exits(0);
    assert!(sound.out.contains("15 proven") && world.cloud.counts().requests == 0, "{}", sound.out);
    let bad = a_photo(&world);
    let good = std::fs::read(&bad).unwrap();
    std::fs::write(&bad, &good[..1000]).unwrap();
    let found = verb(&world, "verify", &[]).exits(3);
    assert!(found.out.contains(": truncated"), "{}", found.out);
    verb(&world, "verify", &["--repair"]).exits(0);
    assert_eq!(std::fs::read(&bad).unwrap(), good);
    assert!(world.directory().join(".icloud-photos-trash").exists(), "the bad bytes are kept");
    verb(&world, "verify", &["--sample", "10%"]).exits(0);
}

#[test]
fn a_folder_without_its_mark_is_refused_not_filled() {
    let world = World::new(LibrarySpec::plain(5, 1000));
    ran(&mut world.download()).exits(0);
    std::fs::remove_dir_all(world.directory()).unwrap();
    let refused = ran(&mut world.download()).exits(1);
    assert!(refused.out.contains("is the disk mounted?"), "{}", refused.out);
    assert!(!world.directory().exists() || world.photos().is_empty());
    // Nor where what was known cannot be read.
    for catalogue in catalogues(&world.sessions()) {
        std::fs::write(catalogue, "damaged").unwrap();
    }
    ran(&mut world.download()).exits(1);
    assert!(!world.directory().exists() || world.photos().is_empty());
    for catalogue in catalogues(&world.sessions()) {
        std::fs::remove_file(catalogue).unwrap();
    }
    ran(&mut world.download()).exits(0);
    assert_eq!(world.photos().len(), 5);
}

#[test]
fn a_folder_that_is_not_there_is_not_adopted_into_being() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    for more in [&["--dry-run"][..], &[]] {
        let refused = verb(&world, "adopt", more).exits(1);
        assert!(refused.out.contains("no such folder to adopt"), "{}", refused.out);
        assert!(!world.directory().exists());
    }
}

/// Apple's list lacks some photos: whoever only looks must not say that all is there.
#[test]
fn a_short_list_is_no_success() {
    let world = World::new(LibrarySpec::plain(20, 1000));
    ran(&mut world.download()).exits(0);
    std::fs::remove_file(a_photo(&world)).unwrap();
    std::fs::remove_dir_all(world.sessions()).unwrap();
    std::fs::remove_file(world.directory().join(MARK)).unwrap();
    let rule = FaultRule::new("cloudkit/records/query", FaultAction::ShortList { keep: 5 });
    let rules = vec![rule.containing("startRank")];
    world.cloud.set_faults(FaultScript { seed: 1, rules }).unwrap();
    let planned = verb(&world, "plan", &[]).exits(3);
    assert!(planned.out.contains("incomplete: iCloud listed"), "{}", planned.out);
    let adopted = verb(&world, "adopt", &[]).exits(3);
    assert!(adopted.out.contains("or more, for the list of iCloud was not complete"), "{}", adopted.out);
}

#[test]
fn verify_respects_what_was_removed_and_names_what_failed() {
    let world = World::new(LibrarySpec::plain(5, 3000));
    ran(&mut world.download()).exits(0);
    let gone = a_photo(&world);
    std::fs::remove_file(&gone).unwrap();
    verb(&world, "verify", &[]).exits(3);
    for more in [&["--missing", "respect"][..], &["--missing", "respect", "--repair"]] {
        let respected = verb(&world, "verify", more).exits(0);
        assert!(respected.out.contains("1 removed here"), "{}", respected.out);
        assert!(!gone.exists());
    }
    let rule = FaultRule::new("content", FaultAction::Flip { at: None });
    world.cloud.set_faults(FaultScript { seed: 1, rules: vec![rule] }).unwrap();
    ran(&mut world.download()).exits(3);
    let named = verb(&world, "verify", &[]).exits(3);
    assert!(named.out.contains(": missing ("), "{}", named.out);
}

/// What was printed beside what icloudpd says on its way.
fn told(ran: &Ran) -> Vec<&str> {
    ran.out.lines().filter(|line| !line.contains(" INFO  ") && !line.contains(" DEBUG ")).collect()
}

#[test]
fn status_and_changes_tell_what_is_known() {
    let world = World::new(LibrarySpec::plain(8, 1000));
    let unknown = verb(&world, "status", &[]).exits(1);
    assert!(unknown.out.contains("nothing is known of this folder yet"), "{}", unknown.out);
    ran(&mut world.download()).exits(0);
    let status = verb(&world, "status", &["--json"]).exits(0);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["files"]["verified"], 8);
    assert_eq!(status["libraries"][0]["followed"], true);
    let library = world.cloud.library(World::USER).unwrap();
    let photo = library.add_photo("NEW.JPG", 1000, world.cloud.now_ms());
    for _ in 0..2 {
        let changes = verb(&world, "changes", &[]).exits(0);
        assert_eq!(told(&changes), [format!("added {photo} NEW.JPG")]);
    }
    ran(&mut world.download()).exits(0);
    assert_eq!(world.photos().len(), 9);
    let nothing = verb(&world, "changes", &["--json"]).exits(0);
    assert_eq!(nothing.out, "", "the log goes to standard error");
    assert!(nothing.err.contains(" INFO "), "{}", nothing.err);
}

/// What a catalogue says of a folder it does not say of its copy, whatever is asked.
#[test]
fn a_copy_of_the_folder_is_refused_by_all_alike() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    ran(&mut world.download()).exits(0);
    let original = world.directory().with_extension("original");
    std::fs::rename(world.directory(), &original).unwrap();
    // Where it is now.
    ran(world.download().arg("--directory").arg(&original)).exits(0);
    std::fs::create_dir(world.directory()).unwrap();
    std::fs::copy(original.join(MARK), world.directory().join(MARK)).unwrap();
    let advice = "this folder bears the mark of another that is still there";
    for what in ["plan", "changes", "verify", "adopt", "status"] {
        verb(&world, what, &[]).exits(1).says(advice);
    }
    for more in ["--dry-run", "--recent=1"] {
        ran(world.download().arg(more)).exits(1).says(advice);
    }
    let names = ran(world.download().arg("--only-print-filenames")).exits(1);
    assert!(names.out.is_empty() && names.err.contains(advice), "{}", names.err);
}

/// Whatever else is to be said goes to standard error.
#[test]
fn where_json_is_asked_for_standard_output_holds_nothing_else() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    let unknown = verb(&world, "status", &["--json"]).exits(1);
    assert_eq!(unknown.out, "");
    assert!(unknown.err.contains("nothing is known of this folder yet"), "{}", unknown.err);
    let unknown = verb(&world, "changes", &["--json"]).exits(1);
    assert!(unknown.out.is_empty() && !unknown.err.is_empty(), "{}", unknown.out);
    ran(&mut world.download()).exits(0);
    let library = world.cloud.library(World::USER).unwrap();
    library.add_photo("NEW.JPG", 1000, world.cloud.now_ms());
    let changes = verb(&world, "changes", &["--json", "--log-level", "debug"]).exits(0);
    let lines: Vec<&str> = changes.out.lines().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{lines:?}");
}

#[test]
fn changes_name_what_happened_and_whose_files_they_concern() {
    let world = World::new(LibrarySpec::plain(8, 1000));
    ran(&mut world.download()).exits(0);
    let (library, now) = (world.cloud.library(World::USER).unwrap(), world.cloud.now_ms());
    let photo = library.add_photo("NEW.JPG", 1000, now);
    ran(&mut world.download()).exits(0);
    let path = world.photos().into_iter().find(|path| path.ends_with("NEW.JPG")).unwrap();
    assert!(library.edit(&photo, &Edit::Favourite(true), now));
    assert!(library.edit(&photo, &Edit::Rename("OTHER.JPG".into()), now));
    let album = library.add_album("Trips", now);
    let changes = verb(&world, "changes", &[]).exits(0);
    let changed = format!("changed {photo} OTHER.JPG (favourite; name was NEW.JPG): {path}");
    assert_eq!(told(&changes), [changed, format!("new album {album} Trips")]);
    let json = verb(&world, "changes", &["--json"]).exits(0);
    let lines: Vec<serde_json::Value> =
        told(&json).into_iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["change"], &lines[0]["files"][0]), (&"metadata".into(), &path.as_str().into()));
    assert_eq!((&lines[1]["change"], &lines[1]["path"]), (&"album_made".into(), &"Trips".into()));
    library.expire_tokens();
    let reset = verb(&world, "changes", &[]).exits(0);
    assert!(told(&reset)[0].starts_with("the next run lists everything"), "{}", reset.out);
}

#[test]
fn verbs_go_with_what_they_mean() {
    let world = World::new(LibrarySpec::plain(1, 1000));
    for (name, more) in [("adopt", "--auth-only"), ("plan", "--repair"), ("verify", "--json")] {
        verb(&world, name, &[more]).exits(2);
    }
    verb(&world, "verify", &["--sample", "0"]).exits(2);
    verb(&world, "verify", &["--dry-run", "--repair"]).exits(2);
    // Nothing is known of the folder, and nothing is made up about it.
    verb(&world, "verify", &[]).exits(1).says("nothing is known of this folder yet");
    assert!(!world.directory().exists());
}

/// The disk is not mounted, or the folder was removed on purpose: what is told then leads on, and only that.
#[test]
fn a_folder_that_is_gone_is_filled_again_only_with_its_mark() {
    for subfolder in [true, false] {
        let world = World::new(LibrarySpec::plain(0, 2000));
        // Nothing was fetched when it went.
        ran(&mut world.download()).exits(0);
        let library = world.cloud.library(World::USER).unwrap();
        library.add_photo("NEW.JPG", 1000, world.cloud.now_ms());
        std::fs::remove_dir_all(world.directory()).unwrap();
        if !subfolder {
            std::fs::create_dir(world.directory()).unwrap();
        }
        let refused = ran(&mut world.download()).exits(1);
        refused.says("this folder was filled before");
        assert_eq!(world.directory().exists(), !subfolder);
        let (_, command) = refused.out.split_once("to put the mark back: ").unwrap();
        let command = command.lines().next().unwrap().strip_suffix(')').unwrap();
        let done = std::process::Command::new("sh").args(["-c", command]).status().unwrap();
        assert!(done.success(), "{command}");
        ran(&mut world.download()).exits(0);
        assert!(!world.photos().is_empty());
    }
}

#[test]
fn status_says_what_is_not_there() {
    let world = World::new(LibrarySpec::plain(8, 1000));
    ran(&mut world.download()).exits(0);
    let files = || {
        let status = verb(&world, "status", &["--json"]).exits(0);
        let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
        let of = |name: &str| status["files"][name].as_u64().unwrap();
        (of("verified"), of("failed"), of("missing"), of("bytes"))
    };
    assert_eq!(files(), (8, 0, 0, 8000));
    std::fs::remove_file(a_photo(&world)).unwrap();
    verb(&world, "verify", &[]).exits(3);
    assert_eq!(files(), (7, 0, 1, 7000));
    for path in world.photos().into_iter().filter(|path| path.ends_with(".JPG")) {
        std::fs::remove_file(world.directory().join(path)).unwrap();
    }
    ran(world.download().args(["--missing", "respect"])).exits(0);
    assert_eq!(files(), (0, 0, 8, 0));
    let text = verb(&world, "status", &[]).exits(0);
    assert!(text.out.contains("\n  missing: 8\n"), "{}", text.out);
}
