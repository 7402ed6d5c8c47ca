"""Lists libraries, albums with their counts, and the newest photos."""

from __future__ import annotations

from guest import guest
from icloud_photos import Role


def main() -> None:
    with guest() as session:
        for library in session.libraries():
            print(f"library {library.name} ({library.kind})")
        library = session.primary_library
        albums = list(library.albums())
        for album, count in zip(albums, library.counts(albums)):
            print(f"album   {'/'.join(album.path)} ({count or 0})")
        for asset in library.all().assets(limit=10):
            original = asset.resource(Role.ORIGINAL)
            print(f"asset   {asset.filename} {asset.created} {original.size if original else 0} bytes")


if __name__ == "__main__":
    main()
