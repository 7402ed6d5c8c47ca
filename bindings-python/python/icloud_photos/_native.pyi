"""The private seam between Python and Rust: handles, and operations on them that have not begun.

Nothing here is public. What people use is written in Python around it: ``_async`` by hand, ``_sync`` made from it.
Values come out finished: dataclasses of ``_models`` and ``events``, enums, exceptions of ``errors``.
"""

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from pathlib import Path
from types import GenericAlias
from typing import Any, Generic, TypeVar, final

from . import _models as models
from . import _records as records
from . import errors, events

_T = TypeVar("_T")

__all__ = [
    "Album",
    "AlbumNode",
    "AlbumTree",
    "Asset",
    "Assets",
    "Batches",
    "ByteStream",
    "Catalogue",
    "Challenge",
    "Changes",
    "Client",
    "Consent",
    "Downloader",
    "Fake",
    "Hasher",
    "Library",
    "Op",
    "Plan",
    "SecurityKey",
    "Session",
    "Storage",
    "StorageWriter",
    "SyncEngine",
    "Terms",
    "__version__",
    "command",
    "copy_above",
    "has_date",
    "parse_checksum",
    "place",
    "sidecar",
    "type_of",
    "verify",
    "with_date",
]

__version__: str

@final
class Op(Generic[_T]):
    """An operation that has not begun. It is for one use: either waited for, or awaited."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def wait(self) -> _T:
        """Runs it and blocks, without the interpreter's lock; a signal's exception ends it within 25 ms."""
    def __await__(self) -> Generator[Any, None, _T]:
        """Runs it beside the event loop; a cancelled task ends it."""

@final
class Batches(Generic[_T]):
    """A sequence that is fetched as it is read. One reader at a time."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def next(self, into: deque[_T]) -> Op[bool]:
        """Appends the next items, as many as there are without waiting, one at least; False at the end. What was read for a call that nobody waits
        for any more comes with the next one."""
    def close(self) -> None:
        """Ends what is under way for it."""

@final
class Client:
    def __new__(
        cls,
        *,
        region: str,
        auth_endpoint: str | None,
        setup_endpoint: str | None,
        sessions: str | PathLike[str] | object | None,
        beside_icloudpd: bool,
        client_id: str | None,
        retries: records.RetryPolicy | None,
        header_timeout: float | None,
        stall_timeout: float | None,
    ) -> Client:
        """``sessions``: a folder, or an object with ``load``, ``save``, ``remove``, ``try_lock``; None keeps them in memory."""
    def login(self, account: str, password: str) -> Op[Session | Challenge | Terms | Consent | SecurityKey]: ...
    def restore(self, account: str) -> Op[Session | None]: ...
    def cooldown(self, account: str) -> Op[errors.ICloudError | None]: ...
    def resume(self, challenge: str) -> Challenge: ...
    def probe(self, door: str) -> Op[records.Probe]: ...

@final
class Challenge:
    account: str
    has_devices: bool
    is_two_step: bool
    phones: list[records.Phone]
    def request_push(self) -> Op[None]: ...
    def send_code(self, phone_id: str, delivery: str) -> Op[None]: ...
    def submit(self, code: str) -> Op[Session]: ...
    def to_saved(self) -> Op[str]:
        """JSON that holds what is needed to answer it elsewhere; a secret."""

@final
class Terms:
    error: errors.ICloudError
    def accept(self) -> Op[Session | Challenge | Terms | Consent | SecurityKey]: ...

@final
class Consent:
    error: errors.ICloudError
    def request(self) -> Op[None]: ...
    def poll(self) -> Op[Session | None]: ...
    def wait(self, limit: float) -> Op[Session]: ...

@final
class SecurityKey:
    error: errors.ICloudError
    challenge: str
    credentials: list[str]
    relying_party: str
    key_names: list[str]
    def submit(
        self, client_data: str, signature: str, authenticator_data: str, user_handle: str | None, credential_id: str
    ) -> Op[Session | Challenge | Terms | Consent | SecurityKey]: ...

