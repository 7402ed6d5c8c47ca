// What the tests share: fakes that end with their test, what a fake saw, and folders.

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { FakeICloud } from 'icloud-photos/testing';

export const LISTING = 'cloudkit/records/query';

/** A fake for one test. */
export async function fakeFor(t, options) {
  const fake = await FakeICloud.start(options);
  t.after(() => fake.close());
  return fake;
}

/** A folder for one test. */
export async function folderFor(t) {
  const folder = await mkdtemp(join(tmpdir(), 'icloud-photos-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** How many requests the fake was sent: all, or those to one call. */
export async function requests(fake, call) {
  const counters = await fake.get('counters');
  return call === undefined ? counters.requests : (counters.endpoints[call]?.requests ?? 0);
}

export const reset = (fake) => fake.post('counters/reset');

/** What goes wrong from now on. */
export async function fault(fake, match, kind, { times, ...action } = {}) {
  await fake.post('faults', { rules: [{ match, action: { kind, ...action }, ...(times === undefined ? {} : { times }) }] });
}

export const heal = (fake) => fake.post('faults', { rules: [] });

/** A number once it no longer grows. */
export async function stays(reading, ms = 300) {
  let [before, now] = [-1, await reading()];
  while (now !== before) {
    await pause(ms);
    [before, now] = [now, await reading()];
  }
  return now;
}

/** Waits for something that happens elsewhere. */
export async function until(condition, ms = 10_000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not happen');
    await pause(10);
  }
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 of an asset's original, as the fake knows it. */
export async function truthOf(fake, id) {
  const { assets } = await fake.get('truth?sha256=1');
  return assets.find((asset) => asset.id === id).resources.find((one) => one.family === 'resOriginal').sha256;
}

/** Everything that an iterator gives. */
export async function all(items) {
  const seen = [];
  for await (const item of items) seen.push(item);
  return seen;
}

/** The first of a library's assets. */
export async function first(session) {
  const [asset] = await all(session.primaryLibrary.all().assets({ limit: 1 }));
  return asset;
}

/** The error that something rejects with. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
