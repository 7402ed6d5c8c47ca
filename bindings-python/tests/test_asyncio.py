"""What only asyncio has: many things at once, cancelling, the loop's own thread."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any

import icloud_photos as ip
import pytest
from icloud_photos import events
from icloud_photos.testing import FakeICloud
from support import PythonStore, fault, heal, requests, reset, sha256_of_original, stays

Fakes = Callable[..., FakeICloud]


async def listed(fake: FakeICloud) -> list[ip.AsyncAsset]:
    library = (await fake.sign_in_async()).primary_library
    return [asset async for asset in library.all()]


async def test_twenty_downloads_at_once(fake: FakeICloud) -> None:
    assets = (await listed(fake))[:20]
    reset(fake)
    # Each is so slow that they can but run beside each other.
    fault(fake, "content", "stall", ms=300)
    begun = time.monotonic()
    data = await asyncio.gather(*(asset.download().read() for asset in assets))
    assert time.monotonic() - begun < 20 * 0.3
    assert [hashlib.sha256(one).hexdigest() for one in data] == [sha256_of_original(fake, asset.id) for asset in assets]
    assert fake.get("counters")["peak_concurrent"] > 4


async def test_the_loop_goes_on_meanwhile(fake: FakeICloud) -> None:
    asset = (await listed(fake))[0]
    fault(fake, "content", "stall", ms=300)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    heart = asyncio.ensure_future(beat())
    await asset.download().read()
    heart.cancel()
    assert beats > 10


async def test_cancelling_a_download_ends_it(fakes: Fakes) -> None:
    size = 200_000_000
    fake = fakes(assets=1, file_size=size)
    asset = (await listed(fake))[0]
    reset(fake)
    come = asyncio.Event()
    task = asyncio.ensure_future(asset.download().save(ip.MemoryStorage(), progress=lambda _: come.set()))
    await come.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    sent = await asyncio.get_running_loop().run_in_executor(None, stays, lambda: int(fake.get("counters")["bytes"]))
    assert sent < size


async def test_cancelling_what_stalls(fake: FakeICloud) -> None:
    asset = (await listed(fake))[0]
    fault(fake, "content", "stall")
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(asset.download().read(), 0.2)
    heal(fake)
    assert len(await asset.download().read()) == 100_000, "the client is as good as before"


async def test_one_that_fails_and_others_that_are_cancelled(fake: FakeICloud) -> None:
    """As a TaskGroup does it, which Python has since 3.11."""
    assets = (await listed(fake))[:5]
    fault(fake, "content", "stall")
    tasks = [asyncio.ensure_future(asset.download().read()) for asset in assets]
    tasks.append(asyncio.ensure_future(assets[0].download("live_movie").read()))
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION, timeout=30)
    assert done == {tasks[-1]} and isinstance(tasks[-1].exception(), ip.NotFoundError)
    for task in pending:
        task.cancel()
    ended = await asyncio.gather(*pending, return_exceptions=True)
    assert len(ended) == 5 and all(isinstance(one, asyncio.CancelledError) for one in ended)


async def test_a_loop_that_is_left(fakes: Fakes) -> None:
    fake = fakes(assets=5000, file_size=300)
    album = (await fake.sign_in_async()).primary_library.all()
    assert len([asset async for asset in album.assets()]) == 5000
    whole = requests(fake, "cloudkit/records/query")
    reset(fake)
    listing = album.assets()
    async for _ in listing:
        break
    await listing.aclose()
    reading = asyncio.get_running_loop().run_in_executor(None, stays, lambda: requests(fake, "cloudkit/records/query"))
    assert await reading < whole / 2


async def test_chunks_and_files(fake: FakeICloud) -> None:
    asset = (await listed(fake))[0]
    whole = await asset.download().read()
    async with asset.download().chunks() as chunks:
        assert b"".join([chunk async for chunk in chunks]) == whole
        assert chunks.proof is not None and chunks.proof.verified
    async with asset.download().chunks(5, 9) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == whole[5:9]


async def test_events_come_on_the_thread_of_the_loop(fake: FakeICloud) -> None:
    library = (await fake.sign_in_async()).primary_library
    threads = set()
    told: list[Any] = []

    def tell(event: Any) -> None:
        threads.add(threading.current_thread())
        told.append(event)

    engine = ip.AsyncSyncEngine(library, ip.MemoryStorage(), catalogue=ip.AsyncCatalogue.memory())
    report = await engine.run(on_event=tell)
    assert threads == {threading.current_thread()}
    assert sum(isinstance(event, events.SyncDownloaded) for event in told) == report.downloaded == 25, "all is told when it is over"
    assert [action async for action in engine.plan() if isinstance(action, events.ActionDownload)] == []
    assert [event async for event in engine.news()] == []


async def test_a_cancelled_run_goes_on_later(fakes: Fakes) -> None:
    fake = fakes(assets=1000, file_size=300)
    library = (await fake.sign_in_async()).primary_library
    storage = ip.MemoryStorage()
    catalogue = ip.AsyncCatalogue.memory()
    come = asyncio.Event()

    def tell(event: Any) -> None:
        if isinstance(event, events.SyncDownloaded):
            come.set()

    task = asyncio.ensure_future(ip.AsyncSyncEngine(library, storage, catalogue=catalogue).run(on_event=tell))
    await come.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert all(meta.size == 300 for meta in storage.list())
    assert (await ip.AsyncSyncEngine(library, storage, catalogue=catalogue).run()).is_clean
    assert len(list(storage.list())) == 1000


def test_a_client_outlives_a_loop(fake: FakeICloud) -> None:
    client = ip.AsyncClient(endpoints=fake.endpoints, sessions=PythonStore())

    async def count() -> int | None:
        session = await client.restore(fake.username) or await fake.sign_in_async(client)
        return await session.primary_library.all().count()

    assert [asyncio.run(count()) for _ in range(3)] == [25, 25, 25]


async def test_an_operation_without_a_loop_says_so(fake: FakeICloud) -> None:
    client = ip.AsyncClient(endpoints=fake.endpoints)
    failed: list[BaseException] = []

    def elsewhere() -> None:
        try:
            client.login(fake.username, fake.password).send(None)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert isinstance(failed[0], RuntimeError) and "loop" in str(failed[0])
