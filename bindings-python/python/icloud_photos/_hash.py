"""Apple's checksum, for bytes of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _native

if TYPE_CHECKING:
    from ._records import Digests


class Hasher:
    """Apple's checksum and SHA-256 of bytes, in one pass.

    Example:
        >>> hasher = Hasher()
        >>> hasher.update(b"bytes of a photo")
        >>> hasher.digests().checksum == asset.resource("original").checksum
    """

    def __init__(self) -> None:
        self._native = _native.Hasher()

    def update(self, data: bytes) -> None:
        """Takes the next bytes."""
        self._native.update(data)

    @property
    def length(self) -> int:
        """How many came so far."""
        return self._native.length

    def digests(self) -> Digests:
        """What they hash to so far."""
        return self._native.digests()
