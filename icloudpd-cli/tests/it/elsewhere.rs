//! Copies that go to a storage elsewhere: an S3 server on loopback takes them from the program.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use icloud_photos_test_servers::s3::{self, Fault, S3Server};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, FaultScript, LibrarySpec};
use tokio::runtime::Runtime;

use crate::support::{World, ran};

const FOLDER: &str = "backup/iphone of jane";

/// A bucket, and the program that is told of it.
pub(crate) struct Bucket {
    pub(crate) server: S3Server,
    _runtime: Runtime,
}

impl Bucket {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        Self { server: runtime.block_on(S3Server::start()), _runtime: runtime }
    }

    pub(crate) fn address(&self) -> String {
        format!("s3://{}/{}?endpoint={}", s3::BUCKET, FOLDER.replace(' ', "%20"), self.server.endpoint())
    }

    /// The program, with the secrets where its users have them.
    pub(crate) fn icloudpd(&self, world: &World, verb: &[&str], args: &[&str]) -> Command {
        let address = self.address();
        let all: Vec<&str> = ["-d", &address].into_iter().chain(args.iter().copied()).collect();
        let told = world.icloudpd(&all);
        let mut command = Command::new(told.get_program());
        command.args(verb).args(told.get_args());
        for (name, value) in told.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("AWS_ACCESS_KEY_ID", s3::ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", s3::SECRET_KEY);
        command
    }

    /// A run over another address.
    fn at(&self, world: &World, address: &str) -> Command {
        let mut command = world.icloudpd(&["-d", address]);
        command.env("AWS_ACCESS_KEY_ID", s3::ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", s3::SECRET_KEY);
        command
    }

    /// The photos that are there, by their path in the folder; neither the mark nor what is not finished.
    fn photos(&self) -> BTreeMap<String, Vec<u8>> {
        let beginning = format!("{FOLDER}/");
        let paths =
            self.server.keys().into_iter().filter_map(|key| Some(key.strip_prefix(&beginning)?.to_owned()));
        let photos = paths.filter(|path| !path.starts_with(".icloud-photos-"));
        photos.map(|path| (path.clone(), self.server.bytes(&format!("{beginning}{path}")).unwrap())).collect()
    }

    fn gets(&self) -> u64 {
        self.server.operation("GetObject")
    }
}

/// The same library on a disk.
fn on_disk(library: LibrarySpec) -> BTreeMap<String, Vec<u8>> {
    let world = World::new(library);
    ran(&mut world.download()).exits(0);
    let read = |path: String| (path.clone(), std::fs::read(world.directory().join(path)).unwrap());
    world.photos().into_iter().map(read).collect()
}

#[test]
fn a_library_goes_to_s3_and_a_second_run_puts_nothing() {
    let library = || LibrarySpec::plain(2000, 3000);
    let (world, bucket) = (World::new(library()), Bucket::new());
    let run = || ran(&mut bucket.icloudpd(&world, &[], &[]));
    run().exits(0);
    assert!(bucket.photos() == on_disk(library()), "the tree is the same as on a disk");
    let metadata =
        bucket.server.metadata(&format!("{FOLDER}/{}", bucket.photos().keys().next().unwrap())).unwrap();
    let names: Vec<_> = metadata.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["asset", "checksum", "created", "sha256", "size"]);

    bucket.server.forget_counts();
    world.cloud.reset_counts();
    run().exits(0);
    assert_eq!((bucket.server.puts(), world.cloud.counts().requests_to("content")), (0, 0));
    assert!(
        bucket.server.counts().iter().map(|(_, count)| count).sum::<u64>() < 20,
        "{:?}",
        bucket.server.counts()
    );
}

#[test]
fn files_are_verified_by_what_the_bucket_was_told_or_by_their_bytes() {
    let (world, bucket) = (World::new(LibrarySpec::plain(30, 3000)), Bucket::new());
    let verify = |args: &[&str]| ran(&mut bucket.icloudpd(&world, &["verify"], args));
    ran(&mut bucket.icloudpd(&world, &[], &[])).exits(0);
    let calm = bucket.photos();

    bucket.server.forget_counts();
    verify(&[]).exits(0);
    assert!(bucket.gets() < 5, "files are not read: {:?}", bucket.server.counts());
    verify(&["--reread"]).exits(0);
    assert!(bucket.gets() >= 30, "{:?}", bucket.server.counts());

    let (path, bytes) = calm.first_key_value().unwrap();
    bucket.server.put(&format!("{FOLDER}/{path}"), &vec![0; bytes.len()]);
    verify(&[]).exits(3);
    verify(&["--repair"]).exits(0);
    assert!(bucket.photos().contains_key(path) && bucket.photos()[path] == *bytes);
}

