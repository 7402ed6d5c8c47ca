"""Every error: its class, its words, its way through a pickle."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from datetime import timedelta

import icloud_photos as ip
import pytest
from icloud_photos import errors
from icloud_photos.testing import FakeICloud
from support import fault, heal, requests, reset

Fakes = Callable[..., FakeICloud]
CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ip.ICloudError) and value is not ip.ICloudError]


def test_there_is_a_class_for_every_kind() -> None:
    assert {one.kind for one in CLASSES} == set(ip.ErrorKind) and len(CLASSES) == len(ip.ErrorKind)
    for one in CLASSES:
        assert getattr(ip, one.__name__) is one and one.__doc__ and "What to do" in one.__doc__, one


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_they_pickle(one: type[ip.ICloudError], protocol: int) -> None:
    error = one("it broke", operation="list", context={"album": "Holiday"}, retryable=True, retry_after=timedelta(seconds=3), attempts=4)
    error.__cause__ = OSError(5, "why")
    back = pickle.loads(pickle.dumps(error, protocol))
    assert type(back) is one and vars(back) == vars(error) and str(back) == str(error) == "list: it broke (album: Holiday)"
    assert isinstance(back.__cause__, OSError) and back.__cause__.errno == 5


def test_those_that_python_has_too() -> None:
    assert issubclass(ip.RequestTimeoutError, TimeoutError) and issubclass(ip.ConfigError, ValueError)


def hasty(fake: FakeICloud) -> ip.Client:
    return ip.Client(endpoints=fake.endpoints, retries=ip.RetryPolicy(attempts=1))


def test_apple_asks_to_wait(fake: FakeICloud) -> None:
    library = fake.sign_in(hasty(fake)).primary_library
    fault(fake, "cloudkit", "status", code=429, retry_after=17)
    with pytest.raises(ip.RateLimitedError) as caught:
        list(library.all())
    assert caught.value.retryable and caught.value.retry_after == timedelta(seconds=17)
    heal(fake)
    assert len(list(library.all())) == 25


def test_a_short_wait_is_waited_for(fake: FakeICloud) -> None:
    library = fake.sign_in().primary_library
    fault(fake, "cloudkit/records/query", "status", code=429, retry_after=1, times=1)
    begun = time.monotonic()
    assert len(list(library.all())) == 25 and time.monotonic() - begun >= 1


def test_retries_are_counted(fake: FakeICloud) -> None:
    quick = ip.RetryPolicy(attempts=3, base=timedelta(milliseconds=1), cap=timedelta(milliseconds=2))
    library = fake.sign_in(ip.Client(endpoints=fake.endpoints, retries=quick)).primary_library
    fault(fake, "cloudkit/records/query/batch", "status", code=503)
    reset(fake)
    with pytest.raises(ip.ICloudError) as caught:
        library.all().count()
    assert caught.value.attempts == 3 == requests(fake, "cloudkit/records/query/batch")


def test_causes_and_context(fake: FakeICloud) -> None:
    client = hasty(fake)
    fake.close()
    with pytest.raises(ip.NetworkError) as caught:
        client.login(fake.username, fake.password)
    error = caught.value
    assert error.__cause__ is not None and str(error.__cause__)
    assert fake.password not in f"{error!r}{error}{error.__cause__!r}{error.context}"
    assert error.kind is ip.ErrorKind.NETWORK and error.message in str(error)


def test_silence_is_a_timeout(fake: FakeICloud) -> None:
    once = ip.RetryPolicy(attempts=1)
    library = fake.sign_in(ip.Client(endpoints=fake.endpoints, retries=once, header_timeout=0.2)).primary_library
    fault(fake, "cloudkit/records/query/batch", "stall")
    with pytest.raises(TimeoutError) as caught:
        library.all().count()
    assert isinstance(caught.value, ip.RequestTimeoutError)


def test_settings_that_cannot_be(fakes: Fakes) -> None:
    with pytest.raises(ip.ConfigError):
        ip.Client(endpoints=ip.Endpoints(auth="no url", setup="no url"))
    with pytest.raises(ip.ConfigError):
        ip.Client(endpoints=ip.Endpoints(auth="http://example.com", setup="http://example.com"))
    with pytest.raises(ValueError, match="atlantis"):
        ip.Client(region="atlantis")
    rule = {"match": "no such", "action": {"kind": "html"}}
    for wrong in ({"profile": "no such"}, {"state": "no such"}, {"account": {"no such": 1}}, {"faults": [rule]}):
        with pytest.raises(ValueError):
            fakes(**wrong)
