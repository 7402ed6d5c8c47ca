"""Looks at all photos of all albums and prints what it saw as JSON. Runs with pyicloud, and with another import with ours.

look.py USERNAME PASSWORD CODE FOLDER
"""

import hashlib
import json
import sys

from pyicloud import PyiCloudService


def photo(of):
    versions = {name: {key: version[key] for key in ("filename", "height", "size", "type", "width")} for name, version in of.versions.items()}
    return {
        "filename": of.filename,
        "size": of.size,
        "created": of.created.isoformat(),
        "asset_date": of.asset_date.isoformat(),
        "added_date": of.added_date.isoformat(),
        "dimensions": list(of.dimensions),
        "item_type": of.item_type,
        "is_live_photo": of.is_live_photo,
        "versions": versions,
        "repr": repr(of),
        "bytes": {name: hashlib.sha256(of.download(name)).hexdigest() for name in versions},
        "none": of.download("no such version"),
    }


def album(of):
    return {
        "class": type(of).__name__,
        "repr": repr(of),
        "name": of.name,
        "title": of.title,
        "fullname": of.fullname,
        "length": len(of),
        "photos": [one.id for one in of],
    }


def main():
    username, password, code, folder = sys.argv[1:]
    api = PyiCloudService(username, password, cookie_directory=folder)
    before = {"2fa": api.requires_2fa, "2sa": api.requires_2sa, "trusted": api.is_trusted_session}
    wrong = api.validate_2fa_code("000000")
    right = api.validate_2fa_code(code)
    after = {"2fa": api.requires_2fa, "2sa": api.requires_2sa, "trusted": api.is_trusted_session}
    photos = api.photos
    print(
        json.dumps(
            {
                "sign in": [before, wrong, right, after, str(api), repr(api)],
                "libraries": sorted(name for name in photos.libraries if not name.startswith(("CMM-", "shared"))),
                "all": repr(photos.all),
                "albums": {one.id: album(one) for one in photos.albums},
                "found": ["Family/Kids" in photos.albums, "Kids" in photos.albums, photos.albums.find("None") is None],
                "shown": {one.id: photo(one) for name in ("Library", "Hidden") for one in photos.albums[name]},
            }
        )
    )


if __name__ == "__main__":
    main()
