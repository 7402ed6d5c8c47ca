// What people hand in by mistake: they are told which it is and what to do, before anything is sent, and nothing is quoted.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';

import {
  Catalogue,
  Client,
  FileSessionStore,
  LocalStorage,
  MemoryStorage,
  SyncEngine,
  copyAbove,
  hasDate,
  onLog,
  openStorage,
  parseChecksum,
  place,
  typeOf,
  verify,
  withDate,
} from 'icloud-photos';
import { FakeICloud, checkStorage } from 'icloud-photos/testing';

import { all, failure, fakeFor, first, folderFor, requests, reset } from './support.mjs';

const plain = { state: 'password-only', assets: 3, fileSize: 3000 };
const SECRET = 'HUNTER2-SECRET';

/** All that a call can be made of. */
async function madeFor(t, more = {}) {
  const fake = await fakeFor(t, { ...plain, ...more });
  const client = new Client({ endpoints: fake.endpoints });
  const session = await fake.signIn(client);
  const library = session.primaryLibrary;
  const [asset, storage, catalogue] = [await first(session), new MemoryStorage(), Catalogue.memory()];
  return { fake, client, session, library, asset, storage, catalogue, engine: new SyncEngine(library, storage, { catalogue }) };
}

/** What something fails with, at once or later. */
const wrong = (call) => failure((async () => call())());

test('options that are none are said to be none', async (t) => {
  const { fake, client, session, library, asset, storage, catalogue, engine } = await madeFor(t);
  const writer = await storage.write('a', { part: 'a.part' });
  const calls = {
    client: (options) => new Client(options),
    login: (options) => client.login('a@example.com', SECRET, options),
    restore: (options) => client.restore('a@example.com', options),
    probe: (options) => client.probe('auth', options),
    store: (options) => new FileSessionStore('sessions', options),
    libraries: (options) => session.libraries(options),
    save: (options) => session.save(options),
    albums: (options) => library.albums(options),
    counts: (options) => library.counts([library.all()], options),
    renew: (options) => library.renew([asset], options),
    changes: (options) => library.changes({ json: '{}' }, options),
    assets: (options) => library.all().assets(options),
    engine: (options) => new SyncEngine(library, storage, options),
    plan: (options) => engine.plan(options),
    execute: (options) => engine.execute(engine.plan(), options),
    run: (options) => engine.run(options),
    adopt: (options) => engine.adopt(options),
    rehearseViews: (options) => engine.rehearseViews(options),
    news: (options) => engine.news(options),
    receipt: (options) => engine.receipt(asset, options),
    verify: (options) => verify(storage, catalogue, options),
    catalogue: (options) => Catalogue.open(storage, 'none', options),
    readOnly: (options) => Catalogue.openReadOnly(storage, 'none', options),
    files: (options) => catalogue.files(options),
    totals: (options) => catalogue.totals(options),
    local: (options) => LocalStorage.open('none', options),
    open: (options) => openStorage('none', options),
    copyAbove: (options) => copyAbove('none', options),
    stat: (options) => storage.stat('a', options),
    write: (options) => storage.write('a', options),
    read: (options) => storage.read('a', 0, options),
    bytes: (options) => asset.download().bytes(options),
    proof: (options) => asset.download().readWithProof(options),
    download: (options) => asset.download().save(storage, 'b', options),
    saveTo: (options) => asset.download().saveTo(process.stdout, options),
    chunks: (options) => asset.download().chunks(options),
    stream: (options) => asset.download().stream(options),
    webStream: (options) => asset.download().webStream(options),
    sidecar: (options) => asset.sidecar(options),
    list: (options) => storage.list('', options),
    chunk: (options) => writer.write(Buffer.alloc(1), options),
    describe: (options) => writer.describe({}, options),
    resumed: (options) => writer.resumed(options),
    commit: (options) => writer.commit(options),
    hasDate: (options) => hasDate(Buffer.alloc(1), options),
    onLog: (options) => onLog(() => undefined, options),
    fake: (options) => FakeICloud.start(options),
    check: (options) => checkStorage(storage, 'x', options),
  };
  await reset(fake);
  for (const [name, call] of Object.entries(calls)) {
    for (const options of [null, 5, SECRET, [], () => undefined, new AbortController().signal]) {
      const error = await wrong(() => call(options));
      assert.ok(error instanceof TypeError && error.message.startsWith('options must be an object'), `${name}: ${error}`);
    }
  }
  assert.equal(await requests(fake), 0);
  // The file goes on.
  await writer.write(Buffer.from('whole'));
  assert.equal((await writer.commit()).size, 5);
});

