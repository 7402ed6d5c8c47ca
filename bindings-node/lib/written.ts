/**
 * Storages that are written in JavaScript, as the native half asks them.
 *
 * @module
 */

import { types } from 'node:util';

import type { FoundFile, Skills, StorageReply, StorageRequest, Writing } from '#native';

import { Things, asked } from './ask.js';
import { given } from './client.js';
import type { Capabilities } from './records.js';
import { flag, text } from './run.js';
import type { FoundObject, Items, Storage, StorageWriter, WriteOptions } from './storage.js';

/**
 * The function by which a storage is asked.
 *
 * @internal
 */
export function answering(storage: Storage, canResume: boolean): (request: StorageRequest) => Promise<StorageReply> {
  const answers = new Answers(storage, canResume);
  return asked((request) => answers.to(request));
}

/**
 * What a storage says that it can do.
 *
 * @internal
 */
export function skillsOf(told: Partial<Capabilities>): Skills {
  if (typeof told !== 'object' || told === null || 'then' in told) {
    throw new TypeError('capabilities() must give a plain object, at once: it is asked before anything can be awaited');
  }
  const { modifiedTime = false, resume = false, exclusiveCommit = false, caseSensitive = false, distant = false, metadata = false } = told;
  const can = { modifiedTime, resume, exclusiveCommit, caseSensitive, distant, metadata };
  for (const [name, value] of Object.entries(can)) flag(value, `the capability ${name}`);
  return { ...can, ...given({ maxName: told.maxName ?? undefined, maxSize: told.maxSize ?? undefined }) };
}

class Answers {
  readonly #storage: Storage;
  readonly #canResume: boolean;
  readonly #files = new Things<OpenFile>();
  readonly #iterations = new Things<Iteration>();

  constructor(storage: Storage, canResume: boolean) {
    this.#storage = storage;
    this.#canResume = canResume;
  }

  async to(request: StorageRequest): Promise<StorageReply> {
    const { thing = 0, made = 0, path = '', start = 0 } = request;
    const storage = this.#storage;
    switch (request.method) {
      case 'stat': {
        const found = await storage.stat(path);
        return found == null ? {} : { found: foundFile(found) };
      }
      case 'write':
        return this.#write(made, path, request.writing);
      case 'read':
        return this.#iterate(made, async () => storage.read(path, start), chunkReply);
      case 'list':
        return this.#iterate(made, async () => storage.list(path), foundReply);
      case 'remove':
        await storage.remove(path);
        return {};
      case 'flush':
        await storage.flush?.();
        return {};
      case 'tidy':
        await storage.tidy?.(new Date(request.begunMs ?? 0));
        return {};
      case 'next':
        return this.#iterations.use(thing, (iteration) => iteration.next());
      case 'resumed':
        return this.#files.use(thing, (file) => this.#iterate(made, () => file.resumed(), chunkReply));
      case 'end':
        await Promise.all([this.#files.end(thing), this.#iterations.end(thing)]);
        return {};
      default:
        return this.#files.use(thing, (file) => file.answer(request));
    }
  }

  async #write(made: number, path: string, writing: Writing | undefined): Promise<StorageReply> {
    const options = optionsOf(writing);
    const keeps = this.#canResume && options.part != null;
    const file = await this.#files.make(made, async () => new OpenFile(await this.#storage.write(path, options), keeps));
    return file === undefined ? {} : { position: file.position };
  }

  async #iterate(made: number, begin: () => Promise<Items<unknown>>, reply: (item: unknown) => StorageReply): Promise<StorageReply> {
    const iteration = await this.#iterations.make(made, async () => new Iteration(await begin(), reply));
    return iteration === undefined ? {} : this.#iterations.use(made, () => iteration.next());
  }
}

/** A writer, until its file is committed or given up. */
class OpenFile {
  readonly #writer: StorageWriter;
  readonly #keeps: boolean;
  #isOver = false;

  constructor(writer: StorageWriter, keeps: boolean) {
    this.#writer = writer;
    this.#keeps = keeps;
  }

  get position(): number {
    return whole(this.#writer.position ?? 0, 'the position of a writer');
  }

  async resumed(): Promise<Items<Uint8Array>> {
    return (await this.#writer.resumed?.()) ?? [];
  }

  async answer({ method, chunk, metadata }: StorageRequest): Promise<StorageReply> {
    if (metadata !== undefined) await this.#writer.describe?.(metadata);
    switch (method) {
      case 'take':
        await this.#writer.write(chunk ?? Buffer.alloc(0));
        return {};
      case 'restart':
        await this.#writer.restart();
        return {};
      case 'commit': {
        const told = await this.#writer.commit();
        this.#isOver = true;
        return { found: foundFile(told) };
      }
      default:
        this.#isOver = true;
        await this.#writer.abort();
        return {};
    }
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#keeps) await this.#writer.close?.();
    else await this.#writer.abort();
  }
}

/** Something that is read one by one. */
class Iteration {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #reply: (item: unknown) => StorageReply;
  #isOver = false;

  constructor(items: Items<unknown>, reply: (item: unknown) => StorageReply) {
    if (typeof items !== 'object' || items === null) throw new TypeError('read(), list() and resumed() must give something iterable');
    this.#iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.#reply = reply;
  }

  /** Nothing is in the reply after the last one. */
  async next(): Promise<StorageReply> {
    const { done, value } = await this.#step();
    this.#isOver = done === true;
    return this.#isOver ? {} : this.#reply(await value);
  }

  async #step(): Promise<IteratorResult<unknown>> {
    try {
      return await this.#iterator.next();
    } catch (error) {
      // What threw has ended.
      this.#isOver = true;
      throw error;
    }
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#iterator.return?.();
  }
}

/** A copy: another thread reads it, and the program may change its own meanwhile. */
function chunkReply(chunk: unknown): StorageReply {
  if (!types.isUint8Array(chunk)) throw new TypeError('chunks must be Uint8Arrays');
  return { chunk: Buffer.from(chunk) };
}

function foundReply(told: unknown): StorageReply {
  return { found: foundFile(told) };
}

function foundFile(told: unknown): FoundFile {
  if (typeof told !== 'object' || told === null) throw new TypeError('a file must be told as an object with path and size');
  const { path, size, modified, metadata } = told as Partial<FoundObject>;
  const found = { path: text(path as string, 'the path of a file'), size: whole(size, 'the size of a file'), metadata: textsOf(metadata ?? {}) };
  return modified == null ? found : { ...found, modifiedMs: timeOf(modified) };
}

function optionsOf(writing: Writing | undefined): WriteOptions {
  const { part = null, modifiedMs, size = null, replace = false, throughLinks = false } = writing ?? {};
  return { part, modified: modifiedMs === undefined ? null : new Date(modifiedMs), size, replace, throughLinks };
}

function whole(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new TypeError(`${what} must be a whole number that is not negative`);
  return value as number;
}

function textsOf(values: object): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value as string, 'what is kept beside a file')]));
}

/**
 * Milliseconds since 1970.
 *
 * @internal
 */
export function timeOf(date: Date): number {
  const time = types.isDate(date) ? date.getTime() : Number.NaN;
  if (Number.isNaN(time)) throw new TypeError('a moment must be a valid Date');
  return time;
}
