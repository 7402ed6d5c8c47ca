"""The console scripts: the programs ``icloudpd`` and ``icloud``, the same code as the binaries."""

from __future__ import annotations

import os
import signal
import sys

from . import _native


def icloudpd() -> int:
    """Runs ``icloudpd`` with this process's arguments."""
    return _run("icloudpd")


def icloud() -> int:
    """Runs ``icloud`` with this process's arguments."""
    return _run("icloud")


def _run(name: str) -> int:
    # The program has manners of its own with signals; Python's handler would keep Ctrl-C for itself until the program has ended.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = _native.command(name, sys.argv[1:])
    # Nothing of Python's is left to be done, and what Rust's threads still hold goes with the process.
    os._exit(code)
