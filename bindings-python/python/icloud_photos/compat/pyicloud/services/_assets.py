"""Photos in pyicloud's shape."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NoReturn

from ...._models import MediaKind, Resource, Role
from ..exceptions import NotOffered, translated

if TYPE_CHECKING:
    from .... import Asset
    from .photos import PhotoLibrary

#: What the versions of a photo are called, and which file each is.
_PHOTO = {
    "original": Role.ORIGINAL,
    "medium": Role.MEDIUM,
    "thumb": Role.THUMB,
    "original_video": Role.LIVE_MOVIE,
    "medium_video": Role.VIDEO_MEDIUM,
    "thumb_video": Role.VIDEO_SMALL,
}
#: The same of a film.
_FILM = {
    "original": Role.ORIGINAL,
    "medium": Role.VIDEO_MEDIUM,
    "thumb": Role.VIDEO_SMALL,
}
_FILMS = frozenset((Role.LIVE_MOVIE, Role.VIDEO_MEDIUM, Role.VIDEO_SMALL))

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_NO_LINKS = "this package gives no links away, for whoever has one has the photo; photo.download() fetches, and checks what came"
_NO_DELETION = (
    "photo.delete() is refused: nothing here proves that a copy of the photo is whole. "
    "SyncEngine(..., move_out=...) of icloud_photos moves out of iCloud what it has proven against Apple's checksum"
)
_READ_ONLY = "this package marks nothing in iCloud; use the Photos app, or https://www.icloud.com"


class Content(bytes):
    """The bytes of a file, which can also be read as pyicloud 1.0 had it: ``photo.download().raw.read()``."""

    @property
    def content(self) -> bytes:
        """The bytes."""
        return bytes(self)

    @property
    def raw(self) -> io.BytesIO:
        """A file object at their beginning, a new one each time."""
        return io.BytesIO(self)

    def iter_content(self, chunk_size: int | None = 1) -> Iterator[bytes]:
        """The bytes in pieces of this length."""
        step = chunk_size or max(len(self), 1)
        return (bytes(self[start : start + step]) for start in range(0, len(self), step))


class Version(dict[str, Any]):
    """What is known of one file of a photo: ``filename``, ``size`` in bytes, ``width`` and ``height`` in pixels, ``type``."""

    def __missing__(self, key: str) -> NoReturn:
        if key == "url":
            raise NotOffered(_NO_LINKS)
        raise KeyError(key)


class PhotoAsset:
    """A photo or film.

    Attributes:
        ours: The same photo as this package has it, with all that is known of it.
    """

    def __init__(self, ours: Asset, library: PhotoLibrary | None = None) -> None:
        self.ours = ours
        self._library = library

    @property
    def id(self) -> str:
        """Apple's name of the record of the original."""
        return self.ours.master_id

    @property
    def master_id(self) -> str:
        """The same."""
        return self.ours.master_id

    @property
    def asset_id(self) -> str:
        """Apple's name of the record of the photo in its library."""
        return self.ours.id

    @property
    def filename(self) -> str:
        """The name it was imported under; its id where none is known.

        Slashes and control characters are underscores here: scripts open files of this name.
        """
        name = self.ours.filename or self.ours.master_id
        name = re.sub(r"[/\\\x00-\x1f\x7f]", "_", name)
        return "_" if name in ("", ".", "..") else name

    @property
    def size(self) -> int | None:
        """Bytes of the original, if Apple says."""
        return self._of_original("size")

    @property
    def created(self) -> datetime:
        """When it was taken, in UTC; 1970 where nobody knows."""
        return self.ours.created or _EPOCH

    @property
    def asset_date(self) -> datetime:
        """The same."""
        return self.created

    @property
    def added_date(self) -> datetime:
        """When it came into the library, in UTC; 1970 where nobody knows."""
        return self.ours.added or _EPOCH

    @property
    def dimensions(self) -> tuple[int | None, int | None]:
        """Width and height of the original as it is stored, in pixels."""
        return self._of_original("width"), self._of_original("height")

    @property
    def item_type(self) -> str:
        """``image`` or ``movie``."""
        if self.ours.kind in (MediaKind.PHOTO, MediaKind.VIDEO):
            return "movie" if self.ours.kind == MediaKind.VIDEO else "image"
        known = self.filename.lower().endswith((".heic", ".png", ".jpg", ".jpeg"))
        return "image" if known else "movie"

    @property
    def is_live_photo(self) -> bool:
        """Whether a short film belongs to it."""
        return self.item_type == "image" and self.ours.resource(Role.LIVE_MOVIE) is not None

    @property
    def versions(self) -> dict[str, Version]:
        """What can be downloaded, by the name that :meth:`download` takes."""
        found = {name: self.ours.resource(role) for name, role in self._roles().items()}
        return {name: self._version(resource) for name, resource in found.items() if resource is not None}

    def download(self, version: str = "original", **kwargs: Any) -> Content | None:
        """Fetches a file of the photo into memory, and checks it against Apple's checksum.

        For large films ``photo.ours.download(Role.ORIGINAL).save(...)`` is better: it holds no more than a few chunks.

        Args:
            version: A key of :attr:`versions`.
            kwargs: Options of ``requests``, which mean nothing here.

        Returns:
            The bytes; None if there is no such version.

        Raises:
            PyiCloudAPIResponseException: The file did not come, or not as Apple describes it.
        """
        role = self._roles().get(version)
        resource = None if role is None else self.ours.resource(role)
        if role is None or resource is None:
            return None
        with translated():
            # Apple says how much it is; what says nothing is no film of gigabytes.
            return Content(self.ours.download(role).read(limit=max(resource.size or 0, 64 << 20)))

    def download_url(self, version: str = "original") -> str | None:
        """Is refused for a version that is there; None for another."""
        if version in self.versions:
            raise NotOffered(_NO_LINKS, photo=self)
        return None

    def delete(self) -> NoReturn:
        """Is refused."""
        raise NotOffered(_NO_DELETION, photo=self)

    def favorite(self) -> NoReturn:
        """Is refused."""
        raise NotOffered(_READ_ONLY, photo=self)

    def unfavorite(self) -> NoReturn:
        """Is refused."""
        raise NotOffered(_READ_ONLY, photo=self)

    def set_favorite(self, value: bool) -> NoReturn:
        """Is refused."""
        raise NotOffered(_READ_ONLY, photo=self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: id={self.id}>"

    def _roles(self) -> dict[str, Role]:
        return _FILM if self.item_type == "movie" else _PHOTO

    def _of_original(self, field: str) -> int | None:
        original = self.ours.resource(Role.ORIGINAL)
        return None if original is None else getattr(original, field)

    def _version(self, resource: Resource) -> Version:
        return Version(
            width=resource.width,
            height=resource.height,
            size=resource.size,
            type=resource.media_type,
            filename=self._name_of(resource),
        )

    def _name_of(self, resource: Resource) -> str:
        """All versions have the photo's name, but for the film of a Live Photo."""
        if self.item_type == "movie" or resource.role not in _FILMS:
            return self.filename
        stem = self.filename.rpartition(".")[0] or self.filename
        return stem + (".MP4" if resource.media_type == "public.mpeg-4" else ".MOV")
