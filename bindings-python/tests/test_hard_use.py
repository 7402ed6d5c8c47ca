"""What an adversary did to engines and storages written in Python: each of these went wrong once."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from icloud_photos import (
    AsyncClient,
    AsyncSyncEngine,
    Catalogue,
    Client,
    ConfigError,
    Endpoints,
    FileSessionStore,
    ICloudError,
    Library,
    LocalStorage,
    MemorySessionStore,
    MemoryStorage,
    ObjectMeta,
    RetryPolicy,
    Storage,
    StorageError,
    StorageWriter,
    StoreLostError,
    SyncEngine,
    WriteOptions,
    events,
    verify,
)
from icloud_photos.testing import FakeICloud


@pytest.fixture
def library() -> Iterator[Library]:
    with FakeICloud(assets=6, file_size=1000) as fake:
        yield fake.sign_in().primary_library


class Wrapped(Storage):
    """A storage of Python's around one of ours, whose writers can be told to misbehave."""

    def __init__(self) -> None:
        self.inner = MemoryStorage()
        self.begun: list[Writer] = []
        self.slow_begin = 0.0
        self.slow_write = 0.0
        self.fails: BaseException | None = None
        self.chunk: Any = bytes

    def stat(self, path: str) -> ObjectMeta | None:
        return self.inner.stat(path)

    def write(self, path: str, options: WriteOptions) -> StorageWriter:
        writer = Writer(self, self.inner.write(path, options))
        self.begun.append(writer)
        time.sleep(self.slow_begin)
        return writer

    def read(self, path: str, start: int = 0) -> Iterator[bytes]:
        return (self.chunk(chunk) for chunk in self.inner.read(path, start))

    def remove(self, path: str) -> None:
        self.inner.remove(path)

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        return self.inner.list(prefix)


class Writer(StorageWriter):
    def __init__(self, storage: Wrapped, inner: StorageWriter) -> None:
        self.storage, self.inner = storage, inner
        self.inside = threading.Lock()
        self.clashes = self.aborts = 0

    def restart(self) -> None:
        self.inner.restart()

    def write(self, chunk: bytes) -> None:
        with self.inside:
            time.sleep(self.storage.slow_write)
            self.inner.write(chunk)

    def commit(self) -> ObjectMeta:
        if self.storage.fails is not None:
            raise self.storage.fails
        return self.inner.commit()

    def abort(self) -> None:
        if not self.inside.acquire(blocking=False):
            self.clashes += 1
            return
        self.inside.release()
        self.aborts += 1
        self.inner.abort()


def soon(true: Any) -> bool:
    """Whether something comes true within five seconds."""
    for _ in range(500):
        if true():
            return True
        time.sleep(0.01)
    return bool(true())


def test_a_commit_that_fails_is_followed_by_abort(library: Library) -> None:
    storage = Wrapped()
    storage.fails = OSError("no")
    assert SyncEngine(library, storage).run().failed == 6
    assert soon(lambda: all(writer.aborts == 1 for writer in storage.begun))


def test_an_exception_without_words_is_named(library: Library) -> None:
    storage = Wrapped()
    storage.fails = TimeoutError()
    told: list[events.SyncFailed] = []
    SyncEngine(library, storage).run(on_event=lambda event: told.append(event) if isinstance(event, events.SyncFailed) else None)
    assert told and all("TimeoutError" in str(event.error) for event in told)


@pytest.mark.parametrize("slow", ["slow_begin", "slow_write"])
async def test_a_cancelled_run_leaves_no_writer_open_and_troubles_none_that_is_busy(slow: str) -> None:
    with FakeICloud(assets=6, file_size=1000) as fake:
        library = (await fake.sign_in_async()).primary_library
        storage = Wrapped()
        setattr(storage, slow, 0.5)
        run = asyncio.ensure_future(AsyncSyncEngine(library, storage).run())
        while not storage.begun:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert await asyncio.to_thread(soon, lambda: all(writer.aborts for writer in storage.begun))
        assert not any(writer.clashes for writer in storage.begun) and not list(storage.list())


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_chunks_may_be_anything_that_holds_bytes(library: Library, kind: Any) -> None:
    storage = Wrapped()
    storage.chunk = kind
    with Catalogue.memory() as catalogue:
        assert SyncEngine(library, storage, catalogue=catalogue).run().is_clean
        assert verify(storage, catalogue).proven == 6


