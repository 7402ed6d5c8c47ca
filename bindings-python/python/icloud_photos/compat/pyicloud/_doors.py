"""What is outside of an account: Apple's doors, folders with sessions, the system's key store, the environment."""

from __future__ import annotations

import contextlib
import os
from importlib import import_module
from typing import Any

import icloud_photos as faces

from ..._models import Endpoints, Region
from ..._records import Phone
from ...sessions import FileSessionStore
from .exceptions import PyiCloudNoStoredPasswordAvailableException

#: pyicloud's place is a folder for temporary files, which are gone with the next start of the computer.
_SESSIONS = "~/.icloud-photos"


def client(folder: str | None, china: bool, client_id: str | None) -> faces.Client:
    """A client with its sessions in ``folder``, at the doors that the environment names; nothing is sent.

    The variables are those of the command ``icloudpd``; pyicloud has no option for other servers.
    """
    auth, setup = (os.environ.get(f"ICLOUDPD_{name}_ENDPOINT") or None for name in ("AUTH", "SETUP"))
    return faces.Client(
        region=Region.CHINA if china else Region.WORLD,
        sessions=FileSessionStore(os.path.expanduser(folder or _SESSIONS), beside_icloudpd=bool(folder)),
        endpoints=Endpoints(auth=auth, setup=setup),
        client_id=client_id,
    )


def china_says() -> bool:
    """Whether the environment says that accounts belong to mainland China, by either of pyicloud's names for it."""
    return "1" in (os.environ.get("ICLOUD_CHINA"), os.environ.get("icloud_china"))


def device(phone: Phone) -> dict[str, Any]:
    """A phone as Apple's old list of devices has it."""
    device = {"deviceType": "SMS", "deviceId": phone.id, "phoneNumber": phone.number}
    return {**device, "deviceName": phone.name} if phone.name else device


def stored_password(account: str) -> str:
    """The password in the system's key store, where pyicloud and icloudpd keep theirs.

    Raises:
        PyiCloudNoStoredPasswordAvailableException: There is none, or no way to it.
    """
    found = None
    with contextlib.suppress(ImportError):
        keyring: Any = import_module("keyring")
        with contextlib.suppress(keyring.errors.KeyringError):
            found = keyring.get_password("pyicloud://icloud-password", account)
    if not found:
        raise PyiCloudNoStoredPasswordAvailableException(
            f"no password for {account}: give it, or store it with `icloud --username {account}` and install the package keyring"
        )
    return str(found)
