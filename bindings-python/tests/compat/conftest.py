"""What every test here stands on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from icloud_photos.compat.pyicloud import PyiCloudService
from icloud_photos.testing import FakeICloud
from world import fake, signed_in


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's sessions and passwords are touched."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cloud() -> Iterator[FakeICloud]:
    with fake() as cloud:
        yield cloud


@pytest.fixture
def api(cloud: FakeICloud) -> PyiCloudService:
    return signed_in(cloud)
