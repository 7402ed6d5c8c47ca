// Copies of a library: planned, made, mirrored, shown in views, told of event by event.

import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { Asset, Catalogue, ICloudError, LocalStorage, MemoryStorage, SyncEngine, verify } from 'icloud-photos';

import { assertIs, kindsOf, membersOf } from './shapes.mjs';
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
    for (const edit of at % 2 ? ['enter', 'leave'] : ['enter']) await fake.post('mutate', { asset: asset.id, edit, album: album.id }).catch(() => {});
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
  // Where there is something to be moved, such an answer ends the run.
  await journal.run(library, storage, moving).catch((error) => assert.match(error.message, /Injected by a fault script/));
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

test('what is not declared is found', () => {
  const at = new Date();
  for (const wrong of [{ kind: 'present' }, { kind: 'present', path: 'a', more: 1 }, { kind: 'present', path: null }, { kind: 'nothing' }, null]) {
    assert.throws(() => assertIs(wrong, 'SyncEvent'), assert.AssertionError);
  }
  assert.throws(() => assertIs({ kind: 'failed', path: 'a', error: { failure: '{}' } }, 'AdoptEvent'), /no ICloudError/);
  assertIs({ kind: 'failed', path: 'a', error: new ICloudError('storage', 'a') }, 'AdoptEvent');
  assertIs({ kind: 'created_before', text: 'old', created: at, limit: at }, 'SkipReason');
});

/** Members of what the bindings tell, by the source: what the fake cannot bring about is declared rightly too. */
test('all that the bindings can tell is declared', async () => {
  const folder = new URL('../../bindings/common/src/', import.meta.url);
  const sources = await Promise.all((await readdir(folder)).map((name) => readFile(new URL(name, folder), 'utf8')));
  const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  let compared = 0;
  const variant = /variant!\(\s*"(\w+)"((?:,\s*\w+ = (?:[^,()]|\((?:[^()]|\([^()]*\))*\))+)*),?\s*\)/g;
  for (const [, name, given] of sources.join('\n').matchAll(variant)) {
    const members = [...given.matchAll(/,\s*(\w+) = /g)].map(([, member]) => camel(member));
    // `kind` tells one of several from the others, so another member of that name is `albumKind` and so on.
    const declared = membersOf(name).filter((member) => !['kind', 'text'].includes(member)).map((member) => member.replace(/^\w+Kind$/, 'kind'));
    assert.deepEqual(declared.sort(), members.filter((member) => member !== 'text').sort(), name);
    compared += 1;
  }
  assert.ok(compared > 80, `${compared}`);
});

const mine = () => Object.assign(new RangeError('mine'), { mine: true });

for (const [how, give] of [['throws', (error) => { throw error; }], ['rejects', (error) => Promise.reject(error)]]) {
  for (const where of ['onEvent', 'filter', 'checkAlbums']) {
    if (how === 'rejects' && where !== 'onEvent') continue;
    test(`a run ends with what ${where} ${how}, and the next one is none the worse`, async (t) => {
      const { library } = await libraryFor(t, { ...everyday, assets: 200 });
      const [storage, catalogue, error] = [new MemoryStorage(), Catalogue.memory(), mine()];
      const albums = [library.all()];
      let fails = true;
      const call = () => (fails ? give(error) : true);
      const engine = new SyncEngine(library, storage, { catalogue, albums, ...(where === 'onEvent' ? {} : { [where]: call }) });
      const options = where === 'onEvent' ? { onEvent: call } : {};
      for (let round = 0; round < 5; round += 1) assert.equal(await failure(engine.run(options)), error);
      fails = false;
      assert.equal((await engine.run(options)).isClean, true);
    });
  }
}

test('filters and checks that are async are refused, and nothing is stored', async (t) => {
  const { library } = await libraryFor(t);
  const storage = new MemoryStorage();
  for (const [options, pattern] of [
    [{ filter: async () => true }, /filter gave a promise/],
    [{ filter: () => Promise.reject(mine()) }, /filter gave a promise/],
    [{ checkAlbums: async () => undefined, albums: [library.all()], catalogue: Catalogue.memory() }, /checkAlbums gave a promise/],
  ]) {
    const error = await failure(new SyncEngine(library, storage, options).run());
    assert.ok(error instanceof TypeError);
    assert.match(error.message, pattern);
  }
  assert.deepEqual(await all(storage.list()), []);
});

