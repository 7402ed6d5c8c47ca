/* Made by `npm run native`; what does not follow from the Rust code is in header.d.ts. */

/* What an error is that stands where a value could: JSON, see lib/errors.ts. */
export interface Failure {
  failure: string;
}

/* What a sign-in comes to. */
export interface LoginOutcome {
  state: string;
  next: Session | Challenge | Terms | Consent | SecurityKey | null;
  error: Failure | null;
}

import type {
  AlbumKind, AssetChange, AssetState, Checksum, IndexState, LibraryId, LibraryKind, Listing, Location, MediaKind, Phone, Probe, Proof,
  Saved, SmartAlbum, Subtype,
} from '../lib/models.js';

/* What a cursor of changes is here; see lib/models.ts. */
export interface ChangeCursor {
  json: string;
  library: LibraryId;
}

import type { ChangeBatch, Kept } from '../lib/events.js';
import type {
  AdoptReport, Capabilities, Digests, FileRow, ObjectMeta, Placement, Receipt, Stock, SyncReport, Totals, VerifyReport,
} from '../lib/records.js';

/** Ends one operation: its future is dropped, and with it its connection. */
export declare class Abort {
  constructor()
  abort(): void
}

export declare class Album {
  get id(): string | null
  get kind(): AlbumKind
  get smart(): SmartAlbum | null
  get name(): string
  get originalName(): string
  get path(): Array<string>
  get library(): Library
  isTitled(title: string): boolean
  count(abort?: Abort | undefined | null): Promise<number | null>
  assets(wanted: Wanted): Assets
}

export declare class AlbumNode {
  get album(): Album
  get children(): Array<AlbumNode>
}

export declare class AlbumTree {
  get roots(): Array<AlbumNode>
  albums(): Array<Album>
  find(path: Array<string>): Album | null
  get(id: string): Album | null
}

/** An asset that goes into a call. */
export declare class Asset {}

/** A listing. */
export declare class Assets {
  next(abort?: Abort | undefined | null): Promise<Array<Batch | Failure>>
  close(): void
  get syncToken(): string | null
  outcome(): Listing
}

/**
 * Assets that came together, each of which is asked for by its place. An object of JavaScript's for each costs more than reading its record
 * does; one of them holds all in memory, so that there are few.
 */
export declare class Batch {
  library(at: number): LibraryId
  changeTag(at: number): string | null
  mediaType(at: number): string | null
  kind(at: number): MediaKind
  subtype(at: number): Subtype
  createdMs(at: number): number | null
  created(at: number): Date | null
  added(at: number): Date | null
  timeZone(at: number): string | null
  location(at: number): Location | null
  title(at: number): string | null
  description(at: number): string | null
  keywords(at: number): Array<string>
  isFavorite(at: number): boolean
  isHidden(at: number): boolean
  isTrashed(at: number): boolean
  expungesAt(at: number): Date | null
  burstId(at: number): string | null
  burstFlags(at: number): [number | null, number | null]
  adjustmentType(at: number): string | null
  isEdited(at: number): boolean
  isHdr(at: number): boolean
  orientation(at: number): number | null
  originalOrientation(at: number): number | null
  dimensions(at: number): [number, number] | null
  get length(): number
  /** One of them. */
  asset(at: number): Asset
  id(at: number): string
  masterId(at: number): string
  filename(at: number): string | null
  undecodableFilename(at: number): string | null
  utcOffsetMs(at: number): number | null
  durationMs(at: number): number | null
  liveDurationMs(at: number): number | null
  liveStillAtMs(at: number): number | null
  contributors(at: number): Array<string>
  /** JSON, as is what one of them is: dozens of members are read quicker than they are set one by one. */
  resources(at: number): string
  resource(at: number, role: string): string
  raw(at: number): Record<string, string>
  state(at: number): AssetState
  /** What happened since `before`. */
  compare(at: number, before?: State | undefined | null): AssetChange
  sidecar(at: number, albums: Array<Array<string>> | undefined | null, rendering: boolean, existing?: Uint8Array | undefined | null): Buffer | null
}

