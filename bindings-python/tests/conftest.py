"""Fakes, and sessions on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from icloud_photos import Client, Library, RetryPolicy, Session
from icloud_photos.testing import FakeICloud

Fakes = Callable[..., FakeICloud]


@pytest.fixture
def fakes() -> Iterator[Fakes]:
    """Makes fakes, which end with the test."""
    made: list[FakeICloud] = []

    def make(**options: Any) -> FakeICloud:
        made.append(FakeICloud(**options))
        return made[-1]

    yield make
    for fake in made:
        fake.close()


@pytest.fixture
def fake(fakes: Fakes) -> FakeICloud:
    """A small plain library: 25 photos of 100 kB."""
    return fakes()


@pytest.fixture
def everyday(fakes: Fakes) -> FakeICloud:
    """Every kind of asset and album."""
    return fakes(assets=60, profile="everyday")


@pytest.fixture
def session(fake: FakeICloud) -> Session:
    """A session that does not wait long before it tries again."""
    pauses = RetryPolicy(base=timedelta(milliseconds=2), cap=timedelta(milliseconds=10))
    return fake.sign_in(Client(endpoints=fake.endpoints, retries=pauses))


@pytest.fixture
def library(session: Session) -> Library:
    return session.primary_library
