"""What was found while the faces were looked through: each of these failed once."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from icloud_photos import Catalogue, ConfigError, Library, MemoryStorage, Storage, SyncEngine, events
from icloud_photos.testing import FakeICloud


@pytest.fixture
def library() -> Iterator[Library]:
    with FakeICloud(assets=600, file_size=1000) as fake:
        yield fake.sign_in().primary_library


@pytest.fixture
def old() -> Iterator[Library]:
    """A library with photos from before 1970."""
    with FakeICloud(assets=60, profile="everyday") as fake:
        yield fake.sign_in().primary_library


@pytest.mark.parametrize("read", [1, 50, 300])
def test_a_plan_that_was_read_from_is_not_executed(library: Library, read: int) -> None:
    storage = MemoryStorage()
    engine = SyncEngine(library, storage, catalogue=Catalogue.memory())
    plan = engine.plan()
    list(itertools.islice(plan, read))
    with pytest.raises(ConfigError):
        engine.execute(plan)
    # Nothing was lost by trying.
    engine.run()
    assert len(list(storage.list())) == 600


def test_a_plan_of_another_engine_is_not_executed(library: Library) -> None:
    storage = MemoryStorage()
    with pytest.raises(ConfigError):
        SyncEngine(library, storage).execute(SyncEngine(library, MemoryStorage()).plan())
    assert not list(storage.list())


def test_photos_from_before_1970_are_saved(old: Library) -> None:
    storage = MemoryStorage()
    ancient = [asset for asset in old.all() if asset.created and asset.created.year < 1970]
    assert ancient
    for asset in ancient:
        asset.download().save(storage, asset.id)
    modified = [storage.stat(asset.id).modified for asset in ancient]  # type: ignore[union-attr]
    assert [time and time.year for time in modified] == [asset.created.year for asset in ancient]  # type: ignore[union-attr]


def test_plans_and_lists_tell_of_photos_from_before_1970(old: Library) -> None:
    storage = MemoryStorage()
    engine = SyncEngine(old, storage)
    planned = [action for action in engine.plan() if isinstance(action, events.ActionDownload)]
    engine.run()
    assert len(planned) == len(list(storage.list()))


def test_an_asyncio_program_ends_well() -> None:
    program = """
        import asyncio
        from icloud_photos.testing import FakeICloud
        async def main(fake):
            session = await fake.sign_in_async()
            async for asset in session.primary_library.all().assets():
                pass
        with FakeICloud(assets=10) as fake:
            asyncio.run(main(fake))
    """
    for _ in range(10):
        # The interpreter must not end below threads that are in it.
        assert subprocess.run([sys.executable, "-c", textwrap.dedent(program)], timeout=60).returncode == 0


def test_a_storage_whose_methods_are_async_generators_is_refused(library: Library) -> None:
    kept = MemoryStorage()

    class Wrong(Storage):
        capabilities = staticmethod(kept.capabilities)
        stat = staticmethod(kept.stat)
        write = staticmethod(kept.write)
        remove = staticmethod(kept.remove)
        list = staticmethod(kept.list)
        flush = staticmethod(kept.flush)

        async def read(self, path: str, start: int = 0):  # type: ignore[no-untyped-def, override]
            yield b""

    with pytest.raises(TypeError, match="read"):
        SyncEngine(library, Wrong())


def test_every_class_of_events_that_native_code_makes_is_there() -> None:
    """By the source: a field that differs is a TypeError in the middle of a run."""
    import dataclasses
    import re

    from icloud_photos import _models as models

    common = Path(__file__).resolve().parents[2] / "bindings" / "common" / "src"
    rust = "".join(file.read_text() for file in sorted(common.glob("*.rs")))
    found = re.findall(r'(?:variant|model)!\(\s*"(\w+)"((?:,\s*\w+ = [^,;]+?)*),?\s*\)\s*[,}]', rust)
    assert len(found) > 80
    for name, given in found:
        made = getattr(events, name, None) or getattr(models, name)
        fields = {field.name for field in dataclasses.fields(made)}
        assert set(re.findall(r",\s*(\w+) = ", given)) <= fields, name


def test_a_filter_that_failed_once_spoils_no_later_run(library: Library) -> None:
    fails = [True]

    def wanted(_: object) -> bool:
        if fails[0]:
            raise LookupError("not now")
        return True

    engine = SyncEngine(library, MemoryStorage(), filter=wanted)
    for _ in range(20):
        fails[0] = True
        with pytest.raises(LookupError):
            engine.run()
        fails[0] = False
        assert engine.run().is_clean


def test_what_a_filter_did_not_judge_is_told_of_nowhere(library: Library) -> None:
    """What counts as seen is never asked for again."""

    def wanted(_: object) -> bool:
        raise LookupError("not now")

    told: list[object] = []
    with pytest.raises(LookupError):
        SyncEngine(library, MemoryStorage(), filter=wanted).run(on_event=told.append)
    assert not [event for event in told if isinstance(event, events.SyncSkipped)]
    planned: list[object] = []
    with pytest.raises(LookupError):
        planned.extend(SyncEngine(library, MemoryStorage(), filter=wanted).plan())
    assert not [action for action in planned if isinstance(action, events.ActionSkip)]
