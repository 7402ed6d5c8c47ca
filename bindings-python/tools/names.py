"""Prints the public names of the package as JSON, for ``cargo xtask api``, which compares them with Rust's.

Run it with the package installed. What is public is what a public module shows: its ``__all__``, or else what is
made in it and has no underscore before its name.
"""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import json
import sys
import textwrap
from types import ModuleType
from typing import Any

PACKAGE = "icloud_photos"
# The first module that shows a thing is the one it is named by. The adapter for pyicloud is not here: it has the
# shape of something else on purpose.
MODULES = [PACKAGE, *(f"{PACKAGE}.{name}" for name in ("errors", "events", "testing", "fsspec"))]


def names() -> dict[str, Any]:
    """Classes and functions by name, as written after ``icloud_photos.``, and constants."""
    seen: set[int] = set()
    classes: dict[str, Any] = {}
    functions: dict[str, list[str]] = {}
    constants: list[str] = []
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name, value in shown(module):
            full = f"{module_name}.{name}"[len(PACKAGE) + 1 :]
            if inspect.isclass(value) or inspect.isfunction(value) or inspect.isbuiltin(value):
                if id(value) in seen:
                    continue
                seen.add(id(value))
                if inspect.isclass(value):
                    classes[full] = described(value)
                else:
                    functions[full] = parameters(value)
            elif not inspect.ismodule(value):
                constants.append(full)
    return {"classes": classes, "functions": functions, "constants": constants}


def shown(module: ModuleType) -> list[tuple[str, Any]]:
    """What a module shows, without aliases of types and what it only imported."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return [(name, getattr(module, name)) for name in listed if not name.startswith("_")]
    made = [(name, value) for name, value in vars(module).items() if not name.startswith("_")]
    return [(name, value) for name, value in made if getattr(value, "__module__", None) == module.__name__]


def described(cls: type) -> dict[str, Any]:
    """Bases, members, and parameters of the constructor."""
    own = [base for base in cls.__mro__ if base.__module__.split(".")[0] == PACKAGE]
    members: dict[str, Any] = {}
    for base in own:
        for name in [*vars(base), *annotated(base), *assigned(base)]:
            if not name.startswith("_") and name not in members:
                value = inspect.getattr_static(base, name, None)
                members[name] = {"made_in": base.__name__, "parameters": called(value)}
    return {
        "bases": [base.__name__ for base in own if base is not cls],
        "members": members,
        "parameters": [] if issubclass(cls, enum.Enum) else parameters(cls),
    }


def annotated(cls: type) -> list[str]:
    """Names that stand in a class with their type."""
    if sys.version_info >= (3, 10):
        return list(inspect.get_annotations(cls))
    return list(vars(cls).get("__annotations__", ()))


def assigned(cls: type) -> list[str]:
    """Names that its constructor sets."""
    constructor = vars(cls).get("__init__")
    if not inspect.isfunction(constructor) or not constructor.__code__.co_filename.endswith(".py"):
        return []
    tree = ast.parse(textwrap.dedent(inspect.getsource(constructor)))
    stores = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
    return [node.attr for node in stores if isinstance(node.value, ast.Name) and node.value.id == "self"]


def called(value: Any) -> list[str] | None:
    """Parameters of a method, whatever it is wrapped in; None for what is read."""
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    return parameters(value) if inspect.isroutine(value) and not inspect.isdatadescriptor(value) else None


def parameters(value: Any) -> list[str]:
    """Names of parameters, without ``self``."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return []
    return [name for name in signature.parameters if name not in ("self", "cls")]


if __name__ == "__main__":
    json.dump(names(), sys.stdout, indent=1, sort_keys=True)
