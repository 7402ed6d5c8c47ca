//! The table of options, as typed. Names, choices and defaults are icloudpd's; what is ours alone says so.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, StringValueParser, TypedValueParser as _};
use clap::{Args, CommandFactory as _, Parser, ValueEnum, ValueHint};
use icloud_photos::redact::SecretString;
use icloud_photos::sync::store::AnyCatalogues;
use icloud_photos::sync::{DateLimit, View};

use super::values::{catalogues, count, date_limit, folder_structure, int, percent, view};

pub(crate) const USAGE: &str = "icloudpd [GLOBAL] [COMMON] [<USER> [COMMON] <USER> [COMMON] ...]";

pub(super) const GLOBAL: &str = "GLOBAL options. They count for every user, wherever they stand";
pub(super) const COMMON: &str = "COMMON options. Before the first --username they are defaults for all users";
const USER: &str = "USER options. They belong to one user";

/// Everything that may stand on the command line. A part of the line is parsed at a time, see [`super::parse`].
#[derive(Debug, Parser)]
#[command(
    name = "icloudpd",
    override_usage = USAGE,
    about = "Downloads the photos and videos of iCloud Photos. Every byte is checked against Apple's own checksum.",
    after_help = "Exit codes: 0 all is well, 1 the run failed, 2 the command line is wrong, 3 some files failed, \
                  130 interrupted.",
    disable_help_flag = true,
    disable_version_flag = true,
    args_override_self = true,
    allow_negative_numbers = true,
    term_width = 80
)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) user: User,
}

/// clap's table.
pub(super) fn command() -> clap::Command {
    Options::command()
}

#[derive(Debug, Args)]
#[command(next_help_heading = GLOBAL)]
pub(crate) struct Global {
    /// Show this text
    #[arg(short = 'h', long, conflicts_with = "version")]
    pub(crate) help: bool,
    /// Show the version
    #[arg(long)]
    pub(crate) version: bool,
    /// File that says the same as this command line, in TOML; `""` for none [default:
    /// ~/.config/icloudpd/config.toml if there is one] (ours alone)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<OsString>,
    /// Name months and days in folders in the language of the system
    #[arg(long)]
    pub(crate) use_os_locale: bool,
    /// Print the path of every file that would be downloaded and is missing, and do nothing else
    #[arg(long)]
    pub(crate) only_print_filenames: bool,
    /// How much to log
    #[arg(long, ignore_case = true, value_enum, value_name = "LEVEL", default_value = "debug")]
    pub(crate) log_level: LogLevel,
    /// No progress bar; there is none anyway unless standard output and standard error are a terminal
    #[arg(long)]
    pub(crate) no_progress_bar: bool,
    /// Files to download at the same time
    #[arg(long, value_name = "N", value_parser = count, default_value = "8")]
    pub(crate) threads_num: u64,
    /// Apple's domain: `cn` for accounts of mainland China
    #[arg(long, value_enum, value_name = "DOMAIN", default_value = "com")]
    pub(crate) domain: Domain,
    /// Run again and again, with this many seconds between two runs
    #[arg(long, value_name = "SECONDS", value_parser = int)]
    pub(crate) watch_with_interval: Option<i64>,
    /// With `--watch-with-interval`: how many seconds a question waits for an answer before the other users are served (ours
    /// alone)
    #[arg(long, value_name = "SECONDS", value_parser = count, default_value = "600")]
    pub(crate) answer_within: u64,
    /// After each run, write what came of it to this file, as JSON (ours alone)
    #[arg(long, value_name = "FILE")]
    pub(crate) report_json: Option<PathBuf>,
    /// Where to look for the password, in this order; repeatable
    #[arg(long, ignore_case = true, value_enum, value_name = "PROVIDER",
        default_values = ["parameter", "keyring", "console"])]
    pub(crate) password_provider: Vec<PasswordProvider>,
    /// Where to ask for the code of the second factor
    #[arg(long, ignore_case = true, value_enum, value_name = "PROVIDER", default_value = "console")]
    pub(crate) mfa_provider: MfaProvider,
    /// Where the web page is served, HOST:PORT; given alone it shows progress only. A container needs 0.0.0.0:8080 and a
    /// published port [default: 127.0.0.1:8080, once a provider is webui] (ours alone)
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) webui_address: Option<String>,
    /// Name under which browsers may reach the page, beside localhost and addresses; repeatable (ours alone)
    #[arg(long, value_name = "NAME")]
    pub(crate) webui_host: Vec<String>,
    /// File with the token that opens the page, at least 16 characters; else each start makes a new one (ours alone)
    #[arg(long, value_name = "FILE")]
    pub(crate) webui_token_file: Option<PathBuf>,
    /// Serve /metrics and /healthz on HOST:PORT; the page serves them as well (ours alone)
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) metrics_address: Option<String>,
    /// Folder of the catalogues that remember what was fetched, or a PostgreSQL database for them, as in
    /// postgres://user@host/database; its password comes from PGPASSWORD or ~/.pgpass [default: the folder of the sessions] (ours alone)
    #[arg(long, value_name = "FOLDER|URL", value_parser = PathBufValueParser::new().try_map(catalogues))]
    pub(crate) catalogue: Option<AnyCatalogues>,
    /// Leave a copy of the catalogue beside the photos after each run that changed anything: on another machine the same line goes on
    /// from there (ours alone)
    #[arg(long)]
    pub(crate) catalogue_snapshot: bool,
    /// With `verify`: read only this share of the files, another one each day (ours alone)
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) sample: Option<f64>,
    /// With `verify`: fetch again what is damaged or missing (ours alone)
    #[arg(long)]
    pub(crate) repair: bool,
    /// With `adopt` and `verify`: read every file, also where the storage keeps beside it what its bytes hash to (ours alone)
    #[arg(long)]
    pub(crate) reread: bool,
    /// End with 0 where some files failed, as icloudpd does; without it with 3 (ours alone)
    #[arg(long)]
    pub(crate) icloudpd_exit_codes: bool,
    /// With `status`, `changes` and `config`: print JSON (ours alone)
    #[arg(long)]
    pub(crate) json: bool,
    /// With `doctor`: write what was found to this file, without names, addresses and secrets (ours alone)
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
    /// With `doctor`: where no session is saved, send the password once and say what Apple answers (ours alone)
    #[arg(long)]
    pub(crate) sign_in: bool,
    /// Speak to this host instead of idmsa.apple.com over https (ours alone)
    #[arg(long, value_name = "URL")]
    pub(crate) auth_endpoint: Option<String>,
    /// Speak to this host instead of setup.icloud.com over https (ours alone)
    #[arg(long, value_name = "URL")]
    pub(crate) setup_endpoint: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = COMMON)]
