"""What type checkers must make of the package. Never run: ``mypy --strict`` and ``pyright`` read it.

Each line fails when a type becomes wider, narrower, or ``Any``. The blocking face first, then what differs in the one for asyncio.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Optional, Union

from icloud_photos import (
    AdoptReport,
    Album,
    AlbumKind,
    AlbumNode,
    AlbumTree,
    Asset,
    AssetState,
    AsyncAlbum,
    AsyncAsset,
    AsyncAssets,
    AsyncCatalogue,
    AsyncChallenge,
    AsyncClient,
    AsyncConsentAction,
    AsyncDownload,
    AsyncLibrary,
    AsyncSecurityKeyAction,
    AsyncSession,
    AsyncSyncEngine,
    AsyncTermsAction,
    Capabilities,
    Catalogue,
    Challenge,
    ChangeCursor,
    Checksum,
    Client,
    ConsentAction,
    Digests,
    Download,
    ErrorKind,
    Hasher,
    ICloudError,
    IndexState,
    Library,
    LibraryId,
    LinkKind,
    Listing,
    LocalStorage,
    Location,
    MediaKind,
    MemoryStorage,
    ObjectMeta,
    Phone,
    Probe,
    Proof,
    RateLimitedError,
    Receipt,
    Resource,
    Role,
    Saved,
    SavedChallenge,
    SavedSession,
    SecurityKeyAction,
    Session,
    SessionStore,
    SmartAlbum,
    Stock,
    Storage,
    StorageWriter,
    Subtype,
    SyncEngine,
    SyncReport,
    TermsAction,
    Totals,
    UrlStorage,
    VerifyReport,
    WriteOptions,
    async_verify,
    events,
    has_date,
    open_storage,
    verify,
    with_date,
)
from icloud_photos.testing import FakeICloud
from typing_extensions import assert_type

Login = Union[Session, Challenge, TermsAction, ConsentAction, SecurityKeyAction]
AsyncLogin = Union[AsyncSession, AsyncChallenge, AsyncTermsAction, AsyncConsentAction, AsyncSecurityKeyAction]


def signing_in(client: Client) -> None:
    login = client.login("jdoe@example.com", "secret")
    assert_type(login, Login)
    if isinstance(login, Challenge):
        assert_type(login.phones, list[Phone])
        assert_type(login.has_devices, bool)
        assert_type(login.to_saved(), SavedChallenge)
        assert_type(client.resume(login.to_saved()), Challenge)
        assert_type(login.submit("123456"), Session)
    elif isinstance(login, ConsentAction):
        assert_type(login.error, ICloudError)
        assert_type(login.poll(), Optional[Session])
        assert_type(login.wait(timedelta(minutes=1)), Session)
    elif isinstance(login, TermsAction):
        assert_type(login.accept(), Login)
    elif not isinstance(login, SecurityKeyAction):
        # Nothing is left but what everybody hopes for.
        assert_type(login, Session)
    assert_type(client.restore("jdoe@example.com"), Optional[Session])
    assert_type(client.cooldown("jdoe@example.com"), Optional[ICloudError])
    assert_type(client.probe("auth"), Probe)
    with client as same:
        assert_type(same, Client)


class Store(SessionStore):
    def load(self, account: str) -> SavedSession | None:
        return None

    def save(self, account: str, session: SavedSession) -> None:
        assert_type(session.json, str)

    def remove(self, account: str) -> None: ...

    def try_lock(self, account: str) -> io.BytesIO:
        return io.BytesIO()


def clients() -> None:
    assert_type(Client(sessions=Store(), region="china"), Client)
    assert_type(Client(sessions=Path("~/sessions")), Client)


def libraries(session: Session) -> None:
    assert_type(session.account, str)
    assert_type(session.trusted_until, Optional[datetime])
    assert_type(session.libraries(), list[Library])
    assert_type(session.library("SharedSync-1"), Library)
    library = session.primary_library
    assert_type(library, Library)
    assert_type(library.id, LibraryId)
    assert_type(library.index_state(), IndexState)
    assert_type(library.all(), Album)
    assert_type(library.smart_album(SmartAlbum.FAVORITES), Album)
    assert_type(library.smart_album("favorites"), Album)
    assert_type(library.asset("id"), Asset)
    assert_type(library.assets_by_id(["id"]), list[Union[Asset, ICloudError]])
    assert_type(library.counts([library.all()]), list[Optional[int]])


def albums(library: Library) -> None:
    tree = library.albums()
    assert_type(tree, AlbumTree)
    assert_type(tree["Trips/Rome"], Album)
    assert_type(tree.find(["Trips", "Rome"]), Optional[Album])
    assert_type(tree.get("id"), Optional[Album])
    assert_type(tree.roots, list[AlbumNode])
    assert_type(tree.roots[0].album, Album)
    assert_type(len(tree), int)
    for album in tree:
        assert_type(album, Album)
        assert_type(album.kind, AlbumKind)
        assert_type(album.path, list[str])
        assert_type(album.count(), Optional[int])
        for asset in album:
            assert_type(asset, Asset)


def assets(album: Album, told: list[ICloudError]) -> None:
    listing = album.assets(fields="full", roles=[Role.ORIGINAL, "thumb"], limit=100, on_error=told.append)
    for asset in listing:
        assert_type(asset, Asset)
    assert_type(listing.outcome(), Listing)
    assert_type(listing.outcome().is_complete, bool)


def one_asset(asset: Asset) -> None:
    assert_type(asset.filename, Optional[str])
    assert_type(asset.created, Optional[datetime])
    assert_type(asset.utc_offset, Optional[timedelta])
    assert_type(asset.kind, MediaKind)
    assert_type(asset.subtype, Subtype)
    assert_type(asset.location, Optional[Location])
    assert_type(asset.dimensions, Optional[tuple[int, int]])
    assert_type(asset.keywords, list[str])
    assert_type(asset.resources, list[Resource])
    assert_type(asset.raw, dict[str, str])
    assert_type(asset.state(), AssetState)
    resource = asset.resource("original")
    assert_type(resource, Optional[Resource])
    if resource is not None:
        assert_type(resource.size, Optional[int])
        assert_type(resource.checksum, Optional[Checksum])


def downloads(asset: Asset, download: Download) -> None:
    assert_type(asset.download("original"), Download)
    assert_type(download.read(limit=1 << 20, progress=True), bytes)
    saved = download.save(Path("photos"), progress=print)
    assert_type(saved, Saved)
    assert_type(saved.proof, Proof)
    assert_type(saved.checksum, Checksum)
    assert_type(saved.sha256, bytes)
    assert_type(download.save_to(io.BytesIO()), Proof)
    with open("photo.jpg", "wb") as file, gzip.open("photo.gz", "wb") as packed:
        assert_type(download.save_to(file), Proof)
        assert_type(download.save_to(packed), Proof)
    with download.chunks(start=0, end=1000) as chunks:
        for chunk in chunks:
            assert_type(chunk, bytes)
        assert_type(chunks.proof, Optional[Proof])


def changes(library: Library, cursor: ChangeCursor) -> None:
    assert_type(library.cursor(), ChangeCursor)
    for batch in library.changes(cursor):
        assert_type(batch, events.ChangeBatch)
        assert_type(batch.cursor, ChangeCursor)
        for change in batch.changes:
            assert_type(change, events.Change)
            if isinstance(change, events.ChangeGone):
                assert_type(change.record, str)


class Shelf(Storage):
    """Whoever writes one gets its types checked."""

    def capabilities(self) -> Capabilities:
        return Capabilities(exclusive_commit=True)

    def stat(self, path: str) -> ObjectMeta | None:
        return None

    def write(self, path: str, options: WriteOptions) -> StorageWriter:
        assert_type(options.size, Optional[int])
        raise NotImplementedError

    def read(self, path: str, start: int = 0) -> Iterator[bytes]:
        raise NotImplementedError

    def remove(self, path: str) -> None: ...

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        raise NotImplementedError

    def flush(self) -> None: ...


def storages(local: LocalStorage) -> None:
    assert_type(open_storage("s3://bucket/photos"), Union[LocalStorage, UrlStorage])
    assert_type(local.stat("a.jpg"), Optional[ObjectMeta])
    assert_type(next(iter(local.list())), ObjectMeta)
    assert_type(next(iter(local.read("a.jpg"))), bytes)
    writer = local.write("a.jpg", WriteOptions(replace=True))
    assert_type(writer, StorageWriter)
    assert_type(writer.position, int)
    assert_type(writer.commit(), ObjectMeta)
    local.link("a.jpg", "b.jpg", LinkKind.HARD)


def copies(library: Library, asset: Asset) -> None:
    storage: Storage = Shelf()
    with Catalogue.open(storage, at="state") as catalogue:
        assert_type(catalogue, Catalogue)
        assert_type(catalogue.totals(), Totals)
        assert_type(catalogue.stock(storage), Stock)
        engine = SyncEngine(library, storage, catalogue=catalogue, filter=favourites)
        for action in engine.plan():
            assert_type(action, events.Action)
            if isinstance(action, events.ActionDownload):
                assert_type(action.size, Optional[int])
                assert_type(action.target.role, Role)
                if isinstance(action.target.asset, Asset):
                    assert_type(action.target.asset.download(), Download)
            if isinstance(action, events.ActionAlbums) and isinstance(action.albums, AlbumTree):
                assert_type(action.albums["Trips"], Album)
        assert_type(engine.execute(engine.plan(), progress=True), SyncReport)
        assert_type(engine.run(on_event=told).is_clean, bool)
        assert_type(engine.adopt(rehearse=True), AdoptReport)
        assert_type(engine.covered_at(), Optional[datetime])
        assert_type(engine.cursor(), Optional[ChangeCursor])
        receipt = engine.receipt(asset)
        assert_type(receipt, Union[Receipt, events.Kept])
        if isinstance(receipt, Receipt):
            assert_type(engine.move_out([receipt]), list[Optional[Union[events.Kept, ICloudError]]])
        for news in engine.news():
            assert_type(news, events.NewsEvent)
        assert_type(verify(storage, catalogue, sample=0.1), VerifyReport)
    assert_type(Catalogue.open_read_only(storage, at="state"), Optional[Catalogue])


def favourites(asset: Asset) -> bool:
    return asset.is_favorite


def told(event: object) -> None:
    if isinstance(event, events.SyncDownloaded):
        assert_type(event.path, str)
        assert_type(event.bytes, int)
    if isinstance(event, events.SyncFailed):
        assert_type(event.path, Optional[str])
        assert_type(event.error, ICloudError)
    if isinstance(event, events.RemovalStays):
        assert_type(event.why, events.Kept)


def errors(error: ICloudError) -> None:
    assert_type(error.kind, ErrorKind)
    assert_type(error.retryable, bool)
    assert_type(error.retry_after, Optional[timedelta])
    assert_type(error.attempts, Optional[int])
    assert_type(error.context, dict[str, str])
    limited: ICloudError = RateLimitedError("slow down")
    assert_type(str(limited), str)


def helpers() -> None:
    hasher = Hasher()
    hasher.update(b"bytes")
    assert_type(hasher.length, int)
    assert_type(hasher.digests(), Digests)
    assert_type(has_date(b""), bool)
    assert_type(with_date(b"", "2024:05:01 12:30:00"), bytes)


async def signing_in_async(client: AsyncClient) -> None:
    login = await client.login("jdoe@example.com", "secret")
    assert_type(login, AsyncLogin)
    if isinstance(login, AsyncChallenge):
        assert_type(await login.submit("123456"), AsyncSession)
        assert_type(await login.to_saved(), SavedChallenge)
    assert_type(await client.restore("jdoe@example.com"), Optional[AsyncSession])
    async with client as same:
        assert_type(same, AsyncClient)


async def libraries_async(session: AsyncSession) -> None:
    assert_type(session.primary_library, AsyncLibrary)
    assert_type(await session.libraries(), list[AsyncLibrary])
    library = await session.library("SharedSync-1")
    for album in await library.albums():
        assert_type(album, AsyncAlbum)
        async for asset in album:
            assert_type(asset, AsyncAsset)
    listing = library.all().assets()
    assert_type(listing, AsyncAssets)
    async for asset in listing:
        assert_type(asset.filename, Optional[str])
    async for batch in library.changes(await library.cursor()):
        assert_type(batch.cursor, ChangeCursor)


async def downloads_async(asset: AsyncAsset) -> None:
    download = asset.download(Role.THUMB)
    assert_type(download, AsyncDownload)
    assert_type(await download.read(), bytes)
    assert_type(await download.save(MemoryStorage()), Saved)
    async with download.chunks() as chunks:
        async for chunk in chunks:
            assert_type(chunk, bytes)


async def copies_async(library: AsyncLibrary, storage: Storage) -> None:
    async with await AsyncCatalogue.open(storage, at="state") as catalogue:
        engine = AsyncSyncEngine(library, storage, catalogue=catalogue, filter=lambda asset: asset.is_favorite)
        async for action in engine.plan():
            assert_type(action, events.Action)
        assert_type(await engine.execute(engine.plan()), SyncReport)
        async for news in engine.news():
            assert_type(news, events.NewsEvent)
        assert_type(await async_verify(storage, catalogue, engine=engine, repair=True), VerifyReport)


async def the_fake() -> None:
    with FakeICloud(assets=10, profile="everyday", faults=[]) as fake:
        assert_type(fake.sign_in(), Session)
        assert_type(await fake.sign_in_async(), AsyncSession)
        assert_type(fake.code(), str)
