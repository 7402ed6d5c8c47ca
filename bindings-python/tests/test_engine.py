"""Copies of a library: planned, made, kept, checked, mended, mirrored."""

from __future__ import annotations

import errno
import hashlib
import itertools
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import icloud_photos as ip
import pytest
from icloud_photos import events
from icloud_photos.testing import FakeICloud
from support import DictStorage, fault, files, heal, python, requests, reset, stays, truth

Fakes = Callable[..., FakeICloud]
LISTING = "cloudkit/records/query"


def sums(fake: FakeICloud) -> set[str]:
    """SHA-256 of the originals that a run fetches."""
    told = [asset for asset in truth(fake).values() if asset["zone"] == "PrimarySync" and not asset["deleted"] and not asset["hidden"]]
    return {one["sha256"] for asset in told for one in asset["resources"] if one["family"] == "resOriginal"}


class Mine(Exception):
    """What the tests' functions raise."""


class Watched(DictStorage):
    """Counts what a run writes."""

    writes = 0

    def write(self, path: str, options: ip.WriteOptions) -> ip.StorageWriter:
        self.writes += 1
        return super().write(path, options)


def test_a_plan_is_fetched_while_it_is_read(fakes: Fakes) -> None:
    fake = fakes(assets=5000, file_size=300)
    engine = ip.SyncEngine(fake.sign_in().primary_library, ip.MemoryStorage())
    reset(fake)
    plan = engine.plan()
    assert requests(fake) == 0
    assert len(list(itertools.islice(plan, 3))) == 3
    begun = stays(lambda: requests(fake, LISTING))
    assert begun > 0 and requests(fake, "content") == 0
    plan.close()
    assert list(plan) == [] and requests(fake, LISTING) == begun
    list(engine.plan())
    assert requests(fake, LISTING) > 2 * begun


def test_a_whole_copy(everyday: FakeICloud, tmp_path: Path) -> None:
    engine = ip.SyncEngine(everyday.sign_in().primary_library, ip.LocalStorage(tmp_path))
    planned = [action for action in engine.plan() if isinstance(action, events.ActionDownload)]
    assert not files(tmp_path)
    report = engine.execute(engine.plan())
    assert report.is_clean and report.downloaded == len(planned) == len(files(tmp_path)) and report.failed == 0
    assert all(listing.is_complete for listing in report.listings)
    assert {hashlib.sha256(file.read_bytes()).hexdigest() for file in files(tmp_path)} >= sums(everyday)
    assert report.bytes == sum(file.stat().st_size for file in files(tmp_path))
    assert report.text in str(report)


def test_the_second_run_costs_two_requests_and_writes_nothing(everyday: FakeICloud) -> None:
    storage = Watched()
    engine = ip.SyncEngine(everyday.sign_in().primary_library, storage, catalogue=ip.Catalogue.memory())
    first = engine.run()
    assert first.downloaded == storage.writes == len(storage.files)
    reset(everyday)
    storage.writes = 0
    second = engine.run()
    assert requests(everyday) <= 2 and storage.writes == 0 and second.downloaded == 0 and second.is_clean


def test_a_copy_in_a_storage_written_in_python(everyday: FakeICloud) -> None:
    storage = DictStorage()
    ip.SyncEngine(everyday.sign_in().primary_library, storage).run()
    assert {hashlib.sha256(data).hexdigest() for data in storage.files.values()} >= sums(everyday) and storage.flushes > 0


def causes(error: BaseException) -> list[BaseException]:
    found = []
    cause = error.__cause__
    while cause is not None:
        found.append(cause)
        cause = cause.__cause__
    return found


def test_a_full_storage_ends_the_run(library: ip.Library) -> None:
    full = OSError(errno.ENOSPC, "no space")
    with pytest.raises(ip.StorageFullError) as caught:
        ip.SyncEngine(library, DictStorage(fails=full)).run()
    assert full in causes(caught.value)


