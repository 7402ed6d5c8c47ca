//! For people who write a storage or a catalogue of their own: the tests each must pass, and a storage that fails on
//! purpose.
//!
//! In a test file of your crate, with `icloud-photos` among the dev-dependencies and its feature `testing` on:
//!
//! ```
//! use icloud_photos::storage::MemoryStorage;
//!
//! /// An empty storage, and whatever must live as long as it (a temporary folder, a server); here nothing.
//! async fn make() -> (MemoryStorage, ()) {
//!     (MemoryStorage::new(), ())
//! }
//!
//! mod my_storage {
//!     icloud_photos::storage_conformance!(super::make);
//! }
//! # fn main() {}
//! ```
//!
//! Each promise of the [`Storage`](crate::storage::Storage) trait becomes one `#[test]`. What a storage says it cannot
//! do ([`Capabilities`](crate::storage::Capabilities)) is not asked of it. For a
//! [`Catalogue`](crate::sync::catalogue::Catalogue) there is [`catalogue_conformance!`](crate::catalogue_conformance).

// These are tests: a broken promise is a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[doc(hidden)]
pub mod catalogue;
mod chaos;

pub use self::chaos::ChaosStorage;

/// Stamps the conformance tests for a storage into the module where it stands; see [`testing`](crate::testing).
///
/// Takes the path of an `async fn` without arguments that returns an empty storage and a guard that is dropped after
/// the test.
#[macro_export]
macro_rules! storage_conformance {
    ($make:path) => {
        $crate::storage_conformance!(@promises tests $make);
    };
    (@promises $into:ident $($make:path)?) => {
        $crate::storage_conformance! {
            @$into $($make)?;
            nothing_stands_in_an_empty_storage
            files_of_every_size_read_back
            many_are_asked_about_in_order
            reading_may_start_anywhere
            nothing_shows_before_commit
            abort_leaves_nothing
            restart_forgets_the_bytes
            commit_never_replaces_unless_told
            times_are_kept
            metadata_is_kept
            folders_come_with_their_files
            names_are_kept_exactly
            names_that_are_too_long_are_refused
            upper_and_lower_case_differ
            a_dropped_write_is_resumed
            parts_are_found_by_name_and_folder_only
            writers_of_one_part_do_not_clash
            one_of_many_writers_wins_a_name
            a_file_is_not_a_folder
            the_root_is_not_a_file
            part_names_stay_in_their_folder
            removing_twice_is_no_error
            many_files_at_once
            flushing_is_always_possible
            links_are_second_names
            looking_tells_files_from_other_things
            folders_are_pruned_only_when_empty
            failures_never_leave_a_wrong_file
        }
    };
    (@tests $make:path; $($name:ident)*) => {$(
        #[test]
        fn $name() {
            $crate::testing::storage::run(async {
                let (storage, guard) = $make().await;
                $crate::testing::storage::$name(::std::sync::Arc::new(storage)).await;
                drop(guard);
            });
        }
    )*};
    (@functions; $($name:ident)*) => {
        [$((stringify!($name), |storage| Box::pin($crate::testing::storage::$name(storage)))),*]
    };
}

// Below the macro, which it uses.
#[doc(hidden)]
pub mod storage;

/// Stamps the conformance tests for a catalogue into the module where it stands; see [`testing`](crate::testing).
///
/// Takes the path of an `async fn` without arguments that returns an empty catalogue and a guard that is dropped after
/// the test, or an [`Option`] of both: `None` where what it needs is not on the machine, and the tests are passed over.
#[macro_export]
macro_rules! catalogue_conformance {
    ($make:path) => {
        $crate::catalogue_conformance! {
            @tests $make;
            an_empty_one_knows_nothing
            every_field_is_kept
            every_role_and_status_is_kept
            members_come_in_order_until_they_are_gone
            owed_removals_come_in_order_until_they_are_sent
            sent_removals_come_in_pages
            odd_texts_and_numbers_are_kept
            the_last_row_of_a_key_counts
            what_is_gone_goes_first
            assets_come_in_pages
            masters_find_their_assets
            removal_is_exact
            answers_come_in_the_order_of_the_questions
            paths_and_checksums_find_their_rows
            old_paths_and_checksums_find_nothing
            pages_hold_every_row_once_in_order
            pages_of_one_library
            pages_of_what_failed
            a_file_has_a_row_in_each_tree
            libraries_do_not_mix
            progress_is_kept_for_each_selection
            a_roll_is_kept_as_long_as_its_listing_is_pending
            totals_count_what_is_there
            the_store_changes_only_while_there_are_no_files
            batches_are_seen_whole
        }
    };
    (@tests $make:path; $($name:ident)*) => {$(
        #[test]
        fn $name() {
            $crate::testing::storage::run(async {
                let Some((catalogue, guard)) = $crate::testing::Made::made($make().await) else { return };
                $crate::testing::catalogue::$name(::std::sync::Arc::new(catalogue)).await;
                drop(guard);
            });
        }
    )*};
}

/// What the function that a suite is given may give back.
#[doc(hidden)]
pub trait Made<T, G> {
    fn made(self) -> Option<(T, G)>;
}

impl<T, G> Made<T, G> for (T, G) {
    fn made(self) -> Option<Self> {
        Some(self)
    }
}

impl<T, G> Made<T, G> for Option<(T, G)> {
    fn made(self) -> Self {
        self
    }
}
