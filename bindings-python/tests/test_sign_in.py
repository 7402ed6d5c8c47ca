"""From a password to a session, and what can stand between."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Callable

import icloud_photos as ip
import pytest
from icloud_photos.testing import FakeICloud
from support import python, requests, reset

Fakes = Callable[..., FakeICloud]


def challenged(fake: FakeICloud, **options: Any) -> ip.Challenge:
    login = ip.Client(endpoints=fake.endpoints, **options).login(fake.username, fake.password)
    assert isinstance(login, ip.Challenge)
    return login


def test_a_code_signs_in(fake: FakeICloud) -> None:
    challenge = challenged(fake)
    assert challenge.account == fake.username and challenge.has_devices and not challenge.is_two_step
    with pytest.raises(LookupError):
        fake.code()  # Nobody asked for one: no push was sent.
    challenge.request_push()
    session = challenge.submit(fake.code())
    assert isinstance(session, ip.Session) and session.account == fake.username and session.dsid.isdigit()
    assert session.primary_library.all().count() == 25


def test_a_wrong_code_leaves_the_challenge_alive(fakes: Fakes) -> None:
    fake = fakes(code="314159")
    challenge = challenged(fake)
    challenge.request_push()
    with pytest.raises(ip.CodeRejectedError) as caught:
        challenge.submit("000000")
    assert caught.value.kind is ip.ErrorKind.CODE_REJECTED
    assert isinstance(challenge.submit("314159"), ip.Session)


def test_what_cannot_be_a_code_is_not_sent(fake: FakeICloud) -> None:
    challenge = challenged(fake)
    reset(fake)
    with pytest.raises(ip.ConfigError):
        challenge.submit("not a code")
    assert requests(fake) == 0


def test_a_wrong_password(fake: FakeICloud) -> None:
    with pytest.raises(ip.BadCredentialsError) as caught:
        ip.Client(endpoints=fake.endpoints).login(fake.username, "a guess")
    assert not caught.value.retryable and "a guess" not in repr(caught.value) + str(caught.value)


def test_a_code_by_phone(fakes: Fakes) -> None:
    fake = fakes(state="sms-only")
    challenge = challenged(fake)
    assert challenge.phones and not challenge.has_devices
    challenge.send_code(challenge.phones[0])
    assert isinstance(challenge.submit(fake.code()), ip.Session)


def test_a_password_alone(fakes: Fakes) -> None:
    fake = fakes(state="password-only")
    assert isinstance(ip.Client(endpoints=fake.endpoints).login(fake.username, fake.password), ip.Session)


def test_the_old_two_step_verification(fakes: Fakes) -> None:
    challenge = challenged(fakes(state="two-step"))
    assert challenge.is_two_step and challenge.phones


def after_code(fake: FakeICloud) -> Any:
    """What comes of a whole sign-in."""
    login: Any = ip.Client(endpoints=fake.endpoints).login(fake.username, fake.password)
    if isinstance(login, ip.Challenge):
        login.request_push()
        login = login.submit(fake.code())
    return login


def test_a_locked_account(fakes: Fakes) -> None:
    with pytest.raises(ip.AccountLockedError, match="iforgot"):
        after_code(fakes(state="locked"))


def test_security_keys(fakes: Fakes) -> None:
    login = after_code(fakes(state="security-keys"))
    assert isinstance(login, ip.SecurityKeyAction)
    assert login.challenge and login.relying_party == "apple.com" and login.credentials and login.key_names
    assert isinstance(login.error, ip.SecurityKeyRequiredError)
    with pytest.raises(ip.ICloudError):
        login.submit(client_data="YQ==", signature="YQ==", authenticator_data="YQ==", credential_id="nobody's")


@pytest.mark.parametrize(
    ("state", "error"),
    [("terms", ip.TermsRequiredError), ("adp", ip.AdvancedDataProtectionError), ("web-access-off", ip.WebAccessDisabledError)],
)
def test_what_the_owner_must_do_after_the_code_is_raised(fakes: Fakes, state: str, error: type[ip.ICloudError]) -> None:
    """A code was right, and still there is no session: ``submit`` says why."""
    with pytest.raises(error):
        after_code(fakes(state=state))


def trusted(fakes: Fakes, folder: Path, **changes: Any) -> tuple[FakeICloud, Any]:
    """Signs in again where no code is asked for any more, once the account has changed."""
    fake = fakes()
    client = ip.Client(endpoints=fake.endpoints, sessions=folder)
    fake.sign_in(client)
    fake.post(f"account?username={fake.username}", changes)
    fake.post("expire?what=sessions")
    return fake, client.login(fake.username, fake.password)


def test_new_terms_are_accepted(fakes: Fakes, tmp_path: Path) -> None:
    _, login = trusted(fakes, tmp_path, terms_update_needed=True)
    assert isinstance(login, ip.TermsAction) and isinstance(login.error, ip.TermsRequiredError)
    session = login.accept()
    assert isinstance(session, ip.Session) and session.primary_library.all().count() == 25


def test_a_device_consents(fakes: Fakes, tmp_path: Path) -> None:
    adp = {"consent_after": 1, "cookies_after": 1, "refused": False, "lasts_seconds": 3600, "says_locked": False}
    _, login = trusted(fakes, tmp_path, adp=adp)
    assert isinstance(login, ip.ConsentAction) and isinstance(login.error, ip.AdvancedDataProtectionError)
    login.request()
    session = next((found for found in (login.poll() for _ in range(5)) if found is not None), None)
    assert isinstance(session, ip.Session) and session.primary_library.all().count() == 25


def test_another_process_answers(fakes: Fakes, tmp_path: Path) -> None:
    fake = fakes(code="271828")
    challenge = challenged(fake)
    challenge.request_push()
    saved = challenge.to_saved()
    assert pickle.loads(pickle.dumps(saved)) == saved and saved.json not in repr(saved)
    assert fake.password not in saved.json
    (tmp_path / "challenge").write_bytes(pickle.dumps(saved))
    program = """
        import pickle, sys
        from icloud_photos import Client, Endpoints
        client = Client(endpoints=Endpoints(auth=sys.argv[1], setup=sys.argv[1]))
        with open(sys.argv[2], "rb") as file:
            challenge = client.resume(pickle.load(file))
        print(challenge.account, challenge.submit("271828").primary_library.all().count())
    """
    done = python(program, fake.url, str(tmp_path / "challenge"))
    assert done.stdout.split() == [fake.username, "25"], done.stderr


def test_no_challenge_is_resumed_from_anything(fake: FakeICloud) -> None:
    with pytest.raises(ip.ConfigError):
        ip.Client(endpoints=fake.endpoints).resume(ip.SavedChallenge("{}"))


async def test_asyncio_signs_in_the_same_way(fakes: Fakes) -> None:
    fake = fakes(code="314159")
    async with ip.AsyncClient(endpoints=fake.endpoints) as client:
        with pytest.raises(ip.BadCredentialsError):
            await client.login(fake.username, "wrong")
        login = await client.login(fake.username, fake.password)
        assert isinstance(login, ip.AsyncChallenge)
        await login.request_push()
        with pytest.raises(ip.CodeRejectedError):
            await login.submit("000000")
        again = client.resume(await login.to_saved())
        session = await again.submit("314159")
    assert await session.primary_library.all().count() == 25
