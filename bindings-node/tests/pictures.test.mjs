// Dates within pictures, hashes, types of files, and places by a layout alone.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Hasher, hasDate, parseChecksum, place, typeOf, withDate } from 'icloud-photos';

import { assertIs } from './shapes.mjs';
import { all, failure, fakeFor, first, requests, reset, sha256 } from './support.mjs';

/** A JPEG without a date: its start, the tables of no picture, its end. */
const JPEG = Buffer.from(
  [
    'ffd8ffe000104a46494600010100000100010000',
    `ffdb004300${'01'.repeat(64)}`,
    'ffc0000b080001000101011100',
    `ffc400140001${'00'.repeat(16)}`,
    'ffda0008010100003f0000ffd9',
  ].join(''),
  'hex',
);

test('a date is written into a picture, and another one in its place', async () => {
  assert.equal(await hasDate(JPEG), false);
  const dated = await withDate(JPEG, '2024:05:01 12:30:00');
  assert.ok(Buffer.isBuffer(dated) && dated.includes('2024:05:01 12:30:00'));
  assert.equal(await hasDate(dated), true);
  assert.equal(await hasDate(new Uint8Array(dated)), true);
  const later = await withDate(dated, '2025:06:02 13:31:01');
  assert.ok(later.includes('2025:06:02 13:31:01') && !dated.includes('2025:06:02 13:31:01'));
});

test('what is no picture, or no date', async () => {
  for (const bytes of ['', 'no picture', 'ÿØÿ'].map((text) => Buffer.from(text, 'latin1'))) {
    assert.equal((await failure(hasDate(bytes))).kind, 'unsupported');
    assert.equal((await failure(withDate(bytes, '2024:05:01 12:30:00'))).kind, 'unsupported');
  }
  for (const date of ['', 'yesterday', '2024:05:01']) assert.equal((await failure(withDate(JPEG, date))).kind, 'config', date);
  for (const wrong of [7, null, 'text', [1]]) assert.ok((await failure(hasDate(wrong))) instanceof Error, `${wrong}`);
  assert.ok((await failure(withDate(JPEG, new Date()))) instanceof TypeError);
});

test('bytes that are looked at may be changed meanwhile', async () => {
  const bytes = Buffer.from(JPEG);
  const looking = withDate(bytes, '2024:05:01 12:30:00');
  bytes.fill(0);
  assert.deepEqual(await looking, await withDate(JPEG, '2024:05:01 12:30:00'));
});

test('a hasher has the checksum that Apple has, however the bytes come', async (t) => {
  const fake = await fakeFor(t, { state: 'password-only' });
  const asset = await first(await fake.signIn());
  const bytes = await asset.download().bytes();
  const [whole, parts] = [new Hasher(), new Hasher()];
  whole.update(bytes);
  for (let at = 0; at < bytes.length; at += 7001) parts.update(new Uint8Array(bytes.subarray(at, at + 7001)));
  assertIs(whole.digests(), 'Digests');
  assert.deepEqual(whole.digests(), parts.digests());
  assert.equal(whole.digests().checksum.text, asset.resource('original').checksum.text);
  assert.equal(Buffer.from(whole.digests().sha256).toString('hex'), sha256(bytes));
  assert.equal(whole.length, bytes.length);
  assert.throws(() => whole.update('text'), TypeError);
  assert.deepEqual(parseChecksum(whole.digests().checksum.text), whole.digests().checksum);
  assert.equal(parseChecksum('no checksum'), null);
});

test('types of files', () => {
  assert.deepEqual(typeOf('public.heic'), { extension: 'HEIC', kind: 'photo', isRaw: false });
  assert.equal(typeOf('com.apple.quicktime-movie').kind, 'video');
  assert.equal(typeOf('com.adobe.raw-image').isRaw, true);
  assert.equal(typeOf('nobody.knows').extension, null);
});

test('places by a layout alone', async (t) => {
  const fake = await fakeFor(t, { state: 'password-only', profile: 'everyday', assets: 60 });
  const assets = await all((await fake.signIn()).primaryLibrary.all());
  await reset(fake);
  for (const asset of assets) {
    const placement = place({ folder: '{:%Y}', zone: 'UTC', sizes: ['original', 'adjusted'] }, asset);
    assertIs(placement, 'Placement');
    assert.equal(placement.folder, String(asset.created?.getUTCFullYear() ?? 1970));
  }
  const [live] = assets.filter(({ subtype }) => subtype === 'live');
  const films = (layout) => place(layout, live).files.filter(({ isLive }) => isLive).length;
  assert.deepEqual([films({}), films({ livePhotos: null })], [1, 0]);
  assert.equal(await requests(fake), 0);
  assert.throws(() => place({ folder: '{:%Q}{' }, live), { kind: 'config' });
  assert.throws(() => place({}, {}), TypeError);
});
