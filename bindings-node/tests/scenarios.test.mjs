// The scenarios that all languages run, `scenarios/scenarios.json`: every step must come to the outcome that it has. Steps of the sync engine, which
// this package does not have yet, are skipped, and with them what follows in their scenario.

import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';

import { Client, ICloudError, SavedChallenge } from 'icloud-photos';

import { all, fakeFor, folderFor } from './support.mjs';

const file = new URL(process.env.ICLOUD_SCENARIOS ?? '../../scenarios/scenarios.json', import.meta.url);
const { scenarios } = JSON.parse(await readFile(file, 'utf8'));

/** Not here yet: the engine, storages, catalogues. */
const LATER = new Set(['sync', 'verify', 'adopt', 'tree', 'forget', 'damage']);

for (const scenario of scenarios) {
  const later = scenario.steps.filter((step) => LATER.has(step.do)).map((step) => step.do);
  const skip = later.length > 0 && `steps of the sync half are not here yet: ${[...new Set(later)].join(', ')}`;
  test(scenario.name, { skip }, (t) => play(t, scenario));
}

test('cursor and changes, which stand among steps of the sync half', async (t) => {
  const steps = scenarios.flatMap((one) => one.steps).filter((step) => ['cursor', 'changes'].includes(step.do) || step.post === '/fake/mutate');
  const { fake } = scenarios.find((one) => one.steps.some((step) => step.do === 'changes'));
  await play(t, { fake, sign_in: true, steps });
});

async function play(t, scenario) {
  const { file_size: fileSize, ...fake } = scenario.fake;
  const world = new World(t, await fakeFor(t, { ...fake, ...(fileSize === undefined ? {} : { fileSize }) }), await folderFor(t));
  if (scenario.sign_in === true) world.session = await world.cloud.signIn(world.client);
  for (const [number, step] of scenario.steps.entries()) {
    const outcome = await world[step.do](step).catch((error) => {
      if (!(error instanceof ICloudError)) throw error;
      return { error: error.kind, retryable: error.retryable };
    });
    const cameTo = Object.fromEntries(Object.keys(step.expect).map((key) => [key, outcome[key]]));
    assert.deepEqual(cameTo, step.expect, `step ${number + 1}: ${JSON.stringify(step)}`);
  }
}

/** What a scenario acts on. */
class World {
  constructor(t, cloud, folder) {
    Object.assign(this, { t, cloud, folder, client: new Client({ endpoints: cloud.endpoints }) });
  }

  async login({ password = this.cloud.password }) {
    const login = await this.client.login(this.cloud.username, password);
    switch (login.state) {
      case 'complete':
        this.session = login.session;
        return { state: 'complete' };
      case 'code_required':
        this.challenge = login.challenge;
        return { state: 'code_required', has_devices: login.challenge.hasDevices };
      default:
        return { state: 'action_required', error_kind: login.error.kind };
    }
  }

  async restore() {
    return { state: (await this.client.restore(this.cloud.username)) === null ? 'none' : 'complete' };
  }

  async push() {
    await this.challenge.requestPush();
    return {};
  }

  async submit({ code }) {
    this.session = await this.challenge.submit(code);
    return { state: 'complete' };
  }

  async carry_over() {
    const { json } = await this.challenge.toSaved();
    this.client = new Client({ endpoints: this.cloud.endpoints });
    this.challenge = this.client.resume(new SavedChallenge(json));
    return { state: 'code_required' };
  }

  async libraries() {
    return { names: (await this.session.libraries()).map((library) => library.name) };
  }

  async albums() {
    return { paths: [...(await this.session.primaryLibrary.albums())].map((album) => album.path.join('/')) };
  }

  album({ smart }) {
    const library = this.session.primaryLibrary;
    return smart === undefined ? library.all() : library.smartAlbum(smart);
  }

  async count(step) {
    return { count: await this.album(step).count() };
  }

  async list(step) {
    const problems = [];
    const listing = this.album(step).assets({ limit: step.limit, onError: (error) => problems.push(error) });
    const assets = await all(listing);
    const kinds = {};
    for (const { kind } of assets) kinds[kind] = (kinds[kind] ?? 0) + 1;
    return {
      seen: assets.length,
      first: assets.at(0)?.filename ?? null,
      last: assets.at(-1)?.filename ?? null,
      kinds,
      files: assets.reduce((sum, asset) => sum + asset.resources.length, 0),
      problems: problems.length,
      outcome: listing.outcome.state,
    };
  }

  async at({ at }) {
    return (await all(this.session.primaryLibrary.all().assets({ limit: at + 1 })))[at];
  }

  async asset(step) {
    const asset = await this.at(step);
    const seconds = (ms) => (ms == null ? null : Math.floor(ms / 1000));
    return {
      id: asset.id,
      filename: asset.filename,
      kind: asset.kind,
      subtype: asset.subtype,
      created_ms: asset.createdMs,
      created: seconds(asset.created?.getTime()),
      added: seconds(asset.added?.getTime()),
      offset: seconds(asset.utcOffsetMs),
      dimensions: asset.dimensions,
      favorite: asset.isFavorite,
      hidden: asset.isHidden,
      keywords: asset.keywords,
      title: asset.title,
      resources: Object.fromEntries(asset.resources.map((one) => [one.role, [one.size, one.checksum?.text ?? null]])),
    };
  }

  async download(step) {
    const download = (await this.at(step)).download(step.role);
    const { bytes, proof } = await this.#bytes(download, step);
    return { size: bytes.length, crc: crc32(bytes), proof: proof && (proof.verified ? 'verified' : proof.doubt) };
  }

  async #bytes(download, { how, start, end }) {
    if (how === 'bytes') return download.readWithProof();
    if (how === 'stream') {
      const chunks = download.chunks({ start, end });
      const bytes = Buffer.concat(await all(chunks));
      return { bytes, proof: chunks.proof };
    }
    const { proof } = await download.save(this.folder, 'saved.jpg');
    const bytes = await readFile(join(this.folder, 'saved.jpg'));
    await rm(join(this.folder, 'saved.jpg'));
    return { bytes, proof };
  }

  async cursor() {
    this.since = await this.session.primaryLibrary.cursor();
    return {};
  }

  async changes() {
    const batches = await all(this.session.primaryLibrary.changes(this.since));
    const changes = batches.flatMap((batch) => batch.changes);
    return { assets: changes.filter((change) => change.kind === 'asset').length, batches: batches.length };
  }

  async fake({ post, body }) {
    await this.cloud.post(post.replace('/fake/', ''), body);
    return {};
  }
}

/** `zlib.crc32` is not in Node 20. */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
