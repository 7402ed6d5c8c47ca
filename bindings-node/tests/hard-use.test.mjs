// What people hand in by mistake, and functions of theirs that fail: nothing is quoted, nothing hangs, nothing ends the process.

import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { Catalogue, Client, ICloudError, LocalStorage, MemoryStorage, SyncEngine } from 'icloud-photos';
import { FakeICloud } from 'icloud-photos/testing';

import { all, failure, fakeFor, first, folderFor, requests, reset } from './support.mjs';

const plain = { state: 'password-only', assets: 3, fileSize: 3000 };
const SECRET = 'HUNTER2-SECRET';

test('an argument of the wrong type is a TypeError that quotes nothing', async (t) => {
  const fake = await fakeFor(t, plain);
  const session = await fake.signIn();
  const library = session.primaryLibrary;
  const [asset, storage] = [await first(session), new MemoryStorage()];
  const client = new Client({ endpoints: fake.endpoints });
  const calls = {
    restore: () => client.restore({ password: SECRET }),
    cooldown: () => client.cooldown({ password: SECRET }),
    probe: () => client.probe({ password: SECRET }),
    clientId: () => new Client({ clientId: { password: SECRET } }),
    password: () => FakeICloud.start({ password: { password: SECRET } }),
    limit: () => library.all().assets({ limit: SECRET }),
    bytes: () => asset.download().bytes({ limit: SECRET }),
    recent: () => new SyncEngine(library, storage, { recent: SECRET }),
    missing: () => new SyncEngine(library, storage, { missing: null }),
    asset: () => library.asset(null),
    catalogue: () => new SyncEngine(library, storage, { catalogue: SECRET }),
    library: () => new SyncEngine(SECRET, storage),
    albums: () => new SyncEngine(library, storage, { albums: [SECRET] }),
    receipt: () => new SyncEngine(library, storage).receipt(SECRET),
    signal: () => asset.download().bytes({ signal: SECRET }),
    modified: () => asset.download().save(storage, 'a', { modified: new Date(Number.NaN) }),
  };
  for (const [name, call] of Object.entries(calls)) {
    const error = await failure(Promise.resolve().then(call));
    assert.ok(error instanceof TypeError, `${name}: ${error}`);
    assert.ok(!error.stack.includes(SECRET) && !error.message.includes('rust'), `${name}: ${error}`);
  }
  assert.throws(() => library.all().assets({ limit: '5' }), { message: 'limit must be a number' });
});

test('an endpoint that is no URL is not repeated', () => {
  const endpoints = { auth: `http://user:${SECRET}@exa mple.com/?token=${SECRET}` };
  assert.throws(() => new Client({ endpoints }), (error) => error.kind === 'config' && !error.stack.includes(SECRET));
});

test('what is no stream that can be written to is refused', async (t) => {
  const asset = await first(await (await fakeFor(t, plain)).signIn());
  const targets = [async () => {}, async function* () {}, Readable.from([]), [], Buffer.alloc(5), new Uint8Array(2), new Map(), 5, null];
  for (const target of targets) await assert.rejects(asset.download().saveTo(target), TypeError);
});

test('a stream that stays open is left as it was, and one that is broken tells how', async (t) => {
  const folder = await folderFor(t);
  const asset = await first(await (await fakeFor(t, plain)).signIn());
  const file = createWriteStream(join(folder, 'many'));
  await asset.download().saveTo(file);
  const before = file.eventNames().map((name) => [name, file.listenerCount(name)]);
  for (let time = 0; time < 12; time += 1) await asset.download().saveTo(file);
  assert.deepEqual(file.eventNames().map((name) => [name, file.listenerCount(name)]), before);
  await new Promise((resolve) => file.end(resolve));
  assert.equal((await failure(asset.download().saveTo(file))).code, 'ERR_STREAM_WRITE_AFTER_END');
  const broken = new PassThrough();
  broken.destroy(new RangeError('broken'));
  assert.ok((await failure(asset.download().saveTo(broken))) instanceof Error);
  await pause(20);
});

test('functions that are async and fail end their operation, and nothing else', async (t) => {
  const fake = await fakeFor(t, { state: 'password-only', assets: 300, profile: 'wild' });
  const session = await fake.signIn();
  const wrong = new RangeError('mine');
  const fails = async () => {
    throw wrong;
  };
  assert.equal(await failure(all(session.primaryLibrary.all().assets({ onError: fails }))), wrong);
  const asset = (await all(session.primaryLibrary.all().assets({ onError() {} }))).find((one) => one.resource('original')?.size > 0);
  const outcome = await asset.download().bytes({ onProgress: fails }).catch((error) => error);
  assert.ok(outcome === wrong || Buffer.isBuffer(outcome));
  await pause(50);
});

