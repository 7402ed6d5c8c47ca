// Copies of a library: planned, made, mirrored, shown in views, told of event by event.

import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { Asset, Catalogue, ICloudError, LocalStorage, MemoryStorage, SyncEngine, verify } from 'icloud-photos';

import { assertIs, kindsOf } from './shapes.mjs';
import { LISTING, all, failure, fakeFor, fault, folderFor, heal, requests, reset, sha256, stays } from './support.mjs';

const plain = { state: 'password-only' };
const everyday = { ...plain, profile: 'everyday', assets: 60 };

/** A library for one test, with its fake. */
async function libraryFor(t, options = plain) {
  const fake = await fakeFor(t, options);
  return { fake, library: (await fake.signIn()).primaryLibrary };
}

/** Everything that an engine's run tells. */
async function told(engine, options = {}) {
  const events = [];
  const report = await engine.run({ ...options, onEvent: (event) => void events.push(event) });
  return { events, report };
}

const of = (events, kind) => events.filter((event) => event.kind === kind);

/** SHA-256 of the originals that a run fetches. */
async function originals(fake) {
  const { assets } = await fake.get('truth?sha256=1');
  const wanted = assets.filter((asset) => asset.zone === 'PrimarySync' && !asset.deleted && !asset.hidden);
  return wanted.flatMap((asset) => asset.resources.filter((one) => one.family === 'resOriginal').map((one) => one.sha256));
}

/** The bytes of all files of a storage. */
async function contents(storage) {
  const files = new Map();
  for (const { path } of await all(storage.list())) files.set(path, Buffer.concat(await all(storage.read(path))));
  return files;
}

test('a plan is fetched while it is read', async (t) => {
  const { fake, library } = await libraryFor(t, { ...plain, assets: 5000, fileSize: 300 });
  const engine = new SyncEngine(library, new MemoryStorage());
  await reset(fake);
  const plan = engine.plan();
  assert.equal(await requests(fake), 0);
  for (let read = 0; read < 3; read += 1) assertIs((await plan.next()).value, 'Action');
  const begun = await stays(() => requests(fake, LISTING));
  assert.ok(begun > 0);
  assert.equal(await requests(fake, 'content'), 0);
  plan.close();
  assert.deepEqual(await all(plan), []);
  assert.equal(await requests(fake, LISTING), begun);
  await all(engine.plan());
  assert.ok((await requests(fake, LISTING)) > 2 * begun);
});

test('a whole copy', async (t) => {
  const { fake, library } = await libraryFor(t, everyday);
  const storage = new MemoryStorage();
  const engine = new SyncEngine(library, storage);
  const planned = of(await all(engine.plan()), 'download');
  assert.deepEqual(await all(storage.list()), []);
  const report = await engine.execute(engine.plan());
  assertIs(report, 'SyncReport');
  const files = await contents(storage);
  assert.deepEqual([report.isClean, report.downloaded, report.failed], [true, planned.length, 0]);
  assert.equal(files.size, planned.length);
  assert.equal(report.bytes, [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0));
  const sums = new Set([...files.values()].map(sha256));
  assert.ok((await originals(fake)).every((sum) => sums.has(sum)));
});

test('the second run costs two requests at most', async (t) => {
  const { fake, library } = await libraryFor(t, everyday);
  const engine = new SyncEngine(library, new MemoryStorage(), { catalogue: Catalogue.memory() });
  assert.ok((await engine.run()).downloaded > 60);
  await reset(fake);
  const again = await engine.run();
  assert.deepEqual([again.downloaded, again.isClean], [0, true]);
  assert.ok((await requests(fake)) <= 2);
});

test('events come in their order, and say what the report says', async (t) => {
  const { library } = await libraryFor(t);
  const { events, report } = await told(new SyncEngine(library, new MemoryStorage()));
  const done = of(events, 'downloaded');
  assert.deepEqual([done.length, report.downloaded], [25, 25]);
  assert.equal(of(events, 'progress').reduce((sum, { bytes }) => sum + bytes, 0), 2_500_000);
  assert.deepEqual(new Set(of(events, 'downloading').map(({ path }) => path)), new Set(done.map(({ path }) => path)));
  assert.equal(events[0].kind, 'started');
  for (const { path } of done) {
    const [begun, over] = [events.findIndex((one) => one.path === path), events.findLastIndex((one) => one.path === path)];
    assert.deepEqual([events[begun].kind, events[over].kind], ['downloading', 'downloaded']);
  }
});

