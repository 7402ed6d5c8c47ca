// The package in an empty folder, as people have it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const home = fileURLToPath(new URL('..', import.meta.url));
export const run = promisify(execFile);

/** The native half that was built here: its file, and the platform that is in its name. */
export const native = built();

function built() {
  const here = `icloud-photos.${process.platform}-${process.arch}`;
  const file = readdirSync(join(home, 'native')).find((name) => name.startsWith(here) && name.endsWith('.node'));
  assert.ok(file, 'the native half is built: npm run native');
  return { file, platform: file.split('.').at(-2) };
}

/** A folder for one file of tests. */
export function empty(name) {
  const folder = mkdtempSync(join(tmpdir(), `icloud-photos-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The package installed from the tarball that `npm pack` makes of a checkout, which carries the native half of this machine. */
export async function installed(name) {
  const folder = empty(name);
  await install(folder, await pack(home, ['.'], folder));
  return folder;
}

/**
 * All packages of a release: their files, and a folder where they are installed together, of which npm takes what is for this machine. They are made
 * here, unless ICLOUD_PACKAGES names the folder of those that are to be published.
 */
export async function released(name) {
  const folder = empty(name);
  const packages = process.env.ICLOUD_PACKAGES ? join(home, process.env.ICLOUD_PACKAGES) : await packed(empty(`${name}-stage`));
  const files = readdirSync(packages).map((file) => join(packages, file));
  // What is optional and not for this machine is passed over.
  await install(folder, ['--save-optional', ...files]);
  return { files, folder };
}

async function packed(stage) {
  for (const part of ['package.json', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'bin', 'dist', 'native/index.cjs', 'tools/apart.mjs']) {
    await cp(join(home, part), join(stage, part), { recursive: true });
  }
  await symlink(join(home, 'node_modules'), join(stage, 'node_modules'), 'junction');
  await writeFile(join(stage, 'LICENSE-THIRD-PARTY'), 'made where a release is');
  for (const platform of await platforms(stage)) await writeFile(join(stage, 'native', `icloud-photos.${platform}.node`), '');
  await npm(stage, 'run', 'packages');
  // napi copies each binary several times, and one that is built for tests is large: the real one takes its place here.
  await copyFile(join(home, 'native', native.file), join(stage, 'npm', native.platform, native.file));
  const packages = join(stage, 'packages');
  await mkdir(packages);
  await pack(stage, ['.', ...readdirSync(join(stage, 'npm')).map((platform) => `./npm/${platform}`)], packages);
  return packages;
}

/** What napi calls the platforms that the package is for. */
async function platforms(stage) {
  await npm(stage, 'exec', '--', 'napi', 'create-npm-dirs');
  return readdirSync(join(stage, 'npm'));
}

async function pack(from, what, to) {
  const { stdout } = await npm(from, 'pack', '--ignore-scripts', '--json', '--pack-destination', to, ...what);
  return Object.values(JSON.parse(stdout)).map(({ filename }) => join(to, filename));
}

/** From files alone: the registry is not asked. */
async function install(folder, wanted) {
  await writeFile(join(folder, 'package.json'), '{"name":"empty","private":true}');
  await npm(folder, 'install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted);
}

function npm(cwd, ...args) {
  return run('npm', args, { cwd, shell: process.platform === 'win32' });
}

/** Strict, with all declarations read, into `out/`. */
export async function compile(folder, ...sources) {
  const types = ['--typeRoots', join(home, 'node_modules', '@types'), '--types', 'node'];
  const strict = ['--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,esnext.disposable'];
  await tsc(folder, ...types, ...strict, '--rootDir', '.', '--outDir', 'out', ...sources);
}

export async function tsc(cwd, ...args) {
  const program = join(home, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [program, ...args], { cwd }).catch((error) => assert.fail(error.stdout || error.stderr));
}

/** What a program prints. It may take its time. */
export async function printed(folder, ...args) {
  return (await run(process.execPath, args, { cwd: folder, timeout: 120_000 })).stdout;
}

/** The programs of a page in Markdown: its fenced blocks, each with what it prints if that stands below it. */
export async function programs(page) {
  const whole = await readFile(page, 'utf8');
  const blocks = whole.matchAll(/^```(js|ts)\b([^\n]*)\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm);
  return Array.from(blocks, ({ 1: language, 2: marks, 3: text, 4: output, index }) => ({
    language,
    marks: marks.split(' ').filter(Boolean),
    text,
    output,
    line: whole.slice(0, index).split('\n').length,
  }));
}