def test_one_file_that_cannot_be_stored_does_not_end_the_run(library: ip.Library) -> None:
    class Picky(DictStorage):
        def write(self, path: str, options: ip.WriteOptions) -> ip.StorageWriter:
            if "IMG_0007" in path:
                raise RuntimeError("not this one")
            return super().write(path, options)

    storage, told = Picky(), list[Any]()
    report = ip.SyncEngine(library, storage).run(on_event=told.append)
    assert (report.downloaded, report.failed, report.is_clean) == (24, 1, False)
    failed = [event for event in told if isinstance(event, events.SyncFailed)]
    assert len(failed) == 1 and isinstance(failed[0].error, ip.StorageError)
    assert any(isinstance(cause, RuntimeError) for cause in causes(failed[0].error))


def test_a_storage_whose_methods_are_coroutines_is_refused(library: ip.Library) -> None:
    class Wrong(DictStorage):
        async def stat(self, path: str) -> Any:  # type: ignore[override]
            return None

    with pytest.raises(TypeError, match="stat"):
        ip.SyncEngine(library, Wrong())


def test_events(library: ip.Library) -> None:
    told: list[Any] = []
    report = ip.SyncEngine(library, ip.MemoryStorage()).run(on_event=told.append)
    done = [event for event in told if isinstance(event, events.SyncDownloaded)]
    assert len(done) == report.downloaded == 25 and sum(event.bytes for event in done) == report.bytes == 2_500_000
    assert sum(event.bytes for event in told if isinstance(event, events.SyncProgress)) == 2_500_000
    assert {event.path for event in told if isinstance(event, events.SyncDownloading)} == {event.path for event in done}
    assert len({event.path for event in done}) == 25 and all(event.doubt is None for event in done)


def refuse(_: Any) -> Any:
    raise refuse.error  # type: ignore[attr-defined]


@pytest.mark.parametrize("where", ["on_event", "filter"])
def test_what_a_function_raises_ends_the_run(library: ip.Library, where: str) -> None:
    refuse.error = Mine("mine")  # type: ignore[attr-defined]
    storage = ip.MemoryStorage()
    engine = ip.SyncEngine(library, storage, filter=refuse if where == "filter" else None)
    with pytest.raises(Mine) as caught:
        engine.run(on_event=refuse if where == "on_event" else None)
    assert caught.value is refuse.error  # type: ignore[attr-defined]
    assert len(list(storage.list())) < 25


@pytest.mark.parametrize("where", ["on_event", "filter"])
async def test_what_a_function_raises_ends_the_run_under_asyncio(fake: FakeICloud, where: str) -> None:
    refuse.error = Mine("mine")  # type: ignore[attr-defined]
    library = (await fake.sign_in_async()).primary_library
    engine = ip.AsyncSyncEngine(library, ip.MemoryStorage(), filter=refuse if where == "filter" else None)
    with pytest.raises(Mine) as caught:
        await engine.run(on_event=refuse if where == "on_event" else None)
    assert caught.value is refuse.error  # type: ignore[attr-defined]


def test_a_filter_of_ones_own(everyday: FakeICloud) -> None:
    library = everyday.sign_in().primary_library
    favourites = {asset.id for asset in library.all() if asset.is_favorite}
    told: list[Any] = []
    storage = DictStorage()
    engine = ip.SyncEngine(library, storage, filter=lambda asset: asset.is_favorite, filter_name="favourites")
    report = engine.run(on_event=told.append)
    assert favourites and 0 < report.downloaded < 60 and report.assets > report.skipped > 0
    left_out = {event.asset.id for event in told if isinstance(event, events.SyncSkipped) and isinstance(event.reason, events.SkipFiltered)}
    assert left_out.isdisjoint(favourites) and left_out | favourites == {asset.id for asset in library.all()}


