// Storages in processes and threads: programs end when nobody waits any more, and a storage ends with the thread that made it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readlink } from 'node:fs/promises';
import test from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { fakeFor, stays, until } from './support.mjs';

const here = new URL('.', import.meta.url);
const plain = { state: 'password-only', assets: 3, fileSize: 200_000 };

const STORAGE = `
  const files = new Map();
  const writer = (path) => {
    const chunks = [];
    return {
      restart() { chunks.length = 0; },
      async write(chunk) { await slow(); chunks.push(chunk); },
      async commit() { files.set(path, Buffer.concat(chunks)); return { path, size: files.get(path).length }; },
      abort() { console.log('aborted'); },
    };
  };
  let slow = async () => {};
  const storage = { stat: () => null, write: writer, read: () => [], remove() {}, list: () => [] };
`;

/** Runs a program in a process of its own, with a sign-in before it. */
async function program(fake, text) {
  const whole = `
    import { Client, LocalStorage, MemoryStorage } from 'icloud-photos';
    const [url, username, password] = process.argv.slice(1);
    const { session } = await new Client({ endpoints: { auth: url, setup: url } }).login(username, password);
    const { value: asset } = await session.primaryLibrary.all().assets({ limit: 1 }).next();
    ${STORAGE}
    ${text}
  `;
  const given = ['--input-type=module', '--eval', whole, fake.url, fake.username, fake.password];
  return promisify(execFile)(process.execPath, given, { cwd: here, timeout: 20_000 });
}

for (const [what, text] of [
  ['storages', "globalThis.kept = [new MemoryStorage(), await LocalStorage.open('none such')];"],
  ['a writer', "globalThis.kept = await new MemoryStorage().write('a', { part: 'a.part' }); await kept.write(Buffer.from('x'));"],
  ['a list that nobody reads on', "globalThis.kept = (await LocalStorage.open('.')).list(); await kept.next();"],
  ['a storage of its own', 'await asset.download().save(storage); await asset.download().save(storage);'],
]) {
  test(`no process is kept alive by ${what}`, async (t) => {
    const { stdout } = await program(await fakeFor(t, plain), `${text}\nconsole.log('over');`);
    assert.equal(stdout, 'over\n');
  });
}

test('a process is alive as long as somebody awaits a storage of its own', async (t) => {
  const text = `
    slow = () => new Promise((resolve) => setTimeout(resolve, 20).unref());
    asset.download().save(storage).then((saved) => console.log(saved.size));
  `;
  const { stdout } = await program(await fakeFor(t, plain), text);
  assert.equal(stdout, '200000\n');
});

test('what was given up at the very end is given up before the process ends', async (t) => {
  const text = `
    slow = async () => { throw new Error('full'); };
    await asset.download().save(storage).catch((error) => console.log(error.kind));
  `;
  const { stdout } = await program(await fakeFor(t, plain), text);
  assert.deepEqual(stdout.trim().split('\n').sort(), ['aborted', 'storage']);
});

test('process.exit while a storage of its own is asked', async (t) => {
  const text = "slow = () => process.exit(7);\nawait asset.download().save(storage);";
  await assert.rejects(program(await fakeFor(t, plain), text), { code: 7, stderr: '' });
});

test('garbage takes abandoned storages, writers and lists along', async (t) => {
  const text = `
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc');
    let gone = 0;
    const registry = new FinalizationRegistry(() => { gone += 1; });
    for (let round = 0; round < 100; round += 1) {
      const own = { ...storage, path: Buffer.alloc(1e6) };
      await asset.download('thumb').save(own);
      registry.register(own);
      const memory = new MemoryStorage();
      await (await memory.write('a', { part: 'a.part' })).write(Buffer.from('x'));
      await (await memory.write('b')).commit();
      await memory.list().next();
    }
    for (let round = 0; round < 50 && gone < 90; round += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
    console.log(gone >= 90);
  `;
  const { stdout } = await program(await fakeFor(t, plain), text);
  assert.equal(stdout, 'true\n');
});

const SAVES = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Client } = require('icloud-photos');
  const console = { log() {} };
  ${STORAGE}
  (async () => {
    const { url, username, password, hangs } = workerData;
    if (hangs) slow = () => { parentPort.postMessage('asked'); return new Promise(() => setInterval(() => {}, 1000)); };
    const { session } = await new Client({ endpoints: { auth: url, setup: url } }).login(username, password);
    for await (const asset of session.primaryLibrary.all()) await asset.download().save(storage, asset.id);
    parentPort.postMessage([...files.values()].map((bytes) => bytes.length));
  })();
`;

function worker({ url, username, password }, hangs) {
  process.chdir(here.pathname);
  const started = new Worker(SAVES, { eval: true, workerData: { url, username, password, hangs } });
  const said = [];
  started.on('message', (message) => said.push(message));
  const ended = new Promise((resolve, reject) => started.on('exit', resolve).on('error', reject));
  return { started, said, ended };
}

/** How many sockets this process has, those of its workers and fakes among them. */
async function sockets() {
  const names = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return targets.filter((target) => target.startsWith('socket:')).length;
}

test('workers have storages of their own', async (t) => {
  const fake = await fakeFor(t, plain);
  const workers = [worker(fake), worker(fake), worker(fake)];
  await Promise.all(workers.map(({ ended }) => ended));
  assert.deepEqual(workers.map(({ said }) => said), Array(3).fill([[200_000, 200_000, 200_000]]));
});

test('a worker is ended while its storage is asked: what used it fails, and its connection ends', async (t) => {
  const size = 300_000_000;
  const fake = await fakeFor(t, { ...plain, assets: 1, fileSize: size });
  const before = await sockets();
  for (let round = 0; round < 5; round += 1) {
    const { started, said, ended } = worker(fake, true);
    await until(() => said.includes('asked'));
    await started.terminate();
    await ended;
  }
  assert.ok((await stays(async () => (await fake.get('counters')).bytes)) < size);
  if (process.platform === 'linux') await until(async () => (await sockets()) <= before);
  const { said, ended } = worker(fake);
  await ended;
  assert.deepEqual(said, [[size]]);
});

test('workers are ended at any moment while they save', async (t) => {
  const fake = await fakeFor(t, plain);
  for (const after of [0, 30, 60, 90, 120, 150, 180, 220, 260, 300]) {
    const { started, ended } = worker(fake);
    await new Promise((resolve) => setTimeout(resolve, after));
    await started.terminate();
    await ended;
  }
});
