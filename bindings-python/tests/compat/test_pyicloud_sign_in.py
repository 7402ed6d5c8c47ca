"""Signing in, in pyicloud's shape."""

from __future__ import annotations

import pickle
import sys
import threading
import types
from typing import Any

import icloud_photos
import pytest
from icloud_photos.compat.pyicloud import PyiCloudService, exceptions
from icloud_photos.testing import FakeICloud
from world import CODE, fake, requests, signed_in


def test_a_wrong_password_is_a_failed_login(cloud: FakeICloud) -> None:
    with pytest.raises(exceptions.PyiCloudFailedLoginException) as refused:
        PyiCloudService(cloud.username, "another password")
    assert isinstance(refused.value.__cause__, icloud_photos.errors.BadCredentialsError)
    assert refused.value.ours is refused.value.__cause__
    assert "another password" not in f"{refused.value} {refused.value!r}"


def test_a_wrong_code_is_no_and_the_next_may_be_right(cloud: FakeICloud) -> None:
    api = PyiCloudService(cloud.username, cloud.password)
    assert (api.requires_2fa, api.requires_2sa, api.is_trusted_session) == (True, True, False)
    assert not api.trust_session()
    assert [api.validate_2fa_code(code) for code in ("000000", "no code", CODE)] == [False, False, True]
    assert (api.requires_2fa, api.requires_2sa, api.is_trusted_session) == (False, False, True)
    assert api.trust_session()


def test_a_code_is_asked_for_once(cloud: FakeICloud) -> None:
    api = PyiCloudService(cloud.username, cloud.password)
    assert api.two_factor_delivery_method == "trusted_device" and api.two_factor_delivery_notice is None
    before = requests(cloud)
    assert api.request_2fa_code() and requests(cloud) == before
    assert api.send_verification_code(api.trusted_devices[0]) and requests(cloud) == before + 1
    assert api.validate_verification_code(api.trusted_devices[0], CODE)


def test_an_account_without_devices_gets_a_message() -> None:
    with fake(state="sms-only") as cloud:
        api = PyiCloudService(cloud.username, cloud.password)
        assert api.requires_2fa and api.two_factor_delivery_method == "sms"
        assert api.validate_2fa_code(CODE) and len(api.photos.all) > 30


def test_no_photos_without_the_code(cloud: FakeICloud) -> None:
    api = PyiCloudService(cloud.username, cloud.password)
    with pytest.raises(exceptions.PyiCloud2FARequiredException, match="validate_2fa_code"):
        api.photos  # noqa: B018
    with pytest.raises(exceptions.PyiCloudNoTrustedNumberAvailable):
        api.send_verification_code({"deviceId": "none"})


def test_terms_are_accepted_only_if_told() -> None:
    with fake(state="terms") as cloud:
        with pytest.raises(exceptions.PyiCloudAcceptTermsException):
            signed_in(cloud)
        assert signed_in(cloud, accept_terms=True).is_trusted_session


def test_protected_data_waits_for_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = {"consent_after": 0, "cookies_after": 0, "refused": False, "lasts_seconds": 3600, "says_locked": True}
    with fake(account={"adp": quick}) as cloud:
        api = signed_in(cloud)
        assert api.ours is None, "somebody has to say yes first"
        assert len(api.photos.all) > 30 and api.ours is not None
    with (
        fake(account={"adp": {**quick, "refused": True}}) as cloud,
        pytest.raises(exceptions.PyiCloudPCSTimeoutException),
    ):
        signed_in(cloud).photos  # noqa: B018


def test_a_security_key_is_asked_for_by_its_name() -> None:
    with fake(state="security-keys") as cloud:
        api = PyiCloudService(cloud.username, cloud.password)
        assert api.requires_2fa and api.security_key_names == ["Blue key", "Key in the safe"]
        assert api.two_factor_delivery_method == "security_key" and not api.request_2fa_code()
        with pytest.raises(exceptions.PyiCloudSecurityKeyException):
            api.photos  # noqa: B018


def accept_signature(cloud: FakeICloud, signature: str) -> None:
    factor = cloud.get(f"account?username={cloud.username}")["second_factor"]
    (keys,) = factor.values()
    keys["accepted_signature"] = signature
    cloud.post(f"account?username={cloud.username}", {"second_factor": factor})


class Key:
    """What stands for the package ``fido2`` and two keys that are plugged in."""

    def __init__(self) -> None:
        self.touched: list[str] = []
        self.error: Exception | None = None

    def get_assertion(self, options: Any, event: Any = None) -> Any:
        if self.error:
            raise self.error
        assert len(options.challenge) == 32 and options.rp_id == "apple.com" and len(options.allow_credentials) == 2
        said = types.SimpleNamespace(client_data=b"{}", signature=b"signed", authenticator_data=b"data", user_handle=None)
        answer = types.SimpleNamespace(response=said, raw_id=options.allow_credentials[0].id)
        return types.SimpleNamespace(get_response=lambda number: answer)

    def client(self, device: str, client_data_collector: Any) -> Key:
        assert client_data_collector == "https://apple.com"
        self.touched.append(device)
        return self


