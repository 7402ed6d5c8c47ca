/**
 * Keeping a copy.
 *
 * @module
 */

import { inspect } from 'node:util';

import native from '#native';
import type {
  Abort,
  AlbumTree as NativeTree,
  Batch,
  Downloader,
  EngineGiven,
  Events,
  Plan as NativePlan,
  SyncEngine as Native,
} from '#native';

import { Asset } from './asset.js';
import { Catalogue } from './catalogue.js';
import { given } from './client.js';
import { ICloudError } from './errors.js';
import type { Action, AdoptEvent, Kept, NewsEvent, RemovalEvent, SyncEvent, VerifyEvent, ViewEvent } from './events.js';
import { faced } from './faced.js';
import { AsyncItems } from './items.js';
import { Album, AlbumTree, Library } from './library.js';
import type { ChangeCursor } from './models.js';
import { dateLimitGiven, layoutGiven, moveRuleGiven, removalLimitGiven, viewGiven } from './options.js';
import type { DateLimit, Layout, MoveRule, RemovalLimit, View } from './options.js';
import type { AdoptReport, Disposal, Format, Missing, Receipt, SyncReport, VerifyReport } from './records.js';
import { called, flag, isOurs, isThenable, listed, notOurs, now, numeric, optionsOf, run, text, texts, Watch } from './run.js';
import type { Cancellable } from './run.js';
import { shown } from './shown.js';
import { givenStorage } from './storage.js';
import type { Storage } from './storage.js';

/** What an engine is told. */
export interface SyncOptions {
  /** Remembers what was fetched: the next run asks Apple only what happened since. Without one every run lists everything. */
  readonly catalogue?: Catalogue | undefined;
  /** Only these, one after the other; without it the whole library. */
  readonly albums?: Iterable<Album> | undefined;
  /** Folders and names. */
  readonly layout?: Layout | undefined;
  /** Only so many of the newest assets of each album, before any filter. */
  readonly recent?: number | undefined;
  /** Leave films out. */
  readonly skipVideos?: boolean | undefined;
  /** Leave photos out, with the films of Live Photos. */
  readonly skipPhotos?: boolean | undefined;
  /** Leave out what was taken before a moment, or longer ago. */
  readonly skipCreatedBefore?: DateLimit | undefined;
  /** The same for what was taken after. */
  readonly skipCreatedAfter?: DateLimit | undefined;
  /** Leave each list where so many of the files asked for, one after the other, stood here already. */
  readonly untilFound?: number | undefined;
  /**
   * Leaves out assets for which it gives something false. It has to answer at once: no promises. What is left out is removed nowhere. What it throws
   * ends the run.
   */
  readonly filter?: ((asset: Asset) => unknown) | undefined;
  /** Names the filter in the catalogue. Give another one whenever the function wants something else. Default `filter`. */
  readonly filterName?: string | undefined;
  /**
   * For albums that are only remembered (`Catalogue.albums`): shown all albums as soon as there is anything new in the library, before a list is
   * read. What it throws ends the run.
   */
  readonly checkAlbums?: ((albums: AlbumTree) => unknown) | undefined;
  /** Keep an XMP sidecar beside every file. */
  readonly sidecars?: boolean | undefined;
  /** Trees over the copy: albums as folders, and so on. */
  readonly views?: Iterable<View> | undefined;
  /** How many files are fetched at once, at most; default 8. */
  readonly concurrency?: number | undefined;
  /** What to do about files that were fetched and are gone. Default `restore`. */
  readonly missing?: Missing | undefined;
  /** Remove files here whose assets lie in Recently Deleted: into the `trash`, or `remove`. Without it nothing is removed here. */
  readonly mirror?: Disposal | undefined;
  /** Move assets to Recently Deleted in iCloud, once they are proven to stand here. Without it nothing is removed there. */
  readonly moveOut?: MoveRule | undefined;
  /** Write the date into files of these formats that have none. */
  readonly writeDates?: Iterable<Format> | undefined;
  /** Leave a copy of the catalogue in the storage. */
  readonly snapshots?: boolean | undefined;
  /** How much one run may remove. */
  readonly removalLimit?: RemovalLimit | undefined;
}

/** What is told of a run. */
export type RunEvent = SyncEvent | RemovalEvent | ViewEvent;

/** What a run takes. */
export interface RunOptions<E = RunEvent> extends Cancellable {
  /** Told what happens, in its order. What it throws ends the run, and so does a promise of its that rejects; a promise is not waited for. */
  readonly onEvent?: ((event: E) => unknown) | undefined;
}

