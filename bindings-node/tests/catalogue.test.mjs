// What is known of a copy, and whether it is right: catalogues, verification, views.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { Album, Catalogue, Library, LocalStorage, MemoryStorage, SyncEngine, verify } from 'icloud-photos';

import { assertIs } from './shapes.mjs';
import { all, failure, fakeFor, folderFor, requests, reset } from './support.mjs';

const here = new URL('.', import.meta.url);

/** A copy in a folder, as the options say, with its catalogue in memory. */
async function copyFor(t, options = {}, fakeOptions = {}) {
  const fake = await fakeFor(t, { state: 'password-only', ...fakeOptions });
  const session = await fake.signIn();
  const folder = await folderFor(t);
  const storage = await LocalStorage.open(join(folder, 'photos'));
  const catalogue = Catalogue.memory();
  const engine = new SyncEngine(session.primaryLibrary, storage, { catalogue, ...options });
  return { fake, session, library: session.primaryLibrary, folder, photos: join(folder, 'photos'), storage, catalogue, engine };
}

/** Bytes by path. */
async function contents(folder) {
  const files = new Map();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !path.includes('/.icloud')) files.set(path, await readFile(path));
  }
  return new Map([...files].sort());
}

test('rows and totals', async (t) => {
  const { library, storage, catalogue, engine } = await copyFor(t, { sidecars: true }, { profile: 'everyday', assets: 60 });
  const report = await engine.run();
  const rows = await all(catalogue.files());
  for (const row of rows) assertIs(row, 'FileRow');
  const totals = await catalogue.totals();
  assertIs(totals, 'Totals');
  assertIs(await catalogue.stock(storage), 'Stock');
  // What two photos share is fetched once, and has a row for each.
  assert.deepEqual([totals.verified.files, totals.failed.files], [report.verified + report.present, 0]);
  assert.equal(rows.length, report.downloaded + report.present);
  const [row] = rows;
  const there = await catalogue.filesAt([row.path, 'nowhere.jpg']);
  assert.deepEqual(there, [rows.filter(({ path }) => path === row.path), []]);
  assert.equal(Buffer.isBuffer(row.sha256) && row.sha256.length, 32);
  await assert.rejects(catalogue.filesAt(row.path), TypeError);
  assert.equal((await failure(catalogue.filesAt(['../up']))).kind, 'config');
  const [listed] = await all(library.all().assets({ limit: 1 }));
  assert.ok(rows.some(({ key }) => key.asset === listed.id && key.library.endsWith(library.name)));
});

test('more rows than come at once', async (t) => {
  const { catalogue, engine } = await copyFor(t, {}, { assets: 2500, fileSize: 100 });
  await engine.run();
  const keys = (await all(catalogue.files())).map(({ key }) => `${key.asset} ${key.role}`);
  assert.deepEqual([keys.length, new Set(keys).size], [2500, 2500]);
  const some = catalogue.files();
  for await (const _ of some) break;
  assert.deepEqual(await all(some), []);
});

test('libraries and albums as they are remembered, without a request', async (t) => {
  const { fake, session, library, catalogue } = await copyFor(t);
  const albums = await fakeFor(t, { state: 'password-only', profile: 'everyday', assets: 60 });
  assert.equal(await catalogue.library(session, library.name), null);
  const theirs = await albums.signIn();
  await new SyncEngine(theirs.primaryLibrary, new MemoryStorage(), { catalogue }).run();
  await reset(albums);
  await reset(fake);
  const remembered = await catalogue.library(theirs, theirs.primaryLibrary.name);
  assert.ok(remembered instanceof Library && remembered.name === theirs.primaryLibrary.name);
  for (const album of await catalogue.albums(remembered)) assert.ok(album instanceof Album);
  assert.deepEqual([await requests(albums), await requests(fake)], [0, 0]);
});

