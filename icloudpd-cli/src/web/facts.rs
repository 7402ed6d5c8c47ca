//! What a person may want to know of the configuration. It is chosen line by line, so that no secret slips in.

use crate::config::{Account, Config, Download, MoveOut, Task};

/// A name and a value for each line; of all accounts, and of each.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) common: Vec<Fact>,
    pub(super) accounts: Vec<Vec<Fact>>,
}

pub(super) type Fact = (&'static str, String);

impl Facts {
    pub(super) fn of(config: &Config) -> Self {
        let providers: Vec<_> =
            config.providers.iter().map(|provider| format!("{provider:?}").to_lowercase()).collect();
        let common = vec![
            ("Version", env!("CARGO_PKG_VERSION").to_owned()),
            ("Passwords come from", providers.join(", ")),
            ("Codes come from", format!("{:?}", config.mfa).to_lowercase()),
            ("Downloads at a time", config.threads.to_string()),
        ];
        Self { common, accounts: config.accounts.iter().map(account).collect() }
    }
}

fn account(account: &Account) -> Vec<Fact> {
    let mut facts = match &account.task {
        Task::SignIn => vec![("Task", "sign in only".to_owned())],
        Task::ListLibraries => vec![("Task", "list libraries".to_owned())],
        Task::ListAlbums { library } => {
            vec![("Task", "list albums".to_owned()), ("Library", library.clone())]
        }
        Task::Download(download) => copy(download),
    };
    facts.push(("Sessions", account.sessions.display().to_string()));
    facts
}

fn copy(download: &Download) -> Vec<Fact> {
    let sizes: Vec<_> = download.sizes.iter().map(|size| size.name()).collect();
    let albums =
        if download.albums.is_empty() { "all photos".to_owned() } else { download.albums.join(", ") };
    let mut facts = vec![
        ("Folder", download.directory.display().to_string()),
        ("Folders below", download.folder_structure.clone()),
        ("Library", download.library.clone()),
        ("Albums", albums),
        ("Sizes", sizes.join(", ")),
    ];
    let removals = &download.removals;
    let more = [
        ("Newest only", download.recent.map(|count| count.to_string())),
        ("No photos", download.skip_photos.then(yes)),
        ("No videos", download.skip_videos.then(yes)),
        ("No Live Photo movies", download.skip_live_photos.then(yes)),
        ("Dry run", download.dry_run.then(yes)),
        ("Deleted in iCloud is deleted here", removals.auto_delete.then(yes)),
        (
            "Photos leave iCloud",
            removals.move_out.map(|rule| match rule {
                MoveOut::OlderThan(days) => format!("when they are {days} days old"),
                MoveOut::Downloaded => "once they are here".to_owned(),
            }),
        ),
    ];
    facts.extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
    facts
}

fn yes() -> String {
    "yes".to_owned()
}
