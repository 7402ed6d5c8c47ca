"""What the Rust example `census` does, in Python: `census.py blocking|asyncio URL USERNAME PASSWORD`."""

import sys
from collections import Counter


def blocking(url, username, password):
    from icloud_photos import Client, Endpoints

    session = Client(endpoints=Endpoints(url, url)).login(username, password)
    kinds, size = Counter(), 0
    assets = session.primary_library.all().assets()
    for asset in assets:
        kinds[asset.kind] += 1
        original = asset.resource("original")
        size += original.size if original else 0
    return kinds, size, assets.outcome()


async def beside(url, username, password):
    from icloud_photos import AsyncClient, Endpoints

    session = await AsyncClient(endpoints=Endpoints(url, url)).login(username, password)
    kinds, size = Counter(), 0
    assets = session.primary_library.all().assets()
    async for asset in assets:
        kinds[asset.kind] += 1
        original = asset.resource("original")
        size += original.size if original else 0
    return kinds, size, assets.outcome()


if __name__ == "__main__":
    face, *account = sys.argv[1:]
    if face == "asyncio":
        import asyncio

        print(*asyncio.run(beside(*account)))
    else:
        print(*blocking(*account))
