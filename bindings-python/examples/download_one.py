"""Fetches the newest photo into memory, into a folder and into an open file, and says what is known of its bytes."""

from __future__ import annotations

import sys
from pathlib import Path

from guest import folder, guest
from icloud_photos import LocalStorage, Role


def main() -> None:
    with guest() as session, folder() as place:
        asset = next(iter(session.primary_library.all().assets(limit=1)), None)
        if asset is None:
            sys.exit("the library is empty")
        download = asset.download(Role.ORIGINAL)

        data, proof = download.read_with_proof()
        print(f"{len(data)} bytes in memory, {proof}")

        saved = download.save(LocalStorage(place), "newest", replace=True)
        print(f"{saved.size} bytes on disk as {saved.path}, {saved.proof}")

        with open(Path(place) / "once-more", "wb") as file:
            print(f"written to an open file, {download.save_to(file)}")


if __name__ == "__main__":
    main()
