"""What annotations say is what comes: every value that the native half makes, held against the type it is declared with."""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union

import icloud_photos as ip
import pytest
from icloud_photos.testing import FakeICloud

if sys.version_info < (3, 10):
    pytest.skip("Python 3.9 cannot read the annotations of the package", allow_module_level=True)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, getattr(__import__("types"), "UnionType", Union)):
        return any(fits(value, one) for one in inner)
    if origin is list:
        return isinstance(value, list) and all(fits(item, inner[0]) for item in value)
    if origin is tuple:
        return isinstance(value, tuple) and len(value) == len(inner) and all(map(fits, value, inner))
    if origin is dict:
        return isinstance(value, dict) and all(fits(key, inner[0]) and fits(item, inner[1]) for key, item in value.items())
    if hint in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, origin or hint)


def wrong(thing: Any) -> Iterator[str]:
    """The fields or properties of a thing that are not what they are said to be, and those of what it holds."""
    if isinstance(thing, list):
        for item in thing:
            yield from wrong(item)
        return
    if not type(thing).__module__.startswith("icloud_photos") or isinstance(thing, str):
        return
    for name, hint in hints(type(thing)).items():
        value = getattr(thing, name)
        if not fits(value, hint):
            yield f"{type(thing).__name__}.{name} is {value!r}, not {hint}"
        if dataclasses.is_dataclass(value) or isinstance(value, (list, ip.AssetBase)):
            yield from wrong(value)


# What modules name for type checkers only.
PUBLIC = {name: getattr(ip, name) for name in ip.__all__}


def hints(kind: type) -> dict[str, Any]:
    """Names and types of fields and properties."""
    if dataclasses.is_dataclass(kind):
        return typing.get_type_hints(kind)
    properties = {name: getattr(kind, name) for name in dir(kind) if isinstance(getattr(kind, name), property)}
    return {name: typing.get_type_hints(one.fget, localns=PUBLIC)["return"] for name, one in properties.items() if not name.startswith("_")}


def check(*things: Any) -> set[str]:
    """Fails for what is wrong; gives the names of the classes that were seen."""
    faults = sorted({fault for thing in things for fault in wrong(thing)})
    assert not faults, "\n".join(faults)
    return {type(thing).__name__ for thing in things}


@pytest.mark.parametrize("profile", ["everyday", "wild"])
def test_what_is_read(profile: str) -> None:
    with FakeICloud(assets=60, profile=profile) as fake:
        challenge = ip.Client(endpoints=fake.endpoints).login(fake.username, fake.password)
        session = fake.sign_in()
        library = session.primary_library
        before = library.cursor()
        albums, listing = list(library.albums()), library.all().assets(fields="everything")
        assets = list(listing)
        assert len(assets) > 30
        check(challenge, session, library, before, listing, library.index_state(), *challenge.phones)
        check(*albums, *library.albums().roots, *assets, listing.outcome(), *[asset.state() for asset in assets])
        check(*[asset.download(role).save(ip.MemoryStorage()) for asset in assets[:3] for role in ("original", "thumb")])


def test_what_runs_tell(tmp_path: Path) -> None:
    told: list[Any] = []
    storage = ip.LocalStorage(tmp_path / "photos")
    with FakeICloud(assets=60, profile="everyday") as fake, ip.Catalogue.open(storage, at=tmp_path / "state") as catalogue:
        library = fake.sign_in().primary_library
        views = [ip.View("albums", "{album_path}")]
        engine = ip.SyncEngine(library, storage, catalogue=catalogue, sidecars=True, views=views, write_dates=["jpeg"], mirror="trash")
        seen = check(*engine.plan())
        assert seen >= {"ActionBegin", "ActionDownload", "ActionAlbums", "ActionDone", "ActionEnd", "ActionCovered"}
        reports: list[Any] = [engine.run(on_event=told.append), engine.run(on_event=told.append)]
        damaged = next(path for path in (tmp_path / "photos").rglob("*.JPG"))
        damaged.write_bytes(b"not a photo")
        reports += [ip.verify(storage, catalogue, on_event=told.append), engine.adopt(on_event=told.append)]
        seen = check(*told)
        assert seen >= {"SyncStarted", "SyncDownloaded", "SyncDescribed", "SyncProgress", "ViewDone", "VerifyBad", "VerifySound", "AdoptRead"}
        check(*reports, catalogue.totals(), catalogue.stock(storage), *engine.news(), engine.covered_at(), engine.cursor())
        check(*[engine.receipt(asset) for asset in library.all().assets(limit=5)], *storage.list(), storage.capabilities())


def test_nothing_is_repaired_by_nobody() -> None:
    with pytest.raises(ip.ConfigError, match="engine=SyncEngine"):
        ip.verify(ip.MemoryStorage(), ip.Catalogue.memory(), repair=True)


def test_the_check_sees_what_is_wrong() -> None:
    with pytest.raises(AssertionError, match=r"Tally.files is '5', not"):
        check(ip.Tally(files="5", bytes=True))  # type: ignore[arg-type]
    assert not fits([1, "2"], list[int]) and fits(None, Union[int, None]) and not fits(True, int)
