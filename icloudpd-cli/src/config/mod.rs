//! What the command line means: checked, defaults applied, ready for the library.

mod check;
mod notifying;
mod paths;
mod root;
mod web;

use std::path::{Path, PathBuf};
use std::time::Duration;

use icloud_photos::redact::{ExposeSecret as _, SecretString};
use icloud_photos::sync::layout::Locale;
use icloud_photos::sync::store::AnyCatalogues;
use icloud_photos::sync::{DateLimit, View, ViewAs};
use icloud_photos::{Endpoints, Region};

pub(crate) use self::notifying::{Mail, Notifying, SmtpPassword};
pub(crate) use self::paths::{expand_home, normalise};
pub(crate) use self::root::Root;
pub(crate) use self::web::{Page, Web};
use crate::args::{
    self, AlignRaw, Common, Domain, ExifFormat, Global, Line, LiveNaming, LiveSize, LogLevel, MatchPolicy,
    MfaProvider, Missing, PasswordProvider, Size, UsageError, User, Verb,
};

/// What the program is asked to do.
#[derive(Debug)]
pub(crate) enum Invocation {
    Help,
    Version,
    /// `icloudpd config`
    Print(String),
    Run(Box<Config>),
}

/// A run over one or more accounts.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) verb: Verb,
    /// With `verify`: which share to read, from 0 to 1.
    pub(crate) share: f64,
    pub(crate) repair: bool,
    /// A copy of the catalogue lies beside the photos.
    pub(crate) snapshots: bool,
    /// Files are read, whatever the storage was told of them.
    pub(crate) reread: bool,
    pub(crate) json: bool,
    /// With `doctor`: where what was found goes, fit to be shown.
    pub(crate) bundle: Option<PathBuf>,
    /// With `doctor`: whether the password may be sent.
    pub(crate) sign_in: bool,
    pub(crate) endpoints: Endpoints,
    pub(crate) log_level: LogLevel,
    pub(crate) only_print_filenames: bool,
    pub(crate) progress_bar: bool,
    /// Files at the same time, at least one.
    pub(crate) threads: usize,
    pub(crate) providers: Vec<PasswordProvider>,
    pub(crate) mfa: MfaProvider,
    pub(crate) web: Web,
    /// Run again and again, with so much time between two runs.
    pub(crate) watch: Option<Duration>,
    /// With `watch`: how long a question waits for its answer.
    pub(crate) answer_within: Duration,
    /// Where the outcome of each run is written to.
    pub(crate) report_json: Option<PathBuf>,
    pub(crate) accounts: Vec<Account>,
    /// What to say before the run.
    pub(crate) warnings: Vec<String>,
    /// End as icloudpd does where some files failed.
    pub(crate) incomplete_is_success: bool,
}

impl Config {
    /// Standard output is for a program: what is said to people goes to standard error.
    pub(crate) fn keeps_stdout(&self) -> bool {
        self.only_print_filenames || self.json
    }
}

/// One user section.
#[derive(Debug)]
pub(crate) struct Account {
    /// Lower case, as icloudpd has it.
    pub(crate) username: String,
    pub(crate) password: GivenPassword,
    pub(crate) sessions: PathBuf,
    /// Where the catalogues are.
    pub(crate) catalogues: AnyCatalogues,
    pub(crate) notifying: Notifying,
    pub(crate) task: Task,
}

/// A password, or the way to one, that stands in the user's section or the environment.
#[derive(Debug, Clone)]
pub(crate) enum GivenPassword {
    None,
    Text(SecretString),
    /// Of the environment or the file.
    Private(SecretString),
    File(PathBuf),
    Command(String),
}

/// What to do with an account. `--auth-only` wins over the lists, and the list of libraries over that of albums.
#[derive(Debug)]
pub(crate) enum Task {
    SignIn,
    ListLibraries,
    ListAlbums { library: String },
    Download(Box<Download>),
}

