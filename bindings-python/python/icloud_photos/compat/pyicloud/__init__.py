"""pyicloud's shape over this package, for scripts about photos.

One import changes, and the modules below it likewise (``pyicloud.exceptions``, ``pyicloud.services.photos``)::

    from icloud_photos.compat.pyicloud import PyiCloudService  # was: from pyicloud import PyiCloudService

    api = PyiCloudService("jane@example.com", "password")
    if api.requires_2fa:
        api.validate_2fa_code(input("Code: "))
    for photo in api.photos.albums["Holiday"]:
        with open(photo.filename, "wb") as file:
            file.write(photo.download())

Names are those of pyicloud 2.4.1 and 2026.10.1. Everything is a call of this package's own classes, which each object has in
``ours``; what is not here, and why, is in ``docs/python-from-pyicloud.md``.
"""

from __future__ import annotations

from .base import PyiCloudService

__all__ = ["PyiCloudService"]
