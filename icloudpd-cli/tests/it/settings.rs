//! Environment and file: the same options from other places, and who wins.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use icloud_photos_testkit::LibrarySpec;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{World, icloudpd, ran, tree};

/// A folder with a file for `--config`.
struct Home {
    folder: TempDir,
}

impl Home {
    fn with(text: &str) -> Self {
        let home = Self { folder: TempDir::new().unwrap() };
        fs::write(home.file(), text).unwrap();
        home.lets_read(0o600);
        home
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    fn lets_read(&self, mode: u32) {
        #[cfg(unix)]
        fs::set_permissions(self.file(), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }

    fn icloudpd(&self, args: &[&str]) -> Command {
        let mut command = icloudpd(args);
        command.env("ICLOUDPD_CONFIG", self.file());
        command
    }
}

/// What `icloudpd config --json` says.
fn listed(command: &mut Command) -> Value {
    serde_json::from_str(&ran(command).exits(0).out).unwrap()
}

/// The message of a file that is refused, without the file's name.
fn refused(text: &str) -> String {
    let home = Home::with(text);
    let ran = ran(&mut home.icloudpd(&["config"])).exits(2);
    ran.out.trim_end().replace(home.file().to_str().unwrap(), "FILE")
}

const TWO: &str = "\
log-level = 'info'
directory = '/photos'
skip-videos = true
size = ['original', 'medium']
album = 'Paris, 2019'

[[user]]
username = 'One@Example.com'
skip-videos = false
recent = 5

[[user]]
username = 'two@example.com'
directory = '/other'
password-file = 'secret'
";

#[test]
fn a_file_sets_what_the_line_could() {
    let home = Home::with(TWO);
    let all = listed(&mut home.icloudpd(&["config", "--json"]));
    assert_eq!(all["global"]["log-level"]["value"], "info");
    let [one, two] = &all["users"].as_array().unwrap()[..] else { panic!("{all}") };
    assert_eq!(one["username"]["value"], "one@example.com");
    assert_eq!((&one["skip-videos"]["value"], &two["skip-videos"]["value"]), (&false.into(), &true.into()));
    assert_eq!(
        (&one["directory"]["value"], &two["directory"]["value"]),
        (&"/photos".into(), &"/other".into())
    );
    assert_eq!(one["recent"]["value"], 5);
    assert_eq!(one["album"]["value"], serde_json::json!(["Paris, 2019"]));
    assert_eq!(two["password-file"]["from"], format!("{}:15", home.file().display()));
}

#[test]
fn the_line_hides_the_environment_and_the_environment_the_file() {
    let home = Home::with(TWO);
    let mut command =
        home.icloudpd(&["config", "--json", "--size", "thumb", "-u", "TWO@example.com", "--recent", "1"]);
    command
        .env("ICLOUDPD_SIZE", "adjusted")
        .env("ICLOUDPD_SKIP_VIDEOS", "0")
        .env("ICLOUDPD_DIRECTORY", "/variable");
    let all = listed(&mut command);
    let [two] = &all["users"].as_array().unwrap()[..] else { panic!("{all}") };
    assert_eq!(two["size"]["value"], serde_json::json!(["thumb"]));
    assert_eq!(
        (&two["skip-videos"]["value"], &two["directory"]["value"]),
        (&false.into(), &"/variable".into())
    );
    assert_eq!(two["directory"]["from"], "ICLOUDPD_DIRECTORY");
    assert_eq!((&two["recent"]["value"], &two["recent"]["from"]), (&1.into(), &"command line".into()));
    assert!(two["password-file"]["from"].as_str().unwrap().ends_with(":15"));
}

#[test]
fn a_user_of_the_environment_counts_where_nobody_else_names_one() {
    let user = |args: &[&str]| {
        let mut command = icloudpd(args);
        command.env("ICLOUDPD_USERNAME", "me@example.com").env("ICLOUDPD_DIRECTORY", "x");
        let all = listed(&mut command);
        let users = all["users"].as_array().unwrap();
        users.iter().map(|user| user["username"]["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(user(&["config", "--json"]), ["me@example.com"]);
    assert_eq!(user(&["config", "--json", "-u", "a"]), ["a"]);
}

#[test]
fn a_file_in_its_usual_place_is_read_unless_told_not_to() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join(".config/icloudpd");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "directory = '~/Photos'\n[[user]]\nusername = 'a'\n").unwrap();
    let all = listed(icloudpd(&["config", "--json"]).env("HOME", home.path()));
    let photos = home.path().join("Photos");
    assert_eq!(all["users"][0]["directory"]["value"], photos.to_str().unwrap());
    let none =
        listed(icloudpd(&["config", "--json", "--config", "", "-l", "-u", "b"]).env("HOME", home.path()));
    assert_eq!((&none["file"], &none["users"][0]["directory"]["value"]), (&Value::Null, &Value::Null));
    let named = ran(&mut icloudpd(&["config", "--config", "/nonexistent/x.toml", "-l", "-u", "b"])).exits(2);
    assert!(
        named.out.starts_with("argument --config: /nonexistent/x.toml cannot be read: "),
        "{}",
        named.out
    );
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_line() {
    let table = [
        ("\nskip-vidoes = true", "FILE:2: no option is called skip-vidoes; did you mean skip-videos?"),
        ("skip_videos = true", "FILE:1: no option is called skip_videos; did you mean skip-videos?"),
        ("zzz = true", "FILE:1: no option is called zzz"),
        ("config = 'x'", "FILE:1: no option is called config"),
        ("skip-videos = 'true'", "FILE:1: skip-videos must be true or false"),
        ("recent = true", "FILE:1: recent must be one value, as text or as a number"),
        ("recent = [1]", "FILE:1: recent must be one value, as text or as a number"),
        ("size = [true]", "FILE:1: size must be a list of values"),
        ("recent = 'abc'", "argument --recent: invalid int value: 'abc' (FILE:1)"),
        ("recent = -5", "argument --recent: must not be negative: '-5' (FILE:1)"),
        ("domain = 'COM'", "argument --domain: invalid choice: 'COM' (choose from 'com', 'cn') (FILE:1)"),
        ("username = 'a'", "FILE:1: username belongs to a user: it goes below a [[user]]"),
        (
            "[[user]]\nusername = 'a'\nlog-level = 'info'",
            "FILE:3: log-level is for all users: it goes above the first [[user]]",
        ),
        ("recent = 1\n[[user]]\nrecent = 2", "FILE:2: this [[user]] has no username"),
        ("[user]\nusername = 'a'", "FILE:1: a user is a table of its own: write [[user]]"),
        ("recent = 1\nrecent = 2", "FILE:2: duplicate key"),
    ];
    for (text, message) in table {
        assert_eq!(refused(text), message, "{text}");
    }
    assert!(refused("a = 1\nb = = 2").starts_with("FILE:2: "));
}

#[test]
fn a_line_that_is_no_toml_shows_no_password() {
    let said = refused("[[user]]\nusername = 'a'\npassword = hunter2 'x'");
    assert!(said.starts_with("FILE:3: ") && !said.contains("hunter2"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_password_in_a_file_that_others_can_read_is_refused() {
    let home = Home::with("directory = 'x'\n[[user]]\nusername = 'a'\npassword = 'hunter2'\n");
    let all = ran(&mut home.icloudpd(&["config"])).exits(0);
    assert!(
        all.out.contains("# password is set and not shown") && !all.out.contains("hunter2"),
        "{}",
        all.out
    );
    home.lets_read(0o640);
    let open = ran(&mut home.icloudpd(&["config"])).exits(2);
    assert!(
        open.out.contains(":4: password stands here, and others can read the file: chmod 600 "),
        "{}",
        open.out
    );
    assert!(!open.out.contains("hunter2"));
}

#[test]
fn a_password_of_the_environment_is_not_for_several_users() {
    for variable in ["ICLOUDPD_PASSWORD", "ICLOUDPD_PASSWORD_FILE", "ICLOUDPD_PASSWORD_COMMAND"] {
        let ran = ran(icloudpd(&["config", "-l", "-u", "a", "-u", "b"]).env(variable, "hunter2")).exits(2);
        assert!(
            ran.out.starts_with(&format!("{variable} is set, but it cannot be the password of several")),
            "{}",
            ran.out
        );
        assert!(!ran.out.contains("hunter2"));
    }
}

#[test]
fn no_secret_is_listed_and_a_nearer_file_hides_a_password_that_stands_further_off() {
    let secrets = ["--smtp-password", "hunter2", "--notification-webhook", "https://example.com/hunter3"];
    for more in [&["config"][..], &["config", "--json"]] {
        let line = [more, &["-l", "-u", "a", "-p", "hunter4"], &secrets].concat();
        let ran = ran(&mut icloudpd(&line)).exits(0);
        assert!(!ran.out.contains("hunter") && ran.out.contains("notification-webhook"), "{}", ran.out);
    }
    let file = ["-d", "x", "-u", "a", "--dry-run", "--smtp-password-file", "/nowhere"];
    let ran =
        ran(icloudpd(&[&["config"], &file[..]].concat()).env("ICLOUDPD_SMTP_PASSWORD", "hunter2")).exits(0);
    assert!(ran.out.contains("/nowhere") && !ran.out.contains("smtp-password is set"), "{}", ran.out);
}

#[test]
fn flags_and_values_of_the_environment_are_checked() {
    let table = [
        ("ICLOUDPD_DRY_RUN", "perhaps", "argument --dry-run: must be true, false, 1 or 0 (ICLOUDPD_DRY_RUN)"),
        ("ICLOUDPD_RECENT", "abc", "argument --recent: invalid int value: 'abc' (ICLOUDPD_RECENT)"),
    ];
    for (name, value, message) in table {
        let ran = ran(icloudpd(&["-l", "-u", "a"]).env(name, value)).exits(2);
        assert_eq!(ran.out.trim_end(), message);
        // Whoever asks for help gets it.
        crate::support::ran(icloudpd(&["--help"]).env(name, value)).exits(0);
    }
}

#[test]
fn what_config_prints_is_a_file_that_says_the_same() {
    let line = [
        "config",
        "-d",
        "/a \"b\"",
        "-a",
        "x",
        "--threads-num",
        "3",
        "-u",
        "one",
        "-a",
        "it's",
        "--dry-run",
        "-u",
        "two",
    ];
    let printed = ran(&mut icloudpd(&line)).exits(0).out;
    let home = Home::with(&printed);
    let values = |mut all: Value| {
        let strip = |table: &mut Value| {
            table.as_object_mut().unwrap().values_mut().for_each(|option| *option = option["value"].take())
        };
        all["global"].as_object_mut().unwrap().retain(|name, _| name != "json" && name != "config");
        strip(&mut all["global"]);
        all["users"].as_array_mut().unwrap().iter_mut().for_each(strip);
        all["file"] = Value::Null;
        all
    };
    let typed: Vec<&str> = [&["config", "--json"], &line[1..]].concat();
    let read = values(listed(&mut home.icloudpd(&["config", "--json"])));
    assert_eq!(read, values(listed(&mut icloudpd(&typed))));
}

#[test]
fn the_example_file_is_sound_and_names_every_option() {
    let example = include_str!("../../../docs/config.example.toml");
    let home = Home::with(example);
    let all = listed(&mut home.icloudpd(&["config", "--json"]));
    assert_eq!(all["users"].as_array().unwrap().len(), 2);
    // What is commented out would do as well.
    let options =
        all["global"].as_object().unwrap().keys().chain(all["users"][0].as_object().unwrap().keys());
    for option in options.filter(|option| *option != "config") {
        let stands = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{option} = "));
        assert!(example.lines().any(stands), "docs/config.example.toml says nothing of {option}");
    }
}

#[test]
fn a_run_by_the_environment_alone_copies_and_warns_of_strangers() {
    let world = World::new(LibrarySpec::plain(3, 1000));
    let mut command = icloudpd(&[]);
    for (name, value) in world.download().get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("ICLOUDPD_USERNAME", World::USER).env("ICLOUDPD_DIRECTORY", world.directory());
    command.env("ICLOUDPD_COOKIE_DIRECTORY", world.sessions()).env("ICLOUDPD_SKIP_VIDEO", "1");
    let first = ran(&mut command).exits(0);
    first.says("The environment variable ICLOUDPD_SKIP_VIDEO is no option of icloudpd and has no effect; did you mean ICLOUDPD_SKIP_VIDEOS?");
    assert!(!tree(&world.directory()).is_empty());
}

#[test]
fn what_the_environment_switches_off_says_who_did() {
    let home = Home::with(TWO);
    let mut command = home.icloudpd(&["config", "--json"]);
    let all = listed(command.env("ICLOUDPD_SKIP_VIDEOS", "0"));
    for user in all["users"].as_array().unwrap() {
        assert_eq!(user["skip-videos"]["value"], false);
        assert_eq!(user["skip-videos"]["from"], "ICLOUDPD_SKIP_VIDEOS");
    }
    let mut command = home.icloudpd(&["config"]);
    let text = ran(command.env("ICLOUDPD_SKIP_VIDEOS", "0")).exits(0).out;
    assert!(text.contains("skip-videos = false  # ICLOUDPD_SKIP_VIDEOS"), "{text}");
    // The file's own word for one of its users, too.
    let all = listed(&mut home.icloudpd(&["config", "--json"]));
    assert_eq!(all["users"][0]["skip-videos"]["from"], format!("{}:9", home.file().display()));
}

#[test]
fn a_variable_that_means_nothing_is_named_whatever_else_is_wrong() {
    let stray = |args: &[&str]| {
        let mut command = icloudpd(args);
        command.env("ICLOUDPD_DIRECTRY", "/photos");
        ran(&mut command)
    };
    let wrong: [&[&str]; 4] = [
        &["-u", "a"],
        &["-u", "a", "--no-such-option", "x"],
        &["-u", "a", "-d", "x", "--recent", "many"],
        &["-u", "a", "-d", "x", "--smtp-port", "99999999", "--notification-email", "a@b"],
    ];
    for line in wrong {
        let ran = stray(line).exits(2);
        assert!(ran.err.contains("did you mean ICLOUDPD_DIRECTORY?"), "{line:?}: {}", ran.err);
    }
    assert!(stray(&["config", "-u", "a"]).err.contains("ICLOUDPD_DIRECTRY"));
    assert!(!stray(&["--help"]).exits(0).err.contains("ICLOUDPD_DIRECTRY"));
}

/// A slip of the finger must not put a secret into a log.
#[test]
fn what_follows_something_like_a_secret_option_is_never_shown() {
    let lines: &[&[&str]] = &[
        &["-u", "a", "-password", "hunter2"],
        &["-u", "a", "--pasword", "hunter2"],
        &["-u", "a", "--pasword=hunter2"],
        &["-u", "a", "--Password", "hunter2"],
        &["-u", "a", "--password", "my", "hunter2"],
        &["-u", "a", "-p", "my", "hunter2", "hunter2"],
        &["-u", "a", "--passwd", "-hunter2"],
        &["-u", "a", "--smtp-pasword=hunter2"],
        &["-u", "a", "--smtp_password", "hunter2"],
        &["-u", "a", "--stmp-pasword", "hunter2"],
        &["-u", "a", "--notification-webhok", "hunter2"],
        &["-u", "a", "--webui-token", "hunter2"],
        &["-u", "a", "--pw", "hunter2"],
        &["-u", "a", "--secret=hunter2"],
        &["-u", "a", "\u{2014}password", "hunter2"],
        &["-u", "a", "password", "hunter2"],
        &["-u", "a", "password=hunter2"],
        &["--pasword", "hunter2"],
        &["-P", "hunter2", "-u", "a"],
        &["-Phunter2", "-u", "a"],
        &["-u", "a", "-lp", "my", "hunter2"],
        &["-u", "a", "-d", "x", "-phunter2", "hunter2"],
    ];
    for line in lines {
        let ran = ran(&mut icloudpd(line));
        assert_eq!(ran.code, Some(2), "{line:?}: {}{}", ran.out, ran.err);
        assert!(
            !ran.out.contains("hunter") && !ran.err.contains("hunter"),
            "{line:?}: {}{}",
            ran.out,
            ran.err
        );
    }
    // What is no secret is shown: it is what helps.
    let ran = ran(&mut icloudpd(&["-u", "a", "--pasword", "x", "--directry", "/photos"])).exits(2);
    assert!(ran.err.contains("--pasword *** --directry /photos"), "{}", ran.err);
}

#[test]
fn no_complaint_about_the_file_shows_a_secret() {
    let user = "[[user]]\nusername = 'a'\n";
    let files = [
        format!("{user}password = 'hunter2"),
        format!("{user}password = hunter2"),
        format!("{user}password = 'a'\npassword = 'hunter2'"),
        format!("{user}password = ['hunter2']"),
        format!("{user}password = {{ is = 'hunter2' }}"),
        format!("{user}pasword = 'hunter2'"),
        format!("{user}password = \"hunter2\\q\""),
        format!("{user}password 'hunter2'"),
        format!("{user}password = 'a' hunter2"),
        format!("{user}smtp-password = 1hunter2"),
        "password = 'hunter2'".to_owned(),
        "notification-webhook = 'hunter2'\n[[user]]\nusername = 'a'".to_owned(),
    ];
    for text in files {
        let said = refused(&text);
        assert!(!said.contains("hunter"), "{text:?}: {said}");
    }
}

/// A container is set up for its rounds; whoever looks after it calls the same program in it.
#[test]
fn what_is_set_for_rounds_is_in_nobodys_way() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    ran(&mut world.download()).exits(0);
    let report = world.sessions().join("report.json");
    let set = |command: &mut Command| {
        command.env("ICLOUDPD_WATCH_WITH_INTERVAL", "600").env("ICLOUDPD_REPORT_JSON", &report);
    };
    for name in ["status", "verify", "plan", "config"] {
        let mut command = Command::new(world.download().get_program());
        let download = world.download();
        command.arg(name).args(download.get_args()).env_clear();
        for (key, value) in download.get_envs() {
            command.env(key, value.unwrap_or_default());
        }
        set(&mut command);
        ran(&mut command).exits(0);
    }
    for task in ["--auth-only", "--list-albums", "--only-print-filenames"] {
        let mut command = world.download();
        set(command.arg(task));
        ran(&mut command).exits(0);
    }
    assert_eq!(ran(world.download().args(["--auth-only", "--watch-with-interval", "600"])).code, Some(2));
}

/// Editors of Windows write a mark before the first line, and end each in their own way.
#[test]
fn a_password_file_of_windows_is_read_as_it_is_meant() {
    let world = World::new(LibrarySpec::plain(2, 1000));
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), format!("\u{feff}{}\r\nmore\r\n", World::PASSWORD)).unwrap();
    let mut command = world.icloudpd(&["--auth-only", "--password-file", secret.path().to_str().unwrap()]);
    ran(command.env_remove("ICLOUDPD_PASSWORD")).exits(0);
}
