//! The sets of options under which our icloudpd must do what the real one does.

/// One set: a row of the report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Set {
    pub(crate) name: &'static str,
    /// The options, for both programs. `{shared}` and `{album}` stand for names of the fake's library.
    pub(crate) options: &'static [&'static str],
    /// The zone of the host.
    pub(crate) tz: &'static str,
    pub(crate) start: Start,
    pub(crate) compare: Compare,
    /// Signs in with password and code instead of taking over a saved session.
    pub(crate) sign_in: bool,
    /// The exceptions that it leans on, and how lines about them begin.
    pub(crate) allows: &'static [(&'static str, &'static str)],
}

/// What lies in the folder when the programs start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing.
    Empty,
    /// What a first run of the same program with the same options left.
    SecondRun,
    /// The same for both: half a library of the real icloudpd, some of it cut short, removed, renamed.
    Prefilled,
}

/// What is compared beside the exit code and the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    /// Nothing more.
    Tree,
    /// What stands on stdout, line by line.
    Printed,
    /// The same; where photos clash ours prints other names, each of which stands in `exceptions.txt`.
    Names,
    /// Libraries on stdout, in any order (the real one has the order of a hash).
    Libraries,
}

const BASE: Set = Set {
    name: "",
    options: &[],
    tz: "UTC",
    start: Start::Empty,
    compare: Compare::Tree,
    sign_in: false,
    allows: &[],
};

const fn tree(name: &'static str, options: &'static [&'static str]) -> Set {
    Set { name, options, ..BASE }
}

const fn names(name: &'static str, options: &'static [&'static str]) -> Set {
    Set { name, options, compare: Compare::Names, allows: &[("O2", "printed ")], ..BASE }
}

const fn printed(name: &'static str, options: &'static [&'static str]) -> Set {
    Set { name, options, compare: Compare::Printed, ..BASE }
}

/// Every set there is.
pub(crate) const SETS: &[Set] = &[
    Set { sign_in: true, ..tree("default options, whole sign-in", &[]) },
    Set { start: Start::SecondRun, ..tree("second run on a full tree", &[]) },
    Set { start: Start::Prefilled, ..tree("tree half filled and damaged", &[]) },
    // Last of all comes a photo of the year 1, and west of Greenwich the real one dies of it.
    Set { tz: "America/Los_Angeles", ..tree("host in Los Angeles", &["--recent", "250"]) },
    Set {
        tz: "Asia/Kathmandu",
        ..tree("host in Kathmandu, hours in folders", &["--folder-structure", "{:%Y-%m-%d/%H%M%z}"])
    },
    tree("size medium", &["--size", "medium"]),
    tree("size thumb", &["--size", "thumb"]),
    tree("size adjusted", &["--size", "adjusted"]),
    tree("size alternative", &["--size", "alternative"]),
    tree(
        "sizes original, medium, thumb",
        &["--size", "original", "--size", "medium", "--size", "thumb", "--recent", "250"],
    ),
    tree(
        "sizes original, adjusted, alternative",
        &["--size", "original", "--size", "adjusted", "--size", "alternative"],
    ),
    tree("sizes adjusted, alternative", &["--size", "adjusted", "--size", "alternative"]),
    tree("recent 37", &["--recent", "37"]),
    tree("recent 0", &["--recent", "0"]),
    tree("recent 150 without videos", &["--recent", "150", "--skip-videos"]),
    tree("no folders", &["--folder-structure", "none"]),
    tree("folders by year", &["--folder-structure", "{:%Y}", "--recent", "200"]),
    tree("folders by numbered fields", &["--folder-structure", "{0:%Y}/{0:%B}/by {0:%A}", "--recent", "200"]),
    tree("skip videos", &["--skip-videos"]),
    tree("skip live photos", &["--skip-live-photos"]),
    tree("skip videos and live photos", &["--skip-videos", "--skip-live-photos", "--size", "medium"]),
    tree("smart album", &["--album", "Favorites"]),
    tree("smart album Hidden", &["--album", "Hidden"]),
    tree("user album", &["--album", "{album}"]),
    tree("two albums", &["--album", "{album}", "--album", "Live"]),
    tree("shared library", &["--library", "{shared}"]),
    Set {
        start: Start::SecondRun,
        ..tree(
            "second run, other sizes, no folders",
            &["--size", "adjusted", "--size", "thumb", "--folder-structure", "none", "--recent", "300"],
        )
    },
    tree("dry run", &["--dry-run", "--recent", "300"]),
    Set { start: Start::Prefilled, ..names("print names, tree half filled", &["--only-print-filenames"]) },
    names("print names", &["--only-print-filenames"]),
    names(
        "print names of sizes",
        &["--only-print-filenames", "--size", "original", "--size", "adjusted", "--recent", "250"],
    ),
    printed("list albums", &["--list-albums", "--log-level", "error"]),
    Set {
        compare: Compare::Libraries,
        ..tree("list libraries", &["--list-libraries", "--log-level", "error"])
    },
    Set {
        // Of two assets of one original each program describes another; pixels of an edit are turned already.
        allows: &[
            ("C7", "sidecar *: tiff:Orientation is Some([\"6\"]) there, None in ours"),
            ("C5", "sidecar "),
        ],
        ..tree(
            "sidecars of everything",
            &[
                "--xmp-sidecar",
                "--size",
                "original",
                "--size",
                "adjusted",
                "--skip-created-before",
                "2000-01-01",
            ],
        )
    },
    tree("smart album Time-lapse", &["--album", "Time-lapse"]),
    tree("smart album Slo-mo", &["--album", "Slo-mo"]),
    tree("smart album Bursts", &["--album", "Bursts"]),
    tree("smart album Panoramas", &["--album", "Panoramas"]),
    tree("smart album Screenshots", &["--album", "Screenshots"]),
    tree("smart album Recently Deleted", &["--album", "Recently Deleted"]),
    tree("user album of a shared library", &["--library", "{shared}", "--album", "{album}"]),
    tree("unknown album", &["--album", "No such album"]),
    tree("unknown library", &["--library", "No such library"]),
];
