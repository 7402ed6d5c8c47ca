"""What all examples need: somebody who is signed in, and a folder.

Without any setting an example talks to a fake iCloud inside its own process, so it runs anywhere and touches nobody's photos. With
``ICLOUD_USERNAME`` it signs in to that account: the password is in ``ICLOUD_PASSWORD`` or asked for, and so is the code, once: the session is
kept in ``.icloud-session``. With ``ICLOUD_ENDPOINT`` too, to a fake that is served there.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from getpass import getpass
from typing import Any

from icloud_photos import AsyncChallenge, AsyncClient, AsyncSession, Challenge, Client, Endpoints, Session
from icloud_photos.testing import FakeICloud


@dataclass
class Account:
    """Whose photos an example shows."""

    options: dict[str, Any]
    """What its client is made with."""
    name: str
    password: Callable[[], str]
    code: Callable[[], str]


@contextmanager
def account() -> Iterator[Account]:
    """The account in the environment, or that of a fake."""
    name, place = os.environ.get("ICLOUD_USERNAME"), os.environ.get("ICLOUD_ENDPOINT")
    if name:
        options = {"endpoints": Endpoints(auth=place, setup=place)} if place else {"sessions": ".icloud-session"}
        yield Account(options, name, lambda: os.environ.get("ICLOUD_PASSWORD") or getpass(), lambda: input("Code shown on your devices: "))
        return
    with FakeICloud(assets=60, profile="everyday") as fake:
        yield Account({"endpoints": fake.endpoints}, fake.username, lambda: fake.password, fake.code)


@contextmanager
def guest() -> Iterator[Session]:
    """A signed-in session."""
    with account() as who:
        client = Client(**who.options)
        login = client.restore(who.name) or client.login(who.name, who.password())
        if isinstance(login, Challenge):
            login.request_push()
            login = login.submit(who.code())
        if not isinstance(login, Session):
            raise login.error
        yield login


@asynccontextmanager
async def guest_async() -> AsyncIterator[AsyncSession]:
    """The same for asyncio."""
    with account() as who:
        client = AsyncClient(**who.options)
        login = await client.restore(who.name) or await client.login(who.name, who.password())
        if isinstance(login, AsyncChallenge):
            await login.request_push()
            login = await login.submit(who.code())
        if not isinstance(login, AsyncSession):
            raise login.error
        yield login


@contextmanager
def folder() -> Iterator[str]:
    """The folder that the command line names, or one for a moment."""
    if len(sys.argv) > 1:
        yield sys.argv[1]
    else:
        with tempfile.TemporaryDirectory() as made:
            yield made
