"""The package as it is installed."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("name", ["LICENSE-APACHE", "LICENSE-MIT"])
def test_it_brings_the_texts_of_its_licences(name: str) -> None:
    package = distribution("icloud-photos")
    assert name in package.metadata.get_all("License-File", [])
    text = package.read_text(f"licenses/{name}")
    assert text is not None
    assert text.splitlines() == (ROOT / name).read_text().splitlines()
