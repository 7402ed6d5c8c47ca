# Made from `_async` by tools/unasync.py: change it there.
"""Libraries, their albums, and lists of assets."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from .. import _native
from .._base import AlbumTreeBase, faced, path_of, plain
from .._models import AlbumKind, Fields, LibraryId, LibraryKind, Listing, Role, SmartAlbum
from ..errors import ICloudError
from ._asset import Asset
from ._items import Items
from ._runtime import run

if TYPE_CHECKING:
    from .._records import ChangeCursor, IndexState
    from ..events import ChangeBatch
    from ._session import Session

_log = logging.getLogger("icloud_photos")


class Library:
    """A library of photos: the account's own, or one that is shared with it."""

    def __init__(self, native: _native.Library) -> None:
        self._native = native
        self._downloader = native.downloader()

    @property
    def id(self) -> LibraryId:
        """Names it among all libraries."""
        return self._native.id

    @property
    def name(self) -> str:
        """Its name, such as ``PrimarySync``."""
        return self._native.name

    @property
    def kind(self) -> LibraryKind:
        """Whose it is."""
        return self._native.kind

    @property
    def session(self) -> Session:
        """Whose library it is."""
        from ._session import Session

        return Session(self._native.session)

    def all(self) -> Album:
        """All photos and films, but hidden and deleted ones. Nothing is sent."""
        return Album(self._native.all())

    def smart_album(self, album: SmartAlbum | str) -> Album:
        """One of the albums that Apple fills. Nothing is sent."""
        return Album(self._native.smart_album(SmartAlbum(album).value))

    def albums(self) -> AlbumTree:
        """The user's albums and folders: a request for each folder, and one for every 200 albums."""
        return AlbumTree(run(self._native.albums()))

    def counts(self, albums: Sequence[Album]) -> list[int | None]:
        """How many assets each album holds, in one request for many; None where Apple does not say."""
        return run(self._native.counts([album._native for album in albums]))

    def index_state(self) -> IndexState:
        """Whether Apple has indexed the library; before that lists may be short."""
        return run(self._native.index_state())

    def require_index(self) -> None:
        """Returns if the index is ready.

        Raises:
            IndexNotReadyError: It is not.
        """
        run(self._native.require_index())

    def asset(self, id: str) -> Asset:
        """One asset by its id.

        Raises:
            NotFoundError: There is none.
        """
        return self._face(run(self._native.asset(id)))

    def assets_by_id(self, ids: Sequence[str]) -> list[Asset | ICloudError]:
        """Assets by their ids, in their order; where one is gone or damaged, the error in its place."""
        return self._faced(run(self._native.assets_by_id(list(ids))))

    def renew(
        self, assets: Sequence[Asset], roles: Sequence[Role | str] = tuple(Role)
    ) -> list[Asset | ICloudError]:
        """The same assets as they are now, with fresh links to the files of these roles: one request for every 100.

        Only what ``Fields.BASIC`` has is asked for: what is beyond it, such as title, keywords and location, is None or empty.
        ``assets_by_id`` asks for ``Fields.FULL``.
        """
        names = [Role(role).value for role in roles]
        return self._faced(run(self._native.renew([asset._native for asset in assets], names)))

    def cursor(self) -> ChangeCursor:
        """Where the library's history stands now. To miss nothing take a cursor, list, and read the changes since."""
        return run(self._native.cursor())

    def changes(
        self,
        since: ChangeCursor,
        *,
        fields: Fields | str = Fields.FULL,
        roles: Sequence[Role | str] | None = None,
        page_size: int | None = None,
    ) -> Items[ChangeBatch]:
        """What happened since a cursor, batch by batch. Keep ``batch.cursor`` to go on from there another time.

        Args:
            since: Where to begin.
            fields: How much to ask about each asset.
            roles: Which files to ask about; None for all.
            page_size: Records in one request, 200 at most.

        Raises:
            NotFoundError: The library is no longer there.
        """
        names = None if roles is None else [Role(role).value for role in roles]
        changes = self._native.changes(since.json, Fields(fields).value, names, page_size)
        return Items(changes, lambda batch: faced(batch, self._in_events))

    def _face(self, asset: _native.Asset) -> Asset:
        return Asset(asset, self._downloader)

    def _in_events(self, found: _native.Asset | _native.AlbumTree) -> Asset | AlbumTree:
        return self._face(found) if isinstance(found, _native.Asset) else AlbumTree(found)

    def _faced(self, found: list[_native.Asset | ICloudError]) -> list[Asset | ICloudError]:
        return [self._face(item) if isinstance(item, _native.Asset) else item for item in found]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Library) and self._names() == other._names()

    def __hash__(self) -> int:
        return hash(self._names())

    def _names(self) -> tuple[str, LibraryId]:
        # Libraries of two accounts may have one id.
        return self._native.session.dsid, self.id

    def __repr__(self) -> str:
        return f"<Library {self.name}>"