def test_options(everyday: FakeICloud) -> None:
    library = everyday.sign_in().primary_library
    plain = ip.MemoryStorage()
    ip.SyncEngine(library, plain, recent=5, layout=ip.Layout(folder="none"), skip_videos=True).run()
    names = [meta.path for meta in plain.list()]
    assert names and len(names) <= 12 and not any("/" in name or name.endswith(".MP4") for name in names)
    albums = ip.MemoryStorage()
    ip.SyncEngine(library, albums, albums=[library.albums()["Family/Kids"]]).run()
    assert 0 < len(list(albums.list())) < 20
    with pytest.raises(ip.ConfigError):
        ip.SyncEngine(library, plain, layout=ip.Layout(folder="{:%Q}{")).run()
    with pytest.raises(ValueError, match="nonsense"):
        ip.SyncEngine(library, plain, missing="nonsense")


def test_stop(fakes: Fakes) -> None:
    fake = fakes(assets=3000, file_size=1000)
    storage = ip.MemoryStorage()
    engine = ip.SyncEngine(fake.sign_in().primary_library, storage, catalogue=ip.Catalogue.memory())
    seen = threading.Event()

    def told(event: Any) -> None:
        if isinstance(event, events.SyncDownloaded):
            seen.set()

    stopper = threading.Thread(target=lambda: (seen.wait(30), engine.stop()))
    stopper.start()
    with pytest.raises(ip.OperationCancelledError):
        engine.run(on_event=told)
    stopper.join()
    kept = len(list(storage.list()))
    assert 0 < kept < 3000
    assert all(meta.size == 1000 for meta in storage.list()), "no half files"


def test_a_run_goes_on_after_an_interrupted_one(fakes: Fakes) -> None:
    fake = fakes(assets=300, file_size=1000)
    library = fake.sign_in().primary_library
    storage, catalogue = ip.MemoryStorage(), ip.Catalogue.memory()
    count = 0

    def tired(event: Any) -> None:
        nonlocal count
        count += isinstance(event, events.SyncDownloaded)
        if count == 50:
            raise Mine

    with pytest.raises(Mine):
        ip.SyncEngine(library, storage, catalogue=catalogue).run(on_event=tired)
    reset(fake)
    report = ip.SyncEngine(library, storage, catalogue=catalogue).run()
    assert len(list(storage.list())) == 300 and report.is_clean
    assert requests(fake, "content") <= 250, "what stood there is not fetched again"


def test_adopt_recognises_what_stands_there(library: ip.Library, fake: FakeICloud, tmp_path: Path) -> None:
    storage = ip.LocalStorage(tmp_path)
    ip.SyncEngine(library, storage).run()
    for number, file in enumerate(files(tmp_path)):
        file.rename(tmp_path / f"{number}.jpg")
    (tmp_path / "stranger.jpg").write_bytes(b"nobody knows me")
    engine = ip.SyncEngine(library, storage, catalogue=ip.Catalogue.memory())
    told: list[Any] = []
    assert engine.adopt(rehearse=True).recognised == 25
    report = engine.adopt(on_event=told.append)
    assert (report.files, report.recognised, report.unknown, report.is_list_complete) == (26, 25, 1, True)
    assert sum(isinstance(event, events.AdoptRecognised) for event in told) == 25
    reset(fake)
    assert engine.run().downloaded == 0 and requests(fake, "content") == 0
    refuse.error = Mine()  # type: ignore[attr-defined]
    with pytest.raises(Mine):
        ip.SyncEngine(library, storage, catalogue=ip.Catalogue.memory()).adopt(on_event=refuse)


