"""Albums in pyicloud's shape.

All of them are read newest first, and a photo's place in an album is its place in that order.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, NoReturn, TypeVar

from ...._models import AlbumKind
from ..exceptions import NotOffered, PyiCloudAPIResponseException, translated
from ._assets import PhotoAsset

if TYPE_CHECKING:
    from .... import Album
    from .photos import PhotoLibrary, PhotosService

#: What the album of everything was called in pyicloud 1.0, and still is in its documentation.
_ALL_PHOTOS = "All Photos"

_READ_ONLY = "this package changes no albums; use the Photos app, or https://www.icloud.com"

_T = TypeVar("_T")


class SmartAlbumEnum(str, Enum):
    """Titles, which are the ids too, of the albums that iCloud fills."""

    ALL_PHOTOS = "Library"
    BURSTS = "Bursts"
    FAVORITES = "Favorites"
    HIDDEN = "Hidden"
    LIVE = "Live"
    PANORAMAS = "Panoramas"
    RECENTLY_DELETED = "Recently Deleted"
    SCREENSHOTS = "Screenshots"
    SLO_MO = "Slo-mo"
    TIME_LAPSE = "Time-lapse"
    VIDEOS = "Videos"


class BasePhotoAlbum:
    """A list of photos.

    Attributes:
        ours: The same album as this package has it.
    """

    #: Photos that come with one request.
    page_size = 100

    def __init__(self, library: PhotoLibrary, ours: Album, name: str | None = None) -> None:
        self.ours = ours
        self._library = library
        self._name = ours.name if name is None else name
        self._length: int | None = None
        self._walk: tuple[int, Iterator[PhotoAsset]] = (0, iter(()))

    @property
    def service(self) -> PhotosService:
        """The service it came from."""
        return self._library.service

    @property
    def id(self) -> str:
        """Apple's name of its record; of an album that iCloud fills, its title."""
        return self.ours.id or self._name

    @property
    def name(self) -> str:
        """The title. To set it is refused."""
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        if value != self._name:
            self.rename(value)

    @property
    def title(self) -> str:
        """The title."""
        return self._name

    @property
    def fullname(self) -> str:
        """The titles of the folders it lies in, then its own, with slashes between them."""
        return "/".join([*self.ours.path[:-1], self._name])

    @property
    def photos(self) -> Iterator[PhotoAsset]:
        """The photos, newest first, fetched as they are read."""
        self._length = None
        return self._read()

    def photo(self, index: int) -> PhotoAsset:
        """The photo at this place. What lies before it is listed too; see :meth:`__getitem__`."""
        return self[index]

    def get(self, key: str) -> PhotoAsset | None:
        """The photo with this id, if it is in the album. The album is read until it comes."""
        return next((photo for photo in self._read() if key in (photo.id, photo.asset_id)), None)

    def rename(self, value: str) -> NoReturn:
        """Is refused."""
        raise NotOffered(_READ_ONLY, album=self)

    def delete(self) -> NoReturn:
        """Is refused."""
        raise NotOffered(_READ_ONLY, album=self)

    def add_photo(self, photo: PhotoAsset) -> NoReturn:
        """Is refused."""
        raise NotOffered(_READ_ONLY, album=self, photo=photo)

    def upload(self, path: str) -> NoReturn:
        """Is refused."""
        raise NotOffered("this package never uploads anything; use the Photos app, or https://www.icloud.com", album=self)

    def __iter__(self) -> Iterator[PhotoAsset]:
        return self.photos

    def __len__(self) -> int:
        """What Apple counts; it may be some photos behind. Asked for once between two readings."""
        if self._length is None:
            with translated():
                self._length = self.ours.count()
        if self._length is None:
            raise PyiCloudAPIResponseException(f"Apple does not say how many photos are in the album {self._name!r}")
        return self._length

    def __getitem__(self, key: int | str) -> PhotoAsset:
        """A photo by its place, or by its id.

        Lists are read from their beginning: going up through an album by places costs one listing in all, any other order one for
        each photo, and a place from the end the whole. A loop over the album is better.

        Raises:
            IndexError: Fewer photos are there.
            KeyError: No photo of the album has the id.
        """
        if isinstance(key, str):
            found = self.get(key)
            if found is None:
                raise KeyError(f"no photo of the album {self._name!r} has the id {key}")
            return found
        found = self._from_end(-key) if key < 0 else self._from_start(key)
        if found is None:
            raise IndexError(f"the album {self._name!r} has fewer photos")
        return found

    def __contains__(self, key: object) -> bool:
        if isinstance(key, PhotoAsset):
            key = key.id
        return isinstance(key, str) and self.get(key) is not None

    def __str__(self) -> str:
        return self.title

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: '{self}'>"

    def _read(self) -> Iterator[PhotoAsset]:
        with translated():
            for asset in self.ours.assets():
                yield PhotoAsset(asset, self._library)

    def _from_end(self, place: int) -> PhotoAsset | None:
        last = deque(self._read(), maxlen=place)
        return last[0] if len(last) == place else None

    def _from_start(self, place: int) -> PhotoAsset | None:
        """Goes on with the last reading if that has not come so far, so that places in a row do not begin anew each time."""
        reached, photos = self._walk
        # A reading that fails has ended: the next one begins anew.
        self._walk = (0, iter(()))
        if reached == 0 or reached > place:
            reached, photos = 0, self._read()
        found = _nth(photos, place - reached)
        if found is not None:
            self._walk = (place + 1, photos)
        return found


