# Made from `_async` by tools/unasync.py: change it there.
"""The blocking face. It is made by ``tools/unasync.py``."""