def test_verify_finds_damage_and_repairs_it(library: ip.Library, tmp_path: Path) -> None:
    storage, catalogue = ip.LocalStorage(tmp_path), ip.Catalogue.memory()
    engine = ip.SyncEngine(library, storage, catalogue=catalogue)
    engine.run()
    whole = {file: file.read_bytes() for file in files(tmp_path)}
    assert ip.verify(storage, catalogue).is_clean
    rotten, gone, short = list(whole)[:3]
    rotten.write_bytes(whole[rotten][:500] + b"\0rot" + whole[rotten][504:])
    gone.unlink()
    short.write_bytes(whole[short][:-1])
    told: list[Any] = []
    found = ip.verify(storage, catalogue, on_event=told.append, read_only=True)
    assert (found.proven, found.bad, found.is_clean) == (22, 3, False)
    faults = {tmp_path / event.path: event.fault for event in told if isinstance(event, events.VerifyBad)}
    assert faults[gone] is ip.Fault.MISSING and faults[short] is ip.Fault.TRUNCATED and faults[rotten] in (ip.Fault.ROTTEN, ip.Fault.CHANGED)
    repaired = ip.verify(storage, catalogue, engine=engine, repair=True)
    assert repaired.repaired == 3
    assert {file: file.read_bytes() for file in whole} == whole
    assert ip.verify(storage, catalogue, sample=0.2).proven < 25
    refuse.error = Mine()  # type: ignore[attr-defined]
    with pytest.raises(Mine):
        ip.verify(storage, catalogue, on_event=refuse)


def test_repairing_wants_an_engine(library: ip.Library) -> None:
    with pytest.raises((ip.ConfigError, ValueError, TypeError)):
        ip.verify(ip.MemoryStorage(), ip.Catalogue.memory(), repair=True)


def test_news(fake: FakeICloud, library: ip.Library) -> None:
    engine = ip.SyncEngine(library, ip.MemoryStorage(), catalogue=ip.Catalogue.memory())
    with pytest.raises(ip.NotFoundError):
        list(engine.news())
    assert engine.covered_at() is None and engine.cursor() is None
    engine.run()
    assert engine.covered_at() is not None and engine.cursor() is not None and engine.uncovered_libraries() == []
    assert list(engine.news()) == []
    first, second = itertools.islice(library.all(), 2)
    added = fake.post("mutate", {"add": "NEW.JPG", "size": 1000})["asset"]
    fake.post("mutate", {"asset": first.id, "edit": "favourite"})
    fake.post("mutate", {"asset": second.id, "edit": "trash"})
    news = {type(event): event for event in engine.news()}
    assert set(news) == {events.NewsAdded, events.NewsMetadata, events.NewsTrashed}
    assert added in repr(news[events.NewsAdded])
    assert engine.run().downloaded == 1


def test_a_receipt_and_moving_out(fake: FakeICloud, library: ip.Library) -> None:
    storage = ip.MemoryStorage()
    rule = ip.MoveRule(older_than_days=0)
    engine = ip.SyncEngine(library, storage, catalogue=ip.Catalogue.memory(), move_out=rule)
    one, two = itertools.islice(library.all(), 2)
    assert isinstance(engine.receipt(one), events.Kept), "there is no copy yet"
    ip.SyncEngine(library, storage, catalogue=None).run()
    copy = ip.SyncEngine(library, storage, catalogue=ip.Catalogue.memory())
    copy.run()
    receipts = [copy.receipt(one), copy.receipt(two)]
    assert all(isinstance(receipt, ip.Receipt) for receipt in receipts)
    (path,) = {file.path for file in receipts[1].files}  # type: ignore[union-attr]
    storage.remove(path)
    moved = copy.move_out([receipt for receipt in receipts if isinstance(receipt, ip.Receipt)])
    assert moved[0] is None and isinstance(moved[1], (events.Kept, ip.ICloudError)), moved
    told = truth(fake)
    assert told[one.id]["deleted"] and not told[two.id]["deleted"]


@pytest.mark.parametrize("mirror", [None, ip.Disposal.REMOVE])
def test_mirroring(fake: FakeICloud, library: ip.Library, mirror: ip.Disposal | None) -> None:
    storage = DictStorage()
    engine = ip.SyncEngine(library, storage, catalogue=ip.Catalogue.memory(), mirror=mirror)
    engine.run()
    gone = next(iter(library.all()))
    fake.post("mutate", {"asset": gone.id, "edit": "trash"})
    told: list[Any] = []
    rehearsed: list[Any] = []
    if mirror:
        engine.rehearse_removals(on_event=rehearsed.append)
        assert any(isinstance(event, events.RemovalWouldRemove) for event in rehearsed) and len(storage.files) == 25
    report = engine.run(on_event=told.append)
    assert len(storage.files) == (24 if mirror else 25) and report.removed == (1 if mirror else 0)
    assert sum(isinstance(event, events.RemovalRemoved) for event in told) == report.removed