def test_async_functions_are_refused_where_plain_ones_are_meant(library: Library) -> None:
    async def coroutine(_: Any) -> bool:
        return False

    def generator(_: Any) -> Iterator[bool]:
        yield False

    for wrong in (coroutine, generator, 3):
        with pytest.raises(TypeError, match="filter"):
            SyncEngine(library, MemoryStorage(), filter=wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="on_event"):
            SyncEngine(library, MemoryStorage()).run(on_event=wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="on_error"):
            library.all().assets(on_error=wrong)  # type: ignore[arg-type]
    storage = MemoryStorage()
    with pytest.raises(TypeError, match="awaited"):
        SyncEngine(library, storage, filter=lambda asset: coroutine(asset)).run()
    assert not list(storage.list())


class Sink:
    """What takes so many bytes at a time, and says so as it is told to."""

    def __init__(self, most: int, says: Any = len) -> None:
        self.most, self.says, self.got = most, says, b""

    def write(self, data: bytes) -> Any:
        taken = data[: self.most]
        self.got += taken
        return self.says(taken)


def test_a_file_that_takes_a_part_is_given_the_rest(library: Library) -> None:
    asset = next(iter(library.all()))
    whole = asset.download().read()
    for sink in (Sink(7), Sink(10_000), Sink(10_000, lambda _: None)):
        assert asset.download().save_to(sink).verified and sink.got == whole
    with pytest.raises(BlockingIOError):
        asset.download().save_to(Sink(0))


@pytest.mark.skipif(not hasattr(os, "set_blocking"), reason="pipes cannot be set not to wait here")
def test_a_pipe_that_is_full_is_no_success() -> None:
    with FakeICloud(assets=1, file_size=500_000) as fake:
        asset = next(iter(fake.sign_in().primary_library.all()))
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with open(writer, "wb", buffering=0) as pipe, open(reader, "rb"), pytest.raises(BlockingIOError):
            asset.download().save_to(pipe)


async def test_an_async_write_is_refused() -> None:
    class Late:
        async def write(self, data: bytes) -> int:
            return len(data)

    with FakeICloud(assets=1) as fake:
        asset = await (await fake.sign_in_async()).primary_library.all().assets().__anext__()
        with pytest.warns(RuntimeWarning), pytest.raises(TypeError, match="async"):
            await asset.download().save_to(Late())


def test_chunks_that_are_closed_give_nothing(library: Library) -> None:
    chunks = next(iter(library.all())).download().chunks()
    chunks.close()
    assert list(chunks) == []


def test_libraries_and_albums_of_two_accounts_differ(library: Library) -> None:
    with FakeICloud(assets=1, account={"dsid": "424242"}, username="other@example.com") as fake:
        other = fake.sign_in().primary_library
        assert other.session.dsid != library.session.dsid
        assert other != library and other.all() != library.all()
        assert library == library.session.primary_library and library.all() == library.session.primary_library.all()


@pytest.mark.parametrize("sample", [float("nan"), 2.0, -1.0, 0.0])
def test_a_sample_is_a_share(sample: float) -> None:
    with pytest.raises(ValueError, match="sample"):
        verify(MemoryStorage(), Catalogue.memory(), sample=sample)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_catalogue_is_not_used_by_a_forked_child(library: Library) -> None:
    catalogue = Catalogue.memory()
    engine = SyncEngine(library, MemoryStorage(), catalogue=catalogue)
    child = os.fork()
    if child == 0:
        refused = 0
        for use in (catalogue.totals, engine.run):
            try:
                use()
            except ConfigError:
                refused += 1
        os._exit(refused)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert engine.run().is_clean


async def test_a_filter_is_asked_no_more_once_its_run_is_cancelled() -> None:
    with FakeICloud(assets=200, file_size=1000) as fake:
        library = (await fake.sign_in_async()).primary_library
        asked = []

        def wanted(_: object) -> bool:
            asked.append(1)
            time.sleep(0.02)
            return True

        run = asyncio.ensure_future(AsyncSyncEngine(library, MemoryStorage(), filter=wanted).run())
        while not asked:
            await asyncio.sleep(0.01)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await asyncio.sleep(0.3)
        before = len(asked)
        await asyncio.sleep(0.7)
        assert len(asked) == before < 200


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers of signals here")
@pytest.mark.parametrize("slow", ["filter", "on_event"])
def test_nothing_is_called_nor_stored_any_more_after_ctrl_c(slow: str) -> None:
    with FakeICloud(assets=200, file_size=1000) as fake:
        storage, called = MemoryStorage(), []

        def function(_: object) -> bool:
            called.append(1)
            time.sleep(0.02)
            return True

        engine = SyncEngine(fake.sign_in().primary_library, storage, filter=function if slow == "filter" else None)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            engine.run(on_event=function if slow == "on_event" else None)
        time.sleep(0.3)
        before = len(called), len(list(storage.list()))
        time.sleep(0.7)
        assert (len(called), len(list(storage.list()))) == before and before[1] < 200