/// What to download, and under which names.
#[derive(Debug)]
pub(crate) struct Download {
    /// As typed, normalised, for messages.
    pub(crate) directory: PathBuf,
    /// Where files go: the directory, unless the folder structure leads out of it.
    pub(crate) root: Root,
    pub(crate) library: String,
    /// Empty means the whole library.
    pub(crate) albums: Vec<String>,
    /// Never empty, no value twice.
    pub(crate) sizes: Vec<Size>,
    pub(crate) live_size: LiveSize,
    pub(crate) recent: Option<u64>,
    pub(crate) skip_photos: bool,
    pub(crate) skip_videos: bool,
    pub(crate) skip_live_photos: bool,
    pub(crate) xmp_sidecar: bool,
    pub(crate) skip_created_before: Option<DateLimit>,
    pub(crate) skip_created_after: Option<DateLimit>,
    pub(crate) until_found: Option<u64>,
    pub(crate) force_size: bool,
    pub(crate) dry_run: bool,
    pub(crate) folder_structure: String,
    pub(crate) locale: Option<Locale>,
    pub(crate) keep_unicode: bool,
    pub(crate) live_naming: LiveNaming,
    pub(crate) align_raw: AlignRaw,
    pub(crate) match_policy: MatchPolicy,
    pub(crate) missing: Missing,
    /// Files that get their date if they have none.
    pub(crate) exif_formats: Vec<ExifFormat>,
    pub(crate) removals: Removals,
    /// Trees over the copy.
    pub(crate) views: Vec<View>,
}

/// What may be removed, there and here.
#[derive(Debug)]
pub(crate) struct Removals {
    pub(crate) auto_delete: bool,
    /// What `--auto-delete` removes is kept for a while.
    pub(crate) use_trash: bool,
    pub(crate) move_out: Option<MoveOut>,
    /// A share of all there is, from 0 to 1.
    pub(crate) at_most: f64,
}

impl Removals {
    pub(crate) fn any(&self) -> bool {
        self.auto_delete || self.move_out.is_some()
    }
}

/// Which photos leave iCloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoveOut {
    /// `--keep-icloud-recent-days`
    OlderThan(u32),
    /// `--delete-after-download`
    Downloaded,
}

/// Checks the line in icloudpd's order and says what it means.
///
/// # Errors
/// In icloudpd's words where it has any.
pub(crate) fn interpret(line: Line) -> Result<Invocation, UsageError> {
    let Line { verb, global, sections, warnings, listing } = line;
    if global.help {
        return Ok(Invocation::Help);
    }
    if global.version {
        return Ok(Invocation::Version);
    }
    check::check(verb, &global, &sections)?;
    let accounts = sections
        .into_iter()
        .map(|(common, user)| account(&global, common, user))
        .collect::<Result<_, _>>()?;
    let endpoints = endpoints(&global)?;
    let web = Web::of(&global)?;
    if let Some(listing) = listing {
        return Ok(Invocation::Print(if global.json { listing.json() } else { listing.toml() }));
    }
    Ok(Invocation::Run(Box::new(Config {
        verb,
        share: global.sample.map_or(1.0, |percent| percent / 100.0),
        repair: global.repair,
        reread: global.reread,
        snapshots: global.catalogue_snapshot,
        json: global.json,
        bundle: global.bundle.clone(),
        sign_in: global.sign_in,
        endpoints,
        log_level: global.log_level,
        only_print_filenames: global.only_print_filenames,
        progress_bar: !global.no_progress_bar && !global.only_print_filenames,
        threads: usize::try_from(global.threads_num).unwrap_or(usize::MAX).max(1),
        web,
        mfa: global.mfa_provider,
        providers: providers(global.password_provider),
        watch: global
            .watch_with_interval
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
        answer_within: Duration::from_secs(global.answer_within),
        report_json: global.report_json,
        accounts,
        warnings,
        incomplete_is_success: global.icloudpd_exit_codes,
    })))
}

fn endpoints(global: &Global) -> Result<Endpoints, UsageError> {
    let region = match global.domain {
        Domain::Com => Region::World,
        Domain::Cn => Region::China,
    };
    let mut endpoints = Endpoints::for_region(region);
    let complain = |option: &str, error: icloud_photos::Error| {
        UsageError::Argument(format!("argument {option}: {error}"))
    };
    if let Some(url) = global.auth_endpoint.as_deref().filter(|url| !url.is_empty()) {
        endpoints = endpoints.with_auth(url).map_err(|error| complain("--auth-endpoint", error))?;
    }
    if let Some(url) = global.setup_endpoint.as_deref().filter(|url| !url.is_empty()) {
        endpoints = endpoints.with_setup(url).map_err(|error| complain("--setup-endpoint", error))?;
    }
    Ok(endpoints)
}

