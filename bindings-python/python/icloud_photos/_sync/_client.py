# Made from `_async` by tools/unasync.py: change it there.
"""Signing in."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from .. import _native
from .._base import named
from .._models import Door, Endpoints, Region, SavedChallenge
from ..errors import ICloudError
from ..sessions import FileSessionStore, SessionStore
from ._login import Challenge, Login, faced_login
from ._runtime import run
from ._session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from .._records import Probe, RetryPolicy


class Client:
    """Where sign-ins begin. One may serve many accounts, and may be used from many threads or tasks at once.

    Args:
        region: Where the accounts are: ``world``, or ``china``.
        sessions: Where sessions are kept: a folder, made as needed, with files that only you can read; a ``SessionStore``; None for as
            long as the client lives. ``~`` is your home.
        endpoints: Where Apple's services are, for tests and the fake.
        client_id: How this client calls itself at Apple; one is made up and kept otherwise.
        retries: How often a request is tried, and with what pauses; None for the default.
        header_timeout: Seconds of silence that are borne until an answer begins.
        stall_timeout: Seconds of silence that are borne within an answer.

    Raises:
        ConfigError: An endpoint is no URL, or plain ``http`` to somewhere else than loopback.
        NetworkError: TLS cannot be set up.
    """

    def __init__(
        self,
        *,
        region: Region | str = Region.WORLD,
        sessions: str | PathLike[str] | SessionStore | FileSessionStore | None = None,
        endpoints: Endpoints | None = None,
        client_id: str | None = None,
        retries: RetryPolicy | None = None,
        header_timeout: float | None = None,
        stall_timeout: float | None = None,
    ) -> None:
        where = endpoints or Endpoints()
        store: Path | SessionStore | None = None
        beside = False
        if isinstance(sessions, FileSessionStore):
            store, beside = sessions.folder, sessions.beside_icloudpd
        elif isinstance(sessions, (str, PathLike)):
            store = named(sessions)
        else:
            store = sessions
        self._native = _native.Client(
            region=Region(region).value,
            auth_endpoint=where.auth,
            setup_endpoint=where.setup,
            sessions=store,
            beside_icloudpd=beside,
            client_id=client_id,
            retries=retries,
            header_timeout=header_timeout,
            stall_timeout=stall_timeout,
        )

    def login(self, account: str, password: str) -> Login:
        """Proves a password to Apple.

        Apple is not asked to show a code anywhere: see ``Challenge.request_push``.

        Args:
            account: The Apple ID.
            password: Its password, which never leaves this computer as it is: only a proof of it does (SRP).

        Returns:
            A session, or what is missing: a code, or something that the account's owner must do.

        Raises:
            BadCredentialsError: The password is wrong.
            AccountLockedError: Apple has locked the account.
            TooManyAttemptsError: The budget of sign-ins is used up, so that Apple does not lock the account.
        """
        try:
            begun = self._native.login(account, password)
        finally:
            # Programs that report an exception with the variables of its frames shall not find it here.
            del password
        return faced_login(run(begun))

    def restore(self, account: str) -> Session | None:
        """Takes up a saved session: no password, no code, no question to anybody.

        One request asks Apple whether it still takes the session; a second one renews it if not.

        Returns:
            The session; None if none is kept, or if Apple takes it no more: then ``login``.

        Raises:
            StorageError: What the store raised is its ``__cause__``.
            AccountLockedError, TermsRequiredError, ...: What keeps the account from being used.
        """
        session = run(self._native.restore(account))
        return None if session is None else Session(session)

    def cooldown(self, account: str) -> ICloudError | None:
        """Why a sign-in would be refused here without asking Apple, if it would: a locked account, a budget that is used up. Nothing is sent."""
        return run(self._native.cooldown(account))

    def resume(self, challenge: SavedChallenge) -> Challenge:
        """Takes up a challenge that ``Challenge.to_saved`` gave, in this process or another. Nothing is sent.

        Raises:
            ConfigError: It is none.
        """
        return Challenge(self._native.resume(challenge.json))

    def probe(self, door: Door | str) -> Probe:
        """Asks one of Apple's services for nothing, to see whether it can be reached. One request; any status is an answer.

        Raises:
            NetworkError: No answer came.
            RequestTimeoutError: None came in time.
        """
        return run(self._native.probe(Door(door).value))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing has to be closed: connections go with the client."""

    def __repr__(self) -> str:
        return "<Client>"