/** What is told in runs that bring about whatever the fake can, by union, and what they report. */
class Journal {
  told = { SyncEvent: [], RemovalEvent: [], ViewEvent: [], VerifyEvent: [], AdoptEvent: [], NewsEvent: [], Action: [] };
  reports = [];

  onEvent = (event) => {
    const union = event.kind.startsWith('view_') ? 'ViewEvent' : event.kind.startsWith('removal_') ? 'RemovalEvent' : 'SyncEvent';
    this.told[union].push(event);
  };

  async run(library, storage, options) {
    const engine = new SyncEngine(library, storage, options);
    this.told.Action.push(...(await all(engine.plan())));
    this.reports.push(['SyncReport', await engine.run({ onEvent: this.onEvent })]);
  }

  async rehearse(engine) {
    const { onEvent } = this;
    this.reports.push(['SyncReport', await engine.rehearseViews({ onEvent })], ['SyncReport', await engine.rehearseRemovals({ onEvent })]);
  }

  /** A run over damaged records may come to no end from which there could be news. */
  async news(engine) {
    const news = await all(engine.news()).catch((error) => assert.equal(error.kind, 'not_found'));
    this.told.NewsEvent.push(...(news ?? []));
  }

  async verify(storage, catalogue, options) {
    this.reports.push(['VerifyReport', await verify(storage, catalogue, { ...options, onEvent: (event) => void this.told.VerifyEvent.push(event) })]);
  }

  async adopt(engine, options) {
    this.reports.push(['AdoptReport', await engine.adopt({ ...options, onEvent: (event) => void this.told.AdoptEvent.push(event) })]);
  }
}

/** The same for one library. */
async function chronicle(t, journal, profile) {
  const { fake, library } = await libraryFor(t, { ...plain, profile, assets: 120 });
  const folder = await folderFor(t);
  const [storage, catalogue] = [await LocalStorage.open(folder), Catalogue.memory()];
  const options = {
    catalogue,
    layout: { folder: '{:%Y}', sizes: ['original', 'adjusted', 'alternative', 'medium'], zone: 'UTC' },
    sidecars: true,
    views: [{ name: 'Albums', template: '{album_path}', madeOf: 'hard_link' }],
    writeDates: ['jpeg', 'png', 'heic'],
    mirror: 'trash',
    removalLimit: { share: 1 },
    skipCreatedBefore: new Date('1971-01-01'),
    filter: (asset) => !asset.isFavorite,
  };
  const copy = { fake, library, folder, storage, catalogue, options, engine: new SyncEngine(library, storage, options) };
  await copies(journal, copy);
  await changes(journal, copy);
  await removals(journal, copy);
  await damage(journal, copy);
  await fake.post('expire?what=change-tokens');
  await journal.news(copy.engine);
}

async function copies(journal, { fake, library, storage, options }) {
  await fault(fake, 'content', 'status', { code: 404, times: 3 });
  await journal.run(library, storage, options);
  await heal(fake);
  await journal.run(library, storage, options);
  await journal.run(library, new MemoryStorage(), { skipVideos: true, recent: 40 });
  await journal.run(library, new MemoryStorage(), { skipPhotos: true, skipCreatedAfter: { daysAgo: 3000 } });
  await journal.run(library, new MemoryStorage(), { layout: { sizes: ['thumb'], forceSize: true } });
  await journal.run(library, storage, { layout: options.layout, catalogue: undefined, untilFound: 1 });
}

const PICTURE = /^\d.*\.(JPG|HEIC|MOV|PNG)$/i;

