"""Libraries, albums, lists."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable

import icloud_photos as ip
import pytest
from icloud_photos.testing import FakeICloud
from support import requests, reset, stays, truth

Fakes = Callable[..., FakeICloud]
LISTING = "cloudkit/records/query"


def test_libraries(everyday: FakeICloud) -> None:
    session = everyday.sign_in()
    libraries = session.libraries()
    assert libraries[0].name == "PrimarySync" and libraries[0].kind is ip.LibraryKind.PRIMARY
    shared = [library for library in libraries if library.kind is ip.LibraryKind.SHARED]
    assert len(shared) == 1
    again = session.library(shared[0].name)
    assert again.id == shared[0].id and again.all().count() == shared[0].all().count()
    with pytest.raises(ip.NotFoundError):
        session.library("SharedSync-nowhere")


def test_the_album_tree_is_as_the_truth_says(everyday: FakeICloud) -> None:
    albums = everyday.get("truth")["zones"][0]["albums"]
    by_id = {album["id"]: album for album in albums if album["title"]}
    tree = everyday.sign_in().primary_library.albums()
    assert len(tree) == len(by_id) and {album.id for album in tree} == set(by_id)
    for album in tree:
        assert album.id is not None
        told = by_id[album.id]
        assert album.kind is (ip.AlbumKind.FOLDER if told["folder"] else ip.AlbumKind.USER)
        parent = by_id.get(told["parent"] or "")
        assert len(album.path) == 1 or (parent is not None and tree.get(parent["id"]) == tree.find(album.path[:-1]))
        if not told["folder"]:
            assert len(list(album.assets())) == album.count() == len(album)


def test_finding_albums(everyday: FakeICloud) -> None:
    tree = everyday.sign_in().primary_library.albums()
    nested = tree["Family/Kids"]
    assert nested == tree.find(["Family", "Kids"]) == tree["Family", "Kids"] == tree.get(nested.id or "")
    assert "Family/Kids" in tree and "Family/Nobody" not in tree and tree.find("Nobody") is None
    with pytest.raises(KeyError):
        tree["Nobody"]
    family = next(node for node in tree.roots if node.album.name == "Family")
    assert {node.album.name for node in family.children} == {"Kids", "Grandparents"}


def test_smart_albums_and_counts(everyday: FakeICloud) -> None:
    library = everyday.sign_in().primary_library
    told = [asset for asset in truth(everyday).values() if asset["zone"] == "PrimarySync"]
    favourites = {asset["id"] for asset in told if asset["favourite"] and not asset["deleted"] and not asset["hidden"]}
    assert favourites
    assert {asset.id for asset in library.smart_album("favorites").assets()} == favourites
    trashed = {asset["id"] for asset in told if asset["deleted"]}
    assert {asset.id for asset in library.smart_album(ip.SmartAlbum.RECENTLY_DELETED).assets()} == trashed
    albums = [library.all(), library.smart_album("favorites"), library.smart_album("recently_deleted")]
    assert library.counts(albums) == [album.count() for album in albums]
    with pytest.raises(ValueError, match="nothing such"):
        library.smart_album("nothing such")


def test_a_list_is_fetched_while_it_is_read(fakes: Fakes) -> None:
    fake = fakes(assets=5000, file_size=300)
    album = fake.sign_in().primary_library.all()
    reset(fake)
    listing = album.assets()
    assert requests(fake) == 0
    assert len(list(itertools.islice(listing, 1))) == 1
    begun = stays(lambda: requests(fake, LISTING))
    reset(fake)
    rest = sum(1 for _ in listing)
    assert rest == 4999
    assert 0 < requests(fake, LISTING) and begun < requests(fake, LISTING) + begun
    assert begun <= (begun + requests(fake, LISTING)) / 2, "most of it waits until it is read"


@pytest.mark.parametrize("end", ["close", "drop"])
def test_an_abandoned_list_stops_fetching(fakes: Fakes, end: str) -> None:
    fake = fakes(assets=5000, file_size=300)
    library = fake.sign_in().primary_library
    whole = library.all().assets()
    list(whole)
    all_of_it = requests(fake, LISTING)
    reset(fake)
    listing = library.all().assets()
    next(iter(listing))
    if end == "close":
        listing.close()
        assert list(listing) == []
    del listing
    assert stays(lambda: requests(fake, LISTING)) < all_of_it / 2


def test_a_limit(fakes: Fakes) -> None:
    fake = fakes(assets=1000, file_size=300)
    album = fake.sign_in().primary_library.all()
    reset(fake)
    listing = album.assets(limit=7)
    assert len(list(listing)) == 7
    outcome = listing.outcome()
    assert outcome.state is ip.ListingState.LIMITED and outcome.has_all and not outcome.is_complete and outcome.seen == 7
    assert requests(fake, LISTING) <= 1


def test_outcomes(fake: FakeICloud) -> None:
    listing = fake.sign_in().primary_library.all().assets()
    assert listing.outcome().state is ip.ListingState.SHORT
    assert len(list(listing)) == 25
    outcome = listing.outcome()
    assert outcome.is_complete and outcome.seen == 25 and not outcome.lacks and outcome.text in repr(outcome)


def test_a_list_that_is_cut_short_is_no_whole_one(fakes: Fakes) -> None:
    fake = fakes(assets=300, file_size=300)
    library = fake.sign_in().primary_library
    fake.post("faults", {"rules": [{"match": LISTING, "times": 1, "action": {"kind": "short-list", "keep": 40}}]})
    listing = library.all().assets()
    seen = len(list(listing))
    assert seen == 300 or not listing.outcome().is_complete


def test_damaged_records_are_told_and_the_list_goes_on(fakes: Fakes, caplog: pytest.LogCaptureFixture) -> None:
    fake = fakes(assets=400, profile="wild")
    album = fake.sign_in().primary_library.all()
    problems: list[ip.ICloudError] = []
    good = list(album.assets(on_error=problems.append))
    assert len(good) > 200 and problems and all(isinstance(problem, ip.ICloudError) for problem in problems)
    with caplog.at_level(logging.WARNING, "icloud_photos"):
        assert len(list(album.assets())) == len(good)
    assert sum("cannot be read" in record.getMessage() for record in caplog.records) == len(problems)


def test_what_on_error_raises_comes_out(fakes: Fakes) -> None:
    fake = fakes(assets=400, profile="wild")

    def refuse(error: ip.ICloudError) -> None:
        raise LookupError("mine") from error

    with pytest.raises(LookupError, match="mine"):
        list(fake.sign_in().primary_library.all().assets(on_error=refuse))


def test_assets_by_id(library: ip.Library) -> None:
    one, two = itertools.islice(library.all(), 2)
    assert library.asset(two.id) == two
    found = library.assets_by_id([two.id, "no such id", one.id])
    assert found[0] == two and found[2] == one and isinstance(found[1], ip.NotFoundError)
    assert library.renew([one], ["original"]) == [one]
    with pytest.raises(ip.NotFoundError):
        library.asset("no such id")


def test_fields(everyday: FakeICloud) -> None:
    library = everyday.sign_in().primary_library
    basic = next(iter(library.all().assets(fields=ip.Fields.BASIC, roles=["thumb"])))
    full = next(iter(library.all().assets(fields="full")))
    assert basic == full and basic.filename == full.filename
    assert {resource.role for resource in basic.resources} == {ip.Role.THUMB} < {resource.role for resource in full.resources}


def test_the_index(library: ip.Library) -> None:
    assert isinstance(library.index_state(), ip.IndexReady)
    library.require_index()


async def test_asyncio_lists_the_same(everyday: FakeICloud) -> None:
    library = (await everyday.sign_in_async()).primary_library
    tree = await library.albums()
    kids = tree["Family/Kids"]
    assert len([asset async for asset in kids.assets()]) == await kids.count()
    listing = library.all().assets()
    ids = {asset.id async for asset in listing}
    assert listing.outcome().is_complete
    assert ids == {asset.id for asset in everyday.sign_in().primary_library.all()}
