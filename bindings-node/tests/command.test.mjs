// The command that the package carries: the same code as the binaries, with the same manners.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { installed } from './installed.mjs';
import { fakeFor, fault, folderFor, requests, until } from './support.mjs';

const program = fileURLToPath(new URL('../bin/icloud-photos.mjs', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const binary = (name) => join(target, 'debug', name);
const skip = existsSync(binary('icloudpd')) && existsSync(binary('icloud')) ? false : 'the binaries were not built';
const posix = { skip: process.platform === 'win32' && 'signals and shells are of POSIX' };

/** The environment without the settings that the reader of this may have. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ICLOUD|PHOTOS|NODE_)/.test(name)));

/** Runs a program to its end: its exit code, and what it wrote. */
function ran(file, args, { cwd, input = '' } = {}) {
  return new Promise((resolve) => {
    const child = execFile(file, args, { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const command = (args, options) => ran(process.execPath, [program, ...args], options);

/** Everything that a run on a fake needs to be told; what it writes lies below where it runs. */
function toFake(fake, password = fake.password) {
  const endpoints = ['--auth-endpoint', fake.url, '--setup-endpoint', fake.url];
  const account = ['--username', fake.username, '--password', password, '--password-provider', 'parameter'];
  return [...endpoints, ...account, '--cookie-directory', 'session', '--directory', 'photos', '--no-progress-bar'];
}

/** Files below a folder that have their names. */
async function files(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const named = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.icloud') && !entry.name.endsWith('.part'));
  return named.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length)).sort();
}

test('a whole run, and another one that has nothing to do', async (t) => {
  const [fake, cwd] = [await fakeFor(t, { code: '314159' }), await folderFor(t)];
  const first = await command(toFake(fake), { cwd, input: '314159\n' });
  assert.equal(first.code, 0, first.stdout + first.stderr);
  assert.equal((await files(join(cwd, 'photos'))).length, 25);
  assert.ok(!(first.stdout + first.stderr).includes(fake.password));
  const fetched = await requests(fake, 'content');
  const again = await command(toFake(fake), { cwd });
  assert.deepEqual([again.code, await requests(fake, 'content')], [0, fetched]);
});

/** What does not differ from run to run. */
function lasting({ code, stdout, stderr }) {
  const bare = (text) => text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME').replace(/127\.0\.0\.1:\d+/g, 'FAKE');
  // Files are fetched side by side, so lines come in any order.
  const lines = (text) => bare(text).replace(/\d+(\.\d+)? ?m?s\b/g, 'TOOK').split('\n').sort();
  return { code, stdout: lines(stdout), stderr: lines(stderr) };
}

for (const [name, ...lines] of [
  ['icloudpd', ['--version'], ['--help'], ['-h'], [], ['--no-such-option'], ['--size', 'huge'], ['--directory'], ['--username', '']],
  ['icloud', ['--version'], ['--help'], [], ['--no-such-option'], ['--username', 'a', '--no-such-option']],
]) {
  test(`${name} says what the binary says`, { skip }, async (t) => {
    const cwd = await folderFor(t);
    const called = name === 'icloudpd' ? program : join(cwd, name);
    // Which of them it is it takes from the name, as npm's links have it.
    if (name !== 'icloudpd') await symlink(program, called);
    for (const args of lines) {
      const options = { cwd };
      assert.deepEqual(await ran(process.execPath, [called, ...args], options), await ran(binary(name), args, options), `${name} ${args.join(' ')}`);
    }
  });
}

for (const [what, more, options] of [
  ['a run', [], { profile: 'everyday', assets: 40 }],
  ['a rehearsal', ['--dry-run'], {}],
  ['names alone', ['--only-print-filenames'], {}],
  ['albums', ['--list-albums'], { profile: 'everyday', assets: 40 }],
  ['libraries', ['--list-libraries'], {}],
  ['a few of them', ['--recent', '3', '--folder-structure', 'none'], {}],
  ['a level of the log', ['--recent', '2', '--log-level', 'debug'], {}],
  ['an album that is not there', ['--album', 'Nowhere'], {}],
]) {
  test(`the same bytes and the same exit code as the binary: ${what}`, { skip }, async (t) => {
    const outcomes = [];
    for (const run of [command, (args, options) => ran(binary('icloudpd'), args, options)]) {
      const [fake, cwd] = [await fakeFor(t, { state: 'password-only', ...options }), await folderFor(t)];
      const outcome = lasting(await run([...toFake(fake), ...more], { cwd }));
      outcomes.push({ ...outcome, files: await files(join(cwd, 'photos')) });
    }
    assert.deepEqual(outcomes[0], outcomes[1]);
    assert.ok(outcomes[0].stdout.join('').length > 0);
  });
}

test('a wrong password', async (t) => {
  const [fake, cwd] = [await fakeFor(t, { state: 'password-only' }), await folderFor(t)];
  const { code, stdout, stderr } = await command(toFake(fake, 'wrong'), { cwd });
  assert.ok(typeof code === 'number' && ![0, 101].includes(code), `${code}`);
  assert.ok(!/panicked|at .*\.mjs/.test(stdout + stderr));
  assert.deepEqual(await files(join(cwd, 'photos')), []);
});

test('a code is wanted, and standard input is at its end', async (t) => {
  const [fake, cwd] = [await fakeFor(t, { code: '314159' }), await folderFor(t)];
  const { code, stdout, stderr } = await command(toFake(fake), { cwd });
  assert.ok(typeof code === 'number' && ![0, 101].includes(code), `${code}`);
  assert.ok(!/panicked/.test(stdout + stderr), stdout + stderr);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} in the middle`, { ...posix, timeout: 60_000 }, async (t) => {
    const [fake, cwd] = [await fakeFor(t, { state: 'password-only' }), await folderFor(t)];
    await fault(fake, 'content', 'stall', { after: 1000 });
    const ends = async (file, args) => {
      const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
      t.after(() => child.kill('SIGKILL'));
      const said = [];
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
      const ended = new Promise((resolve) => child.once('close', (code, by) => resolve(code ?? by)));
      const before = await requests(fake, 'content');
      await until(async () => (await requests(fake, 'content')) > before, 30_000);
      child.kill(signal);
      return { outcome: await ended, text: Buffer.concat(said).toString() };
    };
    const { outcome, text } = await ends(process.execPath, [program, ...toFake(fake)]);
    assert.ok(![0, 101].includes(outcome), `${outcome}`);
    assert.ok(!/panicked|at .*\.mjs/.test(text), text);
    assert.deepEqual(await files(join(cwd, 'photos')), []);
    if (!skip) assert.equal(outcome, (await ends(binary('icloudpd'), toFake(fake))).outcome);
  });
}

test('nobody who listens is no failure', posix, async () => {
  for (const line of ['exec "$0" "$1" --version >&-', 'exec "$0" "$1" --version <&-', '"$0" "$1" --help | head -1 >/dev/null']) {
    const { code, stderr } = await ran('sh', ['-c', line, process.execPath, program]);
    assert.deepEqual([code, /panicked|Error/.test(stderr)], [0, false], `${line}: ${stderr}`);
  }
});

test('much is written whole into a pipe that is read slowly', posix, async (t) => {
  const [fake, cwd] = [await fakeFor(t, { state: 'password-only', assets: 3000, fileSize: 1000 }), await folderFor(t)];
  const line = '"$0" "$@" | { sleep 1; cat; } | wc -l';
  const { code, stdout } = await ran('sh', ['-c', line, process.execPath, program, ...toFake(fake), '--only-print-filenames'], { cwd });
  assert.deepEqual([code, Number(stdout) >= 3000], [0, true], stdout);
});

let folder;
before(async () => {
  folder = await installed('command');
});

test('npx icloud-photos, icloudpd and icloud, as npm installs them', async () => {
  const npx = (...args) => ran('npx', ['--offline', '--no-install', ...args], { cwd: folder });
  const help = await command(['--help']);
  for (const name of ['icloud-photos', 'icloudpd']) {
    const { code, stdout, stderr } = await npx(name, '--help');
    assert.deepEqual([code, stdout], [0, help.stdout], stderr);
  }
  const icloud = await npx('icloud', '--help');
  assert.equal(icloud.code, 0, icloud.stderr);
  assert.notEqual(icloud.stdout, help.stdout);
  assert.equal((await npx('icloudpd', '--no-such-option')).code, 2);
});
