"""What both faces share: what is there without asking anybody."""

from __future__ import annotations

import dataclasses
import inspect
import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex

from . import _native
from ._models import LibraryId, MediaKind, Resource, Role, Subtype
from .errors import ICloudError

if TYPE_CHECKING:
    from pathlib import Path

    from ._records import AssetChange, AssetState, Location

# What a picture in a notebook may weigh.
_MOST_OF_A_PICTURE = 1 << 20


class Writable(Protocol):
    """What bytes can be written to: a file opened with ``"wb"``, ``io.BytesIO``, a socket's file, a pipe of a process, ..."""

    def write(self, data: bytes, /) -> object:
        """Takes these bytes, or as many of them as it says by a number. None means all of them, but for an ``io.RawIOBase``, where it means none."""


def write_all(file: Writable, data: bytes) -> None:
    """Gives a file all of these bytes, however many it takes at a time.

    Raises:
        BlockingIOError: It takes nothing now.
        OSError: It says that it took more than there was.
        TypeError: Its ``write`` gives something that is no number.
    """
    while data:
        taken = file.write(data)
        if inspect.isawaitable(taken):
            raise TypeError("its write() is async; open the file for blocking writes, or read chunks() and await each write")
        # Files of Python's without a buffer say None where they would have to wait; what people write themselves says so of all.
        if taken is None and not isinstance(file, io.RawIOBase):
            return
        if taken is None:
            raise BlockingIOError("the file takes nothing now: it is set not to wait")
        data = data[_count(taken, len(data)) :]


def _count(taken: object, most: int) -> int:
    if isinstance(taken, bool) or not isinstance(taken, SupportsIndex):
        raise TypeError(f"its write() must give the number of bytes that it took, or None for all of them: {taken!r}")
    count = taken.__index__()
    if count == 0:
        raise BlockingIOError("the file takes nothing now: it is set not to wait")
    if not 0 < count <= most:
        raise OSError(f"its write() says that it took {count} of {most} bytes")
    return count


