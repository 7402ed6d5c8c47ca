// Storages that are written in JavaScript: what they are asked, and what becomes of what they do wrong.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { Client, ICloudError, LocalStorage, MemoryStorage } from 'icloud-photos';

import { Around, MapStorage, Through, failed } from './storages.mjs';
import { all, failure, fakeFor, fault, first, folderFor, heal, sha256, stays, truthOf, until } from './support.mjs';

async function photo(t, options) {
  const fake = await fakeFor(t, options);
  const asset = await first(await fake.signIn());
  return { fake, asset, expected: await truthOf(fake, asset.id) };
}

/** Waits in the calls of one method until it is let go. */
function gate(storage, method) {
  const waiting = [];
  storage.slow = (name) => (name === method ? new Promise((resolve) => waiting.push(resolve)) : undefined);
  return {
    reached: () => until(() => waiting.length > 0),
    open() {
      storage.slow = async () => {};
      for (const resolve of waiting) resolve();
    },
  };
}

test('photos go to it', async (t) => {
  const { asset, expected } = await photo(t);
  const storage = new MapStorage();
  const modified = new Date('1969-07-20T20:17:40.001Z');
  const saved = await asset.download().save(storage, 'a/b.jpg', { modified });
  assert.deepEqual([saved.path, saved.size, saved.proof.verified], ['a/b.jpg', 100_000, true]);
  const file = storage.files.get('a/b.jpg');
  assert.equal(sha256(file.bytes), expected);
  assert.equal(file.modified.getTime(), modified.getTime());
  assert.ok(Object.keys(file.metadata).length > 0, 'what it is stands beside it');
  assert.ok(!storage.calls.includes('abort') && !storage.calls.includes('close'));
  await assert.rejects(asset.download('thumb').save(storage, 'a/b.jpg'), { kind: 'already_exists' });
  await assert.rejects(asset.download().save(storage, '../b.jpg'), { kind: 'config' });
});

test('photos go to memory, to a folder, and to a folder through JavaScript', async (t) => {
  const { asset, expected } = await photo(t);
  const folder = await folderFor(t);
  const memory = new MemoryStorage();
  await asset.download().save(memory, 'x.jpg');
  assert.equal(sha256(Buffer.concat(await all(memory.read('x.jpg')))), expected);
  const local = await LocalStorage.open(folder);
  await asset.download().save(local, 'x.jpg');
  await asset.download().save(new Around(local), 'around/x.jpg');
  for (const path of ['x.jpg', 'around/x.jpg']) assert.equal(sha256(await readFile(join(folder, path))), expected);
});

test('a thousand files', async (t) => {
  const { asset } = await photo(t, { assets: 1, fileSize: 300 });
  const storage = new MapStorage();
  await Promise.all(Array.from({ length: 1000 }, (_, number) => asset.download().save(storage, `${number % 7}/${number}.jpg`)));
  assert.equal(storage.files.size, 1000);
  assert.equal((await all(new Through(storage).list())).length, 1000);
  assert.equal(storage.parts.size, 0);
});

test('a download that broke off goes on where it was', async (t) => {
  const fake = await fakeFor(t, { assets: 1, fileSize: 3_000_000 });
  const client = new Client({ endpoints: fake.endpoints, retries: { attempts: 1 } });
  const asset = await first(await fake.signIn(client));
  const storage = new MapStorage();
  await fault(fake, 'content', 'cut', { after: 2_000_000 });
  await assert.rejects(asset.download().save(storage, 'x'), { kind: 'network' });
  await until(() => storage.parts.size === 1);
  await heal(fake);
  const saved = await asset.download().save(storage, 'x');
  assert.ok(saved.resumedFrom > 0);
  assert.equal(sha256(storage.files.get('x').bytes), await truthOf(fake, asset.id));
});

test('what it throws is the cause, the very same object', async (t) => {
  const { asset } = await photo(t);
  for (const mine of [new RangeError('the tape is torn'), failed('ENOSPC'), Object.freeze({ odd: true })]) {
    for (const broken of [
      { write: () => { throw mine; } },
      { write: async () => { throw mine; } },
      { write: () => ({ restart() {}, write: () => { throw mine; }, commit() {}, abort() {} }) },
      { write: () => ({ restart() {}, write() {}, commit: () => Promise.reject(mine), abort() {} }) },
    ]) {
      const error = await failure(asset.download().save(Object.assign(new MapStorage(), broken), 'x'));
      assert.ok(error instanceof ICloudError);
      assert.equal(error.kind, mine.code === 'ENOSPC' ? 'storage_full' : 'storage', String(broken.write));
      let cause = error.cause;
      while (cause instanceof ICloudError) cause = cause.cause;
      assert.equal(cause, mine);
    }
  }
});