test('what is no function, no album and no storage is refused at once', async (t) => {
  const { library } = await libraryFor(t);
  const storage = new MemoryStorage();
  for (const options of [
    { filter: 3 },
    { checkAlbums: 'yes' },
    { albums: library.all() },
    { albums: [library] },
    { views: { name: 'a', template: 'b' } },
    { writeDates: 'jpeg' },
    { moveOut: {} },
    { skipCreatedBefore: '2020' },
  ]) {
    assert.throws(() => new SyncEngine(library, storage, options), TypeError, Object.keys(options)[0]);
  }
  for (const share of [5, -1, Number.NaN]) assert.throws(() => new SyncEngine(library, storage, { removalLimit: { share } }), RangeError);
  assert.throws(() => new SyncEngine(library, { stat() {} }), TypeError);
  assert.throws(() => new SyncEngine({}, storage), TypeError);
  assert.ok((await failure(new SyncEngine(library, storage).run({ onEvent: 'yes' }))) instanceof TypeError);
});

test('options that mean nothing are configuration errors', async (t) => {
  const { library } = await libraryFor(t);
  const catalogue = Catalogue.memory();
  for (const options of [
    { missing: 'nonsense' },
    { mirror: 'nonsense', catalogue },
    { mirror: 'trash' },
    { concurrency: 0 },
    { recent: -1 },
    { recent: Number.NaN },
    { writeDates: ['doc'] },
    { layout: { folder: '{:%Q}{' } },
    { layout: { zone: 'Nowhere/None' } },
    { skipCreatedAfter: new Date(Number.NaN) },
    { moveOut: { olderThanDays: -1 }, catalogue },
    { views: [{ name: '', template: '' }], catalogue },
  ]) {
    const error = await failure((async () => new SyncEngine(library, new MemoryStorage(), options).run())());
    assert.equal(error.kind, 'config', `${Object.keys(options)[0]}: ${error}`);
  }
});

test('a filter of ones own', async (t) => {
  const { library } = await libraryFor(t, everyday);
  const listed = await all(library.all());
  const favorites = listed.filter((asset) => asset.isFavorite).map(({ id }) => id);
  const options = { filter: (asset) => asset.isFavorite, filterName: 'favorites' };
  const { events, report } = await told(new SyncEngine(library, new MemoryStorage(), options));
  assert.ok(favorites.length > 0 && report.downloaded > 0 && report.skipped > 0);
  const leftOut = of(events, 'skipped').filter(({ reason }) => reason.kind === 'filtered');
  assert.ok(leftOut.every(({ asset, reason }) => asset instanceof Asset && reason.name === 'favorites'));
  assert.deepEqual([...leftOut.map(({ asset }) => asset.id), ...favorites].sort(), listed.map(({ id }) => id).sort());
});

test('what a filter did not judge is written down nowhere, and fetched by the next run', async (t) => {
  const { library } = await libraryFor(t);
  const [storage, catalogue] = [new MemoryStorage(), Catalogue.memory()];
  let fails = true;
  const filter = () => {
    if (fails) throw mine();
    return true;
  };
  const engine = new SyncEngine(library, storage, { catalogue, filter });
  for (let round = 0; round < 3; round += 1) assert.ok((await failure(engine.run())).mine);
  assert.equal((await catalogue.totals()).assets, 0);
  fails = false;
  assert.equal((await engine.run()).downloaded, 25);
});

test('what a filter did not judge is told of nowhere', async (t) => {
  const { library } = await libraryFor(t);
  const engine = new SyncEngine(library, new MemoryStorage(), { filter: () => { throw mine(); } });
  const [events, actions] = [[], []];
  assert.ok((await failure(engine.run({ onEvent: (event) => void events.push(event) }))).mine);
  assert.deepEqual(of(events, 'skipped'), []);
  const plan = engine.plan();
  assert.ok((await failure((async () => { for await (const action of plan) actions.push(action); })())).mine);
  assert.deepEqual(of(actions, 'skip'), []);
});

