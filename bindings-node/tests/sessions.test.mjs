import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

import { Client, FileSessionStore, ICloudError, MemorySessionStore, SavedSession } from 'icloud-photos';

import { failure, fakeFor, folderFor, requests, reset, until } from './support.mjs';

/** A store as somebody would write it over a database. */
class Store {
  asked = [];
  rows = new Map();
  claims = new Set();

  async load(account) {
    this.asked.push('load');
    await pause(1);
    const json = this.rows.get(account);
    return json === undefined ? null : new SavedSession(json);
  }

  async save(account, session) {
    this.asked.push('save');
    await pause(1);
    this.rows.set(account, session.json);
  }

  remove(account) {
    this.asked.push('remove');
    this.rows.delete(account);
  }

  async tryLock(account) {
    this.asked.push('tryLock');
    if (this.claims.has(account)) return null;
    this.claims.add(account);
    return { close: () => this.claims.delete(account) };
  }
}

test('only the user reads the folder, and another client asks nobody', async (t) => {
  const [fake, folder] = [await fakeFor(t), await folderFor(t)];
  await fake.signIn(new Client({ sessions: join(folder, 'deep'), endpoints: fake.endpoints }));
  for (const name of await readdir(join(folder, 'deep'))) {
    assert.equal((await stat(join(folder, 'deep', name))).mode & 0o077, 0, name);
  }
  await reset(fake);
  for (const sessions of [join(folder, 'deep'), pathToFileURL(join(folder, 'deep')), new FileSessionStore(join(folder, 'deep'))]) {
    const session = await new Client({ sessions, endpoints: fake.endpoints }).restore(fake.username);
    assert.equal(session.account, fake.username);
  }
  assert.ok((await requests(fake)) <= 6);
  assert.throws(() => new Client({ sessions: '' }), TypeError);
  assert.equal(new FileSessionStore('~/x').folder.startsWith('~'), false);
});

test('nothing is kept, nothing is restored', async (t) => {
  const fake = await fakeFor(t);
  assert.equal(await new Client({ endpoints: fake.endpoints }).restore(fake.username), null);
});

for (const [name, make] of [['async', () => new Store()], ['plain', () => new MemorySessionStore()]]) {
  test(`a store written in JavaScript, ${name}`, async (t) => {
    const [fake, store] = [await fakeFor(t), make()];
    await fake.signIn(new Client({ sessions: store, endpoints: fake.endpoints }));
    const again = await new Client({ sessions: store, endpoints: fake.endpoints }).restore(fake.username);
    assert.equal(await again.primaryLibrary.all().count(), 25);
    const saved = await store.load(fake.username);
    assert.ok(!saved.json.includes(fake.password));
    assert.equal(inspect(saved), '<SavedSession>');
    await again.signOut();
    assert.equal(await new Client({ sessions: store, endpoints: fake.endpoints }).restore(fake.username), null);
    await pause(50);
    const claim = await store.tryLock(fake.username);
    assert.ok(claim, 'the library gave back what it had locked');
    claim.close();
  });
}

test('what a store throws is the cause, the very same object', async (t) => {
  const fake = await fakeFor(t);
  const mine = new RangeError('the keychain is closed');
  for (const load of [async () => { throw mine; }, () => { throw mine; }]) {
    const error = await failure(new Client({ sessions: Object.assign(new Store(), { load }), endpoints: fake.endpoints }).restore(fake.username));
    assert.ok(error instanceof ICloudError);
    assert.equal(error.kind, 'storage');
    let cause = error.cause;
    while (cause instanceof ICloudError) cause = cause.cause;
    assert.equal(cause, mine);
  }
});

test('a store may throw an error of ours, or anything', async (t) => {
  const fake = await fakeFor(t);
  const thrown = [[new ICloudError('permission_denied', 'no'), 'permission_denied'], [undefined, 'storage'], [Object.create(null), 'storage']];
  for (const [value, kind] of thrown) {
    const sessions = Object.assign(new Store(), { load: () => { throw value; } });
    const error = await failure(new Client({ sessions, endpoints: fake.endpoints }).restore(fake.username));
    assert.equal(error.kind, kind);
  }
  const rubbish = Object.assign(new Store(), { load: () => new SavedSession('{"secret": 1}') });
  const error = await failure(new Client({ sessions: rubbish, endpoints: fake.endpoints }).restore(fake.username));
  assert.ok(!inspect(error).includes('secret'));
  assert.throws(() => new Client({ sessions: { load() {} } }), /save\(\)/);
});

test('an ended session renews itself; refresh and save ask the store', async (t) => {
  const [fake, store] = [await fakeFor(t), new Store()];
  const session = await fake.signIn(new Client({ sessions: store, endpoints: fake.endpoints }));
  await fake.post('expire?what=sessions');
  assert.equal(await session.primaryLibrary.all().count(), 25);
  await reset(fake);
  store.asked.length = 0;
  await session.refresh();
  await session.save();
  assert.ok((await requests(fake)) > 0);
  assert.ok(store.asked.includes('save'));
});

test('a claim that comes when nobody waits any more is given back', async (t) => {
  const [fake, store] = [await fakeFor(t), new Store()];
  await fake.signIn(new Client({ sessions: store, endpoints: fake.endpoints }));
  await until(() => store.claims.size === 0);
  const waiting = [];
  store.tryLock = () => new Promise((resolve) => waiting.push(resolve));
  await fake.post('expire?what=sessions');
  const stop = new AbortController();
  const restoring = new Client({ sessions: store, endpoints: fake.endpoints }).restore(fake.username, { signal: stop.signal });
  await until(() => waiting.length > 0);
  stop.abort();
  await assert.rejects(restoring, { name: 'AbortError' });
  let closed = 0;
  waiting[0]({ close: () => (closed += 1) });
  await until(() => closed === 1);
});