@final
class Session:
    account: str
    dsid: str
    trusted_until: datetime | None
    def save(self) -> Op[None]: ...
    def refresh(self) -> Op[None]: ...
    def sign_out(self) -> Op[None]: ...
    def primary_library(self) -> Library: ...
    def libraries(self) -> Op[list[Library]]: ...
    def library(self, name: str) -> Op[Library]: ...

@final
class Library:
    id: models.LibraryId
    name: str
    kind: models.LibraryKind
    session: Session
    def all(self) -> Album: ...
    def smart_album(self, album: str) -> Album: ...
    def albums(self) -> Op[AlbumTree]: ...
    def counts(self, albums: Sequence[Album]) -> Op[list[int | None]]: ...
    def index_state(self) -> Op[records.IndexState]: ...
    def require_index(self) -> Op[None]: ...
    def asset(self, id: str) -> Op[Asset]: ...
    def assets_by_id(self, ids: Sequence[str]) -> Op[list[Asset | errors.ICloudError]]: ...
    def renew(self, assets: Sequence[Asset], roles: Sequence[str]) -> Op[list[Asset | errors.ICloudError]]: ...
    def cursor(self) -> Op[records.ChangeCursor]: ...
    def changes(
        self, since: str, fields: str, roles: Sequence[str] | None, page_size: int | None
    ) -> Changes:
        """``since``: a cursor as JSON."""
    def downloader(self) -> Downloader: ...

@final
class AlbumTree:
    roots: list[AlbumNode]
    def albums(self) -> list[Album]:
        """All of them, folders before what they hold."""
    def find(self, path: Sequence[str]) -> Album | None: ...
    def get(self, id: str) -> Album | None: ...

@final
class AlbumNode:
    album: Album
    children: list[AlbumNode]

@final
class Album:
    id: str | None
    kind: models.AlbumKind
    smart: models.SmartAlbum | None
    name: str
    original_name: str
    path: list[str]
    library: Library
    def is_titled(self, title: str) -> bool: ...
    def count(self) -> Op[int | None]: ...
    def assets(
        self, *, fields: str, roles: Sequence[str] | None, page_size: int | None, prefetch: int | None,
        limit: int | None,
    ) -> Assets: ...

@final
class Assets:
    """A listing. Items are assets, or exceptions that concern one asset each."""

    def next(self, into: deque[Asset | errors.ICloudError]) -> Op[bool]: ...
    def close(self) -> None: ...
    @property
    def sync_token(self) -> str | None: ...
    def outcome(self) -> models.Listing:
        """How it ended; so far, if it has not."""

@final
class Asset:
    """A photo or film. All of it is here; nothing is sent."""

    id: str
    master_id: str
    library: models.LibraryId
    change_tag: str | None
    filename: str | None
    undecodable_filename: str | None
    media_type: str | None
    kind: models.MediaKind
    subtype: models.Subtype
    created: datetime | None
    created_ms: int | None
    added: datetime | None
    utc_offset: timedelta | None
    time_zone: str | None
    location: records.Location | None
    title: str | None
    description: str | None
    keywords: list[str]
    is_favorite: bool
    is_hidden: bool
    is_trashed: bool
    expunges_at: datetime | None
    burst_id: str | None
    burst_flags: tuple[int | None, int | None]
    adjustment_type: str | None
    is_edited: bool
    is_hdr: bool
    orientation: int | None
    original_orientation: int | None
    dimensions: tuple[int, int] | None
    duration: timedelta | None
    live_duration: timedelta | None
    live_still_at: timedelta | None
    contributors: list[str]
    resources: list[models.Resource]
    def resource(self, role: str) -> models.Resource | None: ...
    def raw(self) -> dict[str, str]:
        """Fields of the two records that nothing above shows, by name, as JSON text."""
    def state(self) -> records.AssetState: ...
    def compare(self, before: str | None) -> records.AssetChange: ...

