"""Makes an album as the documentation of pyicloud has one, with pyicloud itself: prepare.py USERNAME PASSWORD CODE FOLDER TITLE"""

import sys

from pyicloud import PyiCloudService

username, password, code, folder, title = sys.argv[1:]
api = PyiCloudService(username, password, cookie_directory=folder)
if api.requires_2fa:
    assert api.validate_2fa_code(code)
album = api.photos.create_album(title)
assert album.add_photo(api.photos.all[0])
