/**
 * One photo or film, with everything that the listing said about it.
 *
 * @module
 */

import { inspect } from 'node:util';

import type { Asset as Native, Batch, Downloader } from '#native';

import { Download } from './download.js';
import { ICloudError } from './errors.js';
import type { AssetChange, AssetState, Holder, LibraryId, Location, MediaKind, Resource, Role, Subtype } from './models.js';
import { bytes, flag, isOurs, listed, notOurs, now, objectOf, optionsOf, text, texts } from './run.js';
import { shown } from './shown.js';

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
  // What came with it is kept for as long as it is.
  readonly #batch: Batch;
  readonly #at: number;
  readonly #downloader: Downloader;

  private constructor(batch: Batch, at: number, downloader: Downloader) {
    this.#batch = batch;
    this.#at = at;
    this.#downloader = downloader;
  }

  /**
   * All of a batch.
   *
   * @internal
   */
  static all(batch: Batch, downloader: Downloader): Asset[] {
    return Array.from({ length: batch.length }, (_, at) => new Asset(batch, at, downloader));
  }

  /**
   * The only one of a batch.
   *
   * @internal
   */
  static of(batch: Batch, downloader: Downloader): Asset {
    return new Asset(batch, 0, downloader);
  }

  /** Apple's name of the record; it stays for as long as the asset exists. */
  get id(): string {
    return this.#batch.id(this.#at);
  }

  /** Apple's name of the file's record. Two assets may show one file. */
  get masterId(): string {
    return this.#batch.masterId(this.#at);
  }

  /** The library it is in. */
  get library(): LibraryId {
    return this.#batch.library(this.#at);
  }

  /** Changes whenever the record does. */
  get changeTag(): string | null {
    return this.#batch.changeTag(this.#at);
  }

  /** The name it was imported with; null if there is none, or none that can be read. */
  get filename(): string | null {
    return this.#batch.filename(this.#at);
  }

  /** The name as it is stored, if it cannot be read. */
  get undecodableFilename(): string | null {
    return this.#batch.undecodableFilename(this.#at);
  }

  /** Uniform type identifier of the original, such as `public.heic`. */
  get mediaType(): string | null {
    return this.#batch.mediaType(this.#at);
  }

  /** Photo or film. */
  get kind(): MediaKind {
    return this.#batch.kind(this.#at);
  }

  /** How it was made: Live Photo, screenshot, panorama, ... */
  get subtype(): Subtype {
    return this.#batch.subtype(this.#at);
  }

  /** When it was taken. */
  get created(): Date | null {
    return this.#batch.created(this.#at);
  }

  /** The same as Apple has it: milliseconds since 1970, of dates too that no calendar has. */
  get createdMs(): number | null {
    return this.#batch.createdMs(this.#at);
  }

  /** When it came into the library. */
  get added(): Date | null {
    return this.#batch.added(this.#at);
  }

  /** How far the clocks were from UTC where it was taken, east of Greenwich being positive. */
  get utcOffsetMs(): number | null {
    return this.#batch.utcOffsetMs(this.#at);
  }

  /** The time zone where it was taken, as Apple calls it. */
  get timeZone(): string | null {
    return this.#batch.timeZone(this.#at);
  }

  /** Where it was taken. */
  get location(): Location | null {
    return this.#batch.location(this.#at);
  }

  /** Its title. */
  get title(): string | null {
    return this.#batch.title(this.#at);
  }

  /** Its caption. */
  get description(): string | null {
    return this.#batch.description(this.#at);
  }

  /** Its keywords. */
  get keywords(): string[] {
    return this.#batch.keywords(this.#at);
  }

  /** Whether it is a favourite. */
  get isFavorite(): boolean {
    return this.#batch.isFavorite(this.#at);
  }

  /** Whether it is in the album Hidden. */
  get isHidden(): boolean {
    return this.#batch.isHidden(this.#at);
  }

  /** Whether it is in Recently Deleted. */
  get isTrashed(): boolean {
    return this.#batch.isTrashed(this.#at);
  }

  /** When Apple removes it from Recently Deleted for good. */
  get expungesAt(): Date | null {
    return this.#batch.expungesAt(this.#at);
  }

  /** Names the burst it belongs to. */
  get burstId(): string | null {
    return this.#batch.burstId(this.#at);
  }

  /** What it is in its burst, in Apple's two numbers. */
  get burstFlags(): [number | null, number | null] {
    return this.#batch.burstFlags(this.#at);
  }

  /** Which program edited it. */
  get adjustmentType(): string | null {
    return this.#batch.adjustmentType(this.#at);
  }

  /** Whether there is an edit of it. */
  get isEdited(): boolean {
    return this.#batch.isEdited(this.#at);
  }

  /** Whether it has a high dynamic range. */
  get isHdr(): boolean {
    return this.#batch.isHdr(this.#at);
  }

  /** Its orientation as Exif counts: 1 to 8. */
  get orientation(): number | null {
    return this.#batch.orientation(this.#at);
  }

  /** The same of the original. */
  get originalOrientation(): number | null {
    return this.#batch.originalOrientation(this.#at);
  }

  /** Width and height in pixels. */
  get dimensions(): [number, number] | null {
    return this.#batch.dimensions(this.#at);
  }

  /** How long a film is. */
  get durationMs(): number | null {
    return this.#batch.durationMs(this.#at);
  }

  /** How long the film of a Live Photo is. */
  get liveDurationMs(): number | null {
    return this.#batch.liveDurationMs(this.#at);
  }

  /** Where in that film the photo is. */
  get liveStillAtMs(): number | null {
    return this.#batch.liveStillAtMs(this.#at);
  }

  /** Who added it to a shared library, as Apple calls them. */
  get contributors(): string[] {
    return this.#batch.contributors(this.#at);
  }

  /** The files that iCloud has of it. */
  get resources(): Resource[] {
    return (JSON.parse(this.#batch.resources(this.#at)) as Written[]).map(resourceOf);
  }

  /**
   * The file with this role, if there is one.
   *
   * @throws {ICloudError} `config`: there is no such role.
   */
  resource(role: Role): Resource | null {
    const written = JSON.parse(now(() => this.#batch.resource(this.#at, text(role, 'the role')))) as Written | null;
    return written && resourceOf(written);
  }

  /** Fields of Apple's records that nothing else here shows: JSON text by name. */
  get raw(): Record<string, string> {
    return this.#batch.raw(this.#at);
  }

  /** What can be kept to tell later what changed of it. */
  state(): AssetState {
    return this.#batch.state(this.#at);
  }

  /**
   * What happened to it since `state` gave `before`; null if it was not known. Digests that were stored as text are taken back.
   *
   * @throws {ICloudError} `config`: this is no state of an asset.
   */
  compare(before: AssetState | StoredState | null): AssetChange {
    return now(() => this.#batch.compare(this.#at, before == null ? null : stateOf(before)));
  }

  /** Prepares the download of one of its files. Nothing is sent yet. */
  download(role: Role = 'original'): Download {
    return Download.of({ asset: this, native: Asset.nativeOf(this), downloader: this.#downloader, role: text(role, 'the role') });
  }

  /** Whether both are the same asset of the same library. */
  equals(other: Asset): boolean {
    Asset.#require(other);
    const [mine, theirs] = [this.library, other.library];
    return this.id === other.id && mine.zone === theirs.zone && mine.owner === theirs.owner && mine.database === theirs.database;
  }

  /**
   * An XMP sidecar with what iCloud says of the asset, which must have been listed with its `full` fields: of one that was had with its `basic` ones,
   * by `Library.renew` for instance, it has no title, caption, keywords or place, and takes those of `existing` away.
   *
   * @returns The packet; null if `existing` says all of it.
   * @throws {ICloudError} `conflict`: another program wrote `existing`, or it cannot be read: leave it alone.
   */
  sidecar(options: SidecarOptions = {}): Buffer | null {
    const { albums, rendering = false, existing } = optionsOf(options);
    const paths = albums == null ? undefined : listed(albums, 'albums').map((path) => texts(path, 'the path of an album'));
    const stands = existing == null ? undefined : bytes(existing, 'existing');
    return now(() => this.#batch.sidecar(this.#at, paths, flag(rendering, 'rendering'), stands));
  }

  /** @internal */
  static nativeOf(asset: Asset): Native {
    Asset.#require(asset);
    return asset.#batch.asset(asset.#at);
  }

  static #require(asset: Asset): void {
    if (!isOurs(asset) || !(#batch in asset)) throw notOurs('an asset', 'Asset');
  }

  [inspect.custom](): string {
    return shown('Asset', `${this.filename ?? this.id}, ${this.kind}, ${this.created?.toISOString() ?? 'no date'}`);
  }
}

/** A file as the native half writes it. */
type Written = [Role, Holder, string | null, number | null, string | null, boolean | null, number | null, number | null, boolean, boolean];

function resourceOf([role, holder, mediaType, size, text, isKnown, width, height, isOffered, isProvable]: Written): Resource {
  const checksum = text === null ? null : { text, isKnown: isKnown === true };
  return { role, holder, mediaType, size, checksum, width, height, isOffered, isProvable };
}

function stateOf(stored: AssetState | StoredState): AssetState {
  const state = objectOf(stored, 'a state');
  return { ...state, content: digest(state.content), metadata: digest(state.metadata) };
}

function digest(stored: bigint | string): bigint {
  if (typeof stored === 'bigint') return stored;
  if (typeof stored === 'string' && /^\d+$/.test(stored)) return BigInt(stored);
  throw new ICloudError('config', 'this is no state of an asset');
}
