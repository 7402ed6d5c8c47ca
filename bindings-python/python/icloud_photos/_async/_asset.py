"""One asset, and its bytes."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from os import PathLike
from typing import TYPE_CHECKING, Callable, Union

from .. import _native
from .._base import AssetBase, Writable, named, write_all
from .._models import Role
from .._progress import counting
from ._runtime import MAY_BLOCK, Relay, relay, run

if TYPE_CHECKING:
    from .._records import Proof, Saved
    from ..storage import Storage

# `Callable` of `collections.abc` cannot stand in a `Union` on Python 3.9.1.
OnProgress = Union[bool, Callable[[int], object], None]
"""Called with the number of bytes that came, negative when some were thrown away; True for a bar of ``tqdm``."""

# What `read` takes into memory unless told otherwise.
_MOST_IN_MEMORY = 64 << 20


class AsyncAsset(AssetBase):
    """A photo or film of this face: with its bytes."""

    __slots__ = ()

    _may_block = MAY_BLOCK

    def download(self, role: Role | str = Role.ORIGINAL) -> AsyncDownload:
        """Prepares the download of one of its files. Nothing is sent yet."""
        return AsyncDownload(self, Role(role))


class AsyncDownload:
    """One file to be downloaded: nothing is sent before it is read, saved or streamed."""

    def __init__(self, asset: AsyncAsset, role: Role) -> None:
        self._asset = asset
        self._role = role

    async def read(self, limit: int = _MOST_IN_MEMORY, *, progress: OnProgress = None) -> bytes:
        """The whole file in memory, whole and judged.

        The same bytes twice that do not match Apple's checksum are given all the same, for Apple's value may be stale: ``read_with_proof``
        tells.

        Args:
            limit: Most bytes that are taken into memory.
            progress: See ``OnProgress``.

        Raises:
            NotFoundError: The asset has no such file.
            IntegrityError: Apple sends wrong bytes again and again.
            UnsupportedError: The file is larger than ``limit``.
        """
        with counting(progress, self._size(), self._label()) as count:
            told = relay(count)
            data, _ = await run(self._downloader.bytes(self._handle, self._role.value, limit, told), told)
            return data

    async def read_with_proof(self, limit: int = _MOST_IN_MEMORY, *, progress: OnProgress = None) -> tuple[bytes, Proof]:
        """Like ``read``, with what is known of the bytes."""
        with counting(progress, self._size(), self._label()) as count:
            told = relay(count)
            return await run(self._downloader.bytes(self._handle, self._role.value, limit, told), told)

    async def save(
        self,
        to: str | PathLike[str] | Storage,
        name: str | None = None,
        *,
        replace: bool = False,
        modified: datetime | None = None,
        progress: OnProgress = None,
    ) -> Saved:
        """Fetches the file into a folder or storage. It gets its name once its bytes are whole and judged: ``Saved.proof`` tells how.

        A download that broke off leaves a part, which the next call completes.

        Args:
            to: A folder, made as needed (``~`` is your home), or a storage.
            name: The path in it; None for the asset's own name, which other assets may have too, and which all files of this one have: give
                names to its other files, and where many are saved.
            replace: Take the place of what stands there. Otherwise the name must be free, or hold the very same bytes.
            modified: The modification time that the file gets; None for when the photo was taken.
            progress: See ``OnProgress``.

        Raises:
            NotFoundError: The asset has no such file.
            IntegrityError: Apple sends wrong bytes again and again.
            AlreadyExistsError: Other bytes stand under the name.
        """
        from ..storage import given_storage

        storage = _native.Storage.local(named(to)) if isinstance(to, (str, PathLike)) else given_storage(to)
        with counting(progress, self._size(), self._label()) as count:
            told = relay(count)
            return await run(
                self._downloader.save(
                    self._handle,
                    self._role.value,
                    storage,
                    name or self._label(),
                    modified or self._asset.created,
                    replace,
                    told,
                ),
                told,
            )

    async def save_to(self, file: Writable, *, progress: OnProgress = None) -> Proof:
        """Writes the file's bytes to any object with ``write``, as they come, all of them: what takes a part is given the rest.

        What was written cannot be taken back: if this raises, throw it away.

        Returns:
            What is known of the bytes. Apple may send the same bytes twice that do not match its checksum, which may be stale: they are not
            verified then.

        Raises:
            IntegrityError: What came is of the wrong length, or other bytes came the second time.
            BlockingIOError: The object takes nothing now.
            TypeError: Its ``write`` is async.
        """
        async with self.chunks(progress=progress) as chunks:
            async for chunk in chunks:
                write_all(file, chunk)
            proof = chunks.proof
        assert proof is not None, "a whole file has one at its end"
        return proof

    def chunks(self, start: int = 0, end: int | None = None, *, progress: OnProgress = None) -> AsyncChunks:
        """The file's bytes as they come: an iterator, and a context manager that ends the request.

        Args:
            start: The first byte.
            end: The one after the last; None for the file's end. Of a part nothing is proven.
            progress: See ``OnProgress``.
        """
        return AsyncChunks(self, start, end, progress)

    @property
    def _handle(self) -> _native.Asset:
        return self._asset._native

    @property
    def _downloader(self) -> _native.Downloader:
        return self._asset._downloader

    def _size(self) -> int | None:
        resource = self._asset.resource(self._role)
        return resource.size if resource else None

    def _label(self) -> str:
        return self._asset.filename or self._asset.id

    def __repr__(self) -> str:
        return f"<AsyncDownload of {self._label()!r}, {self._role.value}>"


class AsyncChunks:
    """Bytes of a file as they come. A reader that stops reading stops the network.

    The last step raises ``IntegrityError`` if what came is of the wrong length, or differs from what came the second time. The same bytes twice
    that do not match Apple's checksum, which may be stale, are only not verified: see ``proof``.
    """

    def __init__(self, download: AsyncDownload, start: int, end: int | None, progress: OnProgress) -> None:
        self._bar = counting(progress, download._size(), download._label())
        self._download = download
        self._range = (start, end)
        self._stream: _native.ByteStream | None = None
        self._told: Relay | None = None
        self._ready: deque[bytes] = deque()
        self._is_closed = False

    @property
    def proof(self) -> Proof | None:
        """What is known of the bytes once all came; None before, and for a part of a file."""
        return None if self._stream is None else self._stream.proof

    def __aiter__(self) -> AsyncChunks:
        return self

    async def __anext__(self) -> bytes:
        if self._is_closed:
            raise StopAsyncIteration
        if self._stream is None:
            download, self._told = self._download, relay(self._bar.__enter__())
            self._stream = download._downloader.stream(download._handle, download._role.value, *self._range, self._told)
        # A call that was cancelled may have left its chunk here.
        while not self._ready:
            if not await run(self._stream.next(self._ready), self._told):
                self._bar.__exit__(None, None, None)
                raise StopAsyncIteration
            if self._is_closed:
                raise StopAsyncIteration
        return self._ready.popleft()

    async def __aenter__(self) -> AsyncChunks:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the request; no byte comes after it."""
        self._is_closed = True
        if self._stream is not None:
            self._stream.close()
            self._ready.clear()
            self._bar.__exit__(None, None, None)
