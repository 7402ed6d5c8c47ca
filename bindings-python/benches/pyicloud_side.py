"""The same by pyicloud, started by conformance/launch.py: `pyicloud_side.py census LIMIT | download`, account in the environment."""

import itertools
import os
import sys
import tempfile

from pyicloud import PyiCloudService

api = PyiCloudService(os.environ["ICLOUD_USERNAME"], os.environ["ICLOUD_PASSWORD"], cookie_directory=tempfile.mkdtemp())
what, *rest = sys.argv[1:]
if what == "census":
    photos = itertools.islice(api.photos.all, int(rest[0]))
    print(sum(1 for photo in photos if photo.id and photo.size is not None), "photos")
else:
    largest = max(itertools.islice(api.photos.all, 3), key=lambda photo: photo.size)
    print(len(largest.download()), "bytes")
