/**
 * The words by which the library says what something is.
 *
 * Made by tools/tables.py from Python's _models.py; do not edit.
 *
 * @module
 */

/** What happened, for a program to act on. */
export type ErrorKind =
  /** Apple refused the password. No other kind means a wrong password. */
  | 'bad_credentials'
  /** A password is needed, and nobody has given one. */
  | 'password_required'
  /** The session ended and only a person can start a new one: sign in again. */
  | 'code_required'
  /** The code was wrong. The challenge lives on; ask for the code again. */
  | 'code_rejected'
  /** The challenge is too old or was replaced; sign in again to get a new one. */
  | 'challenge_expired'
  /** The account can be used with a security key only. */
  | 'security_key_required'
  /** The saved session is no longer accepted and no password was given to renew it. */
  | 'session_expired'
  /** Apple locked the account for security reasons; <https://iforgot.apple.com> unlocks it. */
  | 'account_locked'
  /** Our own budget of sign-in attempts is used up, so that Apple does not lock the account. */
  | 'too_many_attempts'
  /** Apple sends or takes no more codes for some hours, or too many wrong ones were given. */
  | 'too_many_codes'
  /** Apple asks to slow down (429), or refuses for a while (503). */
  | 'rate_limited'
  /** Advanced Data Protection is on and no device has approved this session. */
  | 'advanced_data_protection'
  /** The account has "Access iCloud Data on the Web" switched off. */
  | 'web_access_disabled'
  /** New terms of service wait to be accepted by the account's holder. */
  | 'terms_required'
  /** The account belongs to the other region (`com` or `cn`). */
  | 'wrong_region'
  /** iCloud Photos was never set up for this account. */
  | 'not_activated'
  /** Apple still builds the index of the library; try again in a few minutes. */
  | 'index_not_ready'
  /** The sign-in or the request was forbidden and Apple gave no clearer reason. */
  | 'forbidden'
  /** No such library, album, asset or file. */
  | 'not_found'
  /** A record was changed by somebody else meanwhile. */
  | 'conflict'
  /** A download link is no longer valid; a fresh one is needed. */
  | 'link_expired'
  /** No connection, or it broke. */
  | 'network'
  /** Nothing was heard for too long. */
  | 'timeout'
  /** The server answered something this version does not understand. */
  | 'protocol'
  /** Bytes do not match their length or Apple's checksum. */
  | 'integrity'
  /** The storage failed in a way that has no kind of its own. */
  | 'storage'
  /** The storage is full. */
  | 'storage_full'
  /** What is there is not the storage that was filled before; most likely a disk is not mounted. */
  | 'store_lost'
  /** The storage may not be read or written by this user. */
  | 'permission_denied'
  /** Something else stands under that name already. */
  | 'already_exists'
  /** A value given by the caller is wrong. */
  | 'config'
  /** The back end or this version cannot do that. */
  | 'unsupported'
  /** The caller stopped the work. */
  | 'cancelled'
  /** A defect of this library; please report it. */
  | 'unexpected';

/** The two worlds an Apple account can live in. */
export type Region =
  /** `icloud.com` */
  | 'world'
  /** `icloud.com.cn`, accounts of mainland China */
  | 'china';

/** A host that is known before sign-in. */
export type Door =
  /** Where passwords and codes are checked (`idmsa.apple.com`). */
  | 'auth'
  /** Where sessions are (`setup.icloud.com`). */
  | 'setup';

/** How a code reaches a phone. */
export type CodeDelivery =
  /** As a text message. */
  | 'sms'
  /** A voice reads it out in a call. */
  | 'voice';

/** Which of the account's CloudKit databases a library lives in. */
export type Database =
  /** The account's own zones. */
  | 'private'
  /** Zones that another account shares with this one. */
  | 'shared';

/** What a library is. */
export type LibraryKind =
  /** The account's personal library. */
  | 'primary'
  /** An iCloud Shared Photo Library. */
  | 'shared'
  /** A zone this version knows nothing of. */
  | 'other';

