// Each example as a program of its own, from the installed package: on the fake inside of it.

import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { compile, home, installed, run } from './installed.mjs';

/** What stands in the output of each if it did what it says. */
const SAYS = {
  census: ['photo: ', '0 assets that cannot be read: 58 assets'],
  'code-elsewhere': ['signed in as jdoe@example.com'],
  'copy-library': ['IMG_0060.DNG', 'first run:  63 downloaded', 'second run: 0 downloaded'],
  'custom-storage': ['63 downloaded', '1964/12/31/IMG_0045.JPG {', 'asset: '],
  describe: ['.JPG.xmp', 'second run: 0 downloaded', ', 0 sidecars'],
  'download-one': ['bytes in memory, { verified: true', 'as newest, { verified: true', 'open file, { verified: true'],
  first: ['IMG_0005.JPG', 'verified: true'],
  'follow-changes': ['verified:   63 proven', 'adopted:    63 files: 63 recognised', 'third run:  0 downloaded'],
  list: ['library PrimarySync (primary)', 'album   ', 'asset   IMG_0001'],
  'to-s3': ['first run:  63 downloaded', 'second run: 0 downloaded', 'IMG_0045.JPG: 1376 bytes'],
  views: ['albums: 66 entries', 'years: 63 entries', 'again: 0 laid, 0 removed'],
};

let folder;
before(async () => {
  folder = join(await installed('examples'), 'examples');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const names = (await readdir(join(home, 'examples'))).filter((name) => name.endsWith('.ts'));
  for (const name of names) await copyFile(join(home, 'examples', name), join(folder, name));
  await compile(folder, ...names);
});

test('every example is run', async () => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts') && name !== 'guest.ts');
  assert.deepEqual(names.sort(), Object.keys(SAYS).map((name) => `${name}.ts`).sort());
});

for (const [name, says] of Object.entries(SAYS)) {
  test(name, async () => {
    // Without the settings that its reader may have.
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(ICLOUD|PHOTOS)/.test(key)));
    const { stdout } = await run(process.execPath, [join(folder, 'out', `${name}.js`)], { cwd: folder, env, timeout: 60_000 });
    for (const said of says) assert.ok(stdout.includes(said), `${said}\n${stdout}`);
  });
}