pub(crate) struct Common {
    /// Folder to download to
    #[arg(short = 'd', long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) directory: Option<OsString>,
    /// Sign in, save the session, stop
    #[arg(long)]
    pub(crate) auth_only: bool,
    /// Folder of the saved sessions
    #[arg(long, value_name = "FOLDER", default_value = "~/.pyicloud", value_hint = ValueHint::DirPath)]
    pub(crate) cookie_directory: OsString,
    /// Which file of a photo to download; repeatable. `medium` and `thumb` are always added to the file name,
    /// `adjusted` and `alternative` only where two files would have one name. A photo that has no such file is
    /// downloaded as `original`
    #[arg(long, ignore_case = true, value_enum, value_name = "SIZE", default_values = ["original"])]
    pub(crate) size: Vec<Size>,
    /// Which file of the movie of a Live Photo to download
    #[arg(long, ignore_case = true, value_enum, value_name = "SIZE", default_value = "original")]
    pub(crate) live_photo_size: LiveSize,
    /// Only the newest N photos and videos of each album, by the date they were taken
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) recent: Option<u64>,
    /// Leave the list of an album after N files in a row that are there already, counted from the newest photo. What
    /// lies behind is not looked at, and nothing is deleted in iCloud by such a run
    #[arg(long, value_name = "N", value_parser = int)]
    pub(crate) until_found: Option<i64>,
    /// Title of an album to download; repeatable. Without it the whole library is downloaded
    #[arg(short = 'a', long, value_name = "TITLE")]
    pub(crate) album: Vec<String>,
    /// Print the titles of all albums
    #[arg(short = 'l', long)]
    pub(crate) list_albums: bool,
    /// Library to download
    #[arg(long, value_name = "NAME", default_value = "PrimarySync")]
    pub(crate) library: String,
    /// Print the names of all libraries
    #[arg(long)]
    pub(crate) list_libraries: bool,
    /// No videos; movies of Live Photos are downloaded
    #[arg(long)]
    pub(crate) skip_videos: bool,
    /// No movies of Live Photos
    #[arg(long)]
    pub(crate) skip_live_photos: bool,
    /// Write an XMP file beside every photo
    #[arg(long)]
    pub(crate) xmp_sidecar: bool,
    /// Skip a photo that has no file of the wanted size
    #[arg(long)]
    pub(crate) force_size: bool,
    /// Remove local files of photos that are in "Recently Deleted"
    #[arg(long)]
    pub(crate) auto_delete: bool,
    /// Folders below the directory, from the date of the photo: a Python format string; `none` for no folders
    #[arg(long, value_name = "TEMPLATE", value_parser = folder_structure, default_value = "{:%Y/%m/%d}")]
    pub(crate) folder_structure: String,
    /// Write the date of the photo into JPEG files that have none, or into those of `--exif-datetime-format`
    #[arg(long)]
    pub(crate) set_exif_datetime: bool,
    /// Which files `--set-exif-datetime` is for, by their names; may be given more than once [default: jpeg]
    #[arg(long, value_name = "FORMAT", value_enum, ignore_case = true)]
    pub(crate) exif_datetime_format: Vec<ExifFormat>,
    /// User name at the mail server
    #[arg(long, value_name = "NAME")]
    pub(crate) smtp_username: Option<String>,
    /// Password at the mail server. Other users of the machine can see it: prefer the next way, or the environment
    /// variable ICLOUDPD_SMTP_PASSWORD
    #[arg(long, value_name = "PASSWORD")]
    pub(crate) smtp_password: Option<SecretString>,
    /// File whose first line is the password at the mail server (ours alone)
    #[arg(long, value_name = "FILE")]
    pub(crate) smtp_password_file: Option<PathBuf>,
    /// Mail server
    #[arg(long, value_name = "HOST", default_value = "smtp.gmail.com")]
    pub(crate) smtp_host: String,
    /// Port of the mail server
    #[arg(long, value_name = "PORT", value_parser = int, default_value = "587")]
    pub(crate) smtp_port: i64,
    /// No TLS to the mail server
    #[arg(long)]
    pub(crate) smtp_no_tls: bool,
    /// Address to tell when a code is needed
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) notification_email: Option<String>,
    /// Sender of that mail
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) notification_email_from: Option<String>,
    /// Program to start when a code is needed
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) notification_script: Option<PathBuf>,
    /// Address to which a notification is sent as JSON, with POST (ours alone)
    #[arg(long, value_name = "URL")]
    pub(crate) notification_webhook: Option<SecretString>,
    /// What to notify of, separated by commas (ours alone)
    #[arg(
        long,
        value_name = "EVENTS",
        ignore_case = true,
        value_enum,
        value_delimiter = ',',
        default_value = "needs-person"
    )]
    pub(crate) notify_on: Vec<NotifyOn>,
    /// How many days before Apple's trust in this machine ends to say so (ours alone)
    #[arg(long, value_name = "DAYS", value_parser = count, default_value = "7")]
    pub(crate) notify_days_before: u64,
    /// Delete a photo in iCloud after it was downloaded
    #[arg(long)]
    pub(crate) delete_after_download: bool,
    /// Delete photos in iCloud that are older than this many days
    #[arg(long, value_name = "DAYS", value_parser = int)]
    pub(crate) keep_icloud_recent_days: Option<i64>,
    /// Say what would be done and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Keep letters outside ASCII in file names; without it they are left out
    #[arg(long)]
    pub(crate) keep_unicode_in_filenames: bool,
    /// Name of the movie of a HEIC Live Photo: `suffix` adds `_HEVC`, `original` adds nothing
    #[arg(long, ignore_case = true, value_enum, value_name = "POLICY", default_value = "suffix")]
    pub(crate) live_photo_mov_filename_policy: LiveNaming,
    /// Which half of a RAW+JPEG pair counts as the original
    #[arg(long, ignore_case = true, value_enum, value_name = "HALF", default_value = "as-is")]
    pub(crate) align_raw: AlignRaw,
    /// How photos with one name are told apart: by adding the size where names clash, or an id to every name
    #[arg(
        long,
        ignore_case = true,
        value_enum,
        value_name = "POLICY",
        default_value = "name-size-dedup-with-suffix"
    )]
    pub(crate) file_match_policy: MatchPolicy,
    /// Skip what was created before this date (2025-01-02) or this many days ago (20d)
    #[arg(long, value_name = "DATE", value_parser = date_limit)]
    pub(crate) skip_created_before: Option<DateLimit>,
    /// Skip what was created after this date (2025-01-02) or this many days ago (20d)
    #[arg(long, value_name = "DATE", value_parser = date_limit)]
    pub(crate) skip_created_after: Option<DateLimit>,
    /// No photos
    #[arg(long)]
    pub(crate) skip_photos: bool,
    /// Lay a tree over the copy, in the folder NAME below the directory, by {album_path}, {album}, {library} and dates such as
    /// {:%Y/%m}; repeatable: albums:{album_path} (ours alone)
    #[arg(long, value_name = "NAME:TEMPLATE", value_parser = view)]
    pub(crate) view: Vec<View>,
    /// What views are made of [default: hard links where the disk knows them, else symbolic links, else a manifest] (ours
    /// alone)
    #[arg(long, value_enum, value_name = "KIND", ignore_case = true)]
    pub(crate) view_as: Option<ViewAs>,
    /// What to do about files that were fetched and are gone: `restore` fetches them again, `respect` leaves them (ours
    /// alone)
    #[arg(long, value_enum, value_name = "WHAT", default_value = "restore")]
    pub(crate) missing: Missing,
    /// With `--auto-delete`: move files to the folder .icloud-photos-trash in place of removing them (ours alone)
    #[arg(long)]
    pub(crate) use_trash: bool,
    /// Remove nothing, in iCloud or here, when it would be more than this share of all and more than 20; 100 is no limit
    /// (ours alone)
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "5")]
    pub(crate) remove_at_most: f64,
}