@final
class Changes:
    def next(self, into: deque[events.ChangeBatch]) -> Op[bool]:
        """In changes that bring an asset the field is a native ``Asset``; ``_base`` wraps it."""
    def close(self) -> None: ...

@final
class Downloader:
    def bytes(self, asset: Asset, role: str, limit: int, progress: Callable[[int], object] | None) -> Op[tuple[bytes, records.Proof]]: ...
    def save(
        self, asset: Asset, role: str, storage: object, path: str, modified: datetime | None, replace: bool,
        progress: Callable[[int], object] | None,
    ) -> Op[records.Saved]: ...
    def stream(
        self, asset: Asset, role: str, start: int, end: int | None, progress: Callable[[int], object] | None
    ) -> ByteStream: ...

@final
class ByteStream:
    """Bytes as they come."""

    def next(self, into: deque[bytes]) -> Op[bool]:
        """Appends the next chunk; False at the end. Raises ``IntegrityError`` at the end if what came is not what Apple says."""
    def close(self) -> None: ...
    @property
    def proof(self) -> records.Proof | None:
        """What is known of the bytes, once all came; None before, and for a range."""

@final
class Storage:
    """A storage of ours. Python's classes hold one in ``_native``."""

    @staticmethod
    def local(root: str | PathLike[str]) -> Storage: ...
    @staticmethod
    def memory() -> Storage: ...
    @staticmethod
    def from_url(address: str) -> Storage: ...
    @staticmethod
    def is_address(text: str) -> bool: ...
    place: str
    """What people call it: folder or URL."""
    def capabilities(self) -> records.Capabilities: ...
    def check_writable(self) -> Op[None]: ...
    def stat(self, path: str) -> Op[records.ObjectMeta | None]: ...
    def write(self, path: str, options: records.WriteOptions) -> Op[StorageWriter]: ...
    def read(self, path: str, start: int) -> Op[Batches[bytes]]: ...
    def remove(self, path: str) -> Op[None]: ...
    def stat_all(self, paths: Sequence[str]) -> Op[list[records.ObjectMeta | errors.ICloudError | None]]: ...
    def tidy(self, begun: datetime) -> Op[None]: ...
    def list(self, prefix: str, with_parts: bool) -> Batches[records.ObjectMeta]: ...
    def flush(self) -> Op[None]: ...
    def link(self, source: str, target: str, kind: str) -> Op[None]: ...

@final
class StorageWriter:
    position: int
    def resumed(self) -> Op[Batches[bytes]]: ...
    def restart(self) -> Op[None]: ...
    def write(self, chunk: bytes) -> Op[None]: ...
    def describe(self, metadata: Mapping[str, str]) -> None: ...
    def commit(self) -> Op[records.ObjectMeta]: ...
    def abort(self) -> Op[None]: ...
    def close(self) -> Op[None]: ...

@final
class Catalogue:
    """What is known of a copy. ``open`` finds the one of a storage by its mark, as the command does."""

    @staticmethod
    def memory() -> Catalogue: ...
    @staticmethod
    def sqlite(file: str | PathLike[str]) -> Op[Catalogue]: ...
    @staticmethod
    def open(storage: object, place: str | None, at: str | PathLike[str], read_only: bool) -> Op[Catalogue | None]:
        """``at``: the folder of catalogues, or ``postgres://...``. None only where read-only, and there is none."""
    def totals(self) -> Op[records.Totals]: ...
    def stock(self, storage: object) -> Op[records.Stock]: ...
    def library(self, session: Session, name: str) -> Op[Library | None]: ...
    def albums(self, library: Library) -> Op[list[Album]]: ...
    def files(self) -> Batches[records.FileRow]: ...
    def files_at(self, paths: Sequence[str]) -> Op[list[list[records.FileRow]]]: ...
    def close(self) -> None:
        """Gives it free for others; operations that are under way keep it until they end."""

