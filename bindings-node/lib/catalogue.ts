/**
 * What is known of a copy.
 *
 * @module
 */

import native from '#native';
import type { Catalogue as Native } from '#native';

import { AsyncItems } from './items.js';
import { Album, Library } from './library.js';
import type { FileRow, Stock, Totals } from './records.js';
import { held, hold, now, optionsOf, run, text, texts, Watch } from './run.js';
import type { Cancellable } from './run.js';
import { Session } from './session.js';
import { named } from './sessions.js';
import { givenStorage } from './storage.js';
import type { Storage } from './storage.js';

/** How a catalogue is opened. */
export interface CatalogueOptions extends Cancellable {
  /** What people call the storage, where it does not say. */
  readonly place?: string | undefined;
}

/** What a copy holds, as runs wrote it down: which files, of which photos, and what is proven of them. */
export class Catalogue {
  readonly #native: Native;

  private constructor(native: Native) {
    this.#native = native;
    hold(this, native);
  }

  /**
   * Opens that of a storage, made as needed. Programs that keep the same copy, such as the command, find the same one.
   *
   * @param at A folder that holds catalogues, or the address of a database, `postgres://...`.
   * @throws {ICloudError} `store_lost`: the catalogue belongs to a copy that is not there.
   */
  static async open(storage: Storage, at: string | URL, options: CatalogueOptions = {}): Promise<Catalogue> {
    const [where, kept, place] = [placeOf(at), givenStorage(storage), nameIn(options)];
    const found = await run((abort) => native.Catalogue.open(kept, place, where, false, abort), options);
    return new Catalogue(found as Native);
  }

  /** Opens it to be read alone, also while a run changes it; null if there is none. */
  static async openReadOnly(storage: Storage, at: string | URL, options: CatalogueOptions = {}): Promise<Catalogue | null> {
    const [where, kept, place] = [placeOf(at), givenStorage(storage), nameIn(options)];
    const found = await run((abort) => native.Catalogue.open(kept, place, where, true, abort), options);
    return found && new Catalogue(found);
  }

  /** A catalogue in a file of your own. */
  static async sqlite(file: string | URL): Promise<Catalogue> {
    const path = named(file);
    return new Catalogue(await run(() => native.Catalogue.sqlite(path)));
  }

  /** One that is gone with the process. */
  static memory(): Catalogue {
    return new Catalogue(native.Catalogue.memory());
  }

  /** How much it holds. */
  async totals(options: Cancellable = {}): Promise<Totals> {
    return run((abort) => this.#native.totals(abort), options);
  }

  /** How many of its files stand in the storage, by names and lengths alone. */
  async stock(storage: Storage, options: Cancellable = {}): Promise<Stock> {
    const kept = givenStorage(storage);
    return run((abort) => this.#native.stock(kept, abort), options);
  }

  /** A library as it is remembered, without a request; null if nothing is known of it. */
  async library(session: Session, name: string, options: Cancellable = {}): Promise<Library | null> {
    const found = await run((abort) => this.#native.library(Session.nativeOf(session), text(name, 'a name'), abort), options);
    return found && Library.of(found);
  }

  /** The albums of a library as they are remembered. */
  async albums(library: Library, options: Cancellable = {}): Promise<Album[]> {
    const found = await run((abort) => this.#native.albums(Library.nativeOf(library), abort), options);
    return found.map((album) => Album.of(album));
  }

  /** All its files, in the order of their keys. */
  files(options: Cancellable = {}): AsyncItems<FileRow> {
    const { signal } = optionsOf(options);
    const rows = now(() => this.#native.files());
    return AsyncItems.from(rows, (row: FileRow) => row, { watch: new Watch(signal), signal, what: 'list' });
  }

  /** The rows of each of these paths: several where photos share a file, none where it knows nothing. */
  async filesAt(paths: Iterable<string>, options: Cancellable = {}): Promise<FileRow[][]> {
    const wanted = texts(paths, 'paths');
    return run((abort) => this.#native.filesAt(wanted, abort), options);
  }

  /**
   * Lets go of it, once the question that is under way is answered: others may open it then. Whoever asks it from now on is refused, runs too that have
   * not ended; only engines of one in memory go on.
   */
  async close(): Promise<void> {
    await run(() => this.#native.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  static nativeOf(catalogue: Catalogue): Native {
    const books = held(catalogue, native.Catalogue);
    if (books === undefined) throw new TypeError('a catalogue must be of the class Catalogue of this package');
    return books;
  }
}

function placeOf(at: string | URL): string {
  // The address of a database is none of a file; the native half tells them apart.
  return at instanceof URL && at.protocol !== 'file:' ? at.href : named(at);
}

function nameIn(options: CatalogueOptions): string | undefined {
  const { place } = optionsOf(options);
  return place == null ? undefined : text(place, 'place');
}