class Album:
    """A list of assets: the whole library, an album that Apple fills, one of the user's, or a folder of such."""

    def __init__(self, native: _native.Album) -> None:
        self._native = native

    @property
    def id(self) -> str | None:
        """Apple's name of its record; the library and Apple's albums have none."""
        return self._native.id

    @property
    def kind(self) -> AlbumKind:
        """What it is."""
        return self._native.kind

    @property
    def smart(self) -> SmartAlbum | None:
        """Which of Apple's albums it is."""
        return self._native.smart

    @property
    def name(self) -> str:
        """Its title in composed Unicode (NFC)."""
        return self._native.name

    @property
    def original_name(self) -> str:
        """Its title as it is stored."""
        return self._native.original_name

    @property
    def path(self) -> list[str]:
        """The titles of the folders it lies in, and its own."""
        return self._native.path

    @property
    def library(self) -> Library:
        """The library it is in."""
        return Library(self._native.library)

    def is_titled(self, title: str) -> bool:
        """Whether that is its title, however its letters are composed."""
        return self._native.is_titled(title)

    def count(self) -> int | None:
        """How many assets Apple counts in it: one request. None if Apple does not say."""
        return run(self._native.count())

    def assets(
        self,
        *,
        fields: Fields | str = Fields.FULL,
        roles: Sequence[Role | str] | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        prefetch: int | None = None,
        on_error: Callable[[ICloudError], object] | None = None,
    ) -> Assets:
        """Its assets, newest first. Nothing is sent before the first is asked for.

        Args:
            fields: How much to ask about each.
            roles: Which files to ask about; None for all. Each costs some 600 bytes an asset.
            limit: Only so many.
            page_size: Assets in one request; default and most is what Apple gives.
            prefetch: Pages fetched ahead; default 4.
            on_error: Called with what is wrong with a single asset; None logs it. The list goes on.
        """
        plain(on_error, "on_error")
        names = None if roles is None else [Role(role).value for role in roles]
        native = self._native.assets(
            fields=Fields(fields).value, roles=names, page_size=page_size, prefetch=prefetch, limit=limit
        )
        return Assets(native, self._native.library.downloader(), on_error)

    def __iter__(self) -> Iterator[Asset]:
        return self.assets().__iter__()

    def __len__(self) -> int:
        count = self.count()
        if count is None:
            raise TypeError("Apple does not say how many assets are in this album")
        return count
    
    def __bool__(self) -> bool:
        return True
    

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Album):
            return NotImplemented
        mine, theirs = self._native, other._native
        same = (mine.id, mine.kind, mine.smart) == (theirs.id, theirs.kind, theirs.smart)
        return same and self.library == other.library

    def __hash__(self) -> int:
        return hash((self.id, self.kind, self.smart))

    def __repr__(self) -> str:
        return f"<Album {'/'.join(self.path) or self.kind.value!r}>"


class AlbumTree(AlbumTreeBase):
    """The albums and folders of a library. Iterating gives all of them, folders before what they hold."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.AlbumTree) -> None:
        self._native = native

    @property
    def roots(self) -> list[AlbumNode]:
        """Those that lie in no folder."""
        return [AlbumNode(node) for node in self._native.roots]

    def find(self, path: str | Sequence[str]) -> Album | None:
        """The album at a path: titles joined by slashes, or a sequence of them."""
        found = self._native.find(path_of(path if isinstance(path, str) else list(path)))
        return None if found is None else Album(found)

    def get(self, id: str) -> Album | None:
        """The album with this id."""
        found = self._native.get(id)
        return None if found is None else Album(found)

    def __getitem__(self, path: str | tuple[str, ...]) -> Album:
        found = self.find(path)
        if found is None:
            raise KeyError(path)
        return found

    def __contains__(self, path: object) -> bool:
        return isinstance(path, (str, tuple)) and self.find(cast("str | tuple[str, ...]", path)) is not None

    def __iter__(self) -> Iterator[Album]:
        return iter([Album(album) for album in self._native.albums()])

    def __len__(self) -> int:
        return len(self._native.albums())

    def __repr__(self) -> str:
        return f"<AlbumTree of {len(self)} albums>"


class AlbumNode:
    """An album with what lies in it, if it is a folder."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.AlbumNode) -> None:
        self._native = native

    @property
    def album(self) -> Album:
        """The album or folder itself."""
        return Album(self._native.album)

    @property
    def children(self) -> list[AlbumNode]:
        """What lies in the folder."""
        return [AlbumNode(node) for node in self._native.children]

    def __repr__(self) -> str:
        return f"<AlbumNode {self.album.name!r}, {len(self.children)} in it>"


class Assets:
    """A listing, fetched while it is read. An iterator: it can be read once.

    What concerns a single asset never ends it. What ends it is raised; ``outcome`` says in any case whether all was seen.
    """

    def __init__(
        self,
        native: _native.Assets,
        downloader: _native.Downloader,
        on_error: Callable[[ICloudError], object] | None,
    ) -> None:
        self._native = native
        self._downloader = downloader
        self._on_error = on_error
        self._ready: deque[_native.Asset | ICloudError] = deque()

    def __iter__(self) -> Assets:
        return self

    def __next__(self) -> Asset:
        while True:
            # A call that was cancelled may have left what it read here.
            while not self._ready:
                if not run(self._native.next(self._ready)):
                    raise StopIteration
            item = self._ready.popleft()
            if isinstance(item, _native.Asset):
                return Asset(item, self._downloader)
            self._tell(item)

    def _tell(self, error: ICloudError) -> None:
        if self._on_error is None:
            _log.warning("an asset cannot be read: %s", error)
        else:
            self._on_error(error)

    def outcome(self) -> Listing:
        """How the listing ended; before its end it is short."""
        return self._native.outcome()

    @property
    def sync_token(self) -> str | None:
        """The state of the library when the first page was read, as Apple calls it; None before."""
        return self._native.sync_token

    def close(self) -> None:
        """Ends the fetching. Dropping the listing does the same."""
        self._native.close()
        self._ready.clear()

    def __repr__(self) -> str:
        return f"<Assets, {self.outcome()}>"


__all__ = ["Album", "AlbumNode", "AlbumTree", "Assets", "Library"]
