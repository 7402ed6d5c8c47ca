/**
 * Dates inside of pictures, what types of files are called, where files go, and Apple's checksum, for bytes of your own.
 *
 * @module
 */

import native from '#native';
import type { Hasher as Native } from '#native';

import { Asset } from './asset.js';
import type { Checksum, MediaKind } from './models.js';
import { layoutGiven } from './options.js';
import type { Layout } from './options.js';
import type { Digests, Placement } from './records.js';
import { bytes, now, run, text } from './run.js';
import type { Cancellable } from './run.js';

/**
 * Whether a JPEG, PNG, HEIC, AVIF or WebP says when it was taken.
 *
 * @throws {ICloudError} `unsupported`: it is none of these, or cannot be read.
 */
export async function hasDate(picture: Uint8Array, options: Cancellable = {}): Promise<boolean> {
  return run((abort) => native.hasDate(bytes(picture, 'the picture'), abort), options);
}

/**
 * The same picture with a date written into it; another date gives way.
 *
 * @param picture The whole file.
 * @param date As Exif has it: `2024:05:01 12:30:00`.
 * @throws {ICloudError} `unsupported`: it is no picture that can hold one, or cannot be read. `config`: a date of another form.
 */
export async function withDate(picture: Uint8Array, date: string, options: Cancellable = {}): Promise<Buffer> {
  return run((abort) => native.withDate(bytes(picture, 'the picture'), text(date, 'a date'), abort), options);
}

/** What is known of a type of files. */
export interface FileType {
  /** The ending of its files' names, such as `HEIC`; null for one that nobody knows. */
  readonly extension: string | null;
  /** Photo or film. */
  readonly kind: MediaKind;
  /** Whether it is what a sensor saw. */
  readonly isRaw: boolean;
}

/** What a uniform type identifier such as `public.heic` says. */
export function typeOf(identifier: string): FileType {
  return now(() => native.typeOf(text(identifier, 'the identifier')));
}

/**
 * Where the files of an asset go, by a layout alone. Nothing is sent.
 *
 * @throws {ICloudError} `config`: a template, time zone or language that cannot be used.
 */
export function place(layout: Layout, asset: Asset): Placement {
  return now(() => native.place(layoutGiven(layout), Asset.nativeOf(asset)));
}

/** Apple's checksum as it is written; null if this is none. */
export function parseChecksum(written: string): Checksum | null {
  return now(() => native.parseChecksum(text(written, 'the checksum')));
}

/**
 * Apple's checksum and SHA-256 of bytes, in one pass.
 *
 * @example
 * ```ts
 * const hasher = new Hasher();
 * hasher.update(bytes);
 * hasher.digests().checksum.text === asset.resource('original')?.checksum?.text;
 * ```
 */
export class Hasher {
  readonly #native: Native = new native.Hasher();

  /** Takes the next bytes. */
  update(data: Uint8Array): void {
    this.#native.update(bytes(data, 'bytes') as Buffer);
  }

  /** How many came so far. */
  get length(): number {
    return this.#native.length;
  }

  /** What they hash to so far. */
  digests(): Digests {
    return this.#native.digests();
  }
}
