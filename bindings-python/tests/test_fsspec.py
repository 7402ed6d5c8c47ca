"""File systems of fsspec as storages: the promises of every storage, whole copies, and faults in the middle of a file."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from icloud_photos import (
    Catalogue,
    Client,
    ConfigError,
    ErrorKind,
    ICloudError,
    Session,
    SyncEngine,
    WriteOptions,
    verify,
)
from icloud_photos.testing import FakeICloud

fsspec = pytest.importorskip("fsspec")
from fsspec.implementations.dirfs import DirFileSystem  # noqa: E402
from fsspec.implementations.local import LocalFileSystem  # noqa: E402
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem  # noqa: E402
from fsspec.spec import AbstractBufferedFile  # noqa: E402
from icloud_photos.fsspec import FsspecStorage  # noqa: E402


class Bucket(MemoryFileSystem):
    """As object stores are in fsspec: a file goes up in blocks, shows when it is closed, and is copied to be moved."""

    protocol = "bucket"
    cachable = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.store, self.pseudo_dirs = {}, [""]

    def info(self, path: str, **options: Any) -> Any:
        path = self._strip_protocol(path)
        found = self.store.get(path)
        return super().info(path) if found is None else {"name": path, "size": found.size, "type": "file"}

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **options: Any) -> Any:
        if mode == "rb":
            return super()._open(path, mode)
        return Upload(self, path, mode, block_size or 64 << 10)


class Upload(AbstractBufferedFile):
    def _initiate_upload(self) -> None:
        self.sent = b""

    def _upload_chunk(self, final: bool = False) -> bool:
        self.sent += self.buffer.getvalue()
        if final:
            self.fs.store[self.path] = MemoryFile(self.fs, self.path, self.sent)
        return True


@pytest.fixture(params=["memory", "file", "folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> FsspecStorage:
    """An empty storage of each kind: by URL, and by a file system that is there already."""
    if request.param == "memory":
        return FsspecStorage(f"memory://{uuid.uuid4().hex}", "photos")
    if request.param == "file":
        return FsspecStorage(f"file://{tmp_path}/photos")
    if request.param == "folder":
        return FsspecStorage(DirFileSystem(str(tmp_path), LocalFileSystem()), "photos")
    return FsspecStorage(Bucket(), "photos")


def put(storage: FsspecStorage, path: str, content: bytes, **options: Any) -> Any:
    writer = storage.write(path, WriteOptions(**options))
    for start in range(0, len(content), 100_000):
        writer.write(content[start : start + 100_000])
    return writer.commit()


def get(storage: FsspecStorage, path: str, start: int = 0) -> bytes:
    return b"".join(storage.read(path, start))


def names(storage: FsspecStorage, prefix: str = "") -> list[str]:
    return sorted(meta.path for meta in storage.list(prefix))


def everything(storage: FsspecStorage) -> list[str]:
    """With what lists leave out."""
    with contextlib.suppress(FileNotFoundError):
        return [name for name in storage._fs.find(storage._root)]
    return []


def content(size: int, seed: int = 1) -> bytes:
    return bytes((n * n * 31 + n * seed + (n >> 8)) & 255 for n in range(min(size, 70_001))).ljust(size, b"*")[:size]


# The promises of a storage


def test_nothing_stands_in_an_empty_storage(storage: FsspecStorage) -> None:
    assert storage.stat("2018/IMG_1.JPG") is None
    with pytest.raises(FileNotFoundError):
        storage.read("2018/IMG_1.JPG")
    storage.remove("2018/IMG_1.JPG")
    assert names(storage) == names(storage, "2018") == []


@pytest.mark.parametrize("size", [0, 1, 65_536, 262_145, 5_000_000])
def test_files_read_back_from_anywhere(storage: FsspecStorage, size: int) -> None:
    meta = put(storage, "2018/07/a.jpg", content(size))
    assert (meta.path, meta.size) == ("2018/07/a.jpg", size)
    assert storage.stat("2018/07/a.jpg").size == size
    for start in {0, 1, size // 2, max(size - 1, 0), size, size + 10}:
        assert get(storage, "2018/07/a.jpg", start) == content(size)[start:], start


def test_nothing_shows_before_commit_and_nothing_stays_of_what_was_given_up(storage: FsspecStorage) -> None:
    for end in ("abort", "drop"):
        writer = storage.write("folder/a", WriteOptions(part="a.part", size=10))
        assert writer.position == 0 and list(writer.resumed()) == []
        writer.write(content(3_000_000))
        assert storage.stat("folder/a") is None and names(storage) == []
        if end == "abort":
            writer.abort()
            writer.abort()
        del writer
        assert everything(storage) == [], end


def test_a_restart_forgets_the_bytes(storage: FsspecStorage) -> None:
    writer = storage.write("a", WriteOptions())
    writer.write(content(3_000_000))
    writer.restart()
    assert writer.position == 0
    writer.write(b"right")
    assert writer.commit().size == 5
    assert get(storage, "a") == b"right" and len(everything(storage)) == 1


def test_a_name_is_never_taken_unless_told(storage: FsspecStorage) -> None:
    put(storage, "folder/a", b"first")
    with pytest.raises(FileExistsError):
        put(storage, "folder/a", b"second")
    assert get(storage, "folder/a") == b"first" and len(everything(storage)) == 1
    put(storage, "folder/a", b"second", replace=True)
    assert get(storage, "folder/a") == b"second" and len(everything(storage)) == 1


def test_one_of_many_writers_wins_a_name(storage: FsspecStorage) -> None:
    won: list[int] = []

    def write(number: int) -> None:
        with contextlib.suppress(FileExistsError):
            put(storage, "folder/a", bytes([number]) * 1000)
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and get(storage, "folder/a") == bytes(won) * 1000
    assert len(everything(storage)) == 1


def test_lists_show_files_of_all_folders_and_no_parts(storage: FsspecStorage) -> None:
    for name in ("a", "b/c", "b/d/e/f/g", "bb/h", "b/.hidden", "b/other.part"):
        put(storage, name, b"abc")
    assert names(storage) == ["a", "b/.hidden", "b/c", "b/d/e/f/g", "bb/h"]
    assert names(storage, "b") == ["b/.hidden", "b/c", "b/d/e/f/g"]
    assert names(storage, "nowhere") == []
    assert {meta.size for meta in storage.list("")} == {3}
    with pytest.raises(FileExistsError):
        storage.stat("b/d")
    with pytest.raises(FileNotFoundError):
        storage.read("b/d")


def test_names_are_kept_exactly_or_refused(storage: FsspecStorage) -> None:
    odd = [
        " leading",
        "..jpg",
        "100% #1 [a] {b} ~c.jpg",
        "a*b?.jpg",
        "[x].jpg",
        "bare dot.",
        "новый/файл.jpg",
        "📷 photo.HEIC",
    ]
    odd += ["~", "-rf", "%2e%2e", "x/.y/z", "a::b", "c:d"]
    kept = []
    for name in odd:
        with contextlib.suppress(ICloudError):
            put(storage, name, name.encode())
            kept.append(name)
    assert len(kept) >= len(odd) - 2, set(odd) - set(kept)
    assert names(storage) == sorted(kept)
    for name in kept:
        assert get(storage, name) == name.encode()
        storage.remove(name)
    assert names(storage) == []


def test_what_is_no_file_is_refused(storage: FsspecStorage) -> None:
    for refused in (lambda: storage.write("", WriteOptions()), lambda: storage.remove("")):
        with pytest.raises(ICloudError) as error:
            refused()
        assert error.value.kind == ErrorKind.CONFIG
    for part in ("", "a", "../a.part", "b/a.part", "a\0.part", "a.part.x"):
        with pytest.raises(ICloudError):
            storage.write("a", WriteOptions(part=part))


def test_a_file_is_not_a_folder(storage: FsspecStorage) -> None:
    put(storage, "a", b"a file")
    put(storage, "b/c", b"in a folder")
    for name in ("a/inside", "b"):
        with contextlib.suppress(OSError):
            put(storage, name, b"other", replace=True)
    assert get(storage, "a") == b"a file" and get(storage, "b/c") == b"in a folder"


def test_what_killed_writers_left_is_tidied_away(storage: FsspecStorage) -> None:
    put(storage, "folder/a", b"x")
    left = f"{storage._root}/folder/.{uuid.uuid4().hex}.part"
    storage._fs.pipe_file(left, b"left")
    foreign = f"{storage._root}/folder/mine.part"
    storage._fs.pipe_file(foreign, b"not ours")
    now = datetime.now(timezone.utc)
    storage.tidy(now - timedelta(hours=1))
    assert len(everything(storage)) == 3, "somebody may be writing it"
    storage.tidy(now + timedelta(hours=1))
    assert len(everything(storage)) == 2 and get(storage, "folder/a") == b"x"


# What it is made of


def test_where_it_is_shows_no_secret(tmp_path: Path) -> None:
    storage = FsspecStorage("memory://user:word@photos", "x/y")
    assert storage.place == "memory://photos/x/y" and "word" not in repr(storage)
    assert FsspecStorage(LocalFileSystem(), str(tmp_path)).place == f"file://{tmp_path}"


def test_capabilities_are_honest(tmp_path: Path) -> None:
    memory, disk = FsspecStorage("memory://x").capabilities(), FsspecStorage(f"file://{tmp_path}").capabilities()
    bucket = FsspecStorage(Bucket()).capabilities()
    for can in (memory, disk, bucket):
        assert not (can.modified_time or can.resume or can.exclusive_commit or can.metadata or can.hard_links)
    assert memory.case_sensitive and not disk.case_sensitive, "which disk it is is not known"
    assert bucket.distant and not disk.distant and not memory.distant


def test_what_is_no_file_system_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="asynchronous"):
        FsspecStorage(Awaited())
    with pytest.raises(TypeError, match="not a file system"):
        FsspecStorage(object())  # type: ignore[arg-type]


class Awaited(MemoryFileSystem):
    asynchronous = True
    cachable = False


# Whole copies


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeICloud]:
    with FakeICloud(assets=25, profile="everyday") as fake:
        yield fake


@pytest.fixture(scope="module")
def session(fake: FakeICloud) -> Session:
    challenge = Client(endpoints=fake.endpoints, sessions=None).login(fake.username, fake.password)
    challenge.request_push()
    return challenge.submit(fake.code())


def test_a_library_is_copied_stays_and_is_whole(storage: FsspecStorage, session: Session) -> None:
    with Catalogue.memory() as catalogue:
        engine = SyncEngine(session.primary_library, storage, catalogue=catalogue)
        first = engine.run()
        assert first.downloaded > 25 and first.failed == 0
        before = {name: get(storage, name) for name in names(storage)}
        assert len(before) >= first.downloaded
        assert all(not name.endswith(".part") for name in everything(storage))

        again = SyncEngine(session.primary_library, Unwritable(storage), catalogue=catalogue).run()
        assert (again.downloaded, again.failed) == (0, 0)
        assert {name: get(storage, name) for name in names(storage)} == before

        report = verify(storage, catalogue, reread=True)
        assert report.is_clean and report.proven + report.unproven == first.downloaded


class Unwritable(FsspecStorage):
    """The same, where nothing may be written any more."""

    def __init__(self, inner: FsspecStorage) -> None:
        super().__init__(inner._fs, inner._root)

    def write(self, path: str, options: WriteOptions) -> Any:
        raise AssertionError(f"{path} was written")


def test_a_fault_in_the_middle_leaves_nothing_under_a_name(storage: FsspecStorage, session: Session) -> None:
    whole = FsspecStorage(f"memory://{uuid.uuid4().hex}")
    SyncEngine(session.primary_library, whole).run()
    wanted = {name: get(whole, name) for name in names(whole)}
    with Catalogue.memory() as catalogue:
        report = SyncEngine(session.primary_library, Breaking(storage, every=3), catalogue=catalogue).run()
        assert report.failed > 5 and report.downloaded > 5
        stored = {name: get(storage, name) for name in names(storage)}
        assert len(stored) == report.downloaded and set(stored.values()) < set(wanted.values())
        nothing_hidden_stays(storage)

        SyncEngine(session.primary_library, storage, catalogue=catalogue).run()
        assert verify(storage, catalogue, reread=True).is_clean
        # Of photos that want one name the first to come gets it, and which one that is depends on which failed.
        assert {get(storage, name) for name in names(storage)} == set(wanted.values())


def nothing_hidden_stays(storage: FsspecStorage) -> None:
    """A writer is dropped when the interpreter next has a moment for it."""
    for _ in range(100):
        if not [name for name in everything(storage) if name.endswith(".part")]:
            return
        time.sleep(0.05)
    raise AssertionError(everything(storage))


class Breaking(FsspecStorage):
    """Each third file breaks: before its last bytes, or before it has its name."""

    def __init__(self, inner: FsspecStorage, every: int) -> None:
        super().__init__(inner._fs, inner._root)
        self._every, self._count = every, 0

    def write(self, path: str, options: WriteOptions) -> Any:
        writer = super().write(path, options)
        self._count += 1
        if self._count % self._every == 0:
            name = "write" if self._count % 2 else "commit"
            setattr(writer, name, self._break)
        return writer

    def _break(self, *_: Any) -> Any:
        raise ICloudErrorOfOneFile("on purpose")


class ICloudErrorOfOneFile(Exception):
    """Concerns one file, and does not end the run."""

    kind = "unsupported"


def test_no_path_leads_out(tmp_path: Path) -> None:
    storage = FsspecStorage(f"file://{tmp_path}/photos")
    for path in ("../out", "a/../../out"):
        with pytest.raises(ConfigError):
            storage.write(path, WriteOptions())
    assert not (tmp_path / "out").exists()
