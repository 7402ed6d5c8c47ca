"""Storages written in Python: what they are told, and what becomes of what they give."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import icloud_photos as ip
import pytest
from icloud_photos.testing import FakeICloud
from support import fault, heal, sha256_of_original, until


class Resuming(ip.Storage):
    """Memory that goes on with parts. It notes how its writers end, and can be told to misbehave."""

    def __init__(self) -> None:
        self.inner = ip.MemoryStorage()
        self.ends: list[str] = []
        self.positions: list[int] = []
        self.fails: Exception | None = None

    def capabilities(self) -> ip.Capabilities:
        return ip.Capabilities(resume=True, exclusive_commit=True, case_sensitive=True)

    def stat(self, path: str) -> ip.ObjectMeta | None:
        return self.inner.stat(path)

    def write(self, path: str, options: ip.WriteOptions) -> ip.StorageWriter:
        writer = Writer(self, self.inner.write(path, options))
        self.positions.append(writer.position)
        return writer

    def read(self, path: str, start: int = 0) -> Iterator[bytes]:
        return self.inner.read(path, start)

    def remove(self, path: str) -> None:
        self.inner.remove(path)

    def list(self, prefix: str = "") -> Iterator[ip.ObjectMeta]:
        return self.inner.list(prefix)


class Writer(ip.StorageWriter):
    def __init__(self, storage: Resuming, inner: ip.StorageWriter) -> None:
        self.storage, self.inner = storage, inner

    @property
    def position(self) -> int:
        return self.inner.position

    def resumed(self) -> Iterator[bytes]:
        return self.inner.resumed()

    def restart(self) -> None:
        self.inner.restart()

    def write(self, chunk: bytes) -> None:
        self.inner.write(chunk)

    def commit(self) -> ip.ObjectMeta:
        if self.storage.fails is not None:
            raise self.storage.fails
        return self.inner.commit()

    def abort(self) -> None:
        self.inner.abort()
        self.storage.ends.append("abort")

    def close(self) -> None:
        self.inner.close()
        self.storage.ends.append("close")


def test_a_part_that_waits_for_a_later_writer_is_closed() -> None:
    with FakeICloud(assets=1, file_size=3_000_000) as fake:
        client = ip.Client(endpoints=fake.endpoints, retries=ip.RetryPolicy(attempts=1))
        asset = next(iter(fake.sign_in(client).primary_library.all()))
        storage = Resuming()
        fault(fake, "content", "cut", after=2_000_000, times=100)
        with pytest.raises(ip.ICloudError):
            asset.download().save(storage, "x")
        until(lambda: storage.ends == ["close"])
        heal(fake)
        asset.download().save(storage, "x")
        assert storage.positions[0] == 0 < storage.positions[-1] and "abort" not in storage.ends
        assert hashlib.sha256(b"".join(storage.read("x"))).hexdigest() == sha256_of_original(fake, asset.id)


def test_what_has_no_name_of_a_part_is_given_up(tmp_path: Path) -> None:
    storage = Resuming()
    storage.fails = OSError("no")
    # The mark of a catalogue is written at once, or not.
    with pytest.raises(ip.StorageError):
        ip.Catalogue.open(storage, tmp_path)
    until(lambda: storage.ends == ["abort"])


def test_writers_of_ours_leave_their_part_when_they_are_closed() -> None:
    storage, options = ip.MemoryStorage(), ip.WriteOptions(part=".x.part")
    writer = storage.write("x", options)
    writer.write(b"abc")
    writer.close()
    writer.close()
    with pytest.raises(ip.ConfigError, match="begin another"):
        writer.write(b"d")
    assert storage.write("x", options).position == 3


@pytest.fixture
def library() -> Iterator[ip.Library]:
    with FakeICloud(assets=1, file_size=1000) as fake:
        yield fake.sign_in().primary_library


@pytest.fixture
def asset(library: ip.Library) -> ip.Asset:
    return next(iter(library.all()))


class Like:
    """Has what it is given, and nothing else."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


def nothing(*_: Any) -> None: ...


async def later(*_: Any) -> None: ...


METHODS: dict[str, Any] = {"restart": nothing, "write": nothing, "commit": nothing, "abort": nothing}


