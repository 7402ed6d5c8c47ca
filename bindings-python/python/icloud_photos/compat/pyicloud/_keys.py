"""Security keys, by the package ``fido2``, which is pyicloud's too and needs installing by itself."""

from __future__ import annotations

import base64
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .exceptions import PyiCloudSecurityKeyException, PyiCloudSecurityKeyTimeoutException

if TYPE_CHECKING:
    from threading import Event

    from ... import SecurityKeyAction

#: Where Apple's page would ask for the key.
_ORIGIN = "https://apple.com"


def devices() -> list[Any]:
    """Keys that are plugged in."""
    return list(_fido2("hid").CtapHidDevice.list_devices())


def touched(action: SecurityKeyAction, device: Any, event: Event | None) -> dict[str, Any]:
    """Waits for a touch; gives what ``SecurityKeyAction.submit`` takes."""
    client, webauthn = _fido2("client"), _fido2("webauthn")
    device = device or next(iter(devices()), None)
    if device is None:
        raise PyiCloudSecurityKeyException("no security key is plugged in")
    wanted = webauthn.PublicKeyCredentialRequestOptions(
        challenge=_bytes(action.challenge),
        rp_id=action.relying_party,
        allow_credentials=[
            webauthn.PublicKeyCredentialDescriptor(id=_bytes(id), type=webauthn.PublicKeyCredentialType.PUBLIC_KEY) for id in action.credentials
        ],
        user_verification=webauthn.UserVerificationRequirement.DISCOURAGED,
    )
    asker = client.Fido2Client(device, client_data_collector=client.DefaultClientDataCollector(_ORIGIN))
    try:
        answer = asker.get_assertion(wanted, event=event).get_response(0)
    except Exception as error:
        ended = event is not None and event.is_set()
        kind = PyiCloudSecurityKeyTimeoutException if ended else PyiCloudSecurityKeyException
        raise kind(f"the security key gave no answer: {error}") from error
    of = answer.response
    return {
        "client_data": _text(of.client_data),
        "signature": _text(of.signature),
        "authenticator_data": _text(of.authenticator_data),
        "user_handle": _text(of.user_handle) if of.user_handle else None,
        "credential_id": _text(answer.raw_id),
    }


def _fido2(part: str) -> Any:
    try:
        return import_module(f"fido2.{part}")
    except ImportError as error:
        raise PyiCloudSecurityKeyException("this account signs in with a security key: pip install fido2") from error


def _bytes(text: str) -> bytes:
    """Apple writes base64 for URLs, without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