/** An album that iCloud fills by itself. */
export type SmartAlbum =
  /** Time-lapse videos. */
  | 'time_lapse'
  /** All videos. */
  | 'videos'
  /** Slow-motion videos. */
  | 'slo_mo'
  /** Series of shots; the ones that stand for their series. */
  | 'bursts'
  /** What the user marked with a heart. */
  | 'favorites'
  /** Panoramas. */
  | 'panoramas'
  /** Screenshots. */
  | 'screenshots'
  /** Live Photos. */
  | 'live'
  /** What was deleted within the last 30 days. Its assets can be downloaded still. */
  | 'recently_deleted'
  /** What the user hid. */
  | 'hidden'
  /** Photos with depth. */
  | 'portrait'
  /** Live Photos with the long-exposure effect. */
  | 'long_exposure'
  /** Animated images. */
  | 'animated';

/** What fills an album. */
export type AlbumKind =
  /** Everything in the library but what is hidden or deleted. */
  | 'library'
  /** iCloud. */
  | 'smart'
  /** The user. */
  | 'user'
  /** Nothing: it holds albums. Its list of assets is empty. */
  | 'folder';

/** How much a listing asks for about each asset. Less makes answers smaller and quicker. */
export type Fields =
  /** What a download needs: names, dates, types, flags, and the files of the roles asked for. */
  | 'basic'
  /** All that has an accessor, and what metadata files are written from. */
  | 'full'
  /** Whatever Apple has; what this version does not model is in `Asset.raw`. The roles asked for are ignored. */
  | 'everything';

/** What kind of thing an asset is. */
export type MediaKind =
  /** A still, animated ones too. */
  | 'photo'
  /** A film. */
  | 'video'
  /** Apple does not say. */
  | 'unknown';

/** How an asset was made. Live, screenshot and time-lapse are certain; the others are read from numbers whose meaning Apple never told. */
export type Subtype =
  /** In no special way. */
  | 'plain'
  /** A Live Photo. */
  | 'live'
  /** A screenshot. */
  | 'screenshot'
  /** A panorama. */
  | 'panorama'
  /** A slow-motion video. */
  | 'slo_mo'
  /** A time-lapse video. */
  | 'time_lapse'
  /** A photo with the portrait effect. */
  | 'portrait'
  /** A Live Photo with the long-exposure effect. */
  | 'long_exposure'
  /** A value this version does not know. */
  | 'unknown';

/** What a file of an asset is for; in brackets Apple's own name. */
export type Role =
  /** The untouched original (`resOriginal`). */
  | 'original'
  /** The other original of a RAW+JPEG pair (`resOriginalAlt`). */
  | 'alternative'
  /** The movie of a Live Photo (`resOriginalVidCompl`). */
  | 'live_movie'
  /** The current edit of a photo, full size (`resJPEGFull`). */
  | 'edited'
  /** The current edit of a video, full size (`resVidFull`). */
  | 'edited_video'
  /** A large JPEG derivative; rare (`resJPEGLarge`). */
  | 'large'
  /** A JPEG derivative of about 2048 pixels (`resJPEGMed`). */
  | 'medium'
  /** A JPEG derivative of about 480 pixels (`resJPEGThumb`). */
  | 'thumb'
  /** A 720p transcode of a video or of the Live Photo movie (`resVidMed`). */
  | 'video_medium'
  /** A 360p transcode (`resVidSmall`). */
  | 'video_small'
  /** An HDR transcode (`resVidHDRMed`). */
  | 'video_hdr'
  /** A sidecar that belongs to the original, such as AAE (`resSidecar`). */
  | 'sidecar';

/** Which record of an asset holds a resource; a fresh link is had by looking that record up. */
export type Holder =
  /** The `CPLMaster`. */
  | 'master'
  /** The `CPLAsset`: edits and what is derived from them. */
  | 'asset';

/** How a listing ended; see `Listing`. */
export type ListingState =
  /** Read to its end, without a gap, as many assets as Apple counts. */
  | 'complete'
  /** As many as were asked for. */
  | 'limited'
  /** It may lack something, and nothing may be concluded from what was not seen. */
  | 'short';
