"""Signals, threads, forks, the end of the interpreter: what a native module can get wrong."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import icloud_photos as ip
import pytest
from icloud_photos.testing import FakeICloud
from support import fault, photos, python, start

Fakes = Callable[..., FakeICloud]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks are of POSIX")

STALLED = """
    import sys, time
    from icloud_photos import MemoryStorage, SyncEngine
    from icloud_photos.testing import FakeICloud
    with FakeICloud(assets=3) as fake:
        library = fake.sign_in().primary_library
        asset = next(iter(library.all()))
        fake.post("faults", [{"match": "content", "action": {"kind": "stall", "after": 1000}}])
        print("begun", flush=True)
        try:
            if sys.argv[1] == "download":
                asset.download().read()
            else:
                SyncEngine(library, MemoryStorage()).run(on_event=print if sys.argv[1] == "events" else None)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            raise
"""


@posix
@pytest.mark.parametrize("what", ["download", "run", "events"])
def test_ctrl_c_ends_what_stalls(what: str) -> None:
    program = start(STALLED, what)
    assert program.stdout is not None and program.stdout.readline() == "begun\n"
    time.sleep(0.3)
    sent = time.monotonic()
    program.send_signal(signal.SIGINT)
    # It takes 0.1 s; machines of tests are slow.
    while "interrupted" not in program.stdout.readline():
        assert program.poll() is None
    took = time.monotonic() - sent
    _, errors = program.communicate(timeout=30)
    assert program.returncode == -signal.SIGINT and "KeyboardInterrupt" in errors and took < 5


@posix
def test_ctrl_c_ends_an_asyncio_program() -> None:
    program = start("""
        import asyncio
        from icloud_photos.testing import FakeICloud
        async def main(fake):
            library = (await fake.sign_in_async()).primary_library
            async for asset in library.all():
                fake.post("faults", [{"match": "content", "action": {"kind": "stall"}}])
                print("begun", flush=True)
                await asset.download().read()
        with FakeICloud(assets=3) as fake:
            asyncio.run(main(fake))
    """)
    assert program.stdout is not None and program.stdout.readline() == "begun\n"
    time.sleep(0.3)
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=30)
    assert program.returncode != 0 and "KeyboardInterrupt" in errors


def test_other_threads_run_while_a_call_blocks(fake: FakeICloud) -> None:
    asset = photos(fake.sign_in())[0]
    fault(fake, "content", "stall", ms=400)
    count, over = 0, threading.Event()

    def work() -> None:
        nonlocal count
        while not over.is_set():
            count += 1
            time.sleep(0.001)

    worker = threading.Thread(target=work)
    worker.start()
    asset.download().read()
    over.set()
    worker.join()
    assert count > 50


def test_eight_threads_on_one_client(fakes: Fakes) -> None:
    fake = fakes(assets=40, file_size=2000)
    session = fake.sign_in()
    assets = photos(session)
    fake.post("expire?what=sessions")  # All of them find it ended at once.

    def work(number: int) -> tuple[int | None, int]:
        mine = assets[number::8]
        return session.primary_library.all().count(), sum(len(asset.download().read()) for asset in mine)

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(work, range(8)))
    assert [count for count, _ in done] == [40] * 8 and sum(size for _, size in done) == 40 * 2000


def test_one_iterator_of_several_threads_gives_each_asset_once(fakes: Fakes) -> None:
    fake = fakes(assets=2000, file_size=300)
    listing = fake.sign_in().primary_library.all().assets()
    lock, seen = threading.Lock(), list[str]()

    def work() -> None:
        while True:
            with lock:
                asset = next(listing, None)
            if asset is None:
                return
            seen.append(asset.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 2000


def child(session: ip.Session, queue: Any) -> None:
    queue.put(len(photos(session)))


@pytest.fixture
def apart() -> Any:
    """A fake in a process of its own, which forks do not touch."""
    program = start("""
        import sys
        from icloud_photos.testing import FakeICloud
        with FakeICloud(assets=25, state="password-only") as fake:
            print(fake.url, fake.username, fake.password, flush=True)
            sys.stdin.read() if sys.argv[1:] else __import__("time").sleep(120)
    """)
    assert program.stdout is not None
    yield program.stdout.readline().rstrip("\n").split(" ", 2)
    program.kill()
    program.wait()


FORKING = """
    import os, signal, sys
    from icloud_photos import Client, Endpoints
    url, account, password = sys.argv[1:4]
    session = Client(endpoints=Endpoints(auth=url, setup=url)).login(account, password)
    def listed():
        return len(list(session.primary_library.all()))
    def forked(then):
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if listed() == 25 and then() else 1)
        return os.waitpid(child, 0)[1] == 0
    assert listed() == 25
    assert forked(lambda: True), "a child"
    assert listed() == 25, "its parent"
    assert forked(lambda: forked(lambda: True)), "a child of a child"
    half = iter(session.primary_library.all())
    next(half)
    assert forked(lambda: True), "a child while a list is under way"
    assert 1 + sum(1 for _ in half) == 25
    print("done")
"""


@posix
def test_fork(apart: list[str]) -> None:
    done = python(FORKING, *apart)
    assert done.stdout == "done\n", done.stderr


@posix
def test_multiprocessing_by_fork(apart: list[str]) -> None:
    url, account, password = apart
    session = ip.Client(endpoints=ip.Endpoints(auth=url, setup=url)).login(account, password)
    assert isinstance(session, ip.Session) and len(photos(session)) == 25
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    children = [context.Process(target=child, args=(session, queue)) for _ in range(3)]
    for process in children:
        process.start()
    for process in children:
        process.join(30)
    assert [process.exitcode for process in children] == [0, 0, 0]
    assert [queue.get() for _ in children] == [25, 25, 25]
    assert len(photos(session)) == 25


@posix
def test_a_pool_of_python_threads_after_a_fork(apart: list[str]) -> None:
    done = python(FORKING.replace('print("done")', """
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(4) as pool:
            os._exit(0 if set(pool.map(lambda _: listed(), range(4))) == {25} else 1)
    assert os.waitpid(child, 0)[1] == 0
    print("done")"""), *apart)
    assert done.stdout == "done\n", done.stderr


END = """
    import sys, threading
    from icloud_photos import MemoryStorage, SyncEngine
    from icloud_photos.testing import FakeICloud
    fake = FakeICloud(assets=5000, file_size=3000)
    engine = SyncEngine(fake.sign_in().primary_library, MemoryStorage(), filter=lambda asset: True)
    begun = threading.Event()
    def told(event):
        begun.set()
    def work():
        try:
            engine.run(on_event=told)
        except BaseException:
            pass
    threading.Thread(target=work, daemon=True).start()
    assert begun.wait(30)
    {ending}
"""


@pytest.mark.parametrize(("ending", "code"), [("pass", 0), ("sys.exit(7)", 7), ("raise LookupError", 1)])
def test_the_interpreter_ends_while_a_run_is_under_way(ending: str, code: int) -> None:
    for _ in range(3):
        done = python(END.format(ending=ending))
        assert done.returncode == code, (done.returncode, done.stderr)
        assert "panicked" not in done.stderr and "Fatal" not in done.stderr


def test_a_list_that_nobody_reads_on_does_not_hold_the_end() -> None:
    done = python("""
        from icloud_photos.testing import FakeICloud
        fake = FakeICloud(assets=5000, file_size=300)
        kept = iter(fake.sign_in().primary_library.all())
        print(next(kept).filename)
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "IMG_0001.JPG\n", "")
    assert os.getpid()