test('only what was asked for', async (t) => {
  const { library } = await libraryFor(t, everyday);
  const few = new MemoryStorage();
  await new SyncEngine(library, few, { recent: 5, layout: { folder: 'none' }, skipVideos: true }).run();
  const names = (await all(few.list())).map(({ path }) => path);
  assert.ok(names.length > 0 && names.length <= 12 && !names.some((name) => name.includes('/') || name.endsWith('.MP4')), names.join());
  const kids = new MemoryStorage();
  await new SyncEngine(library, kids, { albums: [(await library.albums()).find('Family/Kids')] }).run();
  const many = (await all(kids.list())).length;
  assert.ok(many > 0 && many < 20, `${many}`);
  const ages = new MemoryStorage();
  assert.equal((await new SyncEngine(library, ages, { skipCreatedAfter: { daysAgo: 1e8 } }).run()).downloaded, 0);
  assert.ok((await new SyncEngine(library, ages, { skipCreatedBefore: { daysAgo: 1e8 } }).run()).downloaded > 60);
});

for (const read of [1, 50, 300]) {
  test(`a plan is not executed after ${read} were read from it`, async (t) => {
    const { library } = await libraryFor(t, { ...plain, assets: 600, fileSize: 1000 });
    const storage = new MemoryStorage();
    const engine = new SyncEngine(library, storage, { catalogue: Catalogue.memory() });
    const plan = engine.plan();
    for (let at = 0; at < read; at += 1) await plan.next();
    assert.equal((await failure(engine.execute(plan))).kind, 'config');
    assert.equal((await engine.run()).downloaded, 600);
  });
}

test('a plan is executed once, by the engine that made it', async (t) => {
  const { library } = await libraryFor(t);
  const storage = new MemoryStorage();
  const engine = new SyncEngine(library, storage);
  const plan = engine.plan();
  assert.equal((await failure(new SyncEngine(library, storage).execute(plan))).kind, 'config');
  assert.deepEqual(await all(storage.list()), []);
  assert.equal((await engine.execute(plan)).downloaded, 25);
  assert.equal((await failure(engine.execute(plan))).kind, 'config');
  const closed = engine.plan();
  closed.close();
  assert.ok((await failure(engine.execute(closed))) instanceof ICloudError);
  await assert.rejects(engine.execute({}), TypeError);
});

test('an album of another library is refused', async (t) => {
  const { library } = await libraryFor(t);
  const { library: other } = await libraryFor(t, { ...plain, account: { dsid: '424242' }, username: 'other@example.com' });
  const refused = () => new SyncEngine(library, new MemoryStorage(), { albums: [other.all()] });
  assert.throws(refused, (error) => error.kind === 'config' && /another library/.test(error.message));
});

test('a run that is stopped keeps what is whole, and the engine stays stopped', async (t) => {
  const { library } = await libraryFor(t, { ...plain, assets: 3000, fileSize: 1000 });
  const [storage, catalogue] = [new MemoryStorage(), Catalogue.memory()];
  const engine = new SyncEngine(library, storage, { catalogue });
  const onEvent = ({ kind }) => void (kind === 'downloaded' && engine.stop());
  assert.equal((await failure(engine.run({ onEvent }))).kind, 'cancelled');
  const files = await all(storage.list());
  assert.ok(files.length > 0 && files.length < 3000 && files.every(({ size }) => size === 1000));
  assert.equal((await failure(engine.run())).kind, 'cancelled');
  const report = await new SyncEngine(library, storage, { catalogue }).run();
  assert.deepEqual([report.isClean, (await all(storage.list())).length], [true, 3000]);
});

test('a run goes on after one that was aborted, which frees its connections', async (t) => {
  const { fake, library } = await libraryFor(t, { ...plain, assets: 300, fileSize: 1000 });
  const [storage, catalogue, reason] = [new MemoryStorage(), Catalogue.memory(), mine()];
  const engine = new SyncEngine(library, storage, { catalogue });
  const abort = new AbortController();
  let count = 0;
  const onEvent = ({ kind }) => {
    count += kind === 'downloaded';
    if (count === 50) abort.abort(reason);
  };
  assert.equal(await failure(engine.run({ onEvent, signal: abort.signal })), reason);
  const heard = count;
  const asked = await stays(() => requests(fake, 'content'));
  assert.ok(asked < 300, `${asked}`);
  assert.equal(count, heard, 'nothing is told after the end');
  await reset(fake);
  const report = await engine.run();
  assert.deepEqual([report.isClean, (await all(storage.list())).length], [true, 300]);
  assert.ok((await requests(fake, 'content')) <= 250);
});

