import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';

import { Asset, ICloudError, MemoryStorage, SyncEngine } from 'icloud-photos';

import { LISTING, all, failure, fakeFor, requests, reset, stays } from './support.mjs';

const everyday = { assets: 40, profile: 'everyday', seed: 7 };

test('libraries and their albums', async (t) => {
  const session = await (await fakeFor(t, everyday)).signIn();
  const libraries = await session.libraries();
  assert.deepEqual(libraries.map((one) => one.kind), ['primary', 'shared']);
  const [library] = libraries;
  assert.ok(library.equals(session.primaryLibrary) && library.equals(await session.library('PrimarySync')));
  assert.equal(library.id.database, 'private');
  assert.equal(library.session.account, session.account);
  await assert.rejects(session.library('no such'), { kind: 'not_found' });
  const tree = await library.albums();
  const [album] = tree;
  assert.ok(album.equals(tree.get(album.id)) && album.kind === 'user' && album.smart === null && album.isTitled(album.name));
  assert.deepEqual(tree.find('Family/Grandparents/Holiday').path, ['Family', 'Grandparents', 'Holiday']);
  assert.equal(tree.find(['2018', 'no such']), null);
  assert.equal([...tree].length, tree.size);
  const family = tree.roots.find((node) => node.album.name === 'Family');
  assert.equal(family.album.kind, 'folder');
  assert.ok(family.children.length > 0);
});

test('counts, smart albums, the index', async (t) => {
  const library = (await (await fakeFor(t, everyday)).signIn()).primaryLibrary;
  const favorites = library.smartAlbum('favorites');
  assert.equal(favorites.smart, 'favorites');
  assert.deepEqual(await library.counts([library.all(), favorites]), [38, 1]);
  assert.throws(() => library.smartAlbum('nothing such'), { kind: 'config', message: /nothing such/ });
  assert.deepEqual(await library.indexState(), { state: 'ready' });
  await library.requireIndex();
});

test('assets have what the listing said', async (t) => {
  const library = (await (await fakeFor(t, everyday)).signIn()).primaryLibrary;
  const assets = await all(library.all());
  const asset = assets.find((one) => one.location !== null);
  assert.ok(asset.created instanceof Date && asset.created.getTime() === asset.createdMs && asset.added instanceof Date);
  assert.equal(typeof asset.location.latitude, 'number');
  const film = assets.find((one) => one.kind === 'video');
  assert.ok(film.durationMs > 0);
  assert.deepEqual(film.resource('original'), film.resources.find((one) => one.role === 'original'));
  assert.throws(() => film.resource('nothing such'), { kind: 'config' });
  assert.equal(typeof asset.raw, 'object');
  const state = asset.state();
  assert.equal(typeof state.content, 'bigint');
  assert.equal(asset.compare(state), 'unchanged');
  assert.equal(asset.compare(null), 'added');
  assert.equal(asset.compare({ ...state, content: String(state.content), metadata: String(state.metadata ^ 1n) }), 'metadata');
  for (const content of [-1n, 2n ** 64n, 'no digest', '', ' 1', 7, null]) {
    assert.throws(() => asset.compare({ ...state, content }), { kind: 'config' }, String(content));
  }
  assert.ok(asset.equals(await library.asset(asset.id)) && !asset.equals(film));
  assert.match(inspect(asset), /^Asset </);
});

test('assets by id: what is gone is an error in its place', async (t) => {
  const library = (await (await fakeFor(t)).signIn()).primaryLibrary;
  const [one, two] = await all(library.all().assets({ limit: 2 }));
  const found = await library.assetsById([two.id, 'no such', one.id]);
  assert.ok(found[0] instanceof Asset && found[0].equals(two) && found[2].equals(one));
  assert.ok(found[1] instanceof ICloudError && found[1].kind === 'not_found');
  const renewed = await library.renew([one, two], { roles: ['original'] });
  assert.ok(renewed[0].equals(one) && renewed[1].equals(two));
  await assert.rejects(library.asset('no such'), { kind: 'not_found' });
});

test('a list is fetched while it is read', async (t) => {
  const fake = await fakeFor(t, { assets: 5000, fileSize: 300 });
  const album = (await fake.signIn()).primaryLibrary.all();
  await reset(fake);
  const listing = album.assets();
  assert.equal(await requests(fake), 0);
  assert.equal((await listing.next()).value.kind, 'photo');
  const begun = await stays(() => requests(fake, LISTING));
  assert.equal((await all(listing)).length, 4999);
  assert.ok(begun <= (await requests(fake, LISTING)) / 2, 'most of it waits until it is read');
  assert.equal(listing.outcome.state, 'complete');
  assert.equal(typeof listing.syncToken, 'string');
});

test('names write no lines of their own into a log', async (t) => {
  const name = 'a.JPG>\nERROR all is lost\x1b[31m\x9b\u202egpj.exe';
  const date = 1_533_021_744_816;
  const library = [{ name, kind: 'public.jpeg', date, files: [{ family: 'resOriginal', size: 500 }], albums: ['Al\nbum\x1b[2J'] }];
  const session = await (await fakeFor(t, { state: 'password-only', library })).signIn();
  const primary = session.primaryLibrary;
  const [[asset], albums] = [await all(primary.all()), await primary.albums()];
  assert.equal(asset.filename, name);
  const things = [asset, asset.download(), albums, ...albums, ...albums.roots, primary, session, new SyncEngine(primary, new MemoryStorage())];
  for (const thing of things) assert.doesNotMatch(inspect(thing), /[\p{Cc}\p{Bidi_Control}]/u);
  const escaped = 'a.JPG>\\u000aERROR all is lost\\u001b[31m\\u009b\\u202egpj.exe';
  assert.equal(inspect(asset.download()), `Download <${escaped}, original>`);
  assert.equal(inspect([...albums][0]), 'Album <Al\\u000abum\\u001b[2J>');
});

