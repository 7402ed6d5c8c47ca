// The package as people have it: packed, installed in an empty folder, used by import, by require, and from TypeScript.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const home = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'icloud-photos-package-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

before(async () => {
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: home });
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  await writeFile(join(folder, 'package.json'), '{"name":"empty","private":true}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', `./${tarball}`], { cwd: folder });
});

const program = `
  const fake = await FakeICloud.start({ assets: 3 });
  const session = await fake.signIn(new Client({ endpoints: fake.endpoints }));
  for await (const asset of session.primaryLibrary.all()) console.log(asset.filename, (await asset.download().bytes()).length);
`;
const printed = ['IMG_0001.JPG 100000', 'IMG_0002.JPG 100000', 'IMG_0003.JPG 100000', ''].join('\n');

test('by import', async () => {
  const text = `import { Client } from 'icloud-photos';\nimport { FakeICloud } from 'icloud-photos/testing';\n${program}`;
  await writeFile(join(folder, 'app.mjs'), text);
  assert.equal((await run(process.execPath, ['app.mjs'], { cwd: folder })).stdout, printed);
});

test('by require', async () => {
  const text = `const { Client } = require('icloud-photos');\nconst { FakeICloud } = require('icloud-photos/testing');\n(async () => {${program}})();`;
  await writeFile(join(folder, 'app.cjs'), text);
  assert.equal((await run(process.execPath, ['app.cjs'], { cwd: folder })).stdout, printed);
});

test('from TypeScript, as both, with all declarations read', async () => {
  const text = `import { Client } from 'icloud-photos';\nimport { FakeICloud } from 'icloud-photos/testing';\nexport async function main(): Promise<void> {${program}}\n`;
  await writeFile(join(folder, 'app.mts'), text);
  await writeFile(join(folder, 'app.cts'), text);
  const types = join(home, 'node_modules', '@types');
  const strict = ['--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,esnext.disposable'];
  const compile = [join(home, 'node_modules', '.bin', 'tsc'), '--typeRoots', types, '--types', 'node', ...strict, '--outDir', 'out', 'app.mts', 'app.cts'];
  await run(process.execPath, compile, { cwd: folder }).catch((error) => assert.fail(error.stdout));
  for (const name of ['app.mjs', 'app.cjs']) {
    const call = `import('./out/${name}').then((it) => it.main())`;
    assert.equal((await run(process.execPath, ['--eval', call], { cwd: folder })).stdout, printed);
  }
});

test('the program of the README runs as printed', async () => {
  const [, text] = /```js\n([^]*?)```/.exec(await readFile(join(home, 'README.md'), 'utf8'));
  await writeFile(join(folder, 'readme.mjs'), text);
  const { stdout } = await run(process.execPath, ['readme.mjs'], { cwd: folder });
  assert.equal(stdout.trim().split('\n').length, 5);
  assert.match(stdout, /verified: true/);
});

test('the examples are strict TypeScript, and run', async () => {
  const types = ['--typeRoots', join(home, 'node_modules', '@types'), '--types', 'node'];
  const strict = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,esnext.disposable'];
  const names = (await readdir(join(home, 'examples'))).filter((name) => name.endsWith('.ts'));
  for (const name of names) await writeFile(join(folder, name.replace(/ts$/, 'mts')), await readFile(join(home, 'examples', name)));
  const sources = names.map((name) => name.replace(/ts$/, 'mts'));
  const compile = [join(home, 'node_modules', '.bin', 'tsc'), ...types, ...strict, '--outDir', 'out', ...sources];
  await run(process.execPath, compile, { cwd: folder }).catch((error) => assert.fail(error.stdout));
  for (const name of names) {
    const { stdout } = await run(process.execPath, [`out/${name.replace(/ts$/, 'mjs')}`], { cwd: folder });
    assert.match(stdout, name === 'first.ts' ? /(verified: true[^]*){5}/ : /photo: \d+\n[^]*: 5\d assets/, name);
  }
});

test('it holds what is needed, and nothing else', async () => {
  const names = await readdir(join(folder, 'node_modules', 'icloud-photos'));
  assert.deepEqual(names.sort(), ['README.md', 'dist', 'native', 'package.json']);
  const declared = await readFile(join(folder, 'node_modules', 'icloud-photos', 'dist', 'esm', 'session.d.ts'), 'utf8');
  assert.ok(!declared.includes('#native'), 'what is internal is declared nowhere');
});