test('a signal that spoke before a run lets nothing be sent', async (t) => {
  const { fake, library } = await libraryFor(t);
  const engine = new SyncEngine(library, new MemoryStorage(), { catalogue: Catalogue.memory() });
  const { id } = (await library.all().assets({ limit: 1 }).next()).value;
  const asset = await library.asset(id);
  await reset(fake);
  const signal = AbortSignal.abort(mine());
  for (const ask of [
    () => engine.run({ signal }),
    () => engine.execute(engine.plan(), { signal }),
    () => engine.execute(engine.plan({ signal })),
    () => engine.adopt({ signal }),
    () => engine.rehearseViews({ signal }),
    () => engine.rehearseRemovals({ signal }),
    () => engine.coveredAt({ signal }),
    () => engine.cursor({ signal }),
    () => engine.uncoveredLibraries({ signal }),
    () => engine.receipt(asset, { signal }),
    () => engine.moveOut([], { signal }),
    () => engine.plan({ signal }).next(),
    () => engine.news({ signal }).next(),
    () => verify(new MemoryStorage(), Catalogue.memory(), { signal }),
  ]) {
    assert.ok((await failure(ask())).mine, `${ask}`);
  }
  assert.equal(await requests(fake), 0);
});

test('the signal of a plan ends its execution', async (t) => {
  const { fake, library } = await libraryFor(t, { ...plain, assets: 300, fileSize: 1000 });
  const [storage, reason] = [new MemoryStorage(), mine()];
  const engine = new SyncEngine(library, storage);
  const before = new AbortController();
  const plan = engine.plan({ signal: before.signal });
  before.abort(reason);
  await reset(fake);
  assert.equal(await failure(engine.execute(plan)), reason);
  assert.equal(await requests(fake), 0);
  for (const which of ['plan', 'execution']) {
    const signals = { plan: new AbortController(), execution: new AbortController() };
    const onEvent = ({ kind }) => void (kind === 'downloaded' && signals[which].abort(reason));
    const run = engine.execute(engine.plan({ signal: signals.plan.signal }), { onEvent, signal: signals.execution.signal });
    assert.equal(await failure(run), reason, which);
    assert.ok((await all(storage.list())).length < 300, which);
  }
  assert.equal((await engine.execute(engine.plan({ signal: new AbortController().signal }))).isClean, true);
});

test('a run that stalls is aborted at once', async (t) => {
  const { fake, library } = await libraryFor(t);
  const [abort, engine] = [new AbortController(), new SyncEngine(library, new MemoryStorage())];
  await fault(fake, 'content', 'stall', { after: 1000 });
  const reason = mine();
  const run = engine.run({ signal: abort.signal });
  setTimeout(() => abort.abort(reason), 300);
  assert.equal(await failure(run), reason);
  await heal(fake);
  assert.equal((await engine.run()).isClean, true);
});

test('two runs of one engine at once: one is given up, the other one comes to its end', async (t) => {
  const { library } = await libraryFor(t, { ...plain, assets: 1200, fileSize: 100 });
  const engine = new SyncEngine(library, new MemoryStorage(), { filter: () => true });
  const abort = new AbortController();
  let heard = 0;
  const onEvent = () => {
    heard += 1;
    if (heard === 10) abort.abort(mine());
  };
  const [given, other] = [engine.run({ signal: abort.signal, onEvent }), engine.run()];
  given.catch(() => undefined);
  const report = await other;
  assert.deepEqual([report.failed, report.assets], [0, 1200]);
  assert.ok((await failure(given)).mine);
});

test('two runs with a filter that fails say so', async (t) => {
  const { library } = await libraryFor(t, { ...plain, assets: 1200, fileSize: 100 });
  let calls = 0;
  const filter = () => {
    calls += 1;
    if (calls > 50) throw mine();
    return true;
  };
  const engine = new SyncEngine(library, new MemoryStorage(), { filter });
  for (const error of await Promise.all([failure(engine.run()), failure(engine.run())])) assert.ok(error.mine, error);
});

