"""Sequences that are fetched while they are read."""

from __future__ import annotations

from collections import deque
from typing import Any, Callable, Generic, Protocol, TypeVar

from .. import _native
from ._runtime import run

_T = TypeVar("_T")


class _Feed(Protocol):
    def next(self, into: deque[Any]) -> _native.Op[bool]: ...
    def close(self) -> None: ...


class AsyncItems(Generic[_T]):
    """An iterator that is read once. Whoever gives up waiting for an item may go on later: nothing is lost."""

    def __init__(self, native: _Feed, face: Callable[[Any], _T] | None = None) -> None:
        self._native = native
        self._face = face
        self._ready: deque[Any] = deque()

    def __aiter__(self) -> AsyncItems[_T]:
        return self

    async def __anext__(self) -> _T:
        # A call that was cancelled may have left what it read here.
        while not self._ready:
            if not await run(self._native.next(self._ready)):
                raise StopAsyncIteration
        item = self._ready.popleft()
        faced: _T = item if self._face is None else self._face(item)
        return faced

    def close(self) -> None:
        """Ends the fetching. Dropping the iterator does the same."""
        self._native.close()
        self._ready.clear()

    async def aclose(self) -> None:
        """Like ``close``."""
        self.close()
