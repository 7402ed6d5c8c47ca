"""What the library says, as values: enums and frozen dataclasses. Sizes are in bytes, moments are aware ``datetime``s in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from . import _native


class Word(str, Enum):
    """A member of a fixed set, equal to its name as text, and written as it in every version of Python."""

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


class ErrorKind(Word):
    """What happened, for a program to act on."""

    BAD_CREDENTIALS = "bad_credentials"
    """Apple refused the password. No other kind means a wrong password."""
    PASSWORD_REQUIRED = "password_required"
    """A password is needed, and nobody has given one."""
    CODE_REQUIRED = "code_required"
    """The session ended and only a person can start a new one: sign in again."""
    CODE_REJECTED = "code_rejected"
    """The code was wrong. The challenge lives on; ask for the code again."""
    CHALLENGE_EXPIRED = "challenge_expired"
    """The challenge is too old or was replaced; sign in again to get a new one."""
    SECURITY_KEY_REQUIRED = "security_key_required"
    """The account can be used with a security key only."""
    SESSION_EXPIRED = "session_expired"
    """The saved session is no longer accepted and no password was given to renew it."""
    ACCOUNT_LOCKED = "account_locked"
    """Apple locked the account for security reasons; <https://iforgot.apple.com> unlocks it."""
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    """Our own budget of sign-in attempts is used up, so that Apple does not lock the account."""
    TOO_MANY_CODES = "too_many_codes"
    """Apple sends or takes no more codes for some hours, or too many wrong ones were given."""
    RATE_LIMITED = "rate_limited"
    """Apple asks to slow down (429), or refuses for a while (503)."""
    ADVANCED_DATA_PROTECTION = "advanced_data_protection"
    """Advanced Data Protection is on and no device has approved this session."""
    WEB_ACCESS_DISABLED = "web_access_disabled"
    """The account has "Access iCloud Data on the Web" switched off."""
    TERMS_REQUIRED = "terms_required"
    """New terms of service wait to be accepted by the account's holder."""
    WRONG_REGION = "wrong_region"
    """The account belongs to the other region (``com`` or ``cn``)."""
    NOT_ACTIVATED = "not_activated"
    """iCloud Photos was never set up for this account."""
    INDEX_NOT_READY = "index_not_ready"
    """Apple still builds the index of the library; try again in a few minutes."""
    FORBIDDEN = "forbidden"
    """The sign-in or the request was forbidden and Apple gave no clearer reason."""
    NOT_FOUND = "not_found"
    """No such library, album, asset or file."""
    CONFLICT = "conflict"
    """A record was changed by somebody else meanwhile."""
    LINK_EXPIRED = "link_expired"
    """A download link is no longer valid; a fresh one is needed."""
    NETWORK = "network"
    """No connection, or it broke."""
    TIMEOUT = "timeout"
    """Nothing was heard for too long."""
    PROTOCOL = "protocol"
    """The server answered something this version does not understand."""
    INTEGRITY = "integrity"
    """Bytes do not match their length or Apple's checksum."""
    STORAGE = "storage"
    """The storage failed in a way that has no kind of its own."""
    STORAGE_FULL = "storage_full"
    """The storage is full."""
    STORE_LOST = "store_lost"
    """What is there is not the storage that was filled before; most likely a disk is not mounted."""
    PERMISSION_DENIED = "permission_denied"
    """The storage may not be read or written by this user."""
    ALREADY_EXISTS = "already_exists"
    """Something else stands under that name already."""
    CONFIG = "config"
    """A value given by the caller is wrong."""
    UNSUPPORTED = "unsupported"
    """The back end or this version cannot do that."""
    CANCELLED = "cancelled"
    """The caller stopped the work."""
    UNEXPECTED = "unexpected"
    """A defect of this library; please report it."""


class Region(Word):
    """The two worlds an Apple account can live in."""

    WORLD = "world"
    """``icloud.com``"""
    CHINA = "china"
    """``icloud.com.cn``, accounts of mainland China"""


class Door(Word):
    """A host that is known before sign-in."""

    AUTH = "auth"
    """Where passwords and codes are checked (``idmsa.apple.com``)."""
    SETUP = "setup"
    """Where sessions are (``setup.icloud.com``)."""


class CodeDelivery(Word):
    """How a code reaches a phone."""

    SMS = "sms"
    """As a text message."""
    VOICE = "voice"
    """A voice reads it out in a call."""


