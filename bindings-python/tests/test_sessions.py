"""Sessions that outlive their process."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import icloud_photos as ip
import pytest
from icloud_photos.sessions import FileSessionStore
from icloud_photos.testing import FakeICloud
from support import PythonStore, python, requests, reset


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such bits there")
def test_only_the_user_reads_the_folder(fake: FakeICloud, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "as needed"
    old = os.umask(0)
    try:
        fake.sign_in(ip.Client(sessions=folder, endpoints=fake.endpoints))
    finally:
        os.umask(old)
    kept = [file for file in folder.rglob("*") if file.is_file()]
    assert kept
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}


def test_another_process_asks_nobody(fake: FakeICloud, tmp_path: Path) -> None:
    client = ip.Client(sessions=tmp_path, endpoints=fake.endpoints)
    assert client.restore(fake.username) is None
    fake.sign_in(client)
    reset(fake)
    program = """
        import sys
        from icloud_photos import Client, Endpoints
        session = Client(sessions=sys.argv[2], endpoints=Endpoints(auth=sys.argv[1], setup=sys.argv[1])).restore(sys.argv[3])
        print(session.primary_library.all().count())
    """
    done = python(program, fake.url, str(tmp_path), fake.username)
    assert done.stdout.strip() == "25", done.stderr
    assert requests(fake, "auth/init", "auth/complete", "auth/push/device") == 0


def test_restoring_asks_once(fake: FakeICloud, tmp_path: Path) -> None:
    fake.sign_in(ip.Client(sessions=FileSessionStore(tmp_path), endpoints=fake.endpoints))
    reset(fake)
    assert ip.Client(sessions=FileSessionStore(tmp_path), endpoints=fake.endpoints).restore(fake.username) is not None
    assert requests(fake) == requests(fake, "setup/validate") == 1


def test_a_session_that_apple_no_longer_accepts_is_none(fake: FakeICloud, tmp_path: Path) -> None:
    fake.sign_in(ip.Client(sessions=tmp_path, endpoints=fake.endpoints))
    for what in ("sessions", "session-tokens", "trust-tokens"):
        fake.post(f"expire?what={what}")
    assert ip.Client(sessions=tmp_path, endpoints=fake.endpoints).restore(fake.username) is None


def test_a_store_written_in_python(fake: FakeICloud) -> None:
    store = PythonStore()
    fake.sign_in(ip.Client(sessions=store, endpoints=fake.endpoints))
    assert "save" in store.asked
    again = ip.Client(sessions=store, endpoints=fake.endpoints).restore(fake.username)
    assert again is not None and again.primary_library.all().count() == 25
    saved = store.load(fake.username)
    assert saved is not None and fake.password not in saved.json and saved.json not in repr(saved)


async def test_a_store_written_in_python_under_asyncio(fake: FakeICloud) -> None:
    store = PythonStore()
    await fake.sign_in_async(ip.AsyncClient(sessions=store, endpoints=fake.endpoints))
    again = await ip.AsyncClient(sessions=store, endpoints=fake.endpoints).restore(fake.username)
    assert again is not None and await again.primary_library.all().count() == 25


def test_a_store_that_raises(fake: FakeICloud) -> None:
    class Broken(PythonStore):
        def load(self, account: str) -> ip.SavedSession | None:
            raise RuntimeError("the keychain is closed")

    with pytest.raises(ip.ICloudError) as caught:
        ip.Client(sessions=Broken(), endpoints=fake.endpoints).restore(fake.username)
    cause = caught.value.__cause__
    while cause is not None and not isinstance(cause, RuntimeError):
        cause = cause.__cause__
    assert isinstance(cause, RuntimeError) and str(cause) == "the keychain is closed"


def test_an_ended_session_renews_itself(fake: FakeICloud) -> None:
    session = fake.sign_in()
    fake.post("expire?what=sessions")
    assert session.primary_library.all().count() == 25


def test_signing_out_forgets(fake: FakeICloud) -> None:
    store = PythonStore()
    client = ip.Client(sessions=store, endpoints=fake.endpoints)
    fake.sign_in(client).sign_out()
    assert requests(fake, "setup/logout") == 1
    login = client.login(fake.username, fake.password)
    assert isinstance(login, ip.Challenge)


def test_refresh_asks_apple(fake: FakeICloud) -> None:
    session = fake.sign_in()
    reset(fake)
    session.refresh()
    session.save()
    assert requests(fake) > 0
    assert session.trusted_until is None or session.trusted_until.tzinfo is not None
