"""pyicloud's photos service: libraries, and the way to albums and photos.

What can be read is here. What would change something in iCloud is refused (:class:`~..exceptions.NotOffered`): this package
lets a photo go only on proof that a copy of it is whole, and pyicloud's calls carry none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ...._models import SmartAlbum
from ..exceptions import NotOffered, PhotosServiceException, translated
from ._albums import (
    AlbumContainer,
    BasePhotoAlbum,
    PhotoAlbum,
    PhotoAlbumFolder,
    SmartAlbumEnum,
    SmartPhotoAlbum,
)
from ._assets import PhotoAsset

if TYPE_CHECKING:
    from .... import Library, Session

__all__ = [
    "AlbumContainer",
    "BasePhotoAlbum",
    "PhotoAlbum",
    "PhotoAlbumFolder",
    "PhotoAsset",
    "PhotoLibrary",
    "PhotosService",
    "PhotosServiceException",
    "SmartAlbumEnum",
    "SmartPhotoAlbum",
]

#: The albums that iCloud fills, in pyicloud's order.
_SMART = (
    SmartAlbum.TIME_LAPSE,
    SmartAlbum.VIDEOS,
    SmartAlbum.SLO_MO,
    SmartAlbum.BURSTS,
    SmartAlbum.FAVORITES,
    SmartAlbum.PANORAMAS,
    SmartAlbum.SCREENSHOTS,
    SmartAlbum.LIVE,
    SmartAlbum.RECENTLY_DELETED,
    SmartAlbum.HIDDEN,
)

_UPLOADS = "this package never uploads anything; use the Photos app, or https://www.icloud.com"
_ALBUMS = "this package makes no albums; use the Photos app, or https://www.icloud.com"
_SHARED_ALBUMS = "shared albums (shared streams) are not read by this package; shared libraries are: api.photos.libraries"


class PhotoLibrary:
    """A library: the account's own, or one that is shared with it.

    Attributes:
        ours: The same library as this package has it.
        service: The service it came from.
    """

    def __init__(self, service: PhotosService, ours: Library) -> None:
        self.service = service
        self.ours = ours
        self._albums: AlbumContainer | None = None

    @property
    def albums(self) -> AlbumContainer:
        """All albums, those that iCloud fills first. Asked for once; see :meth:`refresh_albums`."""
        if self._albums is None:
            self._albums = self._read_albums()
        return self._albums

    @property
    def all(self) -> SmartPhotoAlbum:
        """Everything but what is hidden or deleted, newest first."""
        return SmartPhotoAlbum(self, self.ours.all(), SmartAlbumEnum.ALL_PHOTOS.value)

    def refresh_albums(self) -> AlbumContainer:
        """Asks for the albums anew."""
        self._albums = None
        return self.albums

    def create_album(self, name: str, album_type: object = None) -> NoReturn:
        """Is refused."""
        raise NotOffered(_ALBUMS)

    def upload_file(self, path: str) -> NoReturn:
        """Is refused."""
        raise NotOffered(_UPLOADS)

    def _read_albums(self) -> AlbumContainer:
        with translated():
            smart = [SmartPhotoAlbum(self, self.ours.smart_album(album)) for album in _SMART]
            albums = [PhotoAlbum.of(self, album) for album in self.ours.albums()]
        return AlbumContainer([self.all, *smart, *albums])


class PhotosService:
    """What ``api.photos`` is: the account's own library, and the way to those that are shared with it.

    Attributes:
        ours: The session as this package has it.
    """

    def __init__(self, session: Session) -> None:
        self.ours = session
        self._libraries: dict[str, PhotoLibrary] | None = None
        with translated():
            library = session.primary_library
            library.require_index()
        self._root = PhotoLibrary(self, library)

    @property
    def all(self) -> SmartPhotoAlbum:
        """Everything in the account's own library but what is hidden or deleted, newest first."""
        return self._root.all

    @property
    def albums(self) -> AlbumContainer:
        """The albums of the account's own library."""
        return self._root.albums

    @property
    def libraries(self) -> dict[str, PhotoLibrary]:
        """Libraries by name: ``root`` is the account's own, which is there by its zone's name too; shared ones go by theirs."""
        if self._libraries is None:
            with translated():
                found = self.ours.libraries()
            own = self._root.ours.name
            others = {library.name: PhotoLibrary(self, library) for library in found if library.name != own}
            self._libraries = _Libraries({"root": self._root, own: self._root, **others})
        return self._libraries

    @property
    def shared_streams(self) -> AlbumContainer:
        """Is refused: shared albums are another service of Apple's."""
        raise NotOffered(_SHARED_ALBUMS)

    def create_album(self, name: str, album_type: object = None) -> NoReturn:
        """Is refused."""
        raise NotOffered(_ALBUMS)

    def upload(self, path: str, *, album: Any = None) -> NoReturn:
        """Is refused."""
        raise NotOffered(_UPLOADS)


class _Libraries(dict[str, PhotoLibrary]):
    """Newer versions of pyicloud say ``shared:`` before the name of a shared library."""

    def __missing__(self, name: str) -> PhotoLibrary:
        if name == "shared":
            raise NotOffered(_SHARED_ALBUMS)
        if name.startswith("shared:"):
            return self[name[len("shared:") :]]
        raise KeyError(name)