async function changes(journal, { fake, library, folder, storage, options, engine }) {
  const [album] = [...(await library.albums())].filter((album) => album.kind === 'user');
  const listed = await all(library.all().assets({ limit: 40, onError: () => {} }));
  const [first, second, third, fourth, fifth] = listed.filter((asset) => !asset.isFavorite);
  const edits = [[first, 'trash'], [second, 'favourite'], [third, 'render'], [fourth, 'purge'], [fifth, 'rename', { name: 'Other.JPG' }]];
  for (const [asset, edit, more] of edits) await fake.post('mutate', { asset: asset.id, edit, ...more });
  for (const [at, asset] of listed.slice(10, 16).entries()) {
    // Some are in it already.
    for (const edit of ['enter', 'leave'].slice(0, 1 + (at % 2))) await fake.post('mutate', { asset: asset.id, edit, album: album.id }).catch(() => {});
  }
  await fake.post('mutate', { add: 'NEW.JPG', size: 1000 });
  await fake.post('stir?changes=40');
  await journal.news(engine);
  await journal.rehearse(engine);
  const names = await readdir(folder, { recursive: true });
  for (const sidecar of names.filter((name) => name.endsWith('.xmp'))) await writeFile(join(folder, sidecar), 'no sidecar of ours');
  for (const entry of names.filter((name) => name.startsWith('Albums/') && PICTURE.test(name.split('/').at(-1)) === false).slice(0, 1)) {
    await writeFile(join(folder, `${entry}.txt`), 'a note of somebody');
  }
  await journal.run(library, storage, options);
  await fake.post('mutate', { asset: first.id, edit: 'restore' });
  await journal.news(engine);
}

async function removals(journal, { fake, library, folder, storage, options, engine }) {
  const moving = { ...options, moveOut: { olderThanDays: 0 } };
  await journal.run(library, storage, { ...moving, removalLimit: { share: 0, always: 0 } });
  await journal.run(library, storage, { ...moving, untilFound: 1 });
  await journal.rehearse(new SyncEngine(library, storage, moving));
  await fault(fake, 'cloudkit/records/modify', 'status', { code: 400, times: 1 });
  await journal.run(library, storage, moving);
  await heal(fake);
  const [asset] = await all(library.all().assets({ limit: 1, onError: () => {} }));
  if (asset !== undefined) await fake.post('mutate', { asset: asset.id, edit: 'trash' });
  await rm(join(folder, 'Albums'), { recursive: true, force: true });
  await writeFile(join(folder, 'Albums'), 'no folder');
  await journal.run(library, storage, options);
  await rm(join(folder, 'Albums'), { force: true });
  await journal.rehearse(engine);
}

async function damage(journal, { library, folder, storage, catalogue, options, engine }) {
  const [rotten, gone, short] = (await readdir(folder, { recursive: true })).filter((name) => PICTURE.test(name)).sort();
  await writeFile(join(folder, rotten), 'no photo at all');
  await rm(join(folder, gone));
  await writeFile(join(folder, short), (await readFile(join(folder, short))).subarray(1));
  await writeFile(join(folder, 'stranger.jpg'), 'nobody knows me');
  await journal.verify(storage, catalogue, { missing: 'respect', readOnly: true });
  await journal.verify(storage, catalogue, { engine, repair: true });
  await writeFile(join(folder, rotten), 'no photo at all');
  const newcomer = new SyncEngine(library, storage, { catalogue: Catalogue.memory(), layout: options.layout });
  for (const rehearse of [true, false]) await journal.adopt(newcomer, { rehearse });
  await rm(join(folder, short));
  await journal.run(library, storage, { ...options, missing: 'respect' });
  await journal.verify(storage, catalogue, { missing: 'respect' });
}

/** What the fake cannot bring about, or no plan of a new engine holds. */
const NEVER = {
  SyncEvent: ['sidecar_failed', 'unknown'],
  RemovalEvent: ['removal_refused'],
  ViewEvent: [],
  VerifyEvent: ['failed', 'other'],
  AdoptEvent: ['failed', 'other'],
  NewsEvent: ['moved', 'album_made', 'album_renamed', 'album_moved', 'album_deleted', 'problem', 'other'],
  Action: ['describe', 'claim', 'settle', 'forget', 'lost', 'placed', 'aside', 'end_of_rest', 'other'],
};

test('events, news, actions and reports have the members that are declared, and handles are of the package', async (t) => {
  const journal = new Journal();
  for (const profile of ['everyday', 'wild']) await chronicle(t, journal, profile);
  for (const [union, values] of Object.entries(journal.told)) {
    for (const value of values) assertIs(value, union, `${union} ${value.kind}`);
    const kinds = new Set(values.map(({ kind }) => kind));
    assert.deepEqual(kindsOf(union).filter((kind) => !kinds.has(kind) && !NEVER[union].includes(kind)), [], `${union}: these were not told`);
  }
  for (const [type, report] of journal.reports) assertIs(report, type);
});
