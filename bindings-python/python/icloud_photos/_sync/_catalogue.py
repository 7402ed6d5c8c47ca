# Made from `_async` by tools/unasync.py: change it there.
"""What is known of a copy."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

from .. import _native
from .._base import named
from .._records import FileRow, Stock, Totals
from ..storage import Storage, given_storage
from ._items import Items
from ._library import Album, Library
from ._runtime import run
from ._session import Session


class Catalogue:
    """What was fetched, its proofs, its paths, and how far the library's history was followed.

    A context manager: it is open once at a time, and given free when it is closed and the engines that use it are gone (``del engine``).
    """

    def __init__(self, native: _native.Catalogue) -> None:
        self._native = native

    @classmethod
    def open(
        cls, storage: Storage, at: str | PathLike[str], *, place: str | None = None
    ) -> Catalogue:
        """Opens the catalogue of a storage, or makes it. The storage bears a mark by which its catalogue is found.

        Args:
            storage: Whose catalogue it is.
            at: The folder of catalogues, made as needed, or ``postgres://...`` (the password as libpq has it: ``PGPASSWORD``, ``~/.pgpass``).
            place: How people call the storage; None for its folder or address.

        Raises:
            StoreLostError: What is there is not the storage that was filled before; most likely a disk is not mounted.
            ConflictError: Somebody else has it open.
        """
        native = run(_native.Catalogue.open(given_storage(storage), place, _folder(at), False))
        assert native is not None
        return cls(native)

    @classmethod
    def open_read_only(
        cls, storage: Storage, at: str | PathLike[str], *, place: str | None = None
    ) -> Catalogue | None:
        """Opens the catalogue of a storage for reading; None if there is none. Changes nothing, and may be done while somebody has it open."""
        native = run(_native.Catalogue.open(given_storage(storage), place, _folder(at), True))
        return None if native is None else cls(native)

    @classmethod
    def sqlite(cls, file: str | PathLike[str]) -> Catalogue:
        """Opens one SQLite file, whichever storage it is of."""
        return cls(run(_native.Catalogue.sqlite(named(file))))

    @classmethod
    def memory(cls) -> Catalogue:
        """One that is gone with the process."""
        return cls(_native.Catalogue.memory())

    def totals(self) -> Totals:
        """How many files are known, by what is known of them."""
        return run(self._native.totals())

    def stock(self, storage: Storage) -> Stock:
        """How many of them stand in the storage. Names only: nothing is read."""
        return run(self._native.stock(given_storage(storage)))

    def library(self, session: Session, name: str) -> Library | None:
        """The library of this name as it is remembered here: Apple is not asked. None if there is none, or more than one."""
        found = run(self._native.library(session._native, name))
        return None if found is None else Library(found)

    def albums(self, library: Library) -> list[Album]:
        """The user's albums and folders that lie in no folder, as they are remembered here: Apple is not asked."""
        return [Album(album) for album in run(self._native.albums(library._native))]

    def files(self) -> Items[FileRow]:
        """What is known of each file, a thousand rows at a time."""
        return Items(self._native.files())

    def files_at(self, paths: Sequence[str]) -> list[list[FileRow]]:
        """What is known of the files at these paths, in their order. One file may be of several assets."""
        return run(self._native.files_at(list(paths)))

    def close(self) -> None:
        """Gives it free for others. Engines that use it keep it until they are gone."""
        self._native.close()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<Catalogue>"


def _folder(at: str | PathLike[str]) -> str | Path:
    text = fspath(at)
    return text if "://" in text else named(text)