#[derive(Debug, Args)]
#[command(next_help_heading = USER)]
pub(crate) struct User {
    /// Apple ID; starts the section of one user
    #[arg(short = 'u', long, value_name = "EMAIL", value_parser = StringValueParser::new().map(|name| name.to_lowercase()))]
    pub(crate) username: Option<String>,
    /// Password for the provider `parameter`. Other users of the machine can see it: prefer one of the next ways,
    /// or the environment variable ICLOUDPD_PASSWORD
    #[arg(short = 'p', long, value_name = "PASSWORD")]
    pub(crate) password: Option<SecretString>,
    /// File whose first line is the password (ours alone)
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Shell command whose first line of output is the password (ours alone)
    #[arg(long, value_name = "COMMAND")]
    pub(crate) password_command: Option<String>,
    /// The password did not come from the command line, which others can see.
    #[arg(skip)]
    pub(crate) password_is_private: bool,
}

macro_rules! choices {
    ($($(#[$meta:meta])* $name:ident { $($variant:ident),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
        pub(crate) enum $name { $($variant),+ }
    )+};
}

choices! {
    LogLevel { Debug, Info, Error }
    Domain { Com, Cn }
    PasswordProvider { Console, Keyring, Parameter, Webui }
    MfaProvider { Console, Webui }
    Size { Original, Medium, Thumb, Adjusted, Alternative }
    LiveSize { Original, Medium, Thumb }
    LiveNaming { Suffix, Original }
    AlignRaw { AsIs, Original, Alternative }
    ExifFormat { Jpeg, Png, Heic, Avif, Webp }
    MatchPolicy { NameSizeDedupWithSuffix, NameId7 }
    Missing { Restore, Respect }
    ViewAs { Hardlink, Reflink, Symlink, Copy, Manifest }
    NotifyOn { NeedsPerson, SessionEnds, RunDone, RunFailed }
}

impl Size {
    /// As typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Medium => "medium",
            Self::Thumb => "thumb",
            Self::Adjusted => "adjusted",
            Self::Alternative => "alternative",
        }
    }
}
