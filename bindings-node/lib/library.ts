/**
 * Libraries, their albums, and lists of assets.
 *
 * @module
 */

import { inspect } from 'node:util';

import type {
  Album as NativeAlbum,
  AlbumNode as NativeNode,
  AlbumTree as NativeTree,
  Assets as NativeAssets,
  Batch,
  Downloader,
  Failure,
  Library as Native,
} from '#native';

import { Asset } from './asset.js';
import { given } from './client.js';
import { errorOf } from './errors.js';
import type { ICloudError } from './errors.js';
import type { ChangeBatch } from './events.js';
import { faced } from './faced.js';
import { AsyncItems } from './items.js';
import type { Source } from './items.js';
import { ROLES } from './models.js';
import type {
  AlbumKind,
  ChangeCursor,
  Fields,
  IndexState,
  LibraryId,
  LibraryKind,
  Listing,
  Role,
  SmartAlbum,
} from './models.js';
import { begun, called, isOurs, listed, notOurs, now, numeric, optionsOf, run, text, texts, Watch } from './run.js';
import type { Cancellable } from './run.js';
import { Session } from './session.js';
import { shown } from './shown.js';

/** What of an album a listing is to have. */
export interface AssetsOptions extends Cancellable {
  /** How much to ask about each. Default `full`. */
  readonly fields?: Fields | undefined;
  /** Which files to ask about; without it all. Each costs some 600 bytes an asset. */
  readonly roles?: readonly Role[] | undefined;
  /** Only so many. */
  readonly limit?: number | undefined;
  /** Assets in one request; default and most is what Apple gives. */
  readonly pageSize?: number | undefined;
  /** Pages fetched ahead; default 4. */
  readonly prefetch?: number | undefined;
  /** Told what is wrong with a single asset; without it a warning of the process tells. The list goes on. */
  readonly onError?: ((error: ICloudError) => void) | undefined;
}

/** What of a library's history is to be read. */
export interface ChangesOptions extends Cancellable {
  /** How much to ask about each asset. Default `full`. */
  readonly fields?: Fields | undefined;
  /** Which files to ask about; without it all. */
  readonly roles?: readonly Role[] | undefined;
  /** Records in one request, 200 at most. */
  readonly pageSize?: number | undefined;
}

/** A library of photos: the account's own, or one that is shared with it. */
export class Library {
  readonly #native: Native;
  readonly #downloader: Downloader;

  private constructor(native: Native) {
    this.#native = native;
    this.#downloader = native.downloader();
  }

  /** @internal */
  static of(native: Native): Library {
    return new Library(native);
  }

  /** Names it among all libraries. */
  get id(): LibraryId {
    return this.#native.id;
  }

  /** Its name, such as `PrimarySync`. */
  get name(): string {
    return this.#native.name;
  }

  /** Whose it is. */
  get kind(): LibraryKind {
    return this.#native.kind;
  }

