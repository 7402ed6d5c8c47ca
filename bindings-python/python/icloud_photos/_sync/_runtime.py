"""How this face waits: it blocks, without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .. import _native

_T = TypeVar("_T")

# Whether something may wait where nobody awaits, as for a picture in a notebook.
MAY_BLOCK = True


def run(operation: _native.Op[_T], told: object = None) -> _T:
    """Runs an operation; what ``told`` raises ends it where it is told."""
    return operation.wait()


# What ``relay`` gives.
Relay = Callable[[Any], object]


def relay(function: Callable[[Any], object] | None) -> Callable[[Any], object] | None:
    """Has ``function`` called where things happen: on threads of the library, one call at a time or several."""
    return function