def plug_in(monkeypatch: pytest.MonkeyPatch) -> Key:
    key, names = Key(), types.SimpleNamespace
    hid = names(CtapHidDevice=names(list_devices=lambda: iter(["another", "the blue one"])))
    client = names(Fido2Client=key.client, DefaultClientDataCollector=lambda origin: origin)
    kinds = {"PublicKeyCredentialType": names(PUBLIC_KEY=1), "UserVerificationRequirement": names(DISCOURAGED=2)}
    webauthn = names(PublicKeyCredentialRequestOptions=names, PublicKeyCredentialDescriptor=names, **kinds)
    for name, module in (
        ("fido2", names()),
        ("fido2.hid", hid),
        ("fido2.client", client),
        ("fido2.webauthn", webauthn),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    return key


def test_a_security_key_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    key = plug_in(monkeypatch)
    with fake(state="security-keys") as cloud:
        api = PyiCloudService(cloud.username, cloud.password)
        with pytest.raises(exceptions.PyiCloudAPIResponseException, match=r"[Kk]ey"):
            api.confirm_security_key()
        key.error, ended = OSError("unplugged"), threading.Event()
        with pytest.raises(exceptions.PyiCloudSecurityKeyException, match="unplugged") as refused:
            api.confirm_security_key(event=ended)
        assert refused.value.__cause__ is key.error and key.touched == ["another", "another"]
        ended.set()
        with pytest.raises(exceptions.PyiCloudSecurityKeyTimeoutException):
            api.confirm_security_key(event=ended)
        monkeypatch.setitem(sys.modules, "fido2.hid", None)
        with pytest.raises(exceptions.PyiCloudSecurityKeyException, match="pip install fido2"):
            api.fido2_devices  # noqa: B018


def test_no_answer_is_no_failed_login(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUTH", "SETUP"):
        monkeypatch.setenv(f"ICLOUDPD_{name}_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(exceptions.PyiCloudConnectionException) as refused:
        PyiCloudService("jane@example.com", "password")
    assert isinstance(refused.value, exceptions.PyiCloudAPIResponseException) and refused.value.code is None


def test_no_password_is_needed_for_a_session_and_is_asked_for_without(api: PyiCloudService, cloud: FakeICloud) -> None:
    assert PyiCloudService(cloud.username).is_trusted_session
    with pytest.raises(exceptions.PyiCloudNoStoredPasswordAvailableException, match="keyring"):
        PyiCloudService("somebody.else@example.com")


def test_the_password_in_the_key_store_is_used(cloud: FakeICloud, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def get_password(*place: str) -> str:
        asked.append(place)
        return cloud.password

    monkeypatch.setitem(sys.modules, "keyring", key_store(get_password))
    assert PyiCloudService(cloud.username).requires_2fa
    assert asked == [("pyicloud://icloud-password", cloud.username)]

    def locked(*place: str) -> str:
        raise KeyError("locked")

    monkeypatch.setitem(sys.modules, "keyring", key_store(locked))
    with pytest.raises(exceptions.PyiCloudNoStoredPasswordAvailableException):
        PyiCloudService("somebody.else@example.com")


def key_store(get_password: Any) -> Any:
    errors = types.SimpleNamespace(KeyringError=KeyError)
    return types.SimpleNamespace(get_password=get_password, errors=errors)


def test_signing_in_can_wait(cloud: FakeICloud) -> None:
    api = PyiCloudService(cloud.username, cloud.password, authenticate=False)
    assert requests(cloud) == 0 and not api.is_trusted_session
    with pytest.raises(exceptions.PyiCloudServiceUnavailable, match="authenticate"):
        api.photos  # noqa: B018
    api.authenticate()
    assert api.requires_2fa


def test_what_would_be_unsafe_is_refused_before_anything_is_sent(cloud: FakeICloud) -> None:
    for option in ({"verify": False}, {"pause_2fa": True}):
        with pytest.raises(exceptions.NotOffered):
            PyiCloudService(cloud.username, cloud.password, **option)
    assert requests(cloud) == 0


def test_nothing_shows_the_password(api: PyiCloudService, cloud: FakeICloud) -> None:
    assert (str(api), repr(api)) == (f"iCloud API: {cloud.username}", f"<iCloud API: {cloud.username}>")
    assert cloud.password not in f"{api!r} {api.photos!r} {api.ours!r}"


def test_every_error_has_a_name_of_pyicloud() -> None:
    for kind in icloud_photos.ErrorKind:
        error = icloud_photos.errors.from_native(
            kind=kind.value,
            message="what",
            operation="try",
            context={},
            retry="never",
            after=None,
            attempts=None,
            cause=None,
        )
        with pytest.raises(exceptions.PyiCloudException) as told, exceptions.translated():
            raise error
        assert told.value.__cause__ is told.value.ours is error and "what" in str(told.value)
        assert str(pickle.loads(pickle.dumps(told.value))) == str(told.value)


def test_the_status_of_an_answer_is_its_code() -> None:
    error = icloud_photos.errors.from_native(
        kind="forbidden",
        message="no",
        operation="",
        context={"status": "403"},
        retry="never",
        after=None,
        attempts=None,
        cause=None,
    )
    told = exceptions.told(error)
    assert isinstance(told, exceptions.PyiCloudAPIResponseException) and (told.code, told.response) == (403, None)
