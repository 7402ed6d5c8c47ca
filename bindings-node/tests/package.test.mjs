// The package as people have it: packed, installed in an empty folder, used by import, by require, and from TypeScript.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { before, test } from 'node:test';

import { compile, home, native, printed, programs, released, run } from './installed.mjs';

let files, folder;
before(async () => ({ files, folder } = await released('package')));

const imports = "import { Client } from 'icloud-photos';\nimport { FakeICloud } from 'icloud-photos/testing';\n";
const program = `
  const fake = await FakeICloud.start({ assets: 3 });
  const session = await fake.signIn(new Client({ endpoints: fake.endpoints }));
  for await (const asset of session.primaryLibrary.all()) console.log(asset.filename, (await asset.download().bytes()).length);
`;
const expected = ['IMG_0001.JPG 100000', 'IMG_0002.JPG 100000', 'IMG_0003.JPG 100000', ''].join('\n');

test('by import', async () => {
  await writeFile(join(folder, 'app.mjs'), imports + program);
  assert.equal(await printed(folder, 'app.mjs'), expected);
});

test('by require', async () => {
  const loaded = "const { Client } = require('icloud-photos');\nconst { FakeICloud } = require('icloud-photos/testing');\n";
  const text = `${loaded}(async () => {${program}})();`;
  await writeFile(join(folder, 'app.cjs'), text);
  assert.equal(await printed(folder, 'app.cjs'), expected);
});

test('from TypeScript, as both, with all declarations read', async () => {
  const text = `${imports}export async function main(): Promise<void> {${program}}\n`;
  await writeFile(join(folder, 'app.mts'), text);
  await writeFile(join(folder, 'app.cts'), text);
  await compile(folder, 'app.mts', 'app.cts');
  for (const name of ['app.mjs', 'app.cjs']) {
    assert.equal(await printed(folder, '--eval', `import('./out/${name}').then((it) => it.main())`), expected);
  }
});

test('the program of the README runs as printed', async () => {
  const [{ text }] = await programs(join(home, 'README.md'));
  await writeFile(join(folder, 'readme.mjs'), text);
  const said = await printed(folder, 'readme.mjs');
  assert.equal(said.trim().split('\n').length, 5);
  assert.match(said, /verified: true/);
});

