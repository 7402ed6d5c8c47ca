"""Copies a library straight to S3: nothing touches a disk here, every byte is proven on its way, and a second run puts nothing.

``PHOTOS_URL`` names a bucket (``s3://bucket/folder?region=eu-central-1``), whose keys come from where Amazon's own tools have them, or any other
address that ``UrlStorage`` takes. Without it memory stands for the bucket.
"""

from __future__ import annotations

import os
from itertools import islice

from guest import guest
from icloud_photos import Catalogue, MemoryStorage, SyncEngine, UrlStorage


def main() -> None:
    address = os.environ.get("PHOTOS_URL")
    storage = UrlStorage(address) if address else MemoryStorage()
    with guest() as session:
        # A program that runs again keeps its catalogue: `Catalogue.open` finds the one of a storage.
        engine = SyncEngine(session.primary_library, storage, catalogue=Catalogue.memory())
        print(f"first run:  {engine.run()}")
        print(f"second run: {engine.run()}")
    for file in islice(storage.list(), 3):
        print(f"{file.path}: {file.size} bytes")


if __name__ == "__main__":
    main()
