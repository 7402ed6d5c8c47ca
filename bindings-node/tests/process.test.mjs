// What becomes of processes and threads: programs end when nobody waits any more, workers may be ended at any moment.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { fakeFor, fault, requests, stays } from './support.mjs';

const here = new URL('.', import.meta.url);

/** Runs a program in a process of its own, with a sign-in before it. */
async function program(fake, text) {
  const whole = `
    import { Client } from 'icloud-photos';
    const [url, username, password] = process.argv.slice(1);
    const client = new Client({ endpoints: { auth: url, setup: url } });
    const { session } = await client.login(username, password);
    const library = session.primaryLibrary;
    ${text}
  `;
  const given = ['--input-type=module', '--eval', whole, fake.url, fake.username, fake.password];
  return promisify(execFile)(process.execPath, given, { cwd: here, timeout: 20_000 });
}

const plain = { state: 'password-only', assets: 5000, fileSize: 300 };

for (const [what, text] of [
  ['a client and a session', ''],
  ['a list that nobody reads on', 'await library.all().assets().next();'],
  ['a download that nobody reads on', 'globalThis.kept = (await library.all().assets({ limit: 1 }).next()).value.download().chunks(); await kept.next();'],
  ['a store of its own', "const store = { load: () => null, save() {}, remove() {}, tryLock: () => ({ close() {} }) }; new Client({ sessions: store });"],
]) {
  test(`no process is kept alive by ${what}`, async (t) => {
    const fake = await fakeFor(t, plain);
    const { stdout } = await program(fake, `${text}\nconsole.log('over');`);
    assert.equal(stdout, 'over\n');
  });
}

test('a process is alive as long as somebody awaits', async (t) => {
  const fake = await fakeFor(t, plain);
  const { stdout } = await program(fake, "library.all().count().then((count) => console.log(count));");
  assert.equal(stdout, '5000\n');
});

test('process.exit in the middle of a listing', async (t) => {
  const fake = await fakeFor(t, plain);
  const { stdout } = await program(fake, "for await (const asset of library.all()) { console.log(asset.kind); process.exit(0); }");
  assert.equal(stdout, 'photo\n');
});

test('garbage takes abandoned lists along', async (t) => {
  const fake = await fakeFor(t, plain);
  const { stdout } = await program(
    fake,
    `
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc');
    for (let round = 0; round < 40; round += 1) await library.all().assets({ pageSize: 10 }).next();
    for (let round = 0; round < 10; round += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
    console.log(await library.all().count());
  `,
  );
  assert.equal(stdout, '5000\n');
});

test('garbage takes no fake along that is not closed', async () => {
  const text = `
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    import { FakeICloud } from 'icloud-photos/testing';
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc');
    const session = await (await FakeICloud.start()).signIn();
    for (let round = 0; round < 10; round += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
    console.log(await session.primaryLibrary.all().count());
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', text], { cwd: here, timeout: 20_000 });
  assert.equal(stdout, '25\n');
});

const LISTS = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Client } = require('icloud-photos');
  (async () => {
    const { url, username, password } = workerData;
    const store = { load: async () => null, async save() {}, async remove() {}, tryLock: async () => ({ close() {} }) };
    const client = new Client({ endpoints: { auth: url, setup: url }, sessions: store });
    const { session } = await client.login(username, password);
    let seen = 0;
    for await (const asset of session.primaryLibrary.all().assets()) {
      seen += 1;
      if (seen === 1) parentPort.postMessage({ first: asset.id });
    }
    parentPort.postMessage({ seen });
  })();
`;

function worker({ url, username, password }) {
  const started = new Worker(LISTS, { eval: true, workerData: { url, username, password } });
  const said = [];
  started.on('message', (message) => said.push(message));
  const ended = new Promise((resolve, reject) => started.on('exit', resolve).on('error', reject));
  return { started, said, ended };
}

test('workers list, several at once', async (t) => {
  process.chdir(new URL('.', here).pathname);
  const fake = await fakeFor(t, { ...plain, assets: 700 });
  const workers = Array.from({ length: 4 }, () => worker(fake));
  await Promise.all(workers.map((one) => one.ended));
  assert.deepEqual(workers.map((one) => one.said.at(-1)), Array(4).fill({ seen: 700 }));
});

test('workers are ended in the middle, at any moment', async (t) => {
  process.chdir(new URL('.', here).pathname);
  const fake = await fakeFor(t, plain);
  for (const after of [0, 5, 20, 60, 100, 150, 'first', 'first', 'first']) {
    const { started, ended } = worker(fake);
    if (after === 'first') await new Promise((resolve) => started.once('message', resolve));
    else await new Promise((resolve) => setTimeout(resolve, after));
    await started.terminate();
    await ended;
  }
  await stays(() => requests(fake));
  const { said, ended } = worker(fake);
  await ended;
  assert.deepEqual(said.at(-1), { seen: 5000 });
});

test('a worker is ended while a call stalls', async (t) => {
  process.chdir(new URL('.', here).pathname);
  const fake = await fakeFor(t, plain);
  await fault(fake, 'cloudkit/records/query', 'stall');
  const { started, ended } = worker(fake);
  await new Promise((resolve) => setTimeout(resolve, 400));
  await started.terminate();
  await ended;
});
