"""Bytes: how they come, where they go, and what happens when Apple or the network gets them wrong."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import icloud_photos as ip
import pytest
from icloud_photos.testing import FakeICloud
from support import DictStorage, fault, files, heal, requests, reset, sha256_of_original, stays

Fakes = Callable[..., FakeICloud]


@pytest.fixture
def asset(library: ip.Library) -> ip.Asset:
    return next(iter(library.all()))


@pytest.fixture
def expected(fake: FakeICloud, asset: ip.Asset) -> str:
    return sha256_of_original(fake, asset.id)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_nothing_is_sent_before_it_is_read(fake: FakeICloud, asset: ip.Asset) -> None:
    reset(fake)
    download = asset.download()
    download.chunks()
    assert requests(fake) == 0 and "original" in repr(download)


def test_read(asset: ip.Asset, expected: str) -> None:
    data, proof = asset.download().read_with_proof()
    assert sha256(data) == expected == sha256(asset.download("original").read())
    assert proof.verified and proof.doubt is None


def test_every_file_of_every_kind_is_what_the_truth_says(everyday: FakeICloud) -> None:
    told = {one["sha256"] for asset in everyday.get("truth?sha256=1")["assets"] for one in asset["resources"]}
    read = 0
    for asset in everyday.sign_in().primary_library.all().assets(limit=25):
        for resource in asset.resources:
            if resource.is_offered:
                assert sha256(asset.download(resource.role).read()) in told
                read += 1
    assert read > 50


def test_a_limit_of_memory(fake: FakeICloud, asset: ip.Asset) -> None:
    with pytest.raises(ip.UnsupportedError):
        asset.download().read(limit=99_999)
    assert len(asset.download().read(limit=100_000)) == 100_000


def test_a_file_that_is_not_there(asset: ip.Asset) -> None:
    with pytest.raises(ip.NotFoundError):
        asset.download(ip.Role.LIVE_MOVIE).read()
    with pytest.raises(ValueError, match="no such role"):
        asset.download("no such role")


def test_save_to_a_folder(asset: ip.Asset, expected: str, tmp_path: Path) -> None:
    saved = asset.download().save(tmp_path / "new")
    file = tmp_path / "new" / "IMG_0001.JPG"
    assert files(tmp_path) == [file] and saved.path == "IMG_0001.JPG" and saved.size == file.stat().st_size == 100_000
    assert sha256(file.read_bytes()) == expected == saved.sha256.hex() and saved.proof.verified
    assert asset.created is not None and abs(file.stat().st_mtime - asset.created.timestamp()) < 2
    again = asset.download().save(tmp_path / "new")
    assert again.size == 100_000 and files(tmp_path) == [file]


def test_names_and_times(asset: ip.Asset, tmp_path: Path) -> None:
    time = datetime(2001, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
    asset.download().save(str(tmp_path), "a/b.jpg", modified=time)
    assert (tmp_path / "a" / "b.jpg").stat().st_mtime == time.timestamp()
    with pytest.raises((TypeError, ValueError), match=r"time|zone|tz"):
        asset.download().save(tmp_path, "c.jpg", modified=datetime(2001, 2, 3))


@pytest.mark.parametrize("name", ["../outside.jpg", "a/../../outside.jpg"])
def test_no_name_leads_out_of_the_folder(asset: ip.Asset, tmp_path: Path, name: str) -> None:
    with pytest.raises(ip.ICloudError):
        asset.download().save(tmp_path / "in", name)
    assert not list(tmp_path.rglob("outside*"))


def test_a_name_with_a_slash_before_it_is_in_the_folder(asset: ip.Asset, tmp_path: Path) -> None:
    asset.download().save(tmp_path / "in", f"{tmp_path}/inside.jpg")
    assert [file.relative_to(tmp_path / "in").name for file in files(tmp_path / "in")] == ["inside.jpg"]
    assert not (tmp_path / "inside.jpg").exists()


def test_what_stands_there_is_kept_unless_it_is_to_be_replaced(asset: ip.Asset, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "IMG_0001.JPG"
    file.write_bytes(b"mine")
    with pytest.raises(ip.AlreadyExistsError):
        asset.download().save(tmp_path)
    assert file.read_bytes() == b"mine"
    asset.download().save(tmp_path, replace=True)
    assert sha256(file.read_bytes()) == expected


def test_save_to_storages(asset: ip.Asset, expected: str) -> None:
    memory, own = ip.MemoryStorage(), DictStorage()
    asset.download().save(memory, "x/y.jpg")
    asset.download().save(own, "x/y.jpg")
    assert sha256(b"".join(memory.read("x/y.jpg"))) == expected == sha256(own.files["x/y.jpg"])
    assert b"".join(memory.read("x/y.jpg", 99_990)) == own.files["x/y.jpg"][99_990:]
    assert own.modified["x/y.jpg"] == asset.created
    with pytest.raises(ip.AlreadyExistsError):
        own.files["x/y.jpg"] = b"other"
        asset.download().save(own, "x/y.jpg")


def test_save_to_a_file_object(asset: ip.Asset, expected: str, tmp_path: Path) -> None:
    memory = io.BytesIO()
    assert asset.download().save_to(memory).verified
    with open(tmp_path / "file", "wb") as file:
        assert asset.download().save_to(file).verified
    assert sha256(memory.getvalue()) == expected == sha256((tmp_path / "file").read_bytes())

    class Full:
        def write(self, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        asset.download().save_to(Full())


def test_chunks(asset: ip.Asset, expected: str) -> None:
    chunks = asset.download().chunks()
    assert chunks.proof is None
    whole = b"".join(chunks)
    assert sha256(whole) == expected and chunks.proof is not None and chunks.proof.verified
    for start, end in [(0, 1), (10, 20), (99_999, None), (0, 100_000), (50_000, 50_000)]:
        with asset.download().chunks(start, end) as part:
            assert b"".join(part) == whole[start:end], (start, end)
    part = asset.download().chunks(10, 20)
    assert len(b"".join(part)) == 10 and part.proof is None


@pytest.mark.parametrize("end", ["with", "close"])
def test_a_reader_that_stops_stops_the_network(fakes: Fakes, end: str) -> None:
    size = 200_000_000
    fake = fakes(assets=1, file_size=size)
    asset = next(iter(fake.sign_in().primary_library.all()))
    reset(fake)
    if end == "with":
        with asset.download().chunks() as chunks:
            assert next(iter(chunks))
    else:
        chunks = asset.download().chunks()
        assert next(iter(chunks))
        chunks.close()
    assert stays(lambda: int(fake.get("counters")["bytes"]), 0.2) < size / 2
    assert list(chunks) == []


def test_progress_sums_to_the_size(asset: ip.Asset, tmp_path: Path) -> None:
    for act in (
        lambda told: asset.download().read(progress=told),
        lambda told: asset.download().save(tmp_path, progress=told),
        lambda told: asset.download().save_to(io.BytesIO(), progress=told),
        lambda told: b"".join(asset.download().chunks(progress=told)),
    ):
        counted: list[int] = []
        act(counted.append)
        assert sum(counted) == 100_000


def test_progress_sums_to_the_size_after_faults(fake: FakeICloud, asset: ip.Asset, tmp_path: Path) -> None:
    fault(fake, "content", "flip", times=1)
    counted: list[int] = []
    asset.download().save(tmp_path, progress=counted.append)
    assert sum(counted) == 100_000 and min(counted) < 0, "what was wrong is thrown away, and told"


def test_what_progress_raises_comes_out(asset: ip.Asset, tmp_path: Path) -> None:
    def refuse(_: int) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        asset.download().save(tmp_path, progress=refuse)
    # What it was told of may have been the last of the bytes; half a file never gets its name.
    assert all(file.stat().st_size == 100_000 for file in files(tmp_path))
    with pytest.raises(LookupError, match="mine"):
        asset.download().read(progress=refuse)


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("cut", {"after": 60_000}),
    ("truncate", {"after": 60_000}),
    ("flip", {}),
    ("tiny", {}),
    ("html", {}),
    ("reset", {}),
    ("status", {"code": 503}),
    ("status", {"code": 410}),
    ("resize", {"by": 100}),
]


@pytest.mark.parametrize(("kind", "action"), FAULTS, ids=[kind + str(action.get("code", "")) for kind, action in FAULTS])
def test_one_fault_is_overcome(fake: FakeICloud, asset: ip.Asset, expected: str, tmp_path: Path, kind: str, action: dict[str, Any]) -> None:
    fault(fake, "content", kind, times=1, **action)
    asset.download().save(tmp_path)
    assert sha256((tmp_path / "IMG_0001.JPG").read_bytes()) == expected
    fault(fake, "content", kind, times=1, **action)
    assert sha256(asset.download().read()) == expected
    assert requests(fake, "content") >= 4


def test_an_expired_link_is_renewed(fake: FakeICloud, asset: ip.Asset, expected: str) -> None:
    fake.post("advance?seconds=86400")
    reset(fake)
    assert sha256(asset.download().read()) == expected
    assert requests(fake) > requests(fake, "content")


def test_bytes_that_are_always_wrong_are_no_file(fake: FakeICloud, asset: ip.Asset, tmp_path: Path) -> None:
    fault(fake, "content", "flip")  # Another bit each time.
    storage = DictStorage()
    for act in (
        lambda: asset.download().save(tmp_path),
        lambda: asset.download().save(storage),
        lambda: asset.download().read(),
        lambda: asset.download().save_to(io.BytesIO()),
        lambda: list(asset.download().chunks()),
    ):
        with pytest.raises(ip.IntegrityError):
            act()
    assert files(tmp_path) == [] and storage.files == {}
    heal(fake)
    assert asset.download().save(tmp_path).proof.verified


def test_wrong_bytes_that_are_the_same_each_time_are_kept_in_doubt(fake: FakeICloud, asset: ip.Asset, tmp_path: Path) -> None:
    """Then it is Apple's checksum that is wrong, which happens with old photos: none is lost for it."""
    fault(fake, "content", "flip", at=500)
    saved = asset.download().save(tmp_path)
    assert not saved.proof.verified and saved.proof.doubt is ip.Doubt.MISMATCH
    assert requests(fake, "content") >= 2


