import assert from 'node:assert/strict';
import { open, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { WritableStream } from 'node:stream/web';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { Client } from 'icloud-photos';

import { all, failure, fakeFor, fault, first, folderFor, heal, requests, reset, sha256, stays, truthOf, until } from './support.mjs';

async function photo(t, options) {
  const fake = await fakeFor(t, options);
  const asset = await first(await fake.signIn());
  return { fake, asset, expected: await truthOf(fake, asset.id) };
}

test('into memory', async (t) => {
  const { fake, asset, expected } = await photo(t);
  await reset(fake);
  const download = asset.download();
  assert.equal(await requests(fake), 0, 'nothing is sent before it is read');
  const bytes = await download.bytes();
  assert.ok(Buffer.isBuffer(bytes));
  assert.equal(sha256(bytes), expected);
  assert.deepEqual((await download.readWithProof()).proof, { verified: true, doubt: null });
  await assert.rejects(download.bytes({ limit: 99_999 }), { kind: 'unsupported' });
  await assert.rejects(asset.download('alternative').bytes(), { kind: 'not_found' });
  await assert.rejects(asset.download('nothing such').bytes(), { kind: 'config' });
  await assert.rejects(download.bytes({ limit: -1 }), { kind: 'config' });
});

test('into a folder', async (t) => {
  const { asset, expected } = await photo(t);
  const folder = join(await folderFor(t), 'made', 'as needed');
  const saved = await asset.download().save(folder);
  assert.equal(saved.path, asset.filename);
  assert.equal(saved.sha256.toString('hex'), expected);
  assert.equal(saved.checksum.text, asset.resource('original').checksum.text);
  assert.ok(saved.proof.verified && saved.size === 100_000 && saved.resumedFrom === 0);
  const here = join(folder, asset.filename);
  assert.equal(sha256(await readFile(here)), expected);
  assert.equal((await stat(here)).mtime.getTime(), asset.created.getTime());
  const modified = new Date('1969-07-20T20:17:40.000Z');
  await asset.download('thumb').save(folder, 'deeper/moon.jpg', { modified });
  assert.equal((await stat(join(folder, 'deeper/moon.jpg'))).mtime.getTime(), modified.getTime());
  await assert.rejects(asset.download('thumb').save(folder), { kind: 'already_exists' });
  await asset.download('thumb').save(folder, null, { replace: true });
  await assert.rejects(asset.download().save(folder, '../out.jpg'), { kind: 'config' });
  await assert.rejects(asset.download().save(''), TypeError);
});

test('in chunks, and in parts', async (t) => {
  const { asset, expected } = await photo(t);
  const chunks = asset.download().chunks();
  assert.equal(chunks.proof, null);
  const whole = Buffer.concat(await all(chunks));
  assert.equal(sha256(whole), expected);
  assert.ok(chunks.proof.verified);
  for (const [start, end] of [[0, 1], [10, 20], [99_999, undefined], [0, 100_000], [50_000, 50_000]]) {
    const part = asset.download().chunks({ start, end });
    assert.deepEqual(Buffer.concat(await all(part)), whole.subarray(start, end), `${start} to ${end}`);
    if (end !== undefined) assert.equal(part.proof, null);
  }
  assert.throws(() => asset.download().chunks({ start: -1 }), { kind: 'config' });
  const many = asset.download().chunks();
  const steps = await Promise.all([many.next(), many.next(), many.next()]);
  assert.ok(steps[0].value.length > 0, 'calls that do not wait for each other come in turn');
});

test('as streams', async (t) => {
  const { asset, expected } = await photo(t, { assets: 1, fileSize: 3_000_000 });
  const stream = asset.download().stream();
  assert.ok(stream instanceof Readable);
  assert.equal(sha256(Buffer.concat(await all(stream))), expected);
  const response = new Response(asset.download().webStream());
  assert.equal(sha256(Buffer.from(await response.arrayBuffer())), expected);
  const part = await new Response(asset.download().webStream({ start: 5, end: 10 })).arrayBuffer();
  assert.equal(part.byteLength, 5);
});

test('into streams', async (t) => {
  const { fake, asset, expected } = await photo(t, { assets: 1, fileSize: 3_000_000 });
  const through = new PassThrough();
  const read = all(through);
  assert.ok((await asset.download().saveTo(through)).verified);
  assert.ok(!through.writableEnded, 'it is left open');
  through.end();
  assert.equal(sha256(Buffer.concat(await read)), expected);
  const parts = [];
  const web = new WritableStream({ write: (chunk) => void parts.push(chunk) });
  assert.ok((await asset.download().saveTo(web)).verified);
  assert.equal(sha256(Buffer.concat(parts)), expected);
  const file = await open(join(await folderFor(t), 'here.jpg'), 'w');
  const proof = await asset.download().saveTo(file.createWriteStream({ autoClose: false, emitClose: false }));
  assert.ok(proof.verified);
  await file.close();
  const mine = new RangeError('mine');
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(mine) });
  assert.equal(await failure(asset.download().saveTo(broken)), mine);
  await fault(fake, 'content', 'flip');
  await assert.rejects(asset.download().saveTo(new PassThrough().resume()), { kind: 'integrity' });
});

