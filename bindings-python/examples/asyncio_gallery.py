"""A page with the newest photos: their thumbnails are fetched side by side, and put into one HTML file."""

from __future__ import annotations

import asyncio
import base64
import html
from pathlib import Path

from guest import folder, guest_async
from icloud_photos import AsyncAsset, ICloudError, Role


async def figure(asset: AsyncAsset, places: asyncio.Semaphore) -> str:
    """A photo with its name; only its name if it cannot be had."""
    async with places:
        try:
            data = await asset.download(Role.THUMB).read(limit=1 << 20)
        except ICloudError as error:
            print(f"{asset.filename}: {error}")
            data = b""
    picture = f'<img src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
    return f"<figure>{picture}<figcaption>{html.escape(asset.filename or asset.id)}</figcaption></figure>"


async def main() -> None:
    places = asyncio.Semaphore(8)
    async with guest_async() as session:
        newest = [asset async for asset in session.primary_library.all().assets(roles=[Role.THUMB], limit=24)]
        figures = await asyncio.gather(*(figure(asset, places) for asset in newest))
    with folder() as place:
        page = Path(place) / "gallery.html"
        page.write_text('<!doctype html><meta charset="utf-8">' + "\n".join(figures), encoding="utf-8")
        print(f"{len(figures)} photos, {page.stat().st_size} bytes in {page}")


if __name__ == "__main__":
    asyncio.run(main())
