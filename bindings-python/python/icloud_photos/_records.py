"""What there is to say of copies: options, books, reports. Apart from `_models`, for most programs load them late or never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from . import _native
from ._models import Checksum, CodeDelivery, LibraryId, Listing, Role, Word

if TYPE_CHECKING:
    from ._base import AssetBase


@dataclass(frozen=True)
class Probe:
    """What a ``Door`` answered.

    Attributes:
        host: The host that was asked.
        status: The status of the answer. Nobody is signed in, so 4xx is what a healthy host says; 429 and
            503 mean that it turns us away.
        took: From the request to the headers of the answer.
        apple: What Apple's clock said (the header ``Date``, whole seconds), if it said so.
        here: What this computer's clock said at that moment.
        is_turned_away: Whether Apple refuses this computer for now.
        clock_error: How far this computer's clock is off, if it is and Apple's is known.
    """

    host: str
    status: int
    took: timedelta
    apple: datetime | None
    here: datetime
    is_turned_away: bool
    clock_error: timedelta | None


@dataclass(frozen=True)
class IndexState:
    """How far Apple is with the index that all lists are read from."""


@dataclass(frozen=True)
class IndexReady(IndexState):
    """Lists are whole."""


@dataclass(frozen=True)
class IndexBuilding(IndexState):
    """Apple still builds it: lists may be short. Try again in a few minutes.

    Attributes:
        progress: Per cent, if told.
    """

    progress: int | None


@dataclass(frozen=True)
class IndexUnknown(IndexState):
    """A state this version does not know; an empty one if Apple named none.

    Attributes:
        state: As Apple spells it.
    """

    state: str


@dataclass(frozen=True)
class Location:
    """Where a photo was taken.

    Attributes:
        latitude: Degrees north.
        longitude: Degrees east.
        altitude: Metres above the sea.
        speed: Metres per second.
        course: Degrees clockwise from north.
        horizontal_accuracy: Metres.
        vertical_accuracy: Metres.
        timestamp: When the place was measured.
    """

    latitude: float
    longitude: float
    altitude: float | None
    speed: float | None
    course: float | None
    horizontal_accuracy: float | None
    vertical_accuracy: float | None
    timestamp: datetime | None


@dataclass(frozen=True)
class Digests:
    """What a ``Hasher`` has seen.

    Attributes:
        checksum: Apple's checksum of the bytes.
        sha256: SHA-256, which says the same to programs that know nothing of Apple's.
    """

    checksum: Checksum
    sha256: bytes


@dataclass(frozen=True)
class AssetState:
    """What is remembered of an asset: some 80 bytes, to be stored. The digests are the same in every run and on
    every machine. They cover what was asked for: compare only assets that were had with the same ``Fields``
    and roles.

    Attributes:
        content: Digest of the files: what for, how long, and Apple's checksum.
        metadata: Digest of everything else an ``Asset`` tells, but for the flags below,
            ``Asset.change_tag`` and ``Asset.raw``.
        trashed: It was in Recently Deleted.
        hidden: It was hidden.
        favorite: It was marked with a heart.
        master: The record of its file, by which ``events.ChangeFile`` names it, and by which it is known again in another library.
    """

    content: int
    metadata: int
    trashed: bool
    hidden: bool
    favorite: bool
    master: str


class AssetChange(Word):
    """What became of an asset."""

    ADDED = "added"
    """It was not known."""
    EDITED = "edited"
    """It has other files, other metadata perhaps too."""
    METADATA = "metadata"
    """Its files are the same; something else differs."""
    TRASHED = "trashed"
    """It is in Recently Deleted and was not, or was not known."""
    RESTORED = "restored"
    """It was in Recently Deleted, and is not any more. Files and metadata may differ too. It is back in its albums, and no change says in
    which: who never saw it there has to list them."""
    UNCHANGED = "unchanged"
    """Nothing that can be seen."""


class Doubt(Word):
    """Why bytes that were fetched are not proven; see ``Proof``."""

    MISMATCH = "mismatch"
    """Apple sent the same bytes twice, at the right length, and they do not match its checksum."""
    UNKNOWN_SCHEME = "unknown_scheme"
    """The checksum is of a scheme that cannot be computed here."""
    NO_CHECKSUM = "no_checksum"
    """The library holds no checksum for the file."""
    PART = "part"
    """Only a part of the file was asked for, and a checksum speaks for whole files."""


@dataclass(frozen=True)
class Saved:
    """A file that was fetched and stored.

    Attributes:
        path: Where it stands now.
        size: Length in bytes.
        proof: What is known of the bytes.
        checksum: Apple's checksum of the bytes, as computed here.
        sha256: SHA-256 of the bytes, as computed here.
        resumed_from: How many of the bytes an earlier run had fetched.
        copied: Nothing was fetched: the file stood elsewhere in the storage, and was copied.
        rewritten: Something was written into the bytes before they were stored: what is known of them
            they had before, while length and hashes are those of what stands there now.
    """

    path: str
    size: int
    proof: Proof
    checksum: Checksum
    sha256: bytes
    resumed_from: int
    copied: bool
    rewritten: bool


@dataclass(frozen=True)
class Phone:
    """A phone that Apple can send a code to.

    Attributes:
        id: How Apple calls it.
        number: Its number, all but the last digits hidden.
        name: Its name, of the old two-step verification.
        delivery: How a code goes there unless told otherwise.
    """

    id: str
    number: str
    name: str | None
    delivery: CodeDelivery


@dataclass(frozen=True)
class ChangeCursor:
    """A point in the history of one library, to go on from. It pickles, may be kept for as long as one likes, and is no secret.

    Attributes:
        json: The cursor as text, for ``Library.changes``.
        library: The library it belongs to.
    """

    json: str
    library: LibraryId


@dataclass(frozen=True)
class Proof:
    """What is known of bytes that were fetched.

    Attributes:
        verified: Apple's checksum agrees with the bytes.
        doubt: Why it does not, or cannot; the length agrees then. Never a reason to delete anything.
    """

    verified: bool
    doubt: Doubt | None


class LinkKind(Word):
    """How a file comes to stand under one more name."""

    HARD = "hard"
    """Two names of one file: who changes it under one changes it under both."""
    REFLINK = "reflink"
    """A file of its own that shares its blocks with the other until one of them is changed."""
    SYMBOLIC = "symbolic"
    """A name that leads to the other."""


class Missing(Word):
    """What to do about a file that the catalogue knows and the storage no longer has."""

    RESTORE = "restore"
    """Fetch it again."""
    RESPECT = "respect"
    """Somebody removed it on purpose: leave it."""


class Disposal(Word):
    """What becomes of a file whose asset was deleted."""

    TRASH = "trash"
    """It moves to ``.icloud-photos-trash/<date>/`` in the storage, under its path."""
    REMOVE = "remove"
    """It is removed for good. It can still be had from Recently Deleted, for as long as iCloud keeps it there. A sidecar that
    could not go along, and goes without its photo later, is kept as with ``TRASH``."""


@dataclass(frozen=True)
class ProvenFile:
    """One file of a ``Receipt``.

    Attributes:
        role: Which file of the asset.
        tree: In which tree of the folder it stands, if in one.
        path: Where it stands.
        size: Its length in bytes.
        checksum: Apple's checksum, which its bytes have.
        stored: Set for a photo that its date was written into: then length and checksum are those that
            are found once that is undone.
    """

    role: str
    tree: str
    path: str
    size: int
    checksum: str
    stored: StoredFile | None


@dataclass(frozen=True)
class StoredFile:
    """The bytes that stand there for a ``ProvenFile`` with a date written into it.

    Attributes:
        size: Their length.
        checksum: Their checksum, computed as Apple does.
        sha256: Their SHA-256, in hexadecimal digits.
    """

    size: int
    checksum: str
    sha256: str


class Size(Word):
    """A version of a photo or film that can be asked for."""

    ORIGINAL = "original"
    """The untouched original."""
    ADJUSTED = "adjusted"
    """The current edit."""
    ALTERNATIVE = "alternative"
    """The other half of a RAW+JPEG pair."""
    MEDIUM = "medium"
    """A smaller version."""
    THUMB = "thumb"
    """The smallest version."""


class LiveSize(Word):
    """A version of the film of a Live Photo."""

    ORIGINAL = "original"
    """The original film."""
    MEDIUM = "medium"
    """720 lines."""
    THUMB = "thumb"
    """360 lines."""


class NamePolicy(Word):
    """How photos of one name in one folder are told apart."""

    SIZE_DEDUP = "size_dedup"
    """By length: the second gets it as a suffix, ``IMG_1-1024.JPG``. icloudpd calls it ``name-size-dedup-with-suffix``."""
    ID7 = "id7"
    """By seven characters of the record name in every name. icloudpd calls it ``name-id7``."""


class LiveNaming(Word):
    """What the film of a Live Photo is called."""

    SUFFIX = "suffix"
    """``IMG_1_HEVC.MOV`` for HEIC photos, else ``IMG_1.MOV``."""
    ORIGINAL = "original"
    """``IMG_1.MOV``."""


class RawAlign(Word):
    """Which of a RAW and a JPEG counts as the original."""

    AS_IS = "as_is"
    """As the library has it."""
    ORIGINAL = "original"
    """The RAW."""
    ALTERNATIVE = "alternative"
    """The JPEG."""


class ViewAs(Word):
    """What a view is made of."""

    BEST = "best"
    """Hard links where the disk knows them, else symbolic links, else a manifest: whole for every program,
    without taking room."""
    HARD_LINK = "hard_link"
    """Hard links: two names of one file. Who edits it in the view edits the copy."""
    REFLINK = "reflink"
    """Files that share their blocks with those of the copy, and may be edited without harm. Btrfs, XFS and the
    like alone."""
    SYMBOLIC_LINK = "symbolic_link"
    """Symbolic links. Programs must follow them, and the copy must stay where it is."""
    COPY = "copy"
    """Copies, which take their room once more."""
    MANIFEST = "manifest"
    """Nothing but the manifest, ``.icloud-photos-views/<name>.json``."""


class ViewFault(Word):
    """What is wrong with an entry of a view."""

    MISSING = "missing"
    """It is not there; the next run with this view lays it again."""
    NOWHERE = "nowhere"
    """It leads to a file that does not stand in the copy, or has another length there."""
    CHANGED = "changed"
    """It is not as it was laid, and not the file of the copy: somebody changed it, and it stays."""
    OUTDATED = "outdated"
    """It is the view's, though not as it was laid, or the copy has another file now; the next run with this view
    lays it again."""


class Fault(Word):
    """What is wrong with a file."""

    MISSING = "missing"
    """Nothing stands there."""
    TRUNCATED = "truncated"
    """It is shorter than it was."""
    ROTTEN = "rotten"
    """Its bytes are others, though nobody has written to it since: the disk, or whoever kept its time."""
    CHANGED = "changed"
    """Somebody has written to it since."""
    NEVER_RIGHT = "never_right"
    """It was taken for a photo by name and length and never was one, or was known not to be one."""


class Why(Word):
    """Why a file is to be fetched."""

    NEW = "new"
    """No run saw it before."""
    MISSING = "missing"
    """It was here, and is gone."""
    EDITED = "edited"
    """The photo was edited since its file was fetched."""
    FAILED = "failed"
    """It could not be had."""
    UNCONFIRMED = "unconfirmed"
    """A file stands there that could not be confirmed when it was fetched; proven bytes take its place."""


class Format(Word):
    """A format whose files can say when they were taken."""

    JPEG = "jpeg"
    """``.jpg`` and ``.jpeg``; the only one that icloudpd knows."""
    PNG = "png"
    """``.png``, with the date in its ``eXIf`` chunk."""
    HEIC = "heic"
    """``.heic``, ``.heif`` and ``.hif``: still pictures, with whatever belongs to them. Not those that are films
    too."""
    AVIF = "avif"
    """``.avif``, likewise."""
    WEBP = "webp"
    """``.webp``. One of a simple form becomes one of the extended form, which Exif needs."""


@dataclass(frozen=True)
class Tally:
    """Some files.

    Attributes:
        files: How many. One that two assets share counts for each.
        bytes: Their stored bytes, as far as lengths are known.
    """

    files: int
    bytes: int


@dataclass(frozen=True)
class Totals:
    """How much a catalogue holds.

    Attributes:
        verified: Files that are ``Status.VERIFIED``.
        unconfirmed: Files that are ``Status.UNCONFIRMED``.
        assumed: Files that are ``Status.ASSUMED``.
        derived: Files that are ``Status.DERIVED``.
        failed: Files that are ``Status.FAILED``.
        assets: How many assets they are of.
    """

    verified: Tally
    unconfirmed: Tally
    assumed: Tally
    derived: Tally
    failed: Tally
    assets: int


@dataclass(frozen=True)
class Stock:
    """How many files a copy has, by what is known of them.

    Attributes:
        here: Files that stand where the catalogue says, and those that failed.
        missing: Files that were here by the catalogue, and are gone or cannot be looked at.
    """

    here: Totals
    missing: Tally


@dataclass(frozen=True)
class FileKey:
    """Which file of which asset, in which tree.

    Attributes:
        library: The library the asset is in.
        asset: The asset.
        role: Which of its files.
        tree: In which tree.
    """

    library: str
    asset: str
    role: Role
    tree: str


@dataclass(frozen=True)
class AssetRow:
    """An asset as it was when last seen.

    Attributes:
        library: The library it is in.
        asset: The asset.
        master: The record that holds its original.
        tag: Apple's change tag of the record.
        content: A digest of its resources, as far as any selection asked for them: another one means that
            files changed.
        trashed: Whether it lies in Recently Deleted.
        hidden: Whether it is hidden.
        favorite: Whether it is a favourite.
        metadata: Its metadata as JSON text: ``kind``, ``type``, ``added`` (milliseconds since 1970), ``offset`` (seconds from UTC),
            ``adjustment``, ``subtype``, ``subtype_v2`` and ``burst`` as far as they are known, and under ``files`` a digest for each role
            that was asked for, ``null`` where there is no such file.
        name: Its file name; empty if Apple has none.
        created: When it was taken, in milliseconds since 1970.
    """

    library: str
    asset: str
    master: str
    tag: str | None
    content: int
    trashed: bool
    hidden: bool
    favorite: bool
    metadata: str
    name: str
    created: int | None


@dataclass(frozen=True)
class AlbumRow:
    """An album or folder as it was when last seen.

    Attributes:
        library: The library it is in.
        album: Its record name.
        path: Its name with the folders above it: ``Folder/Name``.
        kind: What kind of album it is, as its writer calls it; a run writes ``album`` or ``folder``.
        parent: The record name of the folder it lies in.
    """

    library: str
    album: str
    path: str
    kind: str
    parent: str | None


@dataclass(frozen=True)
class Progress:
    """How far the history of a library was followed, for one selection.

    Attributes:
        library: The library.
        selection: What was asked for: the options as a digest.
        token: Everything up to here was seen and handled.
        pending: A listing that was cut.
        at: When this was written, in seconds since 1970.
    """

    library: str
    selection: str
    token: str | None
    pending: Pending | None
    at: int


@dataclass(frozen=True)
class Pending:
    """Where a listing was cut.

    Attributes:
        token: The token that was taken before its first page.
        album: Which of the albums that were asked for it was cut in; those before it were listed.
        rank: The rank to go on from.
        seen: Assets seen so far.
        sweeps: Assets were known before it began: at its end those are looked for that it did not show.
    """

    token: str | None
    album: int
    rank: int
    seen: int
    sweeps: bool


class Status(Word):
    """What is known of a file of a copy."""

    VERIFIED = "verified"
    """Apple's checksum was found in its bytes."""
    UNCONFIRMED = "unconfirmed"
    """The length agrees; the checksum cannot speak for the bytes."""
    ASSUMED = "assumed"
    """It was there, with the right name and length; nobody has read it."""
    DERIVED = "derived"
    """A date was written into bytes that were verified."""
    FAILED = "failed"
    """It could not be had."""


