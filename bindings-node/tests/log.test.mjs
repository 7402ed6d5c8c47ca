// What the library tells of its work, and what it never tells.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';

import { Client, MemoryStorage, SyncEngine, UrlStorage, onLog } from 'icloud-photos';

import { all, fakeFor, fault, first, folderFor } from './support.mjs';

/** The long words of a session's file: tokens and cookies are among them. */
function* secrets(value, name = '') {
  const isKnown = ['account', 'username', 'client_id', 'url', 'urls', 'dsid', 'domain', 'path', 'name'].includes(name);
  if (isKnown) return;
  if (typeof value === 'string') {
    if (value.length >= 20 && !value.includes('://')) yield value;
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) yield* secrets(inner, name);
  }
}

/** What is told while something is done. */
async function heard(level, work) {
  const records = [];
  const listener = onLog((record) => void records.push(record), { level });
  await work();
  // Records wait for the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  listener[Symbol.dispose]();
  return records;
}

test('nothing secret is told', async (t) => {
  const fake = await fakeFor(t, { code: '314159', password: 'a very secret password', assets: 10 });
  const folder = await folderFor(t);
  const records = await heard('debug', async () => {
    const session = await fake.signIn(new Client({ sessions: folder, endpoints: fake.endpoints }));
    await fake.post('expire?what=sessions');
    await fault(fake, 'content', 'status', { code: 503, times: 1 });
    await new SyncEngine(session.primaryLibrary, new MemoryStorage()).run();
  });
  assert.ok(records.some(({ level }) => level === 'debug'));
  for (const { target, ...rest } of records) {
    assert.ok(target.startsWith('icloud_photos'), target);
    assert.deepEqual(Object.keys(rest).sort(), ['level', 'message']);
  }
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const texts = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')));
  const tokens = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('{')).flatMap((line) => [...secrets(JSON.parse(line))]);
  assert.ok(tokens.length > 2);
  const told = JSON.stringify(records);
  for (const secret of ['a very secret password', '314159', ...tokens]) assert.ok(!told.includes(secret), secret);
});

test('a listener hears what matters to it, and nothing once it is disposed of', async (t) => {
  const fake = await fakeFor(t, { state: 'password-only' });
  const asset = await first(await fake.signIn());
  const download = async () => {
    await fault(fake, 'content', 'flip', { times: 1 });
    await asset.download().bytes();
  };
  const records = await heard('warn', download);
  assert.ok(records.some(({ level, message }) => level === 'warn' && message.includes('wrong bytes')));
  assert.ok(records.every(({ level }) => ['warn', 'error'].includes(level)));
  const count = records.length;
  assert.ok((await heard('warn', download)).length > 0);
  assert.equal(records.length, count);
  assert.deepEqual(await heard('error', download), []);
});

test('what is no listener, and no level', () => {
  for (const wrong of [undefined, null, 7, 'yes']) assert.throws(() => onLog(wrong), TypeError);
  assert.throws(() => onLog(() => {}, { level: 'loud' }), { kind: 'config' });
});

test('a listener of a worker that has ended is in nobody\'s way', async (t) => {
  const fake = await fakeFor(t, { state: 'password-only' });
  const session = await fake.signIn();
  process.chdir(new URL('.', import.meta.url).pathname);
  const text = "require('icloud-photos').onLog(() => {}, { level: 'debug' }); require('node:worker_threads').parentPort.postMessage('on');";
  for (let round = 0; round < 5; round += 1) {
    const worker = new Worker(`${text} setInterval(() => {}, 1000);`, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    const listing = all(session.primaryLibrary.all());
    await worker.terminate();
    assert.equal((await listing).length, 25);
  }
  const asset = await first(session);
  await fault(fake, 'content', 'flip', { times: 1 });
  assert.ok((await heard('warn', () => asset.download().bytes())).length > 0);
});

test('what is shown has no secret', async (t) => {
  const fake = await fakeFor(t, { code: '314159', password: 'a very secret password' });
  const client = new Client({ endpoints: fake.endpoints });
  const login = await client.login(fake.username, fake.password);
  await login.challenge.requestPush();
  const saved = await login.challenge.toSaved();
  const session = await login.challenge.submit('314159');
  const engine = new SyncEngine(session.primaryLibrary, new MemoryStorage());
  const all = [client, login.challenge, saved, session, session.primaryLibrary, engine, engine.plan()];
  const shown = all.map((one) => inspect(one, { depth: 9 })).join();
  for (const secret of ['a very secret password', '314159', saved.json]) assert.ok(!shown.includes(secret));
});

for (const address of ['webdav://ann:hunter2@127.0.0.1:1/photos', 's3://bucket/photos?secret_access_key=hunter2']) {
  test(`a secret in an address is not repeated: ${address.split(':')[0]}`, async () => {
    const shown = await (async () => inspect(await UrlStorage.open(address)))().catch((error) => inspect(error));
    assert.ok(!shown.includes('hunter2'), shown);
  });
}
