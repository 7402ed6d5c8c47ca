// Storages of the library's own.

import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, readlink, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

import { ICloudError, LocalStorage, MemoryStorage, UrlStorage, copyAbove, isAddress, openStorage } from 'icloud-photos';

import { all, failure, folderFor, until } from './support.mjs';

const makers = [
  ['a folder', async (t) => LocalStorage.open(join(await folderFor(t), 'root'))],
  ['memory', () => new MemoryStorage()],
];

/** Writes a file as a whole. */
async function put(storage, path, bytes, options) {
  const writer = await storage.write(path, options);
  await writer.write(Buffer.from(bytes));
  return writer.commit();
}

const text = async (items) => Buffer.concat(await all(items)).toString();

for (const [what, make] of makers) {
  test(`${what}: files are written, read, listed and removed`, async (t) => {
    const storage = await make(t);
    const modified = new Date('2018-07-31T10:22:24.001Z');
    assert.deepEqual(await put(storage, 'a/b.txt', 'hello', { modified, size: 5 }), { path: 'a/b.txt', size: 5, modified, metadata: {} });
    await assert.rejects(put(storage, 'a/b.txt', 'other'), { kind: 'already_exists' });
    await put(storage, 'c', '', { replace: true, modified: new Date(-1) });
    assert.equal((await storage.stat('a/b.txt')).modified.getTime(), modified.getTime());
    assert.equal((await storage.stat('c')).modified.getTime(), -1);
    assert.equal(await storage.stat('none'), null);
    const found = await storage.statAll(['c', 'none', 'a/b.txt']);
    assert.deepEqual(found.map((one) => one && one.size), [0, null, 5]);
    assert.equal(await text(storage.read('a/b.txt')), 'hello');
    assert.equal(await text(storage.read('a/b.txt', 3)), 'lo');
    assert.equal(await text(storage.read('a/b.txt', 2 ** 53 - 1)), '');
    assert.deepEqual((await all(storage.list())).map(({ path }) => path).sort(), ['a/b.txt', 'c']);
    assert.deepEqual((await all(storage.list('a'))).map(({ path }) => path), ['a/b.txt']);
    await storage.flush();
    await storage.checkWritable();
    await storage.tidy(new Date());
    await storage.remove('c');
    await storage.remove('c');
    await assert.rejects(all(storage.read('c')), { kind: 'not_found' });
    assert.equal(typeof storage.capabilities().modifiedTime, 'boolean');
  });

  test(`${what}: calls of a writer come in their order, whoever waits for them`, async (t) => {
    const storage = await make(t);
    const writer = await storage.write('a');
    const chunk = new Uint8Array(3);
    const written = [];
    for (let number = 0; number < 300; number += 1) {
      chunk.fill(number);
      written.push(writer.write(chunk));
    }
    assert.equal((await writer.commit()).size, 900);
    await Promise.all(written);
    const bytes = Buffer.concat(await all(storage.read('a')));
    assert.ok(bytes.every((byte, at) => byte === Math.floor(at / 3) % 256), 'chunks are copied at once');
    await assert.rejects(writer.write(chunk), { kind: 'config' });
    await writer.abort();
    assert.equal((await all(storage.list())).length, 1);
  });

  test(`${what}: nothing goes on after a call that failed`, async (t) => {
    const storage = await make(t);
    const stop = AbortSignal.abort(new RangeError('mine'));
    const writer = await storage.write('a', { part: 'a.part' });
    await writer.write(Buffer.from('one'));
    await assert.rejects(writer.write(Buffer.from('two'), { signal: stop }), { message: 'mine' });
    await assert.rejects(writer.commit(), { message: 'mine' }, 'a file with a hole in it gets no name');
    assert.equal(await storage.stat('a'), null);
    await writer.abort();
    assert.equal((await storage.write('a', { part: 'a.part' })).position, 0);
  });

  test(`${what}: a part waits for the next writer once the first is closed`, async (t) => {
    const storage = await make(t);
    const bytes = Buffer.alloc(600_000, 'x');
    const first = await storage.write('a', { part: 'a.part' });
    await first.write(bytes);
    assert.equal((await storage.write('a', { part: 'a.part' })).position, 0, 'somebody has it');
    await first.close();
    await assert.rejects(first.write(bytes), { kind: 'config' });
    const next = await storage.write('a', { part: 'a.part' });
    assert.ok(next.position > 0 && next.position <= bytes.length);
    assert.equal(Buffer.concat(await all(next.resumed())).length, next.position);
    await next.write(bytes.subarray(next.position));
    assert.equal((await next.commit()).size, bytes.length);
    const restarted = await storage.write('b', { part: 'b.part' });
    await restarted.write(bytes);
    await restarted[Symbol.asyncDispose]();
    const again = await storage.write('b', { part: 'b.part' });
    await again.restart();
    assert.equal(again.position, 0);
    assert.equal((await again.commit()).size, 0);
  });

  test(`${what}: names that lead nowhere, and odd ones`, async (t) => {
    const storage = await make(t);
    for (const path of ['../x', 'a/../../x', 'a\0b', 'x\ud800', '\udc00']) {
      for (const way of [() => put(storage, path, 'x'), () => storage.stat(path), () => storage.remove(path), async () => all(storage.read(path))]) {
        const error = await failure(way());
        assert.equal(error.kind, 'config', `${JSON.stringify(path)} ${way}`);
      }
    }
    const odd = ['__proto__', 'constructor', 'new\nline', '\u001b[31m', '📷', 'a b/c  d', 'ﬁ', "'$(rm -rf ~)'"];
    for (const path of odd) await put(storage, path, path);
    assert.deepEqual((await all(storage.list())).map(({ path }) => path).sort(), odd.toSorted());
    for (const path of odd) assert.equal(await text(storage.read(path)), path);
    await assert.rejects(put(storage, '', 'x'), { kind: 'config' });
    await assert.rejects(put(storage, 'a', 'x', { part: '../a.part' }), { kind: 'config' });
    await assert.rejects(storage.stat(5), TypeError);
    await assert.rejects(put(storage, 'a', 'x', { modified: new Date('never') }), TypeError);
    const writer = await storage.write('chunks');
    for (const chunk of ['text', [1], new ArrayBuffer(3), new Uint16Array(2), null]) await assert.rejects(writer.write(chunk), TypeError);
    assert.equal((await writer.commit()).size, 0, 'what was refused was no call');
  });

  test(`${what}: a thousand files, and lists that are left early`, async (t) => {
    const storage = await make(t);
    const names = Array.from({ length: 1000 }, (_, number) => `${number % 7}/${number}`);
    await Promise.all(names.map((name) => put(storage, name, name)));
    assert.deepEqual((await all(storage.list())).map(({ path }) => path).sort(), names.toSorted());
    const list = storage.list();
    for await (const one of list) {
      assert.equal(typeof one.size, 'number');
      break;
    }
    assert.ok((await list.next()).done);
    const stop = new AbortController();
    const stopped = storage.list('', { signal: stop.signal });
    await stopped.next();
    stop.abort(new RangeError('mine'));
    await assert.rejects(all(stopped), { message: 'mine' });
  });

  test(`${what}: a signal that came before`, async (t) => {
    const storage = await make(t);
    const given = { signal: AbortSignal.abort(new RangeError('mine')) };
    for (const way of [
      () => storage.stat('a', given),
      () => storage.statAll(['a'], given),
      () => storage.write('a', given),
      () => all(storage.read('a', 0, given)),
      () => all(storage.list('', given)),
      () => storage.remove('a', given),
      () => storage.flush(given),
      () => storage.tidy(new Date(), given),
      () => storage.link('a', 'b', 'hard', given),
      () => storage.checkWritable(given),
    ]) {
      await assert.rejects(way, { message: 'mine' }, String(way));
    }
  });
}