test('what has the wrong type is named', async (t) => {
  const { fake, client, session, library, asset, storage, catalogue, engine } = await madeFor(t);
  const engineOf = (options) => () => new SyncEngine(library, storage, options);
  const asking = await fakeFor(t);
  const { challenge } = await new Client({ endpoints: asking.endpoints }).login(asking.username, asking.password);
  await reset(fake);
  await reset(asking);
  const object = { password: SECRET };
  for (const [message, call] of [
    ['layout must be an object', engineOf({ layout: 'x' })],
    ['layout must be an object', engineOf({ layout: null })],
    ['layout must be an object', engineOf({ layout: [] })],
    ['layout must be an object', () => place(5, asset)],
    ['layout.folder must be a string', engineOf({ layout: { folder: object } })],
    ['layout.keepUnicode must be true or false', engineOf({ layout: { keepUnicode: SECRET } })],
    ['sizes must be a list', engineOf({ layout: { sizes: 'original' } })],
    ['sizes must be a list', engineOf({ layout: { sizes: '' } })],
    ['each of sizes must be a string', engineOf({ layout: { sizes: [object] } })],
    ['a view must be an object', engineOf({ views: [null] })],
    ['the name of a view must be a string', engineOf({ views: [{}] })],
    ['the template of a view must be a string', engineOf({ views: [{ name: 'a' }] })],
    ['a catalogue must be of the class Catalogue of this package', engineOf({ catalogue: object })],
    ['each of writeDates must be a string', engineOf({ writeDates: [null] })],
    ['missing must be a string', engineOf({ missing: null })],
    ['filterName must be a string', engineOf({ filterName: null })],
    ['snapshots must be true or false', engineOf({ snapshots: null })],
    ['sidecars must be true or false', engineOf({ sidecars: 'no' })],
    ['moveOut.olderThanDays must be a number', engineOf({ moveOut: { olderThanDays: SECRET } })],
    ['removalLimit.always must be a number', engineOf({ removalLimit: { always: SECRET } })],
    ['rehearse must be true or false', () => engine.adopt({ rehearse: 'yes' })],
    ['sample must be a number', () => verify(storage, catalogue, { sample: '1' })],
    ['seed must be a number', () => verify(storage, catalogue, { seed: SECRET })],
    ['missing must be a string', () => verify(storage, catalogue, { missing: null })],
    ['a receipt must be a string', () => engine.moveOut([null])],
    ['the account must be a string', () => client.restore(object)],
    ['the account must be a string', () => client.cooldown(object)],
    ['the door must be a string', () => client.probe(object)],
    ['the json of a challenge must be a string', () => client.resume(null)],
    ['endpoints must be an object', () => new Client({ endpoints: `http://${SECRET}` })],
    ['retries must be an object', () => new Client({ retries: 5 })],
    ['retries.attempts must be a number', () => new Client({ retries: { attempts: SECRET } })],
    ['besideIcloudpd must be true or false', () => new FileSessionStore('x', { besideIcloudpd: 'yes' })],
    ['the phone must be an object', () => challenge.sendCode(null)],
    ['the id of a phone must be a string', () => challenge.sendCode({ number: SECRET })],
    ['a code must be a string', () => challenge.submit(object)],
    ['the name of a library must be a string', () => session.library(object)],
    ['the id must be a string', () => library.asset(object)],
    ['each of ids must be a string', () => library.assetsById([object])],
    ['each of roles must be a string', () => library.renew([asset], { roles: [5] })],
    ['each of roles must be a string', () => library.all().assets({ roles: [5] })],
    ['roles must be a list', () => library.all().assets({ roles: '' })],
    ['roles must be a list', () => library.changes({ json: '{}' }, { roles: false })],
    ['pageSize must be a number', () => library.changes({ json: '{}' }, { pageSize: SECRET })],
    ['the json of a cursor must be a string', () => library.changes(null)],
    ['the album must be a string', () => library.smartAlbum(object)],
    ['the role must be a string', () => asset.download(object)],
    ['the role must be a string', () => asset.resource(5)],
    ['limit must be a number', () => asset.download().bytes({ limit: SECRET })],
    ['start must be a number', () => asset.download().chunks({ start: SECRET })],
    ['end must be a number', () => asset.download().stream({ end: SECRET })],
    ['replace must be true or false', () => asset.download().save(storage, 'c', { replace: SECRET })],
    ['rendering must be true or false', () => asset.sidecar({ rendering: SECRET })],
    ['existing must be a Uint8Array', () => asset.sidecar({ existing: SECRET })],
    ['albums must be a list', () => asset.sidecar({ albums: '' })],
    ['albums must be a list', () => asset.sidecar({ albums: false })],
    ['albums must be a list', () => asset.sidecar({ albums: 0 })],
    ['each of the path of an album must be a string', () => asset.sidecar({ albums: [[5]] })],
    ['a state must be an object', () => asset.compare(false)],
    ['a state must be an object', () => asset.compare(0)],
    ['a state must be an object', () => asset.compare('')],
    ['the title must be a string', () => library.all().isTitled(object)],
    ['start must be a number', () => storage.read('a', SECRET)],
    ['withParts must be true or false', () => storage.list('', { withParts: SECRET })],
    ['replace must be true or false', () => storage.write('a', { replace: SECRET })],
    ['paths must be a list', () => storage.statAll('a')],
    ['the kind of a link must be a string', () => storage.link('a', 'b', object)],
    ['each of paths must be a string', () => catalogue.filesAt([object])],
    ['place must be a string', () => Catalogue.open(storage, 'none', { place: object })],
    ['the identifier must be a string', () => typeOf(object)],
    ['the checksum must be a string', () => parseChecksum(object)],
    ['the picture must be a Uint8Array', () => hasDate(SECRET)],
    ['the picture must be a Uint8Array', () => withDate(SECRET, '2024:05:01 12:30:00')],
    ['the promise must be a string', () => checkStorage(storage, object)],
    ['assets must be a number', () => FakeICloud.start({ assets: SECRET })],
  ]) {
    const error = await wrong(call);
    assert.ok(error instanceof TypeError, `${call}: ${error}`);
    assert.equal(error.message, message, `${call}`);
  }
  assert.deepEqual([await requests(fake), await requests(asking)], [0, 0]);
});

