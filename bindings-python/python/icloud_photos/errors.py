"""What goes wrong: one tree under ``ICloudError``, a class for each ``ErrorKind``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ._models import ErrorKind


class ICloudError(Exception):
    """The error of every operation of this package. Its class says what happened; ``__cause__`` is what it came from.

    Attributes:
        kind: What happened.
        message: The message alone.
        operation: The operation that failed, such as ``sign in``; empty if none was named.
        context: What the error is about, such as ``{"album": "Holiday"}``.
        retryable: The same call may succeed when repeated.
        retry_after: How long the server asked to wait, if it did.
        attempts: How often it was tried in vain, if it was worth retrying; else None.
    """

    kind: ErrorKind = ErrorKind.UNEXPECTED

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        context: Mapping[str, str] | None = None,
        retryable: bool = False,
        retry_after: timedelta | None = None,
        attempts: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.context = dict(context or {})
        self.retryable = retryable
        self.retry_after = retry_after
        self.attempts = attempts

    def __str__(self) -> str:
        text = f"{self.operation}: {self.message}" if self.operation else self.message
        if self.context:
            text += " (" + ", ".join(f"{key}: {value}" for key, value in self.context.items()) + ")"
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), self.message, self.__dict__.copy(), self.__cause__)


def _unpickled(
    kind: type[ICloudError], message: str, members: dict[str, Any], cause: BaseException | None
) -> ICloudError:
    error = kind(message)
    error.__dict__.update(members)
    error.__cause__ = cause
    return error


class BadCredentialsError(ICloudError):
    """Apple refused the proof of the password. The only kind that means "wrong password"."""

    kind = ErrorKind.BAD_CREDENTIALS


class PasswordRequiredError(ICloudError):
    """A password is needed, and nobody has given one."""

    kind = ErrorKind.PASSWORD_REQUIRED


class CodeRequiredError(ICloudError):
    """The session ended and only a person can start a new one: sign in again."""

    kind = ErrorKind.CODE_REQUIRED


class CodeRejectedError(ICloudError):
    """The code was wrong. The challenge lives on; ask for the code again."""

    kind = ErrorKind.CODE_REJECTED


class ChallengeExpiredError(ICloudError):
    """The challenge is too old or was replaced; sign in again to get a new one."""

    kind = ErrorKind.CHALLENGE_EXPIRED


class SecurityKeyRequiredError(ICloudError):
    """The account can be used with a security key only."""

    kind = ErrorKind.SECURITY_KEY_REQUIRED


class SessionExpiredError(ICloudError):
    """The saved session is no longer accepted and no password was given to renew it."""

    kind = ErrorKind.SESSION_EXPIRED


class AccountLockedError(ICloudError):
    """Apple locked the account for security reasons; <https://iforgot.apple.com> unlocks it."""

    kind = ErrorKind.ACCOUNT_LOCKED


class TooManyAttemptsError(ICloudError):
    """Our own budget of sign-in attempts is used up, so that Apple does not lock the account."""

    kind = ErrorKind.TOO_MANY_ATTEMPTS


class TooManyCodesError(ICloudError):
    """Apple sends or takes no more codes for some hours, or too many wrong ones were given."""

    kind = ErrorKind.TOO_MANY_CODES


class RateLimitedError(ICloudError):
    """Apple asks to slow down (429), or refuses for a while (503)."""

    kind = ErrorKind.RATE_LIMITED


class AdvancedDataProtectionError(ICloudError):
    """Advanced Data Protection is on and no device has approved this session."""

    kind = ErrorKind.ADVANCED_DATA_PROTECTION


class WebAccessDisabledError(ICloudError):
    """"Access iCloud Data on the Web" is switched off for the account."""

    kind = ErrorKind.WEB_ACCESS_DISABLED


class TermsRequiredError(ICloudError):
    """New terms of service wait to be accepted by the account's holder."""

    kind = ErrorKind.TERMS_REQUIRED


class WrongRegionError(ICloudError):
    """The account belongs to the other region (``com`` or ``cn``)."""

    kind = ErrorKind.WRONG_REGION


