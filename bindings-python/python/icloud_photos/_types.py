"""What Apple's names of file types mean."""

from __future__ import annotations

from . import _native
from ._models import MediaKind


def type_extension(identifier: str) -> str | None:
    """The ending of names for a uniform type identifier: ``JPG`` for ``public.jpeg``. None if it is not known."""
    return _native.type_of(identifier)[0]


def type_kind(identifier: str) -> MediaKind:
    """Whether files of a type are photos or films."""
    return _native.type_of(identifier)[1]


def type_is_raw(identifier: str) -> bool:
    """Whether files of a type are RAW photos."""
    return _native.type_of(identifier)[2]
