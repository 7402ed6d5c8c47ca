//! What stands beside a photo goes with it, and stays with one that stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use icloud_photos::ErrorKind;
use icloud_photos::storage::Storage;
use icloud_photos::sync::Disposal;
use icloud_photos_testkit::{Edit, LibrarySpec};

use crate::copies::Copy;
use crate::odd_storage::{Deed, Odd, OddStorage};

/// What another program adds to a sidecar of ours.
const DEVELOPED: &str = "<c:Exposure xmlns:c=\"http://ns.adobe.com/camera-raw-settings/1.0/\">1</c:Exposure>";

/// Three photos with sidecars, of which the first is deleted in iCloud, and another program has worked on it.
async fn deleted(disposal: Disposal) -> (Copy, String) {
    let copy = Copy::with(LibrarySpec::plain(0, 1000), move |_, builder| {
        builder.sidecars(true).mirror(Some(disposal))
    })
    .await;
    (0..3).for_each(|number| drop(copy.photo(&format!("{number}.JPG"), number + 1)));
    copy.run().await.unwrap();
    let photo = copy.path("0.JPG").await;
    let text = copy.text(&beside(&photo)).await;
    let end = text.find("</rdf:Description>").unwrap();
    let text = format!("{}{DEVELOPED}{}", &text[..end], &text[end..]);
    copy.put(&beside(&photo), text.into_bytes()).await;
    copy.trash("0.JPG");
    (copy, photo)
}

fn beside(photo: &str) -> String {
    format!("{photo}.xmp")
}

/// Does this with the files of these names, once.
fn once(copy: &Copy, deed: Deed, end: &'static str, odd: Odd) -> Arc<dyn Storage> {
    let done = AtomicBool::new(false);
    OddStorage::over(copy.storage.clone(), move |asked, path| {
        let is_it = asked == deed && path.ends_with(end) && !path.starts_with(".icloud-photos-");
        (is_it && !done.swap(true, Relaxed)).then_some(odd)
    })
}

impl Copy {
    /// Neither photo nor sidecar stands, no row is left, and these of them lie in the trash.
    async fn lost_both(&self, photo: &str, kept: &[String]) {
        let (paths, rows) = (self.paths().await, self.rows().await);
        let (trash, here): (Vec<_>, Vec<_>) =
            paths.iter().partition(|path| path.starts_with(".icloud-photos-trash/"));
        assert_eq!((here.len(), rows.len()), (4, 2), "{paths:?}");
        assert!(!here.iter().any(|path| path.starts_with(photo)), "{paths:?}");
        assert_eq!(trash.len(), kept.len(), "{paths:?}");
        assert!(trash.iter().zip(kept).all(|(path, kept)| path.ends_with(kept.as_str())), "{paths:?}");
        for sidecar in trash.iter().filter(|path| path.ends_with(".xmp")) {
            assert!(self.text(sidecar).await.contains("Exposure"));
        }
        self.rests("all is done").await;
    }
}