class NotActivatedError(ICloudError):
    """iCloud Photos was never set up for this account."""

    kind = ErrorKind.NOT_ACTIVATED


class IndexNotReadyError(ICloudError):
    """Apple still builds the index of the library; try again in a few minutes."""

    kind = ErrorKind.INDEX_NOT_READY


class ForbiddenError(ICloudError):
    """The sign-in or the request was forbidden and Apple gave no clearer reason."""

    kind = ErrorKind.FORBIDDEN


class NotFoundError(ICloudError):
    """No such library, album, asset or file."""

    kind = ErrorKind.NOT_FOUND


class ConflictError(ICloudError):
    """A record was changed by somebody else meanwhile."""

    kind = ErrorKind.CONFLICT


class LinkExpiredError(ICloudError):
    """A download link is no longer valid; a fresh one is needed."""

    kind = ErrorKind.LINK_EXPIRED


class NetworkError(ICloudError):
    """No connection, or it broke."""

    kind = ErrorKind.NETWORK


class RequestTimeoutError(ICloudError, TimeoutError):
    """Nothing was heard for too long."""

    kind = ErrorKind.TIMEOUT


class ProtocolError(ICloudError):
    """The server answered something this version does not understand."""

    kind = ErrorKind.PROTOCOL


class IntegrityError(ICloudError):
    """Bytes do not match their length or Apple's checksum."""

    kind = ErrorKind.INTEGRITY


class StorageError(ICloudError):
    """The storage failed in a way that has no kind of its own."""

    kind = ErrorKind.STORAGE


class StorageFullError(ICloudError):
    """The storage is full."""

    kind = ErrorKind.STORAGE_FULL


class StoreLostError(ICloudError):
    """What is there is not the storage that was filled before; most likely a disk is not mounted."""

    kind = ErrorKind.STORE_LOST


class PermissionDeniedError(ICloudError):
    """The storage may not be read or written by this user."""

    kind = ErrorKind.PERMISSION_DENIED


class AlreadyExistsError(ICloudError):
    """Something else stands under that name already."""

    kind = ErrorKind.ALREADY_EXISTS


class ConfigError(ICloudError, ValueError):
    """A value given by the caller is wrong."""

    kind = ErrorKind.CONFIG


class UnsupportedError(ICloudError):
    """The back end or this version cannot do that."""

    kind = ErrorKind.UNSUPPORTED


class OperationCancelledError(ICloudError):
    """The caller stopped the work."""

    kind = ErrorKind.CANCELLED


class UnexpectedError(ICloudError):
    """A defect of this library; please report it."""

    kind = ErrorKind.UNEXPECTED


_CLASSES: dict[str, type[ICloudError]] = {
    kind.kind.value: kind
    for kind in (
        BadCredentialsError,
        PasswordRequiredError,
        CodeRequiredError,
        CodeRejectedError,
        ChallengeExpiredError,
        SecurityKeyRequiredError,
        SessionExpiredError,
        AccountLockedError,
        TooManyAttemptsError,
        TooManyCodesError,
        RateLimitedError,
        AdvancedDataProtectionError,
        WebAccessDisabledError,
        TermsRequiredError,
        WrongRegionError,
        NotActivatedError,
        IndexNotReadyError,
        ForbiddenError,
        NotFoundError,
        ConflictError,
        LinkExpiredError,
        NetworkError,
        RequestTimeoutError,
        ProtocolError,
        IntegrityError,
        StorageError,
        StorageFullError,
        StoreLostError,
        PermissionDeniedError,
        AlreadyExistsError,
        ConfigError,
        UnsupportedError,
        OperationCancelledError,
        UnexpectedError,
    )
}


def from_native(
    *,
    kind: str,
    message: str,
    operation: str,
    context: Mapping[str, str],
    retry: str,
    after: float | None,
    attempts: int | None,
    cause: BaseException | None,
) -> ICloudError:
    """The exception of an error of the library. For the native module."""
    error = _CLASSES.get(kind, ICloudError)(
        message,
        operation=operation,
        context=context,
        retryable=retry == "later",
        retry_after=None if after is None else timedelta(seconds=after),
        attempts=attempts,
    )
    error.__cause__ = cause
    return error