test('its commands are the binaries', async () => {
  const { version } = JSON.parse(await readFile(inside('icloud-photos', 'package.json'), 'utf8'));
  const commands = [
    ['icloud-photos', '--help', /^ +verify /m],
    ['icloud-photos', '--version', new RegExp(`^version:${version},`)],
    ['icloudpd', '--help', /^ +verify /m],
    ['icloud', '--help', /^usage: icloud \[/],
  ];
  for (const [name, option, says] of commands) {
    const { stdout } = await run('npm', ['exec', '--offline', '--', name, option], { cwd: folder, shell: process.platform === 'win32' });
    assert.match(stdout, says, name);
  }
});

const inside = (...parts) => join(folder, 'node_modules', ...parts);
const licences = ['LICENSE-APACHE', 'LICENSE-MIT', 'LICENSE-THIRD-PARTY'];

test('it holds what is needed, and nothing else', async () => {
  assert.deepEqual(readdirSync(inside('icloud-photos')).sort(), [...licences, 'README.md', 'bin', 'dist', 'native', 'package.json']);
  assert.deepEqual(readdirSync(inside('icloud-photos', 'native')), ['index.cjs']);
  const declared = await readFile(inside('icloud-photos', 'dist', 'esm', 'session.d.ts'), 'utf8');
  assert.ok(!declared.includes('#native'), 'what is internal is declared nowhere');
  const about = JSON.parse(await readFile(inside('icloud-photos', 'package.json'), 'utf8'));
  assert.deepEqual(about.dependencies ?? {}, {}, 'it depends on nothing');
  assert.deepEqual(['preinstall', 'install', 'postinstall'].filter((name) => name in about.scripts), [], 'nothing runs where it is installed');
});

test('the native half comes in a package of its platform, and all of these are known', async () => {
  // npm was given all of them.
  const wanted = ['icloud-photos', `icloud-photos-${native.platform}`];
  assert.deepEqual(readdirSync(inside()).filter((name) => !name.startsWith('.')), wanted);
  const { name, version, os, cpu } = JSON.parse(await readFile(inside(`icloud-photos-${native.platform}`, 'package.json'), 'utf8'));
  assert.deepEqual([os, cpu], [[process.platform], [process.arch]]);
  const { size } = await stat(inside(name, native.file));
  assert.equal(size, (await stat(join(home, 'native', native.file))).size);
  const { optionalDependencies } = JSON.parse(await readFile(inside('icloud-photos', 'package.json'), 'utf8'));
  const named = Object.entries(optionalDependencies).map(([name, version]) => `${name}-${version}.tgz`);
  assert.deepEqual([...named, `icloud-photos-${version}.tgz`].sort(), files.map((file) => basename(file)).sort());
  assert.equal(named.length, 8);
  // The loader and npm know the same ones.
  const loader = await readFile(join(home, 'native', 'index.cjs'), 'utf8');
  const loaded = [...loader.matchAll(/require\('(icloud-photos-[^']+)'\)/g)].map(([, found]) => found);
  assert.deepEqual(loaded.sort(), Object.keys(optionalDependencies).sort());
});

test('each package brings the texts of the licences', async () => {
  // A checkout on Windows ends lines in its own way.
  const lines = (text) => text.replaceAll('\r\n', '\n');
  const [apache, mit] = ['LICENSE-APACHE', 'LICENSE-MIT'].map((name) => lines(readFileSync(join(home, '..', name), 'utf8')));
  for (const file of files) {
    const taken = licences.map((name) => `package/${name}`);
    const { stdout } = await run('tar', ['-xzOf', basename(file), ...taken], { cwd: dirname(file), maxBuffer: 2 ** 24 });
    for (const text of [apache, mit]) assert.ok(lines(stdout).includes(text), basename(file));
  }
});

test('the lock file, which npm reads where this is developed, names what package.json does', async () => {
  const [about, lock] = ['package.json', 'package-lock.json'].map((name) => JSON.parse(readFileSync(join(home, name), 'utf8')));
  assert.deepEqual(lock.packages[''].devDependencies, about.devDependencies);
  assert.equal(about.version, lock.version);
});

/** What it says where it cannot be loaded. */
async function refused(program = "require('icloud-photos')") {
  const error = await run(process.execPath, ['--eval', program], { cwd: folder }).then(() => assert.fail('it was loaded'), (error) => error);
  return error.stderr;
}

test('without its native half it says what to do', async () => {
  const [there, away] = [inside(`icloud-photos-${native.platform}`), join(folder, 'away')];
  renameSync(there, away);
  try {
    for (const program of ["require('icloud-photos')", "import('icloud-photos')"]) {
      const said = await refused(program);
      assert.match(said, new RegExp(`the package icloud-photos-${native.platform} is not installed`));
      assert.match(said, /--omit=optional[^]*npm install/);
    }
  } finally {
    renameSync(away, there);
  }
});

test('a broken native half is not taken for a missing one', async () => {
  const [file, away] = [inside(`icloud-photos-${native.platform}`, native.file), join(folder, 'away.node')];
  renameSync(file, away);
  try {
    writeFileSync(file, 'broken');
    const said = await refused();
    assert.match(said, /the native half for [^]* cannot be loaded/);
    assert.doesNotMatch(said, /is not installed/);
  } finally {
    renameSync(away, file);
  }
});

test('where there is no native half for it says for what there is', async () => {
  const said = await refused("Object.defineProperty(process, 'arch', { value: 'mips' }); require('icloud-photos')");
  assert.match(said, /-mips[^]*there is none; there are linux-x64-gnu, [^]*win32-arm64-msvc/);
});
