/**
 * Where bytes go: storages of the library's own, and the shape of those that you write.
 *
 * @module
 */

import { inspect } from 'node:util';

import native from '#native';
import type { Abort, Storage as Native, StorageWriter as NativeWriter } from '#native';

import { requireMethods } from './ask.js';
import { given } from './client.js';
import { ICloudError, errorOf } from './errors.js';
import { AsyncItems } from './items.js';
import type { Source } from './items.js';
import type { Capabilities, LinkKind, ObjectMeta } from './records.js';
import { Watch, bytes, flag, held, hold, listed, now, numeric, optionsOf, run, text } from './run.js';
import type { Cancellable } from './run.js';
import { named } from './sessions.js';
import { shown } from './shown.js';
import { answering, skillsOf, timeOf } from './written.js';

/** What a storage that you write says of a file: path and size, and what else it knows. */
export interface FoundObject {
  /** Where it stands: names joined by slashes, relative to the root. */
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  /** Modification time, if the storage keeps one. */
  readonly modified?: Date | null | undefined;
  /** What was kept beside it. Lists need not tell. */
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
}

/** How a file is written. */
export interface WriteOptions {
  /** Name of the part, ending in `.part`. The same name finds the part of an earlier writer. Without one nothing is left behind. */
  readonly part?: string | null | undefined;
  /** Modification time. */
  readonly modified?: Date | null | undefined;
  /** Length in bytes, if known. */
  readonly size?: number | null | undefined;
  /** Whether to replace what stands under the name. Without it the name must be free. */
  readonly replace?: boolean | undefined;
  /** Where a symbolic link is replaced, it stays, and the file that it leads to is replaced. */
  readonly throughLinks?: boolean | undefined;
}

/** What a method may give at once or later. */
export type Awaitable<T> = T | PromiseLike<T>;

/** What is read one by one, at once or later. Whoever stops reading calls `return`, as a loop does. */
export type Items<T> = Iterable<Awaitable<T>> | AsyncIterable<T>;

/**
 * A place for files. Write your own to keep photos wherever you like: any object with these methods, which may be async.
 *
 * Paths are names joined by slashes, relative to the root of the storage. Several methods may run at once. What they throw is the `cause` of the
 * operation's error. Its kind is that of an `ICloudError`, or what Node's `code` says (`ENOENT`, `EEXIST`, `EACCES`, `EPERM`, `ENOSPC`, `EDQUOT`);
 * all else is `storage`.
 *
 * A storage belongs to the thread that made it; once that thread ends, what uses it fails.
 */
export interface Storage {
  /** How people call it. */
  readonly place?: string | null | undefined;
  /** What it can do; what is left out it cannot. Asked once, and not awaited. */
  capabilities?(): Partial<Capabilities>;
  /** What stands there; nothing if nothing does. */
  stat(path: string): Awaitable<FoundObject | null | undefined>;
  /** Begins to write a file. Nothing is seen of it before it is committed. */
  write(path: string, options: WriteOptions): Awaitable<StorageWriter>;
  /** The bytes of a file from `start` on. Throws what means `not_found` where no file stands. */
  read(path: string, start: number): Awaitable<Items<Uint8Array>>;
  /** Removes a file; no error if there is none. */
  remove(path: string): unknown;
  /** All files below a folder, in no order, but for parts of unfinished writes. */
  list(prefix: string): Awaitable<Items<FoundObject>>;
  /** Returns when everything committed so far would survive a loss of power. */
  flush?(): unknown;
  /** Removes what killed writers left behind and had not touched since `begun`. Files are never touched. */
  tidy?(begun: Date): unknown;
}

/**
 * Takes the bytes of one file, which appears under its name when they are committed, and not before. Its methods are called one after the other.
 * After one that failed only the last one comes: `abort`, or `close` where a part is kept.
 */
export interface StorageWriter {
  /** Bytes that an earlier writer of the same part left; they count as written. Without it none. */
  readonly position?: number | undefined;
  /** Those bytes, for hashing them. */
  resumed?(): Awaitable<Items<Uint8Array>>;
  /** Throws away what was written so far and starts again at zero. */
  restart(): unknown;
  /** Takes the next bytes, which are its own to keep. */
  write(chunk: Uint8Array): unknown;
  /** What is to be kept beside the bytes, in place of what was told before. */
  describe?(metadata: Readonly<Record<string, string>>): unknown;
  /** Makes the file appear under its name, whole, with its time. Throws what means `already_exists` where something stands that is to stay. */
  commit(): Awaitable<FoundObject>;
  /** Leaves nothing of it. */
  abort(): unknown;
  /** Nobody writes on: the part waits for a later writer. Only where the storage can resume and the part has a name; else `abort` is called. */
  close?(): unknown;
}

/** What a list of files is to have. */
export interface ListOptions extends Cancellable {
  /** Files too that are named as parts of unfinished writes are. */
  readonly withParts?: boolean | undefined;
}