/** Bytes as they come. */
export declare class ByteStream {
  /** One chunk, or none at the end. */
  next(abort?: Abort | undefined | null): Promise<Array<Buffer>>
  close(): void
  get proof(): Proof | null
}

export declare class Catalogue {
  static memory(): Catalogue
  static sqlite(file: string): Promise<Catalogue>
  /** `at` is a folder, or the address of a database. Null if it is only to be read and there is none. */
  static open(storage: Storage, place: string | undefined | null, at: string, readOnly: boolean, abort?: Abort | undefined | null): Promise<Catalogue | null>
  totals(abort?: Abort | undefined | null): Promise<Totals>
  stock(storage: Storage, abort?: Abort | undefined | null): Promise<Stock>
  library(session: Session, name: string, abort?: Abort | undefined | null): Promise<Library | null>
  albums(library: Library, abort?: Abort | undefined | null): Promise<Array<Album>>
  files(): Items
  filesAt(paths: Array<string>, abort?: Abort | undefined | null): Promise<Array<Array<FileRow>>>
  /** From now on nothing of it can be asked; the promise is for what is under way. */
  close(): Promise<void>
}

export declare class Challenge {
  get account(): string
  get hasDevices(): boolean
  get isTwoStep(): boolean
  get phones(): Array<Phone>
  requestPush(abort?: Abort | undefined | null): Promise<void>
  sendCode(phoneId: string, delivery: string, abort?: Abort | undefined | null): Promise<void>
  submit(code: string, abort?: Abort | undefined | null): Promise<Session>
  toSaved(): Promise<string>
}

export declare class Changes {
  next(abort?: Abort | undefined | null): Promise<Array<ChangeBatch>>
  close(): void
}

export declare class Client {
  /** `sessions` is a store that is written in JavaScript; else there is a folder, or memory. */
  constructor(options: ClientOptions, sessions?: ((arg: SessionRequest) => Promise<SessionReply>) | undefined | null)
  login(account: string, password: string, abort?: Abort | undefined | null): Promise<LoginOutcome>
  restore(account: string, abort?: Abort | undefined | null): Promise<Session | null>
  cooldown(account: string, abort?: Abort | undefined | null): Promise<Failure | null>
  resume(challenge: string): Challenge
  probe(door: string, abort?: Abort | undefined | null): Promise<Probe>
}

export declare class Consent {
  request(abort?: Abort | undefined | null): Promise<void>
  poll(abort?: Abort | undefined | null): Promise<Session | null>
  wait(limitMs: number, abort?: Abort | undefined | null): Promise<Session>
}

export declare class Downloader {
  bytes(asset: Asset, role: string, limit: number, progress?: ((arg: number) => void) | undefined | null, abort?: Abort | undefined | null): Promise<[Buffer, Proof]>
  save(asset: Asset, role: string, to: string | Storage, place: Place, progress?: ((arg: number) => void) | undefined | null, abort?: Abort | undefined | null): Promise<Saved>
  stream(asset: Asset, role: string, start: number, end?: number | undefined | null, progress?: ((arg: number) => void) | undefined | null): ByteStream
}

/** What is told, in its order, until JavaScript takes it. */
export declare class Events {
  /** `bell` is to come and [`Events::take`]. */
  constructor(bell: () => void)
  /** What was told since. */
  take(): Array<unknown>
}

export declare class Fake {
  static start(options: FakeOptions): Promise<Fake>
  get url(): string
  get username(): string
  get password(): string
  /** Pairs of whom, and what is shown. */
  codes(): Array<Array<string>>
  close(): void
}

/** Apple's checksum and SHA-256 in one pass. */
export declare class Hasher {
  constructor()
  update(data: Buffer): void
  get length(): number
  digests(): Digests
}

/** A list of data. */
export declare class Items {
  next(abort?: Abort | undefined | null): Promise<Array<unknown>>
  close(): void
}