def test_a_mirror_does_not_follow_a_list_that_lacks_something(fakes: Fakes) -> None:
    fake = fakes(assets=300, file_size=300)
    storage = ip.MemoryStorage()
    engine = ip.SyncEngine(fake.sign_in().primary_library, storage, catalogue=ip.Catalogue.memory(), mirror="remove")
    engine.run()
    fault(fake, LISTING, "short-list", keep=40)
    fake.post("expire?what=change-tokens")
    try:
        engine.run()
    except ip.ICloudError:
        pass
    heal(fake)
    assert len(list(storage.list())) == 300


def test_a_catalogue_is_one_processes(library: ip.Library, tmp_path: Path) -> None:
    storage = ip.LocalStorage(tmp_path / "photos")
    program = """
        import sys
        from icloud_photos import Catalogue, ConflictError, LocalStorage
        try:
            with Catalogue.open(LocalStorage(sys.argv[1]), sys.argv[2]) as catalogue:
                print(catalogue.totals().assets)
        except ConflictError:
            print("in use")
    """
    places = [str(tmp_path / "photos"), str(tmp_path / "state")]
    assert ip.Catalogue.open_read_only(storage, places[1]) is None
    with ip.Catalogue.open(storage, places[1]) as catalogue:
        engine = ip.SyncEngine(library, storage, catalogue=catalogue)
        engine.run()
        assert catalogue.totals().assets == 25 and catalogue.stock(storage).here.verified.files == 25
        assert python(program, *places).stdout.strip() == "in use"
        del engine
    done = python(program, *places)
    assert done.stdout.strip() == "25", done.stderr
    with pytest.raises(ip.ICloudError):
        catalogue.totals()


def test_a_storage_that_is_not_mounted(library: ip.Library, tmp_path: Path) -> None:
    storage = ip.LocalStorage(tmp_path / "photos")
    with ip.Catalogue.open(storage, tmp_path / "state", place="disk") as catalogue:
        ip.SyncEngine(library, storage, catalogue=catalogue).run()
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    with pytest.raises(ip.StoreLostError), ip.Catalogue.open(storage, tmp_path / "state", place="disk") as catalogue:
        ip.SyncEngine(library, storage, catalogue=catalogue).run()


def test_changes_since_a_cursor(fake: FakeICloud, library: ip.Library, tmp_path: Path) -> None:
    cursor = pickle.loads(pickle.dumps(library.cursor()))
    assert [change for batch in library.changes(cursor) for change in batch.changes] == []
    one = next(iter(library.all()))
    fake.post("mutate", {"asset": one.id, "edit": "favourite"})
    added = fake.post("mutate", {"add": "NEW.JPG", "size": 1000})["asset"]
    batches = list(library.changes(cursor))
    changed = {change.asset.id: change.asset for batch in batches for change in batch.changes if isinstance(change, events.ChangeAsset)}
    assert set(changed) == {one.id, added} and changed[one.id].is_favorite
    assert len(changed[added].download().read()) == 1000
    # Another process goes on from what was kept.
    (tmp_path / "cursor").write_bytes(pickle.dumps(batches[-1].cursor))
    fake.post("mutate", {"asset": one.id, "edit": "trash"})
    later = [change for batch in library.changes(pickle.loads((tmp_path / "cursor").read_bytes())) for change in batch.changes]
    assert events.ChangeTrashed in [type(change) for change in later]
    assert not any(isinstance(change, events.ChangeAsset) for change in later), "what came before the cursor comes again"


def test_a_cursor_that_is_too_old_says_so(fake: FakeICloud, library: ip.Library) -> None:
    cursor = library.cursor()
    fake.post("expire?what=change-tokens")
    changes = [change for batch in library.changes(cursor) for change in batch.changes]
    assert isinstance(changes[0], events.ChangeReset)
