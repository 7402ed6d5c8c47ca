"""Prints the public names of the pyicloud that runs it, as far as photos and the sign-in go, as JSON."""

import inspect
import json

import pyicloud.exceptions
import pyicloud.services.photos
from pyicloud import PyiCloudService


def members(of):
    return [f"{of.__name__}.{name}" for name in vars(of) if not name.startswith("_")]


def classes():
    yield PyiCloudService
    for module in (pyicloud.exceptions, pyicloud.services.photos):
        for name, found in vars(module).items():
            if inspect.isclass(found) and found.__module__.startswith(("pyicloud.exceptions", "pyicloud.services.photos")):
                if not name.startswith("_"):
                    yield found


names = set()
for found in classes():
    names.add(found.__name__)
    names.update(members(found))
for name in getattr(pyicloud.services.photos, "__all__", ()):
    names.add(name)
print(json.dumps(sorted(names)))
