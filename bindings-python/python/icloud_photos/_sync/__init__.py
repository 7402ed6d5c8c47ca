# Made from `_async` by tools/unasync.py: change it there.
"""The blocking face. It is made by ``tools/unasync.py``."""

from __future__ import annotations

from ._asset import Asset, Chunks, Download
from ._catalogue import Catalogue
from ._client import Client
from ._engine import Plan, SyncEngine, verify
from ._library import (
    Album,
    AlbumNode,
    AlbumTree,
    Assets,
    Library,
)
from ._login import Challenge, ConsentAction, Login, SecurityKeyAction, TermsAction
from ._session import Session

__all__ = [
    "Album",
    "AlbumNode",
    "AlbumTree",
    "Asset",
    "Assets",
    "Catalogue",
    "Challenge",
    "Chunks",
    "Client",
    "ConsentAction",
    "Download",
    "Library",
    "Login",
    "Plan",
    "SecurityKeyAction",
    "Session",
    "SyncEngine",
    "TermsAction",
    "verify",
]
