//! What goes together on a command line, and what cannot be done yet.

use crate::args::{Common, Global, MfaProvider, PasswordProvider, UsageError, User, Verb};

/// The checks of icloudpd, in its order, and two of ours: a line without a user, and a negative interval.
pub(super) fn check(verb: Verb, global: &Global, sections: &[(Common, User)]) -> Result<(), UsageError> {
    let any = |test: fn(&Common) -> bool| sections.iter().any(|(common, _)| test(common));
    let watching = global.watch_with_interval.is_some_and(|seconds| seconds != 0);
    let stops_early = |common: &Common| common.list_albums || common.list_libraries || common.auth_only;
    let complaint = if any(|common| common.skip_videos && common.skip_photos) {
        "Only one of --skip-videos and --skip-photos can be used at a time for each configuration"
    } else if any(|common| {
        let directory = common.directory.as_ref().is_some_and(|path| !path.is_empty());
        !(common.list_albums || common.list_libraries || common.auth_only || directory)
    }) {
        "--auth-only, --directory, --list-libraries, or --list-albums are required for each configuration"
    } else if any(|common| common.auto_delete && common.delete_after_download) {
        "--auto-delete and --delete-after-download are mutually exclusive per configuration"
    } else if any(|common| common.keep_icloud_recent_days.is_some() && common.delete_after_download) {
        "--keep-icloud-recent-days and --delete-after-download should not be used together in one configuration"
    } else if any(|common| common.keep_icloud_recent_days.is_some_and(|days| days < 0)) {
        "argument --keep-icloud-recent-days: must not be negative"
    } else if any(|common| common.use_trash && !common.auto_delete) {
        "--use-trash belongs to: --auto-delete"
    } else if watching && (any(stops_early) || global.only_print_filenames) {
        "--watch-with-interval is not compatible with --list-albums, --list-libraries, --only-print-filenames, and \
         --auth-only"
    } else if sections.is_empty() {
        "No --username was given; nothing was done. Name the Apple ID with --username, or see --help"
    } else if verb != Verb::Run && (any(stops_early) || global.only_print_filenames || watching) {
        "adopt, verify, status, plan and changes go with --directory alone, not with --auth-only, --list-albums, \
         --list-libraries, --only-print-filenames or --watch-with-interval"
    } else if verb != Verb::Verify && (global.repair || global.sample.is_some()) {
        "--repair and --sample belong to: icloudpd verify"
    } else if verb == Verb::Verify && any(|common| common.dry_run) {
        "--dry-run does not go with: icloudpd verify. Without --repair it changes no file"
    } else if !matches!(verb, Verb::Status | Verb::Changes) && global.json {
        "--json belongs to: icloudpd status, icloudpd changes"
    } else if !verb.is_offline(global.repair)
        && sections.iter().any(|(_, user)| user.username.as_deref().is_none_or(|name| name.trim().is_empty()))
    {
        "argument -u/--username: must not be empty"
    } else if global.watch_with_interval.is_some_and(|seconds| seconds < 0) {
        "argument --watch-with-interval: must not be negative"
    } else {
        return Ok(());
    };
    Err(UsageError::Argument(complaint.to_owned()))
}

/// Options of icloudpd that this version knows but cannot do: better to stop than to leave them out in silence.
pub(super) fn refuse(global: &Global, sections: &[(Common, User)]) -> Result<(), UsageError> {
    let any = |test: fn(&Common) -> bool| sections.iter().any(|(common, _)| test(common));
    let wanted = [
        ("--watch-with-interval", global.watch_with_interval.is_some_and(|seconds| seconds != 0)),
        ("--password-provider webui", global.password_provider.contains(&PasswordProvider::Webui)),
        ("--mfa-provider webui", global.mfa_provider == MfaProvider::Webui),
        ("--xmp-sidecar", any(|common| common.xmp_sidecar)),
        ("--set-exif-datetime", any(|common| common.set_exif_datetime)),
        ("--smtp-username", any(|common| common.smtp_username.is_some())),
        ("--notification-email", any(|common| common.notification_email.is_some())),
        ("--notification-script", any(|common| common.notification_script.is_some())),
    ];
    let refused: Vec<&str> =
        wanted.into_iter().filter(|(_, given)| *given).map(|(option, _)| option).collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(UsageError::Argument(format!("{}: not yet in this version; nothing was done", refused.join(", "))))
}
