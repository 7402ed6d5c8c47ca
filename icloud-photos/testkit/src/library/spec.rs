//! What a library is made of, and the switches that change how it answers.

use super::exact::ExactAsset;

/// What a generated library looks like. Everything follows from these values: two libraries of one spec are
/// equal, record names, bytes and tokens included.
#[derive(Debug, Clone)]
pub struct LibrarySpec {
    /// Everything else follows from this number.
    pub seed: u64,
    /// How varied the assets are.
    pub profile: Profile,
    /// How many assets the personal library holds, those in Recently Deleted and Hidden included; twins and the
    /// big file come on top.
    pub assets: u64,
    /// [`Profile::Plain`]: bytes of every original.
    pub file_size: u64,
    /// [`Profile::Plain`]: bytes of one more asset, the newest.
    pub big_file: Option<u64>,
    /// Add two different photos with the same name, date and length.
    pub same_length_twins: bool,
    /// [`Profile::Exact`]: the assets.
    pub exact: Vec<ExactAsset>,
    /// Whether there is a Shared Photo Library, and in which database.
    pub shared_library: SharedLibrary,
    /// How many assets the Shared Photo Library holds.
    pub shared_assets: u64,
    /// How the library answers at first; [`Library::switch`](super::Library::switch) changes it later.
    pub switches: Switches,
}

/// How varied the assets of a library are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// JPEGs of one size with the usual small renditions, in one library without albums.
    Plain,
    /// Every kind of asset and album a healthy library has; nothing that ends a run of icloudpd 1.32.3.
    Everyday,
    /// The same, with damaged records, unknown types and stale checksums among them.
    Wild,
    /// The assets of a list, and no others.
    Exact,
}

/// Where the account sees a Shared Photo Library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedLibrary {
    /// There is none.
    None,
    /// In the private database: the account made it.
    Owner,
    /// In the shared database: the account was invited.
    Participant,
}

/// How a library answers, apart from what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// The `state` that `CheckIndexingState` gives; `FINISHED` when all is well.
    pub indexing_state: String,
    /// The order of records in one page.
    pub page_order: PageOrder,
    /// The asset record of the last photo of a page comes on the page after it.
    pub split_pairs: bool,
    /// So many assets never appear in a list, while counts still include them.
    pub missing_from_lists: u64,
    /// Seconds from an answer until its links expire.
    pub link_lifetime: i64,
    /// What an expired link answers.
    pub expired_link: ExpiredLink,
    /// Change feeds have pages without records now and then, with more to come.
    pub empty_change_pages: bool,
    /// Whether the account may use the database.
    pub access: Access,
    /// The shared database answers `ZONE_NOT_FOUND` to everything.
    pub shared_database_fails: bool,
}

/// The order of records in one page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOrder {
    /// All masters, then all assets, as recorded.
    MastersFirst,
    /// The asset, then its master, photo by photo.
    Interleaved,
}

/// What an expired link answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiredLink {
    /// 410 without a body.
    Gone,
    /// 400 with the body `{}`, as recorded.
    BadRequest,
}

/// Whether the account may use the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It may.
    Granted,
    /// `ACCESS_DENIED`, "private db access disabled for this account".
    Denied,
    /// `ZONE_NOT_FOUND`: iCloud Photos was never set up.
    NeverSetUp,
}

impl LibrarySpec {
    /// Equal JPEGs of `file_size` bytes, for benches.
    pub fn plain(assets: u64, file_size: u64) -> Self {
        Self {
            seed: 1,
            profile: Profile::Plain,
            assets,
            file_size,
            big_file: None,
            same_length_twins: false,
            exact: Vec::new(),
            shared_library: SharedLibrary::None,
            shared_assets: 0,
            switches: Switches::default(),
        }
    }

    /// Every healthy kind of asset and album, and a Shared Photo Library with a tenth as many assets.
    pub fn everyday(seed: u64, assets: u64) -> Self {
        Self {
            seed,
            profile: Profile::Everyday,
            shared_library: SharedLibrary::Owner,
            shared_assets: assets / 10,
            ..Self::plain(assets, 0)
        }
    }

    /// Everyday, with everything that can be wrong with a record, same-length twins and pairs that are split
    /// over two pages included.
    pub fn wild(seed: u64, assets: u64) -> Self {
        Self { profile: Profile::Wild, same_length_twins: true, ..Self::everyday(seed, assets) }
            .with(|switches| switches.split_pairs = true)
    }

    /// Just these assets. There is a Shared Photo Library if one of them is in it.
    pub fn exact(seed: u64, assets: Vec<ExactAsset>) -> Self {
        let shared = assets.iter().any(ExactAsset::is_shared);
        let shared_library = if shared { SharedLibrary::Owner } else { SharedLibrary::None };
        Self { seed, profile: Profile::Exact, shared_library, exact: assets, ..Self::plain(0, 0) }
    }

    /// Adds one asset of `bytes` bytes to a plain library.
    #[must_use]
    pub fn with_big_file(mut self, bytes: u64) -> Self {
        self.big_file = Some(bytes);
        self
    }

    /// Adds two different photos with the same name, date and length.
    #[must_use]
    pub fn with_same_length_twins(mut self) -> Self {
        self.same_length_twins = true;
        self
    }

    /// Sets where the Shared Photo Library is, and its size.
    #[must_use]
    pub fn with_shared_library(mut self, at: SharedLibrary, assets: u64) -> Self {
        self.shared_library = at;
        self.shared_assets = assets;
        self
    }

    /// Changes the switches.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Switches)) -> Self {
        change(&mut self.switches);
        self
    }
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            indexing_state: "FINISHED".to_owned(),
            page_order: PageOrder::MastersFirst,
            split_pairs: false,
            missing_from_lists: 0,
            link_lifetime: 3600,
            expired_link: ExpiredLink::Gone,
            empty_change_pages: true,
            access: Access::Granted,
            shared_database_fails: false,
        }
    }
}
