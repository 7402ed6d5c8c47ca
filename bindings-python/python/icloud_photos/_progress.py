"""Bars of progress, where somebody wants one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ._base import plain

_log = logging.getLogger("icloud_photos")


class counting:
    """Gives what is to be called with numbers of bytes: nothing, what the caller gave, or a bar of ``tqdm``."""

    def __init__(self, progress: bool | Callable[[int], object] | None, total: int | None, label: str) -> None:
        if not (progress is None or isinstance(progress, bool)):
            plain(progress, "progress")
        self._bar: Any = None
        self._tell: Callable[[int], object] | None = progress if callable(progress) else None
        if progress is True:
            self._bar = bar(total=total, desc=label, unit="B", unit_scale=True)
            self._tell = None if self._bar is None else self._bar.update

    def __enter__(self) -> Callable[[int], object] | None:
        return self._tell

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def bar(**options: Any) -> Any:
    """A bar of ``tqdm``, in a terminal or in a notebook; None if it is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        _log.warning("progress=True shows a bar if tqdm is installed: pip install icloud-photos[progress]")
        return None
    return tqdm(**options)
