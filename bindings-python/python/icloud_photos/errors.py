"""What goes wrong: one tree under ``ICloudError``, a class for each ``ErrorKind``.

Whatever asks Apple something can raise what has nothing to do with the question: ``NetworkError``, ``RequestTimeoutError``, ``RateLimitedError``,
``ProtocolError``, and, when the session ended and cannot renew itself, ``SessionExpiredError`` or ``CodeRequiredError``. Each was tried several
times by then. Docstrings name what a call can raise besides.
"""

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
        retryable: The same call may succeed when it is repeated later, without anything else being changed. False too once it was repeated in
            vain: then ``attempts`` says how often, and only a longer wait can help.
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
    """Apple refused the password. No other error means a wrong password.

    What to do: Ask for the password again, once: Apple locks accounts after several wrong ones.
    """

    kind = ErrorKind.BAD_CREDENTIALS


class PasswordRequiredError(ICloudError):
    """A password is needed, and nobody has given one.

    What to do: Sign in by ``Client.login``.
    """

    kind = ErrorKind.PASSWORD_REQUIRED


class CodeRequiredError(ICloudError):
    """The session ended, and only a person can start a new one.

    What to do: Sign in again by ``Client.login`` where somebody can read a code.
    """

    kind = ErrorKind.CODE_REQUIRED


class CodeRejectedError(ICloudError):
    """The code was wrong. The challenge lives on.

    What to do: Ask for the code again, and ``submit`` it.
    """

    kind = ErrorKind.CODE_REJECTED


class ChallengeExpiredError(ICloudError):
    """The challenge is too old, or was replaced by another one.

    What to do: Sign in again to get a new one.
    """

    kind = ErrorKind.CHALLENGE_EXPIRED


class SecurityKeyRequiredError(ICloudError):
    """The account can be used with a security key only.

    What to do: Answer the ``SecurityKeyAction`` that ``Client.login`` gives.
    """

    kind = ErrorKind.SECURITY_KEY_REQUIRED


class SessionExpiredError(ICloudError):
    """Apple no longer accepts the saved session, and no password was given to renew it.

    What to do: Sign in by ``Client.login``.
    """

    kind = ErrorKind.SESSION_EXPIRED


class AccountLockedError(ICloudError):
    """Apple locked the account for security reasons.

    What to do: Its owner unlocks it at https://iforgot.apple.com; until then no sign-in is sent.
    """

    kind = ErrorKind.ACCOUNT_LOCKED


class TooManyAttemptsError(ICloudError):
    """The library's own budget of sign-ins is used up, so that Apple does not lock the account.

    What to do: Wait for ``retry_after``, and find out what signs in so often.
    """

    kind = ErrorKind.TOO_MANY_ATTEMPTS


class TooManyCodesError(ICloudError):
    """Apple sends or takes no more codes for some hours, or too many wrong ones were given.

    What to do: Wait some hours before the next sign-in.
    """

    kind = ErrorKind.TOO_MANY_CODES


class RateLimitedError(ICloudError):
    """Apple asks to slow down (429), or refuses for a while (503).

    What to do: Wait for ``retry_after``, or some minutes if Apple names no time.
    """

    kind = ErrorKind.RATE_LIMITED


class AdvancedDataProtectionError(ICloudError):
    """Advanced Data Protection is on and no device has approved this session.

    What to do: Sign in again and have the owner allow access on a device (``ConsentAction``).
    """

    kind = ErrorKind.ADVANCED_DATA_PROTECTION


class WebAccessDisabledError(ICloudError):
    """The account has "Access iCloud Data on the Web" switched off.

    What to do: Its owner switches it on, in the settings of an Apple device, under iCloud.
    """

    kind = ErrorKind.WEB_ACCESS_DISABLED


class TermsRequiredError(ICloudError):
    """New terms of service wait to be accepted by the account's owner.

    What to do: They do so at https://www.icloud.com, or agree to ``TermsAction.accept``.
    """

    kind = ErrorKind.TERMS_REQUIRED


class WrongRegionError(ICloudError):
    """The account belongs to the other region.

    What to do: Make the client with ``region="china"``, or without it.
    """

    kind = ErrorKind.WRONG_REGION