test('events are few at a time, however slow whoever hears them is', async (t) => {
  const { library } = await libraryFor(t, { ...plain, assets: 3000, fileSize: 1000 });
  const storage = new MemoryStorage();
  let [heard, behind] = [0, 0];
  const onEvent = async ({ kind }) => {
    heard += kind === 'downloaded';
    if (heard !== 200 || kind !== 'downloaded') return;
    // The event loop stands still: what is stored meanwhile must have been told, or waits.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
    behind = (await all(storage.list())).length - heard;
  };
  const report = await new SyncEngine(library, storage).run({ onEvent });
  assert.deepEqual([report.downloaded, heard], [3000, 3000]);
  assert.ok(behind < 1500, `${behind}`);
});

test('the library is called again from what it calls', async (t) => {
  const { library } = await libraryFor(t);
  const [catalogue, inner] = [Catalogue.memory(), []];
  const filter = (asset) => {
    inner.push(asset.download().bytes(), catalogue.totals());
    return true;
  };
  const engine = new SyncEngine(library, new MemoryStorage(), { catalogue, filter });
  const onEvent = ({ kind }) => {
    if (kind === 'started') inner.push(new SyncEngine(library, new MemoryStorage()).run(), all(engine.plan()), engine.coveredAt());
  };
  assert.equal((await engine.run({ onEvent })).downloaded, 25);
  assert.ok((await Promise.all(inner)).length >= 53);
});

test('nobody asks a filter, nor stores anything, after the end', async (t) => {
  const { library } = await libraryFor(t, { ...plain, assets: 400, fileSize: 1000 });
  const [abort, storage] = [new AbortController(), new MemoryStorage()];
  let asked = 0;
  const filter = () => {
    asked += 1;
    if (asked === 30) abort.abort(mine());
    return true;
  };
  assert.ok((await failure(new SyncEngine(library, storage, { filter }).run({ signal: abort.signal }))).mine);
  const stored = await stays(async () => (await all(storage.list())).length);
  const before = asked;
  await pause(300);
  assert.deepEqual([asked, (await all(storage.list())).length], [before, stored]);
  assert.ok(asked < 400, `${asked}`);
});

test('the event loop turns while a copy is made', async (t) => {
  const { library } = await libraryFor(t, { ...everyday, profile: 'plain', assets: 2000, fileSize: 1000 });
  let turns = 0;
  const timer = setInterval(() => { turns += 1; }, 1);
  const options = { filter: () => true, sidecars: true, catalogue: Catalogue.memory() };
  const { events, report } = await told(new SyncEngine(library, new MemoryStorage(), options));
  clearInterval(timer);
  assert.equal(report.downloaded, 2000);
  assert.ok(turns > 100, `${turns} turns, ${events.length} events`);
});

test('news', async (t) => {
  const { fake, library } = await libraryFor(t);
  const engine = new SyncEngine(library, new MemoryStorage(), { catalogue: Catalogue.memory() });
  assert.equal((await failure(all(engine.news()))).kind, 'not_found');
  assert.deepEqual([await engine.coveredAt(), await engine.cursor()], [null, null]);
  await engine.run();
  assert.ok((await engine.coveredAt()) instanceof Date);
  assertIs(await engine.cursor(), 'ChangeCursor');
  assert.deepEqual([await engine.uncoveredLibraries(), await all(engine.news())], [[], []]);
  const [first, second] = await all(library.all().assets({ limit: 2 }));
  const { asset: added } = await fake.post('mutate', { add: 'NEW.JPG', size: 1000 });
  await fake.post('mutate', { asset: first.id, edit: 'favourite' });
  await fake.post('mutate', { asset: second.id, edit: 'trash' });
  const news = await all(engine.news());
  const about = Object.fromEntries(news.map(({ kind, news }) => [kind, news.asset.asset]));
  assert.deepEqual(about, { added, metadata: first.id, trashed: second.id });
  const changes = await all(library.changes(await engine.cursor()));
  assert.ok(changes.some((batch) => batch.changes.some(({ kind, asset }) => kind === 'asset' && asset.id === added)));
  assert.equal((await engine.run()).downloaded, 1);
});

