// The scenarios that all languages run, `scenarios/scenarios.json`: every step must come to the outcome that it has.

import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';

import { Catalogue, Client, ICloudError, MemoryStorage, SavedChallenge, SyncEngine, verify } from 'icloud-photos';

import { all, fakeFor, folderFor } from './support.mjs';

const file = new URL(process.env.ICLOUD_SCENARIOS ?? '../../scenarios/scenarios.json', import.meta.url);
const { scenarios } = JSON.parse(await readFile(file, 'utf8'));

for (const scenario of scenarios) test(scenario.name, (t) => play(t, scenario));

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
    Object.assign(this, { storage: new MemoryStorage(), catalogue: Catalogue.memory() });
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

  engine({ filter }) {
    return new SyncEngine(this.session.primaryLibrary, this.storage, {
      catalogue: this.catalogue,
      layout: { zone: 'UTC' },
      filter: filter === 'favorites' ? (asset) => asset.isFavorite : undefined,
      filterName: filter,
    });
  }

  async sync(step) {
    return members(await this.engine(step).run());
  }

  async tree() {
    const files = await all(this.storage.list());
    return { files: Object.fromEntries(files.map(({ path, size }) => [path, size])) };
  }

  async verify({ repair = false }) {
    return members(await verify(this.storage, this.catalogue, { engine: this.engine({}), repair }));
  }

  async adopt() {
    return members(await this.engine({}).adopt());
  }

  async forget() {
    this.catalogue = Catalogue.memory();
    return {};
  }

  async damage() {
    const { files } = await this.tree();
    const [path] = Object.keys(files).sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const bytes = Buffer.concat(await all(this.storage.read(path)));
    bytes[0] ^= 0xff;
    const writer = await this.storage.write(path, { replace: true });
    await writer.write(bytes);
    await writer.commit();
    return { path };
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

/** A report's numbers, as the file names them. */
function members(report) {
  const named = Object.entries(report).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]);
  return { ...Object.fromEntries(named), clean: report.isClean };
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
