"""pyicloud's exceptions. Each that stands for an error of this package has that error in ``__cause__``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..._models import ErrorKind
from ...errors import ICloudError


class PyiCloudException(Exception):
    """What everything here is."""

    @property
    def ours(self) -> ICloudError | None:
        """The error of this package that it stands for, with ``kind``, ``retryable`` and ``retry_after``."""
        return self.__cause__ if isinstance(self.__cause__, ICloudError) else None


class PyiCloudPasswordException(PyiCloudException):
    """Something is wrong with a password. Never raised here; see :class:`PyiCloudFailedLoginException`."""


class PyiCloudServiceUnavailable(PyiCloudException):
    """A service of Apple's cannot be used, or not now."""


class TokenException(PyiCloudException):
    """Something is wrong with a token. Never raised here; tokens are renewed."""


class PyiCloudAPIResponseException(PyiCloudException):
    """Apple said no, or nothing.

    Attributes:
        reason: What it is about, in words.
        code: The status of Apple's answer, where that is known.
        response: None; answers of Apple's are not handed out.
    """

    def __init__(self, reason: str, code: int | str | None = None, response: object = None) -> None:
        super().__init__(f"{reason} ({code})" if code else reason)
        self.reason = reason
        self.code = code
        self.response = response


class PyiCloudServiceNotActivatedException(PyiCloudAPIResponseException):
    """iCloud Photos was never set up for the account, or cannot be reached from the web."""


class PyiCloudPCSTimeoutException(PyiCloudAPIResponseException):
    """No device of the account has let this session into its encrypted data in time."""


class PyiCloudConnectionException(PyiCloudAPIResponseException):
    """No answer came. It says nothing of password and session; try again later."""


class PyiCloudEndpointGoneException(PyiCloudAPIResponseException):
    """Apple gave up an address. Never raised here."""


class PyiCloudTrustedDevicePromptException(PyiCloudAPIResponseException):
    """Devices could not be made to show a code. Never raised here: a code can be had in other ways."""


class PyiCloudTrustedDeviceVerificationException(PyiCloudAPIResponseException):
    """A code from a device could not be checked. Never raised here; see ``validate_2fa_code``."""


class PyiCloudFailedLoginException(PyiCloudException):
    """Apple does not let the account in, or this package does not try: too many sign-ins of late.

    Attributes:
        response: None; answers of Apple's are not handed out.
    """

    def __init__(self, msg: str = "", *args: Any, response: object = None) -> None:
        super().__init__(msg or "the sign-in failed", *args)
        self.response = response


class PyiCloudAccountLockedException(PyiCloudFailedLoginException):
    """Apple locked the account for security reasons; https://iforgot.apple.com unlocks it."""


class PyiCloudAcceptTermsException(PyiCloudException):
    """Apple has new terms of service. ``PyiCloudService(..., accept_terms=True)`` accepts them in the owner's name."""


class PyiCloud2FARequiredException(PyiCloudException):
    """A code must be entered first: ``validate_2fa_code``."""


class PyiCloud2SARequiredException(PyiCloudException):
    """A code must be sent and entered first: ``send_verification_code``, ``validate_verification_code``."""


class PyiCloudAuthRequiredException(PyiCloudException):
    """The session has ended and there is no password to begin another."""


class PyiCloudNoTrustedNumberAvailable(PyiCloudException):
    """No phone is known that a code could be sent to."""


class PyiCloudSecurityKeyException(PyiCloudException):
    """A security key is needed, or did not do."""


class PyiCloudSecurityKeyTimeoutException(PyiCloudSecurityKeyException):
    """Nobody touched the security key in time, or the wait for it was ended."""


class PyiCloudNoStoredPasswordAvailableException(PyiCloudException):
    """No password was given and none is in the system's key store."""


class PyiCloudNoDevicesException(PyiCloudException):
    """There are no devices. Never raised here."""


class PhotosServiceException(PyiCloudException):
    """Something failed about photos.

    Attributes:
        photo: The photo it is about, if it is about one.
        album: The album it is about, if it is about one.
    """

    def __init__(self, *args: object, photo: object = None, album: object = None) -> None:
        super().__init__(*args)
        self.photo = photo
        self.album = album


class NotOffered(PhotosServiceException, NotImplementedError):
    """pyicloud has it, this package does not, and the message says why. Nothing was sent."""


class ServiceNotOffered(PyiCloudServiceUnavailable, AttributeError):
    """A service of pyicloud's that is not about photos. Nothing was sent."""


_LOGIN = PyiCloudFailedLoginException
_ANSWER = PyiCloudAPIResponseException
_INACTIVE = PyiCloudServiceNotActivatedException

#: What an error of this package is in pyicloud's words; any other is a PyiCloudAPIResponseException.
_NAMES: dict[ErrorKind, type[PyiCloudException]] = {
    ErrorKind.BAD_CREDENTIALS: _LOGIN,
    ErrorKind.TOO_MANY_ATTEMPTS: _LOGIN,
    ErrorKind.WRONG_REGION: _LOGIN,
    ErrorKind.ACCOUNT_LOCKED: PyiCloudAccountLockedException,
    ErrorKind.PASSWORD_REQUIRED: PyiCloudNoStoredPasswordAvailableException,
    ErrorKind.CODE_REQUIRED: PyiCloud2FARequiredException,
    ErrorKind.SECURITY_KEY_REQUIRED: PyiCloudSecurityKeyException,
    ErrorKind.SESSION_EXPIRED: PyiCloudAuthRequiredException,
    ErrorKind.TERMS_REQUIRED: PyiCloudAcceptTermsException,
    ErrorKind.ADVANCED_DATA_PROTECTION: PyiCloudPCSTimeoutException,
    ErrorKind.WEB_ACCESS_DISABLED: _INACTIVE,
    ErrorKind.NOT_ACTIVATED: _INACTIVE,
    ErrorKind.INDEX_NOT_READY: PyiCloudServiceUnavailable,
    ErrorKind.NETWORK: PyiCloudConnectionException,
    ErrorKind.TIMEOUT: PyiCloudConnectionException,
}


def told(error: ICloudError) -> PyiCloudException:
    """What pyicloud would call it."""
    kind = _NAMES.get(error.kind, _ANSWER)
    if issubclass(kind, PyiCloudAPIResponseException):
        status = error.context.get("status")
        return kind(str(error), None if status is None else int(status))
    return kind(str(error))


@contextmanager
def translated() -> Iterator[None]:
    """Errors of this package leave it as pyicloud's, with the first as the cause."""
    try:
        yield
    except ICloudError as error:
        raise told(error) from error