#[test]
fn a_lost_catalogue_is_made_again_without_reading_or_fetching_a_file() {
    let (world, bucket) = (World::new(LibrarySpec::plain(30, 3000)), Bucket::new());
    ran(&mut bucket.icloudpd(&world, &[], &[])).exits(0);
    world.forget_session();
    world.cloud.reset_counts();
    bucket.server.forget_counts();
    let adopted = ran(&mut bucket.icloudpd(&world, &["adopt"], &[])).exits(0);
    assert!(adopted.out.contains("30 recognised"), "{}", adopted.out);
    assert!(bucket.gets() < 15, "{:?}", bucket.server.counts());
    world.forget_session();
    ran(&mut bucket.icloudpd(&world, &["adopt"], &["--reread"])).exits(0);
    assert!(bucket.gets() >= 30, "{:?}", bucket.server.counts());
    ran(&mut bucket.icloudpd(&world, &[], &[])).exits(0);
    assert_eq!((world.cloud.counts().requests_to("content"), bucket.server.puts()), (0, 0));
}

#[test]
fn a_lost_machine_goes_on_from_the_copy_of_its_catalogue() {
    let (world, bucket) = (World::new(LibrarySpec::plain(30, 3000)), Bucket::new());
    let run = || ran(&mut bucket.icloudpd(&world, &[], &["--catalogue-snapshot"])).exits(0);
    run();
    let copy = format!("{FOLDER}/.icloud-photos-catalogue");
    assert!(bucket.server.bytes(&copy).unwrap().starts_with(b"SQLite format 3"));
    bucket.server.forget_counts();
    run();
    assert_eq!(bucket.server.puts(), 0, "nothing has changed");

    world.forget_session();
    world.cloud.reset_counts();
    bucket.server.forget_counts();
    run();
    let counts = world.cloud.counts();
    assert_eq!(
        (counts.requests_to("content"), counts.requests_to("cloudkit/records/query")),
        (0, 0),
        "{counts:?}"
    );
    assert_eq!(
        (bucket.server.puts(), bucket.server.operation("HeadObject")),
        (0, 1),
        "{:?}",
        bucket.server.counts()
    );

    // A copy that cannot be read is in nobody's way, and not what is there.
    world.forget_session();
    bucket.server.put(&copy, b"SQLite format 3\0 and then rubbish");
    run();
    assert_eq!(world.cloud.counts().requests_to("content"), 0);
    assert_eq!(bucket.photos().len(), 30);
    // A new one takes its place, and the next machine goes on from that.
    let mut whole = bucket.server.bytes(&copy).unwrap();
    assert!(whole.len() > 10_000);
    // Damage in the middle is noticed before anything is believed.
    world.forget_session();
    let middle = whole.len() / 4096 / 2 * 4096;
    whole[middle..middle + 4096].fill(0xAA);
    bucket.server.put(&copy, &whole);
    run();
    run();
    assert_eq!((world.cloud.counts().requests_to("content"), bucket.photos().len()), (0, 30));
}

#[test]
fn a_copy_by_a_newer_version_is_refused_and_stays() {
    let (world, bucket) = (World::new(LibrarySpec::plain(3, 3000)), Bucket::new());
    ran(&mut bucket.icloudpd(&world, &[], &["--catalogue-snapshot"])).exits(0);
    let copy = format!("{FOLDER}/.icloud-photos-catalogue");
    let mut newer = bucket.server.bytes(&copy).unwrap();
    newer[60..64].copy_from_slice(&999_u32.to_be_bytes());
    bucket.server.put(&copy, &newer);
    let photo = bucket.photos().into_keys().next().unwrap();
    bucket.server.remove(&format!("{FOLDER}/{photo}"));
    let told = ran(&mut bucket.icloudpd(&world, &[], &["--catalogue-snapshot"])).exits(0);
    assert!(told.out.contains("newer version"), "{}", told.out);
    assert!(bucket.server.bytes(&copy).unwrap() == newer);
    world.forget_session();
    let refused = ran(&mut bucket.icloudpd(&world, &[], &["--catalogue-snapshot"])).exits(1);
    assert!(refused.out.contains("newer version"), "{}", refused.out);
    assert!(bucket.server.bytes(&copy).unwrap() == newer);
}

