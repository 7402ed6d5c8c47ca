"""Whoever waits may stop waiting at any moment, and go on later: nothing is lost, and nothing that was lost is called whole."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from icloud_photos import (
    AsyncSyncEngine,
    Chunks,
    ConfigError,
    Library,
    LocalStorage,
    MemoryStorage,
    OperationCancelledError,
    SyncEngine,
    events,
)
from icloud_photos.testing import FakeICloud
from support import python, sha256_of_original

PATIENCE = (0.0, 0.0005, 0.001, 0.002, 0.005)


@pytest.fixture(scope="module")
def many() -> Iterator[FakeICloud]:
    with FakeICloud(assets=1200, file_size=100) as fake:
        yield fake


@pytest.fixture(scope="module")
def large() -> Iterator[FakeICloud]:
    with FakeICloud(assets=1, big_file=20_000_000) as fake:
        yield fake


async def impatiently(iterator: Any) -> list[Any]:
    """All items, by somebody who often gives up waiting."""
    items: list[Any] = []
    for turn in range(100_000):
        try:
            items.append(await asyncio.wait_for(iterator.__anext__(), PATIENCE[turn % len(PATIENCE)]))
        except asyncio.TimeoutError:
            # Without it a machine that is busy never comes to an end.
            await asyncio.sleep(0.001)
        except StopAsyncIteration:
            return items
    raise AssertionError("it does not end")


async def test_a_list_is_whole_however_often_somebody_gives_up_waiting(many: FakeICloud) -> None:
    library = (await many.sign_in_async()).primary_library
    assets = library.all().assets()
    seen = [asset.id for asset in await impatiently(assets)]
    assert len(seen) == len(set(seen)) == 1200
    assert assets.outcome().is_complete


async def test_a_plan_is_whole_too(many: FakeICloud) -> None:
    library = (await many.sign_in_async()).primary_library
    engine = AsyncSyncEngine(library, MemoryStorage())
    patiently = [type(action) async for action in engine.plan()]
    assert [type(action) for action in await impatiently(engine.plan())] == patiently
    assert len(patiently) > 2400


async def test_changes_are_whole_too(fake: FakeICloud) -> None:
    library = (await fake.sign_in_async()).primary_library
    cursor = await library.cursor()
    for number in range(5):
        fake.post("mutate", {"add": f"NEW{number}.JPG", "size": 1000})
    changes = library.changes(cursor, page_size=1)
    patiently = [change async for batch in library.changes(cursor, page_size=1) for change in batch.changes]
    seen = [change for batch in await impatiently(changes) for change in batch.changes]
    assert [type(change) for change in seen] == [type(change) for change in patiently] and len(seen) >= 5


async def test_bytes_are_whole_and_in_their_order(large: FakeICloud) -> None:
    library = (await large.sign_in_async()).primary_library
    asset = max([asset async for asset in library.all()], key=lambda asset: asset.resource("original").size)
    chunks = asset.download().chunks()
    data = b"".join(await impatiently(chunks))
    assert hashlib.sha256(data).hexdigest() == sha256_of_original(large, asset.id)
    assert chunks.proof is not None and chunks.proof.verified


INTERRUPTED = """
    import signal, sys
    from icloud_photos import Client, Endpoints

    class Enough(Exception):
        pass

    waits = False

    def interrupt(*_):
        if waits:
            raise Enough

    url, username, password = sys.argv[1:]
    assets = Client(endpoints=Endpoints(url, url)).login(username, password).primary_library.all().assets()
    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    seen, interrupted = 0, 0
    while True:
        try:
            waits = True
            asset = next(assets, None)
            waits = False
        except Enough:
            waits = False
            interrupted += 1
            continue
        if asset is None:
            break
        seen += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(seen, interrupted, assets.outcome().is_complete)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer here")
def test_a_signal_loses_nothing() -> None:
    with FakeICloud(assets=1200, file_size=100, state="password-only") as fake:
        done = python(INTERRUPTED, fake.url, fake.username, fake.password)
    seen, interrupted, complete = done.stdout.split()
    # One that has left `next` and has no name yet is in nobody's hands.
    assert complete == "True" and int(interrupted) > 2
    assert 1200 - int(seen) <= int(interrupted) // 4, done.stdout


def test_closing_ends_a_request_that_somebody_waits_for(large: FakeICloud) -> None:
    library = large.sign_in().primary_library
    asset = max(library.all(), key=lambda asset: asset.resource("original").size)
    large.post("faults", {"rules": [{"match": "content", "action": {"kind": "stall", "after": 100_000}}]})
    try:
        chunks = asset.download().chunks()
        came: list[bytes] = []

        def read(chunks: Chunks) -> None:
            came.extend(chunks)

        reader = threading.Thread(target=read, args=(chunks,))
        reader.start()
        time.sleep(0.5)
        chunks.close()
        before = len(came)
        reader.join(2)
        assert not reader.is_alive() and len(came) == before
    finally:
        large.post("faults", {"rules": []})