@dataclass(frozen=True)
class Capabilities:
    """What a storage can do; runs degrade knowingly. The default promises nothing.

    Attributes:
        modified_time: Keeps ``WriteOptions.modified``.
        resume: Goes on with the part of an earlier writer.
        exclusive_commit: Never replaces a foreign file when committing, even against other processes.
        case_sensitive: ``a`` and ``A`` are two names.
        max_name: Longest name between two slashes, in bytes.
        max_size: Largest file, in bytes.
        distant: Each question is a request over a network: where there are many, a list costs less.
        metadata: Keeps metadata beside a file, and ``stat`` tells it.
        hard_links: Hard links may be asked for. Storages written in Python have none.
        reflinks: Reflinks may be asked for. Storages written in Python have none.
        symbolic_links: Symbolic links may be asked for. Storages written in Python have none.
    """

    modified_time: bool = False
    resume: bool = False
    exclusive_commit: bool = False
    case_sensitive: bool = False
    max_name: int | None = None
    max_size: int | None = None
    distant: bool = False
    metadata: bool = False
    hard_links: bool = False
    reflinks: bool = False
    symbolic_links: bool = False


@dataclass(frozen=True)
class WriteOptions:
    """How a file is written.

    Attributes:
        part: Name of the part, ending in ``.part``. The same name finds the part of an earlier writer. Without one nothing is left
            behind.
        modified: Modification time.
        size: Length in bytes, if known.
        replace: Whether to replace what stands under the name. Without it the name must be free.
        through_links: Where a symbolic link is replaced, it stays, and the file that it leads to is replaced.
    """

    part: str | None = None
    modified: datetime | None = None
    size: int | None = None
    replace: bool = False
    through_links: bool = False


