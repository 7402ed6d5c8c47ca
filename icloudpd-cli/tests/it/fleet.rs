//! `--catalogue postgres://...`: several workers keep several accounts, over a real PostgreSQL.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use icloud_photos_test_servers::postgres::Postgres;
use icloud_photos_test_servers::s3::{self, S3Server};
use icloud_photos_test_servers::skip;
use icloud_photos_testkit::{
    AccountSpec, FakeCloud, FaultAction, FaultRule, FaultScript, LibrarySpec, Server,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{World, icloudpd, ran, tree};

/// Files of each account.
const FILES: u64 = 16;

/// No test waits so long unless it fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A fake iCloud with several accounts, a database, and a storage with a folder for each account: a disk, or a bucket.
struct Fleet {
    bucket: Option<S3Server>,
    cloud: FakeCloud,
    server: Server,
    database: Postgres,
    folder: TempDir,
    accounts: Vec<String>,
    _runtime: Runtime,
}

impl Fleet {
    /// `None`, which is said, where there is no PostgreSQL.
    fn new(test: &str, accounts: usize) -> Option<Self> {
        let Some(database) = Postgres::start() else {
            skip(test, "PostgreSQL");
            return None;
        };
        let runtime = Runtime::new().unwrap();
        let accounts: Vec<String> =
            (1..=accounts).map(|number| format!("user{number}@example.com")).collect();
        let cloud = accounts.iter().fold(FakeCloud::builder(), |builder, name| {
            let account =
                AccountSpec { username: name.clone(), ..AccountSpec::in_state("password-only").unwrap() };
            builder.account(account).library(LibrarySpec::plain(FILES, 20_000))
        });
        let cloud = cloud.build();
        let server = runtime.block_on(cloud.serve()).unwrap();
        let folder = TempDir::new().unwrap();
        Some(Self { bucket: None, cloud, server, database, folder, accounts, _runtime: runtime })
    }

    /// The same, but photos go to one bucket.
    fn with_bucket(self) -> Self {
        let bucket = self._runtime.block_on(S3Server::start());
        Self { bucket: Some(bucket), ..self }
    }

    /// What `--directory` is for an account.
    fn place(&self, account: &str) -> OsString {
        match &self.bucket {
            Some(bucket) => format!("s3://{}/{account}?endpoint={}", s3::BUCKET, bucket.endpoint()).into(),
            None => self.directory(account).into(),
        }
    }

    /// Every download takes so long.
    fn slow(&self, ms: u64) {
        let stall = FaultAction::Stall { after: Some(300), ms: Some(ms) };
        self.cloud.set_faults(FaultScript::new([FaultRule::new("content", stall)])).unwrap();
    }

    fn directory(&self, account: &str) -> PathBuf {
        self.folder.path().join("photos").join(account)
    }

    /// A worker: the program on a machine of its own, for all accounts.
    fn worker(&self, name: &str, args: &[&str]) -> Command {
        let sessions = self.folder.path().join(name);
        let mut command = icloudpd(args);
        command
            .args(["--threads-num", "1", "--catalogue", &self.database.url(), "--cookie-directory"])
            .arg(sessions);
        for account in &self.accounts {
            command.args(["-u", account, "-p", World::PASSWORD, "-d"]).arg(self.place(account));
        }
        command
            .env("ICLOUDPD_AUTH_ENDPOINT", self.server.url())
            .env("ICLOUDPD_SETUP_ENDPOINT", self.server.url())
            .env("AWS_ACCESS_KEY_ID", s3::ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", s3::SECRET_KEY)
            .env("NO_PROXY", "127.0.0.1");
        command
    }

    fn files(&self) -> u64 {
        if let Some(bucket) = &self.bucket {
            return bucket.keys().iter().filter(|key| !key.contains("/.icloud-photos-")).count() as u64;
        }
        let root = self.folder.path().join("photos");
        let of = |account: &String| {
            if self.directory(account).exists() { tree(&self.directory(account)).len() } else { 0 }
        };
        if root.exists() { self.accounts.iter().map(of).sum::<usize>() as u64 } else { 0 }
    }

    fn all(&self) -> u64 {
        FILES * self.accounts.len() as u64
    }

    fn fetched(&self) -> u64 {
        self.cloud.counts().requests_to("content")
    }

    /// Rows of files that are proven, of all copies.
    fn proven(&self) -> u64 {
        let there = self.database.sql("SELECT to_regclass('icloud_photos.files') IS NOT NULL") == "t";
        let count = "SELECT count(*) FROM icloud_photos.files WHERE status = 'verified'";
        if there { self.database.sql(count).parse().unwrap() } else { 0 }
    }

    /// The catalogue says what stands in the folders, and each file is read again.
    fn agrees(&self) {
        let verified = ran(&mut self.worker("auditor", &["verify"])).exits(0);
        let sound = format!("{FILES} proven");
        assert_eq!(verified.out.matches(&sound).count(), self.accounts.len(), "{}", verified.out);
        assert_eq!((self.files(), self.proven()), (self.all(), self.all()));
    }
}

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[track_caller]
fn wait_until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn two_workers_share_the_accounts_and_fetch_nothing_twice() {
    let Some(fleet) = Fleet::new("two_workers_share_the_accounts", 4) else { return };
    share(&fleet);
}

#[test]
fn two_workers_share_the_accounts_over_one_bucket() {
    let Some(fleet) = Fleet::new("two_workers_share_the_accounts_over_one_bucket", 4) else { return };
    share(&fleet.with_bucket());
}

fn share(fleet: &Fleet) {
    // An account takes longer than a worker waits for its lease.
    fleet.slow(400);
    let workers = ["one", "two"].map(|name| start(fleet.worker(name, &[])));
    let ended = workers.map(|worker| worker.wait_with_output().unwrap());
    let said = ended.each_ref().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    for (output, said) in ended.iter().zip(&said) {
        // 3: an account was left to the other worker.
        assert!([Some(0), Some(3)].contains(&output.status.code()), "{said}");
    }
    let left_alone =
        said.iter().map(|said| said.matches("is left alone: another worker keeps this copy").count());
    assert!(left_alone.sum::<usize>() > 0, "else they never met:\n{}\n{}", said[0], said[1]);
    assert_eq!(fleet.fetched(), fleet.all(), "each file once");
    fleet.agrees();
    let quiet = ran(&mut fleet.worker("one", &[])).exits(0);
    assert_eq!(fleet.fetched(), fleet.all(), "{}", quiet.out);
}

#[test]
fn when_a_worker_is_killed_the_other_takes_over() {
    let Some(fleet) = Fleet::new("when_a_worker_is_killed_the_other_takes_over", 2) else { return };
    take_over(&fleet);
}

#[test]
fn when_a_worker_is_killed_the_other_takes_its_bucket_over() {
    let Some(fleet) = Fleet::new("when_a_worker_is_killed_the_other_takes_its_bucket_over", 2) else {
        return;
    };
    take_over(&fleet.with_bucket());
}

fn take_over(fleet: &Fleet) {
    fleet.slow(400);
    // The first has its account; the second finds that one taken, keeps the other, and comes back.
    let mut first = start(fleet.worker("one", &["--watch-with-interval", "1"]));
    wait_until("the first files", || fleet.files() >= 4);
    let mut second = start(fleet.worker("two", &["--watch-with-interval", "1"]));
    wait_until("files of the second", || fleet.files() >= 12);
    first.kill().unwrap();
    first.wait().unwrap();
    wait_until("the rest", || fleet.proven() == fleet.all());
    let pid = second.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(second.wait().unwrap().code(), Some(143));
    // One thread has two downloads on the way.
    let again = fleet.fetched() - fleet.all();
    assert!(again <= 2, "{again} fetched twice");
    fleet.agrees();
}

#[test]
fn a_connection_that_is_cut_ends_the_run_and_the_next_finishes() {
    let Some(fleet) = Fleet::new("a_connection_that_is_cut_ends_the_run", 1) else { return };
    fleet.slow(150);
    let run = start(fleet.worker("one", &[]));
    wait_until("some files", || fleet.files() >= 4);
    fleet.database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'icloud-photos %'");
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the connection to the database broke"), "{said}");
    let rest = ran(&mut fleet.worker("one", &[])).exits(0);
    let again = fleet.fetched() - fleet.all();
    assert!(again <= 2, "{again} fetched twice\n{said}\n{}", rest.out);
    fleet.agrees();
}

#[test]
fn every_verb_knows_the_database() {
    let Some(fleet) = Fleet::new("every_verb_knows_the_database", 1) else { return };
    ran(&mut fleet.worker("one", &[])).exits(0);
    let said = |args: &[&str]| ran(&mut fleet.worker("one", args)).exits(0).out;
    assert!(said(&["status"]).contains(&format!("verified: {FILES}")), "{}", said(&["status"]));
    assert!(said(&["plan"]).contains("0 files to fetch"));
    assert!(said(&["verify"]).contains(&format!("{FILES} proven")));
    assert!(said(&["adopt"]).contains(&format!("{FILES} known before")), "{}", said(&["adopt"]));
    said(&["changes"]);
    assert!(said(&["doctor"]).contains(&format!("{FILES} files proven")), "{}", said(&["doctor"]));
    assert!(said(&["config"]).contains(&fleet.database.url()));
    // Nothing lies in the folder of the sessions.
    let sqlite = std::fs::read_dir(fleet.folder.path().join("one")).unwrap().flatten();
    assert_eq!(sqlite.filter(|entry| entry.file_name().to_string_lossy().contains("sqlite")).count(), 0);
    // A worker that is at it: `verify` says so and leaves it alone.
    fleet.slow(6_000);
    fleet.cloud.library(&fleet.accounts[0]).unwrap().add_photo("NEW.JPG", 1000, fleet.cloud.now_ms());
    let fetched = fleet.fetched();
    let run = start(fleet.worker("two", &[]));
    wait_until("a download", || fleet.fetched() > fetched);
    let refused = ran(&mut fleet.worker("one", &["verify"])).exits(1);
    assert!(refused.out.contains("another worker keeps this copy"), "{}", refused.out);
    assert!(run.wait_with_output().unwrap().status.success());
}

#[test]
fn a_password_comes_from_the_environment_and_is_never_shown() {
    let Some(fleet) = Fleet::new("a_password_comes_from_the_environment", 1) else { return };
    fleet.database.sql("CREATE USER locked PASSWORD 'hunter2'; GRANT CREATE ON DATABASE postgres TO locked");
    let url = fleet.database.url_for("locked");
    let with = |args: &[&str]| {
        let mut command = fleet.worker("one", args);
        // The last one counts.
        command.args(["--catalogue", &url]);
        command
    };
    let refused = ran(&mut with(&[])).exits(1);
    assert!(refused.out.contains("PGPASSWORD") && fleet.fetched() == 0, "{}", refused.out);
    let run = ran(with(&["--log-level", "debug"]).env("PGPASSWORD", "hunter2")).exits(0);
    let passfile = fleet.folder.path().join("passfile");
    std::fs::write(&passfile, format!("127.0.0.1:{}:*:locked:hunter2\n", fleet.database.port())).unwrap();
    let mode =
        |mode: &str| assert!(Command::new("chmod").arg(mode).arg(&passfile).status().unwrap().success());
    mode("644");
    let open = ran(with(&["status"]).env("PGPASSFILE", &passfile)).exits(1);
    mode("600");
    let status = ran(with(&["status"]).env("PGPASSFILE", &passfile)).exits(0);
    let doctor = ran(with(&["doctor"]).env("PGPASSWORD", "hunter2"));
    let config = ran(with(&["config"]).env("PGPASSWORD", "hunter2")).exits(0);
    for ran in [run, open, status, doctor, config] {
        assert!(!format!("{}{}", ran.out, ran.err).contains("hunter2"), "{}\n{}", ran.out, ran.err);
    }
}

#[test]
fn a_password_in_the_url_is_refused_wherever_it_stands() {
    let url = "postgres://me:hunter2@127.0.0.1/photos";
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, format!("catalogue = \"{url}\"\n")).unwrap();
    let ways = [
        ran(&mut icloudpd(&["-u", "a", "-d", "x", "--catalogue", url])),
        ran(icloudpd(&["-u", "a", "-d", "x"]).env("ICLOUDPD_CATALOGUE", url)),
        ran(&mut icloudpd(&["-u", "a", "-d", "x", "--config", file.to_str().unwrap()])),
        ran(&mut icloudpd(&["config", "-u", "a", "-d", "x", "--catalogue", url])),
    ];
    for ran in ways {
        let ran = ran.exits(2);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(said.contains("argument --catalogue: the URL of the database holds a password"), "{said}");
        assert!(said.contains("PGPASSFILE") && !said.contains("hunter2"), "{said}");
    }
    // A slip of the finger makes no folder of that name.
    let slip =
        ran(&mut icloudpd(&["-u", "a", "-d", "x", "--catalogue", "postgress://me:hunter2@127.0.0.1/photos"]))
            .exits(2);
    assert!(
        slip.out.contains("postgres://user@host:5432/database") && !slip.out.contains("hunter2"),
        "{}",
        slip.out
    );
}

#[test]
fn no_slip_in_a_url_becomes_a_folder_of_that_name() {
    let folder = TempDir::new().unwrap();
    let slips = [
        "postgres:",
        "postgres:db/photos",
        "postgresql:me@db",
        "Postgres://db/photos",
        "postgres//db/photos",
        "pg://db",
    ];
    for slip in slips {
        let mut command = icloudpd(&["-u", "a", "-d", "x", "--catalogue", slip]);
        let run = ran(command.current_dir(folder.path())).exits(2);
        let said = format!("{}{}", run.out, run.err);
        assert!(
            said.contains("argument --catalogue") && said.contains("postgres://user@host"),
            "{slip}: {said}"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{slip}");
    }
    let mut wrong =
        icloudpd(&["-u", "a", "-d", "x", "--catalogue", "postgres://db/photos?sslmode=verify_full"]);
    let run = ran(&mut wrong).exits(2);
    assert!(format!("{}{}", run.out, run.err).contains("is \"verify_full\""), "{}", run.out);
    let mut wrong = icloudpd(&["-u", "a", "-d", "x", "--catalogue", "postgres://db/photos"]);
    let run = ran(wrong.env("PGSSLMODE", "sometimes")).exits(2);
    assert!(format!("{}{}", run.out, run.err).contains("(or PGSSLMODE) is \"sometimes\""), "{}", run.out);
}

#[test]
fn a_database_has_no_snapshot_beside_the_photos() {
    let run = ran(&mut icloudpd(&[
        "-u",
        "a",
        "-d",
        "x",
        "--catalogue-snapshot",
        "--catalogue",
        "postgres://db/photos",
    ]))
    .exits(2);
    assert!(run.out.contains("a database is backed up by its own means"), "{}", run.out);
}

#[test]
fn the_database_may_be_named_in_the_environment_and_in_the_file() {
    let url = "postgres://me@db.example/photos";
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, format!("catalogue = \"{url}\"\n")).unwrap();
    let ways = [
        ran(icloudpd(&["config", "-u", "a", "-d", "x"]).env("ICLOUDPD_CATALOGUE", url)),
        ran(&mut icloudpd(&["config", "-u", "a", "-d", "x", "--config", file.to_str().unwrap()])),
    ];
    for ran in ways {
        assert!(ran.exits(0).out.contains(&format!("catalogue = \"{url}\"")));
    }
}