test('what only looks like one of ours is named', async (t) => {
  const { fake, library, asset } = await madeFor(t);
  const album = library.all();
  await reset(fake);
  for (const [thing, what] of [[asset, 'an asset'], [library, 'a library'], [album, 'an album']]) {
    assert.ok(thing.equals(thing));
    for (const other of [null, undefined, {}, SECRET, new Proxy(thing, {}), Object.create(Object.getPrototypeOf(thing))]) {
      const { name, message } = await wrong(() => thing.equals(other));
      assert.deepEqual([name, message.startsWith(`${what} must be of the class`)], ['TypeError', true], message);
    }
  }
  for (const storage of [new Proxy(new MemoryStorage(), {}), Object.create(MemoryStorage.prototype)]) {
    const { name, message } = await wrong(() => asset.download().save(storage, 'x'));
    assert.deepEqual([name, message.startsWith('a storage of ours must be the object itself')], ['TypeError', true], message);
  }
  assert.equal(await requests(fake), 0);
});

test('numbers and words that mean nothing are refused', async (t) => {
  const { asset } = await madeFor(t);
  for (const member of ['assets', 'seed', 'fileSize', 'bigFile']) {
    for (const number of [Number.NaN, -1, 1.5]) {
      const error = await wrong(() => FakeICloud.start({ [member]: number }));
      assert.equal(error.message, `${member} must be a whole number that is not negative`);
    }
  }
  for (const level of ['trace', 'INFO', '', 'bogus']) {
    assert.throws(() => onLog(() => undefined, { level }), { kind: 'config', message: /there are: error, warn, info, debug$/ }, level);
  }
  assert.throws(() => asset.download().chunks({ start: 10, end: 5 }), { kind: 'config', message: /^end must not be less than start/ });
  assert.deepEqual(await all(asset.download().chunks({ start: 5, end: 5 })), []);
});

