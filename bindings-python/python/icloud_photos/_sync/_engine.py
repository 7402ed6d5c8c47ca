# Made from `_async` by tools/unasync.py: change it there.
"""Keeping a copy."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .. import _native
from .._base import faced, plain
from .._progress import bar
from .._records import (
    AdoptReport,
    Disposal,
    Format,
    Layout,
    Missing,
    MoveRule,
    Receipt,
    RemovalLimit,
    SyncReport,
    VerifyReport,
    View,
)
from ..errors import ConfigError, ICloudError
from ..storage import Storage, given_storage
from ._asset import Asset
from ._catalogue import Catalogue
from ._items import Items
from ._library import Album, AlbumTree, Library
from ._runtime import relay, run

if TYPE_CHECKING:
    from .._records import ChangeCursor
    from ..events import Action, AdoptEvent, Kept, NewsEvent, RemovalEvent, SyncEvent, VerifyEvent, ViewEvent


class SyncEngine:
    """Keeps a copy of a library in a storage. Nothing is sent before it is asked for something.

    Args:
        library: What is copied.
        storage: Where to.
        catalogue: Remembers what was fetched: the next run asks Apple only what happened since. Without one every run lists everything.
        albums: Only these, one after the other; empty for the whole library.
        layout: Folders and names.
        recent: Only so many of the newest assets of each album, before any filter.
        skip_videos: Leave films out.
        skip_photos: Leave photos out, with the films of Live Photos.
        skip_created_before: Leave out what was taken before a moment (an aware ``datetime``), or longer ago than a ``timedelta`` of days.
        skip_created_after: The same for what was taken after.
        until_found: Leave each list where so many of the files asked for, one after the other, stood here already.
        filter: Leaves out assets for which it gives something false. Called on threads of the library. What is left out is removed nowhere.
        filter_name: Names the filter in the catalogue. Give another one whenever the function wants something else.
        check_albums: For albums that are only remembered (``Catalogue.albums``): shown all albums as soon as there is anything new in
            the library, before a list is read. What it raises ends the run.
        sidecars: Keep an XMP sidecar beside every file.
        views: Trees over the copy: albums as folders, and so on.
        concurrency: How many files are fetched at once, at most; default 8.
        missing: What to do about files that were fetched and are gone: ``restore`` or ``respect``.
        mirror: Remove files here whose assets lie in Recently Deleted: into the ``trash``, or ``remove``. None: nothing is removed here.
        move_out: Move assets to Recently Deleted in iCloud, once they are proven to stand here. None: nothing is removed there.
        write_dates: Write the date into files of these formats that have none.
        snapshots: Leave a copy of the catalogue in the storage.
        removal_limit: How much one run may remove.

    Raises:
        ConfigError: Options contradict each other, or lack another.
    """

    def __init__(
        self,
        library: Library,
        storage: Storage,
        *,
        catalogue: Catalogue | None = None,
        albums: Sequence[Album] = (),
        layout: Layout | None = None,
        recent: int | None = None,
        skip_videos: bool = False,
        skip_photos: bool = False,
        skip_created_before: datetime | timedelta | None = None,
        skip_created_after: datetime | timedelta | None = None,
        until_found: int | None = None,
        filter: Callable[[Asset], object] | None = None,
        filter_name: str = "filter",
        check_albums: Callable[[AlbumTree], object] | None = None,
        sidecars: bool = False,
        views: Sequence[View] = (),
        concurrency: int | None = None,
        missing: Missing | str = Missing.RESTORE,
        mirror: Disposal | str | None = None,
        move_out: MoveRule | None = None,
        write_dates: Sequence[Format | str] = (),
        snapshots: bool = False,
        removal_limit: RemovalLimit | None = None,
    ) -> None:
        plain(filter, "filter")
        plain(check_albums, "check_albums")
        if isinstance(albums, Album):
            raise TypeError("albums is a sequence of albums: put this one into a list")
        self._library = library
        self._native = _native.SyncEngine(
            library._native,
            given_storage(storage),
            catalogue=None if catalogue is None else catalogue._native,
            albums=[album._native for album in albums],
            layout=layout or Layout(),
            recent=recent,
            skip_videos=skip_videos,
            skip_photos=skip_photos,
            skip_created_before=skip_created_before,
            skip_created_after=skip_created_after,
            until_found=until_found,
            filter=None if filter is None else self._filter(filter),
            filter_name=filter_name,
            check_albums=None if check_albums is None else (lambda tree: check_albums(AlbumTree(tree))),
            sidecars=sidecars,
            views=list(views),
            concurrency=concurrency,
            missing=Missing(missing).value,
            mirror=None if mirror is None else Disposal(mirror).value,
            move_out=move_out,
            write_dates=[Format(format).value for format in write_dates],
            snapshots=snapshots,
            removal_limit=removal_limit,
        )

    @property
    def library(self) -> Library:
        """The library that is copied."""
        return self._library

    def plan(self) -> Plan:
        """What a run would do, step by step. Changes nothing; sends what the run would send to see what there is."""
        return Plan(self._native.plan(), self._library)

    def execute(
        self,
        plan: Plan,
        *,
        on_event: Callable[[SyncEvent | RemovalEvent | ViewEvent], object] | None = None,
        progress: bool = False,
    ) -> SyncReport:
        """Does what a plan says. What concerns one file is told and counted, and never ends the run.

        Cancelled or interrupted, it leaves no file that is not whole, and the next run goes on from there.

        Args:
            plan: One that nobody has read from.
            on_event: Told what happens; what it raises ends the run.
            progress: Show a bar of ``tqdm``.

        Raises:
            ICloudError: What makes going on pointless: the listing failed, the session ended, the storage is full.
            OperationCancelledError: After ``stop``.
        """
        with _Told(on_event, progress, self._library) as told:
            relayed = relay(told.tell)
            return run(self._native.execute(plan._native, relayed), relayed)

    def run(
        self,
        *,
        on_event: Callable[[SyncEvent | RemovalEvent | ViewEvent], object] | None = None,
        progress: bool = False,
    ) -> SyncReport:
        """Plans and executes.

        Args:
            on_event: Told what happens; what it raises ends the run.
            progress: Show a bar of ``tqdm``.

        Returns:
            What was done. Files that failed are counted in it, and raise nothing.

        Raises:
            ICloudError: As ``execute``.
        """
        return self.execute(self.plan(), on_event=on_event, progress=progress)

    def rehearse_removals(
        self, *, on_event: Callable[[SyncEvent | RemovalEvent | ViewEvent], object] | None = None
    ) -> SyncReport:
        """Tells what a run would remove, there and here. Changes nothing."""
        with _Told(on_event, False, self._library) as told:
            relayed = relay(told.tell)
            return run(self._native.rehearse_removals(relayed), relayed)

    def rehearse_views(
        self, *, on_event: Callable[[SyncEvent | RemovalEvent | ViewEvent], object] | None = None
    ) -> SyncReport:
        """Tells what a run would do to the views. Changes nothing, and sends nothing."""
        with _Told(on_event, False, self._library) as told:
            relayed = relay(told.tell)
            return run(self._native.rehearse_views(relayed), relayed)

    def adopt(
        self,
        *,
        rehearse: bool = False,
        reread: bool = False,
        on_event: Callable[[AdoptEvent], object] | None = None,
    ) -> AdoptReport:
        """Recognises files that are in the storage by their content, under whatever names: they are not fetched again.

        Args:
            rehearse: Tell only, and change nothing.
            reread: Read files too of which the storage says what they hash to.
            on_event: Told of each file; what it raises ends it.

        Raises:
            ICloudError: The listing failed, or the catalogue; what concerns one file is told.
        """
        plain(on_event, "on_event")
        relayed = relay(on_event)
        return run(self._native.adopt(rehearse, reread, relayed), relayed)

    def news(self) -> Items[NewsEvent]:
        """What happened in iCloud since the last run, compared with what the catalogue knows. Changes nothing.

        Raises:
            NotFoundError: No run came to its end yet.
        """
        return Items(self._native.news())

    def covered_at(self) -> datetime | None:
        """When a run of this selection last came to its end and had anything to remember, by the catalogue. Nothing is sent."""
        return run(self._native.covered_at())

    def cursor(self) -> ChangeCursor | None:
        """Where that run left off in the library's history. Nothing is sent."""
        return run(self._native.cursor())

    def uncovered_libraries(self) -> list[Library]:
        """Libraries of the account of which the catalogue holds nothing."""
        return [Library(library) for library in run(self._native.uncovered_libraries())]

    def receipt(self, asset: Asset) -> Receipt | Kept:
        """Reads the files of an asset from the storage, and proves that all of it that cannot be made again stands there.

        Returns:
            The proof; or why there is none.
        """
        return run(self._native.receipt(asset._native))

    def move_out(self, receipts: Sequence[Receipt]) -> list[Kept | ICloudError | None]:
        """Moves assets to Recently Deleted in iCloud. The files are read once more before.

        Returns:
            For each None if it is there now, or why not.
        """
        return run(self._native.move_out([receipt.json for receipt in receipts]))

    def stop(self) -> None:
        """Asks runs of this engine to end early, from any thread: they write down what came, and raise ``OperationCancelledError``.

        It is for good: later runs of this engine raise it too. Make another one to go on.
        """
        self._native.stop()

    def _filter(self, function: Callable[[Asset], object]) -> Callable[[_native.Asset], bool]:
        downloader = self._library._downloader

        def wanted(asset: _native.Asset) -> bool:
            answer = function(Asset(asset, downloader))
            if inspect.isawaitable(answer):
                raise TypeError("the filter gave something to be awaited, which is true whatever comes of it")
            return bool(answer)

        return wanted

    def __repr__(self) -> str:
        return f"<SyncEngine of {self._library.name}>"