test('what is renewed has its basic fields, and so has its sidecar', async (t) => {
  const library = (await (await fakeFor(t, { state: 'password-only', assets: 200, profile: 'everyday' })).signIn()).primaryLibrary;
  const asset = (await all(library.all())).find(({ title, location }) => title !== null && location !== null);
  const [renewed] = await library.renew([asset]);
  assert.deepEqual([renewed.title, renewed.description, renewed.keywords, renewed.location], [null, null, [], null]);
  assert.deepEqual([renewed.filename, renewed.created, renewed.isFavorite], [asset.filename, asset.created, asset.isFavorite]);
  const existing = asset.sidecar();
  assert.ok(existing.includes('<dc:title>') && !renewed.sidecar({ existing }).includes('<dc:title>'));
  const [whole] = await library.assetsById([asset.id]);
  assert.equal(whole.sidecar({ existing }), null);
});

for (const end of ['break', 'throw', 'return', 'close', 'signal']) {
  test(`a list that is left stops fetching: ${end}`, async (t) => {
    const fake = await fakeFor(t, { assets: 5000, fileSize: 300 });
    const library = (await fake.signIn()).primaryLibrary;
    await all(library.all());
    const whole = await requests(fake, LISTING);
    await reset(fake);
    const stop = new AbortController();
    const listing = library.all().assets({ signal: stop.signal });
    const leave = async () => {
      for await (const asset of listing) {
        assert.ok(asset);
        if (end === 'break') break;
        if (end === 'throw') throw new RangeError('mine');
        if (end === 'return') return;
        if (end === 'close') listing.close();
        if (end === 'signal') stop.abort(new RangeError('mine'));
      }
    };
    if (end === 'throw' || end === 'signal') await assert.rejects(leave(), { name: 'RangeError', message: 'mine' });
    else await leave();
    assert.ok((await stays(() => requests(fake, LISTING))) < whole / 2);
    assert.deepEqual(await all(listing), []);
    assert.ok(!listing.outcome.isComplete);
  });
}

test('several readers of one list get each asset once', async (t) => {
  const fake = await fakeFor(t, { assets: 900, fileSize: 300 });
  const listing = (await fake.signIn()).primaryLibrary.all().assets();
  const readers = await Promise.all(Array.from({ length: 7 }, () => all(listing)));
  const ids = readers.flat().map((asset) => asset.id);
  assert.equal(ids.length, 900);
  assert.equal(new Set(ids).size, 900);
});

test('a limit, and numbers that are none', async (t) => {
  const fake = await fakeFor(t, { assets: 1000, fileSize: 300 });
  const album = (await fake.signIn()).primaryLibrary.all();
  await reset(fake);
  const listing = album.assets({ limit: 7, roles: ['original'], fields: 'basic', prefetch: 0 });
  const assets = await all(listing);
  assert.equal(assets.length, 7);
  assert.deepEqual(assets[0].resources.map((one) => one.role), ['original']);
  const { state, hasAll, isComplete, seen } = listing.outcome;
  assert.deepEqual([state, hasAll, isComplete, seen], ['limited', true, false, 7]);
  assert.ok((await requests(fake, LISTING)) <= 1);
  for (const wrong of [{ limit: -1 }, { limit: 1.5 }, { limit: NaN }, { pageSize: 0 }, { fields: 'some' }, { roles: ['none'] }]) {
    assert.throws(() => album.assets(wrong), { kind: 'config' }, JSON.stringify(wrong));
  }
});

test('damaged records are told, and the list goes on', async (t) => {
  const fake = await fakeFor(t, { assets: 400, profile: 'wild' });
  const album = (await fake.signIn()).primaryLibrary.all();
  const problems = [];
  const good = await all(album.assets({ onError: (error) => problems.push(error) }));
  assert.ok(good.length > 200 && problems.length > 0 && problems.every((error) => error instanceof ICloudError));
  const warned = new Promise((resolve) => process.once('warning', resolve));
  assert.equal((await all(album)).length, good.length);
  assert.ok((await warned) instanceof ICloudError);
  const mine = new RangeError('mine');
  assert.equal(await failure(all(album.assets({ onError: () => { throw mine; } }))), mine);
});

test('changes since a cursor', async (t) => {
  const fake = await fakeFor(t, { assets: 10 });
  const library = (await fake.signIn()).primaryLibrary;
  const since = JSON.parse(JSON.stringify(await library.cursor()));
  assert.deepEqual(await all(library.changes(since)), []);
  await fake.post('mutate', { add: 'NEW_0001.JPG', size: 5000 });
  const batches = await all(library.changes(since));
  assert.equal(batches.length, 1);
  const change = batches[0].changes.find((one) => one.kind === 'asset');
  assert.ok(change.asset instanceof Asset);
  assert.equal(change.asset.filename, 'NEW_0001.JPG');
  assert.equal((await change.asset.download().bytes()).length, 5000);
  assert.deepEqual(await all(library.changes(batches[0].cursor)), []);
  assert.throws(() => library.changes({ json: '{}', library: library.id }), { kind: 'config' });
});
