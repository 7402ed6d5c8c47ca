"""Makes lib/words.ts, lib/records.ts and lib/events.ts from Python's tables: both languages tell the same.

``python3 tools/tables.py`` writes them; with ``--check`` it only says whether they differ, and ends with 1 if one does. What lib/models.ts
has by hand is taken from there.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
LIB = HERE / "lib"
PYTHON = HERE.parent / "bindings-python" / "python" / "icloud_photos"
WIDTH = 150

MODULES = {
    "words": ("_models.py", "The words by which the library says what something is."),
    "records": ("_records.py", "What there is to say of copies: words, rows of catalogues, reports."),
    "events": ("events.py", "What operations tell while they run, and what they find: unions, of which `kind` says the member."),
}
# What programs give instead of get: option interfaces, written by hand.
LEFT_OUT = {"Layout", "View", "MoveRule", "RemovalLimit", "WriteOptions"}
# They are told among the events of a run: their kinds say whose they are.
PREFIXED = {"RemovalEvent", "ViewEvent"}
# What is given where one of a family may be given, too: its kind, and the family.
KINDS = {"Receipt": ("receipt", "Kept")}
# Digests of 64 bits: no number holds them.
BIG = {("AssetRow", "content")}

TYPES = {
    "int": "number",
    "float": "number",
    "str": "string",
    "bool": "boolean",
    "bytes": "Buffer",
    "datetime": "Date",
    "timedelta": "number",
}
FACES = {"AssetBase": "Asset", "AlbumTreeBase": "AlbumTree"}
ROOMS = {"Asset": "asset", "AlbumTree": "library", "ICloudError": "errors"}
WORDS = {r"\bNone\b(?= (if|for)\b)": "null", r"written in Python\b": "written in JavaScript", r"`events\.": "`"}


def main() -> int:
    """Makes or checks all."""
    only_checks = "--check" in sys.argv
    stale = {path: text for path, text in made().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        print(f"{path.name} {'differs' if only_checks else 'made'}")
        if not only_checks:
            path.write_text(text)
    return 1 if stale and only_checks else 0


def made() -> dict[Path, str]:
    """The files as they should be."""
    rooms = ROOMS | {name: "models" for name in by_hand()}
    files: dict[Path, str] = {}
    for module, (source, title) in MODULES.items():
        classes = [node for node in ast.parse((PYTHON / source).read_text()).body if isinstance(node, ast.ClassDef)]
        wanted = classes if module != "words" else [node for node in classes if base(node) == "Word"]
        table = Table(wanted, taken=LEFT_OUT | by_hand())
        files[LIB / f"{module}.ts"] = file(module, source, title, table, rooms)
        rooms |= {name: module for name in table.names()}
    return files


def by_hand() -> set[str]:
    """What lib/models.ts has."""
    return set(re.findall(r"^export (?:interface|type|class) (\w+)", (LIB / "models.ts").read_text(), re.MULTILINE))


def file(module: str, source: str, title: str, table: Table, rooms: dict[str, str]) -> str:
    """A module of TypeScript."""
    head = [title, "", f"Made by tools/tables.py from Python's {source}; do not edit.", "", "@module"]
    declarations = "\n".join(table.declared(node) for node in table.wanted)
    return "\n".join(filter(None, [comment(head), imports(module, table.named, rooms), declarations]))


def imports(module: str, named: set[str], rooms: dict[str, str]) -> str:
    """What a module has from others."""
    found: dict[str, list[str]] = {}
    for name in sorted(named):
        if name not in rooms:
            raise SystemExit(f"{module}: nothing tells where {name} is")
        found.setdefault(rooms[name], []).append(name)
    return "".join(f"import type {{ {', '.join(names)} }} from './{room}.js';\n" for room, names in sorted(found.items()))


class Table:
    """The classes of a module that are wanted, and what they name."""

    def __init__(self, classes: list[ast.ClassDef], taken: set[str]) -> None:
        self._classes = {node.name: node for node in classes}
        self.wanted = [node for node in classes if taken.isdisjoint({node.name, base(node)})]
        self._families = {base(node) for node in self.wanted} & {node.name for node in self.wanted}
        self._used: set[str] = set()

    def names(self) -> set[str]:
        """What it makes."""
        return {node.name for node in self.wanted}

    @property
    def named(self) -> set[str]:
        """What it names and does not make; known once all is declared."""
        return self._used - self.names()

    def declared(self, node: ast.ClassDef) -> str:
        """A class in TypeScript."""
        if base(node) == "Word":
            return union(node, [(docs, f"'{value}'") for value, docs in words(node)])
        if node.name in self._families:
            return union(node, [([], member.name) for member in self.wanted if base(member) == node.name])
        return self._interface(node)

    def _interface(self, node: ast.ClassDef) -> str:
        kind, family = self._kind(node)
        fields = [field for known in self._lineage(node) for field in fields_of(known)]
        parts = [f"  /** Tells it among {{@link {family}}}. */\n  readonly kind: '{kind}';\n"] if kind else []
        parts += [self._field(node, kind, family, field) for field in fields]
        return f"{comment(about(node))}export interface {node.name} {{\n{''.join(parts)}}}\n"

    def _kind(self, node: ast.ClassDef) -> tuple[str, str]:
        family = base(node)
        if family not in self._families:
            return KINDS.get(node.name, ("", ""))
        prefix = "" if family in PREFIXED else re.sub(r"(Event|Reason|Problem)$", "", family)
        return snake(node.name.removeprefix(prefix)), family

    def _lineage(self, node: ast.ClassDef) -> list[ast.ClassDef]:
        family = self._classes.get(base(node))
        return [family, node] if family else [node]

    def _field(self, node: ast.ClassDef, kind: str, family: str, field: Field) -> str:
        name = camel(field.name) + ("Ms" if mentions(field.type, "timedelta") else "")
        if kind and name == "kind":
            name = f"{camel(kind)}Kind"
        shown = "bigint" if (node.name, field.name) in BIG else self._typed(field.type)
        return f"{comment(field.docs, '  ')}  readonly {name}: {shown};\n"

    def _typed(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and node.value is None:
            return "null"
        if isinstance(node, ast.Name):
            if node.id in TYPES:
                return TYPES[node.id]
            name = FACES.get(node.id, node.id)
            self._used.add(name)
            return name
        if isinstance(node, ast.BinOp):
            return f"{self._typed(node.left)} | {self._typed(node.right)}"
        if isinstance(node, ast.Subscript):
            return self._many(ast.unparse(node.value), node.slice)
        raise SystemExit(f"no rule for the type {ast.unparse(node)}")

    def _many(self, form: str, items: ast.expr) -> str:
        if form == "dict" and isinstance(items, ast.Tuple):
            return f"Readonly<Record<{', '.join(map(self._typed, items.elts))}>>"
        if form == "list" and not isinstance(items, ast.BinOp):
            return f"readonly {self._typed(items)}[]"
        raise SystemExit(f"no rule for {form}[{ast.unparse(items)}]")


@dataclass(frozen=True)
class Field:
    """A field of a dataclass."""

    name: str
    type: ast.expr
    docs: list[str]


def base(node: ast.ClassDef) -> str:
    """What a class derives from; empty for none."""
    return node.bases[0].id if node.bases and isinstance(node.bases[0], ast.Name) else ""


def fields_of(node: ast.ClassDef) -> list[Field]:
    """The fields of a dataclass, with what its docstring says of each."""
    methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)} - {"__str__", "__repr__"}
    if methods:
        raise SystemExit(f"{node.name} is more than data ({', '.join(sorted(methods))}): it belongs into LEFT_OUT")
    docs = attributes(node)
    plain = [item for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)]
    return [Field(item.target.id, item.annotation, docs[item.target.id]) for item in plain if isinstance(item.target, ast.Name)]


def attributes(node: ast.ClassDef) -> dict[str, list[str]]:
    """What a docstring says of the fields."""
    _, _, listed = docstring(node).partition("\nAttributes:\n")
    entries = re.findall(r"^(\w+): (.+(?:\n +.+)*)", textwrap.dedent(listed), re.MULTILINE)
    return {name: [" ".join(text.split())] for name, text in entries}


def about(node: ast.ClassDef) -> list[str]:
    """What a docstring says of the class, by paragraphs."""
    text, _, _ = docstring(node).partition("\nAttributes:\n")
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n") if part.strip()).split("\n")


def docstring(node: ast.ClassDef) -> str:
    """The words about a class."""
    return ast.get_docstring(node) or ""


def words(node: ast.ClassDef) -> list[tuple[str, list[str]]]:
    """The values of an enum, each with what the string after it says."""
    found: list[tuple[str, list[str]]] = []
    for item in node.body[1:]:
        if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant):
            found.append((str(item.value.value), []))
        elif isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
            found[-1][1].append(" ".join(str(item.value.value).split()))
    return found


def union(node: ast.ClassDef, members: list[tuple[list[str], str]]) -> str:
    """A type that is one of these."""
    lines = "\n".join(f"{comment(docs, '  ')}  | {member}" for docs, member in members)
    return f"{comment(about(node))}export type {node.name} =\n{lines};\n"


def comment(paragraphs: list[str], indent: str = "") -> str:
    """What is said in TypeScript's way: on one line if it fits."""
    lines = [said(line) for line in paragraphs]
    if not lines:
        return ""
    if len(lines) == 1 and len(indent) + len(lines[0]) + len("/**  */") <= WIDTH:
        return f"{indent}/** {lines[0]} */\n"
    room = WIDTH - len(indent) - len(" * ")
    wrapped = [part for line in lines for part in textwrap.wrap(line, room, break_long_words=False, break_on_hyphens=False) or [""]]
    return "".join([f"{indent}/**\n", *(f"{indent} * {part}".rstrip() + "\n" for part in wrapped), f"{indent} */\n"])


def said(text: str) -> str:
    """Python's words as Node's."""
    text = re.sub(r"``(.+?)``", lambda code: f"`{named(code[1])}`", text)
    for pattern, word in WORDS.items():
        text = re.sub(pattern, word, text)
    return text


def named(code: str) -> str:
    """A name as Node has it: `on_event` -> `onEvent`, `AlbumKind.FOLDER` -> `'folder'`."""
    if member := re.fullmatch(r"(?:[A-Z][a-z]+)+\.([A-Z0-9_]+)", code):
        return f"'{member[1].lower()}'"
    if re.fullmatch(r"[A-Z]\w+(\.[a-z_]+)+|on_event|until_found", code):
        return camel(code)
    return code


def mentions(node: ast.expr, name: str) -> bool:
    """Whether a type is made of another one."""
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))


def camel(name: str) -> str:
    """`resumed_from` -> `resumedFrom`."""
    return re.sub(r"_([a-z0-9])", lambda letter: letter[1].upper(), name)


def snake(name: str) -> str:
    """`IsVideo` -> `is_video`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    sys.exit(main())