class AssetBase:
    """A photo or film, with everything that the listing said about it. Reading any of it sends nothing."""

    __slots__ = ("_downloader", "_native")

    _may_block = False

    def __init__(self, native: _native.Asset, downloader: _native.Downloader) -> None:
        self._native = native
        self._downloader = downloader

    @property
    def id(self) -> str:
        """Apple's name of the record; it stays for as long as the asset exists."""
        return self._native.id

    @property
    def master_id(self) -> str:
        """Apple's name of the file's record. Two assets may show one file."""
        return self._native.master_id

    @property
    def library(self) -> LibraryId:
        """The library it is in."""
        return self._native.library

    @property
    def change_tag(self) -> str | None:
        """Changes whenever the record does."""
        return self._native.change_tag

    @property
    def filename(self) -> str | None:
        """The name it was imported with; None if there is none, or none that can be read."""
        return self._native.filename

    @property
    def undecodable_filename(self) -> str | None:
        """The name as it is stored, if it cannot be read."""
        return self._native.undecodable_filename

    @property
    def media_type(self) -> str | None:
        """Uniform type identifier of the original, such as ``public.heic``."""
        return self._native.media_type

    @property
    def kind(self) -> MediaKind:
        """Photo or film."""
        return self._native.kind

    @property
    def subtype(self) -> Subtype:
        """How it was made: Live Photo, screenshot, panorama, ..."""
        return self._native.subtype

    @property
    def created(self) -> datetime | None:
        """When it was taken, in UTC."""
        return self._native.created

    @property
    def created_ms(self) -> int | None:
        """The same as Apple has it: milliseconds since 1970, of dates too that no calendar has."""
        return self._native.created_ms

    @property
    def added(self) -> datetime | None:
        """When it came into the library, in UTC."""
        return self._native.added

    @property
    def utc_offset(self) -> timedelta | None:
        """How far the clocks were from UTC where it was taken."""
        return self._native.utc_offset

    @property
    def time_zone(self) -> str | None:
        """The time zone where it was taken, as Apple calls it."""
        return self._native.time_zone

    @property
    def location(self) -> Location | None:
        """Where it was taken."""
        return self._native.location

    @property
    def title(self) -> str | None:
        """Its title."""
        return self._native.title

    @property
    def description(self) -> str | None:
        """Its caption."""
        return self._native.description

    @property
    def keywords(self) -> list[str]:
        """Its keywords."""
        return self._native.keywords

    @property
    def is_favorite(self) -> bool:
        """Whether it is a favourite."""
        return self._native.is_favorite

    @property
    def is_hidden(self) -> bool:
        """Whether it is in the album Hidden."""
        return self._native.is_hidden

    @property
    def is_trashed(self) -> bool:
        """Whether it is in Recently Deleted."""
        return self._native.is_trashed

    @property
    def expunges_at(self) -> datetime | None:
        """When Apple removes it from Recently Deleted for good."""
        return self._native.expunges_at

    @property
    def burst_id(self) -> str | None:
        """Names the burst it belongs to."""
        return self._native.burst_id

    @property
    def burst_flags(self) -> tuple[int | None, int | None]:
        """What it is in its burst, in Apple's two numbers."""
        return self._native.burst_flags

    @property
    def adjustment_type(self) -> str | None:
        """Which program edited it."""
        return self._native.adjustment_type

    @property
    def is_edited(self) -> bool:
        """Whether there is an edit of it."""
        return self._native.is_edited

    @property
    def is_hdr(self) -> bool:
        """Whether it has a high dynamic range."""
        return self._native.is_hdr

    @property
    def orientation(self) -> int | None:
        """Its orientation as Exif counts: 1 to 8."""
        return self._native.orientation

    @property
    def original_orientation(self) -> int | None:
        """The same of the original."""
        return self._native.original_orientation

    @property
    def dimensions(self) -> tuple[int, int] | None:
        """Width and height in pixels."""
        return self._native.dimensions

    @property
    def duration(self) -> timedelta | None:
        """How long a film is."""
        return self._native.duration

    @property
    def live_duration(self) -> timedelta | None:
        """How long the film of a Live Photo is."""
        return self._native.live_duration

    @property
    def live_still_at(self) -> timedelta | None:
        """Where in that film the photo is."""
        return self._native.live_still_at

    @property
    def contributors(self) -> list[str]:
        """Who added it to a shared library, as Apple calls them."""
        return self._native.contributors

    @property
    def resources(self) -> list[Resource]:
        """The files that iCloud has of it."""
        return self._native.resources

    def resource(self, role: Role | str) -> Resource | None:
        """The file with this role, if there is one."""
        return self._native.resource(role)

    @property
    def raw(self) -> dict[str, str]:
        """Fields of Apple's records that nothing else here shows: JSON text by name."""
        return self._native.raw()

    def state(self) -> AssetState:
        """What can be kept to tell later what changed of it."""
        return self._native.state()

    def compare(self, before: AssetState | None) -> AssetChange:
        """What happened to it since ``state`` gave ``before``; None if it was not known."""
        import json

        return self._native.compare(None if before is None else json.dumps(dataclasses.asdict(before)))

    def sidecar(
        self,
        *,
        albums: Sequence[Sequence[str]] | None = None,
        rendering: bool = False,
        existing: bytes | None = None,
    ) -> bytes | None:
        """An XMP sidecar with what iCloud says of the asset, which must have been listed with ``Fields.FULL``.

        Of one that was had with ``Fields.BASIC``, by ``Library.renew`` for instance, it has no title, caption, keywords or place, and takes those
        of ``existing`` away.

        Args:
            albums: The paths of the albums it is in; None if that is not known.
            rendering: Whether it is to stand beside a file that was made from the edit: that is turned already.
            existing: What stands there. What other programs added to it stays.

        Returns:
            The packet; None if ``existing`` says all of it.

        Raises:
            ConflictError: Another program wrote ``existing``, or it cannot be read: leave it alone.
        """
        paths = None if albums is None else [list(path) for path in albums]
        return _native.sidecar(self._native, paths, rendering, existing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetBase) and (self.id, self.library) == (other.id, other.library)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.filename or self.id!r} {self.kind.value} {self.created or ''}>"

    def _repr_html_(self) -> str:
        import html

        rows = [("taken", self.created), ("kind", self.kind.value), ("size", self.dimensions), ("id", self.id)]
        cells = "".join(f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>" for name, value in rows if value)
        return f"<b>{html.escape(self.filename or 'no name')}</b>{self._picture()}<table>{cells}</table>"

    def _picture(self) -> str:
        """A thumbnail for notebooks, if there is one that can be had, and if this face may wait for it."""
        if not self._may_block:
            return ""
        try:
            data, _ = self._downloader.bytes(self._native, Role.THUMB.value, _MOST_OF_A_PICTURE, None).wait()
        except ICloudError:
            return ""
        import base64

        return f'<br><img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'


def faced(value: Any, face: Callable[[_native.Asset | _native.AlbumTree], AssetBase | AlbumTreeBase]) -> Any:
    """The same with the assets and albums of a face in place of native ones, wherever they are in an event."""
    if isinstance(value, (_native.Asset, _native.AlbumTree)):
        return face(value)
    if isinstance(value, list):
        return [faced(item, face) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for name in ("asset", "target", "change", "changes", "albums"):
            inner = getattr(value, name, None)
            if inner is not None and not isinstance(inner, str):
                # Frozen for those who use it; this one was made a moment ago, and nobody has it yet.
                object.__setattr__(value, name, faced(inner, face))
    return value


def plain(function: Callable[..., object] | None, what: str) -> None:
    """Refuses what would give a coroutine or a generator, which is true whatever is in it.

    Raises:
        TypeError: It is no plain function.
    """
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    if function is not None and (not callable(function) or any(kind(function) for kind in kinds)):
        raise TypeError(f"{what} must be a plain function, not async and no generator: {function!r}")


def named(path: str | PathLike[str]) -> Path:
    """A file or folder that a person named; ``~`` is their home.

    Raises:
        ValueError: It has no name: a variable was empty, most likely.
    """
    from pathlib import Path

    text = fspath(path)
    if not text:
        raise ValueError("the path is empty; the folder that you are in is '.'")
    return Path(text).expanduser()


def path_of(path: str | list[str] | tuple[str, ...]) -> list[str]:
    """The names of an album's path, given joined by slashes or one by one."""
    return path.split("/") if isinstance(path, str) else list(path)


class AlbumTreeBase:
    """Marks the albums of a library in both faces."""

    __slots__ = ()