@pytest.mark.parametrize(
    ("writer", "says"),
    [
        (None, r"write\(\) must give a StorageWriter, and this has no method restart\(\)"),
        (Like(position=0, **{**METHODS, "abort": 5}), r"write\(\) must give a StorageWriter, and this has no method abort\(\)"),
        (Like(position=0, **{**METHODS, "write": later}), r"write\(\) is async; the methods of a writer are plain functions"),
        (Like(position=0, **METHODS, close=later), r"close\(\) is async; the methods of a writer are plain functions"),
        (Like(position=-1, **METHODS), "the position of a writer must be a number: "),
        (Like(position="0", **METHODS), "the position of a writer must be a number: "),
        (Like(position=0, **METHODS), r"commit\(\) must give an ObjectMeta: 'NoneType'"),
        (Like(position=0, **{**METHODS, "commit": lambda: ip.ObjectMeta("x", -1)}), r"commit\(\) must give an ObjectMeta: "),
    ],
)
def test_a_writer_that_is_none_is_told_what_it_lacks(asset: ip.Asset, writer: Any, says: str) -> None:
    storage = Resuming()
    storage.write = lambda path, options: writer  # type: ignore[method-assign]
    with pytest.raises(ip.StorageError, match=says):
        asset.download().save(storage, "x")


@pytest.mark.parametrize(
    ("method", "gives", "says"),
    [
        ("read", None, r"read\(\) must give an iterator of bytes: 'NoneType'"),
        ("read", b"abc", "chunks are bytes, and this is int"),
        ("list", None, r"list\(\) must give an iterator of ObjectMeta: 'NoneType'"),
        ("list", ["IMG_0001.JPG"], r"list\(\) must give ObjectMeta: 'str'"),
    ],
)
def test_what_a_method_gives_wrongly_is_named(library: ip.Library, method: str, gives: Any, says: str) -> None:
    storage = Resuming()
    with ip.Catalogue.memory() as catalogue:
        ip.SyncEngine(library, storage, catalogue=catalogue).run()
        setattr(storage, method, lambda *_: gives)
        with pytest.raises(ip.StorageError, match=says):
            ip.verify(storage, catalogue)


def test_what_stat_gives_wrongly_is_named(library: ip.Library) -> None:
    storage, told = Resuming(), list[Any]()
    storage.stat = lambda path: 5  # type: ignore[method-assign, assignment, return-value]
    assert ip.SyncEngine(library, storage).run(on_event=told.append).failed == 1
    errors = [event.error for event in told if isinstance(event, ip.events.SyncFailed)]
    assert ["stat() must give an ObjectMeta or None: 'int' object has no attribute 'path'"] == [error.message for error in errors]


def test_what_is_no_storage_is_refused_at_once(library: ip.Library) -> None:
    for wrong in (5, None, Like(stat=nothing)):
        with pytest.raises(TypeError, match=r"a storage must be derived from icloud_photos.Storage, and this has no method"):
            ip.SyncEngine(library, wrong)  # type: ignore[arg-type]
    storage = Resuming()
    storage.capabilities = lambda: {"resume": True}  # type: ignore[method-assign, return-value, assignment]
    with pytest.raises(TypeError, match=r"capabilities\(\) must give Capabilities: 'dict'"):
        ip.SyncEngine(library, storage)
    late = Resuming()
    late.tidy = later  # type: ignore[method-assign, assignment]
    with pytest.raises(TypeError, match=r"tidy\(\) is async"):
        ip.SyncEngine(library, late)


class Endless:
    """Bytes without an end, from something that is to be closed."""

    def __init__(self) -> None:
        self.steps, self.closed = 0, 0

    def __iter__(self) -> Endless:
        return self

    def __next__(self) -> bytes:
        self.steps += 1
        return b"x"

    def close(self) -> None:
        self.closed += 1


async def test_what_is_left_before_its_end_is_closed() -> None:
    storage, endless, catalogue = Resuming(), Endless(), ip.AsyncCatalogue.memory()
    with FakeICloud(assets=1, file_size=1000) as fake:
        library = (await fake.sign_in_async()).primary_library
        await ip.AsyncSyncEngine(library, storage, catalogue=catalogue).run()
    storage.read = lambda path, start=0: endless  # type: ignore[method-assign]
    verifying = asyncio.ensure_future(ip.async_verify(storage, catalogue))
    while not endless.steps:
        await asyncio.sleep(0.01)
    verifying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await verifying
    await asyncio.to_thread(until, lambda: endless.closed == 1)