fn providers(typed: Vec<PasswordProvider>) -> Vec<PasswordProvider> {
    if typed.is_empty() {
        return vec![PasswordProvider::Parameter, PasswordProvider::Keyring, PasswordProvider::Console];
    }
    unique(typed)
}

fn account(global: &Global, common: Common, user: User) -> Result<Account, UsageError> {
    let User { username, password, password_file, password_command, password_is_private } = user;
    let password = match (password, password_file, password_command) {
        (Some(text), None, None) if password_is_private && !text.expose_secret().is_empty() => {
            GivenPassword::Private(text)
        }
        (Some(text), None, None) => GivenPassword::Text(text),
        (None, Some(path), None) => GivenPassword::File(path),
        (None, None, Some(command)) => GivenPassword::Command(command),
        (None, None, None) => GivenPassword::None,
        _ => {
            let text =
                "Only one of --password, --password-file and --password-command can be used for each user";
            return Err(UsageError::Argument(text.to_owned()));
        }
    };
    let sessions = expand_home(&normalise(Path::new(&common.cookie_directory)))?;
    let catalogues = match &global.catalogue {
        Some(AnyCatalogues::Folder(folder)) => AnyCatalogues::Folder(expand_home(&normalise(folder))?),
        Some(database) => database.clone(),
        None => AnyCatalogues::Folder(sessions.clone()),
    };
    let locale = locale(global, &common.folder_structure)?;
    Ok(Account {
        username: username.unwrap_or_default().trim().to_lowercase(),
        password,
        sessions,
        catalogues,
        notifying: Notifying::of(&common)?,
        task: task(common, locale)?,
    })
}

/// Names every option, so that a new one cannot be forgotten here. Those that end in `: _` are read elsewhere, or
/// by [`Notifying`].
#[rustfmt::skip]
fn task(common: Common, locale: Option<Locale>) -> Result<Task, UsageError> {
    let Common {
        directory, auth_only, cookie_directory: _, size, live_photo_size, recent, until_found, album, list_albums,
        library, list_libraries, skip_videos, skip_live_photos, xmp_sidecar, force_size, auto_delete,
        folder_structure, set_exif_datetime, exif_datetime_format, smtp_username: _, smtp_password: _, smtp_host: _, smtp_port: _,
        smtp_no_tls: _, notification_email: _, notification_email_from: _, notification_script: _,
        smtp_password_file: _, notification_webhook: _, notify_on: _, notify_days_before: _,
        delete_after_download, keep_icloud_recent_days, dry_run, keep_unicode_in_filenames,
        live_photo_mov_filename_policy, align_raw, file_match_policy, skip_created_before, skip_created_after,
        skip_photos, missing, use_trash, remove_at_most, view, view_as,
    } = common;
    let library = if library.is_empty() { "PrimarySync".to_owned() } else { library };
    // `doctor` alone does without a folder.
    if auth_only || (directory.is_none() && !list_libraries && !list_albums) {
        return Ok(Task::SignIn);
    }
    if list_libraries {
        return Ok(Task::ListLibraries);
    }
    if list_albums {
        return Ok(Task::ListAlbums { library });
    }
    let (root, folder_structure, directory) = Root::of(&directory.unwrap_or_default(), folder_structure)?;
    Ok(Task::Download(Box::new(Download {
        directory,
        root,
        library,
        albums: album,
        sizes: if size.is_empty() { vec![Size::Original] } else { unique(size) },
        live_size: live_photo_size,
        recent,
        skip_photos,
        skip_videos,
        skip_live_photos,
        xmp_sidecar,
        skip_created_before,
        skip_created_after,
        // icloudpd stops at once for any number below one.
        until_found: until_found.map(|count| u64::try_from(count).unwrap_or_default()),
        force_size,
        dry_run,
        folder_structure,
        locale,
        keep_unicode: keep_unicode_in_filenames,
        live_naming: live_photo_mov_filename_policy,
        align_raw,
        match_policy: file_match_policy,
        missing,
        views: views(view, view_as),
        exif_formats: match set_exif_datetime {
            true if exif_datetime_format.is_empty() => vec![ExifFormat::Jpeg],
            true => unique(exif_datetime_format),
            false => Vec::new(),
        },
        removals: Removals {
            auto_delete,
            use_trash,
            move_out: match keep_icloud_recent_days {
                Some(days) => Some(MoveOut::OlderThan(u32::try_from(days).unwrap_or(u32::MAX))),
                None => delete_after_download.then_some(MoveOut::Downloaded),
            },
            at_most: remove_at_most / 100.0,
        },
    })))
}

