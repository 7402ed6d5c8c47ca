"""Albums and photos in pyicloud's shape, and what is left out, said plainly."""

from __future__ import annotations

import hashlib
import json

import icloud_photos
import pytest
from icloud_photos.compat.pyicloud import PyiCloudService, exceptions
from icloud_photos.compat.pyicloud.services import photos as service
from icloud_photos.testing import FakeICloud
from world import fake, requests, signed_in, truth


def test_albums_are_found_by_full_name_id_and_place(api: PyiCloudService) -> None:
    albums = api.photos.albums
    assert albums is api.photos.albums and albums is not api.photos._root.refresh_albums()
    assert albums["All Photos"] is albums["Library"] is albums[0] is albums.index(0)
    kids = albums["Family/Kids"]
    assert albums[kids.id] is kids is albums.get(kids.id) is albums.get("Family/Kids") is albums.find("Family/Kids")
    assert "Family/Kids" in albums and "Kids" not in albums and kids.name == kids.title == str(kids) == "Kids"
    assert albums["Jörg"] is albums["Jo\u0308rg"], "however its letters are composed"
    assert list(albums.keys())[:2] == ["Library", "Time-lapse"] and len(albums) == len(list(albums)) == len(albums.items())
    assert albums.get("none") is None and albums.get("none", 7) == 7
    with pytest.raises(KeyError, match="Wedding"):
        albums["none"]
    with pytest.raises(IndexError):
        albums.index(len(albums))
    assert isinstance(albums["Family"], service.PhotoAlbumFolder) and len(albums["Family"]) == 0 and list(albums["Family"]) == []


def test_an_album_is_read_newest_first_and_places_are_in_that_order(api: PyiCloudService, cloud: FakeICloud) -> None:
    album = api.photos.all
    photos = list(album)
    assert len(album) == len(photos) > 30
    assert [photo.created for photo in photos] == sorted((photo.created for photo in photos), reverse=True)
    ids = [photo.id for photo in photos]
    assert [album[place].id for place in range(5)] == ids[:5]
    assert (album[-1].id, album[-3].id, album.photo(7).id, album[7].id) == (ids[-1], ids[-3], ids[7], ids[7])
    for place in (len(ids), -len(ids) - 1):
        with pytest.raises(IndexError):
            album[place]
    assert album[ids[3]].id == album.get(ids[3]).id == album[photos[3].asset_id].id == ids[3]
    assert ids[3] in album and photos[3] in album and "none" not in album and album.get("none") is None
    with pytest.raises(KeyError):
        album["none"]


def test_places_in_a_row_cost_one_listing(api: PyiCloudService, cloud: FakeICloud) -> None:
    album = api.photos.all
    before = requests(cloud)
    assert len(list(album)) > 30
    one = requests(cloud) - before
    before = requests(cloud)
    assert len([album[place] for place in range(30)]) == 30
    assert requests(cloud) - before <= one + 1


def test_photos_are_what_the_library_holds(api: PyiCloudService, cloud: FakeICloud) -> None:
    known = {asset["id"]: asset for asset in truth(cloud)}
    checked = 0
    for photo in api.photos.all:
        files = {file["family"]: file for file in known[photo.asset_id]["resources"]}
        assert photo.master_id == photo.id == known[photo.asset_id]["master"]
        assert photo.size == files["resOriginal"]["size"]
        assert photo.is_live_photo == ("resOriginalVidCompl" in files and photo.item_type == "image")
        content = photo.download()
        assert isinstance(content, bytes) and hashlib.sha256(content).hexdigest() == files["resOriginal"]["sha256"]
        assert photo.ours.id == photo.asset_id and photo.asset_date == photo.created
        checked += photo.is_live_photo
    assert checked > 2, "live photos are among them"


def test_bytes_can_be_read_as_answers_were(api: PyiCloudService) -> None:
    photo = api.photos.all[0]
    content = photo.download(timeout=5)
    assert content.raw.read() == content.content == content == b"".join(content.iter_content(100))
    assert all(len(piece) <= 100 for piece in content.iter_content(100)) and type(content.content) is bytes
    assert photo.download("no such version") is None and photo.download_url("no such version") is None


def test_the_film_of_a_live_photo_has_a_name_of_its_own(api: PyiCloudService) -> None:
    photo = next(photo for photo in api.photos.albums["Live"] if photo.is_live_photo)
    stem = photo.filename.rpartition(".")[0]
    assert photo.versions["original_video"]["filename"] == f"{stem}.MOV" != photo.filename
    assert photo.download("original_video") != photo.download("original")


