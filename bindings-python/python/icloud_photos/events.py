"""What operations tell while they run, and what they find: each a frozen dataclass, named after what tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ._base import AlbumTreeBase, AssetBase
from ._models import AlbumKind, Listing, Role
from ._records import AlbumRow, AssetRow, ChangeCursor, Doubt, Fault, FileKey, FileRow, ObjectMeta, Progress, Size, ViewFault, Why
from .errors import ICloudError


@dataclass(frozen=True)
class SkipReason:
    """Why something was left out.

    Attributes:
        text: The same in words, for a person.
    """

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class SkipIsVideo(SkipReason):
    """Only photos are wanted."""


@dataclass(frozen=True)
class SkipIsPhoto(SkipReason):
    """Only videos are wanted."""


@dataclass(frozen=True)
class SkipCreatedBefore(SkipReason):
    """It is older than what is wanted.

    Attributes:
        created: When it was taken, in the zone of the layout.
        limit: The limit, in the zone it was given in, or that of the layout.
    """

    created: datetime
    limit: datetime


@dataclass(frozen=True)
class SkipCreatedAfter(SkipReason):
    """It is younger than what is wanted.

    Attributes:
        created: When it was taken, in the zone of the layout.
        limit: The limit, in the zone it was given in, or that of the layout.
    """

    created: datetime
    limit: datetime


@dataclass(frozen=True)
class SkipRemovedHere(SkipReason):
    """Somebody removed its file here, and files that were removed are not to be fetched again.

    Attributes:
        name: The name of the file.
    """

    name: str


@dataclass(frozen=True)
class SkipNoSuchSize(SkipReason):
    """The size asked for does not exist and no other may stand in for it.

    Attributes:
        size: The size asked for, as icloudpd calls it.
        name: The asset's name.
    """

    size: str
    name: str


@dataclass(frozen=True)
class SkipFiltered(SkipReason):
    """A filter of the program's own left it out.

    Attributes:
        name: What the filter is called.
    """

    name: str


@dataclass(frozen=True)
class SkipOther(SkipReason):
    """One that this version of the package does not know."""


@dataclass(frozen=True)
class LayoutProblem:
    """Something about one asset that a person may want to know.

    Attributes:
        text: The same in words, for a person.
    """

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class LayoutUndecodableName(LayoutProblem):
    """The name in the library cannot be read; one made of the record's name is used.

    Attributes:
        value: The value as it came.
        name: The name used.
    """

    value: str
    name: str


@dataclass(frozen=True)
class LayoutUnusableName(LayoutProblem):
    """The name comes out as nothing or dots; one made of the record's name is used.

    Attributes:
        name: The name as it would be.
    """

    name: str


@dataclass(frozen=True)
class LayoutSizeMissing(LayoutProblem):
    """A size was asked for by force and does not exist.

    Attributes:
        size: The size.
        name: The asset.
    """

    size: Size
    name: str


@dataclass(frozen=True)
class LayoutOriginalMissing(LayoutProblem):
    """The original is wanted and does not exist.

    Attributes:
        name: The asset.
    """

    name: str


@dataclass(frozen=True)
class LayoutNotLocal(LayoutProblem):
    """The local date is outside the calendar; the date in UTC is used.

    Attributes:
        date: The date.
    """

    date: str


@dataclass(frozen=True)
class LayoutOther(LayoutProblem):
    """One that this version of the package does not know."""


@dataclass(frozen=True)
class Kept:
    """Why something stays.

    Attributes:
        text: The same in words, for a person.
    """

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class KeptYoung(Kept):
    """It was taken only so many times 24 hours ago.

    Attributes:
        days: How many; negative for a date in the future.
    """

    days: int


@dataclass(frozen=True)
class KeptNoDate(Kept):
    """Apple has no date for it: its age is not known."""


@dataclass(frozen=True)
class KeptNotCopied(Kept):
    """iCloud holds a file of it that cannot be made again, and the copy does not: it was not asked for, or could not be had.

    Attributes:
        role: Which file.
    """

    role: Role


@dataclass(frozen=True)
class KeptEditOfVideo(Kept):
    """It is a video that was edited: as in icloudpd, no size of a layout stands for the edit, which is never copied."""


@dataclass(frozen=True)
class KeptNotAsInICloud(Kept):
    """The file is known not to be as Apple has it: something was written into it, or its bytes could not be
    confirmed.

    Attributes:
        path: Which.
    """

    path: str


@dataclass(frozen=True)
class KeptEdited(Kept):
    """It was edited since its file was fetched."""


@dataclass(frozen=True)
class KeptNoChecksum(Kept):
    """iCloud has no checksum that could prove the file."""


@dataclass(frozen=True)
class KeptMissing(Kept):
    """Its file is not where it should be.

    Attributes:
        path: Where.
    """

    path: str


@dataclass(frozen=True)
class KeptDiffers(Kept):
    """The file holds other bytes than Apple's checksum says, or than were stored.

    Attributes:
        path: Which.
    """

    path: str


@dataclass(frozen=True)
class KeptUnreadable(Kept):
    """The file could not be read.

    Attributes:
        path: Which.
        reason: Why.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class KeptUnremovable(Kept):
    """The file could not be removed, or not be kept aside before.

    Attributes:
        path: Which.
        reason: Why.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class KeptShared(Kept):
    """Another photo that was not deleted has the same file."""


@dataclass(frozen=True)
class KeptMovedOut(Kept):
    """A photo of this file is in Recently Deleted because this copy moved it there."""


@dataclass(frozen=True)
class KeptElsewhere(Kept):
    """A file that does not stand where a run would put it, so that somebody moved it."""


@dataclass(frozen=True)
class KeptOwnerUnclear(Kept):
    """Another photo has the same file, and whether that one was deleted could not be told.

    Attributes:
        reason: Why.
    """

    reason: str


@dataclass(frozen=True)
class KeptNotAsked(Kept):
    """Nothing was to leave iCloud."""


@dataclass(frozen=True)
class KeptOtherReceipt(Kept):
    """The receipt is for other files than there are now."""


@dataclass(frozen=True)
class KeptGone(Kept):
    """It is no longer in the library, or already in Recently Deleted."""


@dataclass(frozen=True)
class KeptForeignSidecar(Kept):
    """A sidecar that neither icloudpd nor this program wrote, or of which that cannot be told."""


@dataclass(frozen=True)
class KeptOther(Kept):
    """One that this version of the package does not know."""


@dataclass(frozen=True)
class SyncEvent:
    """One thing that happened in a run; ``on_event`` of ``SyncEngine.run`` is told of it."""


@dataclass(frozen=True)
class SyncStarted(SyncEvent):
    """The listing of an album begins.

    Attributes:
        total: Assets to be looked at: Apple's count, or the limit that was asked for; None if Apple gave no count.
    """

    total: int | None


@dataclass(frozen=True)
class SyncEnough(SyncEvent):
    """A list is left before its end: so many files in a row stood here already.

    Attributes:
        found: How many.
    """

    found: int


@dataclass(frozen=True)
class SyncPlanned(SyncEvent):
    """An asset was planned; all its files were spoken of.

    Attributes:
        asset: The asset.
    """

    asset: AssetBase


@dataclass(frozen=True)
class SyncPresent(SyncEvent):
    """A file stands already where it belongs.

    Attributes:
        path: Where.
    """

    path: str


@dataclass(frozen=True)
class SyncDeduplicated(SyncEvent):
    """The plain name is taken by another photo; this one gets a longer name.

    Attributes:
        path: The name it gets.
    """

    path: str


@dataclass(frozen=True)
class SyncDownloading(SyncEvent):
    """A download begins.

    Attributes:
        path: Where the file will stand.
    """

    path: str


@dataclass(frozen=True)
class SyncProgress(SyncEvent):
    """Bytes arrived, or were thrown away again.

    Attributes:
        bytes: How many; negative if they were thrown away.
    """

    bytes: int


@dataclass(frozen=True)
class SyncDownloaded(SyncEvent):
    """A file was fetched, proven and named.

    Attributes:
        path: Where it stands.
        bytes: Its length.
        resumed_from: How many of the bytes were there from an earlier run.
        copied: Nothing came from iCloud: the file stands in another tree of the same folder, and was
            copied from there.
        doubt: Set if the bytes could not be proven.
    """

    path: str
    bytes: int
    resumed_from: int
    copied: bool
    doubt: Doubt | None


@dataclass(frozen=True)
class SyncDating(SyncEvent):
    """A photo was fetched that does not say when it was taken: its date is written into it before it is stored.

    Attributes:
        path: Where the file will stand.
        created: When it was taken, as it is written: ``2024:05:01 12:30:00``.
        unreadable: Whether its Exif could not be read.
        problem: Why it is stored as it came after all.
    """

    path: str
    created: str
    unreadable: bool
    problem: ICloudError | None


@dataclass(frozen=True)
class SyncSkipped(SyncEvent):
    """An asset or one of its files was left out on purpose.

    Attributes:
        asset: The asset.
        reason: Why.
    """

    asset: AssetBase
    reason: SkipReason


@dataclass(frozen=True)
class SyncRemark(SyncEvent):
    """Something about an asset that a person may want to know; its files are fetched all the same.

    Attributes:
        asset: The asset.
        problem: What.
    """

    asset: AssetBase
    problem: LayoutProblem


@dataclass(frozen=True)
class SyncFailed(SyncEvent):
    """Something failed for one asset; the run goes on.

    Attributes:
        path: Where the file should have stood, if that was known.
        asset: The asset, if it was known.
        name: What messages call the asset, if it could be read.
        error: What happened.
    """

    path: str | None
    asset: str | None
    name: str | None
    error: ICloudError


@dataclass(frozen=True)
class SyncDescribed(SyncEvent):
    """A sidecar was written, or brought up to date.

    Attributes:
        path: The sidecar.
    """

    path: str


@dataclass(frozen=True)
class SyncSidecarLeft(SyncEvent):
    """A sidecar is not ours to write, and stays as it is.

    Attributes:
        path: The sidecar.
        why: Why, to follow "not overwriting": ``created by darktable 4.2``.
    """

    path: str
    why: str


@dataclass(frozen=True)
class SyncSidecarFailed(SyncEvent):
    """A sidecar could not be written; the next run tries again.

    Attributes:
        path: The sidecar.
        error: What happened.
    """

    path: str
    error: ICloudError


@dataclass(frozen=True)
class SyncUnknown(SyncEvent):
    """One that this version of the package does not know.

    Attributes:
        text: What the library says of it, for a person.
    """

    text: str


@dataclass(frozen=True)
class RemovalEvent:
    """What is told of removals, there and here; ``on_event`` of ``SyncEngine.run`` is told of it."""


@dataclass(frozen=True)
class RemovalMoved(RemovalEvent):
    """An asset was moved to Recently Deleted.

    Attributes:
        asset: Which.
        name: Its name.
    """

    asset: str
    name: str


@dataclass(frozen=True)
class RemovalWouldMove(RemovalEvent):
    """An asset that a run would move to Recently Deleted. Told by a rehearsal, instead of moving it.

    Attributes:
        asset: Which.
        name: Its name.
    """

    asset: str
    name: str


@dataclass(frozen=True)
class RemovalAged(RemovalEvent):
    """How old an asset is, for ``MoveRule.older_than_days``; what becomes of it is told next.

    Attributes:
        asset: Which.
        created: When it was taken.
        keep: It leaves iCloud when it is so many days old.
        days: How many days old it is; negative for a date in the future.
    """

    asset: str
    created: str
    keep: int
    days: int


@dataclass(frozen=True)
class RemovalStays(RemovalEvent):
    """An asset stays in iCloud.

    Attributes:
        asset: Which.
        name: Its name.
        why: Why.
    """

    asset: str
    name: str
    why: Kept


@dataclass(frozen=True)
class RemovalRefused(RemovalEvent):
    """iCloud did not let an asset go.

    Attributes:
        asset: Which.
        name: Its name.
        error: What it says.
    """

    asset: str
    name: str
    error: ICloudError


@dataclass(frozen=True)
class RemovalMirroring(RemovalEvent):
    """The files of deleted assets come next.

    Attributes:
        clean: Whether all that came before went well. In a rehearsal that is of removals alone.
    """

    clean: bool


@dataclass(frozen=True)
class RemovalRemoved(RemovalEvent):
    """A file was removed here.

    Attributes:
        path: Where it stood.
        trash: Where it is now, if it was kept.
    """

    path: str
    trash: str | None


@dataclass(frozen=True)
class RemovalWouldRemove(RemovalEvent):
    """A file that a run would remove. Told instead of removing it.

    Attributes:
        path: Which.
    """

    path: str


@dataclass(frozen=True)
class RemovalLeft(RemovalEvent):
    """A file stays here.

    Attributes:
        path: Which.
        why: Why.
    """

    path: str
    why: Kept


@dataclass(frozen=True)
class RemovalStopped(RemovalEvent):
    """Above the limit: nothing was removed, and the first of what would have been was told.

    Attributes:
        removals: How many would have gone, with those that went before in the same run.
        all: Of so many.
    """

    removals: int
    all: int


@dataclass(frozen=True)
class RemovalLeftEarly(RemovalEvent):
    """Nothing leaves iCloud, for a list was left before its end, as was asked (``until_found`` of ``SyncEngine``)."""


@dataclass(frozen=True)
class RemovalWithheld(RemovalEvent):
    """Nothing is removed, or nothing more, for something was not seen as it should have been."""


@dataclass(frozen=True)
class ViewEvent:
    """What is told of views; ``on_event`` of ``SyncEngine.run`` is told of it."""


@dataclass(frozen=True)
class ViewLaid(ViewEvent):
    """An entry was laid, or was to be in a rehearsal.

    Attributes:
        path: Where.
        file: The file of the copy that it shows.
    """

    path: str
    file: str


@dataclass(frozen=True)
class ViewRemoved(ViewEvent):
    """An entry was removed, or was to be: its photo is not there any more, or elsewhere in the view.

    Attributes:
        path: Where.
    """

    path: str


@dataclass(frozen=True)
class ViewLeft(ViewEvent):
    """Something stands there that is not the view's, and stays.

    Attributes:
        path: Where.
        why: Why, as a sentence.
    """

    path: str
    why: str


@dataclass(frozen=True)
class ViewFailed(ViewEvent):
    """An entry could not be laid or removed; the next run tries again.

    Attributes:
        view: Which view.
        path: Where, if it is about one entry.
        error: What happened.
    """

    view: str
    path: str | None
    error: ICloudError


@dataclass(frozen=True)
class ViewDone(ViewEvent):
    """A view stands as it should, as far as nothing else was told.

    Attributes:
        view: Which.
        entries: How many entries it has.
        laid: How many of them were laid now, or were to be.
        removed: How many others were removed, or were to be.
    """

    view: str
    entries: int
    laid: int
    removed: int


@dataclass(frozen=True)
class AdoptEvent:
    """What an adoption found about one file; ``on_event`` of ``SyncEngine.adopt`` is told of it."""


@dataclass(frozen=True)
class AdoptReading(AdoptEvent):
    """So many files are read, with so many bytes in all.

    Attributes:
        files: Files whose length some photo has.
        bytes: Their bytes.
    """

    files: int
    bytes: int


@dataclass(frozen=True)
class AdoptRead(AdoptEvent):
    """A file was read.

    Attributes:
        bytes: Its length.
    """

    bytes: int


@dataclass(frozen=True)
class AdoptRecognised(AdoptEvent):
    """Its bytes are those of a photo.

    Attributes:
        path: Where it stands.
        asset: Whose it is; one of them, if several photos have these bytes.
    """

    path: str
    asset: str


@dataclass(frozen=True)
class AdoptDerived(AdoptEvent):
    """A photo that icloudpd wrote its date into.

    Attributes:
        path: Where it stands.
        proven: Without what was written into it, it has Apple's checksum. Else all signs are there, and
            no proof.
    """

    path: str
    proven: bool


@dataclass(frozen=True)
class AdoptAssumed(AdoptEvent):
    """It has the name and length of a photo that iCloud has no usable checksum for: nothing can be proven.

    Attributes:
        path: Where it stands.
    """

    path: str


@dataclass(frozen=True)
class AdoptDamaged(AdoptEvent):
    """It has the name of a photo, or a row in the catalogue, and not its bytes; or iCloud has a wrong checksum
    of it, and then the next run finds out.

    Attributes:
        path: Where it stands.
    """

    path: str


@dataclass(frozen=True)
class AdoptUnknown(AdoptEvent):
    """None of the photos that were asked for has its bytes. Hidden ones, those in Recently Deleted, and those
    outside the chosen albums were not looked at.

    Attributes:
        path: Where it stands.
        like_missing: It is as long as a photo that stands nowhere: perhaps that one, damaged.
    """

    path: str
    like_missing: bool


@dataclass(frozen=True)
class AdoptFailed(AdoptEvent):
    """It could not be read.

    Attributes:
        path: Where it stands.
        error: What happened.
    """

    path: str
    error: ICloudError


@dataclass(frozen=True)
class AdoptOther(AdoptEvent):
    """One that this version of the package does not know.

    Attributes:
        text: What the library says of it, for a person.
    """

    text: str


@dataclass(frozen=True)
class VerifyEvent:
    """What a verification found about one file; ``on_event`` of ``verify`` is told of it."""


@dataclass(frozen=True)
class VerifySound(VerifyEvent):
    """A file was read, and is as it should be.

    Attributes:
        path: Where it stands.
        bytes: Its length.
    """

    path: str
    bytes: int


@dataclass(frozen=True)
class VerifyBad(VerifyEvent):
    """A file is not as it should be.

    Attributes:
        path: Where it stands, or should.
        fault: What is wrong.
        reason: What was noted when it could not be had.
    """

    path: str
    fault: Fault
    reason: str | None


@dataclass(frozen=True)
class VerifyRemoved(VerifyEvent):
    """Somebody removed a file, and that is respected, or it stands in another tree of the folder.

    Attributes:
        path: Where it stood.
    """

    path: str


@dataclass(frozen=True)
class VerifyRepaired(VerifyEvent):
    """A bad file was fetched again, and is proven or as good as it was.

    Attributes:
        path: Where it stands.
    """

    path: str


@dataclass(frozen=True)
class VerifyStray(VerifyEvent):
    """The catalogue knows nothing of a file.

    Attributes:
        path: Where it stands.
    """

    path: str


@dataclass(frozen=True)
class VerifyView(VerifyEvent):
    """An entry of a view is not as it should be.

    Attributes:
        path: Where it stands, or should.
        fault: What is wrong, and who mends it.
    """

    path: str
    fault: ViewFault


@dataclass(frozen=True)
class VerifyFailed(VerifyEvent):
    """A file or folder could not be read, or a file not be fetched.

    Attributes:
        path: Where it stands; the root, if that is all that is known.
        error: What happened.
    """

    path: str
    error: ICloudError


@dataclass(frozen=True)
class VerifyOther(VerifyEvent):
    """One that this version of the package does not know.

    Attributes:
        text: What the library says of it, for a person.
    """

    text: str


@dataclass(frozen=True)
class AssetNews:
    """An asset of which there is news.

    Attributes:
        asset: As it is now; as it was when last seen if it is gone.
        files: Where its files stand, by the catalogue.
        details: What differs, beside what the event itself says.
    """

    asset: AssetRow
    files: list[str]
    details: list[Detail]


@dataclass(frozen=True)
class Membership:
    """An asset in an album.

    Attributes:
        album: The album.
        path: Its title with the folders above it, if it is known.
        asset: The asset.
        name: Its file name, if it is known.
        files: Where its files stand, by the catalogue.
    """

    album: str
    path: str | None
    asset: str
    name: str | None
    files: list[str]


@dataclass(frozen=True)
class Detail:
    """One thing that differs from what was known of an asset."""


@dataclass(frozen=True)
class DetailFiles(Detail):
    """These files are new, changed or gone, of those that the options ask for.

    Attributes:
        roles: Which.
    """

    roles: list[Role]


@dataclass(frozen=True)
class DetailAdjustment(Detail):
    """What edited it, such as ``com.apple.photo``.

    Attributes:
        was: Before; None for nothing.
        now: Now; None for nothing.
    """

    was: str | None
    now: str | None


@dataclass(frozen=True)
class DetailFavorite(Detail):
    """It became a favourite, or is none any more.

    Attributes:
        now: Whether it is one now.
    """

    now: bool


@dataclass(frozen=True)
class DetailHidden(Detail):
    """It was hidden, or is shown again.

    Attributes:
        now: Whether it is hidden now.
    """

    now: bool


@dataclass(frozen=True)
class DetailName(Detail):
    """Its file name.

    Attributes:
        was: Before.
        now: Now.
    """

    was: str
    now: str


@dataclass(frozen=True)
class DetailCreated(Detail):
    """When it was taken.

    Attributes:
        was: Before, in milliseconds since 1970.
        now: Now, in milliseconds since 1970.
    """

    was: int | None
    now: int | None


@dataclass(frozen=True)
class DetailOffset(Detail):
    """How far the clocks were from UTC where it was taken.

    Attributes:
        was: Before, in seconds.
        now: Now, in seconds.
    """

    was: int | None
    now: int | None


@dataclass(frozen=True)
class DetailKind(Detail):
    """What kind of thing it is, or how it was made."""


@dataclass(frozen=True)
class DetailBurst(Detail):
    """The burst it belongs to."""


@dataclass(frozen=True)
class DetailAdded(Detail):
    """When it came into the library."""


@dataclass(frozen=True)
class DetailOther(Detail):
    """One that this version of the package does not know.

    Attributes:
        text: What the library says of it, for a person.
    """

    text: str


@dataclass(frozen=True)
class NewsEvent:
    """One thing that happened in iCloud since the last run; see ``SyncEngine.news``."""


@dataclass(frozen=True)
class NewsAdded(NewsEvent):
    """An asset that the catalogue does not know.

    Attributes:
        news: The asset, where its files stand, and what differs.
    """

    news: AssetNews


@dataclass(frozen=True)
class NewsEdited(NewsEvent):
    """Its files changed, or what edited it; other things perhaps too.

    Attributes:
        news: The asset, where its files stand, and what differs.
    """

    news: AssetNews


@dataclass(frozen=True)
class NewsMetadata(NewsEvent):
    """Its files are the same; what else differs, ``AssetNews.details`` says.

    Attributes:
        news: The asset, where its files stand, and what differs.
    """

    news: AssetNews


@dataclass(frozen=True)
class NewsTrashed(NewsEvent):
    """It is in Recently Deleted now.

    Attributes:
        news: The asset, where its files stand, and what differs.
    """

    news: AssetNews


@dataclass(frozen=True)
class NewsRestored(NewsEvent):
    """It was in Recently Deleted, and is back.

    Attributes:
        news: The asset, where its files stand, and what differs.
    """

    news: AssetNews


@dataclass(frozen=True)
class NewsMoved(NewsEvent):
    """It is gone from this library, and the catalogue knows its original in another one, by a run there.

    Attributes:
        news: As it was here.
        to: Where its original is.
    """

    news: AssetNews
    to: str


@dataclass(frozen=True)
class NewsGone(NewsEvent):
    """It is gone for good.

    Attributes:
        news: The asset, where its files stand, and what differs.
    """

    news: AssetNews


@dataclass(frozen=True)
class NewsAlbumMade(NewsEvent):
    """An album or folder that the catalogue does not know.

    Attributes:
        album: The album or folder.
    """

    album: AlbumRow


@dataclass(frozen=True)
class NewsAlbumRenamed(NewsEvent):
    """It has another title.

    Attributes:
        album: As it is now.
        was: Its title before.
    """

    album: AlbumRow
    was: str


@dataclass(frozen=True)
class NewsAlbumMoved(NewsEvent):
    """It lies in another folder.

    Attributes:
        album: As it is now.
        was: Its path before.
    """

    album: AlbumRow
    was: str


@dataclass(frozen=True)
class NewsAlbumDeleted(NewsEvent):
    """It was deleted; what was in it stays.

    Attributes:
        album: The album or folder, as it was when last seen.
    """

    album: AlbumRow


@dataclass(frozen=True)
class NewsEntered(NewsEvent):
    """An asset is in an album. Apple tells it anew at times of one that was there before.

    Attributes:
        membership: Which asset, and which album.
    """

    membership: Membership


@dataclass(frozen=True)
class NewsLeft(NewsEvent):
    """An asset is in an album no longer.

    Attributes:
        membership: Which asset, and which album.
    """

    membership: Membership


@dataclass(frozen=True)
class NewsProblem(NewsEvent):
    """An asset, or something else, that could not be read.

    Attributes:
        asset: Which asset, if known.
        error: What is wrong with it.
    """

    asset: str | None
    error: ICloudError


@dataclass(frozen=True)
class NewsReset(NewsEvent):
    """The history cannot be followed any more: the next run lists everything. This is the last event.

    Attributes:
        reason: Why, in Apple's words or ours.
    """

    reason: str


@dataclass(frozen=True)
class NewsOther(NewsEvent):
    """One that this version of the package does not know.

    Attributes:
        text: What the library says of it, for a person.
    """

    text: str


@dataclass(frozen=True)
class Change:
    """One thing that happened in a library. What is told is how things are now."""


@dataclass(frozen=True)
class ChangeAsset(Change):
    """An asset as it is now, with fresh links: it came, or was edited, hidden, marked, restored, or written without any visible difference.

    Attributes:
        asset: The asset. Its ``state()``, compared with one that was kept, says which of it.
    """

    asset: AssetBase


@dataclass(frozen=True)
class ChangeTrashed(Change):
    """An asset that is in Recently Deleted now.

    It may have links still; if iCloud has lost its file record, it has neither name nor files. It keeps its places in albums, of which lists
    show nothing meanwhile; when it is restored, nothing tells of them.

    Attributes:
        asset: The asset.
    """

    asset: AssetBase


@dataclass(frozen=True)
class ChangeFile(Change):
    """The file record of a photo was written: it is new, or has another name, say.

    That concerns every asset that shows it, duplicates too, and Apple cannot be asked which ones do: a caller that knows some
    (``AssetState.master``) beside those ``told`` looks them up (``Library.assets_by_id``). For a photo that was never duplicated there are
    none.

    Attributes:
        master: The record, as ``Asset.master_id`` gives it.
        told: Assets of it that are changes of this batch themselves. Nothing is to be done about these.
    """

    master: str
    told: list[str]


@dataclass(frozen=True)
class ChangeProblem(Change):
    """One asset, or one record, could not be read or completed; the rest goes on.

    The cursor passes over it: a caller that needs the asset looks it up later (``Library.assets_by_id``).

    Attributes:
        asset: Which asset, if known. When Apple sent an error in place of a record this is an album at times.
        error: What is wrong with it. Its context names the record, if Apple did.
    """

    asset: str | None
    error: ICloudError


@dataclass(frozen=True)
class ChangeGone(Change):
    """A record that is gone for good: an asset, its file record, an album, or something else. Apple does not say which.

    Of a photo both records come, each for itself.

    Attributes:
        record: The name it had.
    """

    record: str


@dataclass(frozen=True)
class ChangeAlbum(Change):
    """An album or folder that was made, renamed, moved or deleted, or whose members changed.

    Attributes:
        id: Its record name.
        name: Its title in composed Unicode (NFC), if there is one that can be read.
        parent: The folder it lies in, if any.
        kind: ``AlbumKind.FOLDER`` or ``AlbumKind.USER``.
        deleted: It was deleted. Its members are not mentioned then.
    """

    id: str
    name: str | None
    parent: str | None
    kind: AlbumKind
    deleted: bool


@dataclass(frozen=True)
class ChangeEntered(Change):
    """An asset that is in an album now.

    Attributes:
        album: The album.
        asset: The asset.
    """

    album: str
    asset: str


@dataclass(frozen=True)
class ChangeLeft(Change):
    """An asset that is in an album no longer.

    Attributes:
        album: The album.
        asset: The asset.
    """

    album: str
    asset: str


@dataclass(frozen=True)
class ChangeOther(Change):
    """A record that is none of these, such as the library's counters or one of a kind this version does not know.

    Attributes:
        record: Its name.
        kind: Its kind as Apple spells it.
    """

    record: str
    kind: str | None


@dataclass(frozen=True)
class ChangeReset(Change):
    """The cursor is of no use: too old, not of this library, or the library was made anew. This is the last change.

    What is known must be compared with a full listing. The cursor of this batch was taken now: keep it, list everything, and store it when the
    listing is complete. If none could be had it is the old one, which leads to a reset again.

    Attributes:
        reason: Why, in Apple's words or ours.
    """

    reason: str


@dataclass(frozen=True)
class ChangeUnknown(Change):
    """One that this version of the package does not know.

    Attributes:
        text: What the library says of it, for a person.
    """

    text: str


@dataclass(frozen=True)
class ChangeBatch:
    """Some changes, and the place behind them.

    Attributes:
        changes: What happened, in Apple's order.
        cursor: Where to go on. Whoever stores it has dealt with the batch; see ``ChangeReset`` for the one exception.
    """

    changes: list[Change]
    cursor: ChangeCursor


@dataclass(frozen=True)
class Target:
    """What a file is for, as an action carries it.

    Attributes:
        asset: Whose file.
        role: Which file of it.
        tree: In which tree.
        path: Where it belongs.
    """

    asset: AssetBase
    role: Role
    tree: str
    path: str


@dataclass(frozen=True)
class Action:
    """One step of a plan."""


@dataclass(frozen=True)
class ActionBegin(Action):
    """An album begins.

    Attributes:
        total: Assets to be looked at: Apple's count, or the limit that was asked for; None if Apple gave no count.
    """

    total: int | None


@dataclass(frozen=True)
class ActionDownload(Action):
    """Fetch a file.

    Attributes:
        target: What and where.
        size: Length in bytes, if known.
        modified: The modification time it gets.
        deduplicated: Whether the plain name was taken by another photo.
        standing: Where it may stand already, though only its bytes could tell: if they come again,
            nothing is stored.
        copies: Where it stands in other trees of the folder: it is copied from there, if it is proven.
        why: Why it is not here, or not good enough.
    """

    target: Target
    size: int | None
    modified: datetime | None
    deduplicated: bool
    standing: list[str]
    copies: list[str]
    why: Why


@dataclass(frozen=True)
class ActionPresent(Action):
    """Nothing to do: the file is there.

    Attributes:
        target: What and where.
        deduplicated: Whether it stands under another name, because the plain one belongs to another
            photo.
        known: Whether the catalogue knows it as this asset's.
        proven: SHA-256 of its bytes, if they were read for this plan: they are those of the asset, or
            those that were stored for it, if it is doubted.
        doubted: Whether it could not be confirmed when it was fetched, and still cannot.
        found: What stands there; None for a file that this run fetches for another asset of the same bytes.
    """

    target: Target
    deduplicated: bool
    known: bool
    proven: bytes | None
    doubted: bool
    found: ObjectMeta | None


@dataclass(frozen=True)
class ActionStands(Action):
    """Nothing to do: a file that the catalogue knows stands where it should.

    Attributes:
        path: Where.
        doubted: Whether it could not be confirmed when it was fetched, and still cannot.
    """

    path: str
    doubted: bool


@dataclass(frozen=True)
class ActionDescribe(Action):
    """Nothing to do but to write the sidecar of a file that stands.

    Attributes:
        target: What and where.
    """

    target: Target


@dataclass(frozen=True)
class ActionClaim(Action):
    """Nothing to do but to remember that a file which stands is to have a sidecar.

    Attributes:
        row: What the catalogue says of it.
    """

    row: FileRow


@dataclass(frozen=True)
class ActionSettle(Action):
    """Nothing to do but to remember that a file which stands is of another tree than it was, or of none any
    more.

    Attributes:
        row: What the catalogue is to say of it.
        before: What it was known as.
    """

    row: FileRow
    before: FileKey


@dataclass(frozen=True)
class ActionRenamed(Action):
    """Nothing to do but to remember it: a file that was missing or damaged, of a photo that this copy moved out
    of iCloud, stands under another name, or is right again.

    Attributes:
        row: What the catalogue says of it.
        found: What stands there.
    """

    row: FileRow
    found: ObjectMeta


@dataclass(frozen=True)
class ActionForget(Action):
    """Forget a file that is neither here nor in iCloud.

    Attributes:
        key: Which.
    """

    key: FileKey


@dataclass(frozen=True)
class ActionLost(Action):
    """Nothing can be done: a file is damaged, or missing here though this copy moved its photo out of iCloud; iCloud has it no more.

    Attributes:
        key: Which.
        path: Where it stood.
    """

    key: FileKey
    path: str


@dataclass(frozen=True)
class ActionSkip(Action):
    """Leave something out.

    Attributes:
        asset: Whose.
        reason: Why.
    """

    asset: AssetBase
    reason: SkipReason


@dataclass(frozen=True)
class ActionRemark(Action):
    """Something about an asset that a person may want to know; its files are planned all the same.

    Attributes:
        asset: Whose.
        problem: What.
    """

    asset: AssetBase
    problem: LayoutProblem


@dataclass(frozen=True)
class ActionProblem(Action):
    """Cannot be planned; the run goes on.

    Attributes:
        asset: Whose, if it could be read.
        id: Whose, if only that is known.
        lacks: Which of its files it is about, if iCloud lacks that one or it cannot be looked at here: it
            is asked for again by every run.
        error: What is wrong.
    """

    asset: AssetBase | None
    id: str | None
    lacks: Role | None
    error: ICloudError


@dataclass(frozen=True)
class ActionNote(Action):
    """Nothing to do but to remember how something is now of which no file is wanted: an asset that is hidden or
    deleted, an album, a record that is gone.

    Attributes:
        change: What was seen.
    """

    change: Change


@dataclass(frozen=True)
class ActionPlaced(Action):
    """Nothing to do but to remember that an asset is in an album of the user's, for sidecars.

    Attributes:
        album: The album.
        asset: The asset.
    """

    album: str
    asset: str


@dataclass(frozen=True)
class ActionAlbums(Action):
    """Nothing to do but to remember the user's albums, all of them.

    Attributes:
        albums: As they are now.
    """

    albums: AlbumTreeBase


@dataclass(frozen=True)
class ActionAside(Action):
    """Nothing to do but to remember it, should the run come to its end: something beside how far the library was copied.

    Attributes:
        progress: What to remember.
    """

    progress: Progress


@dataclass(frozen=True)
class ActionDone(Action):
    """Everything about this asset was said.

    Attributes:
        asset: The asset.
    """

    asset: AssetBase


@dataclass(frozen=True)
class ActionListed(Action):
    """A part of a listing ends.

    Attributes:
        progress: With all of the above done, what a run goes on from if this one is cut before its end.
        seen: Whom the listing has shown since it was said last, if that matters at its end.
    """

    progress: Progress
    seen: list[str]


@dataclass(frozen=True)
class ActionEnd(Action):
    """An album ends.

    Attributes:
        listing: How its list ended: whether Apple gave everything that it counts.
    """

    listing: Listing


@dataclass(frozen=True)
class ActionEnough(Action):
    """An album is left before its end, for so many files in a row stand here (``until_found`` of ``SyncEngine``).

    Attributes:
        found: How many.
    """

    found: int


@dataclass(frozen=True)
class ActionEndOfRest(Action):
    """An album ends whose list an earlier run began. Nothing more is said of it, for this one has not seen all of it."""


@dataclass(frozen=True)
class ActionCovered(Action):
    """The last one: with all of the above done, everything up to this point in the library's history is covered.

    Attributes:
        progress: What the next run goes on from.
    """

    progress: Progress


@dataclass(frozen=True)
class ActionOther(Action):
    """One that this version of the package does not know.

    Attributes:
        text: What the library says of it, for a person.
    """

    text: str
