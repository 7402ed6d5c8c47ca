"""Drives the real pyicloud through a whole visit and prints what it saw as one line of JSON.

    launch.py FAKE_URL pyicloud_run.py USERNAME SESSION_FOLDER

Password and code come as lines on stdin: the password at once, the code when Apple was asked for one. Then: albums,
the whole library, the bytes of a few photos, and the deletion of one.
"""

import hashlib
import json
import sys

from pyicloud import PyiCloudService

DOWNLOADS = 5


def sign_in(username, folder):
    api = PyiCloudService(username, sys.stdin.readline().rstrip("\n"), cookie_directory=folder)
    asked = api.requires_2fa
    if asked and not api.validate_2fa_code(sys.stdin.readline().strip()):
        sys.exit("pyicloud: the code was not accepted")
    return api, asked


def original(photo):
    content = photo.download()
    return {"size": photo.size, "length": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def main():
    username, folder = sys.argv[1:]
    api, asked = sign_in(username, folder)
    library = api.photos
    photos = list(library.all)
    seen = {
        "code_asked": asked,
        "trusted": api.is_trusted_session,
        "albums": [album.name for album in library.albums],
        "count": len(library.all),
        "photos": [photo.id for photo in photos],
        "downloads": {photo.id: original(photo) for photo in photos[:DOWNLOADS]},
        "deleted": photos[-1].id if photos[-1].delete() else None,
    }
    seen["left"] = [photo.id for photo in library.all]
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