test('a function that throws nothing is heard too', async (t) => {
  const asset = await first(await (await fakeFor(t, plain)).signIn());
  const nothing = () => {
    throw undefined;
  };
  const outcome = await asset.download().bytes({ onProgress: nothing }).then(() => 'bytes', (error) => ({ error }));
  assert.deepEqual(outcome, { error: undefined });
});

test('next never throws, and what onError throws ends the list', async (t) => {
  const fake = await fakeFor(t, { state: 'password-only', assets: 300, profile: 'wild' });
  const wrong = new RangeError('mine');
  const list = (await fake.signIn()).primaryLibrary.all().assets({
    onError() {
      throw wrong;
    },
  });
  let error;
  for (let step = 0; step < 1000 && error === undefined; step += 1) error = await failure(list.next()).catch(() => undefined);
  assert.equal(error, wrong);
  assert.deepEqual(await list.next(), { done: true, value: undefined });
});

test('a list that onError closes ends', async (t) => {
  const fake = await fakeFor(t, { state: 'password-only', assets: 300, profile: 'wild' });
  const library = (await fake.signIn()).primaryLibrary;
  for (const how of ['close', 'return']) {
    const told = [];
    const list = library.all().assets({ onError: (error) => void (told.push(error), list[how]()) });
    await all(list);
    assert.equal(told.length, 1);
  }
});

test('after its signal a list hands out nothing more', async (t) => {
  const fake = await fakeFor(t, { ...plain, assets: 250 });
  const [ending, seen] = [new AbortController(), []];
  const list = (await fake.signIn()).primaryLibrary.all().assets({ signal: ending.signal });
  await assert.rejects(async () => {
    for await (const asset of list) {
      seen.push(asset);
      ending.abort(new RangeError('enough'));
    }
  }, RangeError);
  assert.equal(seen.length, 1);
});

test('a filter that gives something to be awaited ends the run', async (t) => {
  const library = (await (await fakeFor(t, plain)).signIn()).primaryLibrary;
  const filter = () => ({ then: (answer) => answer(false) });
  await assert.rejects(new SyncEngine(library, new MemoryStorage(), { filter }).run(), TypeError);
});

test('a limit of removals that is not understood is refused', async (t) => {
  const library = (await (await fakeFor(t, plain)).signIn()).primaryLibrary;
  const catalogue = Catalogue.memory();
  for (const removalLimit of [5, 'x', { Share: 0 }, { share: 5 }, { share: Number.NaN }, { share: -1 }]) {
    const options = { catalogue, mirror: 'trash', removalLimit };
    assert.throws(() => new SyncEngine(library, new MemoryStorage(), options), (error) => !(error instanceof ICloudError));
  }
});

test('a catalogue that was closed can be opened again at once, whoever still holds an engine of it', async (t) => {
  const [folder, library] = [await folderFor(t), (await (await fakeFor(t, plain)).signIn()).primaryLibrary];
  const storage = await LocalStorage.open(join(folder, 'copy'));
  const engines = [];
  for (let time = 0; time < 3; time += 1) {
    const catalogue = await Catalogue.open(storage, join(folder, 'state'));
    engines.push(new SyncEngine(library, storage, { catalogue }));
    assert.ok((await engines.at(-1).run()).isClean);
    await catalogue.close();
  }
  assert.equal((await failure(engines[0].run())).kind, 'config');
});

test('a plan that was executed gives no actions', async (t) => {
  const library = (await (await fakeFor(t, plain)).signIn()).primaryLibrary;
  const engine = new SyncEngine(library, new MemoryStorage());
  const plan = engine.plan();
  assert.ok((await engine.execute(plan)).isClean);
  assert.equal((await failure(plan.next())).kind, 'config');
});

