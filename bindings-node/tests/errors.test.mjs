import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { inspect } from 'node:util';

import { Client, ICloudError } from 'icloud-photos';

import { all, failure, fakeFor, fault, heal, requests, reset } from './support.mjs';

const hasty = (fake, more) => new Client({ endpoints: fake.endpoints, retries: { attempts: 1 }, ...more });

test('Apple asks to wait', async (t) => {
  const fake = await fakeFor(t);
  const library = (await fake.signIn(hasty(fake))).primaryLibrary;
  await fault(fake, 'cloudkit', 'status', { code: 429, retry_after: 17 });
  const error = await failure(all(library.all()));
  assert.deepEqual([error.kind, error.retryable, error.retryAfterMs], ['rate_limited', true, 17_000]);
  await heal(fake);
  assert.equal((await all(library.all())).length, 25);
});

test('retries are counted', async (t) => {
  const fake = await fakeFor(t);
  const quick = { attempts: 3, baseMs: 1, capMs: 2 };
  const library = (await fake.signIn(new Client({ endpoints: fake.endpoints, retries: quick }))).primaryLibrary;
  await fault(fake, 'cloudkit/records/query/batch', 'status', { code: 503 });
  await reset(fake);
  const error = await failure(library.all().count());
  assert.equal(error.attempts, 3);
  assert.ok(!error.retryable);
  assert.equal(await requests(fake, 'cloudkit/records/query/batch'), 3);
});

test('causes and context, and no password', async (t) => {
  const fake = await fakeFor(t);
  const client = hasty(fake);
  fake.close();
  const error = await failure(client.login(fake.username, fake.password));
  assert.equal(error.kind, 'network');
  assert.ok(error.cause instanceof Error && error.cause.message.length > 0);
  assert.ok(error.message.includes(error.text) && error.message.includes(error.operation));
  assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(fake.password));
  assert.match(error.stack, /errors\.test\.mjs/, 'the stack leads to who called');
});

test('silence is a timeout', async (t) => {
  const fake = await fakeFor(t);
  const library = (await fake.signIn(hasty(fake, { headerTimeoutMs: 200 }))).primaryLibrary;
  await fault(fake, 'cloudkit/records/query/batch', 'stall');
  await assert.rejects(library.all().count(), { kind: 'timeout' });
});

test('settings that cannot be', async () => {
  for (const wrong of [
    { endpoints: { auth: 'no url', setup: 'no url' } },
    { endpoints: { auth: 'http://example.com' } },
    { region: 'atlantis' },
    { headerTimeoutMs: -1 },
    { retries: { attempts: 1.5 } },
  ]) {
    assert.throws(() => new Client(wrong), { kind: 'config' }, JSON.stringify(wrong));
  }
});

test('errors are made, told from others, and the same by require', () => {
  const cause = new Error('inner');
  const error = new ICloudError('not_found', 'no such album', { operation: 'open album', context: { album: 'Holiday' }, cause });
  assert.equal(error.message, 'open album: no such album (album: Holiday)');
  assert.equal(error.cause, cause);
  assert.equal(error.name, 'ICloudError');
  assert.ok(!(cause instanceof ICloudError) && !(null instanceof ICloudError));
  class Mine extends ICloudError {}
  assert.ok(new Mine('config', 'x') instanceof ICloudError && !(error instanceof Mine));
  const other = createRequire(import.meta.url)('icloud-photos');
  assert.notEqual(other.ICloudError, ICloudError);
  assert.ok(new other.ICloudError('config', 'x') instanceof ICloudError && error instanceof other.ICloudError);
});
