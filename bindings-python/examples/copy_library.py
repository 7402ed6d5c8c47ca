"""Copies a library into a folder, shows what happens, then runs again: nothing is left to do."""

from __future__ import annotations

import sys

from guest import folder, guest
from icloud_photos import LocalStorage, SyncEngine
from icloud_photos.events import SyncDownloaded, SyncFailed


def tell(event: object) -> None:
    if isinstance(event, SyncDownloaded):
        print(f"{event.bytes:>9} {event.path}")
    elif isinstance(event, SyncFailed):
        print(f"failed: {event.error}", file=sys.stderr)


def main() -> None:
    with guest() as session, folder() as place:
        engine = SyncEngine(session.primary_library, LocalStorage(place))
        print(f"first run:  {engine.run(on_event=tell)}")
        print(f"second run: {engine.run()}")


if __name__ == "__main__":
    main()