test('an address is no folder', async (t) => {
  const { fake, client, asset, storage } = await madeFor(t);
  const [folder, home] = [await folderFor(t), process.cwd()];
  process.chdir(folder);
  t.after(() => process.chdir(home));
  const address = `s3://key:${SECRET}@bucket/photos`;
  const kept = new Client({ sessions: address, endpoints: fake.endpoints });
  await reset(fake);
  for (const call of [
    () => LocalStorage.open(address),
    () => LocalStorage.open(join(address)),
    () => asset.download().save(address),
    () => kept.login(fake.username, fake.password),
    () => kept.restore(fake.username),
    () => Catalogue.sqlite(`postgres://user:${SECRET}@host/db`),
    () => Catalogue.open(storage, address),
    () => Catalogue.openReadOnly(storage, address),
  ]) {
    const error = await wrong(call);
    assert.equal(error.kind, 'config', `${call}: ${error}`);
    assert.ok(!error.stack.includes(SECRET), `${call}: ${error}`);
  }
  assert.equal(await requests(fake), 0);
  assert.match((await wrong(() => LocalStorage.open(address))).message, /UrlStorage/);
  assert.match((await wrong(() => LocalStorage.open('file:///photos'))).message, /give the path itself/);
  assert.ok(!existsSync('s3:') && !existsSync('postgres:') && !existsSync('file:'));
  assert.ok(await client.login(fake.username, fake.password));
});

test('what a word is for a file is the word in errors', async (t) => {
  const { asset } = await madeFor(t);
  const error = await wrong(() => asset.download('live_movie').bytes());
  assert.deepEqual([error.kind, error.context.role], ['not_found', 'live_movie']);
});

test('a catalogue that is still open says how it is closed', async (t) => {
  const file = join(await folderFor(t), 'c.sqlite');
  const catalogue = await Catalogue.sqlite(file);
  assert.match((await wrong(() => Catalogue.sqlite(file))).message, /close it/);
  await catalogue.close();
  await (await Catalogue.sqlite(file)).close();
});

test('stores, storages and catalogues of the package that require loads are the same', async (t) => {
  const { fake, library } = await madeFor(t);
  const [folder, other] = [await folderFor(t), createRequire(import.meta.url)('icloud-photos')];
  const sessions = new other.FileSessionStore(join(folder, 'sessions'));
  assert.ok(sessions instanceof FileSessionStore && !({} instanceof FileSessionStore));
  await fake.signIn(new Client({ sessions, endpoints: fake.endpoints }));
  assert.ok(await new Client({ sessions: join(folder, 'sessions'), endpoints: fake.endpoints }).restore(fake.username));

  const storage = await other.LocalStorage.open(join(folder, 'photos'));
  const catalogue = await other.Catalogue.open(storage, join(folder, 'state'));
  // Links are of the library's own storages alone.
  const views = [{ name: 'all', template: '{library}', madeOf: 'hard_link' }];
  const report = await new SyncEngine(library, storage, { catalogue, views }).run();
  assert.deepEqual([report.isClean, report.downloaded, report.viewsLaid], [true, 3, 3]);
  assert.equal((await verify(await LocalStorage.open(join(folder, 'photos')), catalogue)).proven, 3);

  // The rest says what to do.
  assert.throws(() => new other.SyncEngine(library, storage), { name: 'TypeError', message: /load it in one of these ways alone/ });
});
