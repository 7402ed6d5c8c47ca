/**
 * What the library says, as values: words and plain objects. Sizes are in bytes, moments are `Date`s, times are milliseconds (`…Ms`), and what is
 * not there is `null`.
 *
 * @module
 */

import { inspect } from 'node:util';

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

/** What became of an asset. */
export type AssetChange =
  /** It was not known. */
  | 'added'
  /** It has other files, other metadata perhaps too. */
  | 'edited'
  /** Its files are the same; something else differs. */
  | 'metadata'
  /** It is in Recently Deleted and was not, or was not known. */
  | 'trashed'
  /**
   * It was in Recently Deleted, and is not any more. Files and metadata may differ too. It is back in its albums, and no change says in
   * which: who never saw it there has to list them.
   */
  | 'restored'
  /** Nothing that can be seen. */
  | 'unchanged';

/** Why bytes that were fetched are not proven; see `Proof`. */
export type Doubt =
  /** Apple sent the same bytes twice, at the right length, and they do not match its checksum. */
  | 'mismatch'
  /** The checksum is of a scheme that cannot be computed here. */
  | 'unknown_scheme'
  /** The library holds no checksum for the file. */
  | 'no_checksum'
  /** Only a part of the file was asked for, and a checksum speaks for whole files. */
  | 'part';

/** How a listing ended; see `Listing`. */
export type ListingState =
  /** Read to its end, without a gap, as many assets as Apple counts. */
  | 'complete'
  /** As many as were asked for. */
  | 'limited'
  /** It may lack something, and nothing may be concluded from what was not seen. */
  | 'short';

/** All roles. */
export const ROLES: readonly Role[] = Object.freeze([
  'original',
  'alternative',
  'live_movie',
  'edited',
  'edited_video',
  'large',
  'medium',
  'thumb',
  'video_medium',
  'video_small',
  'video_hdr',
  'sidecar',
] as const);

/** What a `Door` answered. */
export interface Probe {
  /** The host that was asked. */
  readonly host: string;
  /** The status of the answer. Nobody is signed in, so 4xx is what a healthy host says; 429 and 503 mean that it turns us away. */
  readonly status: number;
  /** From the request to the headers of the answer. */
  readonly tookMs: number;
  /** What Apple's clock said (the header `Date`, whole seconds), if it said so. */
  readonly apple: Date | null;
  /** What this computer's clock said at that moment. */
  readonly here: Date;
  /** Whether Apple refuses this computer for now. */
  readonly isTurnedAway: boolean;
  /** How far this computer's clock is off, if it is and Apple's is known. */
  readonly clockErrorMs: number | null;
}

/** A phone that Apple can send a code to. */
export interface Phone {
  /** How Apple calls it. */
  readonly id: string;
  /** Its number, all but the last digits hidden. */
  readonly number: string;
  /** Its name, of the old two-step verification. */
  readonly name: string | null;
  /** How a code goes there unless told otherwise. */
  readonly delivery: CodeDelivery;
}

/** Names a library of an account. */
export interface LibraryId {
  /** Whether it is the account's own, or shared with it. */
  readonly database: Database;
  /** Its name at Apple, such as `PrimarySync`. */
  readonly zone: string;
  /** Who shares it, as Apple calls that account. */
  readonly owner: string | null;
}

/** What Apple says of a file's bytes: 21 bytes in base64, the first of which names the scheme. */
export interface Checksum {
  /** As Apple writes it. */
  readonly text: string;
  /** Whether bytes can be checked against it: the scheme is Apple's salted SHA-1. */
  readonly isKnown: boolean;
}

/** One file that iCloud holds of an asset. */
export interface Resource {
  /** What it is to the asset. */
  readonly role: Role;
  /** Which of the two records lists it. */
  readonly holder: Holder;
  /** Its uniform type identifier, such as `public.jpeg`. */
  readonly mediaType: string | null;
  /** Its length in bytes, as Apple says. */
  readonly size: number | null;
  /** What Apple says of its bytes. */
  readonly checksum: Checksum | null;
  /** In pixels. */
  readonly width: number | null;
  /** In pixels. */
  readonly height: number | null;
  /** Whether there was a link to it when the asset was listed. */
  readonly isOffered: boolean;
  /** Whether its bytes can be proven. */
  readonly isProvable: boolean;
}

/** Where a photo was taken. */
export interface Location {
  /** Degrees north. */
  readonly latitude: number;
  /** Degrees east. */
  readonly longitude: number;
  /** Metres above the sea. */
  readonly altitude: number | null;
  /** Metres per second. */
  readonly speed: number | null;
  /** Degrees clockwise from north. */
  readonly course: number | null;
  /** Metres. */
  readonly horizontalAccuracy: number | null;
  /** Metres. */
  readonly verticalAccuracy: number | null;
  /** When the place was measured. */
  readonly timestamp: Date | null;
}

/**
 * What is remembered of an asset: some 80 bytes, to be stored. The digests are the same in every run and on every machine. They cover what
 * was asked for: compare only assets that were had with the same `Fields` and roles.
 */