/** How a folder is recognised. */
export interface AdoptOptions extends RunOptions<AdoptEvent> {
  /** Tell only, and change nothing. */
  readonly rehearse?: boolean | undefined;
  /** Read files too of which the storage says what they hash to. */
  readonly reread?: boolean | undefined;
}

/**
 * Keeps a copy of a library in a storage. Nothing is sent before it is asked for something.
 *
 * @example
 * ```ts
 * const storage = await LocalStorage.open('photos');
 * const catalogue = await Catalogue.open(storage, '~/.icloud-photos/catalogues');
 * const report = await new SyncEngine(session.primaryLibrary, storage, { catalogue }).run();
 * ```
 */
export class SyncEngine {
  readonly #native: Native;
  readonly #library: Library;
  readonly #downloader: Downloader;
  readonly #running = new Set<Watch>();

  /** @throws {ICloudError} `config`: options contradict each other, or lack another. */
  constructor(library: Library, storage: Storage, options: SyncOptions = {}) {
    const { catalogue, albums = [], filter, checkAlbums } = optionsOf(options);
    const natives = listed(albums, 'albums').map(Album.nativeOf);
    const [theirs, kept, downloader] = [Library.nativeOf(library), givenStorage(storage), Library.downloaderOf(library)];
    this.#library = library;
    this.#downloader = downloader;
    const wanted = filtering(called(filter, 'filter'), downloader, this.#running);
    const checked = checking(called(checkAlbums, 'checkAlbums'), this.#running);
    const books = catalogue && Catalogue.nativeOf(catalogue);
    const told = engineGiven(options);
    this.#native = now(() => new native.SyncEngine(theirs, kept, told, natives, books, wanted, checked));
  }

  /** The library that is copied. */
  get library(): Library {
    return this.#library;
  }

  /**
   * What a run would do, step by step. Changes nothing; sends what the run would send to see what there is.
   *
   * @param options `signal`: ends the reading of the plan, and the execution.
   */
  plan(options: Cancellable = {}): Plan {
    const { signal } = optionsOf(options);
    return Plan.of(this.#native.plan(), this.#downloader, new Watch(signal, this.#running), signal);
  }

  /**
   * Does what a plan says. What concerns one file is told and counted; it does not end the run.
   *
   * Aborted, by its own signal or the plan's, it leaves no file that is not whole, and the next run goes on from there.
   *
   * @param plan One that nobody has read from.
   * @throws {ICloudError} What makes going on pointless: the listing failed, the session ended, the storage is full or takes nothing any more, or
   *   Apple cannot be reached, dozens of times in a row. `cancelled`: after `stop`.
   */
  async execute(plan: Plan, options: RunOptions = {}): Promise<SyncReport> {
    const { actions, signal } = Plan.partsOf(plan);
    try {
      return await this.#operation(options, (events, abort) => this.#native.execute(actions, events, abort), signal);
    } finally {
      Plan.letGo(plan);
    }
  }

  /**
   * Plans and executes.
   *
   * @returns What was done. Files that failed are counted in it, and throw nothing.
   * @throws {ICloudError} As `execute`.
   */
  async run(options: RunOptions = {}): Promise<SyncReport> {
    return this.#operation(options, (events, abort) => this.#native.execute(this.#native.plan(), events, abort));
  }

  /** Tells what a run would remove, there and here. Changes nothing. */
  async rehearseRemovals(options: RunOptions = {}): Promise<SyncReport> {
    return this.#operation(options, (events, abort) => this.#native.rehearseRemovals(events, abort));
  }

  /** Tells what a run would do to the views. Changes nothing, and sends nothing. */
  async rehearseViews(options: RunOptions = {}): Promise<SyncReport> {
    return this.#operation(options, (events, abort) => this.#native.rehearseViews(events, abort));
  }

  /**
   * Recognises files that are in the storage by their content, under whatever names: they are not fetched again.
   *
   * @throws {ICloudError} The listing failed, or the catalogue; what concerns one file is told.
   */
  async adopt(options: AdoptOptions = {}): Promise<AdoptReport> {
    const { rehearse = false, reread = false } = optionsOf(options);
    const [only, all] = [flag(rehearse, 'rehearse'), flag(reread, 'reread')];
    return this.#operation(options, (events, abort) => this.#native.adopt(only, all, events, abort));
  }

  /**
   * What happened in iCloud since the last run, compared with what the catalogue knows. Changes nothing.
   *
   * @throws {ICloudError} `not_found`: no run came to its end yet.
   */
  news(options: Cancellable = {}): AsyncItems<NewsEvent> {
    const { signal } = optionsOf(options);
    const face = (news: unknown): NewsEvent => faced(news, this.#downloader);
    return AsyncItems.from(this.#native.news(), face, { watch: new Watch(signal, this.#running), signal, what: 'news' });
  }

  /** When a run of this selection last came to its end and had anything to remember, by the catalogue. Nothing is sent. */
  async coveredAt(options: Cancellable = {}): Promise<Date | null> {
    return run((abort) => this.#native.coveredAt(abort), options);
  }

  /** Where that run left off in the library's history. Nothing is sent. */
  async cursor(options: Cancellable = {}): Promise<ChangeCursor | null> {
    return run((abort) => this.#native.cursor(abort), options);
  }

  /** Libraries of the account of which the catalogue holds nothing. */
  async uncoveredLibraries(options: Cancellable = {}): Promise<Library[]> {
    const found = await run((abort) => this.#native.uncoveredLibraries(abort), options);
    return found.map((library) => Library.of(library));
  }

  /**
   * Reads the files of an asset from the storage, and proves that all of it that cannot be made again stands there.
   *
   * @returns The proof; or why there is none.
   */
  async receipt(asset: Asset, options: Cancellable = {}): Promise<Receipt | Kept> {
    return run((abort) => this.#native.receipt(Asset.nativeOf(asset), abort), options);
  }

  /**
   * Moves assets to Recently Deleted in iCloud. The files are read once more before.
   *
   * @returns For each null if it is there now, or why not.
   */
  async moveOut(receipts: Iterable<Receipt>, options: Cancellable = {}): Promise<Array<Kept | ICloudError | null>> {
    const wanted = listed(receipts, 'receipts').map((receipt) => text(receipt?.json, 'a receipt'));
    return faced(await run((abort) => this.#native.moveOut(wanted, abort), options), this.#downloader);
  }

  /**
   * Asks runs of this engine to end early: they write down what came, and reject with `cancelled`.
   *
   * It is for good: later runs of this engine reject too. Make another one to go on.
   */
  stop(): void {
    this.#native.stop();
  }

  #operation<T, E>(options: RunOptions<E>, call: (events?: Events, abort?: Abort) => Promise<T>, planned?: AbortSignal): Promise<T> {
    const watch = new Watch(optionsOf(options).signal, this.#running, planned);
    return operation(options, watch, this.#downloader, call);
  }

  /** @internal */
  static nativeOf(engine: SyncEngine): Native {
    if (!isOurs(engine) || !(#native in engine)) throw notOurs('an engine', 'SyncEngine');
    return engine.#native;
  }

  [inspect.custom](): string {
    return shown('SyncEngine', this.library.name);
  }
}

function engineGiven(options: SyncOptions): EngineGiven {
  const { recent, untilFound, filterName = 'filter', concurrency, missing = 'restore', mirror } = options;
  const { skipVideos = false, skipPhotos = false, sidecars = false, snapshots = false } = options;
  return given({
    layout: layoutGiven(options.layout),
    recent,
    skipVideos: flag(skipVideos, 'skipVideos'),
    skipPhotos: flag(skipPhotos, 'skipPhotos'),
    skipCreatedBefore: dateLimitGiven(options.skipCreatedBefore, 'skipCreatedBefore'),
    skipCreatedAfter: dateLimitGiven(options.skipCreatedAfter, 'skipCreatedAfter'),
    untilFound,
    filterName: text(filterName, 'filterName'),
    sidecars: flag(sidecars, 'sidecars'),
    views: listed(options.views ?? [], 'views').map(viewGiven),
    concurrency,
    missing: text(missing, 'missing'),
    mirror,
    moveOut: moveRuleGiven(options.moveOut),
    writeDates: texts(options.writeDates ?? [], 'writeDates'),
    snapshots: flag(snapshots, 'snapshots'),
    removalLimit: removalLimitGiven(options.removalLimit),
  });
}

/** A filter as the native half asks it. It must not hold the engine, which holds it. */
function filtering(
  filter: ((asset: Asset) => unknown) | undefined,
  downloader: Downloader,
  running: Set<Watch>,
): ((asset: Batch) => boolean | null) | undefined {
  if (filter === undefined) return undefined;
  return guarded(running, (asset) => {
    const answer = filter(Asset.of(asset, downloader));
    if (isThenable(answer)) {
      void Promise.resolve(answer).catch(() => undefined);
      throw new TypeError('the filter gave a promise, which is true whatever comes of it');
    }
    return Boolean(answer);
  });
}

function checking(
  check: ((albums: AlbumTree) => unknown) | undefined,
  running: Set<Watch>,
): ((tree: NativeTree) => boolean | null) | undefined {
  if (check === undefined) return undefined;
  return guarded(running, (tree) => {
    const answer = check(AlbumTree.of(tree));
    if (isThenable(answer)) {
      void Promise.resolve(answer).catch(() => undefined);
      throw new TypeError('checkAlbums gave a promise; it has to check at once');
    }
    return true;
  });
}

/** A function that several operations may ask: what it throws ends all that run. That is no answer, for an answer would be written down. */
function guarded<A>(running: Set<Watch>, call: (about: A) => boolean): (about: A) => boolean | null {
  return (about) => {
    try {
      return call(about);
    } catch (error) {
      for (const watch of running) watch.fail(error);
      return null;
    }
  };
}

/** What a run would do: actions, fetched while they are read. Read it, or execute it: not both. */
export class Plan extends AsyncItems<Action> {
  readonly #native: NativePlan;
  readonly #signal: AbortSignal | undefined;

  private constructor(native: NativePlan, downloader: Downloader, watch: Watch, signal: AbortSignal | undefined) {
    super(native, (action: unknown) => faced<Action>(action, downloader), { watch, signal, what: 'plan' });
    this.#native = native;
    this.#signal = signal;
  }

  /** @internal */
  static of(native: NativePlan, downloader: Downloader, watch: Watch, signal: AbortSignal | undefined): Plan {
    return new Plan(native, downloader, watch, signal);
  }

  /** @internal */
  static partsOf(plan: Plan): { readonly actions: NativePlan; readonly signal: AbortSignal | undefined } {
    if (!isOurs(plan) || !(#native in plan)) throw notOurs('a plan', 'Plan');
    return { actions: plan.#native, signal: plan.#signal };
  }
}

/** How a copy is verified. */
export interface VerifyOptions extends RunOptions<VerifyEvent> {
  /** Who fetches bad files again. */
  readonly engine?: SyncEngine | undefined;
  /** Fetch bad files again; needs `engine`. */
  readonly repair?: boolean | undefined;
  /** Which share of the files to read, above 0 and 1 at most. Default 1. */
  readonly sample?: number | undefined;
  /** Which files those are. Default 0. */
  readonly seed?: number | undefined;
  /** What to do about files that are gone. Default `restore`. */
  readonly missing?: Missing | undefined;
  /** Write nothing down. */
  readonly readOnly?: boolean | undefined;
  /** Read files too of which the storage says what they hash to. */
  readonly reread?: boolean | undefined;
}

/**
 * Reads the files of a storage that its catalogue says are there, and judges them. Nothing is sent unless something is repaired.
 *
 * @throws {ICloudError} The catalogue failed; what concerns one file is told. `config`: `repair` without an `engine`.
 */
export async function verify(storage: Storage, catalogue: Catalogue, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { engine, repair = false, sample = 1, seed = 0, missing = 'restore', readOnly = false, reread = false } = optionsOf(options);
  if (repair && engine === undefined) {
    throw new ICloudError('config', 'to repair a copy, say by which engine: { engine: new SyncEngine(...) }');
  }
  if (!(numeric(sample, 'sample') > 0 && sample <= 1)) throw new RangeError('sample is a share of the files: above 0, and 1 at most');
  const [kept, books, by] = [givenStorage(storage), Catalogue.nativeOf(catalogue), engine && SyncEngine.nativeOf(engine)];
  const told = { share: sample, seed, repair, missing: text(missing, 'missing'), readOnly, reread };
  return operation(options, new Watch(options.signal), undefined, (events, abort) => native.verify(kept, books, told, by, events, abort));
}

/** Runs an operation that tells what happens. */
async function operation<T, E>(
  { onEvent }: RunOptions<E>,
  watch: Watch,
  downloader: Downloader | undefined,
  call: (events?: Events, abort?: Abort) => Promise<T>,
): Promise<T> {
  const told = called(onEvent, 'onEvent');
  if (told === undefined) return watch.all((abort) => call(undefined, abort));
  const teller = new Teller(watch, told as (event: unknown) => unknown, downloader);
  try {
    return await watch.all((abort) => call(teller.events, abort));
  } finally {
    teller.end();
  }
}

/** Tells a function of the program's what the native half tells. */
class Teller {
  readonly #tell: (event: unknown) => void;
  #events: Events | undefined;

  constructor(watch: Watch, told: (event: unknown) => unknown, downloader: Downloader | undefined) {
    this.#tell = watch.guard((event) => {
      watch.follow(told(faced(event, downloader)));
    }, undefined);
    this.#events = new native.Events(() => this.#hear());
  }

  get events(): Events | undefined {
    return this.#events;
  }

  #hear(): void {
    for (const event of this.#events?.take() ?? []) this.#tell(event);
  }

  /** Lets go of the native half, which holds this in turn. */
  end(): void {
    this.#events = undefined;
  }
}
