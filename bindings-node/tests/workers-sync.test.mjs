// Runs in processes and threads that end: when nobody waits, in the middle, by force; and what the garbage collector takes along.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { Catalogue, LocalStorage, SyncEngine, verify } from 'icloud-photos';

import { fakeFor, folderFor, requests, stays, until } from './support.mjs';

const here = new URL('.', import.meta.url);
const plain = { state: 'password-only', assets: 1500, fileSize: 500 };

/** A program with a sign-in before it: its arguments, for a process of its own. */
function program(fake, text, ...rest) {
  const whole = `
    import * as icloud from 'icloud-photos';
    const { Catalogue, Client, LocalStorage, MemoryStorage, SyncEngine, verify } = icloud;
    const [url, username, password, ...rest] = process.argv.slice(1);
    const client = new Client({ endpoints: { auth: url, setup: url } });
    const { session } = await client.login(username, password);
    const library = session.primaryLibrary;
    ${text}
  `;
  return ['--expose-gc', '--input-type=module', '--eval', whole, fake.url, fake.username, fake.password, ...rest];
}

async function said(fake, text, ...rest) {
  const { stdout } = await promisify(execFile)(process.execPath, program(fake, text, ...rest), { cwd: here, timeout: 60_000 });
  return stdout.trim();
}

for (const [what, text] of [
  ['a plan that nobody reads on', 'globalThis.plan = engine.plan(); await plan.next();'],
  ['news of which nobody reads the rest', 'await engine.news().next().catch(() => {});'],
  ['a catalogue and a listener', "globalThis.kept = [Catalogue.memory(), icloud.onLog(() => {}, { level: 'debug' })];"],
  ['a run that is over, and its engine', 'globalThis.engine = engine; await engine.run({ onEvent: () => {} });'],
  ['a run that was aborted', 'await engine.run({ signal: AbortSignal.timeout(50) }).catch(() => {});'],
]) {
  test(`no process is kept alive by ${what}`, async (t) => {
    const fake = await fakeFor(t, plain);
    const begun = 'const engine = new SyncEngine(library, new MemoryStorage(), { catalogue: Catalogue.memory(), filter: () => true });';
    assert.equal(await said(fake, `${begun} ${text} console.log('over');`), 'over');
  });
}

test('a run that nobody awaits comes to its end, as a request of fetch does', async (t) => {
  const fake = await fakeFor(t, { ...plain, assets: 300 });
  const text = `
    const storage = new MemoryStorage();
    new SyncEngine(library, storage, { filter: () => true }).run();
    process.once('beforeExit', async () => {
      let files = 0;
      for await (const _ of storage.list()) files += 1;
      console.log(files);
    });
  `;
  assert.equal(await said(fake, text), '300');
});

test('a process is alive as long as somebody awaits a run, whatever it calls', async (t) => {
  const fake = await fakeFor(t, { ...plain, assets: 300 });
  const text = `
    let [asked, heard] = [0, 0];
    const engine = new SyncEngine(library, new MemoryStorage(), { filter: () => { asked += 1; return true; } });
    engine.run({ onEvent: ({ kind }) => { heard += kind === 'downloaded'; } }).then(({ downloaded }) => console.log(downloaded, asked, heard));
  `;
  assert.equal(await said(fake, text), '300 300 300');
});

test('process.exit in the middle of a run, out of what it calls', async (t) => {
  const fake = await fakeFor(t, plain);
  for (const text of [
    "await new SyncEngine(library, new MemoryStorage(), { filter: () => { console.log('out'); process.exit(0); } }).run();",
    "await new SyncEngine(library, new MemoryStorage()).run({ onEvent: ({ kind }) => { if (kind === 'downloaded') { console.log('out'); process.exit(0); } } });",
    "new SyncEngine(library, new MemoryStorage(), { filter: () => true }).run(); setTimeout(() => { console.log('out'); process.exit(0); }, 100);",
  ]) {
    assert.equal(await said(fake, text), 'out');
  }
});

test('what somebody throws out of a handler that nobody awaits ends the process as Node does', async (t) => {
  const fake = await fakeFor(t, plain);
  const text = "new SyncEngine(library, new MemoryStorage()).run({ onEvent: () => { throw new RangeError('mine'); } }); setInterval(() => {}, 1000);";
  const error = await said(fake, text).catch((error) => error);
  assert.equal(error.code, 1);
  assert.match(error.stderr, /RangeError: mine/);
});

test('garbage: engines, catalogues, plans and events are collected, and with them nothing that is used', async (t) => {
  const fake = await fakeFor(t, { ...plain, assets: 30 });
  const text = `
    const alive = new Map();
    const registry = new FinalizationRegistry((name) => alive.set(name, alive.get(name) - 1));
    const watched = (name, one) => { alive.set(name, (alive.get(name) ?? 0) + 1); registry.register(one, name); return one; };
    async function round() {
      const catalogue = watched('catalogue', Catalogue.memory());
      const wide = watched('closure', { much: Buffer.alloc(1000) });
      const engine = watched('engine', new SyncEngine(library, new MemoryStorage(), { catalogue, filter: () => wide.much.length > 0 }));
      watched('plan', engine.plan());
      await watched('read', engine.plan()).next();
      await engine.run({ onEvent: (event) => { watched('event', event); } });
      await engine.run({ onEvent: () => { throw watched('error', new Error('mine')); } }).catch(() => {});
      await engine.adopt({ onEvent: (event) => { watched('event', event); } });
      watched('news', engine.news());
    }
    for (let count = 0; count < 10; count += 1) await round();
    for (let count = 0; count < 100 && [...alive.values()].some((left) => left > 1); count += 1) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    console.log([...alive].filter(([, left]) => left > 1).join(' ') || 'collected');
  `;
  assert.equal(await said(fake, text), 'collected');
});

