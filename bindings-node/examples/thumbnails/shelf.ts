// The albums of a library, and pages of what is in them.

import { ICloudError } from 'icloud-photos';
import type { Album, Asset, Assets, Library, Resource } from 'icloud-photos';

/** Pictures on a page. */
const ON_PAGE = 60;
/** How long a list of albums, or of what is in one, is as good as new. */
const FRESH_MS = 60_000;
/** Albums that are being read, and assets that are remembered: they need not be asked for when their thumbnails are. */
const [MOST_LISTS, MOST_ASSETS] = [20, 1000];

/** What browsers show, by Apple's names of types. */
const TYPES = new Map([
  ['public.jpeg', 'image/jpeg'],
  ['public.png', 'image/png'],
  ['com.compuserve.gif', 'image/gif'],
]);

/** An album that can be chosen. */
export interface Entry {
  readonly key: string;
  readonly title: string;
  readonly album: Album;
  readonly count: number | null;
}

/** A page of an album. */
export interface Page {
  readonly key: string;
  readonly number: number;
  readonly assets: readonly Asset[];
  /** How many of them cannot be shown: damaged, or gone since they were listed. */
  readonly lost: number;
  readonly isLast: boolean;
}

/** The small picture of an asset, which films have too; null for the few without one, or with one that no browser knows. */
export function picture(asset: Asset): { resource: Resource; type: string } | null {
  for (const role of ['thumb', 'medium'] as const) {
    const resource = asset.resource(role);
    const type = TYPES.get(resource?.mediaType ?? '');
    if (resource !== null && type !== undefined) return { resource, type };
  }
  return null;
}

export class Shelf {
  readonly #library: Library;
  readonly #lists = new Map<string, List>();
  readonly #recent = new Map<string, Asset>();
  #entries: { readonly made: number; readonly all: Promise<Entry[]> } | undefined;

  constructor(library: Library) {
    this.#library = library;
  }

  /** The albums to choose from. One question serves all who look. */
  async albums(): Promise<Entry[]> {
    if (this.#entries !== undefined && Date.now() - this.#entries.made < FRESH_MS) return this.#entries.all;
    const entries = { made: Date.now(), all: this.#ask() };
    this.#entries = entries;
    entries.all.catch(() => {
      if (this.#entries === entries) this.#entries = undefined;
    });
    return entries.all;
  }

  async #ask(): Promise<Entry[]> {
    const library = this.#library;
    const known = [
      { key: 'all', title: 'All photos', album: library.all() },
      { key: 'favorites', title: 'Favorites', album: library.smartAlbum('favorites') },
      { key: 'videos', title: 'Videos', album: library.smartAlbum('videos') },
    ];
    const made = [...(await library.albums())]
      .filter((album) => album.kind === 'user')
      .map((album) => ({ key: album.id ?? '', title: album.path.join(' / '), album }));
    const entries = [...known, ...made];
    const counts = await library.counts(entries.map((entry) => entry.album));
    return entries.map((entry, at) => ({ ...entry, count: counts[at] ?? null }));
  }

  /** A page of an album; pages are numbered from 1 on. */
  async page(key: string, number: number, signal: AbortSignal): Promise<Page> {
    const list = await this.#list(key, number);
    const from = (number - 1) * ON_PAGE;
    const ids = await list.slice(from, from + ON_PAGE + 1, signal).catch((error: unknown) => {
      // Of a list that failed nothing more comes.
      if (!signal.aborted && this.#lists.get(key) === list) this.#lists.delete(key);
      throw error;
    });
    if (ids.length === 0 && number > 1) throw new ICloudError('not_found', 'the album has no such page');
    // Assets know links to their files, which grow old: a page asks for its own anew, whenever its album was listed.
    const found = ids.length === 0 ? [] : await this.#library.assetsById(ids.slice(0, ON_PAGE), { signal });
    const assets = found.filter((one) => !(one instanceof ICloudError));
    for (const asset of assets) keep(this.#recent, asset.id, asset, MOST_ASSETS);
    return { key, number, assets, lost: found.length - assets.length, isLast: ids.length <= ON_PAGE };
  }

  /** The asset that a page shows. */
  async asset(id: string, signal: AbortSignal): Promise<Asset> {
    return this.#recent.get(id) ?? this.#library.asset(id, { signal });
  }

  /** Whoever looks at the first page is shown what is new; later pages go on from there. */
  async #list(key: string, number: number): Promise<List> {
    const known = this.#lists.get(key);
    if (known !== undefined && (number > 1 || Date.now() - known.made < FRESH_MS)) return known;
    const entry = (await this.albums()).find((one) => one.key === key);
    if (entry === undefined) throw new ICloudError('not_found', 'there is no such album');
    const list = new List(entry.album.assets({ fields: 'basic', roles: [] }));
    // Whoever reads the one before reads it on; it goes with the garbage then.
    keep(this.#lists, key, list, MOST_LISTS);
    return list;
  }
}

/** Puts something among what came last. */
function keep<T>(last: Map<string, T>, key: string, value: T, most: number): void {
  last.delete(key);
  last.set(key, value);
  for (const oldest of last.keys()) {
    if (last.size <= most) break;
    last.delete(oldest);
  }
}

/**
 * What is in an album, newest first, read as far as somebody has looked: Apple is asked for an album from its beginning only, 100 assets at a time.
 * Only the names of assets are kept, some 7 MB for 100,000.
 */
class List {
  readonly made = Date.now();
  readonly #assets: Assets;
  readonly #ids: string[] = [];
  #isWhole = false;

  constructor(assets: Assets) {
    this.#assets = assets;
  }

  /** Others may read on at the same time, so whoever leaves ends nothing but the own waiting. */
  async slice(from: number, to: number, signal: AbortSignal): Promise<string[]> {
    while (this.#ids.length < to && !this.#isWhole) {
      signal.throwIfAborted();
      const { done, value } = await this.#assets.next();
      if (done === true) this.#isWhole = true;
      else this.#ids.push(value.id);
    }
    return this.#ids.slice(from, to);
  }
}
