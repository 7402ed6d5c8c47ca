"""Dates inside of pictures."""

from __future__ import annotations

from . import _native


def has_date(picture: bytes) -> bool:
    """Whether a JPEG, PNG, HEIC, AVIF or WebP says when it was taken.

    Raises:
        UnsupportedError: It is none of these, or cannot be read.
    """
    return _native.has_date(picture)


def with_date(picture: bytes, date: str) -> bytes:
    """The same picture with a date written into it; another one that stands there gives way.

    Args:
        picture: The whole file.
        date: As Exif has it: ``2024:05:01 12:30:00``.

    Raises:
        ConfigError: The date has another form.
        UnsupportedError: It is no picture that can hold one.
    """
    return _native.with_date(picture, date)