/// An empty bucket is noticed whatever its address looks like, and one that is not empty is nobody's copy.
#[test]
fn an_address_is_known_however_it_is_spelled() {
    let (world, bucket) = (World::new(LibrarySpec::plain(3, 300)), Bucket::new());
    ran(&mut bucket.icloudpd(&world, &[], &[])).exits(0);
    let (address, endpoint) = (bucket.address(), bucket.server.endpoint());
    let bare = address.split('?').next().unwrap().to_owned();
    let spellings = [
        address.replace('?', "/?"),
        address.replace("s3://", "S3://"),
        address.replace("%20", " "),
        address.replace("backup", "%62ackup"),
        format!("{address}&region=us-east-1"),
        address.replace("127.0.0.1", "127.1"),
        address.replace("photos", "ph%6ftos"),
        format!("{bare}?region=us-east-1&endpoint={endpoint}"),
        bare.clone(),
    ];
    for empty in [false, true] {
        if empty {
            bucket.server.keys().iter().for_each(|key| bucket.server.remove(key));
        }
        for address in &spellings {
            let mut command = bucket.at(&world, address);
            let told = ran(command.env("AWS_ENDPOINT_URL", &endpoint)).exits(i32::from(empty));
            assert_eq!(told.out.contains("was filled before"), empty, "{address}: {}", told.out);
            assert_eq!(bucket.server.keys().is_empty(), empty, "{address}");
        }
    }
}

/// What is about to leave iCloud is written down once.
#[test]
fn lost_answers_to_what_is_written_down_make_no_second_record() {
    let (world, bucket) = (World::new(LibrarySpec::plain(1, 300)), Bucket::new());
    ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
    for _ in 0..8 {
        bucket.server.fail_next("PutObject", Fault::CutAnswer(0));
        bucket.server.fail_next("PutObject", Fault::Slow(Duration::ZERO));
    }
    ran(&mut bucket.icloudpd(&world, &[], &["--delete-after-download"])).exits(0);
    let records: Vec<_> = bucket.server.keys().into_iter().filter(|key| key.contains("-moved/")).collect();
    assert_eq!(records.len(), 1, "{records:?}");
    assert!(world.cloud.library(World::USER).unwrap().truth()["assets"][0]["deleted"].as_bool().unwrap());
}

#[test]
fn what_is_deleted_in_icloud_leaves_the_bucket_for_the_trash() {
    let (world, bucket) = (World::new(LibrarySpec::plain(30, 3000)), Bucket::new());
    ran(&mut bucket.icloudpd(&world, &[], &[])).exits(0);
    let library = world.cloud.library(World::USER).unwrap();
    let gone = library.truth()["assets"][0]["id"].as_str().unwrap().to_owned();
    library.edit(&gone, &Edit::Trash, world.cloud.now_ms());
    ran(&mut bucket.icloudpd(&world, &[], &["--auto-delete"])).exits(0);
    assert_eq!(bucket.photos().len(), 29);
}

#[test]
fn a_bucket_that_lost_its_mark_is_refused() {
    let (world, bucket) = (World::new(LibrarySpec::plain(3, 300)), Bucket::new());
    ran(&mut bucket.icloudpd(&world, &[], &[])).exits(0);
    // As if another bucket answered at this address.
    for key in bucket.server.keys() {
        bucket.server.remove(&key);
    }
    let refused = ran(&mut bucket.icloudpd(&world, &[], &[])).exits(1);
    assert!(refused.out.contains("was filled before"), "{}", refused.out);
    assert!(refused.out.contains("write a file .icloud-photos-store there that says"), "{}", refused.out);
    assert!(bucket.server.keys().is_empty());
}