def test_a_broken_download_goes_on_where_it_was(fakes: Fakes, tmp_path: Path) -> None:
    fake = fakes(assets=1, file_size=3_000_000)
    client = ip.Client(endpoints=fake.endpoints, retries=ip.RetryPolicy(attempts=1))
    asset = next(iter(fake.sign_in(client).primary_library.all()))
    fault(fake, "content", "cut", after=2_000_000)
    with pytest.raises(ip.NetworkError):
        asset.download().save(tmp_path)
    assert files(tmp_path) == []
    heal(fake)
    saved = asset.download().save(tmp_path)
    assert saved.resumed_from > 0 and saved.sha256.hex() == sha256_of_original(fake, asset.id)


def test_a_full_disk(asset: ip.Asset) -> None:
    full = OSError(errno.ENOSPC, "no space")
    with pytest.raises(ip.StorageFullError) as caught:
        asset.download().save(DictStorage(fails=full))
    causes = []
    cause = caught.value.__cause__
    while cause is not None:
        causes.append(cause)
        cause = cause.__cause__
    assert full in causes


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(asset: ip.Asset, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ip.PermissionDeniedError):
        asset.download().save(tmp_path)


class Bars:
    """What stands for ``tqdm.auto``."""

    def __init__(self) -> None:
        self.total: Any = None
        self.count = 0
        self.closed = 0

    def tqdm(self, **options: Any) -> Bars:
        self.total = options.get("total")
        return self

    def update(self, count: int) -> None:
        self.count += count

    def close(self) -> None:
        self.closed += 1


def test_a_bar_of_tqdm(asset: ip.Asset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = Bars()
    monkeypatch.setitem(sys.modules, "tqdm.auto", bars)  # type: ignore[arg-type]
    asset.download().save(tmp_path, progress=True)
    assert (bars.total, bars.count, bars.closed) == (100_000, 100_000, 1)


def test_a_bar_of_tqdm_for_a_whole_run(library: ip.Library, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = Bars()
    monkeypatch.setitem(sys.modules, "tqdm.auto", bars)  # type: ignore[arg-type]
    ip.SyncEngine(library, ip.MemoryStorage()).run(progress=True)
    assert (bars.count, bars.closed) == (2_500_000, 1)


def test_without_tqdm_it_says_so_and_goes_on(
    asset: ip.Asset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert asset.download().save(tmp_path, progress=True).size == 100_000
    assert "pip install icloud-photos[progress]" in caplog.text
