"""The programs of pyicloud's own documentation with another import, and the same looks through both.

Where no pyicloud is installed these tests are skipped; where CI runs them they fail.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import subprocess
import sys
import types
import unicodedata
from pathlib import Path

import programs
import pytest
from icloud_photos.compat.pyicloud import PyiCloudService, exceptions
from icloud_photos.compat.pyicloud.services import photos as service
from test_pyicloud_sign_in import accept_signature, plug_in
from world import CODE, PUSHES, fake, truth

COMPAT = Path(__file__).parent
REAL = programs.find()
needs_pyicloud = pytest.mark.skipif(
    REAL is None and not os.environ.get("CI"),
    reason="no pyicloud is installed; PYICLOUD_PYTHON names a Python that has one",
)


def blocks(title: str) -> list[str]:
    """The programs below a heading of the documentation."""
    assert REAL is not None
    found = REAL.section(title)
    if not found:
        pytest.skip(f"the README of pyicloud {REAL.version} has no {title!r}; that of 2.4.1 has")
    return found


def documented(monkeypatch: pytest.MonkeyPatch) -> programs.Run:
    """Signed in as the documentation does it."""
    run = programs.Run({"sys": sys})
    monkeypatch.setattr("builtins.input", lambda prompt="": CODE)
    run.program(blocks("Authentication")[0])
    run.program(blocks("Two-step and two-factor authentication (2SA/2FA)")[0])
    return run


@needs_pyicloud
def test_the_documented_sign_in_runs_with_its_import_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake(username="jappleseed@apple.com", password="password"):
        run = documented(monkeypatch)
        assert run.namespace["result"] is True
        assert "Code validation result: True" in run.printed
        assert run.namespace["api"].is_trusted_session and not run.namespace["api"].requires_2fa

        # The session is kept: no code is asked for again, whatever the options.
        monkeypatch.setattr("builtins.input", lambda prompt="": pytest.fail("a code was asked for again"))
        again = programs.Run({"sys": sys})
        for block in blocks("Authentication"):
            again.program(block, refusals=(exceptions.ServiceNotOffered,))
        assert [source for source, _ in again.refused] == ["api.devices"]
        assert again.namespace["api"].is_trusted_session


@needs_pyicloud
def test_the_documented_two_step_sign_in_runs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([0, CODE])
    click = types.SimpleNamespace(prompt=lambda *_, **__: next(answers))
    monkeypatch.setitem(sys.modules, "click", click)
    with fake(username="jappleseed@apple.com", password="password", state="two-step"):
        run = documented(monkeypatch)
        assert next(answers, None) is None, "it was not gone through"
        assert "Your trusted devices are:" in run.printed and "  0: " in run.printed
        assert run.namespace["api"].is_trusted_session
        assert len(run.namespace["api"].photos.all) > 30


@needs_pyicloud
def test_the_documented_sign_in_by_a_security_key_runs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    click = types.SimpleNamespace(prompt=lambda *_, **__: 2, IntRange=lambda *_: None)
    key = plug_in(monkeypatch)
    with fake(username="jappleseed@apple.com", password="password", state="security-keys") as cloud:
        accept_signature(cloud, base64.b64encode(b"signed").decode())
        run = programs.Run({"sys": sys, "click": click})
        run.program(blocks("Authentication")[0])
        run.program(blocks("Two-step and two-factor authentication (2SA/2FA)")[0])
        assert "keys: Blue key, Key in the safe" in run.printed and "2: the blue one" in run.printed
        assert key.touched == ["the blue one"]
        assert run.namespace["api"].is_trusted_session and len(run.namespace["api"].photos.all) > 30


@needs_pyicloud
def test_the_documented_programs_for_photos_run_with_their_import_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    documentation = blocks("Photo Library")
    account = {"username": "jappleseed@apple.com", "password": "password"}
    with fake(account=PUSHES, **account) as cloud:
        # The album that the documentation speaks of, made by pyicloud itself.
        script = str(COMPAT / "prepare.py")
        REAL.run(cloud.url, script, *account.values(), CODE, str(tmp_path / "theirs"), "MyAlbum", home=tmp_path)
        run = documented(monkeypatch)
        run.namespace["file_path"] = "picture.jpg"
        run.namespace["photo_asset"] = run.namespace["api"].photos.all[0]
        before = truth(cloud)
        (tmp_path / "into").mkdir()
        with programs.folder(tmp_path / "into"):
            for block in documentation:
                run.program(block, refusals=(exceptions.NotOffered,))

        changes = ("delete()", "upload(", "add_photo(")
        assert [source for source, _ in run.refused if not any(change in source for change in changes)] == []
        assert len(run.refused) >= 6 and len(run.done) >= 18
        assert "<SmartPhotoAlbum: 'Library'>\n" in run.printed and "<SmartPhotoAlbum: 'Screenshots'>\n" in run.printed
        assert "<PhotoAlbum: 'MyAlbum'>\n" in run.printed
        photo = run.namespace["photo"]
        assert f"<PhotoAsset: id={photo.id}> {photo.filename}\n" in run.printed
        # The photo and its thumbnail have one name in pyicloud, so the one that was written last is there.
        assert (tmp_path / "into" / photo.filename).read_bytes() == photo.download("thumb") != photo.download()
        assert truth(cloud) == before, "nothing was changed"


@needs_pyicloud
def test_both_see_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    look = COMPAT / "look.py"
    with fake(account=PUSHES) as cloud:
        account = [cloud.username, cloud.password, CODE]
        theirs = json.loads(REAL.run(cloud.url, str(look), *account, str(tmp_path / "theirs"), home=tmp_path))
        ours = json.loads(looked(look, monkeypatch, *account, str(tmp_path / "ours")))
        masters = [asset["master"] for asset in truth(cloud)]
        twins = {master for master in masters if masters.count(master) > 1}
        own = PyiCloudService(cloud.username, cookie_directory=str(tmp_path / "ours")).photos
        edited = {photo.id for name in ("Library", "Hidden") for photo in own.albums[name] if photo.ours.is_edited}

    for album in theirs["albums"].values():
        # Names come as Apple has them there, and composed here.
        album.update({key: unicodedata.normalize("NFC", album[key]) for key in ("name", "title", "fullname", "repr")})
    # pyicloud's list of everything begins with the oldest, against its own documentation; ours with the newest.
    for seen in (theirs, ours):
        for album in seen["albums"].values():
            album["photos"] = sorted(set(album["photos"]))
        for id in twins:
            # A duplicate has the original's id in pyicloud, which shows one of the two.
            del seen["shown"][id]
        for one in seen["shown"].values():
            # Theirs gives films of Live Photos the name of the picture where they are MPEG-4.
            one["versions"].pop("medium_video", None), one["versions"].pop("thumb_video", None)
            one["bytes"].pop("medium_video", None), one["bytes"].pop("thumb_video", None)
        for id in edited - twins:
            # Theirs shows small pictures of the original, ours those of the photo as it is now.
            for small in ("medium", "thumb"):
                seen["shown"][id]["versions"].pop(small, None), seen["shown"][id]["bytes"].pop(small, None)
    assert 0 < len(edited) < 10
    assert theirs["shown"].keys() == ours["shown"].keys() and len(ours["shown"]) > 30
    films = (".mov", ".mp4", ".m4v", ".avi")
    for id, shown in theirs["shown"].items():
        if shown["item_type"] == "movie" and not shown["filename"].lower().endswith(films):
            # For pyicloud a RAW photo is a film.
            assert ours["shown"][id]["item_type"] == "image"
            theirs["shown"][id] = ours["shown"][id]
            continue
        assert ours["shown"][id] == shown, id
    for id, album in theirs["albums"].items():
        assert ours["albums"][id] == album, id
    assert ours == theirs


def looked(script: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """The same script with its import replaced."""
    text = programs.OLD.sub(programs.NEW, script.read_text())
    monkeypatch.setattr(sys, "argv", [str(script), *arguments])
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, str(script), "exec"), {"__name__": "__main__"})
    return out.getvalue()


@needs_pyicloud
def test_a_session_of_pyicloud_is_taken_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with fake(account=PUSHES) as cloud:
        folder = str(tmp_path / "theirs")
        script = str(COMPAT / "prepare.py")
        REAL.run(cloud.url, script, cloud.username, cloud.password, CODE, folder, "MyAlbum", home=tmp_path)
        api = PyiCloudService(cloud.username, cookie_directory=folder)
        assert api.is_trusted_session and "MyAlbum" in api.photos.albums


@needs_pyicloud
def test_every_public_name_of_pyicloud_is_here_or_in_the_table() -> None:
    table = (programs.REPOSITORY / "docs" / "python-from-pyicloud.md").read_text()
    script = str(COMPAT / "names.py")
    names = json.loads(subprocess.run([REAL.python, script], stdout=-1, check=True).stdout)
    assert len(names) > 120
    told = {name for name in names if f"`{name}`" in table}
    missing = [name for name in names if not here(name) and told.isdisjoint((name, name.partition(".")[0]))]
    assert missing == []


def here(name: str) -> bool:
    place, _, member = name.partition(".")
    found = getattr(service, place, None) or getattr(exceptions, place, None) or {"PyiCloudService": PyiCloudService}.get(place)
    return found is not None and (not member or hasattr(found, member))
