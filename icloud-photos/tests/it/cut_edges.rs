//! What must stay true when a listing goes on that was cut.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use icloud_photos::sync::{Disposal, MoveRule, RemovalLimit, SyncEvent, SyncObserver};
use icloud_photos_testkit::{Edit, FaultAction, FaultRule, LibrarySpec};

use crate::changes_fold::Scene;
use crate::copies::{Choose, Copy};
use crate::cut::{complete, pending};
use crate::cut_later::{How, PHOTOS, What, cut};
use crate::fake::World;
use crate::removal::{mirroring, moving};

/// A plan that is only looked at writes nothing, and finds whom an earlier run saw.
#[tokio::test(start_paused = true)]
async fn a_plan_of_a_rest_changes_nothing() {
    let (copy, _) = What::Anew.ready().await;
    cut(&copy, What::Anew, How::Error).await;
    let (writes, there) = (copy.catalogue.writes(), pending(&copy).await);
    for _ in 0..2 {
        copy.world.cloud.reset_counts();
        let actions: Vec<_> = copy.engine().plan().try_collect().await.unwrap();
        assert!(actions.len() < 4000);
        assert!(copy.world.cloud.counts().requests_to("cloudkit/records/lookup") <= 6);
    }
    assert_eq!((copy.catalogue.writes(), pending(&copy).await), (writes, there));
    assert!(copy.run().await.unwrap().is_clean());
    complete(&copy, "after a plan").await;
}

/// A file of unknown origin is read before it is taken for a photo, as it is when the list is read in one go.
#[tokio::test(start_paused = true)]
async fn whoever_goes_on_doubts_what_the_catalogue_does_not_know() {
    let copy = Copy::of(LibrarySpec::plain(PHOTOS, 300)).await;
    let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
    let id = oldest(&copy).await;
    assert!(library.edit(&id, &Edit::Trash, now));
    copy.run().await.unwrap();
    assert!(library.edit(&id, &Edit::Restore, now));
    let fresh = copy.afresh().await;
    let ((_, _), (path, _)) = fresh.iter().find(|((asset, _), _)| asset.as_str() == id).unwrap();
    copy.put(path.as_str(), vec![7; 300]).await;
    library.expire_tokens();
    cut(&copy, What::Anew, How::Error).await;
    assert!(pending(&copy).await.is_some());
    assert!(copy.engine().cursor().await.unwrap().is_some(), "that a run came to its end is not forgotten");
    assert!(copy.run().await.unwrap().is_clean());
    complete(&copy, "a foreign file").await;
}

/// The last of the list.
async fn oldest(copy: &Copy) -> String {
    let mut list = copy.world.session.primary_library().all().assets();
    let mut last = None;
    while let Some(asset) = list.next().await {
        last = Some(asset.unwrap().id().to_string());
    }
    last.unwrap()
}

/// A run that goes on to the end of the list may remove what one that read it in one go may; a run that is cut removes nothing, and
/// neither does one whose rest lacks something.
#[tokio::test(start_paused = true)]
async fn removals_wait_for_the_end_of_the_rest() {
    for short in [false, true] {
        let copy = Copy::with(LibrarySpec::plain(PHOTOS, 300), mirroring(Disposal::Remove)).await;
        copy.run().await.unwrap();
        let (library, now) = (copy.world.library(), copy.world.cloud.now_ms());
        let live = Scene::of(&copy.world).assets;
        let gone = [&live[3], &live[1500], &live[1990]];
        gone.iter().for_each(|id| assert!(library.edit(id, &Edit::Trash, now)));
        library.expire_tokens();
        cut(&copy, What::Anew, How::Error).await;
        assert_eq!(copy.files().await.len() as u64, PHOTOS, "nothing goes before the list was read");
        let late = &live[700];
        assert!(library.edit(late, &Edit::Trash, now));
        if short {
            library.switch(|switches| switches.missing_from_lists = 3);
            let report = copy.run().await.unwrap();
            assert!(report.removed == 0 && report.stopped && !report.is_clean(), "{report}");
            library.switch(|switches| switches.missing_from_lists = 0);
            assert!(pending(&copy).await.is_none());
        }
        let report = copy.run().await.unwrap();
        assert!(report.is_clean() && report.removed == 4, "{report}");
        let kept: Vec<_> = copy.rows().await.into_iter().map(|row| row.key.asset.to_string()).collect();
        assert!(gone.iter().chain([&late]).all(|id| !kept.contains(id)));
        assert_eq!(copy.files().await.len() as u64, PHOTOS - 4);
    }
}

/// What leaves iCloud leaves once the list is at its end, whoever fetched it.
#[tokio::test(start_paused = true)]
async fn what_a_cut_run_fetched_leaves_after_the_rest() {
    let copy = Copy::with(LibrarySpec::plain(PHOTOS, 300), moving(MoveRule::Fetched)).await;
    let copy = Copy { choose: all_may_go(copy.choose.clone()), ..copy };
    let page = FaultRule::new("cloudkit/records/query", FaultAction::Reset).containing("startRank");
    copy.faults(vec![page.after(18)]);
    copy.run().await.unwrap_err();
    assert_eq!(Scene::of(&copy.world).assets.len() as u64, PHOTOS);
    copy.faults(Vec::new());
    let report = copy.run().await.unwrap();
    assert!(report.is_clean() && report.moved == PHOTOS, "{report}");
    assert_eq!(copy.files().await.len() as u64, PHOTOS);
}

fn all_may_go(choose: Choose) -> Choose {
    Arc::new(move |library, builder| choose(library, builder).removal_limit(RemovalLimit::new(1.0)))
}

/// Gives the last photo of the list another name once the list has shown it.
struct Rename(World, String);

impl SyncObserver for Rename {
    fn event(&self, event: SyncEvent<'_>) {
        if let SyncEvent::Planned { asset } = event
            && asset.id().as_str() == self.1
        {
            let name = Edit::Rename("Late.JPG".into());
            assert!(self.0.library().edit(&self.1, &name, self.0.cloud.now_ms()));
        }
    }
}

/// Only the file record changes: the catalogue must know by then whose it is.
#[tokio::test(start_paused = true)]
async fn what_the_rest_has_shown_is_known_when_the_history_is_read() {
    let copy = Copy::of(LibrarySpec::plain(PHOTOS, 300)).await;
    let id = oldest(&copy).await;
    cut(&copy, What::Anew, How::Error).await;
    assert!(pending(&copy).await.is_some());
    let rename = Arc::new(Rename(copy.world.clone(), id.clone()));
    assert!(copy.engine().run(rename).await.unwrap().is_clean());
    let row = copy.asset_rows().await.into_iter().find(|row| row.asset.as_str() == id).unwrap();
    assert_eq!(row.name, "Late.JPG");
}
