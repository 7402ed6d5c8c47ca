"""The scenarios that all languages run, `scenarios/scenarios.json`: both faces take every step and must come to the outcomes that it has."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import zlib
from pathlib import Path
from typing import Any

import icloud_photos as ip
import pytest
from icloud_photos.events import ChangeAsset
from icloud_photos.testing import FakeICloud

FILE = Path(__file__).resolve().parents[2] / "scenarios" / "scenarios.json"
SCENARIOS = json.loads(FILE.read_text())["scenarios"]


class Face:
    """One face of the package: its classes, and how its calls are waited for."""

    def __init__(self, name: str) -> None:
        self.is_async = name == "asyncio"
        prefix = "Async" if self.is_async else ""
        for noun in ("Client", "Challenge", "Session", "SyncEngine", "Catalogue"):
            setattr(self, noun, getattr(ip, prefix + noun))
        self.verify = ip.async_verify if self.is_async else ip.verify
        self.actions = tuple(getattr(ip, prefix + noun) for noun in ("TermsAction", "ConsentAction", "SecurityKeyAction"))

    async def of(self, value: Any) -> Any:
        """What a call comes to."""
        return await value if inspect.isawaitable(value) else value

    async def all(self, items: Any) -> list[Any]:
        """Everything an iterator gives."""
        return [item async for item in items] if self.is_async else list(items)


@pytest.mark.parametrize("name", ["blocking", "asyncio"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_scenario(scenario: dict[str, Any], name: str) -> None:
    asyncio.run(play(scenario, Face(name)))


async def play(scenario: dict[str, Any], face: Face) -> None:
    with FakeICloud(**scenario["fake"]) as fake:
        world = World(face, fake)
        if scenario.get("sign_in"):
            await world.login({})
            await world.push({})
            await world.submit({"code": fake.code()})
        for number, step in enumerate(scenario["steps"], 1):
            try:
                outcome = await getattr(world, step["do"])(step)
            except ip.ICloudError as error:
                outcome = {"error": error.kind.value, "retryable": error.retryable}
            came_to = {key: outcome.get(key) for key in step["expect"]}
            assert came_to == step["expect"], f"step {number}: {step}\ncame to {outcome}"


class World:
    """What a scenario acts on."""

    def __init__(self, face: Face, fake: FakeICloud) -> None:
        self.face, self.of, self.fake_cloud = face, face.of, fake
        self.client = face.Client(endpoints=fake.endpoints)
        self.challenge: Any = None
        self.session: Any = None
        self.storage = ip.MemoryStorage()
        self.catalogue = face.Catalogue.memory()
        self.since: Any = None

    async def login(self, step: dict[str, Any]) -> dict[str, Any]:
        password = step.get("password", self.fake_cloud.password)
        login = await self.of(self.client.login(self.fake_cloud.username, password))
        if isinstance(login, self.face.actions):
            return {"state": "action_required", "error_kind": login.error.kind.value}
        if isinstance(login, self.face.Challenge):
            self.challenge = login
            return {"state": "code_required", "has_devices": login.has_devices}
        self.session = login
        return {"state": "complete"}

    async def restore(self, _: dict[str, Any]) -> dict[str, Any]:
        found = await self.of(self.client.restore(self.fake_cloud.username))
        return {"state": "none" if found is None else "complete"}

    async def push(self, _: dict[str, Any]) -> dict[str, Any]:
        await self.of(self.challenge.request_push())
        return {}

    async def submit(self, step: dict[str, Any]) -> dict[str, Any]:
        self.session = await self.of(self.challenge.submit(step["code"]))
        return {"state": "complete"}

    async def carry_over(self, _: dict[str, Any]) -> dict[str, Any]:
        saved = await self.of(self.challenge.to_saved())
        self.client = self.face.Client(endpoints=self.fake_cloud.endpoints)
        self.challenge = self.client.resume(ip.SavedChallenge(saved.json))
        return {"state": "code_required"}

    async def libraries(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"names": [library.name for library in await self.of(self.session.libraries())]}

    async def albums(self, _: dict[str, Any]) -> dict[str, Any]:
        tree = await self.of(self.session.primary_library.albums())
        return {"paths": ["/".join(album.path) for album in tree]}

    def album(self, step: dict[str, Any]) -> Any:
        library = self.session.primary_library
        return library.smart_album(step["smart"]) if "smart" in step else library.all()

    async def count(self, step: dict[str, Any]) -> dict[str, Any]:
        return {"count": await self.of(self.album(step).count())}

    async def list(self, step: dict[str, Any]) -> dict[str, Any]:
        problems: list[ip.ICloudError] = []
        listing = self.album(step).assets(limit=step.get("limit"), on_error=problems.append)
        assets = await self.face.all(listing)
        names = [asset.filename for asset in assets]
        kinds = [asset.kind.value for asset in assets]
        return {
            "seen": len(names),
            "first": names[0] if names else None,
            "last": names[-1] if names else None,
            "kinds": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
            "files": sum(len(asset.resources) for asset in assets),
            "problems": len(problems),
            "outcome": listing.outcome().state.value,
        }

    async def at(self, step: dict[str, Any]) -> Any:
        return (await self.face.all(self.session.primary_library.all().assets(limit=step["at"] + 1)))[step["at"]]

    async def asset(self, step: dict[str, Any]) -> dict[str, Any]:
        asset = await self.at(step)
        return {
            "id": asset.id,
            "filename": asset.filename,
            "kind": asset.kind.value,
            "subtype": asset.subtype.value,
            "created_ms": asset.created_ms,
            "created": asset.created and int(asset.created.timestamp()),
            "added": asset.added and int(asset.added.timestamp()),
            "offset": None if asset.utc_offset is None else int(asset.utc_offset.total_seconds()),
            "dimensions": asset.dimensions and list(asset.dimensions),
            "favorite": asset.is_favorite,
            "hidden": asset.is_hidden,
            "keywords": asset.keywords,
            "title": asset.title,
            "resources": {one.role.value: [one.size, one.checksum and one.checksum.text] for one in asset.resources},
        }

    async def download(self, step: dict[str, Any]) -> dict[str, Any]:
        download = (await self.at(step)).download(step.get("role", "original"))
        if step["how"] == "bytes":
            data, proof = await self.of(download.read_with_proof())
        elif step["how"] == "stream" and "start" in step:
            chunks = download.chunks(step["start"], step["end"])
            data, proof = b"".join(await self.face.all(chunks)), chunks.proof
        elif step["how"] == "stream":
            file = io.BytesIO()
            proof = await self.of(download.save_to(file))
            data = file.getvalue()
        else:
            saved = await self.of(download.save(self.storage, "saved.jpg"))
            data, proof = b"".join(self.storage.read("saved.jpg")), saved.proof
            self.storage.remove("saved.jpg")
        name = proof and ("verified" if proof.verified else proof.doubt.value)
        return {"size": len(data), "crc": zlib.crc32(data), "proof": name}

    def engine(self, step: dict[str, Any]) -> Any:
        keep = (lambda asset: asset.is_favorite) if step.get("filter") == "favorites" else None
        return self.face.SyncEngine(
            self.session.primary_library,
            self.storage,
            catalogue=self.catalogue,
            layout=ip.Layout(zone="UTC"),
            filter=keep,
            filter_name=step.get("filter", "filter"),
        )

    async def sync(self, step: dict[str, Any]) -> dict[str, Any]:
        return members(await self.of(self.engine(step).run()))

    async def tree(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"files": self.files()}

    def files(self) -> dict[str, int]:
        return {meta.path: meta.size for meta in sorted(self.storage.list(), key=lambda meta: meta.path.encode())}

    async def verify(self, step: dict[str, Any]) -> dict[str, Any]:
        engine = self.engine({})
        verified = self.face.verify(self.storage, self.catalogue, engine=engine, repair=step.get("repair", False))
        return members(await self.of(verified))

    async def adopt(self, _: dict[str, Any]) -> dict[str, Any]:
        return members(await self.of(self.engine({}).adopt()))

    async def forget(self, _: dict[str, Any]) -> dict[str, Any]:
        self.catalogue = self.face.Catalogue.memory()
        return {}

    async def damage(self, _: dict[str, Any]) -> dict[str, Any]:
        path = next(iter(self.files()))
        data = bytearray(b"".join(self.storage.read(path)))
        data[0] ^= 0xFF
        writer = self.storage.write(path, ip.WriteOptions(replace=True))
        writer.write(bytes(data))
        writer.commit()
        return {"path": path}

    async def cursor(self, _: dict[str, Any]) -> dict[str, Any]:
        self.since = await self.of(self.session.primary_library.cursor())
        return {}

    async def changes(self, _: dict[str, Any]) -> dict[str, Any]:
        batches = await self.face.all(self.session.primary_library.changes(self.since))
        assets = sum(isinstance(change, ChangeAsset) for batch in batches for change in batch.changes)
        return {"assets": assets, "batches": len(batches)}

    async def fake(self, step: dict[str, Any]) -> dict[str, Any]:
        self.fake_cloud.post(step["post"].replace("/fake/", "", 1), step.get("body"))
        return {}


def members(report: Any) -> dict[str, Any]:
    """A report's numbers."""
    return {**vars(report), "clean": report.is_clean}
