"""Other packages' shapes over this one, for programs that were written for them.

``icloud_photos.compat.pyicloud`` is pyicloud's, as far as photos go.
"""