def test_a_name_never_leads_out_of_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["../../evil.jpg", "..", "a\\b\n.jpg", None]
    files = [[{"family": "resOriginal", "size": 10 + number}] for number in range(len(names))]
    library = [{"name": name, "kind": "public.jpeg", "date": 1, "files": of} for name, of in zip(names, files)]
    with fake(library=library) as cloud:
        found = {photo.filename for photo in signed_in(cloud).photos.all}
        assert {".._.._evil.jpg", "_", "a_b_.jpg"} < found
        assert len(found) == 4 and not any("/" in name for name in found), found


def test_shared_libraries_are_read(api: PyiCloudService) -> None:
    libraries = api.photos.libraries
    assert libraries["root"] is libraries["PrimarySync"]
    name = next(name for name in libraries if name.startswith("SharedSync-"))
    assert libraries[f"shared:{name}"] is libraries[name]
    assert len(list(libraries[name].all)) == 4 and libraries[name].albums["Library"].name == "Library"
    with pytest.raises(KeyError):
        libraries["none"]


def test_a_library_whose_index_is_built_still_is_unavailable() -> None:
    with fake() as cloud:
        api = signed_in(cloud)
        body = json.dumps({"records": [{"recordType": "CheckIndexingState", "fields": {"state": {"value": "RUNNING"}}}]})
        rule = {"match": "*", "contains": "CheckIndexingState", "action": {"kind": "status", "code": 200, "body": body}}
        cloud.post("faults", {"rules": [rule]})
        with pytest.raises(exceptions.PyiCloudServiceUnavailable) as refused:
            api.photos  # noqa: B018
        assert isinstance(refused.value.__cause__, icloud_photos.errors.IndexNotReadyError)
        cloud.post("faults", {"rules": []})
        assert len(api.photos.all) > 30, "the next time it is asked again"


def test_wrong_bytes_are_an_error_and_no_photo(api: PyiCloudService, cloud: FakeICloud) -> None:
    photo = api.photos.all[0]
    cloud.post("faults", {"seed": 1, "rules": [{"match": "content", "action": {"kind": "flip"}}]})
    with pytest.raises(exceptions.PyiCloudAPIResponseException) as refused:
        photo.download()
    assert refused.value.code is None and refused.value.ours.kind == icloud_photos.ErrorKind.INTEGRITY


def test_nothing_is_changed_in_icloud(api: PyiCloudService, cloud: FakeICloud) -> None:
    photo, album = api.photos.all[0], api.photos.albums["Holiday"]
    before, sent = truth(cloud), requests(cloud)
    attempts = [
        photo.delete,
        photo.favorite,
        photo.unfavorite,
        lambda: photo.set_favorite(True),
        lambda: photo.download_url(),
        lambda: photo.versions["original"]["url"],
        album.delete,
        lambda: album.rename("x"),
        lambda: setattr(album, "name", "x"),
        lambda: album.add_photo(photo),
        lambda: album.upload("x.jpg"),
        lambda: api.photos.create_album("x"),
        lambda: api.photos.upload("x.jpg"),
        lambda: api.photos.shared_streams,
        lambda: api.photos.libraries["root"].create_album("x"),
        lambda: api.photos.libraries["root"].upload_file("x.jpg"),
        lambda: api.photos.libraries["shared"],
    ]
    api.photos.libraries  # noqa: B018
    sent = requests(cloud)
    for attempt in attempts:
        with pytest.raises(exceptions.NotOffered) as refused:
            attempt()
        assert isinstance(refused.value, service.PhotosServiceException) and isinstance(refused.value, NotImplementedError)
        assert len(str(refused.value)) > 40, "it says why, and what to do"
    assert truth(cloud) == before and requests(cloud) == sent
    assert album.name == "Holiday"


def test_other_services_are_not_here_and_say_so(api: PyiCloudService) -> None:
    for name in (
        "account",
        "calendar",
        "contacts",
        "devices",
        "drive",
        "files",
        "iphone",
        "reminders",
        "session",
        "data",
    ):
        assert not hasattr(api, name)
        with pytest.raises(exceptions.PyiCloudServiceUnavailable, match=name):
            getattr(api, name)
    with pytest.raises(AttributeError, match="no attribute"):
        api.nothing_of_the_kind  # noqa: B018
