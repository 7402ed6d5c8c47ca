"""A fake iCloud that the adapter finds, and what is asked of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

from icloud_photos.compat.pyicloud import PyiCloudService
from icloud_photos.testing import FakeICloud

CODE = "314159"
#: As before iOS 26.4, which pyicloud 2.4.1 knows: the password alone makes devices show a code.
PUSHES = {"push_on_sign_in": True}


@contextlib.contextmanager
def fake(**options: Any) -> Iterator[FakeICloud]:
    """A fake iCloud that the adapter finds."""
    with FakeICloud(**{"assets": 40, "profile": "everyday", "code": CODE, **options}) as cloud:
        doors = {f"ICLOUDPD_{name}_ENDPOINT": cloud.url for name in ("AUTH", "SETUP")}
        with mock.patch.dict(os.environ, doors):
            yield cloud


def truth(cloud: FakeICloud) -> list[dict[str, Any]]:
    assets: list[dict[str, Any]] = cloud.get("truth?sha256=1")["assets"]
    return assets


def requests(cloud: FakeICloud) -> int:
    """How many it was sent."""
    return int(cloud.get("counters")["requests"])


def signed_in(cloud: FakeICloud, **options: Any) -> PyiCloudService:
    api = PyiCloudService(cloud.username, cloud.password, **options)
    if api.requires_2fa:
        assert api.validate_2fa_code(CODE)
    return api
