// Storages as people would write them, for the tests.

import { OwnStorage } from 'icloud-photos';

import { givenStorage } from '../dist/esm/storage.js';

/** An error as Node's own have it. */
export const failed = (code) => Object.assign(new Error(`${code}: as Node says it`), { code });

/** A storage of any kind, asked through the native half as the library asks it. */
export class Through extends OwnStorage {
  constructor(storage) {
    super(givenStorage(storage));
  }
}

/** Memory with everything that a storage may do; `slow` is awaited in each call of a writer, `calls` says which there were. */
export class MapStorage {
  files = new Map();
  parts = new Map();
  calls = [];
  slow = async () => {};

  capabilities() {
    return { modifiedTime: true, resume: true, exclusiveCommit: true, caseSensitive: true, metadata: true };
  }

  async stat(path) {
    const file = this.files.get(path);
    return file && { path, size: file.bytes.length, modified: file.modified, metadata: file.metadata };
  }

  async write(path, options) {
    return new MapWriter(this, path, options);
  }

  *read(path, start) {
    const file = this.files.get(path);
    if (file === undefined) throw failed('ENOENT');
    for (let at = start; at < file.bytes.length; at += 65_536) yield file.bytes.subarray(at, at + 65_536);
  }

  remove(path) {
    this.files.delete(path);
  }

  async *list(prefix) {
    for (const [path, { bytes }] of [...this.files]) {
      if (prefix === '' || path.startsWith(`${prefix}/`)) yield { path, size: bytes.length };
    }
  }
}

class MapWriter {
  #storage;
  #path;
  #options;
  #part;
  #metadata = {};
  #chunks = [];

  constructor(storage, path, options) {
    [this.#storage, this.#path, this.#options] = [storage, path, options];
    this.#part = options.part && path.replace(/[^/]*$/, options.part);
    const before = storage.parts.get(this.#part);
    storage.parts.delete(this.#part);
    if (before !== undefined) this.#chunks = [before];
    this.position = before?.length ?? 0;
  }

  async #call(name) {
    this.#storage.calls.push(name);
    await this.#storage.slow(name);
    this.#storage.calls.push(`${name} done`);
  }

  *resumed() {
    yield* this.#chunks;
  }

  async restart() {
    await this.#call('restart');
    [this.#chunks, this.position] = [[], 0];
  }

  async write(chunk) {
    await this.#call('write');
    this.#chunks.push(chunk);
  }

  describe(metadata) {
    this.#metadata = metadata;
  }

  async commit() {
    await this.#call('commit');
    const { replace, modified } = this.#options;
    if (!replace && this.#storage.files.has(this.#path)) throw failed('EEXIST');
    const file = { bytes: Buffer.concat(this.#chunks), modified, metadata: this.#metadata };
    this.#storage.files.set(this.#path, file);
    return { path: this.#path, size: file.bytes.length, modified };
  }

  async abort() {
    await this.#call('abort');
    this.#chunks = [];
  }

  async close() {
    await this.#call('close');
    this.#storage.parts.set(this.#part, Buffer.concat(this.#chunks));
  }
}

/** A storage around another one, as somebody would write it who counts or encrypts. */
export class Around {
  constructor(inner) {
    this.inner = inner;
  }

  capabilities() {
    return this.inner.capabilities();
  }

  stat(path) {
    return this.inner.stat(path);
  }

  write(path, options) {
    return this.inner.write(path, options);
  }

  read(path, start) {
    return this.inner.read(path, start);
  }

  remove(path) {
    return this.inner.remove(path);
  }

  list(prefix) {
    return this.inner.list(prefix);
  }

  flush() {
    return this.inner.flush();
  }

  tidy(begun) {
    return this.inner.tidy(begun);
  }
}