test('a catalogue is one process\'s, and gone once it is closed', async (t) => {
  const { library, storage, folder, photos } = await copyFor(t);
  const state = join(folder, 'state');
  const opens = async () => {
    const program = `
      import { Catalogue, LocalStorage } from 'icloud-photos';
      const storage = await LocalStorage.open(process.argv[1]);
      try {
        const catalogue = await Catalogue.open(storage, process.argv[2]);
        console.log((await catalogue.totals()).assets);
      } catch (error) {
        console.log(error.kind);
      }
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program, photos, state], { cwd: here });
    return stdout.trim();
  };
  assert.equal(await Catalogue.openReadOnly(storage, state), null);
  const catalogue = await Catalogue.open(storage, pathToFileURL(state));
  await new SyncEngine(library, storage, { catalogue }).run();
  assert.equal((await catalogue.stock(storage)).here.verified.files, 25);
  assert.equal(await opens(), 'conflict');
  const reader = await Catalogue.openReadOnly(storage, state);
  assert.equal((await reader.totals()).assets, 25);
  catalogue.close();
  catalogue.close();
  for (const use of [
    () => catalogue.totals(),
    () => catalogue.stock(storage),
    () => all(catalogue.files()),
    () => catalogue.filesAt([]),
    () => verify(storage, catalogue),
  ]) {
    assert.equal((await failure((async () => use())())).kind, 'config', `${use}`);
  }
  assert.throws(() => new SyncEngine(library, storage, { catalogue }), { kind: 'config' });
});

test('what cannot be a place of catalogues', async (t) => {
  const { storage, folder } = await copyFor(t);
  for (const wrong of ['', 7, null, undefined]) {
    await assert.rejects(Catalogue.open(storage, wrong), (error) => error instanceof TypeError || error.kind === 'config', `${wrong}`);
    await assert.rejects(Catalogue.sqlite(wrong), (error) => error instanceof TypeError || error.kind === 'config', `${wrong}`);
  }
  await writeFile(join(folder, 'no.sqlite'), 'this is no database, and is longer than the head of one would be '.repeat(10));
  assert.ok((await failure(Catalogue.sqlite(join(folder, 'no.sqlite')))).kind);
  assert.match(await readFile(join(folder, 'no.sqlite'), 'utf8'), /^this is no database/);
});

test('a storage that is not mounted', async (t) => {
  const { library, storage, folder, photos } = await copyFor(t);
  const state = join(folder, 'state');
  const catalogue = await Catalogue.open(storage, state, { place: 'disk' });
  await new SyncEngine(library, storage, { catalogue }).run();
  catalogue.close();
  await rename(photos, join(folder, 'elsewhere'));
  const error = await failure((async () => {
    const again = await Catalogue.open(await LocalStorage.open(photos), state, { place: 'disk' });
    await new SyncEngine(library, storage, { catalogue: again }).run();
  })());
  assert.equal(error.kind, 'store_lost');
});

test('a catalogue of another storage is refused', async (t) => {
  const { library, storage, folder } = await copyFor(t);
  const other = await LocalStorage.open(join(folder, 'other'));
  const catalogue = await Catalogue.open(storage, join(folder, 'state'));
  assert.equal((await new SyncEngine(library, storage, { catalogue }).run()).downloaded, 25);
  const before = await catalogue.totals();
  const engine = new SyncEngine(library, other, { catalogue, missing: 'respect' });
  const [asset] = await all(library.all().assets({ limit: 1 }));
  for (const work of [
    () => verify(other, catalogue, { missing: 'respect' }),
    () => catalogue.stock(other),
    () => engine.run(),
    () => engine.adopt(),
    () => engine.receipt(asset),
    () => engine.moveOut([]),
    () => verify(storage, catalogue, { engine, repair: true }),
  ]) {
    assert.equal((await failure(work())).kind, 'store_lost', `${work}`);
  }
  assert.deepEqual(await catalogue.totals(), before);
  assert.deepEqual(await all(other.list()), []);
  assert.equal((await verify(storage, catalogue)).bad, 0);
});

test('verify finds damage, and repairs it', async (t) => {
  const { photos, storage, catalogue, engine } = await copyFor(t);
  await engine.run();
  const whole = await contents(photos);
  assert.equal((await verify(storage, catalogue)).isClean, true);
  const [rotten, gone, short] = whole.keys();
  await writeFile(rotten, Buffer.concat([whole.get(rotten).subarray(0, 500), Buffer.from('\0rot'), whole.get(rotten).subarray(504)]));
  await rm(gone);
  await writeFile(short, whole.get(short).subarray(1));
  const events = [];
  const found = await verify(storage, catalogue, { readOnly: true, onEvent: (event) => void events.push(event) });
  assert.deepEqual([found.proven, found.bad, found.isClean], [22, 3, false]);
  const faults = new Map(events.filter(({ kind }) => kind === 'bad').map(({ path, fault }) => [join(photos, path), fault]));
  assert.deepEqual([faults.get(gone), faults.get(short)], ['missing', 'truncated']);
  assert.ok(['rotten', 'changed'].includes(faults.get(rotten)));
  assert.equal((await verify(storage, catalogue, { engine, repair: true })).repaired, 3);
  assert.deepEqual(await contents(photos), whole);
  assert.ok((await verify(storage, catalogue, { sample: 0.2 })).proven < 25);
});

test('verification ends with what onEvent throws, and when it is aborted', async (t) => {
  const { storage, catalogue, engine } = await copyFor(t, {}, { assets: 200 });
  await engine.run();
  const error = new RangeError('mine');
  assert.equal(await failure(verify(storage, catalogue, { onEvent: () => { throw error; } })), error);
  assert.equal(await failure(verify(storage, catalogue, { onEvent: async () => { throw error; } })), error);
  const abort = new AbortController();
  assert.equal(await failure(verify(storage, catalogue, { signal: abort.signal, onEvent: () => abort.abort(error) })), error);
  assert.equal((await verify(storage, catalogue)).proven, 200);
});

test('what verification cannot be told', async () => {
  const [storage, catalogue] = [new MemoryStorage(), Catalogue.memory()];
  assert.equal((await failure(verify(storage, catalogue, { repair: true }))).kind, 'config');
  for (const sample of [Number.NaN, 2, -1, 0]) assert.ok((await failure(verify(storage, catalogue, { sample }))) instanceof RangeError);
  for (const wrong of [{ missing: 'nonsense' }, { sample: 0.5, seed: -1 }]) assert.equal((await failure(verify(storage, catalogue, wrong))).kind, 'config');
  assert.ok((await failure(verify(storage, {}))) instanceof TypeError);
  assert.ok((await failure(verify({}, catalogue))) instanceof TypeError);
  assert.ok((await failure(verify(storage, catalogue, { engine: {} }))) instanceof TypeError);
});

test('views show albums as folders, and are rehearsed without a request', async (t) => {
  const views = [{ name: 'Albums', template: '{album_path}' }];
  const { fake, photos, engine, storage, catalogue } = await copyFor(t, { views }, { profile: 'everyday', assets: 60 });
  const report = await engine.run();
  const entries = await readdir(join(photos, 'Albums'), { recursive: true, withFileTypes: true });
  const laid = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.icloud'));
  assert.ok(report.viewsLaid > 0);
  assert.equal(laid.length, report.viewsLaid);
  for (const { parentPath, name } of laid) assert.ok((await readFile(join(parentPath, name))).length > 0);
  await rm(join(laid[0].parentPath, laid[0].name));
  await reset(fake);
  const events = [];
  await engine.rehearseViews({ onEvent: (event) => void events.push(event) });
  assert.equal(await requests(fake), 0);
  const anew = events.filter(({ kind }) => kind === 'view_laid').map(({ path }) => join(photos, path));
  assert.deepEqual(anew, [join(laid[0].parentPath, laid[0].name)]);
  assert.equal((await verify(storage, catalogue)).viewsBad, 1);
  assert.equal((await engine.run()).viewsLaid, 1);
});