@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration])
async def test_no_function_ends_what_loops_over_the_outcome(many: FakeICloud, kind: type[Exception]) -> None:
    def stop(_: object) -> bool:
        raise kind

    library = (await many.sign_in_async()).primary_library
    for engine, on_event in (
        (AsyncSyncEngine(library, MemoryStorage(), filter=stop, filter_name="f"), None),
        (AsyncSyncEngine(library, MemoryStorage()), stop),
    ):
        with pytest.raises(RuntimeError, match="StopIteration") as caught:
            await asyncio.wait_for(engine.run(on_event=on_event), 20)
        assert isinstance(caught.value.__cause__, kind)
    plain = SyncEngine(many.sign_in().primary_library, MemoryStorage(), filter=stop, filter_name="f")
    with pytest.raises(RuntimeError, match="StopIteration"):
        list(plain.plan())


async def test_whoever_gives_up_one_run_ends_no_other(many: FakeICloud) -> None:
    library = (await many.sign_in_async()).primary_library
    engine = AsyncSyncEngine(library, MemoryStorage(), filter=lambda asset: True, filter_name="all")
    given_up = asyncio.ensure_future(engine.run())
    other = asyncio.ensure_future(engine.run())
    await asyncio.sleep(0.05)
    given_up.cancel()
    report = await other
    assert report.failed == 0 and report.assets == 1200


async def test_what_progress_raises_at_last_is_raised(many: FakeICloud) -> None:
    library = (await many.sign_in_async()).primary_library
    asset = await library.all().assets().__anext__()

    def fails(_: int) -> None:
        raise KeyError("mine")

    for _ in range(5):
        with pytest.raises(KeyError, match="mine"):
            await asset.download("thumb").read(progress=fails)


def threads() -> int:
    """Of this process, where it can be told."""
    try:
        return len(os.listdir("/proc/self/task"))
    except FileNotFoundError:
        return 0


def test_a_storage_of_pythons_may_call_ours_however_many_do(many: FakeICloud, tmp_path: Any) -> None:
    from test_hard_use import Wrapped

    library: Library = many.sign_in().primary_library
    storage = Wrapped()
    storage.inner = LocalStorage(tmp_path)  # type: ignore[assignment]
    storage.slow_begin = 1.0
    assets = list(library.all())[:700]

    async def all_at_once() -> int:
        theirs = (await many.sign_in_async()).primary_library
        found = [asset async for asset in theirs.all().assets(limit=700)]
        saves = asyncio.gather(*(asset.download().save(storage, f"{number}") for number, asset in enumerate(found)))
        await asyncio.sleep(0.5)
        # Calls beyond those that may run at once wait without a thread.
        assert threads() < 450
        return len(await saves)

    assert asyncio.run(asyncio.wait_for(all_at_once(), 60)) == len(assets)


async def test_two_runs_with_a_filter_that_fails_say_so(many: FakeICloud) -> None:
    calls = 0

    def fails(_: object) -> bool:
        nonlocal calls
        calls += 1
        if calls > 50:
            raise KeyError("mine")
        return True

    library = (await many.sign_in_async()).primary_library
    engine = AsyncSyncEngine(library, MemoryStorage(), filter=fails, filter_name="fails")
    outcomes = await asyncio.gather(engine.run(), engine.run(), return_exceptions=True)
    assert any(isinstance(outcome, KeyError) for outcome in outcomes)
    assert all(isinstance(outcome, (KeyError, OperationCancelledError)) for outcome in outcomes), outcomes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_is_told_that_it_cannot_go_on_with_its_parents_list(many: FakeICloud) -> None:
    assets = many.sign_in().primary_library.all().assets(page_size=10)
    next(assets)
    child = os.fork()
    if child == 0:
        assets._ready.clear()
        try:
            next(assets)
        except ConfigError:
            os._exit(7)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


def test_what_is_lost_in_the_middle_of_a_plan_is_said(many: FakeICloud, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = SyncEngine(many.sign_in().primary_library, MemoryStorage()).plan()
    next(plan)
    before, calls = events.ActionDone.__init__, 0

    def interrupted(*arguments: Any, **fields: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        before(*arguments, **fields)

    monkeypatch.setattr(events.ActionDone, "__init__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(plan)
    with pytest.raises(OperationCancelledError, match="begin anew"):
        list(plan)