export declare class Library {
  get id(): LibraryId
  get name(): string
  get kind(): LibraryKind
  get session(): Session
  all(): Album
  smartAlbum(album: string): Album
  albums(abort?: Abort | undefined | null): Promise<AlbumTree>
  counts(albums: Array<Album>, abort?: Abort | undefined | null): Promise<Array<number | null>>
  indexState(abort?: Abort | undefined | null): Promise<IndexState>
  requireIndex(abort?: Abort | undefined | null): Promise<void>
  asset(id: string, abort?: Abort | undefined | null): Promise<Batch>
  assetsById(ids: Array<string>, abort?: Abort | undefined | null): Promise<Array<Batch | Failure>>
  renew(assets: Array<Asset>, roles: Array<string>, abort?: Abort | undefined | null): Promise<Array<Batch | Failure>>
  cursor(abort?: Abort | undefined | null): Promise<ChangeCursor>
  changes(since: string, fields: string, roles?: Array<string> | undefined | null, pageSize?: number | undefined | null): Changes
  downloader(): Downloader
}

/** Hears until it is closed. */
export declare class LogListener {
  constructor(listener: (arg: LogRecord) => void, level: string)
  close(): void
}

/** What a run would do. */
export declare class Plan {
  next(abort?: Abort | undefined | null): Promise<Array<unknown>>
  close(): void
}

export declare class SecurityKey {
  get challenge(): string
  get credentials(): Array<string>
  get relyingParty(): string
  get keyNames(): Array<string>
  submit(assertion: Assertion, abort?: Abort | undefined | null): Promise<LoginOutcome>
}

export declare class Session {
  get account(): string
  get dsid(): string
  get trustedUntil(): Date | null
  save(abort?: Abort | undefined | null): Promise<void>
  refresh(abort?: Abort | undefined | null): Promise<void>
  signOut(abort?: Abort | undefined | null): Promise<void>
  primaryLibrary(): Library
  libraries(abort?: Abort | undefined | null): Promise<Array<Library>>
  library(name: string, abort?: Abort | undefined | null): Promise<Library>
}

export declare class Storage {
  static local(root: string, abort?: Abort | undefined | null): Promise<Storage>
  static fromUrl(address: string, abort?: Abort | undefined | null): Promise<Storage>
  static memory(): Storage
  static written(ask: (arg: StorageRequest) => Promise<StorageReply>, skills: Skills, place?: string | undefined | null): Storage
  get place(): string | null
  capabilities(): Capabilities
  checkWritable(abort?: Abort | undefined | null): Promise<void>
  stat(path: string, abort?: Abort | undefined | null): Promise<ObjectMeta | null>
  statAll(paths: Array<string>, abort?: Abort | undefined | null): Promise<Array<ObjectMeta | Failure | null>>
  write(path: string, writing: Writing, abort?: Abort | undefined | null): Promise<StorageWriter>
  read(path: string, start: number): Items
  remove(path: string, abort?: Abort | undefined | null): Promise<void>
  list(prefix: string, withParts: boolean): Items
  tidy(begunMs: number, abort?: Abort | undefined | null): Promise<void>
  flush(abort?: Abort | undefined | null): Promise<void>
  link(source: string, target: string, kind: string, abort?: Abort | undefined | null): Promise<void>
}

/** A file that has no name yet. The facade has it take one call at a time. */
export declare class StorageWriter {
  /** Where it began. */
  get position(): number
  resumed(): Items
  restart(abort?: Abort | undefined | null): Promise<void>
  write(chunk: Uint8Array, abort?: Abort | undefined | null): Promise<void>
  describe(metadata: Record<string, string>, abort?: Abort | undefined | null): Promise<void>
  commit(abort?: Abort | undefined | null): Promise<ObjectMeta>
  abort(abort?: Abort | undefined | null): Promise<void>
  /** Lets go of it: a part stays where parts are kept. */
  close(): Promise<void>
}

