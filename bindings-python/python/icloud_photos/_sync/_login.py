# Made from `_async` by tools/unasync.py: change it there.
"""What stands between a password and a session."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Union

from .. import _native
from .._models import CodeDelivery, SavedChallenge
from ..errors import ICloudError
from ._runtime import run
from ._session import Session

if TYPE_CHECKING:
    from .._records import Phone


class Challenge:
    """Apple wants a code. It waits for about ten minutes.

    The code comes from a trusted device, from a message or call to one of ``phones``, or, on a device without network, from its settings.
    Nothing is asked of Apple before one of the methods is called: a new push or message makes the codes before it worthless, so ask only
    when somebody is there to read it.
    """

    def __init__(self, native: _native.Challenge) -> None:
        self._native = native

    @property
    def account(self) -> str:
        """Whose sign-in it is."""
        return self._native.account

    @property
    def phones(self) -> list[Phone]:
        """The phones that a code can be sent to."""
        return self._native.phones

    @property
    def has_devices(self) -> bool:
        """Whether some trusted device can show a code."""
        return self._native.has_devices

    @property
    def is_two_step(self) -> bool:
        """Whether this is the old two-step verification: a code comes only after ``send_code``."""
        return self._native.is_two_step

    def request_push(self) -> None:
        """Asks Apple to show a code on the account's devices; codes from before become worthless. One request."""
        run(self._native.request_push())

    def send_code(self, phone: Phone, delivery: CodeDelivery | str | None = None) -> None:
        """Asks Apple to send a code to a phone; the next code that is submitted is taken to be that one.

        Args:
            phone: One of ``phones``.
            delivery: ``sms`` or ``voice``; None as the phone says.

        Raises:
            RateLimitedError: Apple sends no more codes for now.
            ChallengeExpiredError: Sign in again.
        """
        run(self._native.send_code(phone.id, CodeDelivery(delivery or phone.delivery).value))

    def submit(self, code: str) -> Session:
        """Answers with a code. If Apple accepts it, this browser is trusted from now on and the session is saved.

        Once a code was accepted none is sent any more: another call, with whatever code, only finishes the sign-in.

        Raises:
            CodeRejectedError: Wrong code; the challenge lives on, ask again.
            ConfigError: It cannot be a code; nothing was sent.
            ChallengeExpiredError: Sign in again.
            TooManyCodesError: Too many wrong codes.
        """
        return Session(run(self._native.submit(code)))

    def to_saved(self) -> SavedChallenge:
        """The challenge as data, for another process to answer (``Client.resume``). A secret."""
        return SavedChallenge(run(self._native.to_saved()))

    def __repr__(self) -> str:
        return f"<Challenge of {self.account}, {len(self.phones)} phones>"


class TermsAction:
    """Apple has new terms, which the account's owner must accept."""

    def __init__(self, native: _native.Terms) -> None:
        self._native = native

    @property
    def error(self) -> ICloudError:
        """What to raise where nobody can act."""
        return self._native.error

    def accept(self) -> Login:
        """Accepts the terms in the owner's name, and goes on with the sign-in. Ask the owner before.

        Returns:
            What ``Client.login`` gives.

        Raises:
            ForbiddenError: Apple does not take it.
        """
        return faced_login(run(self._native.accept()))


class ConsentAction:
    """Advanced Data Protection is on: a device of the owner's must allow the access."""

    def __init__(self, native: _native.Consent) -> None:
        self._native = native

    @property
    def error(self) -> ICloudError:
        """What to raise where nobody can act."""
        return self._native.error

    def request(self) -> None:
        """Has the devices ask their owner. One request."""
        run(self._native.request())

    def poll(self) -> Session | None:
        """Asks once whether somebody has agreed; None if not yet. One request.

        Raises:
            AdvancedDataProtectionError: Somebody refused.
        """
        session = run(self._native.poll())
        return None if session is None else Session(session)

    def wait(self, limit: timedelta | float = 300.0) -> Session:
        """Polls until somebody agrees.

        Args:
            limit: How long at most; a number is of seconds.

        Raises:
            AdvancedDataProtectionError: Nobody agreed in that time.
        """
        seconds = limit.total_seconds() if isinstance(limit, timedelta) else limit
        return Session(run(self._native.wait(seconds)))


class SecurityKeyAction:
    """A security key must sign what Apple asks. What talks to the key is yours."""

    def __init__(self, native: _native.SecurityKey) -> None:
        self._native = native

    @property
    def error(self) -> ICloudError:
        """What to raise where nobody can act."""
        return self._native.error

    @property
    def challenge(self) -> str:
        """What is to be signed, in base64url."""
        return self._native.challenge

    @property
    def credentials(self) -> list[str]:
        """Ids of the keys that may sign, in base64url."""
        return self._native.credentials

    @property
    def relying_party(self) -> str:
        """Whom it is signed for."""
        return self._native.relying_party

    @property
    def key_names(self) -> list[str]:
        """What the owner calls the keys."""
        return self._native.key_names

    def submit(
        self,
        *,
        client_data: str,
        signature: str,
        authenticator_data: str,
        credential_id: str,
        user_handle: str | None = None,
    ) -> Login:
        """Answers with what the key gave, each part in base64.

        Returns:
            What ``Client.login`` gives.
        """
        answer = self._native.submit(client_data, signature, authenticator_data, user_handle, credential_id)
        return faced_login(run(answer))


Login = Union[Session, Challenge, TermsAction, ConsentAction, SecurityKeyAction]
"""What a sign-in comes to: a session, or what is missing."""


def faced_login(native: _native.Session | _native.Challenge | _native.Terms | _native.Consent | _native.SecurityKey) -> Login:
    """A login of the library's as this face has it."""
    if isinstance(native, _native.Session):
        return Session(native)
    if isinstance(native, _native.Challenge):
        return Challenge(native)
    if isinstance(native, _native.Terms):
        return TermsAction(native)
    return ConsentAction(native) if isinstance(native, _native.Consent) else SecurityKeyAction(native)
