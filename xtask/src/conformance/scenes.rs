//! The scenes: options on the museum of all kinds of assets, and the scenes of icloudpd's own tests.

use std::collections::BTreeMap;

use super::exhibits::{self as on, museum};
use super::scene::Scene;

/// Every scene there is.
pub(super) fn all() -> Vec<Scene> {
    let mut all =
        [tour_sizes(), tour_names(), tour_dates(), tour_filters(), tour_odd(), tour_modes()].concat();
    let theirs = [photos(), photos_wrong(), photos_raw()].concat();
    let ids = BTreeMap::from([
        ("IMG_7409", "QVk2Yyt"),
        ("IMG_7408", "QVI4T2l"),
        ("IMG_7407", "QVovd0F"),
        ("IMG_7405", "QVkrUjN"),
        ("IMG_7404", "QVI5TWx"),
        ("IMG_7403", "QVc0VWt"),
        ("IMG_7402", "QVdYaDd"),
        ("IMG_7401", "QVRJanZ"),
        ("IMG_7400", "QVhFL01"),
        ("IMG_7399", "QVVMcXN"),
        ("IMG_0516", "QVcwekp"),
        ("IMG_0514", "QVZtSTE"),
        ("IMG_0512", "QWRFR00"),
    ]);
    let by_id = theirs.iter().map(|scene| scene.by_id(&ids));
    all.extend(by_id.map(|scene| match scene.name.as_str() {
        "test_download_and_dedupe_existing_photos_name_id7" => scene.differs("K10", &BESIDE),
        _ => scene,
    }));
    all.extend(theirs);
    all.extend(videos_and_lists());
    all.extend(keep());
    all.extend(auto_delete());
    all.extend(rows());
    all.extend(trees());
    all
}

include!("scenes_tour.rs");
include!("scenes_theirs.rs");
include!("scenes_rows.rs");
include!("scenes_trees.rs");
