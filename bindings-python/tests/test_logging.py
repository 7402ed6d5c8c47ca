"""What is told to ``logging``, and what never is."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import icloud_photos as ip
import pytest
from icloud_photos.testing import FakeICloud
from support import fault


def secrets(value: Any) -> Iterator[str]:
    """The long words of a session's file: tokens and cookies are among them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            # Names and addresses are known to everybody who reads the log.
            if name not in ("account", "username", "client_id", "url", "urls", "dsid", "domain", "path", "name"):
                yield from secrets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets(inner)
    elif isinstance(value, str) and len(value) >= 20 and "://" not in value:
        yield value


def test_nothing_secret_is_told(fakes: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fake: FakeICloud = fakes(code="314159", password="a very secret password", assets=10)
    with caplog.at_level(logging.DEBUG):
        session = fake.sign_in(ip.Client(sessions=tmp_path, endpoints=fake.endpoints))
        fake.post("expire?what=sessions")
        fault(fake, "content", "status", code=503, times=1)
        ip.SyncEngine(session.primary_library, ip.MemoryStorage()).run()
    ours = [record for record in caplog.records if record.name.startswith("icloud_photos")]
    told = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert ours and any(record.levelno == logging.DEBUG for record in ours)
    kept = [text for file in tmp_path.rglob("*") if file.is_file() for text in file.read_text(errors="replace").splitlines()]
    tokens = {token for line in kept if line.startswith("{") for token in secrets(json.loads(line))}
    assert len(tokens) > 2, kept
    for secret in ["a very secret password", "314159", *tokens]:
        assert secret not in told, secret


def test_loggers_are_below_ours(fake: FakeICloud, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        asset = next(iter(fake.sign_in().primary_library.all()))
        fault(fake, "content", "flip", times=1)
        asset.download().read()
    native = [record for record in caplog.records if "wrong bytes" in record.getMessage()]
    assert native and native[0].levelno == logging.WARNING and native[0].name.startswith("icloud_photos.")
    assert {record.name.split(".")[0] for record in caplog.records} <= {"icloud_photos", "asyncio"}


def test_what_is_shown_has_no_secret(fakes: Any) -> None:
    fake: FakeICloud = fakes(code="314159", password="a very secret password")
    client = ip.Client(endpoints=fake.endpoints)
    challenge = client.login(fake.username, fake.password)
    assert isinstance(challenge, ip.Challenge)
    challenge.request_push()
    saved = challenge.to_saved()
    session = challenge.submit("314159")
    shown = " ".join(map(repr, [client, challenge, saved, session, session.primary_library, session.primary_library.all()]))
    for secret in ("a very secret password", "314159", saved.json):
        assert secret not in shown


@pytest.mark.parametrize("address", ["webdav://ann:hunter2@127.0.0.1:1/photos", "s3://bucket/photos?secret_access_key=hunter2"])
def test_a_secret_in_an_address_is_not_repeated(address: str) -> None:
    try:
        shown = repr(ip.UrlStorage(address))
    except ip.ConfigError as error:
        shown = f"{error!r} {error} {error.__cause__!r}"
    assert "hunter2" not in shown
