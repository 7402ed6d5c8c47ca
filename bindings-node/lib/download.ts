/**
 * The bytes of a file.
 *
 * @module
 */

import { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';

import type { ByteStream, Asset as NativeAsset, Downloader } from '#native';

import type { Asset } from './asset.js';
import { ICloudError } from './errors.js';
import type { Proof, Role, Saved } from './models.js';
import { AsyncItems } from './items.js';
import { Watch, counting, flag, now, numeric, onAbort, optionsOf } from './run.js';
import type { Watchable } from './run.js';
import { named } from './sessions.js';
import { shown } from './shown.js';
import { givenStorage, wellFormed } from './storage.js';
import type { Storage } from './storage.js';
import { timeOf } from './written.js';

// What is taken into memory unless told otherwise.
const MOST_IN_MEMORY = 64 * 2 ** 20;

/** What a download into memory takes. */
export interface BytesOptions extends Watchable {
  /** Most bytes that are taken into memory. Default 64 MiB. */
  readonly limit?: number | undefined;
}

/** What a download into a folder or storage takes. */
export interface SaveOptions extends Watchable {
  /** Take the place of what stands there. Otherwise the name must be free, or hold the very same bytes. */
  readonly replace?: boolean | undefined;
  /** The modification time that the file gets; without it, when the photo was taken. */
  readonly modified?: Date | undefined;
}

/** What a stream takes. */
export interface StreamOptions extends Watchable {
  /** The first byte. Default 0. */
  readonly start?: number | undefined;
  /** The one after the last; without it, the file's end. Of a part nothing is proven. */
  readonly end?: number | undefined;
}

/** @internal */
export interface Wanted {
  readonly asset: Asset;
  readonly native: NativeAsset;
  readonly downloader: Downloader;
  readonly role: Role;
}

/** One file to be downloaded: nothing is sent before it is read, saved or streamed. */
export class Download {
  readonly #wanted: Wanted;

  private constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /** @internal */
  static of(wanted: Wanted): Download {
    return new Download(wanted);
  }

  /** Which file it is. */
  get role(): Role {
    return this.#wanted.role;
  }

  /**
   * The whole file in memory, whole and judged.
   *
   * The same bytes twice that do not match Apple's checksum are given all the same, for Apple's value may be stale: `readWithProof` tells.
   *
   * @throws {ICloudError} `not_found`: the asset has no such file. `integrity`: Apple sends wrong bytes again and again. `unsupported`: the file is
   *   larger than `limit`.
   */
  async bytes(options: BytesOptions = {}): Promise<Buffer> {
    return (await this.readWithProof(options)).bytes;
  }

  /** Like `bytes`, with what is known of them. */
  async readWithProof(options: BytesOptions = {}): Promise<{ bytes: Buffer; proof: Proof }> {
    const { native, downloader, role } = this.#wanted;
    const watch = new Watch(optionsOf(options).signal);
    const tell = counting(watch, options);
    const limit = numeric(options.limit ?? MOST_IN_MEMORY, 'limit');
    const [bytes, proof] = await watch.all((abort) => downloader.bytes(native, role, limit, tell, abort));
    return { bytes, proof };
  }

  /**
   * Fetches the file into a folder or storage. It gets its name once its bytes are whole and judged: `Saved.proof` tells how. A download that
   * broke off leaves a part, which the next call completes.
   *
   * @param to A folder, made as needed (`~` is your home), or a storage.
   * @param name The path in it; without it the asset's own name, which other assets may have too, and which all files of this one have: give names to
   *   its other files, and where many are saved.
   * @throws {ICloudError} `not_found`: the asset has no such file. `integrity`: Apple sends wrong bytes again and again. `already_exists`: other
   *   bytes stand under the name. `storage`: what a storage of yours threw is its `cause`.
   */
  async save(to: string | URL | Storage, name?: string | null, options: SaveOptions = {}): Promise<Saved> {
    const { asset, native, downloader, role } = this.#wanted;
    const { modified: given } = optionsOf(options);
    const modified = given == null ? asset.createdMs : timeOf(given);
    const storage = typeof to === 'string' || to instanceof URL ? named(to) : givenStorage(to);
    const place = {
      name: wellFormed(name ?? asset.filename ?? asset.id),
      replace: flag(options.replace ?? false, 'replace'),
      ...(modified === null ? {} : { modifiedMs: modified }),
    };
    const watch = new Watch(options.signal);
    const tell = counting(watch, options);
    return watch.all((abort) => downloader.save(native, role, storage, place, tell, abort));
  }

  /**
   * Writes the file's bytes to a stream as they come, at its pace, and leaves it open. What was written cannot be taken back: if this rejects,
   * throw it away.
   *
   * @returns What is known of the bytes. Apple may send the same bytes twice that do not match its checksum, which may be stale: they are not
   *   verified then.
   * @throws {ICloudError} `integrity`: what came is longer than the file, or other bytes came the second time. `network`: the connection ends early,
   *   again and again, or what Apple sends is shorter than the file.
   */
  async saveTo(to: Writable | WritableStream, options: Watchable = {}): Promise<Proof> {
    const { signal } = optionsOf(options);
    const isWeb = hasMethod(to, 'getWriter');
    if (!isWeb && !(hasMethod(to, 'write') && hasMethod(to, 'on') && hasMethod(to, 'off'))) {
      throw new TypeError("the target must be a stream of Node's or the Web's that can be written to");
    }
    const chunks = this.chunks(options);
    if (isWeb) await poured(chunks, to as WritableStream, signal);
    else await pumped(chunks, to as Writable, signal);
    if (chunks.proof === null) throw new ICloudError('unexpected', 'a whole file has a proof at its end');
    return chunks.proof;
  }

  /** The file's bytes as they come. Leaving the loop ends the request. */
  chunks(options: StreamOptions = {}): Chunks {
    return Chunks.of(this.#wanted, options);
  }

  /** The same as a stream of Node's: a reader that stops reading stops the network, and `destroy` ends the request. */
  stream(options: StreamOptions = {}): Readable {
    return new Bytes(this.chunks(options), options.signal);
  }

  /** The same as a stream of the Web's, such as a `Response` takes. */
  webStream(options: StreamOptions = {}): ReadableStream<Uint8Array> {
    return web(this.chunks(options));
  }

  [inspect.custom](): string {
    return shown('Download', `${this.#wanted.asset.filename ?? this.#wanted.asset.id}, ${this.role}`);
  }
}

/**
 * Bytes of a file as they come. A reader that stops reading stops the network.
 *
 * The last step rejects with `integrity` if what came is longer than the file, or differs from what came the second time, and with `network` if it
 * stays shorter. The same bytes twice that do not match Apple's checksum, which may be stale, are only not verified: see `proof`.
 */
export class Chunks extends AsyncItems<Buffer> {
  readonly #native: ByteStream;

  private constructor(wanted: Wanted, options: StreamOptions) {
    const { native, downloader, role } = wanted;
    const { start = 0, end, signal } = optionsOf(options);
    const watch = new Watch(signal);
    const [first, after] = [numeric(start, 'start'), end == null ? undefined : numeric(end, 'end')];
    const stream = now(() => downloader.stream(native, role, first, after, counting(watch, options)));
    super(stream, (chunk: Buffer) => chunk, { watch, signal, what: 'download' });
    this.#native = stream;
  }

  /** @internal */
  static of(wanted: Wanted, options: StreamOptions): Chunks {
    return new Chunks(wanted, options);
  }

  /** What is known of the bytes once all came; null before, and for a part of a file. */
  get proof(): Proof | null {
    return this.#native.proof;
  }
}

function hasMethod(object: unknown, method: string): boolean {
  return typeof object === 'object' && object !== null && typeof Reflect.get(object, method) === 'function';
}

/** Writes chunks one after the other, at the target's pace, and leaves nothing of its own on it. */
async function pumped(chunks: Chunks, to: Writable, signal: AbortSignal | undefined): Promise<void> {
  const ended = new Ended(to, signal);
  try {
    for await (const chunk of chunks) await ended.before(written(to, chunk));
  } finally {
    chunks.close();
    ended.forget();
  }
}

/** The same for a stream of the Web's. Its own `pipeTo` waits for a target that takes nothing, whatever the signal says. */
async function poured(chunks: Chunks, to: WritableStream, signal: AbortSignal | undefined): Promise<void> {
  const writer = to.getWriter();
  const closed = new TypeError('the target is closed: it takes nothing any more');
  let forget: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    forget = signal && onAbort(signal, () => reject(signal.reason));
    // Nobody else can close it now, so it was closed before.
    writer.closed.then(() => reject(closed), reject);
  });
  ended.catch(() => undefined);
  try {
    // A target that ended before says so within this turn, and nothing is fetched for it.
    await Promise.race([ended, turn()]);
    for await (const chunk of chunks) {
      const step = writer.ready.then(() => writer.write(chunk)).catch((error: unknown) => {
        // One that is not broken and takes nothing waits for its end.
        throw writer.desiredSize === null ? error : closed;
      });
      step.catch(() => undefined);
      await Promise.race([ended, step]);
    }
  } catch (error) {
    // It is not to be taken for whole; one that was closed has nothing of ours.
    if (error !== closed) writer.abort(error).catch(() => undefined);
    throw error;
  } finally {
    chunks.close();
    forget?.();
    writer.releaseLock();
  }
}

