"""Drives the real pyicloud through a whole visit and prints what it saw as one line of JSON.

    launch.py FAKE_URL pyicloud_run.py USERNAME SESSION_FOLDER

The password is in PYICLOUD_PASSWORD, the code comes as a line on stdin. Then: albums, the whole library, the bytes of a
few photos, and the deletion of one. Photos go by the names of their masters, as pyicloud has it.
"""

import base64
import hashlib
import json
import os
import sys

from pyicloud import PyiCloudService

DOWNLOADS = 5


def sign_in(username, folder):
    api = PyiCloudService(username, os.environ["PYICLOUD_PASSWORD"], cookie_directory=folder)
    asked = api.requires_2fa
    if asked and not api.validate_2fa_code(sys.stdin.readline().strip()):
        sys.exit("pyicloud: the code was not accepted")
    return api, asked


def download(photo):
    content = photo.download()
    salted = hashlib.sha1(b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0" + content)
    checksum = base64.b64encode(b"\1" + salted.digest()).decode()
    return {"photo": photo.id, "length": len(content), "checksum": checksum}


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
        "downloads": [download(photo) for photo in photos[:DOWNLOADS]],
        "deleted": photos[-1].id if photos[-1].delete() else None,
    }
    seen["left"] = [photo.id for photo in library.all]
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
