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


async def run(operation: _native.Op[_T]) -> _T:
    """Runs an operation."""
    return await operation


def relay(function: Callable[[Any], object] | None) -> Callable[[Any], object] | None:
    """Has ``function`` called on the loop's own thread, whoever tells."""
    if function is None:
        return None
    loop = asyncio.get_running_loop()
    room = threading.BoundedSemaphore(_AHEAD)
    failed: list[BaseException] = []

    def deliver(value: Any) -> None:
        try:
            if not failed:
                function(value)
        except BaseException as error:
            failed.append(error)
        finally:
            room.release()

    def tell(value: Any) -> None:
        while not room.acquire(timeout=_PATIENCE):
            if loop.is_closed():
                raise RuntimeError("the event loop was closed")
        loop.call_soon_threadsafe(deliver, value)
        if failed:
            raise failed[0]

    return tell
