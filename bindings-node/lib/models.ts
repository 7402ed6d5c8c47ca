/**
 * What the library says, as values: words and plain objects. Sizes are in bytes, moments are `Date`s, times are milliseconds (`…Ms`), and what is
 * not there is `null`.
 *
 * @module
 */

import { inspect } from 'node:util';

import type { Database, Holder, ListingState, Role } from './words.js';

export type { AssetChange, Doubt, Location, Phone, Probe, Proof, Saved } from './records.js';
export type * from './words.js';

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
