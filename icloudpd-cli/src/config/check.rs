//! What goes together on a command line.

use icloud_photos::sync::View;
use icloud_photos::sync::layout::LocalZone;
use icloud_photos::sync::store::AnyCatalogues;

use crate::args::{Common, Global, UsageError, User, Verb, python_repr};

/// The checks of icloudpd, in its order, and two of ours: a line without a user, and a negative interval.
pub(super) fn check(verb: Verb, global: &Global, sections: &[(Common, User)]) -> Result<(), UsageError> {
    let any = |test: fn(&Common) -> bool| sections.iter().any(|(common, _)| test(common));
    let watching = global.watch_with_interval.is_some_and(|seconds| seconds != 0);
    let stops_early = |common: &Common| common.list_albums || common.list_libraries || common.auth_only;
    let complaint = if any(|common| common.skip_videos && common.skip_photos) {
        "Only one of --skip-videos and --skip-photos can be used at a time for each configuration"
    } else if verb != Verb::Doctor
        && any(|common| {
            let directory = common.directory.as_ref().is_some_and(|path| !path.is_empty());
            !(common.list_albums || common.list_libraries || common.auth_only || directory)
        })
    {
        "--auth-only, --directory, --list-libraries, or --list-albums are required for each configuration"
    } else if any(|common| common.auto_delete && common.delete_after_download) {
        "--auto-delete and --delete-after-download are mutually exclusive per configuration"
    } else if any(|common| common.keep_icloud_recent_days.is_some() && common.delete_after_download) {
        "--keep-icloud-recent-days and --delete-after-download should not be used together in one configuration"
    } else if any(|common| common.keep_icloud_recent_days.is_some_and(|days| days < 0)) {
        "argument --keep-icloud-recent-days: must not be negative"
    } else if any(|common| common.use_trash && !common.auto_delete) {
        "--use-trash belongs to: --auto-delete"
    } else if any(|common| !common.exif_datetime_format.is_empty() && !common.set_exif_datetime) {
        "--exif-datetime-format belongs to: --set-exif-datetime"
    } else if any(|common| common.view_as.is_some() && common.view.is_empty()) {
        "--view-as belongs to: --view"
    } else if any(|common| !common.view.is_empty() && has_one_folder_twice(&common.view)) {
        "argument --view: two views have one name, and so one folder"
    } else if watching && (any(stops_early) || global.only_print_filenames) {
        "--watch-with-interval is not compatible with --list-albums, --list-libraries, --only-print-filenames, and \
         --auth-only"
    } else if sections.is_empty() {
        "No --username was given; nothing was done. Name the Apple ID with --username, or see --help"
    } else if !matches!(verb, Verb::Run | Verb::Config)
        && (any(stops_early) || global.only_print_filenames || watching)
    {
        "adopt, verify, status, plan, changes and doctor go with --directory alone, not with --auth-only, --list-albums, \
         --list-libraries, --only-print-filenames or --watch-with-interval"
    } else if verb != Verb::Verify && (global.repair || global.sample.is_some()) {
        "--repair and --sample belong to: icloudpd verify"
    } else if global.catalogue_snapshot && matches!(global.catalogue, Some(AnyCatalogues::Database(_))) {
        "--catalogue-snapshot goes with catalogues in a folder; a database is backed up by its own means"
    } else if !matches!(verb, Verb::Adopt | Verb::Verify) && global.reread {
        "--reread belongs to: icloudpd adopt, icloudpd verify"
    } else if verb != Verb::Doctor && (global.bundle.is_some() || global.sign_in) {
        "--bundle and --sign-in belong to: icloudpd doctor"
    } else if verb == Verb::Verify && any(|common| common.dry_run) {
        "--dry-run does not go with: icloudpd verify. Without --repair it changes no file"
    } else if !matches!(verb, Verb::Status | Verb::Changes | Verb::Config) && global.json {
        "--json belongs to: icloudpd status, icloudpd changes, icloudpd config"
    } else if !verb.is_offline(global.repair)
        && sections.iter().any(|(_, user)| user.username.as_deref().is_none_or(|name| name.trim().is_empty()))
    {
        "argument -u/--username: must not be empty"
    } else if global.watch_with_interval.is_some_and(|seconds| seconds < 0) {
        "argument --watch-with-interval: must not be negative"
    } else if !matches!(verb, Verb::Run | Verb::Config) && global.report_json.is_some() {
        "--report-json belongs to runs, not to adopt, verify, status, plan, changes and doctor"
    } else if global.report_json.as_deref() == Some(std::path::Path::new("-")) {
        "argument --report-json: standard output has the log; name a file"
    } else if any(|common| common.smtp_password.is_some() && common.smtp_password_file.is_some()) {
        "Only one of --smtp-password and --smtp-password-file can be used for each configuration"
    } else {
        let places = sections.iter().any(|(common, _)| !stops_early(common));
        return if places && verb.places(global.repair) { require_zone() } else { Ok(()) };
    };
    Err(UsageError::Argument(complaint.to_owned()))
}

fn has_one_folder_twice(views: &[View]) -> bool {
    let names: Vec<_> = views.iter().map(|view| view.name().to_lowercase()).collect();
    names.iter().enumerate().any(|(place, name)| names[..place].contains(name))
}

/// Folders and dates are of the zone of this computer. icloudpd ends in a stack trace where `TZ` is unknown.
fn require_zone() -> Result<(), UsageError> {
    let Err(error) = LocalZone::system() else { return Ok(()) };
    let name = error.context().find(|(key, _)| *key == "TZ").map_or("", |(_, name)| name);
    let text = format!(
        "environment variable TZ: no such time zone: {}. Set it to a name such as Europe/Berlin",
        python_repr(name)
    );
    Err(UsageError::Argument(text))
}
