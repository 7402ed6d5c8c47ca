# Made from `_async` by tools/unasync.py: change it there.
"""A signed-in account."""

from __future__ import annotations

from datetime import datetime

from .. import _native
from ._library import Library
from ._runtime import run


class Session:
    """A signed-in account. It repeats what failed for passing reasons and renews itself, once for all who use it."""

    def __init__(self, native: _native.Session) -> None:
        self._native = native

    @property
    def account(self) -> str:
        """The Apple ID."""
        return self._native.account

    @property
    def dsid(self) -> str:
        """The account's number at Apple."""
        return self._native.dsid

    @property
    def trusted_until(self) -> datetime | None:
        """Until when no code is asked for, as far as is known."""
        return self._native.trusted_until

    @property
    def primary_library(self) -> Library:
        """The account's own library. Nothing is sent."""
        return Library(self._native.primary_library())

    def libraries(self) -> list[Library]:
        """All libraries: the account's own first, then those shared with it. One request for each of the account's two databases."""
        return [Library(library) for library in run(self._native.libraries())]

    def library(self, name: str) -> Library:
        """The library of this name, such as ``PrimarySync``.

        Raises:
            NotFoundError: There is none.
        """
        return Library(run(self._native.library(name)))

    def save(self) -> None:
        """Writes the session to the store, which happens by itself whenever it was renewed. Nothing is sent.

        Raises:
            StorageError: What the store raised is its ``__cause__``.
        """
        run(self._native.save())

    def refresh(self) -> None:
        """Renews the session now, by the cheapest way that works. It renews itself when it must, so this is seldom needed.

        Raises:
            SessionExpiredError: Only a person can go on: sign in again.
            CodeRequiredError: Likewise.
        """
        run(self._native.refresh())

    def sign_out(self) -> None:
        """Has Apple forget its trust in this program, and removes the saved session. The next sign-in asks for a code.

        Others that use this session can do nothing more with it. Whatever Apple answers, the saved session is gone.
        """
        run(self._native.sign_out())

    def __repr__(self) -> str:
        return f"<Session of {self.account}>"
