"""Keeps a copy with a catalogue: the second run sends one question, and a lost catalogue is made anew from the files."""

from __future__ import annotations

from pathlib import Path

from guest import folder, guest
from icloud_photos import Catalogue, LocalStorage, SyncEngine, verify
from icloud_photos.events import AdoptDamaged, AdoptEvent


def tell(event: AdoptEvent) -> None:
    if isinstance(event, AdoptDamaged):
        print(f"damaged: {event.path}")


def main() -> None:
    with guest() as session, folder() as place:
        library, storage = session.primary_library, LocalStorage(Path(place) / "photos")
        with Catalogue.open(storage, at=Path(place) / "data") as catalogue:
            engine = SyncEngine(library, storage, catalogue=catalogue)
            print(f"first run:  {engine.run()}")
            print(f"second run: {engine.run()}")
            print(f"verified:   {verify(storage, catalogue)}")
        with Catalogue.open(storage, at=Path(place) / "other-data") as fresh:
            engine = SyncEngine(library, storage, catalogue=fresh)
            print(f"adopted:    {engine.adopt(on_event=tell)}")
            print(f"third run:  {engine.run()}")


if __name__ == "__main__":
    main()
