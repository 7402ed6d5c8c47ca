"""Where sessions are kept between runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from ._models import SavedSession

__all__ = ["FileSessionStore", "SessionStore"]


class SessionStore(ABC):
    """Keeps one ``SavedSession`` for each account. What it holds is a secret: keep it where only its user can read it.

    Methods may block; they are called on threads of the library, several at once.
    """

    @abstractmethod
    def load(self, account: str) -> SavedSession | None:
        """The saved session of an account; None if there is none, or if what is there is damaged."""

    @abstractmethod
    def save(self, account: str, session: SavedSession) -> None:
        """Replaces the saved session of an account, as a whole or not at all."""

    @abstractmethod
    def remove(self, account: str) -> None:
        """Forgets an account. Forgetting an unknown one is fine."""

    @abstractmethod
    def try_lock(self, account: str) -> Any | None:
        """Tries to become the only one who changes this account's session, among all users of the store. Never waits.

        Returns:
            Anything: the claim ends when its ``close()`` is called. None while somebody else has it.
        """


class FileSessionStore:
    """A folder with a file for each account that only its user can read, replaced as a whole, locked while it changes.

    Args:
        folder: Made as needed. ``~`` is your home.
        beside_icloudpd: Take over sessions that the Python icloudpd left in the same folder, and leave it ours.
    """

    def __init__(self, folder: str | PathLike[str], *, beside_icloudpd: bool = False) -> None:
        self.folder = Path(fspath(folder)).expanduser()
        self.beside_icloudpd = beside_icloudpd

    def __repr__(self) -> str:
        return f"<FileSessionStore {self.folder}>"
