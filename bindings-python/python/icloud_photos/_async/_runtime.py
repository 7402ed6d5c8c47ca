"""How this face waits: it awaits, beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from .. import _native

_T = TypeVar("_T")

# Whether something may wait where nobody awaits, as for a picture in a notebook.
MAY_BLOCK = False

# So many events may wait for the loop; whoever tells more of them waits until it has heard some.
_AHEAD = 256
_PATIENCE = 0.5


async def run(operation: _native.Op[_T], told: Relay | None = None) -> _T:
    """Runs an operation; ``told`` is the one that it tells of things."""
    outcome = await operation
    if told is not None:
        told.check()
    return outcome


class Relay:
    """Has a function called on the loop's own thread, whoever tells. What it raises ends the operation."""

    def __init__(self, function: Callable[[Any], object]) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self._room = threading.BoundedSemaphore(_AHEAD)
        self._failed: BaseException | None = None

    def __call__(self, value: Any) -> None:
        while not self._room.acquire(timeout=_PATIENCE):
            if self._loop.is_closed():
                raise RuntimeError("the event loop was closed")
        self._loop.call_soon_threadsafe(self._deliver, value)
        self.check()

    def check(self) -> None:
        """Raises what the function raised."""
        if self._failed is not None:
            raise self._failed

    def _deliver(self, value: Any) -> None:
        try:
            if self._failed is None:
                self._function(value)
        except (StopIteration, StopAsyncIteration) as error:
            # It would end whatever loops over the outcome; generators make the same of it.
            self._failed = RuntimeError("a function that was called raised StopIteration")
            self._failed.__cause__ = error
        except BaseException as error:
            self._failed = error
        finally:
            self._room.release()


def relay(function: Callable[[Any], object] | None) -> Relay | None:
    """What an operation is given to tell ``function`` of things."""
    return None if function is None else Relay(function)