test('a folder is opened, and made with its first file', async (t) => {
  const folder = await folderFor(t);
  const storage = await LocalStorage.open(pathToFileURL(join(folder, 'deep')));
  assert.equal(storage.place, join(folder, 'deep'));
  assert.equal(inspect(storage), `LocalStorage <${join(folder, 'deep')}>`);
  assert.deepEqual(await readdir(folder), []);
  await put(storage, 'x/y', 'bytes');
  assert.equal(await readFile(join(folder, 'deep', 'x', 'y'), 'utf8'), 'bytes');
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(LocalStorage.open(join(folder, 'file')), { kind: 'already_exists' });
  await assert.rejects(LocalStorage.open(''), TypeError);
  await assert.rejects(LocalStorage.open(5), TypeError);
  assert.equal((await LocalStorage.open('~/none such')).place, join(homedir(), 'none such'));
  await mkdir(join(folder, 'deep', 'a folder'));
  const [found] = await storage.statAll(['a folder']);
  assert.ok(found instanceof ICloudError && found.kind === 'already_exists');
  await assert.rejects((await LocalStorage.open('/proc')).checkWritable(), { kind: 'permission_denied' });
});

test('links are second names', async (t) => {
  const folder = await folderFor(t);
  const storage = await LocalStorage.open(folder);
  await put(storage, 'a', 'bytes');
  await storage.link('a', 'b/c', 'hard');
  await storage.link('a', 'b/d', 'symbolic');
  assert.equal((await stat(join(folder, 'a'))).ino, (await stat(join(folder, 'b/c'))).ino);
  assert.equal(await readlink(join(folder, 'b/d')), '../a');
  await assert.rejects(storage.link('a', 'b/c', 'hard'), { kind: 'already_exists' });
  await assert.rejects(storage.link('none', 'e', 'hard'), { kind: 'not_found' });
  await assert.rejects(storage.link('a', 'e', 'soft'), { kind: 'config' });
  await assert.rejects(new MemoryStorage().link('a', 'b', 'symbolic'), { kind: 'unsupported' });
});