test('a receipt, and moving out', async (t) => {
  const { fake, library } = await libraryFor(t);
  const storage = new MemoryStorage();
  const engine = new SyncEngine(library, storage, { catalogue: Catalogue.memory() });
  const [one, two] = await all(library.all().assets({ limit: 2 }));
  const none = await engine.receipt(one);
  assertIs(none, 'Kept');
  await engine.run();
  const receipts = [await engine.receipt(one), await engine.receipt(two)];
  for (const receipt of receipts) assertIs(receipt, 'Receipt');
  await storage.remove(receipts[1].files[0].path);
  // Kept as text, and read again days later.
  const read = receipts.map((receipt) => ({ ...receipt, json: JSON.parse(JSON.stringify(receipt.json)) }));
  const [moved, kept] = await engine.moveOut(read);
  assert.equal(moved, null);
  if (!(kept instanceof ICloudError)) assertIs(kept, 'Kept');
  const { assets } = await fake.get('truth');
  const isDeleted = (id) => assets.find((asset) => asset.id === id).deleted;
  assert.deepEqual([isDeleted(one.id), isDeleted(two.id)], [true, false]);
  assert.equal((await failure(engine.moveOut([{ json: '{}' }]))).kind, 'config');
  for (const wrong of [[{}], receipts[0]]) assert.ok((await failure(engine.moveOut(wrong))) instanceof TypeError);
});

for (const mirror of [undefined, 'remove']) {
  test(`a copy that ${mirror ? 'mirrors' : 'only grows'}`, async (t) => {
    const { fake, library } = await libraryFor(t);
    const storage = new MemoryStorage();
    const engine = new SyncEngine(library, storage, { catalogue: Catalogue.memory(), mirror });
    await engine.run();
    const [gone] = await all(library.all().assets({ limit: 1 }));
    await fake.post('mutate', { asset: gone.id, edit: 'trash' });
    if (mirror) {
      const rehearsed = [];
      await engine.rehearseRemovals({ onEvent: (event) => void rehearsed.push(event) });
      assert.equal(of(rehearsed, 'removal_would_remove').length, 1);
    }
    assert.equal((await all(storage.list())).length, 25);
    const { events, report } = await told(engine);
    assert.deepEqual([(await all(storage.list())).length, report.removed, of(events, 'removal_removed').length], mirror ? [24, 1, 1] : [25, 0, 0]);
  });
}

test('a mirror does not follow a list that lacks something', async (t) => {
  const { fake, library } = await libraryFor(t, { ...plain, assets: 300, fileSize: 300 });
  const storage = new MemoryStorage();
  const engine = new SyncEngine(library, storage, { catalogue: Catalogue.memory(), mirror: 'remove' });
  await engine.run();
  await fault(fake, LISTING, 'short-list', { keep: 40 });
  await fake.post('expire?what=change-tokens');
  await engine.run().catch((error) => assert.ok(error instanceof ICloudError));
  await heal(fake);
  assert.equal((await all(storage.list())).length, 300);
});

test('one file that cannot be stored does not end the run, a storage that is full does', async (t) => {
  const { library } = await libraryFor(t);
  const thrown = new Error('not this one');
  const { MapStorage, failed } = await import('./storages.mjs');
  class Picky extends MapStorage {
    async write(path, options) {
      if (path.includes('IMG_0007')) throw thrown;
      return super.write(path, options);
    }
  }
  const { events, report } = await told(new SyncEngine(library, new Picky()));
  assert.deepEqual([report.downloaded, report.failed, report.isClean], [24, 1, false]);
  const [event] = of(events, 'failed');
  assertIs(event, 'SyncEvent');
  assert.equal(event.error.kind, 'storage');
  assert.equal(causes(event.error).at(-1), thrown);
  class Full extends MapStorage {
    async write() {
      throw failed('ENOSPC');
    }
  }
  const error = await failure(new SyncEngine(library, new Full()).run());
  assert.deepEqual([error.kind, causes(error).at(-1).code], ['storage_full', 'ENOSPC']);
});

function causes(error) {
  return error.cause === undefined ? [] : [error.cause, ...causes(error.cause)];
}