fn views(views: Vec<View>, shape: Option<args::ViewAs>) -> Vec<View> {
    let shape = match shape {
        None => ViewAs::Best,
        Some(args::ViewAs::Hardlink) => ViewAs::HardLink,
        Some(args::ViewAs::Reflink) => ViewAs::Reflink,
        Some(args::ViewAs::Symlink) => ViewAs::SymbolicLink,
        Some(args::ViewAs::Copy) => ViewAs::Copy,
        Some(args::ViewAs::Manifest) => ViewAs::Manifest,
    };
    views.into_iter().map(|view| view.made_of(shape)).collect()
}

/// The language of folders. Where they hold no word of any, it does not matter whether the one that is set is known.
fn locale(global: &Global, template: &str) -> Result<Option<Locale>, UsageError> {
    if !global.use_os_locale || !template.contains('%') {
        return Ok(None);
    }
    let locale = Locale::system();
    locale.map_err(|error| UsageError::Argument(format!("argument --use-os-locale: {error}")))
}

/// Without repeats, in order of first appearance.
fn unique<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    values.into_iter().fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::args::{Request, Surroundings};

    fn config(line: &str) -> Config {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let Request::Line(line) = crate::args::parse(&args, &Surroundings::default()).unwrap() else {
            panic!()
        };
        match interpret(*line).unwrap() {
            Invocation::Run(config) => *config,
            other => panic!("{other:?}"),
        }
    }

    fn download(account: &Account) -> &Download {
        match &account.task {
            Task::Download(download) => download,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn defaults_are_icloudpds() {
        let config = config("-d /photos/./a//b/../c -u Jdoe@Example.COM");
        assert_eq!((config.threads, config.log_level), (8, LogLevel::Debug));
        let account = &config.accounts[0];
        assert_eq!(account.username, "jdoe@example.com");
        assert!(account.sessions.ends_with(".pyicloud") && account.sessions.is_absolute());
        let download = download(account);
        assert_eq!(download.directory, Path::new("/photos/a/c"));
        assert_eq!(
            (download.library.as_str(), download.folder_structure.as_str()),
            ("PrimarySync", "{:%Y/%m/%d}")
        );
        assert_eq!(download.sizes, [Size::Original]);
    }

    #[test]
    fn sections_start_from_the_defaults() {
        let config = config(
            "--size medium -d a --skip-videos -u one --size thumb --size medium -d b -u two --username=three -a x -a x",
        );
        let [one, two, three] = &config.accounts[..] else { panic!() };
        assert_eq!(download(one).sizes, [Size::Medium, Size::Thumb]);
        assert_eq!((download(one).directory.as_path(), download(one).skip_videos), (Path::new("b"), true));
        assert_eq!(download(two).sizes, [Size::Medium]);
        assert_eq!(download(two).directory, Path::new("a"));
        assert_eq!(
            (three.username.as_str(), &download(three).albums[..]),
            ("three", &["x".to_owned(), "x".into()][..])
        );
    }

    #[test]
    fn global_options_count_wherever_they_stand() {
        let config = config("--log-level info -d x -u a --threads-num 3 -u b --log-level ERROR --domain cn");
        assert_eq!((config.threads, config.log_level), (3, LogLevel::Error));
        assert_eq!(config.endpoints, Endpoints::for_region(Region::China));
        assert_eq!(config.accounts.len(), 2);
    }

    #[test]
    fn signing_in_wins_over_lists_and_libraries_over_albums() {
        assert!(matches!(config("--auth-only -l --list-libraries -u a").accounts[0].task, Task::SignIn));
        assert!(matches!(config("-l --list-libraries -u a").accounts[0].task, Task::ListLibraries));
        assert!(matches!(config("-l -d x -u a").accounts[0].task, Task::ListAlbums { .. }));
    }

    #[test]
    fn no_debug_output_shows_a_password() {
        let shown = format!("{:?}", config("-d x -u a -p hunter2 --smtp-password hunter3"));
        assert!(!shown.contains("hunter"));
    }
}