class Database(Word):
    """Which of the account's CloudKit databases a library lives in."""

    PRIVATE = "private"
    """The account's own zones."""
    SHARED = "shared"
    """Zones that another account shares with this one."""


class LibraryKind(Word):
    """What a library is."""

    PRIMARY = "primary"
    """The account's personal library."""
    SHARED = "shared"
    """An iCloud Shared Photo Library."""
    OTHER = "other"
    """A zone this version knows nothing of."""


class SmartAlbum(Word):
    """An album that iCloud fills by itself."""

    TIME_LAPSE = "time_lapse"
    """Time-lapse videos."""
    VIDEOS = "videos"
    """All videos."""
    SLO_MO = "slo_mo"
    """Slow-motion videos."""
    BURSTS = "bursts"
    """Series of shots; the ones that stand for their series."""
    FAVORITES = "favorites"
    """What the user marked with a heart."""
    PANORAMAS = "panoramas"
    """Panoramas."""
    SCREENSHOTS = "screenshots"
    """Screenshots."""
    LIVE = "live"
    """Live Photos."""
    RECENTLY_DELETED = "recently_deleted"
    """What was deleted within the last 30 days. Its assets can be downloaded still."""
    HIDDEN = "hidden"
    """What the user hid."""
    PORTRAIT = "portrait"
    """Photos with depth."""
    LONG_EXPOSURE = "long_exposure"
    """Live Photos with the long-exposure effect."""
    ANIMATED = "animated"
    """Animated images."""


class AlbumKind(Word):
    """What fills an album."""

    LIBRARY = "library"
    """Everything in the library but what is hidden or deleted."""
    SMART = "smart"
    """iCloud."""
    USER = "user"
    """The user."""
    FOLDER = "folder"
    """Nothing: it holds albums. Its list of assets is empty."""


class Fields(Word):
    """How much a listing asks for about each asset. Less makes answers smaller and quicker."""

    BASIC = "basic"
    """What a download needs: names, dates, types, flags, and the files of the roles asked for."""
    FULL = "full"
    """All that has an accessor, and what metadata files are written from."""
    EVERYTHING = "everything"
    """Whatever Apple has; what this version does not model is in ``Asset.raw``. The roles asked for are ignored."""


class MediaKind(Word):
    """What kind of thing an asset is."""

    PHOTO = "photo"
    """A still, animated ones too."""
    VIDEO = "video"
    """A film."""
    UNKNOWN = "unknown"
    """Apple does not say."""


class Subtype(Word):
    """How an asset was made. Live, screenshot and time-lapse are certain; the others are read from numbers whose meaning Apple never told."""

    PLAIN = "plain"
    """In no special way."""
    LIVE = "live"
    """A Live Photo."""
    SCREENSHOT = "screenshot"
    """A screenshot."""
    PANORAMA = "panorama"
    """A panorama."""
    SLO_MO = "slo_mo"
    """A slow-motion video."""
    TIME_LAPSE = "time_lapse"
    """A time-lapse video."""
    PORTRAIT = "portrait"
    """A photo with the portrait effect."""
    LONG_EXPOSURE = "long_exposure"
    """A Live Photo with the long-exposure effect."""
    UNKNOWN = "unknown"
    """A value this version does not know."""


class Role(Word):
    """What a file of an asset is for; in brackets Apple's own name."""

    ORIGINAL = "original"
    """The untouched original (``resOriginal``)."""
    ALTERNATIVE = "alternative"
    """The other original of a RAW+JPEG pair (``resOriginalAlt``)."""
    LIVE_MOVIE = "live_movie"
    """The movie of a Live Photo (``resOriginalVidCompl``)."""
    EDITED = "edited"
    """The current edit of a photo, full size (``resJPEGFull``)."""
    EDITED_VIDEO = "edited_video"
    """The current edit of a video, full size (``resVidFull``)."""
    LARGE = "large"
    """A large JPEG derivative; rare (``resJPEGLarge``)."""
    MEDIUM = "medium"
    """A JPEG derivative of about 2048 pixels (``resJPEGMed``)."""
    THUMB = "thumb"
    """A JPEG derivative of about 480 pixels (``resJPEGThumb``)."""
    VIDEO_MEDIUM = "video_medium"
    """A 720p transcode of a video or of the Live Photo movie (``resVidMed``)."""
    VIDEO_SMALL = "video_small"
    """A 360p transcode (``resVidSmall``)."""
    VIDEO_HDR = "video_hdr"
    """An HDR transcode (``resVidHDRMed``)."""
    SIDECAR = "sidecar"
    """A sidecar that belongs to the original, such as AAE (``resSidecar``)."""


