"""What `cargo xtask api` is told of the package is all there is: a name that is not seen is not compared."""

from __future__ import annotations

import enum
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOOL = Path(__file__).parent.parent / "tools" / "names.py"


def tool() -> Any:
    spec = importlib.util.spec_from_file_location("names", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Base:
    def __init__(self, a: int, *, b: int = 0) -> None:
        self.kept = a
        self._hidden = b

    def method(self, one: int, two: int = 0) -> None: ...

    @classmethod
    def made(cls, text: str) -> None: ...

    @property
    def read(self) -> int:
        return 1


class Derived(Base):
    async def method(self, one: int, two: int = 0) -> None: ...  # type: ignore[override]


@dataclass(frozen=True)
class Data:
    required: int
    optional: int = 0


class Word(enum.Enum):
    ONE = "one"


def described(cls: type) -> Any:
    """As if it were of the package."""
    module = tool()
    module.PACKAGE = __name__.split(".")[0]
    return module.described(cls)


def test_members_of_all_kinds_are_seen() -> None:
    seen = described(Base)
    parameters = {name: member["parameters"] for name, member in seen["members"].items()}
    assert parameters == {"kept": None, "method": ["one", "two"], "made": ["text"], "read": None}
    assert seen["parameters"] == ["a", "b"]


def test_what_is_inherited_is_seen_with_where_it_is_from() -> None:
    seen = described(Derived)
    assert seen["bases"] == ["Base"]
    assert {name: member["made_in"] for name, member in seen["members"].items()} == {
        "method": "Derived",
        "kept": "Base",
        "made": "Base",
        "read": "Base",
    }


def test_fields_and_members_of_enums_are_seen() -> None:
    assert set(described(Data)["members"]) == {"required", "optional"}
    assert set(described(Word)["members"]) == {"ONE"}


def test_the_package_is_told_as_json() -> None:
    printed = subprocess.run([sys.executable, str(TOOL)], check=True, capture_output=True, text=True).stdout
    names = json.loads(printed)
    assert names["classes"]["Album"]["members"]["count"] == {"made_in": "Album", "parameters": []}
    assert "context" in names["classes"]["ICloudError"]["members"], "set by its constructor only"
    assert "events.SyncDownloaded" in names["classes"]
    assert "storage" in names["functions"]["verify"]
    assert "Login" in names["constants"]