test('its kind is what it says', async () => {
  const kinds = {
    ENOENT: 'not_found',
    EEXIST: 'already_exists',
    EACCES: 'permission_denied',
    EPERM: 'permission_denied',
    ENOSPC: 'storage_full',
    EDQUOT: 'storage_full',
    EIO: 'storage',
    toString: 'storage',
  };
  const thrown = [
    ...Object.entries(kinds).map(([code, kind]) => [failed(code), kind]),
    [new ICloudError('rate_limited', 'slowly'), 'rate_limited'],
    [new ICloudError('no such kind', 'hm'), 'storage'],
    ['a text', 'storage'],
    [undefined, 'storage'],
    [null, 'storage'],
    [Symbol('s'), 'storage'],
    [Object.create(null), 'storage'],
    [{ code: 'ENOENT' }, 'storage'],
    [new Proxy({}, { getPrototypeOf: () => { throw new Error('no'); } }), 'storage'],
  ];
  for (const [value, kind] of thrown) {
    const fails = () => { throw value; };
    const through = new Through({ stat: fails, write: fails, read: fails, remove: fails, list: fails, flush: fails, tidy: fails });
    for (const way of [
      () => through.stat('a'),
      () => through.write('a'),
      () => all(through.read('a')),
      () => through.remove('a'),
      () => all(through.list()),
      () => through.flush(),
      () => through.tidy(new Date()),
    ]) {
      const error = await failure(way());
      assert.equal(error.kind, kind, `${String(way)} of ${typeof value}`);
      assert.ok(error.text.length > 0);
    }
  }
});

test('what it gives is read strictly', async (t) => {
  const { asset } = await photo(t);
  const writer = { restart() {}, write() {}, abort() {} };
  const timeless = { path: 'x', size: 100_000, modified: 5 };
  for (const told of [undefined, null, 5, {}, { path: 'x' }, { path: 5, size: 1 }, { path: '../x', size: 1 }, timeless]) {
    const storage = new MapStorage();
    storage.write = () => ({ ...writer, commit: () => told });
    assert.ok((await failure(asset.download().save(storage, 'x'))) instanceof ICloudError, JSON.stringify(told));
  }
  for (const size of ['100000', 100_000.5, -1, NaN, 99_999, 100_001, 0]) {
    const storage = new MapStorage();
    storage.write = () => ({ ...writer, commit: () => ({ path: 'x', size }) });
    await assert.rejects(asset.download().save(storage, 'x'), { kind: 'storage' }, String(size));
  }
  for (const position of ['0', -1, 0.5, null]) {
    const storage = new MapStorage();
    storage.write = () => ({ ...writer, position, commit: () => ({ path: 'x', size: 100_000 }) });
    if (position === null) await asset.download().save(storage, 'x');
    else await assert.rejects(asset.download().save(storage, 'x'), { kind: 'storage' }, String(position));
  }
  for (const chunk of ['text', 3, [1, 2], new ArrayBuffer(2), null, {}]) {
    const through = new Through(Object.assign(new MapStorage(), { read: () => [chunk] }));
    await assert.rejects(all(through.read('a')), { kind: 'storage' }, String(chunk));
  }
  for (const items of [undefined, 5, {}, 'text']) {
    const through = new Through(Object.assign(new MapStorage(), { read: () => items, list: () => items }));
    await assert.rejects(all(through.read('a')), { kind: 'storage' });
    await assert.rejects(all(through.list()), { kind: 'storage' });
  }
});

test('objects that are no storage are refused at once', async (t) => {
  const { asset } = await photo(t);
  const write = () => undefined;
  const broken = [{ stat: 1, write, read: write, remove: write, list: write }, Object.assign(new MapStorage(), { place: 5 })];
  for (const wrong of [null, undefined, 5, {}, { write }, ...broken]) {
    await assert.rejects(asset.download().save(wrong, 'x'), TypeError);
  }
  for (const capabilities of [async () => ({}), () => 5, () => ({ resume: 1 }), () => ({ maxSize: '5' })]) {
    const error = await failure(asset.download().save(Object.assign(new MapStorage(), { capabilities }), 'x'));
    assert.ok(error instanceof Error, String(capabilities));
  }
  const least = { stat: () => null, write: () => failed('ENOSPC'), read: () => [], remove() {}, list: () => [] };
  const through = new Through(least);
  assert.deepEqual(Object.values(through.capabilities()).filter(Boolean), [], 'nothing is promised for it');
  await through.flush();
  await through.tidy(new Date());
  assert.equal(await through.stat('a'), null);
});

test('everything may come later, and in any form of iteration', async () => {
  const chunks = [Buffer.from('he'), new Uint8Array([108, 108]), Buffer.from('o')];
  const forms = {
    list: () => chunks,
    promise: async () => chunks,
    promises: () => chunks.map((chunk) => Promise.resolve(chunk)),
    *generator() { yield* chunks; },
    async *generators() { yield* chunks; },
    async *changed() {
      for (const chunk of chunks.map((chunk) => Buffer.from(chunk))) {
        setImmediate(() => chunk.fill('!'));
        yield chunk;
        chunk.fill('?');
      }
    },
    reused() {
      const memory = Buffer.alloc(1);
      return (function* () { for (const byte of Buffer.from('hello')) yield memory.fill(byte); })();
    },
  };
  for (const [name, read] of Object.entries(forms)) {
    const through = new Through(Object.assign(new MapStorage(), { read }));
    assert.equal(Buffer.concat(await all(through.read('a'))).toString(), 'hello', name);
  }
});