@dataclass(frozen=True)
class ObjectMeta:
    """What a storage knows of a file.

    Attributes:
        path: Where it stands: names joined by slashes, relative to the root.
        size: Length in bytes.
        modified: Modification time, if the storage keeps one.
        metadata: What was kept beside it. Lists do not tell.
    """

    path: str
    size: int
    modified: datetime | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])


class ItemKind(Word):
    """What icloudpd takes an asset for. Animated and rare images count as films."""

    IMAGE = "image"
    """A photo."""
    MOVIE = "movie"
    """A film, or anything of a type it does not know."""
    UNKNOWN = "unknown"
    """The library does not say; treated as a photo, but no filter on kinds catches it."""


@dataclass(frozen=True)
class WantedFile:
    """One file of an asset that a copy keeps.

    Attributes:
        role: Whose bytes.
        label: The size as messages name it: ``original``, ``medium``, ``small``, ...
        is_live: Whether this is the film of a Live Photo.
        name: The name in the folder.
        legacy_name: A name under which older versions of icloudpd kept the same file.
    """

    role: Role
    label: str
    is_live: bool
    name: str
    legacy_name: str | None


@dataclass(frozen=True)
class Placement:
    """Where the files of one asset go.

    Attributes:
        created: When the photo was taken, in local time, as text.
        folder: The folder, relative to that of the copy, its parts joined by slashes.
        name: What messages call the asset.
        kind: What icloudpd takes the asset for.
        files: The files to keep, in order.
        problems: What is wrong with this asset, in words. None of it stops the others.
    """

    created: str
    folder: str
    name: str
    kind: ItemKind
    files: list[WantedFile]
    problems: list[str]


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is tried that failed for passing reasons, and how long the pauses are.

    Attributes:
        attempts: Tries in all, the first one included; 1 for none but that.
        base: The first pause; each further one is twice as long, with some chance in it.
        cap: The longest pause.
        patience: The longest pause that Apple may ask for; above it the error goes to the caller at once.
    """

    attempts: int = 5
    base: timedelta = timedelta(seconds=1)
    cap: timedelta = timedelta(seconds=60)
    patience: timedelta = timedelta(seconds=300)


@dataclass(frozen=True)
class Layout:
    """Folders and names of a copy. The defaults are icloudpd's.

    Attributes:
        folder: Template of the folder, such as ``{:%Y/%m/%d}``; ``none`` for a single folder. None: icloudpd's default.
        sizes: Which files of a photo.
        live_photos: Which film of Live Photos; None for none.
        force_size: Take nothing in place of a size that does not exist.
        keep_unicode: Keep letters beyond ASCII in names.
        names: How files of one name are told apart.
        live_naming: How films of Live Photos are called.
        align_raw: Which half of a RAW pair counts as the original.
        zone: Time zone of dates, such as ``Europe/Berlin``; None for this computer's.
        locale: Language of names of months and days, such as ``de_DE``; None for English.
    """

    folder: str | None = None
    sizes: Sequence[Size | str] = (Size.ORIGINAL,)
    live_photos: LiveSize | str | None = LiveSize.ORIGINAL
    force_size: bool = False
    keep_unicode: bool = False
    names: NamePolicy | str = NamePolicy.SIZE_DEDUP
    live_naming: LiveNaming | str = LiveNaming.SUFFIX
    align_raw: RawAlign | str = RawAlign.AS_IS
    zone: str | None = None
    locale: str | None = None

    def place(self, asset: AssetBase) -> Placement:
        """Where the files of an asset go, by these options alone. Nothing is sent.

        Raises:
            ConfigError: A template, time zone or language that cannot be used.
        """
        placed: Placement = _native.place(self, asset._native)
        return placed


@dataclass(frozen=True)
class View:
    """A tree over a copy: links to its files by album, library or date.

    Attributes:
        name: The folder it lies in.
        template: Where entries go, such as ``{album_path}``.
        made_of: What entries are.
    """

    name: str
    template: str
    made_of: ViewAs | str = ViewAs.BEST


@dataclass(frozen=True)
class MoveRule:
    """Which assets move to Recently Deleted in iCloud, once all of them is proven to stand here.

    Attributes:
        older_than_days: Those taken at least so many times 24 hours ago; None: those of which this run fetched a file.
    """

    older_than_days: int | None


@dataclass(frozen=True)
class RemovalLimit:
    """How much one run may remove, there or here; above it nothing is removed.

    Attributes:
        share: Of all files, from 0 to 1.
        always: So many may go whatever their share is.
        gone: So many are known to have gone before, and count with the rest.
    """

    share: float = 0.05
    always: int = 20
    gone: int = 0


@dataclass(frozen=True)
class FileRow:
    """What a catalogue knows of one file.

    Attributes:
        key: Names the file.
        path: Where it stands, if it does.
        size: Length in bytes of what stands there.
        modified: Its time, in seconds since 1970.
        resource_size: Length in bytes that iCloud has it with.
        checksum: Apple's checksum of what was fetched.
        sha256: SHA-256 of what stands there.
        status: What is known of the bytes.
        reason: Why it failed.
        attempts: How often it failed.
        sidecar: Whether it is to have a sidecar.
        at: When that was found, in seconds since 1970.
    """

    key: FileKey
    path: str | None
    size: int | None
    modified: int | None
    resource_size: int | None
    checksum: Checksum | None
    sha256: bytes | None
    status: Status
    reason: str | None
    attempts: int | None
    sidecar: bool
    at: int


@dataclass(frozen=True)
class Receipt:
    """Proof that everything of one asset that cannot be made again stands in a storage. Only ``SyncEngine.receipt`` makes one.

    Attributes:
        json: The receipt as text, to be kept for days.
        asset: Id of the asset.
        files: The files that were proven.
        at: When, in seconds since 1970.
    """

    json: str
    asset: str
    files: list[ProvenFile]
    at: int


@dataclass(frozen=True)
class SyncReport:
    """What a run did.

    Attributes:
        assets: Assets that were looked at.
        downloaded: Files fetched and named.
        copied: Of those, files that were not fetched: they stand in another tree of the same folder, and
            were copied from there.
        bytes: Their bytes.
        verified: Of those, files whose checksum matches; the others are ``unconfirmed``.
        unconfirmed: Files that were kept though their bytes could not be proven.
        present: Files that were there already.
        skipped: Assets and files left out on purpose.
        failed: Files, or assets, that failed, sidecars, and entries of views. Files too that were to be removed and could
            not be.
        sidecars: Sidecars written or brought up to date.
        moved: Assets moved to Recently Deleted in iCloud.
        removed: Files removed here, for their assets were deleted in iCloud.
        withheld: Assets and files that were to be removed and are kept, for something about them is in
            doubt.
        damaged: Of those, assets of which a file here was read and found to hold other bytes than Apple's
            checksum says, or could not be read, or was not there any more after it had been fetched.
        stopped: Nothing was removed though something was to be: it was too much, or a list was short.
        left_early: Lists that were left before their end (``until_found`` of ``SyncEngine``): nothing is known of the rest.
        views_laid: Entries of views that were laid, or laid anew.
        views_removed: Entries of views that were removed: their photos are gone, or stand elsewhere in
            the view.
        views_left: Things in the folders of views that are not theirs, and stay where an entry was to be
            laid or removed.
        listings: How each listing ended.
        is_clean: Nothing failed and nothing is missing.
        text: The same in words.
    """

    assets: int
    downloaded: int
    copied: int
    bytes: int
    verified: int
    unconfirmed: int
    present: int
    skipped: int
    failed: int
    sidecars: int
    moved: int
    removed: int
    withheld: int
    damaged: int
    stopped: bool
    left_early: int
    views_laid: int
    views_removed: int
    views_left: int
    listings: list[Listing]
    is_clean: bool
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.text}>"


@dataclass(frozen=True)
class AdoptReport:
    """What an adoption found.

    Attributes:
        files: Files in the storage.
        known: Files the catalogue knew, and that are as they were; what Apple's checksum proved and
            nobody touched since was not read again.
        recognised: Files whose bytes are those of a photo.
        derived: JPEGs that icloudpd wrote a date into.
        assumed: Files with the name and length of a photo that no checksum speaks for.
        damaged: Files with the name of a photo and not its bytes.
        unknown: Files that are none of the photos that were asked for.
        failed: Files that could not be read, or not be named, and folders.
        missing: Files that are wanted, by the engine's selection, and stand nowhere: at least so many, if
            the list is incomplete.
        short: Lists that may lack something.
        unlisted: Photos of the list that could not be read.
        bytes: Bytes that were read.
        is_clean: Nothing failed and nothing is missing.
        is_list_complete: iCloud was listed whole.
        text: The same in words.
    """

    files: int
    known: int
    recognised: int
    derived: int
    assumed: int
    damaged: int
    unknown: int
    failed: int
    missing: int
    short: list[Listing]
    unlisted: int
    bytes: int
    is_clean: bool
    is_list_complete: bool
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.text}>"


@dataclass(frozen=True)
class VerifyReport:
    """What a verification found.

    Attributes:
        proven: Files that were read and are proven by Apple's checksum; of those with a date written into
            them, by what they are without it.
        promoted: Of those, files that were only assumed to be right before.
        unproven: Files that are as they were, though no checksum of Apple's speaks for them.
        retried: Of those, files that iCloud was asked for again, and sent nothing better.
        bad: Files that are not as they should be.
        repaired: Of those, files that were fetched again.
        removed: Files that somebody removed, where that is respected, or that stand in another tree of
            the folder.
        failed: Files and folders that could not be read, and files that could not be fetched.
        strays: Files that the catalogue does not know.
        views: Entries of views that were looked at.
        views_bad: Of those, entries that are not as they should be.
        bytes: Bytes that were read, but for those of views.
        is_clean: Nothing failed and nothing is missing.
        text: The same in words.
    """

    proven: int
    promoted: int
    unproven: int
    retried: int
    bad: int
    repaired: int
    removed: int
    failed: int
    strays: int
    views: int
    views_bad: int
    bytes: int
    is_clean: bool
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.text}>"