def test_a_catalogue_of_another_storage_is_refused(library: Library, tmp_path: Path) -> None:
    storage, other = LocalStorage(tmp_path / "photos"), LocalStorage(tmp_path / "other")
    with Catalogue.open(storage, tmp_path / "state") as catalogue:
        assert SyncEngine(library, storage, catalogue=catalogue).run().downloaded == 6
        before = catalogue.totals()
        engine = SyncEngine(library, other, catalogue=catalogue, missing="respect")
        for work in (
            lambda: verify(other, catalogue, missing="respect"),
            lambda: catalogue.stock(other),
            engine.run,
            engine.adopt,
        ):
            with pytest.raises(StoreLostError, match="another storage"):
                work()
        assert catalogue.totals() == before
        assert list(other.list()) == []
        assert verify(storage, catalogue).bad == 0


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_whoever_wants_all_to_end_ends_it(library: Library, kind: type[BaseException]) -> None:
    storage = Wrapped()
    storage.fails = kind("enough")
    with pytest.raises(kind, match="enough"):
        SyncEngine(library, storage).run()
    with pytest.raises(kind, match="enough"):
        next(iter(library.all())).download().save(storage)


def test_albums_of_another_library_are_refused(library: Library) -> None:
    with FakeICloud(assets=1, account={"dsid": "424242"}, username="other@example.com") as fake:
        foreign = fake.sign_in().primary_library.all()
        with pytest.raises(ConfigError, match="another library"):
            library.counts([library.all(), foreign])
        with pytest.raises(ConfigError, match="another library"):
            SyncEngine(library, MemoryStorage(), albums=[foreign])


def test_an_empty_name_is_no_folder(library: Library) -> None:
    download = next(iter(library.all())).download()
    for use in (
        lambda: LocalStorage(""),
        lambda: FileSessionStore(""),
        lambda: Client(sessions=""),
        lambda: Catalogue.open(MemoryStorage(), ""),
        lambda: Catalogue.sqlite(""),
        lambda: download.save(""),
    ):
        with pytest.raises(ValueError, match="empty"):
            use()