test('an iteration that is left is ended, one that failed is not', async () => {
  for (const leave of ['break', 'abort', 'close']) {
    let ended = 0;
    async function* endless() {
      try {
        for (;;) yield Buffer.from('x');
      } finally {
        ended += 1;
      }
    }
    const stop = new AbortController();
    const read = new Through(Object.assign(new MapStorage(), { read: endless })).read('a', 0, { signal: stop.signal });
    await read.next();
    if (leave === 'break') for await (const _ of read) break;
    else if (leave === 'abort') stop.abort();
    else read.close();
    await until(() => ended === 1);
  }
  let returned = 0;
  const iterator = { next: () => { throw failed('EIO'); }, return: () => (returned += 1) };
  const broken = Object.assign(new MapStorage(), { list: () => ({ [Symbol.iterator]: () => iterator }) });
  await assert.rejects(all(new Through(broken).list()), { kind: 'storage' });
  await pause(20);
  assert.equal(returned, 0);
});

test('calls of one writer come one after the other, those that nobody waits for too', async (t) => {
  const { fake, asset } = await photo(t, { assets: 1, fileSize: 3_000_000 });
  const storage = new MapStorage();
  const write = gate(storage, 'write');
  const stop = new AbortController();
  const saving = asset.download().save(storage, 'x', { signal: stop.signal });
  await write.reached();
  stop.abort(new RangeError('mine'));
  await assert.rejects(saving, { message: 'mine' });
  assert.deepEqual(storage.calls, ['write']);
  write.open();
  await until(() => storage.calls.length === 4);
  assert.deepEqual(storage.calls, ['write', 'write done', 'close', 'close done']);
  assert.equal(storage.parts.size, 1);
  await asset.download().save(storage, 'x');
  assert.equal(sha256(storage.files.get('x').bytes), await truthOf(fake, asset.id));
});

test('a writer is given up where no part is kept', async (t) => {
  const { fake, asset } = await photo(t, { assets: 1, fileSize: 3_000_000 });
  for (const end of ['abort', 'network', 'commit']) {
    const storage = new MapStorage();
    storage.capabilities = () => ({ exclusiveCommit: true });
    const stop = new AbortController();
    if (end === 'network') await fault(fake, 'content', 'cut', { after: 2_000_000, times: 100 });
    storage.slow = async (name) => {
      if (end === 'abort' && name === 'write') stop.abort();
      if (end === 'commit' && name === 'commit') throw failed('EIO');
    };
    const client = new Client({ endpoints: fake.endpoints, retries: { attempts: 1 } });
    const theirs = end === 'network' ? await first(await fake.signIn(client)) : asset;
    await assert.rejects(theirs.download().save(storage, 'x', { signal: stop.signal }));
    await until(() => storage.calls.includes('abort done'));
    assert.equal(storage.calls.filter((name) => name === 'abort').length, 1, end);
    assert.ok(!storage.calls.includes('close'));
    assert.equal(storage.files.size, 0);
    await heal(fake);
  }
});

test('a writer that comes when nobody waits any more is given up', async (t) => {
  const { asset } = await photo(t);
  let [come, aborted] = [undefined, 0];
  const storage = new MapStorage();
  storage.write = () => new Promise((resolve) => (come = resolve));
  const stop = new AbortController();
  const saving = asset.download().save(storage, 'x', { signal: stop.signal });
  await until(() => come !== undefined);
  stop.abort();
  await assert.rejects(saving, { name: 'AbortError' });
  come({ restart() {}, write() {}, commit() {}, abort: () => (aborted += 1), close: () => (aborted += 1) });
  await until(() => aborted === 1);
});

test('a storage that is slow slows the network', async (t) => {
  const size = 200_000_000;
  const { fake, asset } = await photo(t, { assets: 1, fileSize: size });
  const storage = new MapStorage();
  const write = gate(storage, 'write');
  const stop = new AbortController();
  const saving = asset.download().save(storage, 'x', { signal: stop.signal });
  await write.reached();
  assert.ok((await stays(async () => (await fake.get('counters')).bytes)) < size / 2);
  stop.abort();
  await assert.rejects(saving, { name: 'AbortError' });
  write.open();
});

test('a storage may use others of ours, also the one that waits for it', async (t) => {
  const { asset, expected } = await photo(t);
  const inner = new Through(new Around(new MemoryStorage()));
  const storage = new Around(inner);
  storage.write = async (path, options) => {
    await asset.download('thumb').save(inner, `thumbs/${path}`, { replace: true });
    return inner.write(path, options);
  };
  await asset.download().save(storage, 'x.jpg');
  assert.equal(sha256(Buffer.concat(await all(inner.read('x.jpg')))), expected);
  assert.notEqual(await inner.stat('thumbs/x.jpg'), null);
});