function written(to: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => to.write(chunk, (error) => (error == null ? resolve() : reject(error))));
}

/** Hears that a stream of Node's takes no more: whoever writes to it is not told while it is full. */
class Ended {
  readonly #to: Writable;
  readonly #ended: Promise<never>;
  readonly #failed: (error: unknown) => void;
  readonly #closed: () => void;
  readonly #unlisten: (() => void) | undefined;
  #why: { readonly error: unknown } | undefined;

  constructor(to: Writable, signal: AbortSignal | undefined) {
    let end: (error: unknown) => void = () => undefined;
    this.#ended = new Promise<never>((_, reject) => (end = reject));
    this.#ended.catch(() => undefined);
    this.#failed = (error) => {
      this.#why ??= { error };
      end(error);
    };
    this.#closed = () => end(to.errored ?? new ICloudError('cancelled', 'the target was closed before the file was whole'));
    this.#unlisten = signal && onAbort(signal, () => end(signal.reason));
    this.#to = to;
    to.on('error', this.#failed);
    // One that had its end before is closed as it should be; writing to it fails.
    if (!to.writableEnded) to.on('close', this.#closed);
    // What happened before is not told again.
    if (to.errored != null) this.#failed(to.errored);
  }

  /** The outcome of `step`, unless the stream ends before. */
  async before(step: Promise<void>): Promise<void> {
    step.catch(() => undefined);
    try {
      await Promise.race([this.#ended, step]);
    } catch (error) {
      // A stream that was broken says so of every step: how it broke is the reason.
      throw this.#why === undefined ? error : this.#why.error;
    }
  }

  forget(): void {
    this.#unlisten?.();
    this.#to.off('close', this.#closed);
    // A stream that just broke tells it in an event that is on its way.
    if (this.#to.errored != null && this.#why === undefined) this.#to.once('error', () => undefined);
    this.#to.off('error', this.#failed);
  }
}

/** Chunks as a stream of Node's. */
class Bytes extends Readable {
  readonly #chunks: Chunks;
  readonly #unlisten: (() => void) | undefined;

  constructor(chunks: Chunks, signal?: AbortSignal) {
    super();
    this.#chunks = chunks;
    // Also while nobody reads.
    const weak = new WeakRef(this);
    this.#unlisten = signal && onAbort(signal, () => weak.deref()?.destroy(asError(signal.reason)));
  }

  override _read(): void {
    this.#chunks.next().then(
      ({ done, value }) => this.push(done === true ? null : value),
      (error: unknown) => this.destroy(asError(error)),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#unlisten?.();
    this.#chunks.close();
    callback(error);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

function web(chunks: Chunks): ReadableStream<Uint8Array> {
  // Nothing is fetched ahead of the reader.
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        chunks.close();
      },
    },
    { highWaterMark: 0 },
  );
}