class Holder(Word):
    """Which record of an asset holds a resource; a fresh link is had by looking that record up."""

    MASTER = "master"
    """The ``CPLMaster``."""
    ASSET = "asset"
    """The ``CPLAsset``: edits and what is derived from them."""


@dataclass(frozen=True)
class Endpoints:
    """Where Apple's services are. Needed only for tests and for the fake; else a ``Region`` says it.

    Attributes:
        auth: URL of the sign-in service; None for Apple's.
        setup: URL of the setup service; None for Apple's. ``http://`` is taken for loopback only.
    """

    auth: str | None = None
    setup: str | None = None


class _Secret:
    """Data whose ``repr`` shows nothing of it."""

    def __init__(self, json: str) -> None:
        self._json = json

    @property
    def json(self) -> str:
        """The data as text. It is a secret."""
        return self._json

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Secret) and type(other) is type(self) and other._json == self._json

    def __hash__(self) -> int:
        return hash(self._json)


class SavedChallenge(_Secret):
    """A challenge as data: one process makes it, another answers it by ``Client.resume``. It pickles.

    It is a secret: whoever has it and a valid code is signed in. It does not hold the password.
    """


class SavedSession(_Secret):
    """A session as a ``SessionStore`` keeps it; its ``json`` is what is to be stored. It pickles.

    It is a secret: whoever has it and the password signs in without a code. Formats of older versions stay readable.
    """


@dataclass(frozen=True)
class LibraryId:
    """Names a library of an account.

    Attributes:
        database: Whether it is the account's own, or shared with it.
        zone: Its name at Apple, such as ``PrimarySync``.
        owner: Who shares it, as Apple calls that account.
    """

    database: Database
    zone: str
    owner: str | None


@dataclass(frozen=True)
class Checksum:
    """What Apple says of a file's bytes: 21 bytes in base64, the first of which names the scheme.

    Attributes:
        text: As Apple writes it.
        is_known: Whether bytes can be checked against it: the scheme is Apple's salted SHA-1.
    """

    text: str
    is_known: bool

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.text}>"

    @staticmethod
    def parse(text: str) -> Checksum | None:
        """Reads one; None if it is none."""
        found: Checksum | None = _native.parse_checksum(text)
        return found


@dataclass(frozen=True)
class Resource:
    """One file that iCloud holds of an asset.

    Attributes:
        role: What it is to the asset.
        holder: Which of the two records lists it.
        media_type: Its uniform type identifier, such as ``public.jpeg``.
        size: Its length in bytes, as Apple says.
        checksum: What Apple says of its bytes.
        width: In pixels.
        height: In pixels.
        is_offered: Whether there was a link to it when the asset was listed.
        is_provable: Whether its bytes can be proven.
    """

    role: Role
    holder: Holder
    media_type: str | None
    size: int | None
    checksum: Checksum | None
    width: int | None
    height: int | None
    is_offered: bool
    is_provable: bool


@dataclass(frozen=True)
class Listing:
    """How a listing ended.

    Attributes:
        state: Whether it came to its end, and to a whole one.
        seen: Different assets seen.
        expected: What Apple counts, if that is known and differs.
        gap: The list was not read to its end, or moved so that something may have been passed over.
        is_complete: What was not seen is not there.
        has_all: All that was asked for came.
        lacks: Something is missing, or may be.
        missing: How many assets Apple counts that were not seen. Zero does not mean that nothing is missing.
        text: The same in words.
    """

    state: ListingState
    seen: int
    expected: int | None
    gap: bool
    is_complete: bool
    has_all: bool
    lacks: bool
    missing: int
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.text}>"


class ListingState(Word):
    """How a listing ended; see ``Listing``."""

    COMPLETE = "complete"
    """Read to its end, without a gap, as many assets as Apple counts."""
    LIMITED = "limited"
    """As many as were asked for."""
    SHORT = "short"
    """It may lack something, and nothing may be concluded from what was not seen."""


def __getattr__(name: str) -> object:
    """For the native half, which asks here for all of them."""
    if name.startswith("_"):
        raise AttributeError(name)
    from . import _records

    return getattr(_records, name)
