// What every storage promises, asked of ours and of some that are written in JavaScript.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';

import { LocalStorage, MemoryStorage } from 'icloud-photos';
import { checkStorage, storagePromises } from 'icloud-photos/testing';

import { failure, folderFor } from './support.mjs';
import { Around, MapStorage } from './storages.mjs';

const local = async (t) => LocalStorage.open(join(await folderFor(t), 'root'));

for (const [what, make] of [
  ['a folder', local],
  ['memory', () => new MemoryStorage()],
  ['a map of JavaScript', () => new MapStorage()],
  ['JavaScript around a folder', async (t) => new Around(await local(t))],
]) {
  for (const promise of storagePromises()) test(`${what}: ${promise}`, async (t) => checkStorage(await make(t), promise));
}

test('a promise that is broken is told', async () => {
  const shows = new MapStorage();
  shows.write = (path, options) => {
    shows.files.set(path, { bytes: Buffer.alloc(3), modified: null, metadata: {} });
    return new MapStorage().write(path, options);
  };
  const error = await failure(checkStorage(shows, 'nothing_shows_before_commit'));
  assert.equal(error.kind, 'storage');
  assert.equal(error.context.promise, 'nothing_shows_before_commit');
  assert.match(error.text, /left.*right/s);
  await assert.rejects(checkStorage(new MapStorage(), 'none such'), { kind: 'config' });
});
