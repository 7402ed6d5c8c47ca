// A storage of one's own: files in memory, each with a note of who wrote it.

import { SyncEngine } from 'icloud-photos';
import type { Capabilities, FoundObject, Storage, StorageWriter, WriteOptions } from 'icloud-photos';

import { signIn } from './guest.js';

type Metadata = Readonly<Record<string, string>>;

/** A map. What it does not say it can, it is not asked for. */
class Shelf implements Storage {
  readonly files = new Map<string, { readonly data: Buffer; readonly metadata: Metadata }>();

  capabilities(): Partial<Capabilities> {
    return { exclusiveCommit: true, caseSensitive: true, metadata: true };
  }

  stat(path: string): FoundObject | undefined {
    const found = this.files.get(path);
    return found && { path, size: found.data.length, metadata: found.metadata };
  }

  write(path: string, { replace = false }: WriteOptions): StorageWriter {
    return new Pen(this, path, replace);
  }

  *read(path: string, start: number): Iterable<Uint8Array> {
    const found = this.files.get(path);
    if (found === undefined) throw Object.assign(new Error(`there is no ${path}`), { code: 'ENOENT' });
    yield found.data.subarray(start);
  }

  remove(path: string): void {
    this.files.delete(path);
  }

  *list(folder: string): Iterable<FoundObject> {
    for (const [path, { data }] of this.files) {
      if (folder === '' || path.startsWith(`${folder}/`)) yield { path, size: data.length };
    }
  }
}

/** Nothing is seen of a file before it is whole. */
class Pen implements StorageWriter {
  readonly #chunks: Uint8Array[] = [];
  #metadata: Metadata = {};

  constructor(
    readonly shelf: Shelf,
    readonly path: string,
    readonly replace: boolean,
  ) {}

  restart(): void {
    this.#chunks.length = 0;
  }

  write(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
  }

  describe(metadata: Metadata): void {
    this.#metadata = metadata;
  }

  commit(): FoundObject {
    const { shelf, path, replace } = this;
    if (shelf.files.has(path) && !replace) throw Object.assign(new Error(`${path} is taken`), { code: 'EEXIST' });
    const data = Buffer.concat(this.#chunks);
    shelf.files.set(path, { data, metadata: this.#metadata });
    return { path, size: data.length };
  }

  abort(): void {
    this.restart();
  }
}

const shelf = new Shelf();
const session = await signIn();
console.log((await new SyncEngine(session.primaryLibrary, shelf).run()).text);
for (const [path, { data, metadata }] of [...shelf.files].sort().slice(0, 5)) {
  console.log(`${data.length}`.padStart(9), path, metadata);
}
