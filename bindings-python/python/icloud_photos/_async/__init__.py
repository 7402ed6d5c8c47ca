"""The face for asyncio. The blocking one is made from it by ``tools/unasync.py``."""

from __future__ import annotations

from ._asset import AsyncAsset, AsyncChunks, AsyncDownload
from ._catalogue import AsyncCatalogue
from ._client import AsyncClient
from ._engine import AsyncPlan, AsyncSyncEngine, async_verify
from ._library import (
    AsyncAlbum,
    AsyncAlbumNode,
    AsyncAlbumTree,
    AsyncAssets,
    AsyncLibrary,
)
from ._login import AsyncChallenge, AsyncConsentAction, AsyncLogin, AsyncSecurityKeyAction, AsyncTermsAction
from ._session import AsyncSession

__all__ = [
    "AsyncAlbum",
    "AsyncAlbumNode",
    "AsyncAlbumTree",
    "AsyncAsset",
    "AsyncAssets",
    "AsyncCatalogue",
    "AsyncChallenge",
    "AsyncChunks",
    "AsyncClient",
    "AsyncConsentAction",
    "AsyncDownload",
    "AsyncLibrary",
    "AsyncLogin",
    "AsyncPlan",
    "AsyncSecurityKeyAction",
    "AsyncSession",
    "AsyncSyncEngine",
    "AsyncTermsAction",
    "async_verify",
]
