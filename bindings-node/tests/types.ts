// What the types say: this file is compiled, never run. What must not compile is marked.

import type { Readable } from 'node:stream';

import {
  Album,
  Asset,
  Assets,
  AsyncItems,
  Catalogue,
  Challenge,
  Client,
  ICloudError,
  Library,
  LocalStorage,
  MemorySessionStore,
  MemoryStorage,
  Plan,
  ROLES,
  SavedChallenge,
  SavedSession,
  Session,
  SyncEngine,
  UrlStorage,
  onLog,
  place,
  verify,
} from 'icloud-photos';
import type {
  Action,
  AdoptReport,
  AlbumTree,
  Change,
  ErrorKind,
  FileRow,
  Kept,
  Listing,
  LogRecord,
  Login,
  NewsEvent,
  ObjectMeta,
  Proof,
  Receipt,
  Role,
  RunEvent,
  SessionStore,
  Size,
  Storage,
  StorageWriter,
  SyncReport,
  VerifyEvent,
  VerifyReport,
  WriteOptions,
} from 'icloud-photos';
import { FakeICloud } from 'icloud-photos/testing';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<_T extends true>(): void {}

export async function login(client: Client, signal: AbortSignal): Promise<Session> {
  const login = await client.login('you@example.com', 'password', { signal });
  is<Same<typeof login, Login>>();
  switch (login.state) {
    case 'complete':
      return login.session;
    case 'code_required':
      await login.challenge.requestPush();
      return login.challenge.submit('123456', { signal });
    case 'terms_required':
    case 'consent_required':
    case 'security_key_required':
      is<Same<typeof login.error, ICloudError>>();
      throw login.error;
  }
}

export function narrowed(login: Login): void {
  // @ts-expect-error It is not known yet whether there is one.
  login.session;
  // @ts-expect-error There is no such state.
  if (login.state === 'done') return;
}

export async function reads(library: Library): Promise<Listing> {
  const assets = library.all().assets({ fields: 'basic', roles: ['original', 'thumb'], limit: 5, onError: (error) => void error.kind });
  for await (const asset of assets) {
    is<Same<typeof asset, Asset>>();
    is<Same<typeof asset.created, Date | null>>();
    is<Same<typeof asset.utcOffsetMs, number | null>>();
    is<Same<ReturnType<typeof asset.state>['content'], bigint>>();
    const size = asset.resource('original')?.size ?? 0;
    is<Same<typeof size, number>>();
  }
  // @ts-expect-error There is no such role.
  library.all().assets({ roles: ['none'] });
  // @ts-expect-error Nor such an album.
  library.smartAlbum('none');
  const [found] = await library.assetsById(['a', 'b']);
  is<Same<typeof found, Asset | ICloudError | undefined>>();
  return assets.outcome;
}

export async function downloads(asset: Asset, role: Role): Promise<Proof> {
  const download = asset.download(role);
  const bytes: Buffer = await download.bytes({ limit: 1e6 });
  const stream: Readable = download.stream({ start: 0, end: bytes.length });
  stream.destroy();
  void new Response(download.webStream());
  for await (const chunk of download.chunks()) is<Same<typeof chunk, Buffer>>();
  return (await download.save('photos', 'a.jpg', { replace: true, onProgress: (bytes) => void (bytes satisfies number) })).proof;
}

export async function follows(library: Library): Promise<void> {
  const cursor = await library.cursor();
  for await (const batch of library.changes(cursor)) {
    for (const change of batch.changes) told(change);
  }
}

function told(change: Change): string | null {
  switch (change.kind) {
    case 'asset':
    case 'trashed':
      return change.asset.filename;
    case 'entered':
    case 'left':
      return change.album;
    case 'problem':
      return change.error.message;
    default:
      // @ts-expect-error Only assets have one.
      change.asset.filename;
      return null;
  }
}

export class Store implements SessionStore {
  readonly rows = new Map<string, string>();

  async load(account: string): Promise<SavedSession | null> {
    const json = this.rows.get(account);
    return json === undefined ? null : new SavedSession(json);
  }

