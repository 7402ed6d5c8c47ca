//! Where ours does otherwise than the real icloudpd, and why. `docs/differences.md` is this table for people.

/// One difference.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "what is said is for the page, which a test makes"))]
pub(super) struct Difference {
    /// That of section 9 of the reference page, or one of our own (`O`).
    pub(super) id: &'static str,
    pub(super) theirs: &'static str,
    pub(super) ours: &'static str,
    pub(super) why: &'static str,
    /// The test that shows what ours does, by the name of its function or of its row in the conformance run.
    pub(super) test: &'static str,
}

pub(super) fn find(id: &str) -> Option<&'static Difference> {
    DIFFERENCES.iter().find(|difference| difference.id == id)
}

include!("differences_table.rs");

/// The table as a page.
#[cfg(test)]
fn page() -> String {
    let mut page = String::from(HEAD);
    for one in DIFFERENCES {
        page.push_str(&format!(
            "| {} | {} | {} | {} | `{}` |\n",
            one.id, one.theirs, one.ours, one.why, one.test
        ));
    }
    page
}

#[cfg(test)]
const HEAD: &str = "# Where this differs from the Python icloudpd\n\n\
    Made from `xtask/src/conformance/differences_table.rs` by `WRITE_PAGES=1 cargo test -p xtask`; a test fails when they differ.\n\n\
    | | icloudpd 1.32.3 | here | why | shown by |\n|---|---|---|---|---|\n";

#[cfg(test)]
mod tests {
    use super::super::proofs;
    use super::*;

    #[test]
    fn the_page_of_differences_is_the_table() {
        proofs::page_is("differences.md", &page());
    }

    #[test]
    fn every_difference_has_a_test_that_exists() {
        let missing: Vec<_> =
            DIFFERENCES.iter().filter(|one| !proofs::exists(one.test)).map(|one| one.test).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn no_id_stands_twice() {
        let ids: std::collections::BTreeSet<_> = DIFFERENCES.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), DIFFERENCES.len());
    }
}
