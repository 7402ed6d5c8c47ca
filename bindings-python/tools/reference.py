"""Makes the reference of the package: ``python tools/reference.py FOLDER`` writes HTML there (needs ``pip install pdoc``).

It fails, and says where, if a public name has no docstring: a function, method or property its own or an inherited one, a field of a dataclass a
line under ``Attributes:``, a member of an enum a text below it, a parameter of a function that explains its others a line under ``Args:``.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pdoc
import pdoc.doc
import pdoc.render

PACKAGE = "icloud_photos"
# `errors` and `events` get a page each with the package, which names them in `__all__`, as it does all of `storage` and `sessions`.
PAGES = [PACKAGE, *(f"{PACKAGE}.{name}" for name in ("testing", "fsspec", "compat.pyicloud"))]
# The names of `compat` are pyicloud's, and its guide says what they do.
CHECKED = [f"{PACKAGE}.errors", f"{PACKAGE}.events", *PAGES[:-1]]


def main(folder: str) -> int:
    """Checks, then writes; gives the exit code."""
    # Names of the package load when they are asked for, and pdoc does not ask.
    package = importlib.import_module(PACKAGE)
    for name in package.__all__:
        getattr(package, name)
    faults = [fault for name in CHECKED for fault in missing(pdoc.doc.Module.from_name(name))]
    for fault in sorted(set(faults)):
        print(fault, file=sys.stderr)
    if faults:
        print(f"{len(set(faults))} public names lack words", file=sys.stderr)
        return 1
    pdoc.render.configure(docformat="google", footer_text=PACKAGE, show_source=False)
    pdoc.pdoc(*PAGES, output_directory=Path(folder))
    print(f"{Path(folder) / 'index.html'}")
    return 0


def missing(module: pdoc.doc.Module) -> Iterator[str]:
    """The public names of a module that say nothing."""
    if not module.docstring:
        yield module.fullname
    for member in public(module):
        if isinstance(member, pdoc.doc.Class):
            yield from missing_in_class(member)
        elif not member.docstring and not is_alias(member):
            yield member.fullname
        if isinstance(member, pdoc.doc.Function):
            yield from unexplained(member.fullname, member.obj, member.docstring)


def is_alias(member: pdoc.doc.Doc[Any]) -> bool:
    """Whether it is another name of types, for which Python keeps no words; the pages show which types."""
    return isinstance(member, pdoc.doc.Variable) and typing.get_origin(member.default_value) is typing.Union


def missing_in_class(found: pdoc.doc.Class) -> Iterator[str]:
    """Those of a class: itself, its methods, properties, fields and members."""
    words = "\n".join(base.__doc__ or "" for base in found.obj.__mro__)
    if not found.docstring:
        yield found.fullname
    yield from unexplained(found.fullname, found.obj, found.docstring)
    for member in public(found):
        # What comes from Python's own classes is explained there.
        if not member.taken_from[0].startswith(PACKAGE):
            continue
        if not member.docstring and not re.search(rf"^ +{member.name}: ", words, re.MULTILINE):
            yield member.fullname
        if isinstance(member, pdoc.doc.Function):
            yield from unexplained(member.fullname, member.obj, member.docstring)


def unexplained(name: str, function: Callable[..., object], docstring: str) -> Iterator[str]:
    """Parameters that a docstring passes over though it explains others, and explains though there are none."""
    section = re.search(r"^Args:\n((?: .*\n|\n)+)", docstring + "\n", re.MULTILINE)
    if section is None:
        return
    explained = set(re.findall(r"^ {4}(\w+): ", section[1], re.MULTILINE))
    yield from (f"{name}({parameter})" for parameter in explained ^ (set(inspect.signature(function).parameters) - {"self", "cls"}))


def public(namespace: pdoc.doc.Namespace[Any]) -> list[pdoc.doc.Doc[Any]]:
    """Members that a user sees."""
    return [member for member in namespace.members.values() if not member.name.startswith("_")]


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
