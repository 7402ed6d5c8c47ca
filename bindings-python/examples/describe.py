"""Copies what was taken in the last ten years with what other programs want to know: a date inside of each JPEG that has none, and an XMP file
beside each photo. A second run writes nothing.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from guest import folder, guest
from icloud_photos import Catalogue, Format, LocalStorage, SyncEngine
from icloud_photos.events import SyncDating, SyncDescribed, SyncFailed


def tell(event: object) -> None:
    if isinstance(event, SyncDating) and event.problem is None:
        print(f"{event.created} now stands in {event.path}")
    elif isinstance(event, SyncDescribed):
        print(f"wrote {event.path}")
    elif isinstance(event, SyncFailed):
        print(f"failed: {event.error}", file=sys.stderr)


def main() -> None:
    with guest() as session, folder() as place:
        engine = SyncEngine(
            session.primary_library,
            LocalStorage(place),
            catalogue=Catalogue.memory(),
            skip_created_before=timedelta(days=3650),
            write_dates=[Format.JPEG],
            sidecars=True,
        )
        print(f"first run:  {engine.run(on_event=tell)}")
        again = engine.run(on_event=tell)
        print(f"second run: {again}, {again.sidecars} sidecars")


if __name__ == "__main__":
    main()
