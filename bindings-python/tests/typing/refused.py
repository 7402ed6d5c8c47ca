"""Mistakes that a type checker must see. Never run: each line that ends in ``# wrong`` is refused, and no other one.

When a line here is let through, some type of the package has become too wide.
"""

from __future__ import annotations

import io

from icloud_photos import (
    Asset,
    AsyncAsset,
    AsyncCatalogue,
    AsyncClient,
    AsyncLibrary,
    AsyncSyncEngine,
    Catalogue,
    Challenge,
    ChangeCursor,
    Client,
    ICloudError,
    Library,
    LocalStorage,
    MemoryStorage,
    Role,
    Saved,
    Session,
    Storage,
    SyncEngine,
    events,
    verify,
)


def signing_in(client: Client) -> None:
    login = client.login("jdoe@example.com", "secret")
    print(login.primary_library)  # wrong
    if isinstance(login, Challenge):
        login.submit(123456)  # wrong
        login.primary_library  # wrong
    client.restore("jdoe@example.com").libraries()  # wrong
    client.login("jdoe@example.com")  # wrong
    Client("~/sessions")  # wrong
    Client(sessions=object())  # wrong
    client.resume("{}")  # wrong


def libraries(session: Session, library: Library) -> None:
    session.primary_library()  # wrong
    library.albums()["Trips"].asets()  # wrong
    library.all().assets(100)  # wrong
    library.all().assets(limit="100")  # wrong
    library.all().assets(roles=[1])  # wrong
    library.albums().find("Trips").count()  # wrong
    library.changes("cursor")  # wrong
    for asset in library.all():
        asset.filename.lower()  # wrong
        asset.created.year  # wrong
        asset.filename = "other"  # wrong
        print(asset.size)  # wrong
    for item in library.assets_by_id(["id"]):
        item.filename  # wrong
    number: int = library.all().count()  # wrong
    print(number)


def downloads(asset: Asset, saved: Saved) -> None:
    asset.download(1)  # wrong
    asset.download(Role.THUMB).read("64 MiB")  # wrong
    asset.download().save(5)  # wrong
    asset.download().save("photos", progress="yes")  # wrong
    asset.download().save_to(io.StringIO())  # wrong
    asset.download().save_to("photo.jpg")  # wrong
    text: str = asset.download().read()  # wrong
    print(text)
    saved.size = 0  # wrong
    saved.proof.checksum  # wrong


class Half(Storage):
    """What is missing is asked for where one is made."""

    def stat(self, path: str) -> int:  # wrong
        return 0


def copies(library: Library, catalogue: Catalogue, cursor: ChangeCursor) -> None:
    Half()  # wrong
    storage = MemoryStorage()
    SyncEngine(library, "photos")  # wrong
    SyncEngine(library, storage, "state")  # wrong
    SyncEngine(library, storage, catalogue="state")  # wrong
    SyncEngine(library, storage, filters=None)  # wrong
    engine = SyncEngine(library, storage, filter=lambda asset: asset.is_loved)  # wrong
    engine.run(on_event=only_views)  # wrong
    engine.execute(cursor)  # wrong
    engine.move_out([cursor])  # wrong
    verify(LocalStorage("photos"))  # wrong
    verify(storage, catalogue, sample="half")  # wrong
    for action in engine.plan():
        action.target  # wrong


def only_views(event: events.ViewEvent) -> None:
    if isinstance(event, events.ViewLaid):
        print(event.error)  # wrong


def errors(error: ICloudError) -> None:
    error.retry_after.total_seconds()  # wrong
    error.context["album"] = 5  # wrong
    ICloudError("words", kind="network")  # wrong


async def forgotten(client: AsyncClient, library: AsyncLibrary, storage: Storage, catalogue: Catalogue) -> None:
    client.login("jdoe@example.com", "secret").account  # wrong
    for asset in library.all():  # wrong
        print(asset)
    library.albums()["Trips"]  # wrong
    AsyncSyncEngine(library, storage, catalogue=catalogue)  # wrong
    with await AsyncCatalogue.open(storage, at="state"):  # wrong
        pass


async def one_face(library: Library, asset: AsyncAsset) -> None:
    await library.albums()  # wrong
    AsyncSyncEngine(library, MemoryStorage())  # wrong
    async for other in library.all():  # wrong
        print(other)
    data: bytes = asset.download().read()  # wrong
    print(data)
