"""Makes the blocking face from the one for asyncio: ``python tools/unasync.py``; with ``--check`` it only says whether they differ.

Works on tokens: ``async`` and ``await`` go, names lose what marks them as asyncio's. What only the blocking face has stands behind
``#:blocking``; what cannot be made that way is in ``_runtime.py``, which each face has its own of.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "python" / "icloud_photos"
HEAD = "# Made from `_async` by tools/unasync.py: change it there.\n"
NAMES = {
    "AsyncIterator": "Iterator",
    "StopAsyncIteration": "StopIteration",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "async_verify": "verify",
}


def main() -> int:
    """Makes or checks every file."""
    stale = [source for source in sorted((PACKAGE / "_async").glob("*.py")) if not up_to_date(source)]
    for source in stale:
        print(f"{source.name} {'differs' if '--check' in sys.argv else 'made'}")
    return 1 if stale and "--check" in sys.argv else 0


def up_to_date(source: Path) -> bool:
    """Whether the made file is as it should be; makes it so unless it is only to be checked."""
    if source.name == "_runtime.py":
        return True
    target = PACKAGE / "_sync" / source.name
    made = HEAD + blocking(source.read_text())
    if target.exists() and target.read_text() == made:
        return True
    if "--check" not in sys.argv:
        target.write_text(made)
    return False


def blocking(source: str) -> str:
    """The same module without waiting."""
    source = re.sub(r"^( *)#:blocking ?", r"\1", source, flags=re.MULTILINE)
    out: list[str] = []
    lines = source.splitlines(keepends=True)
    row, column = 1, 0
    drop_space = False
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        between = gap(lines, (row, column), token.start)
        row, column = token.end
        if drop_space:
            between = between[1:] if between.startswith(" ") else between
            drop_space = False
        if token.type == tokenize.NAME and token.string in ("async", "await"):
            out.append(between)
            drop_space = True
            continue
        out.append(between)
        out.append(renamed(token))
    return without_doubles(re.sub(r"^from (\S+) import (\w.*)$", one_of_each, "".join(out), flags=re.MULTILINE))


def gap(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """What stands between two tokens."""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]] if start[0] <= len(lines) else ""
    parts = [lines[start[0] - 1][start[1] :]]
    parts += lines[start[0] : end[0] - 1]
    if end[0] <= len(lines):
        parts.append(lines[end[0] - 1][: end[1]])
    return "".join(parts)


def renamed(token: tokenize.TokenInfo) -> str:
    """A token as the blocking face has it."""
    if token.type == tokenize.NAME:
        return NAMES.get(token.string, without_async(token.string))
    if token.type in (tokenize.STRING, tokenize.COMMENT) or tokenize.tok_name[token.type].startswith("FSTRING"):
        text = token.string.replace("The face for asyncio. The blocking one is made from it", "The blocking face. It is made")
        return without_async(text)
    return token.string


def without_async(text: str) -> str:
    """``AsyncClient`` is ``Client``."""
    return re.sub(r"\bAsync(?=[A-Z])", "", re.sub(r"\basync_verify\b", "verify", text))


def one_of_each(imports: re.Match[str]) -> str:
    """Imports in order, and none twice: `AsyncIterator` and `Iterator` became one name."""
    names, _, comment = imports[2].partition("  #")
    ordered = sorted(set(names.split(", ")), key=lambda name: (not name.isupper(), name[0].islower(), name))
    return f"from {imports[1]} import {', '.join(ordered)}" + (f"  #{comment}" if comment else "")


def without_doubles(text: str) -> str:
    """``aclose`` would only say what ``close`` says already."""
    return re.sub(r"\n    def aclose\(self\).*?(?=\n    def |\n\n\n)", "", text, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main())
