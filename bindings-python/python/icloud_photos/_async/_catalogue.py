"""What is known of a copy."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

from .. import _native
from .._base import named
from .._records import FileRow, Stock, Totals
from ..storage import Storage, given_storage
from ._items import AsyncItems
from ._library import AsyncAlbum, AsyncLibrary
from ._runtime import run
from ._session import AsyncSession


class AsyncCatalogue:
    """What was fetched, its proofs, its paths, and how far the library's history was followed.

    A context manager: it is open once at a time, and given free when it is closed and the engines that use it are gone (``del engine``).
    """

    def __init__(self, native: _native.Catalogue) -> None:
        self._native = native

    @classmethod
    async def open(
        cls, storage: Storage, at: str | PathLike[str], *, place: str | None = None
    ) -> AsyncCatalogue:
        """Opens the catalogue of a storage, or makes it. The storage bears a mark by which its catalogue is found.

        Args:
            storage: Whose catalogue it is.
            at: The folder of catalogues, made as needed, or ``postgres://...`` (the password as libpq has it: ``PGPASSWORD``, ``~/.pgpass``).
            place: How people call the storage; None for its folder or address.

        Raises:
            StoreLostError: What is there is not the storage that was filled before; most likely a disk is not mounted.
            ConflictError: Somebody else has it open.
        """
        native = await run(_native.Catalogue.open(given_storage(storage), place, _folder(at), False))
        assert native is not None
        return cls(native)

    @classmethod
    async def open_read_only(
        cls, storage: Storage, at: str | PathLike[str], *, place: str | None = None
    ) -> AsyncCatalogue | None:
        """Opens the catalogue of a storage for reading; None if there is none. Changes nothing, and may be done while somebody has it open."""
        native = await run(_native.Catalogue.open(given_storage(storage), place, _folder(at), True))
        return None if native is None else cls(native)

    @classmethod
    async def sqlite(cls, file: str | PathLike[str]) -> AsyncCatalogue:
        """Opens one SQLite file, whichever storage it is of."""
        return cls(await run(_native.Catalogue.sqlite(named(file))))

    @classmethod
    def memory(cls) -> AsyncCatalogue:
        """One that is gone with the process."""
        return cls(_native.Catalogue.memory())

    async def totals(self) -> Totals:
        """How many files are known, by what is known of them."""
        return await run(self._native.totals())

    async def stock(self, storage: Storage) -> Stock:
        """How many of them stand in the storage. Names only: nothing is read."""
        return await run(self._native.stock(given_storage(storage)))

    async def library(self, session: AsyncSession, name: str) -> AsyncLibrary | None:
        """The library of this name as it is remembered here: Apple is not asked. None if there is none, or more than one."""
        found = await run(self._native.library(session._native, name))
        return None if found is None else AsyncLibrary(found)

    async def albums(self, library: AsyncLibrary) -> list[AsyncAlbum]:
        """The user's albums and folders that lie in no folder, as they are remembered here: Apple is not asked."""
        return [AsyncAlbum(album) for album in await run(self._native.albums(library._native))]

    def files(self) -> AsyncItems[FileRow]:
        """What is known of each file, a thousand rows at a time."""
        return AsyncItems(self._native.files())

    async def files_at(self, paths: Sequence[str]) -> list[list[FileRow]]:
        """What is known of the files at these paths, in their order. One file may be of several assets."""
        return await run(self._native.files_at(list(paths)))

    def close(self) -> None:
        """Gives it free for others. Engines that use it keep it until they are gone."""
        self._native.close()

    async def __aenter__(self) -> AsyncCatalogue:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<AsyncCatalogue>"


def _folder(at: str | PathLike[str]) -> str | Path:
    text = fspath(at)
    return text if "://" in text else named(text)