/// What lies in the trash once a sidecar went after its photo: whoever wants no trash wants what another program wrote all the same.
fn kept(photo: &str, disposal: Disposal) -> Vec<String> {
    let photo_too = (disposal == Disposal::Trash).then(|| photo.to_owned());
    photo_too.into_iter().chain([beside(photo)]).collect()
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_that_could_not_be_removed_goes_with_the_next_run() {
    for disposal in [Disposal::Remove, Disposal::Trash] {
        let (copy, photo) = deleted(disposal).await;
        let storage = once(&copy, Deed::Remove, ".xmp", Odd::Fails(ErrorKind::Storage));
        let (ran, told) = copy.clear_on(storage).await;
        let report = ran.unwrap();
        assert_eq!((report.removed, report.failed), (1, 1), "{disposal:?}: {told:?}");
        assert!(told.iter().any(|line| line.starts_with(&format!("left {}: ", beside(&photo)))), "{told:?}");
        assert!(copy.paths().await.contains(&beside(&photo)), "{disposal:?}");
        let (report, told) = copy.clear().await;
        assert_eq!((report.removed, report.failed, report.withheld), (0, 0, 0), "{disposal:?}: {told:?}");
        assert!(told.iter().any(|line| line.ends_with(&format!("ed {}", beside(&photo)))), "{told:?}");
        copy.lost_both(&photo, &kept(&photo, disposal)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_between_a_photo_and_its_sidecar_leaves_none_for_good() {
    for disposal in [Disposal::Remove, Disposal::Trash] {
        let (copy, photo) = deleted(disposal).await;
        let storage = once(&copy, Deed::Remove, ".xmp", Odd::Hangs);
        let killed = tokio::time::timeout(Duration::from_secs(3600), copy.clear_on(storage)).await;
        assert!(killed.is_err(), "it hung");
        let left = copy.paths().await;
        assert!(!left.contains(&photo) && left.contains(&beside(&photo)), "{disposal:?}: {left:?}");
        copy.run().await.unwrap();
        copy.lost_both(&photo, &kept(&photo, disposal)).await;
    }
}

/// Whose it is cannot be told just now.
#[tokio::test(start_paused = true)]
async fn a_photo_waits_for_a_sidecar_that_cannot_be_read() {
    let (copy, photo) = deleted(Disposal::Remove).await;
    // The history has it brought up to date first.
    copy.choosing(Arc::new(|_, builder| builder.sidecars(true))).run().await.unwrap();
    let storage = once(&copy, Deed::Read, ".xmp", Odd::Fails(ErrorKind::Storage));
    let (ran, told) = copy.clear_on(storage).await;
    assert_eq!((ran.unwrap().removed, told.len()), (0, 1), "{told:?}");
    assert!(told[0].starts_with(&format!("left {photo}: ")) && told[0].contains(&beside(&photo)), "{told:?}");
    copy.run().await.unwrap();
    copy.lost_both(&photo, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_photo_that_stays_keeps_what_other_programs_wrote_beside_it() {
    for odd in [Odd::Fails(ErrorKind::Storage), Odd::Hangs] {
        let (copy, photo) = deleted(Disposal::Remove).await;
        let storage = once(&copy, Deed::Remove, ".JPG", odd);
        let ran = tokio::time::timeout(Duration::from_secs(3600), copy.clear_on(storage)).await;
        assert!(ran.is_err() || ran.unwrap().0.unwrap().removed == 0);
        assert!(copy.paths().await.contains(&photo));
        // Its owner takes it back.
        copy.edit(&copy.id("0.JPG"), Edit::Restore);
        copy.run().await.unwrap();
        assert!(copy.paths().await.contains(&photo));
        assert!(copy.text(&beside(&photo)).await.contains("Exposure"));
    }
}

/// The photo is gone, its sidecar not yet, and its owner takes the photo back: it is fetched again, and the sidecar is its own.
#[tokio::test(start_paused = true)]
async fn a_photo_that_comes_back_finds_its_sidecar() {
    let (copy, photo) = deleted(Disposal::Remove).await;
    let storage = once(&copy, Deed::Remove, ".xmp", Odd::Fails(ErrorKind::Storage));
    assert_eq!(copy.clear_on(storage).await.0.unwrap().removed, 1);
    copy.edit(&copy.id("0.JPG"), Edit::Restore);
    assert_eq!(copy.run().await.unwrap().downloaded, 1);
    assert!(copy.paths().await.contains(&photo));
    assert!(copy.text(&beside(&photo)).await.contains("Exposure"));
}

/// Where no photo stands any more a sidecar has to be that photo's by its own word.
#[tokio::test(start_paused = true)]
async fn a_sidecar_without_a_photo_stays_if_it_is_about_another_or_foreign() {
    for foreign in [false, true] {
        let (copy, photo) = deleted(Disposal::Remove).await;
        let storage = once(&copy, Deed::Remove, ".xmp", Odd::Fails(ErrorKind::Storage));
        assert_eq!(copy.clear_on(storage).await.0.unwrap().removed, 1);
        let text = match foreign {
            true => "<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='darktable'/>".to_owned(),
            false => copy.text(&beside(&copy.path("1.JPG").await)).await,
        };
        copy.put(&beside(&photo), text.clone().into_bytes()).await;
        let (report, told) = copy.clear().await;
        assert_eq!((report.removed, copy.rows().await.len()), (0, 2), "{foreign}: {told:?}");
        assert_eq!(copy.text(&beside(&photo)).await, text, "{foreign}: {told:?}");
    }
}