class PhotoAlbum(BasePhotoAlbum):
    """An album that its owner filled."""

    @staticmethod
    def of(library: PhotoLibrary, ours: Album) -> PhotoAlbum:
        """The album, or the folder, of one of ours."""
        return (PhotoAlbumFolder if ours.kind == AlbumKind.FOLDER else PhotoAlbum)(library, ours)


class PhotoAlbumFolder(PhotoAlbum):
    """A folder. It holds albums and no photos; its albums are beside it in the container, with its name in their full names."""

    def __len__(self) -> int:
        return 0


class SmartPhotoAlbum(PhotoAlbum):
    """An album that iCloud fills."""


class AlbumContainer(Iterable[BasePhotoAlbum]):
    """Albums by full name, by id, or by place.

    A loop over it gives the albums. Where two have one full name, the name means the first.
    """

    def __init__(self, albums: list[BasePhotoAlbum] | None = None) -> None:
        self._albums: dict[str, BasePhotoAlbum] = {album.id: album for album in albums or []}

    def find(self, name: str) -> BasePhotoAlbum | None:
        """The first album with this full name."""
        name = SmartAlbumEnum.ALL_PHOTOS if name == _ALL_PHOTOS else unicodedata.normalize("NFC", name)
        return next((album for album in self if album.fullname == name), None)

    def get(self, key: str, default: _T | None = None) -> BasePhotoAlbum | _T | None:
        """The album with this id or full name."""
        # An empty album is no album's absence, though it is false.
        found = self._albums.get(key)
        found = self.find(key) if found is None else found
        return default if found is None else found

    def index(self, idx: int) -> BasePhotoAlbum:
        """The album at this place.

        Raises:
            IndexError: There are fewer.
        """
        if not 0 <= idx < len(self):
            raise IndexError("there are fewer albums")
        return self[idx]

    def append(self, album: BasePhotoAlbum) -> None:
        """Puts an album at the end of this container. Nothing is sent."""
        self._albums[album.id] = album

    def keys(self) -> list[str]:
        """The full names, as pyicloud 1.0 had them."""
        return [album.fullname for album in self]

    def values(self) -> list[BasePhotoAlbum]:
        """The albums."""
        return list(self)

    def items(self) -> list[tuple[str, BasePhotoAlbum]]:
        """Full names and albums."""
        return [(album.fullname, album) for album in self]

    def __getitem__(self, key: int | str) -> BasePhotoAlbum:
        if isinstance(key, int):
            return self.values()[key]
        found = self.get(key)
        if found is None:
            raise KeyError(f"no album is called {key!r}; there are: {', '.join(self.keys())}")
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def __iter__(self) -> Iterator[BasePhotoAlbum]:
        return iter(self._albums.values())

    def __len__(self) -> int:
        return len(self._albums)


def _nth(items: Iterator[PhotoAsset], number: int) -> PhotoAsset | None:
    for _ in range(number):
        if next(items, None) is None:
            return None
    return next(items, None)