const RUNS = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Catalogue, Client, MemoryStorage, LocalStorage, SyncEngine } = require('icloud-photos');
  const { url, username, password, folder, state } = workerData;

  /** Somebody's own storage, around one in memory. */
  class Mine {
    inner = new MemoryStorage();
    capabilities() { return this.inner.capabilities(); }
    stat(path) { return this.inner.stat(path); }
    write(path, options) { return this.inner.write(path, options); }
    read(path, start) { return this.inner.read(path, start); }
    remove(path) { return this.inner.remove(path); }
    list(prefix) { return this.inner.list(prefix); }
  }

  (async () => {
    const { session } = await new Client({ endpoints: { auth: url, setup: url } }).login(username, password);
    const storage = folder === undefined ? new Mine() : await LocalStorage.open(folder);
    const catalogue = state === undefined ? Catalogue.memory() : await Catalogue.open(storage, state);
    let first = true;
    const engine = new SyncEngine(session.primaryLibrary, storage, { catalogue, filter: () => true });
    const report = await engine.run({
      onEvent: ({ kind }) => {
        if (first && kind === 'downloaded') parentPort.postMessage('begun');
        first &&= kind !== 'downloaded';
      },
    });
    parentPort.postMessage({ downloaded: report.downloaded, isClean: report.isClean });
  })();
`;

function worker({ url, username, password }, more = {}) {
  process.chdir(here.pathname);
  const started = new Worker(RUNS, { eval: true, workerData: { url, username, password, ...more } });
  const messages = [];
  started.on('message', (message) => messages.push(message));
  const ended = new Promise((resolve, reject) => started.on('exit', resolve).on('error', reject));
  return { started, messages, ended };
}

test('workers run, several at once', async (t) => {
  const fake = await fakeFor(t, { ...plain, assets: 200 });
  const workers = Array.from({ length: 3 }, () => worker(fake));
  await Promise.all(workers.map(({ ended }) => ended));
  for (const { messages } of workers) assert.deepEqual(messages.at(-1), { downloaded: 200, isClean: true });
});

test('workers are ended in the middle of runs, twenty times, and take their connections along', async (t) => {
  const fake = await fakeFor(t, plain);
  for (let round = 0; round < 20; round += 1) {
    const { started, messages, ended } = worker(fake);
    if (round % 2) await until(() => messages.includes('begun'));
    else await pause(round * 25);
    await started.terminate();
    await ended;
  }
  const before = await stays(() => requests(fake));
  await pause(300);
  assert.equal(await requests(fake), before);
  const { messages, ended } = worker(fake);
  await ended;
  assert.deepEqual(messages.at(-1), { downloaded: 1500, isClean: true });
});

test('what a worker left behind is taken up by the next one, and no photo is held for unwanted', async (t) => {
  const fake = await fakeFor(t, plain);
  const folder = await folderFor(t);
  const places = { folder: join(folder, 'photos'), state: join(folder, 'state') };
  const { started, messages, ended } = worker(fake, places);
  await until(() => messages.includes('begun'));
  await started.terminate();
  await ended;
  await stays(() => requests(fake));
  const next = worker(fake, places);
  await next.ended;
  assert.equal(next.messages.at(-1).isClean, true);
  const storage = await LocalStorage.open(places.folder);
  const catalogue = await Catalogue.open(storage, places.state);
  const { proven, bad } = await verify(storage, catalogue);
  assert.deepEqual([proven, bad], [1500, 0]);
});

test('a process that is killed leaves nothing that is half, and the next run goes on', async (t) => {
  const fake = await fakeFor(t, plain);
  const folder = await folderFor(t);
  const [photos, state] = [join(folder, 'photos'), join(folder, 'state')];
  const text = `
    const storage = await LocalStorage.open(rest[0]);
    const catalogue = await Catalogue.open(storage, rest[1]);
    let count = 0;
    await new SyncEngine(library, storage, { catalogue, filter: () => true }).run({
      onEvent: ({ kind }) => { count += kind === 'downloaded'; if (count === 100) { count = 0; console.log('now'); } },
    });
  `;
  const child = spawn(process.execPath, program(fake, text, photos, state), { cwd: here, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
  const storage = await LocalStorage.open(photos);
  const catalogue = await Catalogue.open(storage, state);
  const found = await verify(storage, catalogue);
  assert.deepEqual([found.bad, found.failed], [0, 0]);
  assert.ok(found.proven < 1500);
  const session = await fake.signIn();
  const engine = new SyncEngine(session.primaryLibrary, storage, { catalogue, filter: () => true });
  const report = await engine.run();
  assert.equal(report.isClean, true);
  assert.ok(report.downloaded < 1500);
  assert.equal((await verify(storage, catalogue)).proven, 1500);
});