export interface AssetState {
  /** Digest of the files: what for, how long, and Apple's checksum. */
  readonly content: bigint;
  /** Digest of everything else an `Asset` tells, but for the flags below, `Asset.changeTag` and `Asset.raw`. */
  readonly metadata: bigint;
  /** It was in Recently Deleted. */
  readonly trashed: boolean;
  /** It was hidden. */
  readonly hidden: boolean;
  /** It was marked with a heart. */
  readonly favorite: boolean;
  /** The record of its file, by which a change of kind `file` names it, and by which it is known again in another library. */
  readonly master: string;
}

/** How a listing ended. */
export interface Listing {
  /** Whether it came to its end, and to a whole one. */
  readonly state: ListingState;
  /** Different assets seen. */
  readonly seen: number;
  /** What Apple counts, if that is known and differs. */
  readonly expected: number | null;
  /** The list was not read to its end, or moved so that something may have been passed over. */
  readonly gap: boolean;
  /** What was not seen is not there. */
  readonly isComplete: boolean;
  /** All that was asked for came. */
  readonly hasAll: boolean;
  /** Something is missing, or may be. */
  readonly lacks: boolean;
  /** How many assets Apple counts that were not seen. Zero does not mean that nothing is missing. */
  readonly missing: number;
  /** The same in words. */
  readonly text: string;
}

/** What is known of bytes that were fetched. */
export interface Proof {
  /** Apple's checksum agrees with the bytes. */
  readonly verified: boolean;
  /** Why it does not, or cannot; the length agrees then. Never a reason to delete anything. */
  readonly doubt: Doubt | null;
}

/** A file that was fetched and stored. */
export interface Saved {
  /** Where it stands now. */
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  /** What is known of the bytes. */
  readonly proof: Proof;
  /** Apple's checksum of the bytes, as computed here. */
  readonly checksum: Checksum;
  /** SHA-256 of the bytes, as computed here. */
  readonly sha256: Buffer;
  /** How many of the bytes an earlier run had fetched. */
  readonly resumedFrom: number;
  /** Nothing was fetched: the file stood elsewhere in the storage, and was copied. */
  readonly copied: boolean;
  /**
   * Something was written into the bytes before they were stored: what is known of them they had before, while length and hashes are those
   * of what stands there now.
   */
  readonly rewritten: boolean;
}

/** A point in the history of one library, to go on from. It may be kept for as long as one likes, and is no secret. */
export interface ChangeCursor {
  /** The cursor as text, for `Library.changes`. */
  readonly json: string;
  /** The library it belongs to. */
  readonly library: LibraryId;
}

/** How far Apple is with the index that all lists are read from. */
export type IndexState =
  /** Lists are whole. */
  | { readonly state: 'ready' }
  /** Lists may be short. Try again in a few minutes. `progress` is per cent, if told. */
  | { readonly state: 'building'; readonly progress: number | null }
  /** A state this version does not know, as Apple spells it; an empty one if Apple named none. */
  | { readonly state: 'unknown'; readonly name: string };

/** Where Apple's services are. Needed only for tests and for the fake; else a {@link Region} says it. */
export interface Endpoints {
  /** URL of the sign-in service; Apple's if there is none. */
  readonly auth?: string | undefined;
  /** URL of the setup service; Apple's if there is none. `http://` is taken for loopback only. */
  readonly setup?: string | undefined;
}

/** How often a request is tried that failed for passing reasons, and how long the pauses are. */
export interface RetryPolicy {
  /** Tries in all, the first one included; 1 for none but that. Default 5. */
  readonly attempts?: number | undefined;
  /** The first pause; each further one is twice as long, with some chance in it. Default 1,000. */
  readonly baseMs?: number | undefined;
  /** The longest pause. Default 60,000. */
  readonly capMs?: number | undefined;
  /** The longest pause that Apple may ask for; above it the error goes to the caller at once. Default 300,000. */
  readonly patienceMs?: number | undefined;
}

/** Data that is shown nowhere by itself: neither when it is printed nor in JSON. */
abstract class Secret {
  readonly #json: string;

  /** @param json What `json` of one like it gave. */
  constructor(json: string) {
    this.#json = String(json);
  }

  /** The data as text, to be stored where only its user can read it. It is a secret. */
  get json(): string {
    return this.#json;
  }

  /** What logs get. The data itself is in `json`. */
  toJSON(): string {
    return `<${this.constructor.name}>`;
  }

  toString(): string {
    return this.toJSON();
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}

/**
 * A challenge as data: one process makes it, another answers it by `Client.resume`.
 *
 * It is a secret: whoever has it and a valid code is signed in. It does not hold the password.
 */
export class SavedChallenge extends Secret {}

/**
 * A session as a `SessionStore` keeps it; its `json` is what is to be stored.
 *
 * It is a secret: whoever has it and the password signs in without a code. Formats of older versions stay readable.
 */
export class SavedSession extends Secret {}