/// Another server answers at the same address, and somebody else's photos are there.
#[test]
fn a_bucket_that_bears_the_mark_of_another_is_refused() {
    let (world, bucket) = (World::new(LibrarySpec::plain(3, 300)), Bucket::new());
    ran(&mut bucket.icloudpd(&world, &[], &[])).exits(0);
    for key in bucket.server.keys() {
        bucket.server.remove(&key);
    }
    let mark = format!("{FOLDER}/.icloud-photos-store");
    bucket.server.put(&mark, br#"{"id":"somebody-elses","about":"theirs"}"#);
    let refused = ran(&mut bucket.icloudpd(&world, &[], &[])).exits(1);
    assert!(refused.out.contains("bears the mark of another copy"), "{}", refused.out);
    assert_eq!(bucket.server.keys(), [mark]);
}

/// As with folders: what is fetched into one of the two would be taken to stand in the other.
#[test]
fn a_copy_of_a_bucket_is_refused_and_another_way_to_the_same_is_not() {
    let (world, bucket) = (World::new(LibrarySpec::plain(3, 300)), Bucket::new());
    ran(&mut bucket.icloudpd(&world, &[], &[])).exits(0);
    ran(&mut bucket.at(&world, &format!("{}&region=eu-west-1", bucket.address()))).exits(0);
    for key in bucket.server.keys() {
        let copied = key.replace(FOLDER, "copy");
        bucket.server.put(&copied, &bucket.server.bytes(&key).unwrap());
    }
    let copy = bucket.address().replace(&FOLDER.replace(' ', "%20"), "copy");
    let refused = ran(&mut bucket.at(&world, &copy)).exits(1);
    assert!(refused.out.contains("bears the mark of another that is still there"), "{}", refused.out);
}

#[test]
fn secrets_in_an_address_are_refused_before_anything_is_asked() {
    let world = World::new(LibrarySpec::plain(1, 100));
    let address = "s3://bucket/x?secret_access_key=hunter2";
    let refused = ran(&mut world.icloudpd(&["-d", address])).exits(2);
    assert!(refused.out.contains("OPENDAL_S3_SECRET_ACCESS_KEY") && !refused.out.contains("hunter2"));
    assert!(world.cloud.counts().endpoints.is_empty());
}

/// Large files are put together by the bucket, and small ones put: whatever the moment, a name means the right bytes, and nothing is
/// left over in the end.
#[test]
fn a_run_to_s3_that_is_killed_is_finished_by_the_next() {
    let kills: u64 = std::env::var("ICLOUDPD_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12);
    let library = || LibrarySpec::plain(60, 40_000).with_big_file(20_000_000);
    let calm = on_disk(library());
    let (mut kill, mut cut, mut open) = (0, 0, 0);
    while kill < kills {
        let (world, bucket) = (World::new(library()), Bucket::new());
        ran(&mut world.icloudpd(&["--auth-only"])).exits(0);
        for _ in 0..3 {
            rough(&world, &bucket, kill);
            let mut command = bucket.icloudpd(&world, &[], &[]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let end = Instant::now() + Duration::from_millis(150 + kill * 7919 % 900);
            while Instant::now() < end && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(2));
            }
            // SIGKILL: nothing of the program runs after it.
            let _ = child.kill();
            child.wait().unwrap();
            kill += 1;
            let there = bucket.photos();
            let wrong = there.iter().find(|(path, bytes)| calm.get(*path) != Some(*bytes));
            assert!(wrong.is_none(), "kill {kill}: {:?} has other bytes", wrong.map(|(path, _)| path));
            cut += u64::from(there.len() < calm.len() && !there.is_empty());
            open += bucket.server.open_uploads().len();
        }
        bucket.server.calm();
        world.cloud.set_faults(FaultScript::default()).unwrap();
        ran(&mut bucket.icloudpd(&world, &[], &[])).exits(0);
        assert!(bucket.photos() == calm, "after kill {kill}");
        assert_eq!(bucket.server.open_uploads(), [""; 0], "after kill {kill}");
        let left: Vec<_> = bucket.server.keys().into_iter().filter(|key| key.contains("-staging")).collect();
        assert_eq!(left, [""; 0], "after kill {kill}");
    }
    println!("{kills} kills: {cut} in the middle of the downloads, {open} uploads left open on the way");
    assert!(cut * 3 >= kills, "most moments should lie within the downloads: {cut} of {kills}");
}

/// Weather in which a run takes some seconds, and an upload a while.
fn rough(world: &World, bucket: &Bucket, seed: u64) {
    let stall = FaultAction::Stall { after: Some(300), ms: Some(60) };
    let rules = vec![FaultRule::new("content", stall).rate(0.5)];
    world.cloud.set_faults(FaultScript { seed, rules }).unwrap();
    for _ in 0..20 {
        bucket.server.fail_next("UploadPartCopy", Fault::Slow(Duration::from_millis(150)));
        bucket.server.fail_next("CompleteMultipartUpload", Fault::Slow(Duration::from_millis(150)));
    }
}
