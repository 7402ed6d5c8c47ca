"""Where bytes go: storages of the library's own, and the shape of those that you write.

A storage's methods block, in both faces: runs and downloads call what is written in Python on threads of their own.
"""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from . import _native
from ._base import named
from ._records import Capabilities, LinkKind, ObjectMeta, WriteOptions
from .errors import ICloudError

__all__ = ["LocalStorage", "MemoryStorage", "Storage", "StorageWriter", "UrlStorage", "copy_above", "is_address", "open_storage"]


class StorageWriter(ABC):
    """Takes the bytes of one file, which appears under its name when they are committed, and not before.

    Its methods are called one after the other. After one that failed only the last one comes: ``abort``, or ``close`` where a part is kept.
    """

    @property
    def position(self) -> int:
        """Bytes that an earlier writer of the same part left; they count as written."""
        return 0

    def resumed(self) -> Iterator[bytes]:
        """Those bytes, for hashing them."""
        return iter(())

    @abstractmethod
    def restart(self) -> None:
        """Throws away what was written so far and starts again at zero."""

    @abstractmethod
    def write(self, chunk: bytes) -> None:
        """Takes the next bytes."""

    def describe(self, metadata: Mapping[str, str]) -> None:
        """What is to be kept beside the bytes, in place of what was told before."""

    @abstractmethod
    def commit(self) -> ObjectMeta:
        """Makes the file appear under its name, whole, with its time.

        Raises:
            FileExistsError: Something stands there, and it is not to be replaced.
        """

    @abstractmethod
    def abort(self) -> None:
        """Leaves nothing of it."""

    def close(self) -> None:
        """Nobody writes on: the part waits for a later writer.

        Only where the storage can resume and the part has a name; else ``abort`` is called.
        """


class Storage(ABC):
    """A place for files. Derive from it to keep photos wherever you like.

    Paths are names joined by slashes, relative to the root of the storage. Methods may be called from several threads at once. Exceptions of
    Python's own count for what they say (``FileExistsError``, ``FileNotFoundError``, ``PermissionError``, ``OSError`` with ``ENOSPC``); all
    others are a ``StorageError`` with the exception as its cause. An iterator that is left before its end is closed, if it has ``close``.
    """

    @property
    def place(self) -> str:
        """How people call it."""
        return type(self).__name__

    def capabilities(self) -> Capabilities:
        """What this storage can do. Asked once."""
        return Capabilities()

    @abstractmethod
    def stat(self, path: str) -> ObjectMeta | None:
        """What stands there; None if nothing does."""

    @abstractmethod
    def write(self, path: str, options: WriteOptions) -> StorageWriter:
        """Begins to write a file. Nothing is seen of it before it is committed."""

    @abstractmethod
    def read(self, path: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of a file from ``start`` on.

        Raises:
            FileNotFoundError: No file stands there.
        """

    @abstractmethod
    def remove(self, path: str) -> None:
        """Removes a file; no error if there is none."""

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """All files below a folder, in no order, but for parts of unfinished writes."""

    def tidy(self, begun: datetime) -> None:
        """Removes what killed writers left behind and had not touched since ``begun``. Files are never touched."""

    def flush(self) -> None:
        """Returns when everything committed so far would survive a loss of power."""


class _Writer(StorageWriter):
    """A writer of the library's own."""

    def __init__(self, native: _native.StorageWriter) -> None:
        self._native = native

    @property
    def position(self) -> int:
        return self._native.position

    def resumed(self) -> Iterator[bytes]:
        return _items(self._native.resumed().wait())

    def restart(self) -> None:
        self._native.restart().wait()

    def write(self, chunk: bytes) -> None:
        self._native.write(chunk).wait()

    def describe(self, metadata: Mapping[str, str]) -> None:
        self._native.describe(dict(metadata))

    def commit(self) -> ObjectMeta:
        return self._native.commit().wait()

    def abort(self) -> None:
        self._native.abort().wait()

    def close(self) -> None:
        self._native.close().wait()


class _Own(Storage):
    """A storage of the library's own. What fails raises an ``ICloudError``."""

    def __init__(self, native: _native.Storage) -> None:
        self._native = native

    @property
    def place(self) -> str:
        return self._native.place

    def capabilities(self) -> Capabilities:
        return self._native.capabilities()

    def check_writable(self) -> None:
        """Returns if files can be made here.

        Raises:
            PermissionDeniedError: They cannot.
        """
        self._native.check_writable().wait()

    def stat(self, path: str) -> ObjectMeta | None:
        return self._native.stat(path).wait()

    def write(self, path: str, options: WriteOptions | None = None) -> StorageWriter:
        return _Writer(self._native.write(path, options or WriteOptions()).wait())

    def read(self, path: str, start: int = 0) -> Iterator[bytes]:
        return _items(self._native.read(path, start).wait())

    def stat_all(self, paths: Sequence[str]) -> builtins.list[ObjectMeta | ICloudError | None]:
        """``stat`` for many paths, in their order; an error in the place of what it concerns."""
        return self._native.stat_all(builtins.list(paths)).wait()

    def remove(self, path: str) -> None:
        self._native.remove(path).wait()

    def list(self, prefix: str = "", *, with_parts: bool = False) -> Iterator[ObjectMeta]:
        """All files below a folder, in no order; with those of unfinished writes if ``with_parts`` is set."""
        return _items(self._native.list(prefix, with_parts))

    def tidy(self, begun: datetime) -> None:
        self._native.tidy(begun).wait()

    def flush(self) -> None:
        self._native.flush().wait()

    def link(self, source: str, target: str, kind: LinkKind | str) -> None:
        """Gives a file one more name.

        Raises:
            UnsupportedError: This storage knows no such links.
            AlreadyExistsError: The name is taken.
        """
        self._native.link(source, target, LinkKind(kind).value).wait()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.place}>"


