"""What the tests share: what the fake saw, its truth, and programs that run on their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from icloud_photos import Capabilities, ObjectMeta, SavedSession, Session, Storage, StorageWriter, WriteOptions
from icloud_photos.sessions import MemorySessionStore
from icloud_photos.testing import FakeICloud


def requests(fake: FakeICloud, *calls: str) -> int:
    """How many requests the fake was sent: all, or those to these calls."""
    counters = fake.get("counters")
    if not calls:
        return int(counters["requests"])
    return sum(int(counters["endpoints"].get(call, {"requests": 0})["requests"]) for call in calls)


def reset(fake: FakeICloud) -> None:
    """The fake counts from zero."""
    fake.post("counters/reset")


def fault(fake: FakeICloud, match: str, kind: str, *, times: int | None = None, skip: int = 0, **action: Any) -> None:
    """What goes wrong from now on."""
    rule: dict[str, Any] = {"match": match, "after": skip, "action": {"kind": kind, **action}}
    if times is not None:
        rule["times"] = times
    fake.post("faults", {"rules": [rule]})


def heal(fake: FakeICloud) -> None:
    fake.post("faults", {"rules": []})


def truth(fake: FakeICloud) -> dict[str, dict[str, Any]]:
    """What the library holds, by asset."""
    return {asset["id"]: asset for asset in fake.get("truth?sha256=1")["assets"]}


def sha256_of_original(fake: FakeICloud, asset: str) -> str:
    return next(str(one["sha256"]) for one in truth(fake)[asset]["resources"] if one["family"] == "resOriginal")


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for something that happens elsewhere."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def stays(reading: Callable[[], int], seconds: float = 0.4) -> int:
    """A number once it no longer grows."""
    before = -1
    now = reading()
    while now != before:
        time.sleep(seconds)
        before, now = now, reading()
    return now


def python(program: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs a program in an interpreter of its own."""
    return subprocess.run(command(program, *arguments), capture_output=True, text=True, timeout=timeout, env=clean(), check=False)


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Starts one, whose output can be read."""
    return subprocess.Popen(command(program, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean())


def command(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program), *arguments]


def clean() -> dict[str, str]:
    """The environment without the settings that the reader of this may have."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ICLOUD", "PHOTOS"))}


def files(folder: Path) -> list[Path]:
    """What has its name: neither parts of unfinished downloads nor the mark of the catalogue."""
    return sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".icloud") and file.suffix != ".part")


class PythonStore(MemorySessionStore):
    """A session store written in Python that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def load(self, account: str) -> SavedSession | None:
        self.asked.append("load")
        return super().load(account)

    def save(self, account: str, session: SavedSession) -> None:
        self.asked.append("save")
        super().save(account, session)


class DictStorage(Storage):
    """A storage written in Python: a dictionary. ``fails`` is raised by every write, if it is set."""

    def __init__(self, fails: BaseException | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.modified: dict[str, Any] = {}
        self.fails = fails
        self.flushes = 0

    def capabilities(self) -> Capabilities:
        return Capabilities(exclusive_commit=True, case_sensitive=True)

    def stat(self, path: str) -> ObjectMeta | None:
        return ObjectMeta(path, len(self.files[path])) if path in self.files else None

    def write(self, path: str, options: WriteOptions) -> StorageWriter:
        return DictWriter(self, path, options)

    def read(self, path: str, start: int = 0) -> Any:
        if path not in self.files:
            raise FileNotFoundError(path)
        return iter([self.files[path][start:]])

    def remove(self, path: str) -> None:
        self.files.pop(path, None)

    def list(self, prefix: str = "") -> Any:
        return iter([ObjectMeta(path, len(data)) for path, data in list(self.files.items()) if path.startswith(prefix)])

    def flush(self) -> None:
        self.flushes += 1


class DictWriter(StorageWriter):
    def __init__(self, storage: DictStorage, path: str, options: WriteOptions) -> None:
        self.storage, self.path, self.options, self.data = storage, path, options, b""

    def restart(self) -> None:
        self.data = b""

    def write(self, chunk: bytes) -> None:
        if self.storage.fails is not None:
            raise self.storage.fails
        self.data += chunk

    def commit(self) -> ObjectMeta:
        if self.path in self.storage.files and not self.options.replace:
            raise FileExistsError(self.path)
        self.storage.files[self.path] = self.data
        self.storage.modified[self.path] = self.options.modified
        return ObjectMeta(self.path, len(self.data))

    def abort(self) -> None:
        self.data = b""


def photos(session: Session) -> list[Any]:
    return list(session.primary_library.all().assets())