/** What the storages of the library's own share. What fails rejects with an {@link ICloudError}. */
export abstract class OwnStorage implements Storage {
  readonly #native: Native;

  /** @internal */
  protected constructor(native: Native) {
    this.#native = native;
    hold(this, native);
  }

  /** How people call it. */
  get place(): string {
    return this.#native.place ?? '';
  }

  /** What this storage can do. */
  capabilities(): Capabilities {
    return this.#native.capabilities();
  }

  /**
   * Returns if files can be made here.
   *
   * @throws {ICloudError} `permission_denied`: they cannot.
   */
  async checkWritable(options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.checkWritable(abort), options);
  }

  /**
   * What stands there; null if nothing does.
   *
   * @throws {ICloudError} `already_exists`: something that is no file has the name.
   */
  async stat(path: string, options: Cancellable = {}): Promise<ObjectMeta | null> {
    return run((abort) => this.#native.stat(wellFormed(path), abort), options);
  }

  /** `stat` for many paths, in their order; an error in the place of what it concerns. */
  async statAll(paths: readonly string[], options: Cancellable = {}): Promise<Array<ObjectMeta | ICloudError | null>> {
    const found = await run((abort) => this.#native.statAll(listed(paths, 'paths').map(wellFormed), abort), options);
    return found.map((one) => (one !== null && 'failure' in one ? errorOf(one.failure) : one));
  }

  /**
   * Begins to write a file. Nothing is seen of it before it is committed.
   *
   * @throws {ICloudError} `config`: the path leads out of the storage, or the name of the part is none.
   */
  async write(path: string, options: WriteOptions & Cancellable = {}): Promise<FileWriter> {
    const { part, modified, size, replace = false, throughLinks = false } = optionsOf(options);
    const told = given({ part: part ?? undefined, size: size ?? undefined, modifiedMs: modified == null ? undefined : timeOf(modified) });
    const writing = { ...told, replace, throughLinks };
    return FileWriter.of(await run((abort) => this.#native.write(wellFormed(path), writing, abort), options));
  }

  /**
   * The bytes of a file from `start` on, as they come.
   *
   * @throws {ICloudError} `not_found`: no file stands there. The first step rejects then.
   */
  read(path: string, start = 0, options: Cancellable = {}): AsyncItems<Buffer> {
    return items(this.#native.read(wellFormed(path), numeric(start, 'start')), 'file', options);
  }

  /** Removes a file; no error if there is none. */
  async remove(path: string, options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.remove(wellFormed(path), abort), options);
  }

  /** All files below a folder, in no order. */
  list(prefix = '', options: ListOptions = {}): AsyncItems<ObjectMeta> {
    const withParts = flag(optionsOf(options).withParts ?? false, 'withParts');
    return items(this.#native.list(wellFormed(prefix), withParts), 'list', options);
  }

  /** Removes what killed writers left behind and had not touched since `begun`. Files are never touched. */
  async tidy(begun: Date, options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.tidy(timeOf(begun), abort), options);
  }

  /** Returns when everything committed so far would survive a loss of power. */
  async flush(options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.flush(abort), options);
  }

  /**
   * Gives a file one more name.
   *
   * @throws {ICloudError} `unsupported`: this storage knows no such links. `already_exists`: the name is taken. `not_found`: no file is there.
   */
  async link(source: string, target: string, kind: LinkKind, options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.link(wellFormed(source), wellFormed(target), text(kind, 'the kind of a link'), abort), options);
  }

  [inspect.custom](): string {
    return shown(this.constructor.name, this.place);
  }
}

/** A folder on the local disk. */
export class LocalStorage extends OwnStorage {
  private constructor(native: Native) {
    super(native);
  }

  /**
   * Opens it. The folder is made with the first file.
   *
   * @param root `~` is your home.
   * @throws {ICloudError} `already_exists`: a file stands there.
   */
  static async open(root: string | URL, options: Cancellable = {}): Promise<LocalStorage> {
    const folder = named(root);
    return new LocalStorage(await run((abort) => native.Storage.local(folder, abort), options));
  }
}

/** Memory, for tests. */
export class MemoryStorage extends OwnStorage {
  constructor() {
    super(native.Storage.memory());
  }
}

/** S3, Google Cloud Storage, Azure, WebDAV or SFTP. */
export class UrlStorage extends OwnStorage {
  private constructor(native: Native) {
    super(native);
  }

  /**
   * Opens it. Nothing is sent.
   *
   * Secrets are taken from the environment and files where the service's own tools have them, never from the address.
   *
   * @param address Such as `s3://bucket/prefix?region=eu-central-1`.
   * @throws {ICloudError} `config`: the address cannot be used.
   */
  static async open(address: string, options: Cancellable = {}): Promise<UrlStorage> {
    const told = text(address, 'the address');
    return new UrlStorage(await run((abort) => native.Storage.fromUrl(told, abort), options));
  }

  override [inspect.custom](): string {
    // An address may hold what nobody should read, if somebody put it there.
    return shown('UrlStorage', this.place.replace(/[?#].*$/s, '').replace(/^.*@/s, ''));
  }
}

/** A file that is being written, in a storage of the library's own. It takes one call at a time, in the order in which they are made. */
export class FileWriter implements StorageWriter {
  readonly #native: NativeWriter;
  #position: number;
  /** Rejects once a call failed: what comes after it would leave a hole. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(native: NativeWriter) {
    this.#native = native;
    this.#position = native.position;
  }

  /** @internal */
  static of(native: NativeWriter): FileWriter {
    return new FileWriter(native);
  }

  /** Bytes that an earlier writer of the same part left; they count as written. */
  get position(): number {
    return this.#position;
  }

  /** Those bytes, for hashing them. */
  resumed(options: Cancellable = {}): AsyncItems<Buffer> {
    const bytes = this.#native.resumed();
    return items({ next: (abort) => this.#next(() => bytes.next(abort)), close: () => bytes.close() }, 'file', options);
  }

  /** Throws away what was written so far and starts again at zero. */
  async restart(options: Cancellable = {}): Promise<void> {
    await this.#step((abort) => this.#native.restart(abort), options);
    this.#position = 0;
  }

  /** Takes the next bytes, which are copied at once. */
  async write(chunk: Uint8Array, options: Cancellable = {}): Promise<void> {
    const copy = Uint8Array.from(bytes(chunk, 'a chunk'));
    await this.#step((abort) => this.#native.write(copy, abort), options);
  }

  /** What is to be kept beside the bytes, in place of what was told before. */
  async describe(metadata: Readonly<Record<string, string>>, options: Cancellable = {}): Promise<void> {
    const told = { ...metadata };
    await this.#step((abort) => this.#native.describe(told, abort), options);
  }

  /**
   * Makes the file appear under its name, whole, with its time.
   *
   * @throws {ICloudError} `already_exists`: something stands there, and it is not to be replaced.
   */
  async commit(options: Cancellable = {}): Promise<ObjectMeta> {
    return this.#step((abort) => this.#native.commit(abort), options);
  }

  /** Leaves nothing of it. */
  async abort(options: Cancellable = {}): Promise<void> {
    await this.#last(() => run((abort) => this.#native.abort(abort), options));
  }

  /** Writes no more: the part waits for a later writer, if the storage can resume and the part has a name. Without it, the garbage collector does. */
  async close(): Promise<void> {
    await this.#last(() => run(() => this.#native.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Options that are none end nothing: they are seen before it is the call's turn. */
  async #step<T>(call: (abort?: Abort) => Promise<T>, options: Cancellable): Promise<T> {
    const told = optionsOf(options);
    return this.#next(() => run(call, told));
  }

  async #next<T>(call: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(call);
    this.#turn = done;
    return done;
  }

  async #last(call: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(call, call);
    this.#turn = done;
    return done;
  }
}

/** Whether {@link UrlStorage} is for this, and not {@link LocalStorage}. */
export function isAddress(place: string): boolean {
  return native.isAddress(text(place, 'the place'));
}

/** Opens a folder or an address. */
export async function openStorage(place: string | URL, options: Cancellable = {}): Promise<LocalStorage | UrlStorage> {
  return typeof place === 'string' && isAddress(place) ? UrlStorage.open(place, options) : LocalStorage.open(place, options);
}

/** The copy that a folder lies in, if it lies in one: a second one in there would look after the first one's files. */
export async function copyAbove(folder: string | URL, options: Cancellable = {}): Promise<string | null> {
  const path = named(folder);
  return run((abort) => native.copyAbove(path, abort), options);
}

const METHODS = ['stat', 'write', 'read', 'remove', 'list'];

/**
 * What the native half takes for a storage that a caller gave.
 *
 * @internal
 */
export function givenStorage(storage: Storage): Native {
  const ours = held(storage, native.Storage);
  if (ours !== undefined) return ours;
  if (storage instanceof OwnStorage) throw new TypeError('a storage of ours must be the object itself: a Proxy, or a copy of one, has no files');
  requireMethods(storage, METHODS, 'a storage must be one of ours, or an object with its methods');
  const skills = skillsOf(storage.capabilities?.() ?? {});
  const place = storage.place == null ? undefined : text(storage.place, 'the place');
  return now(() => native.Storage.written(answering(storage, skills.resume), skills, place));
}

/** What is fetched while it is read. */
function items<T>(source: Source<unknown>, what: string, options: Cancellable): AsyncItems<T> {
  const { signal } = optionsOf(options);
  return AsyncItems.from(source, (item: T) => item, { watch: new Watch(signal), signal, what });
}

/**
 * JavaScript's texts may hold halves of characters, which are no names anywhere: they would all become the same one.
 *
 * @internal
 */
export function wellFormed(path: string): string {
  if (/\p{Surrogate}/u.test(text(path, 'a path'))) throw new ICloudError('config', 'a path holds half a character', { context: { path } });
  return path;
}
