// Builds the native half for this machine, as part of the workspace, and writes down what it declares: node tools/native.mjs [cargo's options].
// `napi build` would do the same in a target folder of its own, with every dependency built a second time. Releases are built by it.

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { generateTypeDef } from '@napi-rs/cli';

const home = fileURLToPath(new URL('..', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(home, '..', 'target');
const [options, at] = [process.argv.slice(2), process.argv.indexOf('--profile')];
const folder = at < 0 ? 'debug' : process.argv[at + 1];

// The macros leave their declarations there whenever the crate is compiled; what is as it was stays.
const declared = join(target, 'node', 'declared');
mkdirSync(declared, { recursive: true });
const env = { ...process.env, NAPI_TYPE_DEF_TMP_FOLDER: declared };
execFileSync('cargo', ['build', '--workspace', '--lib', ...options], { cwd: home, env, stdio: 'inherit' });

const [library, platform] = {
  linux: ['libicloud_photos_node.so', `linux-${process.arch}-${process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`],
  darwin: ['libicloud_photos_node.dylib', `darwin-${process.arch}`],
  win32: ['icloud_photos_node.dll', `win32-${process.arch}-msvc`],
}[process.platform];
// A process that has loaded the old one goes on with it.
const [built, beside] = [join(home, 'native', `icloud-photos.${platform}.node`), join(home, 'native', '.new')];
copyFileSync(join(target, folder, library), beside);
// What is for debuggers is most of a build for tests, and whoever packs it would pack that too.
if (process.platform === 'linux' && at < 0) spawnSync('strip', ['--strip-unneeded', beside]);
renameSync(beside, built);
const { dts } = await generateTypeDef({ typeDefDir: declared, dtsHeaderFile: 'native/header.d.ts', cwd: home });
writeFileSync(join(home, 'native', 'index.d.cts'), dts);
