"""A storage of one's own: files in memory, each with a note of who wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guest import guest
from icloud_photos import Capabilities, ObjectMeta, Storage, StorageWriter, SyncEngine, WriteOptions


class Shelf(Storage):
    """A dict. Methods are called on several threads; what one statement does to a dict happens at once."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, Mapping[str, str]]] = {}

    def capabilities(self) -> Capabilities:
        """It promises little: what it does not say it can, it is not asked for."""
        return Capabilities(exclusive_commit=True, case_sensitive=True, metadata=True)

    def stat(self, path: str) -> ObjectMeta | None:
        found = self.files.get(path)
        return None if found is None else ObjectMeta(path, len(found[0]), metadata=dict(found[1]))

    def write(self, path: str, options: WriteOptions) -> Pen:
        return Pen(self, path, options.replace)

    def read(self, path: str, start: int = 0) -> Iterator[bytes]:
        if path not in self.files:
            raise FileNotFoundError(path)
        return iter([self.files[path][0][start:]])

    def remove(self, path: str) -> None:
        self.files.pop(path, None)

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        inside = prefix and f"{prefix}/"
        return iter([ObjectMeta(path, len(data)) for path, (data, _) in [*self.files.items()] if path.startswith(inside)])


class Pen(StorageWriter):
    """Nothing is seen of a file before it is whole."""

    def __init__(self, shelf: Shelf, path: str, replace: bool) -> None:
        self.shelf, self.path, self.replace = shelf, path, replace
        self.data = bytearray()
        self.metadata: Mapping[str, str] = {}

    def restart(self) -> None:
        self.data.clear()

    def write(self, chunk: bytes) -> None:
        self.data += chunk

    def describe(self, metadata: Mapping[str, str]) -> None:
        self.metadata = metadata

    def commit(self) -> ObjectMeta:
        file = (bytes(self.data), self.metadata)
        if self.replace:
            self.shelf.files[self.path] = file
        elif self.shelf.files.setdefault(self.path, file) is not file:
            raise FileExistsError(self.path)
        return ObjectMeta(self.path, len(self.data))

    def abort(self) -> None:
        self.data.clear()


def main() -> None:
    shelf = Shelf()
    with guest() as session:
        print(SyncEngine(session.primary_library, shelf).run())
    for path, (data, metadata) in sorted(shelf.files.items())[:5]:
        print(f"{len(data):>9} {path} {metadata}")


if __name__ == "__main__":
    main()
