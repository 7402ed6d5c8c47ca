"""Where sessions are kept between runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from os import PathLike
from threading import Lock
from typing import Protocol

from ._base import named
from ._models import SavedSession

__all__ = ["Claim", "FileSessionStore", "MemorySessionStore", "SessionStore"]


class Claim(Protocol):
    """What ``SessionStore.try_lock`` gives: anything that can be closed, such as an open file that is locked."""

    def close(self) -> object:
        """Gives the session free for others."""


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
    def try_lock(self, account: str) -> Claim | None:
        """Tries to become the only one who changes this account's session, among all users of the store. Never waits.

        Returns:
            The claim, which ends when its ``close()`` is called. None while somebody else has it.
        """


class MemorySessionStore(SessionStore):
    """Memory, for as long as the process lives. Clients that are given the same one share what it holds."""

    def __init__(self) -> None:
        self._sessions: dict[str, SavedSession] = {}
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def load(self, account: str) -> SavedSession | None:
        return self._sessions.get(account)

    def save(self, account: str, session: SavedSession) -> None:
        self._sessions[account] = session

    def remove(self, account: str) -> None:
        self._sessions.pop(account, None)

    def try_lock(self, account: str) -> Claim | None:
        lock = self._locks[account]
        return _Claim(lock) if lock.acquire(blocking=False) else None

    def __repr__(self) -> str:
        return f"<MemorySessionStore of {len(self._sessions)} sessions>"


class _Claim:
    """A lock that is given up once."""

    def __init__(self, lock: Lock) -> None:
        self._lock: Lock | None = lock

    def close(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()


class FileSessionStore:
    """A folder with a file for each account that only its user can read, replaced as a whole, locked while it changes.

    Args:
        folder: Made as needed. ``~`` is your home.
        beside_icloudpd: Take over sessions that the Python icloudpd left in the same folder, and leave it ours.
    """

    def __init__(self, folder: str | PathLike[str], *, beside_icloudpd: bool = False) -> None:
        self.folder = named(folder)
        self.beside_icloudpd = beside_icloudpd

    def __repr__(self) -> str:
        return f"<FileSessionStore {self.folder}>"