  save(account: string, session: SavedSession): void {
    this.rows.set(account, session.json);
  }

  async remove(account: string): Promise<void> {
    this.rows.delete(account);
  }

  tryLock(): { close(): void } {
    return { close() {} };
  }
}

export function made(): Client[] {
  // @ts-expect-error There is no such region.
  new Client({ region: 'atlantis' });
  // @ts-expect-error A store has more methods.
  new Client({ sessions: { load: () => null } });
  // @ts-expect-error Sessions are made by the library.
  new Session();
  // @ts-expect-error A challenge as data is no text.
  new Client().resume('{}');
  new Client().resume(new SavedChallenge('{}'));
  is<Same<(typeof ROLES)[number], Role>>();
  const kind: ErrorKind = new ICloudError('not_found', 'x').kind;
  void kind;
  return [new Client(), new Client({ sessions: '~/x' }), new Client({ sessions: new Store() }), new Client({ sessions: new MemorySessionStore() })];
}

export async function faked(): Promise<Session> {
  using fake = await FakeICloud.start({ assets: 3, profile: 'everyday' });
  // @ts-expect-error There is no such profile.
  await FakeICloud.start({ profile: 'none' });
  return fake.signIn(new Client({ endpoints: fake.endpoints }));
}

export async function copies(library: Library, storage: Storage, signal: AbortSignal): Promise<SyncReport> {
  const catalogue = await Catalogue.open(storage, '~/catalogues', { place: 'disk' });
  const engine = new SyncEngine(library, storage, {
    catalogue,
    albums: [library.all()],
    layout: { folder: 'none', sizes: ['original', 'adjusted'], livePhotos: null },
    filter: (asset) => asset.isFavorite,
    checkAlbums: (albums) => is<Same<typeof albums, AlbumTree>>(),
    skipCreatedBefore: { daysAgo: 30 },
    skipCreatedAfter: new Date(),
    views: [{ name: 'Albums', template: '{album_path}', madeOf: 'best' }],
    mirror: 'trash',
    moveOut: { olderThanDays: null },
    removalLimit: { share: 0.1 },
    writeDates: new Set(['jpeg', 'heic'] as const),
  });
  for await (const action of engine.plan({ signal })) is<Same<typeof action, Action>>();
  for await (const news of engine.news()) is<Same<typeof news, NewsEvent>>();
  const plan: Plan = engine.plan();
  const adopted = await engine.adopt({ rehearse: true, onEvent: (event) => void (event.kind === 'recognised' && event.asset) });
  is<Same<typeof adopted, AdoptReport>>();
  const verified = await verify(storage, catalogue, { engine, repair: true, onEvent: (event) => is<Same<typeof event, VerifyEvent>>() });
  is<Same<typeof verified, VerifyReport>>();
  const rows = await catalogue.filesAt(['a.jpg']);
  is<Same<typeof rows, FileRow[][]>>();
  return engine.execute(plan, { onEvent: heard, signal });
}

function heard(event: RunEvent): void {
  switch (event.kind) {
    case 'downloaded':
      is<Same<typeof event.bytes, number>>();
      return;
    case 'failed':
      is<Same<typeof event.error, ICloudError>>();
      return;
    case 'skipped':
      if (event.reason.kind === 'created_before') is<Same<typeof event.reason.limit, Date>>();
      // @ts-expect-error Nothing of a skip has a path.
      event.path;
      return;
    case 'removal_stays':
      is<Same<typeof event.why, Kept>>();
      return;
    case 'view_failed':
      is<Same<typeof event.path, string | null>>();
      return;
  }
}

export async function leaves(engine: SyncEngine, asset: Asset): Promise<void> {
  const receipt = await engine.receipt(asset);
  is<Same<typeof receipt, Receipt | Kept>>();
  if (receipt.kind !== 'receipt') return void receipt.text;
  const [outcome] = await engine.moveOut([receipt]);
  is<Same<typeof outcome, Kept | ICloudError | null | undefined>>();
  // @ts-expect-error What has no proof moves nowhere.
  await engine.moveOut([asset]);
}