const BIG = 200_000_000;

for (const [way, leave] of Object.entries({
  async break(download) {
    for await (const chunk of download.chunks()) {
      assert.ok(chunk.length > 0);
      break;
    }
  },
  async destroy(download) {
    const stream = download.stream();
    await new Promise((resolve) => stream.once('data', resolve));
    stream.destroy();
    assert.ok(stream.destroyed);
  },
  async cancel(download) {
    const reader = download.webStream().getReader();
    await reader.read();
    await reader.cancel();
  },
  async pause(download, t) {
    const stream = download.stream();
    stream.once('readable', () => stream.read(1));
    t.after(() => stream.destroy());
    await new Promise((resolve) => stream.once('readable', resolve));
  },
  async wait(download, t) {
    const reader = download.webStream().getReader();
    t.after(() => reader.cancel());
    await reader.read();
  },
  async abort(download) {
    const stop = new AbortController();
    const saving = download.saveTo(new PassThrough().resume(), { signal: stop.signal, onProgress: () => stop.abort() });
    await assert.rejects(saving, { name: 'AbortError' });
  },
  async between(download) {
    const stop = new AbortController();
    const chunks = download.chunks({ signal: stop.signal });
    await chunks.next();
    stop.abort(new RangeError('mine'));
    await assert.rejects(chunks.next(), { message: 'mine' });
    assert.ok((await chunks.next()).done);
  },
})) {
  test(`a reader that stops stops the network: ${way}`, async (t) => {
    const fake = await fakeFor(t, { assets: 1, fileSize: BIG });
    const asset = await first(await fake.signIn());
    await reset(fake);
    await leave(asset.download(), t);
    assert.ok((await stays(async () => (await fake.get('counters')).bytes)) < BIG / 2);
  });
}

