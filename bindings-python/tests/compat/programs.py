"""The programs of pyicloud's own documentation, read from the pyicloud that is installed, and run with another import.

Nothing of them is kept here: a pyicloud is looked for, its description (the METADATA of the package, which is its README) is taken
apart, and its code blocks are what the tests run.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
#: The programs are pyicloud's; this is all that is changed in them.
OLD, NEW = re.compile(r"\bpyicloud\b(?=[.\s])"), "icloud_photos.compat.pyicloud"

_TELL = "from importlib.metadata import metadata; m = metadata('pyicloud'); print(m['Version']); print(m.get_payload())"


@dataclass
class Pyicloud:
    """A pyicloud that is installed somewhere."""

    python: str
    version: str
    readme: str

    def run(self, fake: str, script: str, *arguments: str, home: Path) -> str:
        """Runs a script with it, and every connection of it to the fake; gives what it printed."""
        launch = REPOSITORY / "conformance" / "launch.py"
        environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "HOME": str(home)}
        command = [self.python, "-B", str(launch), fake, script, *arguments]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, timeout=120, check=True, text=True)
        return done.stdout

    def section(self, title: str) -> list[str]:
        """The code blocks below a heading, up to the next of its rank."""
        text = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", self.readme, re.MULTILINE | re.DOTALL)
        blocks = re.findall(r"^```(python|pycon)\n(.*?)^```", text.group(2), re.MULTILINE | re.DOTALL) if text else []
        return [_typed(code) if kind == "pycon" else code for kind, code in blocks]


def find() -> Pyicloud | None:
    """The pyicloud of this Python, or the one that ``cargo xtask conformance`` installed."""
    named = os.environ.get("PYICLOUD_PYTHON")
    there = REPOSITORY / "target" / "real-clients" / "bin" / "python"
    for python in [named] if named else [sys.executable, str(there)]:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            told = subprocess.run([python, "-c", _TELL], capture_output=True, check=True, text=True).stdout
            version, _, readme = told.partition("\n")
            return Pyicloud(python, version, readme)
    return None


def _typed(session: str) -> str:
    """What somebody typed in a session at the prompt, without what it answered."""
    lines: list[str] = []
    open_block = False
    for line in session.splitlines():
        prompt = re.match(r"(>>>|\.\.\.) ?", line)
        if prompt:
            line = line[prompt.end() :]
        elif not (open_block and line.startswith(" ")):
            open_block = False
            continue
        lines.append(line)
        open_block = line.endswith(":") or (open_block and line.startswith(" "))
    return "\n".join(lines) + "\n"


@dataclass
class Run:
    """What came of programs, statement by statement."""

    namespace: dict[str, Any] = field(default_factory=dict)
    printed: str = ""
    done: list[str] = field(default_factory=list)
    refused: list[tuple[str, Exception]] = field(default_factory=list)

    def program(self, text: str, refusals: tuple[type, ...] = ()) -> None:
        """Runs a program. A statement may be refused with one of these; any other exception is the caller's."""
        tree = ast.parse(OLD.sub(NEW, text))
        for statement in tree.body:
            source = ast.unparse(statement)
            try:
                self._statement(statement)
            except refusals as error:
                self.refused.append((source, error))
            else:
                self.done.append(source)

    def _statement(self, statement: ast.stmt) -> None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            if isinstance(statement, ast.Expr):
                code = compile(ast.Expression(statement.value), "<documentation>", "eval")
                value = eval(code, self.namespace)
                if value is not None:
                    print(repr(value))
            else:
                exec(compile(ast.Module([statement], []), "<documentation>", "exec"), self.namespace)
        self.printed += out.getvalue()


@contextlib.contextmanager
def folder(path: Path) -> Iterator[None]:
    """The programs write into the folder they are run in."""
    before = os.getcwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)
