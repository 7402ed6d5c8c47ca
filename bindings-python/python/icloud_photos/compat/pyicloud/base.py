"""Signing in, in pyicloud's shape.

pyicloud signs in while its object is made, and a script asks afterwards what is left to do. So here: the object holds what our
sign-in has come to, a session or what Apple wants first, and each of pyicloud's questions and answers is one about that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

import icloud_photos as faces

from ...errors import AdvancedDataProtectionError, CodeRejectedError, ConfigError, ICloudError, TermsRequiredError
from . import _doors, _keys
from .exceptions import (
    NotOffered,
    PyiCloud2FARequiredException,
    PyiCloud2SARequiredException,
    PyiCloudNoTrustedNumberAvailable,
    PyiCloudSecurityKeyException,
    PyiCloudServiceUnavailable,
    ServiceNotOffered,
    told,
    translated,
)
from .services.photos import PhotosService

if TYPE_CHECKING:
    from threading import Event

_LOG = logging.getLogger(__name__)

#: What pyicloud has beside photos.
_OTHERS = frozenset(
    (
        "account",
        "calendar",
        "contacts",
        "devices",
        "drive",
        "files",
        "get_webservice_url",
        "hidemyemail",
        "invites",
        "iphone",
        "notes",
        "reminders",
        "webservices",
    )
)
#: What a script can reach in pyicloud of its dealings with Apple.
_INSIDES = frozenset(("data", "params", "session"))

#: How long somebody may take to approve this session on a device, in seconds. pyicloud waits as long.
_CONSENT = 100.0


class PyiCloudService:
    """An account of iCloud, as far as its photos go. Making it signs in.

    A session that was saved is taken up first: then no password is needed, and Apple sends no code. Where a code is needed it is
    asked for at once, on the account's devices, or by a message to its first phone if it has none.

    Args:
        apple_id: The account's e-mail address or phone number.
        password: The password. Without it, the one that is in the system's key store, by the package ``keyring``.
        cookie_directory: A folder for sessions. A session that pyicloud or icloudpd left in it is taken up. Default:
            ``~/.icloud-photos``.
        verify: True. There is no connection here that is not checked.
        client_id: The name by which Apple knows this browser, for the first sign-in.
        with_family: Means nothing here; nor do ``refresh_interval``, ``family_poll_delay``, ``family_poll_max_retries``,
            ``locate``, ``cloudkit_validation_extra``, ``upload_hydration_timeout`` and ``upload_hydration_interval``.
        china_mainland: The account belongs to mainland China. Default: what the environment says (``ICLOUD_CHINA=1``).
        accept_terms: Accepts new terms of service in the name of the account's owner.
        authenticate: False: :meth:`authenticate` is called later.
        pause_2fa: Is refused; photos are not shown without a code.

    Raises:
        PyiCloudFailedLoginException: Wrong name or password, or too many sign-ins of late.
        PyiCloudNoStoredPasswordAvailableException: There is neither a session nor a password.
        PyiCloudAcceptTermsException: Apple has new terms of service.
        PyiCloudConnectionException: No answer came.

    Attributes:
        ours: The session as this package has it; None while something is left to do.
    """

    def __init__(
        self,
        apple_id: str,
        password: str | None = None,
        cookie_directory: str | None = None,
        verify: bool = True,
        client_id: str | None = None,
        with_family: bool = True,
        china_mainland: bool | None = None,
        accept_terms: bool = False,
        refresh_interval: float | None = None,
        family_poll_delay: float = 0.5,
        family_poll_max_retries: int = 5,
        locate: bool = False,
        *,
        authenticate: bool = True,
        cloudkit_validation_extra: str | None = None,
        pause_2fa: bool = False,
        upload_hydration_timeout: float = 60.0,
        upload_hydration_interval: float = 2.0,
    ) -> None:
        if not verify:
            raise NotOffered("verify=False is refused: whoever sits between could read the photos; leave it out")
        if pause_2fa:
            raise NotOffered("pause_2fa is for Find My alone; Apple shows no photos without a code")
        self._account = apple_id
        self._password = password
        # Programs that report an exception with the variables of its frames shall not find it in this one.
        del password
        self._accept_terms = accept_terms
        self._china = _doors.china_says() if china_mainland is None else china_mainland
        self._reached: Any = None
        self._code_is_on_its_way = False
        self._photos: PhotosService | None = None
        with translated():
            self._client = _doors.client(cookie_directory, self._china, client_id)
        if authenticate:
            self.authenticate()

    def authenticate(self, force_refresh: bool = False, service: str | None = None, pause_2fa: bool | None = None) -> None:
        """Takes up the saved session, or signs in with the password.

        Args:
            force_refresh: Signs in with the password even if there is a session.
            service: Means nothing here.
            pause_2fa: Means nothing here.

        Raises:
            PyiCloudException: As when the object is made.
        """
        self._photos = None
        with translated():
            self._reached = None if force_refresh else self._restore()
            if self._reached is None:
                self._enter(self._client.login(self._account, self._find_password()))

    @property
    def ours(self) -> faces.Session | None:
        """The session as this package has it; None while something is left to do."""
        return self._reached if isinstance(self._reached, faces.Session) else None

    @property
    def account_name(self) -> str:
        """The account."""
        return self._account

    @property
    def is_china_mainland(self) -> bool:
        """Whether the account belongs to mainland China."""
        return self._china

    @property
    def is_trusted_session(self) -> bool:
        """Whether all is done, and Apple will want no code for some weeks."""
        return self.ours is not None

    @property
    def requires_2fa(self) -> bool:
        """Whether a code, or a security key, is wanted."""
        challenge = self._challenge
        return isinstance(self._reached, faces.SecurityKeyAction) or (challenge is not None and not challenge.is_two_step)

    @property
    def requires_2sa(self) -> bool:
        """Whether anything is wanted beside the password, by the old two-step verification or the present one."""
        return self._challenge is not None or isinstance(self._reached, faces.SecurityKeyAction)

    def request_2fa_code(self) -> bool:
        """Asks for a code, unless one is on its way already: the sign-in itself asks for one.

        Returns:
            Whether one is on its way.
        """
        if self._challenge is not None and not self._code_is_on_its_way:
            self._code_is_on_its_way = self._ask_for_code(self._challenge)
        return self._code_is_on_its_way

    @property
    def two_factor_delivery_method(self) -> str:
        """How the code comes: ``trusted_device``, ``sms``, ``security_key`` or ``unknown``."""
        if isinstance(self._reached, faces.SecurityKeyAction):
            return "security_key"
        if self._challenge is None or not self._code_is_on_its_way:
            return "unknown"
        return "trusted_device" if self._challenge.has_devices else "sms"

    @property
    def two_factor_delivery_notice(self) -> None:
        """Nothing; what is to be said is logged."""
        return None

    def validate_2fa_code(self, code: str) -> bool:
        """Answers with a code. The session is trusted and saved with it.

        Returns:
            False if the code was wrong. The next one may be right.

        Raises:
            PyiCloudAPIResponseException: It is not known whether it was: no answer, too many codes, or too late for it.
        """
        challenge = self._challenge
        if challenge is None:
            return self.is_trusted_session
        try:
            with translated():
                self._submit(challenge, code)
        except _Wrong as wrong:
            _LOG.warning("The code was not accepted: %s", wrong.__cause__)
            return False
        return not self.requires_2sa

    def trust_session(self) -> bool:
        """Does nothing more: a session is trusted as soon as a code was accepted.

        Returns:
            Whether it is.
        """
        return self.is_trusted_session

    @property
    def trusted_devices(self) -> list[dict[str, Any]]:
        """What a code can be sent to: ``deviceId``, ``phoneNumber`` as Apple masks it, and ``deviceName`` where there is one."""
        return [_doors.device(phone) for phone in self._challenge.phones] if self._challenge else []

    def send_verification_code(self, device: dict[str, Any]) -> bool:
        """Sends a code to one of :attr:`trusted_devices`.

        Raises:
            PyiCloudAPIResponseException: Apple sends no more codes for now, or no answer came.
            PyiCloudNoTrustedNumberAvailable: There is no such device.
        """
        challenge = self._challenge
        if challenge is None:
            return False
        phone = next((phone for phone in challenge.phones if phone.id == str(device.get("deviceId"))), None)
        if phone is None:
            raise PyiCloudNoTrustedNumberAvailable("no such device is known; choose one of api.trusted_devices")
        with translated():
            challenge.send_code(phone)
        self._code_is_on_its_way = True
        return True

    def validate_verification_code(self, device: dict[str, Any], code: str) -> bool:
        """Answers with a code that was sent; see :meth:`validate_2fa_code`."""
        return self.validate_2fa_code(code)

    @property
    def security_key_names(self) -> list[str] | None:
        """What the account's security keys are called, if one of them is wanted."""
        return self._reached.key_names if isinstance(self._reached, faces.SecurityKeyAction) else None

    @property
    def fido2_devices(self) -> list[Any]:
        """Security keys that are plugged in. Needs the package ``fido2``."""
        return _keys.devices()

    def confirm_security_key(self, device: Any = None, *, event: Event | None = None) -> None:
        """Waits until somebody touches the security key. Needs the package ``fido2``.

        Args:
            device: One of :attr:`fido2_devices`. Default: the first.
            event: Ends the wait when it is set.

        Raises:
            PyiCloudSecurityKeyException: It did not come to an answer.
        """
        action = self._reached
        if not isinstance(action, faces.SecurityKeyAction):
            raise PyiCloudSecurityKeyException("no security key is wanted")
        answer = _keys.touched(action, device, event)
        with translated():
            self._enter(action.submit(**answer))

    @property
    def photos(self) -> PhotosService:
        """The photos.

        With Advanced Data Protection somebody must approve this session on a device; this waits for that, 100 seconds.

        Raises:
            PyiCloud2FARequiredException: A code is wanted first.
            PyiCloudServiceUnavailable: Apple still builds the index of the library.
            PyiCloudServiceNotActivatedException: iCloud Photos was never set up for the account.
            PyiCloudPCSTimeoutException: Nobody approved it in time.
        """
        if self._photos is None:
            self._photos = PhotosService(self._session())
        return self._photos

    def __getattr__(self, name: str) -> NoReturn:
        if name in _OTHERS:
            raise ServiceNotOffered(f"icloud_photos is about photos alone and has no {name}; pyicloud has")
        if name in _INSIDES:
            raise ServiceNotOffered(f"icloud_photos hands out no {name}: it holds secrets; api.ours is the session")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __str__(self) -> str:
        return f"iCloud API: {self._account}"

    def __repr__(self) -> str:
        return f"<{self}>"

    @property
    def _challenge(self) -> faces.Challenge | None:
        return self._reached if isinstance(self._reached, faces.Challenge) else None

    def _restore(self) -> faces.Session | None:
        try:
            return self._client.restore(self._account)
        except AdvancedDataProtectionError:
            return None
        except TermsRequiredError:
            if not self._accept_terms:
                raise
            return None

    def _find_password(self) -> str:
        if self._password is None:
            self._password = _doors.stored_password(self._account)
        return self._password

    def _enter(self, reached: Any) -> None:
        """Takes note of what a sign-in has come to, and does what needs nobody."""
        while isinstance(reached, faces.TermsAction):
            if not self._accept_terms:
                raise told(reached.error) from reached.error
            reached = reached.accept()
        self._reached, self._code_is_on_its_way = reached, False
        if isinstance(reached, faces.Challenge) and not reached.is_two_step:
            self.request_2fa_code()

    def _ask_for_code(self, challenge: faces.Challenge) -> bool:
        try:
            if challenge.has_devices:
                challenge.request_push()
            elif challenge.phones:
                challenge.send_code(challenge.phones[0])
            else:
                return False
        except ICloudError as error:
            # The challenge stands, and there are other ways to a code.
            _LOG.warning("No code could be asked for: %s", error)
            return False
        return True

    def _submit(self, challenge: faces.Challenge, code: str) -> None:
        try:
            self._reached = challenge.submit(code)
        except (CodeRejectedError, ConfigError) as error:
            raise _Wrong from error
        except (TermsRequiredError, AdvancedDataProtectionError):
            # The code was right. The owner must do something else, which a sign-in offers, and it needs no code now.
            self.authenticate(force_refresh=True)

    def _session(self) -> faces.Session:
        if isinstance(self._reached, faces.ConsentAction):
            with translated():
                self._reached.request()
                self._reached = self._reached.wait(_CONSENT)
        if self.ours is not None:
            return self.ours
        if isinstance(self._reached, faces.SecurityKeyAction):
            raise PyiCloudSecurityKeyException("a security key is wanted first: confirm_security_key()")
        if self._challenge is None:
            raise PyiCloudServiceUnavailable("nobody has signed in yet: authenticate()")
        if self._challenge.is_two_step:
            raise PyiCloud2SARequiredException(f"a code is wanted first for {self._account}: send_verification_code()")
        raise PyiCloud2FARequiredException(f"a code is wanted first for {self._account}: validate_2fa_code()")


class _Wrong(Exception):
    """A code that Apple, or a look at it, refused."""
