"""The types as checkers see them: ``assert_types.py`` is right, and ``refused.py`` is wrong in every line that says so and nowhere else."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Checker = Callable[..., "tuple[str, set[int]]"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RIGHT, WRONG = HERE / "assert_types.py", HERE / "refused.py"


def mypy(*what: str) -> tuple[str, set[int]]:
    """What mypy says, and the lines of the planted mistakes that it names."""
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--no-error-summary", "--hide-error-context", *what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr, {int(line) for line in re.findall(r"refused\.py:(\d+): error:", done.stdout)}


def pyright(*what: str) -> tuple[str, set[int]]:
    """The same of pyright."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, *what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    told = [item for item in json.loads(done.stdout)["generalDiagnostics"] if item["severity"] == "error"]
    words = "\n".join(f"{item['file']}:{item['range']['start']['line'] + 1}: {item['message']}" for item in told)
    # That a type is unknown follows from a mistake on a line before.
    return words, {item["range"]["start"]["line"] + 1 for item in told if "Unknown" not in item.get("rule", "")}


def needs(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not importlib.util.find_spec(package), reason=f"{package} is not installed")


CHECKERS = [pytest.param(mypy, marks=needs("mypy")), pytest.param(pyright, marks=needs("pyright"))]


def planted() -> set[int]:
    return {number for number, line in enumerate(WRONG.read_text().splitlines(), 1) if line.endswith("# wrong")}


@pytest.mark.parametrize("checker", CHECKERS)
def test_what_is_right_is_taken(checker: Checker) -> None:
    words, _ = checker(str(RIGHT))
    assert not words.strip(), words


@pytest.mark.parametrize("checker", CHECKERS)
def test_what_is_wrong_is_refused(checker: Checker) -> None:
    words, lines = checker(str(WRONG))
    assert len(planted()) >= 50
    assert lines >= planted(), f"let through: lines {sorted(planted() - lines)} of {WRONG.name}"
    assert lines <= planted(), f"refused though right: lines {sorted(lines - planted())}\n{words}"


@needs("mypy")
def test_the_examples_are_strictly_typed() -> None:
    words, _ = mypy(*(str(example) for example in sorted((ROOT / "examples").glob("*.py"))))
    assert not words.strip(), words