test('a plan that was executed lets go of its signal', async (t) => {
  const { getEventListeners } = await import('node:events');
  const library = (await (await fakeFor(t, plain)).signIn()).primaryLibrary;
  const [engine, { signal }] = [new SyncEngine(library, new MemoryStorage()), new AbortController()];
  const [plan, next] = [engine.plan({ signal }), engine.plan({ signal })];
  await engine.execute(plan);
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  await failure(engine.execute(plan));
  plan.close();
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  await engine.execute(next);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('one signal serves many operations', async (t) => {
  const asset = await first(await (await fakeFor(t, plain)).signIn());
  const { signal } = new AbortController();
  const warned = [];
  const hear = (warning) => warned.push(warning);
  process.on('warning', hear);
  await Promise.all(Array.from({ length: 30 }, () => asset.download().bytes({ signal })));
  await pause(20);
  process.off('warning', hear);
  assert.deepEqual(warned, []);
});

/** Settles within a moment, or the test says that it hangs. */
const soon = (promise) => Promise.race([failure(promise), pause(3000, 'it hangs')]);

test('a target that ends, or that nobody reads, holds nobody up', async (t) => {
  const asset = await first(await (await fakeFor(t, { ...plain, fileSize: 600_000 })).signIn());
  const gone = new RangeError('the reader is gone');
  const destroyed = new PassThrough();
  const writing = asset.download().saveTo(destroyed);
  setTimeout(() => destroyed.destroy(gone), 100);
  assert.equal(await soon(writing), gone);
  const timed = (to) => asset.download().saveTo(to, { signal: AbortSignal.timeout(100) });
  assert.equal((await soon(timed(new PassThrough()))).name, 'TimeoutError');
  assert.equal((await soon(timed(new TransformStream().writable))).name, 'TimeoutError');
  const unread = asset.download().stream({ signal: AbortSignal.timeout(100) });
  assert.equal((await soon(pipeline(unread, new PassThrough()))).name, 'TimeoutError');
});

test('nothing is fetched for a stream of the Web that is closed or broken', async (t) => {
  const fake = await fakeFor(t, plain);
  const asset = await first(await fake.signIn());
  const mine = new RangeError('mine');
  const [closing, closed, aborted] = [new WritableStream(), new WritableStream(), new WritableStream()];
  void closing.close();
  await closed.close();
  await aborted.abort(mine);
  const broken = new WritableStream({ start: (controller) => controller.error(mine) });
  await reset(fake);
  for (const target of [closing, closed]) {
    const { name, message } = await soon(asset.download().saveTo(target));
    assert.deepEqual([name, message], ['TypeError', 'the target is closed: it takes nothing any more']);
  }
  for (const target of [aborted, broken]) assert.equal(await soon(asset.download().saveTo(target)), mine);
  assert.equal(await requests(fake), 0);
  for (const target of [closing, closed, aborted, broken]) assert.ok(!target.locked);
});

test('a stream of the Web that closes slowly comes to its end', async (t) => {
  const asset = await first(await (await fakeFor(t, plain)).signIn());
  for (const slow of ['write', 'close']) {
    let goOn;
    const target = new WritableStream({ [slow]: () => new Promise((resolve) => (goOn = resolve)) });
    const writer = target.getWriter();
    const written = writer.write(Buffer.from('whole'));
    const closed = writer.close();
    writer.releaseLock();
    await pause(20);
    assert.match((await soon(asset.download().saveTo(target))).message, /^the target is closed/, slow);
    goOn();
    await Promise.all([written, closed]);
  }
});

test('why a target is broken is said, and nothing is left on one that is not', async (t) => {
  const folder = await folderFor(t);
  const asset = await first(await (await fakeFor(t, plain)).signIn());
  assert.equal((await soon(asset.download().saveTo(createWriteStream(join(folder, 'nowhere', 'x'))))).code, 'ENOENT');
  const healthy = new PassThrough();
  const before = healthy.listenerCount('error');
  for (let time = 0; time < 3; time += 1) {
    await failure(asset.download().saveTo(healthy, { signal: AbortSignal.abort(new RangeError('no')) }));
  }
  assert.equal(healthy.listenerCount('error'), before);
});

test('a signal is let go of with the last that listens to it', async (t) => {
  const { getEventListeners } = await import('node:events');
  const asset = await first(await (await fakeFor(t, plain)).signIn());
  const ending = new AbortController();
  await asset.download().bytes({ signal: ending.signal });
  assert.equal(getEventListeners(ending.signal, 'abort').length, 0);
  // An event is no abort.
  const stalled = asset.download().saveTo(new PassThrough({ highWaterMark: 1 }), { signal: ending.signal });
  await pause(50);
  ending.signal.dispatchEvent(new Event('abort'));
  ending.abort(new RangeError('stop'));
  assert.equal((await soon(stalled)).message, 'stop');
});

test('texts are no lists', async (t) => {
  const session = await (await fakeFor(t, plain)).signIn();
  const asset = await first(session);
  assert.throws(() => asset.sidecar({ albums: ['Holiday'] }), TypeError);
  assert.throws(() => session.primaryLibrary.all().assets({ roles: 'original' }), TypeError);
});