class Plan:
    """What a run would do: an iterator of actions, fetched while it is read. Read it, or execute it: not both."""

    def __init__(self, native: _native.Plan, library: Library) -> None:
        self._native = native
        self._actions: Items[Action] = Items(native, lambda action: faced(action, library._in_events))

    def __iter__(self) -> Plan:
        return self

    def __next__(self) -> Action:
        return self._actions.__next__()

    def close(self) -> None:
        """Ends the fetching."""
        self._actions.close()


def verify(
    storage: Storage,
    catalogue: Catalogue,
    *,
    engine: SyncEngine | None = None,
    repair: bool = False,
    sample: float = 1.0,
    seed: int = 0,
    missing: Missing | str = Missing.RESTORE,
    read_only: bool = False,
    reread: bool = False,
    on_event: Callable[[VerifyEvent], object] | None = None,
) -> VerifyReport:
    """Reads the files of a storage that its catalogue says are there, and judges them. Nothing is sent unless something is repaired.

    Args:
        storage: What is read.
        catalogue: What should be there.
        engine: Who fetches bad files again.
        repair: Fetch bad files again; needs ``engine``.
        sample: Which share of the files to read, from 0 to 1.
        seed: Which files those are.
        missing: What to do about files that are gone.
        read_only: Write nothing down.
        reread: Read files too of which the storage says what they hash to.
        on_event: Told of each file; what it raises ends it.

    Raises:
        ICloudError: The catalogue failed; what concerns one file is told.
        ConfigError: ``repair`` without an ``engine``.
    """
    if repair and engine is None:
        raise ConfigError("to repair a copy, say by which engine: engine=SyncEngine(...)")
    plain(on_event, "on_event")
    if not 0 < sample <= 1:
        raise ValueError("sample is a share of the files: above 0, and 1 at most")
    relayed = relay(on_event)
    return run(
        _native.verify(
            given_storage(storage),
            catalogue._native,
            share=sample,
            seed=seed,
            repair=repair,
            missing=Missing(missing).value,
            read_only=read_only,
            reread=reread,
            engine=None if engine is None else engine._native,
            on_event=relayed,
        ),
        relayed,
    )


class _Told:
    """Hands events on, with the assets of this face, and moves a bar."""

    def __init__(self, on_event: Callable[[Any], object] | None, progress: object, library: Library) -> None:
        plain(on_event, "on_event")
        if not isinstance(progress, bool):
            raise TypeError(f"progress is True or False; what is to be told of what happens is on_event: {progress!r}")
        self._on_event = on_event
        if on_event is not None:
            # Here, and not on a thread that goes on after Ctrl-C: Python forgets then why the program ended.
            from .. import events as events
        self._library = library
        self._bar = bar(desc="sync", unit="B", unit_scale=True) if progress else None

    @property
    def tell(self) -> Callable[[Any], object] | None:
        """None if nobody listens: then nothing is made for it."""
        return None if self._on_event is None and self._bar is None else self._tell

    def _tell(self, event: Any) -> None:
        # Loaded by now: the event is of it.
        from .. import events

        if self._bar is not None and isinstance(event, events.SyncProgress):
            self._bar.update(event.bytes)
        if self._on_event is not None:
            self._on_event(faced(event, self._library._in_events))

    def __enter__(self) -> _Told:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