export function wrongly(library: Library, storage: MemoryStorage, asset: Asset): void {
  // @ts-expect-error One album is no list of them.
  new SyncEngine(library, storage, { albums: library.all() });
  // @ts-expect-error A rule must say how old.
  new SyncEngine(library, storage, { moveOut: {} });
  // @ts-expect-error There is no such disposal.
  new SyncEngine(library, storage, { mirror: 'burn' });
  // @ts-expect-error A limit of dates is no text.
  new SyncEngine(library, storage, { skipCreatedBefore: '2020-01-01' });
  // @ts-expect-error Catalogues are opened.
  new Catalogue();
  // @ts-expect-error There is no such size.
  place({ sizes: ['huge'] }, asset);
  // @ts-expect-error There is no such level.
  onLog(() => {}, { level: 'trace' });
  is<Same<Size, 'original' | 'adjusted' | 'alternative' | 'medium' | 'thumb'>>();
  onLog((record) => is<Same<typeof record, LogRecord>>())[Symbol.dispose]();
}

/** The least that is a storage; its methods may be plain. */
class Least implements Storage {
  stat(path: string): { path: string; size: number } | undefined {
    return path === '' ? undefined : { path, size: 0 };
  }
  write(path: string, options: WriteOptions): StorageWriter {
    is<Same<typeof options.modified, Date | null | undefined>>();
    return { restart() {}, write: (chunk) => void (chunk satisfies Uint8Array), commit: () => ({ path, size: 0, modified: new Date() }), abort() {} };
  }
  async *read(_path: string, start: number): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(start);
  }
  remove(): void {}
  list(): Array<{ path: string; size: number }> {
    return [];
  }
}

export async function storages(asset: Asset, signal: AbortSignal): Promise<void> {
  const local = await LocalStorage.open(new URL('file:///photos'), { signal });
  const around: Storage = {
    stat: (path) => local.stat(path),
    write: (path, options) => local.write(path, options),
    read: (path, start) => local.read(path, start),
    remove: (path) => local.remove(path),
    list: (prefix) => local.list(prefix),
  };
  for (const storage of [local, new MemoryStorage(), await UrlStorage.open('s3://b'), new Least(), around]) {
    await asset.download().save(storage, 'a.jpg');
  }
  const writer = await local.write('a', { part: 'a.part', size: 5, signal });
  await writer.write(Buffer.from('x'), { signal });
  is<Same<Awaited<ReturnType<typeof writer.commit>>, ObjectMeta>>();
  for await (const found of local.list('', { withParts: true })) is<Same<typeof found.modified, Date | null>>();
  for await (const chunk of local.read('a', 1)) is<Same<typeof chunk, Buffer>>();
  const [found] = await local.statAll(['a']);
  is<Same<typeof found, ObjectMeta | ICloudError | null | undefined>>();
  // @ts-expect-error There are no such links.
  await local.link('a', 'b', 'soft');
  // @ts-expect-error It lacks the other methods.
  await asset.download().save({ stat: () => null }, 'a');
  // @ts-expect-error Text is no chunk.
  await writer.write('text');
}

/** What only the library makes. */
export function onlyGiven(): unknown[] {
  return [
    // @ts-expect-error A sign-in gives one.
    new Session(),
    // @ts-expect-error A session gives one.
    new Library(),
    // @ts-expect-error A library gives one.
    new Album(),
    // @ts-expect-error A list gives one.
    new Asset(),
    // @ts-expect-error An album gives one.
    new Assets(),
    // @ts-expect-error Methods give them.
    new AsyncItems(),
    // @ts-expect-error Nor do classes of others.
    new (class extends AsyncItems<number> {})(),
    // @ts-expect-error An engine gives one.
    new Plan(),
    // @ts-expect-error It is opened.
    new LocalStorage(),
    // @ts-expect-error A sign-in gives one.
    new Challenge(),
  ];
}