def test_an_address_is_no_folder(fake: FakeICloud, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    address = "s3://key:hunter2@bucket/photos"
    client = Client(sessions=address, endpoints=fake.endpoints)
    download = next(iter(library.all())).download()
    for use in (
        lambda: LocalStorage(address),
        lambda: download.save(address),
        lambda: client.login(fake.username, fake.password),
        lambda: Catalogue.sqlite("postgres://user:hunter2@host/db"),
    ):
        with pytest.raises(ConfigError, match="this is an address") as raised:
            use()
        assert "hunter2" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_function_cannot_be_told_of_progress(library: Library) -> None:
    for wrong in ("yes", 7):
        with pytest.raises(TypeError, match="progress"):
            next(iter(library.all())).download().read(progress=wrong)  # type: ignore[arg-type]


def test_without_a_loop_of_asyncios_it_says_so() -> None:
    waiting = AsyncClient(endpoints=Endpoints("http://127.0.0.1:9", "http://127.0.0.1:9")).login("jane@example.com", "secret")
    with pytest.raises(RuntimeError, match="asyncio"):
        waiting.send(None)


def test_no_frame_of_a_failed_sign_in_has_the_password() -> None:
    client = Client(endpoints=Endpoints("http://127.0.0.1:9", "http://127.0.0.1:9"), retries=RetryPolicy(attempts=1))
    with pytest.raises(ICloudError) as caught:
        client.login("jane@example.com", "a very secret password")
    frames = [entry.frame.f_locals for entry in caught.traceback[1:]]
    assert frames and not any("a very secret password" in repr(values) for values in frames)


@pytest.mark.parametrize(
    "gives",
    [lambda taken: -1, lambda taken: taken + 1, lambda taken: "all", lambda taken: True, lambda taken: (byte for byte in b"")],
)
def test_a_count_that_is_none_is_refused(library: Library, gives: Any) -> None:
    class File:
        def write(self, data: bytes) -> object:
            return gives(len(data))

    with pytest.raises((OSError, TypeError), match="write"):
        next(iter(library.all())).download().save_to(File())


def test_a_count_need_not_be_an_int(library: Library) -> None:
    class Count:
        def __init__(self, count: int) -> None:
            self.count = count

        def __index__(self) -> int:
            return self.count

    class File:
        data = b""

        def write(self, data: bytes) -> object:
            self.data += data[:7]
            return Count(len(data[:7]))

    file, download = File(), next(iter(library.all())).download()
    download.save_to(file)
    assert file.data == download.read()


def test_a_storage_that_says_it_holds_less_is_not_believed(library: Library) -> None:
    class Lying(Wrapped):
        def write(self, path: str, options: WriteOptions) -> StorageWriter:
            writer = super().write(path, options)
            commit = writer.commit
            writer.commit = lambda: ObjectMeta(path=path, size=commit().size - 1)  # type: ignore[method-assign]
            return writer

    with pytest.raises(StorageError, match="another number of bytes"):
        next(iter(library.all())).download().save(Lying())
    report = SyncEngine(library, Lying()).run()
    assert (report.downloaded, report.verified, report.failed) == (0, 0, 6)


def test_read_may_be_a_generator(library: Library) -> None:
    class Generating(Wrapped):
        def read(self, path: str, start: int = 0) -> Iterator[bytes]:
            if self.stat(path) is None:
                raise FileNotFoundError(path)
            yield from super().read(path, start)

    storage, catalogue = Generating(), Catalogue.memory()
    assert SyncEngine(library, storage, catalogue=catalogue).run().downloaded == 6
    assert verify(storage, catalogue).proven == 6


def test_a_copy_is_not_repaired_by_the_engine_of_another(library: Library, tmp_path: Path) -> None:
    storage, other = LocalStorage(tmp_path / "photos"), LocalStorage(tmp_path / "other")
    with Catalogue.open(storage, tmp_path / "state") as catalogue, Catalogue.open(other, tmp_path / "state") as others:
        SyncEngine(library, storage, catalogue=catalogue).run()
        engine = SyncEngine(library, other, catalogue=others)
        with pytest.raises(StoreLostError, match="another storage"):
            verify(storage, catalogue, engine=engine, repair=True)
        mixed = SyncEngine(library, other, catalogue=catalogue)
        asset = next(iter(library.all()))
        with pytest.raises(StoreLostError, match="another storage"):
            mixed.receipt(asset)
        with pytest.raises(StoreLostError, match="another storage"):
            mixed.move_out([])


def test_limits_beyond_the_calendar(library: Library) -> None:
    ages_ago = timedelta(days=10**8)
    assert SyncEngine(library, MemoryStorage(), skip_created_before=ages_ago).run().downloaded == 6
    assert SyncEngine(library, MemoryStorage(), skip_created_after=ages_ago).run().skipped == 6


@pytest.mark.parametrize("method", ["load", "save", "remove", "try_lock"])
def test_a_store_of_sessions_with_async_methods_is_refused(method: str) -> None:
    async def waits(*_: object) -> None: ...

    store = type("Store", (MemorySessionStore,), {method: waits})()
    with pytest.raises(TypeError, match=rf"{method}\(\) is async"):
        Client(sessions=store)


@pytest.mark.parametrize("account,password", [(None, "secret-word"), ("x\udcff", "secret-word"), ("jane@example.com", "secret-word\udcff")])
def test_no_frame_has_the_password_of_a_call_that_was_wrong(account: Any, password: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        Client().login(account, password)
    assert not any("secret-word" in repr(entry.frame.f_locals) for entry in caught.traceback[1:])


def test_options_of_the_wrong_kind_are_named(library: Library) -> None:
    with pytest.raises(TypeError, match="on_event"):
        SyncEngine(library, MemoryStorage()).run(progress=print)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="albums"):
        SyncEngine(library, MemoryStorage(), albums=library.all())  # type: ignore[arg-type]

    async def told(_: int) -> None: ...

    with pytest.raises(TypeError, match="progress"):
        next(iter(library.all())).download().read(progress=told)


def test_albums_are_found_however_their_titles_are_composed() -> None:
    with FakeICloud(assets=30, profile="everyday") as fake:
        tree = fake.sign_in().primary_library.albums()
        album = tree.find("Jo\u0308rg")
        assert album is not None and album == tree.find("J\u00f6rg")
