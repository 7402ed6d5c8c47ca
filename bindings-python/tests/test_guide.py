"""The programs of docs/python.md run as they are printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import clean

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S) if GUIDE.exists() else []


@pytest.mark.skipif(not GUIDE.exists(), reason="the guide is not here")
def test_the_guide_has_programs() -> None:
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("block", BLOCKS, ids=[f"block {number}" for number in range(1, len(BLOCKS) + 1)])
def test_block(block: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", block]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, env=clean(), check=False)
    assert done.returncode == 0, f"{block}\n{done.stderr}"
    assert done.stdout, "it shows nothing"
