"""Streams the largest file of a library and keeps nothing of it: `stream.py URL USERNAME PASSWORD`."""

import sys

from icloud_photos import Client, Endpoints

url, username, password = sys.argv[1:]
session = Client(endpoints=Endpoints(url, url)).login(username, password)
largest = max(session.primary_library.all().assets(), key=lambda asset: asset.resource("original").size)
with largest.download().chunks() as chunks:
    print(sum(len(chunk) for chunk in chunks), "bytes", chunks.proof)
