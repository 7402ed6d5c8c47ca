"""The one service that is here: photos."""

from __future__ import annotations

from .photos import PhotosService

__all__ = ["PhotosService"]