class NotActivatedError(ICloudError):
    """iCloud Photos was never set up for this account.

    What to do: Its owner switches it on, on a device or at https://www.icloud.com/photos.
    """

    kind = ErrorKind.NOT_ACTIVATED


class IndexNotReadyError(ICloudError):
    """Apple still builds the index of the library: lists would be short.

    What to do: Try again in a few minutes.
    """

    kind = ErrorKind.INDEX_NOT_READY


class ForbiddenError(ICloudError):
    """Apple refused the sign-in or the request, and gave no clearer reason.

    What to do: Try again later, once; sign in at https://www.icloud.com to see what the account lacks.
    """

    kind = ErrorKind.FORBIDDEN


class NotFoundError(ICloudError):
    """There is no such library, album, asset or file.

    What to do: List again: what was there may have been deleted.
    """

    kind = ErrorKind.NOT_FOUND


class ConflictError(ICloudError):
    """Somebody else changed it, or holds it open.

    What to do: Look at it again, then repeat; a ``Catalogue`` is open in one process at a time.
    """

    kind = ErrorKind.CONFLICT


class LinkExpiredError(ICloudError):
    """A download link is no longer valid, and no fresh one was to be had.

    What to do: Fetch the asset anew by ``Library.renew``.
    """

    kind = ErrorKind.LINK_EXPIRED


class NetworkError(ICloudError):
    """No connection, or it broke.

    What to do: Look after the connection and repeat. What was downloaded so far is kept where the storage can resume.
    """

    kind = ErrorKind.NETWORK


class RequestTimeoutError(ICloudError, TimeoutError):
    """Nothing was heard for too long. A ``TimeoutError`` of Python's too.

    What to do: Repeat; ``header_timeout`` and ``stall_timeout`` of ``Client`` say how long is too long.
    """

    kind = ErrorKind.TIMEOUT


class ProtocolError(ICloudError):
    """Apple answered something that this version does not understand.

    What to do: Look for a newer version, else please report it.
    """

    kind = ErrorKind.PROTOCOL


class IntegrityError(ICloudError):
    """Bytes have not the length they should, or not Apple's checksum, again and again.

    What to do: Nothing was given a name. Repeat later: iCloud may hold a damaged file.
    """

    kind = ErrorKind.INTEGRITY


class StorageError(ICloudError):
    """The storage failed in a way that has no error of its own.

    What to do: ``__cause__`` is what it raised.
    """

    kind = ErrorKind.STORAGE


class StorageFullError(ICloudError):
    """The storage is full.

    What to do: Make room and repeat: nothing that came is lost.
    """

    kind = ErrorKind.STORAGE_FULL


class StoreLostError(ICloudError):
    """What is there is not the storage that was filled before; most likely a disk is not mounted.

    What to do: Mount it. Nothing was written.
    """

    kind = ErrorKind.STORE_LOST


class PermissionDeniedError(ICloudError):
    """The storage refuses this user.

    What to do: Give this user the right, or choose another place.
    """

    kind = ErrorKind.PERMISSION_DENIED


class AlreadyExistsError(ICloudError):
    """Something else stands under that name already.

    What to do: Choose another name, or ``replace=True`` to lose what stands there.
    """

    kind = ErrorKind.ALREADY_EXISTS


class ConfigError(ICloudError, ValueError):
    """A value that was given is wrong. A ``ValueError`` of Python's too.

    What to do: The message says which, and what is allowed.
    """

    kind = ErrorKind.CONFIG


class UnsupportedError(ICloudError):
    """The storage, or this version, cannot do that.

    What to do: The message says what can be done instead, if anything.
    """

    kind = ErrorKind.UNSUPPORTED


class OperationCancelledError(ICloudError):
    """The work was stopped, by ``SyncEngine.stop``. No file bears a name that is not whole.

    What to do: The next run goes on from there.
    """

    kind = ErrorKind.CANCELLED


class UnexpectedError(ICloudError):
    """A defect of this library.

    What to do: Please report it, with its text and its ``__cause__``.
    """

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