  /** The session that it is read by. */
  get session(): Session {
    return Session.of(this.#native.session);
  }

  /** All photos and films, but hidden and deleted ones. Nothing is sent. */
  all(): Album {
    return Album.of(this.#native.all());
  }

  /** One of the albums that Apple fills. Nothing is sent. */
  smartAlbum(album: SmartAlbum): Album {
    return Album.of(now(() => this.#native.smartAlbum(text(album, 'the album'))));
  }

  /** The user's albums and folders: a request for each folder, and one for every 200 albums. */
  async albums(options: Cancellable = {}): Promise<AlbumTree> {
    return AlbumTree.of(await run((abort) => this.#native.albums(abort), options));
  }

  /** How many assets each album holds, in one request for many; null where Apple does not say. */
  async counts(albums: Iterable<Album>, options: Cancellable = {}): Promise<Array<number | null>> {
    const natives = listed(albums, 'albums').map(Album.nativeOf);
    return run((abort) => this.#native.counts(natives, abort), options);
  }

  /** Whether Apple has indexed the library; before that lists may be short. */
  async indexState(options: Cancellable = {}): Promise<IndexState> {
    return run((abort) => this.#native.indexState(abort), options);
  }

  /**
   * Resolves if the index is ready.
   *
   * @throws {ICloudError} `index_not_ready`: it is not.
   */
  async requireIndex(options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.requireIndex(abort), options);
  }

  /**
   * One asset by its id.
   *
   * @throws {ICloudError} `not_found`: there is none.
   */
  async asset(id: string, options: Cancellable = {}): Promise<Asset> {
    const wanted = text(id, 'the id');
    return this.#face(await run((abort) => this.#native.asset(wanted, abort), options));
  }

  /** Assets by their ids, in their order; where one is gone or damaged, the error in its place. */
  async assetsById(ids: Iterable<string>, options: Cancellable = {}): Promise<Array<Asset | ICloudError>> {
    const wanted = texts(ids, 'ids');
    return this.#faced(await run((abort) => this.#native.assetsById(wanted, abort), options));
  }

  /**
   * The same assets as they are now, with fresh links to the files of these roles: one request for every 100.
   *
   * Only their `basic` fields are asked for: what is beyond them, such as title, keywords and location, is null or empty. `assetsById` asks for the
   * `full` ones.
   */
  async renew(
    assets: Iterable<Asset>,
    options: Cancellable & { readonly roles?: readonly Role[] | undefined } = {},
  ): Promise<Array<Asset | ICloudError>> {
    const natives = listed(assets, 'assets').map(Asset.nativeOf);
    const roles = texts(optionsOf(options).roles ?? ROLES, 'roles');
    return this.#faced(await run((abort) => this.#native.renew(natives, roles, abort), options));
  }

  /** Where the library's history stands now. To miss nothing take a cursor, list, and read the changes since. */
  async cursor(options: Cancellable = {}): Promise<ChangeCursor> {
    return run((abort) => this.#native.cursor(abort), options);
  }

  /**
   * What happened since a cursor, batch by batch. Keep `batch.cursor` to go on from there another time.
   *
   * @throws {ICloudError} `not_found`: the library is no longer there.
   */
  changes(since: ChangeCursor, options: ChangesOptions = {}): AsyncItems<ChangeBatch> {
    const { fields = 'full', roles, pageSize, signal } = optionsOf(options);
    const [cursor, depth] = [text(since?.json, 'the json of a cursor'), text(fields, 'fields')];
    const [wanted, size] = [roles == null ? undefined : texts(roles, 'roles'), pageSize == null ? undefined : numeric(pageSize, 'pageSize')];
    const changes = now(() => this.#native.changes(cursor, depth, wanted, size));
    const face = (batch: object): ChangeBatch => faced(batch, this.#downloader);
    return AsyncItems.from(changes, face, { watch: new Watch(signal), signal, what: 'history' });
  }

  #face(asset: Batch): Asset {
    return Asset.of(asset, this.#downloader);
  }

  #faced(found: Array<Batch | Failure>): Array<Asset | ICloudError> {
    return found.map((item) => ('failure' in item ? errorOf(item.failure) : this.#face(item)));
  }

  /** @internal */
  static nativeOf(library: Library): Native {
    if (!isOurs(library) || !(#native in library)) throw notOurs('a library', 'Library');
    return library.#native;
  }

  /** @internal */
  static downloaderOf(library: Library): Downloader {
    Library.nativeOf(library);
    return library.#downloader;
  }

  /** Whether both are the same library of the same account. */
  equals(other: Library): boolean {
    Library.nativeOf(other);
    const [mine, theirs] = [this.id, other.id];
    const isSame = mine.zone === theirs.zone && mine.owner === theirs.owner && mine.database === theirs.database;
    // Libraries of two accounts may have one id.
    return isSame && this.session.dsid === other.session.dsid;
  }

  [inspect.custom](): string {
    return shown('Library', this.name);
  }
}

/** A list of assets: the whole library, an album that Apple fills, one of the user's, or a folder of such. */
export class Album implements AsyncIterable<Asset> {
  readonly #native: NativeAlbum;

  private constructor(native: NativeAlbum) {
    this.#native = native;
  }

  /** @internal */
  static of(native: NativeAlbum): Album {
    return new Album(native);
  }

  /** Apple's name of its record; the library and Apple's albums have none. */
  get id(): string | null {
    return this.#native.id;
  }

  /** What it is. */
  get kind(): AlbumKind {
    return this.#native.kind;
  }

  /** Which of Apple's albums it is. */
  get smart(): SmartAlbum | null {
    return this.#native.smart;
  }

  /** Its title in composed Unicode (NFC). */
  get name(): string {
    return this.#native.name;
  }

  /** Its title as it is stored. */
  get originalName(): string {
    return this.#native.originalName;
  }

  /** The titles of the folders it lies in, and its own. */
  get path(): string[] {
    return this.#native.path;
  }

  /** The library it is in. */
  get library(): Library {
    return Library.of(this.#native.library);
  }

  /** Whether that is its title, however its letters are composed. */
  isTitled(title: string): boolean {
    return this.#native.isTitled(text(title, 'the title'));
  }

  /** How many assets Apple counts in it: one request. Null if Apple does not say. */
  async count(options: Cancellable = {}): Promise<number | null> {
    return run((abort) => this.#native.count(abort), options);
  }

  /** Its assets, newest first. Nothing is sent before the first is asked for. */
  assets(options: AssetsOptions = {}): Assets {
    const { fields = 'full', roles, limit, pageSize, prefetch } = optionsOf(options);
    const wanted = given({ fields: text(fields, 'fields'), roles: roles == null ? undefined : texts(roles, 'roles'), limit, pageSize, prefetch });
    const native = now(() => this.#native.assets(wanted));
    return Assets.of(native, this.#native.library.downloader(), options);
  }

  [Symbol.asyncIterator](): Assets {
    return this.assets();
  }

  /** Whether both are the same album of the same library. */
  equals(other: Album): boolean {
    Album.nativeOf(other);
    const isSame = this.id === other.id && this.kind === other.kind && this.smart === other.smart;
    return isSame && this.library.equals(other.library);
  }

  /** @internal */
  static nativeOf(album: Album): NativeAlbum {
    if (!isOurs(album) || !(#native in album)) throw notOurs('an album', 'Album');
    return album.#native;
  }

  [inspect.custom](): string {
    return shown('Album', this.path.join('/') || this.kind);
  }
}

/** The albums and folders of a library. Iterating gives all of them, folders before what they hold. */
export class AlbumTree implements Iterable<Album> {
  readonly #native: NativeTree;

  private constructor(native: NativeTree) {
    this.#native = native;
  }

  /** @internal */
  static of(native: NativeTree): AlbumTree {
    return new AlbumTree(native);
  }

  /** Those that lie in no folder. */
  get roots(): AlbumNode[] {
    return this.#native.roots.map((node) => AlbumNode.of(node));
  }

  /** How many albums and folders there are. */
  get size(): number {
    return this.#native.albums().length;
  }

  /** The album at a path: titles joined by slashes, or a list of them. */
  find(path: string | readonly string[]): Album | null {
    const found = this.#native.find(typeof path === 'string' ? path.split('/') : texts(path, 'the path'));
    return found && Album.of(found);
  }

  /** The album with this id. */
  get(id: string): Album | null {
    const found = this.#native.get(text(id, 'the id'));
    return found && Album.of(found);
  }

  *[Symbol.iterator](): IterableIterator<Album> {
    for (const album of this.#native.albums()) yield Album.of(album);
  }

  [inspect.custom](): string {
    return shown('AlbumTree', `${this.size} albums`);
  }
}

/** An album with what lies in it, if it is a folder. */
export class AlbumNode {
  readonly #native: NativeNode;

  private constructor(native: NativeNode) {
    this.#native = native;
  }

  /** @internal */
  static of(native: NativeNode): AlbumNode {
    return new AlbumNode(native);
  }

  /** The album or folder itself. */
  get album(): Album {
    return Album.of(this.#native.album);
  }

  /** What lies in the folder. */
  get children(): AlbumNode[] {
    return this.#native.children.map((node) => AlbumNode.of(node));
  }

  [inspect.custom](): string {
    return shown('AlbumNode', `${this.album.name}, ${this.children.length} in it`);
  }
}

/**
 * A listing, fetched while it is read. It can be read once; leaving the loop ends the fetching. Assets come by the dozen, and one that is kept
 * keeps those in memory that came with it.
 *
 * What concerns a single asset never ends it. What ends it is thrown; `outcome` says in any case whether all was seen.
 */
export class Assets extends AsyncItems<Asset> {
  readonly #native: NativeAssets;

  private constructor(native: NativeAssets, downloader: Downloader, options: AssetsOptions) {
    const { onError, signal } = options;
    const told = called(onError, 'onError') ?? ((error) => process.emitWarning(error));
    const watch = new Watch(signal);
    const face = (item: Asset | Failure): Asset | undefined => {
      if (item instanceof Asset) return item;
      watch.follow(told(errorOf(item.failure)));
      return undefined;
    };
    super(spread(native, downloader), face, { watch, signal, what: 'listing' });
    this.#native = native;
  }

  /** @internal */
  static of(native: NativeAssets, downloader: Downloader, options: AssetsOptions): Assets {
    return new Assets(native, downloader, options);
  }

  /** How the listing ended; before its end it is short. */
  get outcome(): Listing {
    return this.#native.outcome();
  }

  /** The state of the library when the first page was read, as Apple calls it; null before. */
  get syncToken(): string | null {
    return this.#native.syncToken;
  }

  [inspect.custom](): string {
    return shown('Assets', this.outcome.text);
  }
}

/** The assets of a listing one by one, and what is wrong with some. */
function spread(native: NativeAssets, downloader: Downloader): Source<Asset | Failure> {
  const single = (came: Batch | Failure): readonly (Asset | Failure)[] => ('failure' in came ? [came] : Asset.all(came, downloader));
  return {
    next: async (abort) => (await begun(native.next(abort))).flatMap(single),
    close: () => native.close(),
  };
}