export declare class SyncEngine {
  constructor(library: Library, storage: Storage, options: EngineGiven, albums: Array<Album>, catalogue?: Catalogue | undefined | null, filter?: ((arg: Batch) => boolean | null) | undefined | null, checkAlbums?: ((arg: AlbumTree) => boolean | null) | undefined | null)
  plan(): Plan
  execute(plan: Plan, events?: Events | undefined | null, abort?: Abort | undefined | null): Promise<SyncReport>
  rehearseRemovals(events?: Events | undefined | null, abort?: Abort | undefined | null): Promise<SyncReport>
  rehearseViews(events?: Events | undefined | null, abort?: Abort | undefined | null): Promise<SyncReport>
  adopt(rehearse: boolean, reread: boolean, events?: Events | undefined | null, abort?: Abort | undefined | null): Promise<AdoptReport>
  news(): Items
  coveredAt(abort?: Abort | undefined | null): Promise<Date | null>
  cursor(abort?: Abort | undefined | null): Promise<ChangeCursor | null>
  uncoveredLibraries(abort?: Abort | undefined | null): Promise<Array<Library>>
  receipt(asset: Asset, abort?: Abort | undefined | null): Promise<Receipt | Kept>
  moveOut(receipts: Array<string>, abort?: Abort | undefined | null): Promise<Array<Kept | Failure | null>>
  stop(): void
}

export declare class Terms {
  accept(abort?: Abort | undefined | null): Promise<LoginOutcome>
}

/** What a security key answered, each part in base64. */
export interface Assertion {
  clientData: string
  signature: string
  authenticatorData: string
  userHandle?: string
  credentialId: string
}

/** Keeps an empty storage to one of its promises. */
export declare function checkStorage(storage: Storage, promise: string, abort?: Abort | undefined | null): Promise<void>

/** What a client is told. */
export interface ClientOptions {
  region: string
  authEndpoint?: string
  setupEndpoint?: string
  folder?: string
  besideIcloudpd: boolean
  clientId?: string
  retries?: Retries
  headerTimeoutMs?: number
  stallTimeoutMs?: number
}

/** Runs one with these arguments on this very thread, and gives its exit code. */
export declare function command(name: string, arguments: Array<string>): number

/** The copy that a folder lies in. */
export declare function copyAbove(folder: string, abort?: Abort | undefined | null): Promise<string | null>

/** A moment, or an age. */
export interface DateLimitGiven {
  /** Milliseconds since 1970. */
  atMs?: number
  daysAgo?: number
}

/** What an engine is told; see `lib/engine.ts`. */
export interface EngineGiven {
  layout: LayoutGiven
  recent?: number
  skipVideos: boolean
  skipPhotos: boolean
  skipCreatedBefore?: DateLimitGiven
  skipCreatedAfter?: DateLimitGiven
  untilFound?: number
  filterName: string
  sidecars: boolean
  views: Array<ViewGiven>
  concurrency?: number
  missing: string
  mirror?: string
  moveOut?: MoveRuleGiven
  writeDates: Array<string>
  snapshots: boolean
  removalLimit?: RemovalLimitGiven
}

/** What the fake is told; see `lib/testing.ts`. */
export interface FakeOptions {
  assets: number
  profile: string
  fileSize: number
  bigFile?: number
  seed: number
  state: string
  username?: string
  password?: string
  code?: string
  account?: string
  faults?: string
  library?: string
}

/** What the storage knows of a file. */
export interface FoundFile {
  path: string
  size: number
  /** Milliseconds since 1970. */
  modifiedMs?: number
  metadata: Record<string, string>
}

export declare function hasDate(data: Uint8Array, abort?: Abort | undefined | null): Promise<boolean>

/** Whether a text is the address of a storage, and not the name of a folder. */
export declare function isAddress(text: string): boolean

