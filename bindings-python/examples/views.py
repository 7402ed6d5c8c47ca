"""One copy, and two trees over it that people browse: by album and by year. Each photo is fetched once and stored once; in the trees stand links
to it.
"""

from __future__ import annotations

from pathlib import Path

from guest import folder, guest
from icloud_photos import Catalogue, LocalStorage, SyncEngine, View
from icloud_photos.events import ViewDone, ViewLeft


def tell(event: object) -> None:
    if isinstance(event, ViewDone):
        print(f"{event.view}: {event.entries} entries")
    elif isinstance(event, ViewLeft):
        print(f"{event.path} stays: {event.why}")


def main() -> None:
    with guest() as session, folder() as place, Catalogue.sqlite(Path(place) / "catalogue.sqlite") as catalogue:
        engine = SyncEngine(
            session.primary_library,
            LocalStorage(Path(place) / "photos"),
            catalogue=catalogue,
            views=[View("albums", "{album_path}"), View("years", "{:%Y}")],
        )
        print(engine.run(on_event=tell))
        # Albums are listed once; from now on the history tells who comes and goes.
        report = engine.run()
        print(f"again: {report.views_laid} laid, {report.views_removed} removed")


if __name__ == "__main__":
    main()
