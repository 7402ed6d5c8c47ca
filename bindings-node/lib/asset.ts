/**
 * One photo or film, with everything that the listing said about it.
 *
 * @module
 */

import { inspect } from 'node:util';

import type { Asset as Native, Downloader } from '#native';

import { Download } from './download.js';
import { ICloudError } from './errors.js';
import type { AssetChange, AssetState, LibraryId, Location, MediaKind, Resource, Role, Subtype } from './models.js';
import { isOurs, listed, notOurs, now } from './run.js';

/** An {@link AssetState} whose digests were stored as text, for JSON has no such numbers. */
export type StoredState = Omit<AssetState, 'content' | 'metadata'> & { readonly content: string; readonly metadata: string };

/** What a sidecar is made for. */
export interface SidecarOptions {
  /** The paths of the albums it is in; without them that is not known. */
  readonly albums?: Iterable<readonly string[]> | undefined;
  /** Whether it is to stand beside a file that was made from the edit: that is turned already. */
  readonly rendering?: boolean | undefined;
  /** What stands there. What other programs added to it stays. */
  readonly existing?: Uint8Array | undefined;
}

/** A photo or film. Reading any of its members sends nothing. */
export class Asset {
  readonly #native: Native;
  readonly #downloader: Downloader;

  private constructor(native: Native, downloader: Downloader) {
    this.#native = native;
    this.#downloader = downloader;
  }

  /** @internal */
  static of(native: Native, downloader: Downloader): Asset {
    return new Asset(native, downloader);
  }

  /** Apple's name of the record; it stays for as long as the asset exists. */
  get id(): string {
    return this.#native.id;
  }

  /** Apple's name of the file's record. Two assets may show one file. */
  get masterId(): string {
    return this.#native.masterId;
  }

  /** The library it is in. */
  get library(): LibraryId {
    return this.#native.library;
  }

  /** Changes whenever the record does. */
  get changeTag(): string | null {
    return this.#native.changeTag;
  }

  /** The name it was imported with; null if there is none, or none that can be read. */
  get filename(): string | null {
    return this.#native.filename;
  }

  /** The name as it is stored, if it cannot be read. */
  get undecodableFilename(): string | null {
    return this.#native.undecodableFilename;
  }

  /** Uniform type identifier of the original, such as `public.heic`. */
  get mediaType(): string | null {
    return this.#native.mediaType;
  }

  /** Photo or film. */
  get kind(): MediaKind {
    return this.#native.kind;
  }

  /** How it was made: Live Photo, screenshot, panorama, ... */
  get subtype(): Subtype {
    return this.#native.subtype;
  }

  /** When it was taken. */
  get created(): Date | null {
    return this.#native.created;
  }

  /** The same as Apple has it: milliseconds since 1970, of dates too that no calendar has. */
  get createdMs(): number | null {
    return this.#native.createdMs;
  }

  /** When it came into the library. */
  get added(): Date | null {
    return this.#native.added;
  }

  /** How far the clocks were from UTC where it was taken, east of Greenwich being positive. */
  get utcOffsetMs(): number | null {
    return this.#native.utcOffsetMs;
  }

  /** The time zone where it was taken, as Apple calls it. */
  get timeZone(): string | null {
    return this.#native.timeZone;
  }

  /** Where it was taken. */
  get location(): Location | null {
    return this.#native.location;
  }

  /** Its title. */
  get title(): string | null {
    return this.#native.title;
  }

  /** Its caption. */
  get description(): string | null {
    return this.#native.description;
  }

  /** Its keywords. */
  get keywords(): string[] {
    return this.#native.keywords;
  }

  /** Whether it is a favourite. */
  get isFavorite(): boolean {
    return this.#native.isFavorite;
  }

  /** Whether it is in the album Hidden. */
  get isHidden(): boolean {
    return this.#native.isHidden;
  }

  /** Whether it is in Recently Deleted. */
  get isTrashed(): boolean {
    return this.#native.isTrashed;
  }

  /** When Apple removes it from Recently Deleted for good. */
  get expungesAt(): Date | null {
    return this.#native.expungesAt;
  }

