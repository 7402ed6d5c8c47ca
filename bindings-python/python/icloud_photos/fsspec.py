"""Any file system of fsspec as a storage.

``FsspecStorage("gcs://bucket/photos")``, or around a file system that a program holds already. The storages of this package
(:class:`~icloud_photos.LocalStorage`, :class:`~icloud_photos.UrlStorage`) promise more and cost less, for fsspec has no word for
two things that a copy of photos wants: take a name only if it is free, and keep a file's time. What it can:

- A file is written under a hidden name in its own folder, ``.<random>.part``, and moved to its name when it is whole. Where the file
  system has a move of its own that is one step. Elsewhere, as in object stores, the file is copied there, looked at, and the hidden
  one removed.
- A name that something has is never taken, unless the write says so. That is asked right before the move; writers of one
  ``FsspecStorage`` are kept apart, other programs are not.
- Nothing is resumed. What a killed program left is hidden from lists, and removed by :meth:`FsspecStorage.tidy`.
- Nothing is kept open while a file is read: it comes by ranges.

Calls of this package come from several threads at once. A file system with one connection that cannot take that, such as FTP, needs
``SyncEngine(..., concurrency=1)``.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import re
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractBufferedFile

from ._base import write_all
from ._records import Capabilities, ObjectMeta, WriteOptions
from .errors import ConfigError, UnsupportedError
from .storage import Storage, StorageWriter

__all__ = ["FsspecStorage"]

#: So much is asked for at once when a file is read, in bytes.
_PIECE = 4 << 20
#: How the names of parts end, whoever writes them. Lists leave them out.
_PART = ".part"
#: The hidden name of a file that has none yet.
_STAGED = re.compile(r"\.[0-9a-f]{32}\.part")
#: Where ``a`` and ``A`` are known to be two names.
_TWO_CASES = frozenset(("memory", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci"))


class FsspecStorage(Storage):
    """A file system of fsspec, or a folder of one.

    Args:
        fs_or_url: A file system, or a URL that fsspec knows, such as ``sftp://host/photos``.
        root: The folder to use, below that of the URL. It is made when the first file is written.

    Raises:
        TypeError: A file system that wants to be awaited (``asynchronous=True``).
        ImportError: The URL needs a package that is not installed.
    """

    def __init__(self, fs_or_url: str | AbstractFileSystem, root: str = "") -> None:
        if fs_or_url == "":
            raise ValueError("the URL is empty")
        self._fs, base = url_to_fs(fs_or_url) if isinstance(fs_or_url, str) else (fs_or_url, "")
        if not isinstance(self._fs, AbstractFileSystem):
            raise TypeError(f"not a file system of fsspec, nor a URL: {fs_or_url!r}")
        if getattr(self._fs, "asynchronous", False):
            raise TypeError("the file system was made with asynchronous=True; storages are called on threads of their own")
        # What names no folder of its own is read as the file system reads it: relative to the folder that one is in, or to somebody's home.
        folder = f"{base.rstrip('/')}/{root.strip('/')}" if base and root.strip("/") else base or root
        if isinstance(self._fs, LocalFileSystem) and not folder.strip("/"):
            raise ConfigError("name the folder: this would be the root of the whole file system")
        self._root = str(self._fs._strip_protocol(folder)).rstrip("/") if folder else ""
        while isinstance(self._fs, DirFileSystem):
            self._fs, self._root = self._fs.fs, self._fs._join(self._root).rstrip("/")
        self._place = _place(fs_or_url, root) if isinstance(fs_or_url, str) else self._fs.unstrip_protocol(self._root)
        self._is_local = isinstance(self._fs, LocalFileSystem)
        # Names that are being given to files now: that is two steps, to see that a name is free, and to move.
        self._names: set[str] = set()
        self._naming = threading.Condition()

    @property
    def place(self) -> str:
        """What people call it; without what a URL says of passwords."""
        return self._place

    def __repr__(self) -> str:
        return f"FsspecStorage({self._place!r})"

    def capabilities(self) -> Capabilities:
        """What it can: little beyond what every storage must."""
        protocol = self._fs.protocol
        protocols = (protocol,) if isinstance(protocol, str) else tuple(protocol)
        return Capabilities(
            case_sensitive=not _TWO_CASES.isdisjoint(protocols),
            distant=not self._is_local and "memory" not in protocols,
        )

    def stat(self, path: str) -> ObjectMeta | None:
        """What stands there.

        Raises:
            FileExistsError: The name is a folder's.
        """
        found = self._info(self._full(path))
        if found is None:
            return None
        if found["type"] != "file":
            raise FileExistsError(f"the name is taken by something that is no file: {path}")
        return ObjectMeta(path=path, size=int(found["size"] or 0))

    def write(self, path: str, options: WriteOptions) -> StorageWriter:
        """Begins to write a file. Nothing is seen of it before it is committed.

        Raises:
            ConfigError: The path is the root, or the name of the part is none.
            UnsupportedError: The file system would make another name of it.
        """
        _require_part_name(options.part)
        return _Writer(self, path, self._full(_require_name(path)), options)

    def read(self, path: str, start: int = 0) -> Iterator[bytes]:
        """The bytes from ``start`` on, in pieces of four mebibytes at most.

        Raises:
            FileNotFoundError: No file stands there.
        """
        full = self._full(path)
        found = self._info(full)
        if found is None or found["type"] != "file":
            raise FileNotFoundError(f"no such file: {path}")
        return self._pieces(full, start, int(found["size"] or 0))

    def remove(self, path: str) -> None:
        """Removes a file; nothing happens if there is none."""
        full = self._full(_require_name(path))
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(full)

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """All files below the folder, a folder at a time. A folder that cannot be read is told when the others have come."""
        top = self._full(prefix)
        problems: list[Exception] = []
        self._fs.invalidate_cache()
        for full, info in self._walk(top, problems):
            if not full.endswith(_PART):
                yield ObjectMeta(path=self._path(full), size=int(info["size"] or 0))
        if problems:
            raise problems[0]

    def tidy(self, begun: datetime) -> None:
        """Removes what writers left behind that were killed before ``begun``, where the file system knows times."""
        for full, _ in list(self._walk(self._root, [])):
            if not _STAGED.fullmatch(full.rpartition("/")[2]):
                continue
            with contextlib.suppress(NotImplementedError, FileNotFoundError):
                if self._fs.modified(full).timestamp() < begun.timestamp():
                    self._fs.rm_file(full)

    def _full(self, path: str) -> str:
        """Where the file system has it. A name that it would read in another way is refused."""
        if not path:
            return self._root
        if ".." in path.split("/"):
            raise ConfigError("a path inside the storage may not hold `..`", context={"path": path})
        full = f"{self._root}/{path}"
        if self._fs._strip_protocol(full) != full:
            raise UnsupportedError(f"this file system has no such names: {path}")
        return full

    def _path(self, full: str) -> str:
        return full[len(self._root) + 1 :]

    def _info(self, full: str) -> dict[str, Any] | None:
        # Some keep lists of what they saw, and would not know what others did since.
        self._fs.invalidate_cache(self._fs._parent(full))
        try:
            return dict(self._fs.info(full))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _pieces(self, full: str, start: int, size: int) -> Iterator[bytes]:
        while start < size:
            piece = self._fs.cat_file(full, start=start, end=min(start + _PIECE, size))
            if not piece:
                return
            start += len(piece)
            yield piece

    def _walk(self, top: str, problems: builtins.list[Exception]) -> Iterator[Any]:
        def note(problem: Exception) -> None:
            if not isinstance(problem, FileNotFoundError):
                problems.append(problem)

        for folder, _, files in self._fs.walk(top, detail=True, on_error=note):
            for name, info in files.items():
                if name and info["type"] == "file":
                    yield f"{folder.rstrip('/')}/{name}", info

    def _name(self, staged: str, full: str, size: int, replace: bool) -> None:
        """Gives a whole file its name."""
        with self._alone(full):
            if not replace and self._info(full) is not None:
                raise FileExistsError(f"the name is taken: {self._path(full)}")
            if self._is_local:
                os.replace(staged, full)
                _settle(os.path.dirname(full))
            elif type(self._fs).mv is not AbstractFileSystem.mv:
                self._fs.mv(staged, full)
            else:
                self._copy(staged, full, size)

    @contextlib.contextmanager
    def _alone(self, full: str) -> Iterator[None]:
        with self._naming:
            self._naming.wait_for(lambda: full not in self._names)
            self._names.add(full)
        try:
            yield
        finally:
            with self._naming:
                self._names.remove(full)
                self._naming.notify_all()

    def _copy(self, staged: str, full: str, size: int) -> None:
        self._fs.cp_file(staged, full)
        found = self._info(full)
        if found is None or found["size"] != size:
            raise OSError(f"the file system did not copy the file whole: {self._path(full)}")
        self._fs.rm_file(staged)


class _Writer(StorageWriter):
    """A file under a hidden name."""

    def __init__(self, storage: FsspecStorage, path: str, full: str, options: WriteOptions) -> None:
        self._storage = storage
        self._fs = storage._fs
        self._path, self._full, self._options = path, full, options
        self._staged = ""
        self._begin()

    def restart(self) -> None:
        """Throws away what was written."""
        self.abort()
        self._begin()

    def write(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        # Some file systems say how much they took, some say nothing, and some take a part.
        write_all(self._file, chunk)
        self._size += len(chunk)

    def commit(self) -> ObjectMeta:
        """Gives the file its name.

        Raises:
            FileExistsError: Something has it, and ``replace`` was not set.
        """
        try:
            self._close()
            self._storage._name(self._staged, self._full, self._size, self._options.replace)
        except BaseException:
            self.abort()
            raise
        self._staged = ""
        return ObjectMeta(path=self._path, size=self._size)

    def abort(self) -> None:
        """Removes the hidden file."""
        staged, self._staged = self._staged, ""
        if not staged:
            return
        with contextlib.suppress(Exception):
            _discard(self._file)
        with contextlib.suppress(Exception):
            self._fs.rm_file(staged)

    def __del__(self) -> None:
        if getattr(self, "_staged", ""):
            self.abort()

    def _begin(self) -> None:
        folder = self._full.rpartition("/")[0]
        self._size = 0
        staged = f"{folder}/.{uuid.uuid4().hex}{_PART}"
        try:
            self._file = self._fs.open(staged, "wb")
        except FileNotFoundError:
            self._fs.makedirs(folder, exist_ok=True)
            self._file = self._fs.open(staged, "wb")
        self._staged = staged

    def _close(self) -> None:
        if self._storage._is_local:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()


def _discard(file: Any) -> None:
    """Closes a file that nobody wants. One that gathers its bytes must not send the last of them, and call the rest a file."""
    if isinstance(file, AbstractBufferedFile):
        file.discard()
        file.closed = True
    else:
        file.close()


def _settle(folder: str) -> None:
    """A name is on the disk when its folder is."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _require_name(path: str) -> str:
    if not path:
        raise ConfigError("the root of a storage is not a file")
    return path


def _require_part_name(part: str | None) -> None:
    if part is not None and (re.search(r"[/\\\0]", part) or not part.endswith(_PART)):
        raise ConfigError("the name of a part must be one name that ends in .part")


def _place(url: str, root: str) -> str:
    """The URL without user, password and what follows a question mark."""
    parts = urlsplit(url)
    place = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return f"{place.rstrip('/')}/{root.strip('/')}" if root.strip("/") else place