/** Folders and names; what is not there stays as the library has it. */
export interface LayoutGiven {
  folder?: string
  sizes?: Array<string>
  /** Null for none. */
  livePhotos?: string | null
  forceSize?: boolean
  keepUnicode?: boolean
  names?: string
  liveNaming?: string
  alignRaw?: string
  zone?: string
  locale?: string
}

/** What was told. */
export interface LogRecord {
  level: string
  target: string
  message: string
}

export interface MoveRuleGiven {
  /** Without it: what this run fetched. */
  olderThanDays?: number
}

export declare function parseChecksum(text: string): Checksum | null

/** Where the files of an asset go. */
export declare function place(layout: LayoutGiven, asset: Asset): Placement

/** Under what name a file is to be saved, and how. */
export interface Place {
  name: string
  /** Milliseconds since 1970. */
  modifiedMs?: number
  replace: boolean
}

export interface RemovalLimitGiven {
  share?: number
  always?: number
  gone?: number
}

/** A `RetryPolicy`. */
export interface Retries {
  attempts?: number
  baseMs?: number
  capMs?: number
  patienceMs?: number
}

/** What came of it. */
export interface SessionReply {
  session?: string
  claimed?: boolean
  failure?: ThrownValue
}

/** One call of a method of the store. */
export interface SessionRequest {
  /** `load`, `save`, `remove`, `try_lock`, or `end` of what `try_lock` gave. */
  method: string
  account: string
  /** The session to save. */
  session?: string
  /** The number of a claim. */
  thing?: number
}

/** What a storage that is written in JavaScript can do. */
export interface Skills {
  modifiedTime: boolean
  resume: boolean
  exclusiveCommit: boolean
  caseSensitive: boolean
  maxName?: number
  maxSize?: number
  distant: boolean
  metadata: boolean
}

/** An `AssetState` that comes back. */
export interface State {
  content: bigint
  metadata: bigint
  trashed: boolean
  hidden: boolean
  favorite: boolean
  master: string
}

/** What a storage promises, by name. */
export declare function storagePromises(): Array<string>

/** What came of it. */
export interface StorageReply {
  found?: FoundFile
  chunk?: Buffer
  position?: number
  failure?: ThrownValue
}

/** One call of a method of the storage, or of something that it made. */
export interface StorageRequest {
  /** The method's name; `next` of an iteration; `end` of whatever nobody needs any more. */
  method: string
  /** The writer or iteration that is asked. */
  thing?: number
  /** The number of the writer or iteration that is made. */
  made?: number
  path?: string
  start?: number
  writing?: Writing
  chunk?: Buffer
  /** What a writer is to be told before the call. */
  metadata?: Record<string, string>
  /** Milliseconds since 1970. */
  begunMs?: number
}

/** What a method threw; the facade keeps the value itself under `number`. */
export interface ThrownValue {
  number: number
  message: string
  kind?: string
}

/** The ending of names, kind, and whether it is RAW, by a uniform type identifier. */
export declare function typeOf(identifier: string): { extension: string | null; kind: MediaKind; isRaw: boolean }

export declare function verify(storage: Storage, catalogue: Catalogue, options: VerifyGiven, engine?: SyncEngine | undefined | null, events?: Events | undefined | null, abort?: Abort | undefined | null): Promise<VerifyReport>

/** How a copy is verified. */
export interface VerifyGiven {
  share: number
  seed: number
  repair: boolean
  missing: string
  readOnly: boolean
  reread: boolean
}

export interface ViewGiven {
  name: string
  template: string
  madeOf?: string
}

/** What of an album a listing is to have. */
export interface Wanted {
  fields: string
  roles?: Array<string>
  pageSize?: number
  prefetch?: number
  limit?: number
}

export declare function withDate(data: Uint8Array, date: string, abort?: Abort | undefined | null): Promise<Buffer>

/** How a file is written. */
export interface Writing {
  part?: string
  /** Milliseconds since 1970. */
  modifiedMs?: number
  size?: number
  replace: boolean
  throughLinks: boolean
}