@final
class SyncEngine:
    def __new__(
        cls,
        library: Library,
        storage: object,
        *,
        catalogue: Catalogue | None,
        albums: Sequence[Album],
        layout: records.Layout,
        recent: int | None,
        skip_videos: bool,
        skip_photos: bool,
        skip_created_before: datetime | timedelta | None,
        skip_created_after: datetime | timedelta | None,
        until_found: int | None,
        filter: Callable[[Asset], bool] | None,
        filter_name: str,
        check_albums: Callable[[AlbumTree], object] | None,
        sidecars: bool,
        views: Sequence[records.View],
        concurrency: int | None,
        missing: str,
        mirror: str | None,
        move_out: records.MoveRule | None,
        write_dates: Sequence[str],
        snapshots: bool,
        removal_limit: records.RemovalLimit | None,
    ) -> SyncEngine: ...
    library: Library
    def plan(self) -> Plan: ...
    def execute(self, plan: Plan, on_event: Callable[[Any], object] | None) -> Op[records.SyncReport]: ...
    def rehearse_removals(self, on_event: Callable[[Any], object] | None) -> Op[records.SyncReport]: ...
    def rehearse_views(self, on_event: Callable[[Any], object] | None) -> Op[records.SyncReport]: ...
    def adopt(self, rehearse: bool, reread: bool, on_event: Callable[[Any], object] | None) -> Op[records.AdoptReport]: ...
    def news(self) -> Batches[Any]:
        """Of ``events.NewsEvent``."""
    def covered_at(self) -> Op[datetime | None]: ...
    def cursor(self) -> Op[records.ChangeCursor | None]: ...
    def uncovered_libraries(self) -> Op[list[Library]]: ...
    def receipt(self, asset: Asset) -> Op[records.Receipt | events.Kept]: ...
    def move_out(self, receipts: Sequence[str]) -> Op[list[events.Kept | errors.ICloudError | None]]:
        """Receipts as JSON; for each None if it is in Recently Deleted now, or why not."""
    def stop(self) -> None:
        """Asks runs of this engine to end early; they raise ``OperationCancelledError``."""

@final
class Plan:
    """What a run would do, lazily. Read by ``next``, or handed to ``SyncEngine.execute``, not both."""

    def next(self, into: deque[Any]) -> Op[bool]:
        """Of ``events.Action``."""
    def close(self) -> None: ...

def verify(
    storage: object, catalogue: Catalogue, *, share: float, seed: int, repair: bool, missing: str, read_only: bool,
    reread: bool, engine: SyncEngine | None, on_event: Callable[[Any], object] | None,
) -> Op[records.VerifyReport]: ...

@final
class Hasher:
    """Apple's checksum and SHA-256 in one pass."""

    def __new__(cls) -> Hasher: ...
    def update(self, data: bytes) -> None: ...
    @property
    def length(self) -> int: ...
    def digests(self) -> records.Digests:
        """Of what came so far."""

@final
class Fake:
    """The fake iCloud, over TCP on loopback, until it is closed."""

    def __new__(
        cls, *, assets: int, profile: str, file_size: int, big_file: int | None, seed: int, state: str,
        username: str | None, password: str | None, code: str | None, account: str | None, faults: str | None,
        library: str | None,
    ) -> Fake: ...
    url: str
    username: str
    password: str
    def codes(self) -> list[tuple[str, str]]:
        """Who reads which code on the screen now."""
    def close(self) -> None: ...

def command(name: str, arguments: Sequence[str]) -> int:
    """Runs ``icloudpd`` or ``icloud`` with these arguments; gives its exit code."""

def copy_above(folder: str | PathLike[str]) -> Path | None: ...
def place(layout: records.Layout, asset: Asset) -> records.Placement: ...
def sidecar(
    asset: Asset, albums: Sequence[Sequence[str]] | None, rendering: bool, existing: bytes | None
) -> bytes | None: ...
def type_of(identifier: str) -> tuple[str | None, models.MediaKind, bool]: ...
def with_date(data: bytes, date: str) -> bytes: ...
def has_date(data: bytes) -> bool: ...
def parse_checksum(text: str) -> models.Checksum | None: ...