test('a call that stalls is ended by its signal, and the client is as good as before', async (t) => {
  const { fake, asset } = await photo(t);
  await fault(fake, 'content', 'stall');
  await assert.rejects(asset.download().bytes({ signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' });
  const gone = AbortSignal.abort(new RangeError('mine'));
  await assert.rejects(asset.download().bytes({ signal: gone }), { message: 'mine' });
  const saving = new AbortController();
  const saved = asset.download().save(await folderFor(t), 'x.jpg', { signal: saving.signal });
  setTimeout(() => saving.abort(), 50);
  await assert.rejects(saved, { name: 'AbortError' });
  await heal(fake);
  assert.equal((await asset.download().bytes()).length, 100_000);
});

test('progress sums to the size, after faults too', async (t) => {
  const { fake, asset } = await photo(t);
  const folder = await folderFor(t);
  const ways = [
    (onProgress) => asset.download().bytes({ onProgress }),
    (onProgress) => asset.download().save(folder, null, { onProgress, replace: true }),
    (onProgress) => asset.download().saveTo(new PassThrough().resume(), { onProgress }),
    (onProgress) => all(asset.download().chunks({ onProgress })),
    (onProgress) => all(asset.download().stream({ onProgress })),
  ];
  for (const way of ways) {
    for (const faulty of [false, true]) {
      if (faulty) await fault(fake, 'content', 'cut', { after: 60_000, times: 1 });
      let sum = 0;
      await way((bytes) => (sum += bytes));
      assert.equal(sum, 100_000, String(way));
    }
  }
});

test('what progress throws comes out, the very same object', async (t) => {
  const { asset } = await photo(t);
  const mine = new RangeError('mine');
  const onProgress = () => {
    throw mine;
  };
  const folder = await folderFor(t);
  for (const going of [
    () => asset.download().bytes({ onProgress }),
    () => asset.download().save(folder, null, { onProgress }),
    () => asset.download().saveTo(new PassThrough().resume(), { onProgress }),
    () => all(asset.download().chunks({ onProgress })),
  ]) {
    assert.equal(await failure(going()), mine, String(going));
  }
  for (const name of await readdir(folder)) {
    if (name === asset.filename) assert.equal((await stat(join(folder, name))).size, 100_000, 'half a file never gets its name');
  }
  assert.throws(() => asset.download().chunks({ onProgress: 'loud' }), TypeError);
});

const FAULTS = [
  ['cut', { after: 60_000 }],
  ['truncate', { after: 60_000 }],
  ['flip', {}],
  ['html', {}],
  ['reset', {}],
  ['status', { code: 503 }],
  ['status', { code: 410 }],
];

for (const [kind, action] of FAULTS) {
  test(`one fault is overcome: ${kind} ${action.code ?? ''}`, async (t) => {
    const { fake, asset, expected } = await photo(t);
    await fault(fake, 'content', kind, { times: 1, ...action });
    assert.equal(sha256(await asset.download().bytes()), expected);
  });
}

test('bytes that are always wrong are no file; wrong in the same way they are in doubt', async (t) => {
  const { fake, asset } = await photo(t);
  const folder = await folderFor(t);
  await fault(fake, 'content', 'flip');
  await assert.rejects(asset.download().save(folder), { kind: 'integrity' });
  await assert.rejects(all(asset.download().stream()), { kind: 'integrity' });
  assert.ok(!(await readdir(folder)).includes(asset.filename));
  await fault(fake, 'content', 'flip', { at: 500 });
  assert.deepEqual((await asset.download().save(folder)).proof, { verified: false, doubt: 'mismatch' });
});

test('a file that is too long is wrong, and one that is too short ended early', async (t) => {
  const fake = await fakeFor(t, { assets: 1 });
  const asset = await first(await fake.signIn(new Client({ endpoints: fake.endpoints, retries: { baseMs: 1 } })));
  for (const [by, kind] of [[7, 'integrity'], [-7, 'network']]) {
    await fault(fake, 'content', 'resize', { by });
    await assert.rejects(asset.download().bytes(), { kind });
    await assert.rejects(asset.download().saveTo(new PassThrough().resume()), { kind });
    await assert.rejects(asset.download().save(await folderFor(t)), { kind });
  }
});

test('a broken download goes on where it was', async (t) => {
  const fake = await fakeFor(t, { assets: 1, fileSize: 3_000_000 });
  const client = new Client({ endpoints: fake.endpoints, retries: { attempts: 1 } });
  const asset = await first(await fake.signIn(client));
  const folder = await folderFor(t);
  await fault(fake, 'content', 'cut', { after: 2_000_000 });
  await assert.rejects(asset.download().save(folder), { kind: 'network' });
  await heal(fake);
  const saved = await asset.download().save(folder);
  assert.ok(saved.resumedFrom > 0);
  assert.equal(saved.sha256.toString('hex'), await truthOf(fake, asset.id));
});

test('the loop goes on while twenty downloads run', async (t) => {
  const fake = await fakeFor(t, { assets: 20, fileSize: 2_000_000 });
  const assets = await all((await fake.signIn()).primaryLibrary.all());
  let [beats, isOver] = [0, false];
  const heart = (async () => {
    while (!isOver) {
      await pause(1);
      beats += 1;
    }
  })();
  const files = await Promise.all(assets.map((asset) => asset.download().bytes()));
  isOver = true;
  await heart;
  assert.ok(files.every((bytes) => bytes.length === 2_000_000) && beats > 5);
  await until(() => true);
});
