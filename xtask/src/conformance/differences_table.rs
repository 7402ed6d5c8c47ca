// The table; part of `differences`.

const DIFFERENCES: &[Difference] = &[
    Difference {
        id: "F2",
        theirs: "`--only-print-filenames` with `--keep-icloud-recent-days` moves photos to Recently Deleted, and fetches none",
        ours: "changes nothing, here or there",
        why: "photos would be lost",
        test: "move: names alone",
        rows: &[],
    },
    Difference {
        id: "F8",
        theirs: "one record that cannot be read ends the run",
        ours: "that photo is told, or gets a name made of its id, and the run goes on",
        why: "one photo must not keep all others from being copied",
        test: "odd: no base64",
        rows: &[],
    },
    Difference {
        id: "F9",
        theirs: "`--live-photo-size thumb` ends the run",
        ours: "the smallest film, named `-thumb.MOV`",
        why: "it is an option like the others",
        test: "museum: live thumb",
        rows: &[],
    },
    Difference {
        id: "C3",
        theirs: "`--auto-delete` removes whatever has a name that a deleted photo may have had",
        ours: "removes files that the catalogue knows as those photos, with the bytes that were stored",
        why: "another photo may have the name",
        test: "test_autodelete_photos",
        rows: &[],
    },
];