class LocalStorage(_Own):
    """A folder on the local disk, made as needed. ``~`` is your home."""

    def __init__(self, root: str | PathLike[str]) -> None:
        super().__init__(_native.Storage.local(named(root)))


class MemoryStorage(_Own):
    """Memory, for tests."""

    def __init__(self) -> None:
        super().__init__(_native.Storage.memory())


class UrlStorage(_Own):
    """S3, Google Cloud Storage, Azure, WebDAV or SFTP, by its address: ``s3://bucket/prefix?region=eu-central-1``.

    Secrets are taken from the environment and files where the service's own tools have them, never from the address.

    Raises:
        ConfigError: The address cannot be used.
    """

    def __init__(self, address: str) -> None:
        super().__init__(_native.Storage.from_url(address))

    def __repr__(self) -> str:
        # An address may hold what nobody should read, if somebody put it there.
        return f"<UrlStorage {self.place.split('?')[0].rpartition('@')[2]}>"


def is_address(text: str) -> bool:
    """Whether ``UrlStorage`` is for this, and not ``LocalStorage``."""
    return _native.Storage.is_address(text)


def open_storage(place: str | PathLike[str]) -> LocalStorage | UrlStorage:
    """A folder or an address."""
    text = fspath(place)
    return UrlStorage(text) if is_address(text) else LocalStorage(text)


def copy_above(folder: str | PathLike[str]) -> Path | None:
    """The copy that a folder lies in, if it lies in one: a second one in there would look after the first one's files."""
    return _native.copy_above(folder)


def given_storage(storage: Storage) -> object:
    """What the native half takes for a storage that a caller gave."""
    return storage._native if isinstance(storage, _Own) else storage


def _items(batches: _native.Batches[Any]) -> Iterator[Any]:
    ready: deque[Any] = deque()
    try:
        while batches.next(ready).wait():
            while ready:
                yield ready.popleft()
    finally:
        batches.close()
