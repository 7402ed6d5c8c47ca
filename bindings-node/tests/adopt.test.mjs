// Files that stand there already are recognised by their bytes.

import assert from 'node:assert/strict';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';

import { Catalogue, LocalStorage, SyncEngine } from 'icloud-photos';

import { assertIs } from './shapes.mjs';
import { failure, fakeFor, folderFor, requests, reset } from './support.mjs';

/** A copy whose files were all given other names, with a stranger among them. */
async function muddled(t, options) {
  const fake = await fakeFor(t, { state: 'password-only', ...options });
  const library = (await fake.signIn()).primaryLibrary;
  const folder = await folderFor(t);
  const storage = await LocalStorage.open(folder);
  await new SyncEngine(library, storage).run();
  const found = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const [number, { parentPath, name }] of found.entries()) await rename(join(parentPath, name), join(folder, `${number}.jpg`));
  await writeFile(join(folder, 'stranger.jpg'), 'nobody knows me');
  return { fake, library, folder, storage };
}

test('adopt recognises what stands there, and nothing is fetched again', async (t) => {
  const { fake, library, storage } = await muddled(t);
  const catalogue = Catalogue.memory();
  const engine = new SyncEngine(library, storage, { catalogue });
  const rehearsed = await engine.adopt({ rehearse: true });
  assertIs(rehearsed, 'AdoptReport');
  assert.deepEqual([rehearsed.recognised, (await catalogue.totals()).verified.files], [25, 0]);
  const events = [];
  const report = await engine.adopt({ onEvent: (event) => void events.push(event) });
  assert.deepEqual([report.files, report.recognised, report.unknown, report.isListComplete], [26, 25, 1, true]);
  for (const event of events) assertIs(event, 'AdoptEvent');
  assert.equal(events.filter(({ kind }) => kind === 'recognised').length, 25);
  assert.equal((await engine.adopt()).known, 25);
  await reset(fake);
  assert.deepEqual([(await engine.run()).downloaded, await requests(fake, 'content')], [0, 0]);
});

test('an adoption ends with what onEvent throws, and when it is aborted; the next one finds all', async (t) => {
  const { library, storage } = await muddled(t, { assets: 200, fileSize: 5000 });
  const catalogue = Catalogue.memory();
  const engine = new SyncEngine(library, storage, { catalogue });
  const error = new RangeError('mine');
  assert.equal(await failure(engine.adopt({ onEvent: () => { throw error; } })), error);
  const abort = new AbortController();
  assert.equal(await failure(engine.adopt({ signal: abort.signal, onEvent: () => abort.abort(error) })), error);
  const { recognised, known } = await engine.adopt();
  assert.equal(recognised + known, 200);
});

test('an adoption with a filter that throws adopts nothing', async (t) => {
  const { library, storage } = await muddled(t);
  const [catalogue, error] = [Catalogue.memory(), new RangeError('mine')];
  const engine = new SyncEngine(library, storage, { catalogue, filter: () => { throw error; } });
  assert.equal(await failure(engine.adopt()), error);
  assert.equal((await catalogue.totals()).assets, 0);
});