test('parts are listed where they are asked for', async (t) => {
  const storage = await LocalStorage.open(await folderFor(t));
  await put(storage, 'x.part', 'bytes');
  assert.deepEqual(await all(storage.list()), []);
  assert.deepEqual((await all(storage.list('', { withParts: true }))).map(({ path }) => path), ['x.part']);
});

test('what is kept beside a file', async () => {
  const storage = new MemoryStorage();
  const writer = await storage.write('a');
  await writer.describe({ asset: 'first' });
  await writer.describe({ asset: 'A', sha256: '0f' });
  await writer.commit();
  assert.deepEqual((await storage.stat('a')).metadata, { asset: 'A', sha256: '0f' });
});

test('a time that no calendar knows is no reason to fail', async () => {
  const storage = new MemoryStorage();
  for (const [ms, year] of [[8.64e15, 9999], [-8.64e15, -9999]]) {
    const { modified } = await put(storage, String(ms), 'x', { modified: new Date(ms) });
    assert.equal(modified.getUTCFullYear(), year);
    assert.equal((await all(storage.list())).length > 0, true);
  }
});

test('addresses', async () => {
  assert.deepEqual(['s3://b', 'webdav://h/x', 'photos', 'C:\\photos', '/tmp', 's3:b'].map(isAddress), [true, true, false, false, false, true]);
  const storage = await openStorage('s3://bucket/photos?region=eu-central-1');
  assert.ok(storage instanceof UrlStorage && storage.place === 's3://bucket/photos?region=eu-central-1');
  assert.ok(storage.capabilities().distant);
  assert.equal(inspect(storage), 'UrlStorage <s3://bucket/photos>');
  assert.ok((await openStorage('photos')) instanceof LocalStorage);
  const secret = await failure(UrlStorage.open('webdav://jane:hunter2@example.com/x'));
  assert.equal(secret.kind, 'config');
  assert.ok(!inspect(secret).includes('hunter2'));
  await assert.rejects(UrlStorage.open('photos'), { kind: 'config' });
  await assert.rejects(UrlStorage.open(5), TypeError);
  assert.equal(await copyAbove('.'), null);
});

test('a call that stalls elsewhere is ended by its signal, and its connection with it', async (t) => {
  const open = new Set();
  let asked = 0;
  const server = createServer(() => (asked += 1));
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const storage = await UrlStorage.open(`webdav+http://127.0.0.1:${server.address().port}/x`);
  for (const way of [(given) => storage.stat('a', given), (given) => all(storage.read('a', 0, given)), (given) => all(storage.list('', given))]) {
    const stop = new AbortController();
    const before = asked;
    const going = way({ signal: stop.signal });
    await until(() => asked > before);
    stop.abort(new RangeError('mine'));
    await assert.rejects(going, { message: 'mine' });
    await until(() => open.size === 0);
  }
});
