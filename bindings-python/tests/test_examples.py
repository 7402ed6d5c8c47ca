"""Each example as a program of its own: on the fake inside of it, and on an account as a person has one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from icloud_photos.testing import FakeICloud

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
# What stands in the output of each if it did what it says.
SAYS = {
    "asyncio_gallery": ["24 photos, "],
    "code_elsewhere": ["signed in as jdoe@example.com"],
    "copy_library": ["IMG_0060.DNG", "first run:  63 downloaded", "second run: 0 downloaded"],
    "custom_storage": ["63 downloaded", "1964/12/31/IMG_0045.JPG {'asset': "],
    "describe": [".JPG.xmp", "second run: 0 downloaded", ", 0 sidecars"],
    "download_one": ["bytes in memory, Proof(verified=True", "as newest, Proof(verified=True", "open file, Proof(verified=True"],
    "follow_changes": ["verified:   63 proven", "adopted:    63 files: 63 recognised", "third run:  0 downloaded"],
    "list": ["library PrimarySync (primary)", "album   ", "asset   IMG_0001"],
    "to_s3": ["first run:  63 downloaded", "second run: 0 downloaded", "IMG_0045.JPG: 1376 bytes"],
    "views": ["albums: 66 entries", "years: 63 entries", "again: 0 laid, 0 removed"],
}


def run(name: str, folder: Path, *arguments: str, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs an example in an empty folder, without the settings that its reader may have."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("ICLOUD", "PHOTOS"))}
    options: dict[str, Any] = {"cwd": folder, "input": text, "capture_output": True, "text": True, "timeout": 60}
    program = [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments]
    return subprocess.run(program, env={**own, "PYTHONIOENCODING": "utf-8", **variables}, check=False, **options)


def test_every_example_is_run() -> None:
    assert {file.stem for file in EXAMPLES.glob("*.py")} - {"guest"} == set(SAYS)


@pytest.mark.parametrize("name", SAYS)
def test_example(name: str, tmp_path: Path) -> None:
    done = run(name, tmp_path)
    assert done.returncode == 0, done.stderr
    missing = [words for words in SAYS[name] if words not in done.stdout]
    assert not missing, f"{missing} in {done.stdout}"
    assert not list(tmp_path.iterdir()), "it left something where it was started"


@pytest.mark.parametrize("name", ["list", "asyncio_gallery"])
def test_somebody_signs_in_with_a_code(name: str, tmp_path: Path) -> None:
    with FakeICloud(assets=3, username="ann@example.com", password="her password", code="246810") as fake:
        account = {"ICLOUD_USERNAME": fake.username, "ICLOUD_PASSWORD": fake.password, "ICLOUD_ENDPOINT": fake.url}
        done = run(name, tmp_path, text="246810\n", **account)
        assert done.returncode == 0, done.stderr
        assert "Code shown on your devices" in done.stdout and ("IMG_0003" in done.stdout or "3 photos" in done.stdout)
        wrong = run(name, tmp_path, text="000000\n", **account)
        assert wrong.returncode != 0 and "CodeRejectedError" in wrong.stderr
        assert fake.password not in done.stdout + done.stderr + wrong.stdout + wrong.stderr


def test_a_folder_can_be_named(tmp_path: Path) -> None:
    done = run("copy_library", tmp_path, "photos")
    assert done.returncode == 0, done.stderr
    assert len([file for file in (tmp_path / "photos").rglob("*") if file.is_file()]) == 63