  /** Names the burst it belongs to. */
  get burstId(): string | null {
    return this.#native.burstId;
  }

  /** What it is in its burst, in Apple's two numbers. */
  get burstFlags(): [number | null, number | null] {
    return this.#native.burstFlags;
  }

  /** Which program edited it. */
  get adjustmentType(): string | null {
    return this.#native.adjustmentType;
  }

  /** Whether there is an edit of it. */
  get isEdited(): boolean {
    return this.#native.isEdited;
  }

  /** Whether it has a high dynamic range. */
  get isHdr(): boolean {
    return this.#native.isHdr;
  }

  /** Its orientation as Exif counts: 1 to 8. */
  get orientation(): number | null {
    return this.#native.orientation;
  }

  /** The same of the original. */
  get originalOrientation(): number | null {
    return this.#native.originalOrientation;
  }

  /** Width and height in pixels. */
  get dimensions(): [number, number] | null {
    return this.#native.dimensions;
  }

  /** How long a film is. */
  get durationMs(): number | null {
    return this.#native.durationMs;
  }

  /** How long the film of a Live Photo is. */
  get liveDurationMs(): number | null {
    return this.#native.liveDurationMs;
  }

  /** Where in that film the photo is. */
  get liveStillAtMs(): number | null {
    return this.#native.liveStillAtMs;
  }

  /** Who added it to a shared library, as Apple calls them. */
  get contributors(): string[] {
    return this.#native.contributors;
  }

  /** The files that iCloud has of it. */
  get resources(): Resource[] {
    return JSON.parse(this.#native.resources) as Resource[];
  }

  /**
   * The file with this role, if there is one.
   *
   * @throws {ICloudError} `config`: there is no such role.
   */
  resource(role: Role): Resource | null {
    return JSON.parse(now(() => this.#native.resource(role))) as Resource | null;
  }

  /** Fields of Apple's records that nothing else here shows: JSON text by name. */
  get raw(): Record<string, string> {
    return this.#native.raw();
  }

  /** What can be kept to tell later what changed of it. */
  state(): AssetState {
    return this.#native.state();
  }

  /**
   * What happened to it since `state` gave `before`; null if it was not known. Digests that were stored as text are taken back.
   *
   * @throws {ICloudError} `config`: this is no state of an asset.
   */
  compare(before: AssetState | StoredState | null): AssetChange {
    const known = before && { ...before, content: digest(before.content), metadata: digest(before.metadata) };
    return now(() => this.#native.compare(known));
  }

  /** Prepares the download of one of its files. Nothing is sent yet. */
  download(role: Role = 'original'): Download {
    return Download.of({ asset: this, native: this.#native, downloader: this.#downloader, role });
  }

  /** Whether both are the same asset of the same library. */
  equals(other: Asset): boolean {
    const [mine, theirs] = [this.library, other.library];
    return this.id === other.id && mine.zone === theirs.zone && mine.owner === theirs.owner && mine.database === theirs.database;
  }

  /**
   * An XMP sidecar with what iCloud says of the asset, which must have been listed with its `full` fields.
   *
   * @returns The packet; null if `existing` says all of it.
   * @throws {ICloudError} `conflict`: another program wrote `existing`, or it cannot be read: leave it alone.
   */
  sidecar({ albums, rendering = false, existing }: SidecarOptions = {}): Buffer | null {
    const paths = albums && listed(albums, 'albums').map((path) => listed(path, 'the path of an album'));
    return now(() => this.#native.sidecar(paths, rendering, existing));
  }

  /** @internal */
  static nativeOf(asset: Asset): Native {
    if (!isOurs(asset) || !(#native in asset)) throw notOurs('an asset', 'Asset');
    return asset.#native;
  }

  [inspect.custom](): string {
    return `Asset <${this.filename ?? this.id}, ${this.kind}, ${this.created?.toISOString() ?? 'no date'}>`;
  }
}

function digest(stored: bigint | string): bigint {
  if (typeof stored === 'bigint') return stored;
  if (typeof stored === 'string' && /^\d+$/.test(stored)) return BigInt(stored);
  throw new ICloudError('config', 'this is no state of an asset');
}
