"""What an asset says is what the fake put there."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import icloud_photos as ip
import pytest
from icloud_photos.testing import FakeICloud
from support import requests, reset, truth

FAMILIES = {"original": "resOriginal", "thumb": "resJPEGThumb", "medium": "resJPEGMed"}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def when(milliseconds: int | None) -> datetime | None:
    """None for no date, and for one that no calendar has."""
    if milliseconds is None:
        return None
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


@pytest.fixture
def pairs(everyday: FakeICloud) -> list[tuple[Any, dict[str, Any]]]:
    told = truth(everyday)
    listed = list(everyday.sign_in().primary_library.all())
    assert len(listed) > 50
    return [(asset, told[asset.id]) for asset in listed]


def test_names_dates_and_flags(pairs: list[tuple[Any, dict[str, Any]]]) -> None:
    for asset, told in pairs:
        assert asset.filename == told["name"]
        assert asset.master_id == told["master"] and asset.media_type in (told["kind"], None)
        assert asset.created_ms == told["date"]
        assert asset.created == when(told["date"]) and (asset.created is None or asset.created.tzinfo is not None)
        assert asset.added == EPOCH + timedelta(milliseconds=told["added"])
        assert asset.utc_offset == timedelta(seconds=told["zone_offset"])
        assert (asset.is_favorite, asset.is_hidden, asset.is_trashed) == (told["favourite"], told["hidden"], told["deleted"])
        assert (asset.subtype is ip.Subtype.LIVE) == told["live"]
        assert asset.is_edited == told["edited"]
    # Some records do not say it.
    assert sum(asset.media_type is not None for asset, _ in pairs) > len(pairs) / 2


def test_resources(pairs: list[tuple[Any, dict[str, Any]]]) -> None:
    compared = 0
    for asset, told in pairs:
        by_family = {one["family"]: one for one in told["resources"]}
        for role, family in FAMILIES.items():
            if family not in by_family:
                continue
            resource = asset.resource(role)
            if resource is None:
                continue
            compared += 1
            assert resource.role is ip.Role(role)
            assert (resource.size, resource.checksum.text) == (by_family[family]["size"], by_family[family]["fileChecksum"])
    assert compared > 100
    assert {asset.kind for asset, _ in pairs} >= {ip.MediaKind.PHOTO, ip.MediaKind.VIDEO}


def test_reading_sends_nothing(everyday: FakeICloud) -> None:
    asset = next(iter(everyday.sign_in().primary_library.all()))
    reset(everyday)
    for name in dir(asset):
        if not name.startswith("_"):
            getattr(asset, name)
    state = asset.state()
    assert requests(everyday) == 0
    assert pickle.loads(pickle.dumps(state)) == state
    assert all(isinstance(value, str) for value in asset.raw.values())


def test_equality(library: ip.Library) -> None:
    one, two = list(library.all())[:2]
    again = library.asset(one.id)
    assert one == again and hash(one) == hash(again) and one != two and one != one.id


def test_repr_has_a_name_and_no_secret(library: ip.Library) -> None:
    asset = next(iter(library.all()))
    assert "IMG_0001" in repr(asset) and "http" not in repr(asset)
    assert "IMG_0001" in asset._repr_html_() and 'src="data:image/jpeg;base64,' in asset._repr_html_()
    assert "http" not in asset._repr_html_()


async def test_a_picture_never_blocks_the_loop(fake: FakeICloud) -> None:
    library = (await fake.sign_in_async()).primary_library
    (asset,) = [found async for found in library.all().assets(limit=1)]
    reset(fake)
    assert "IMG_0001" in asset._repr_html_() and "<img" not in asset._repr_html_()
    assert requests(fake) == 0
