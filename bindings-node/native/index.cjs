// Loads the native half: the one that was built in this folder, else the package of this platform, which npm chose by `optionalDependencies`.

'use strict';

const { platform, arch } = process;
const name = [platform, arch, ...variant()].join('-');

// Written out, for bundlers and those who gather a program's files to find them.
const PACKAGES = {
  'linux-x64-gnu': () => require('icloud-photos-linux-x64-gnu'),
  'linux-x64-musl': () => require('icloud-photos-linux-x64-musl'),
  'linux-arm64-gnu': () => require('icloud-photos-linux-arm64-gnu'),
  'linux-arm64-musl': () => require('icloud-photos-linux-arm64-musl'),
  'darwin-x64': () => require('icloud-photos-darwin-x64'),
  'darwin-arm64': () => require('icloud-photos-darwin-arm64'),
  'win32-x64-msvc': () => require('icloud-photos-win32-x64-msvc'),
  'win32-arm64-msvc': () => require('icloud-photos-win32-arm64-msvc'),
};

module.exports = load();

function load() {
  try {
    return found(() => require(`./icloud-photos.${name}.node`)) ?? found(PACKAGES[name] ?? (() => undefined)) ?? missing();
  } catch (cause) {
    throw new Error(`icloud-photos: the native half for ${name} cannot be loaded: ${cause.message}`, { cause });
  }
}

/** What is there, be it broken; nothing if it is not there. */
function found(load) {
  try {
    return load();
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function missing() {
  if (!(name in PACKAGES)) throw new Error(`there is none; there are ${Object.keys(PACKAGES).join(', ')}`);
  throw new Error(
    `the package icloud-photos-${name} is not installed. npm leaves it out with --omit=optional, or when node_modules or the lock file ` +
      'came from another platform: remove both, and run npm install here. In a checkout: npm run build',
  );
}

/** Windows and Linux have several C libraries, of which a program can have one. */
function variant() {
  if (platform === 'win32') return ['msvc'];
  if (platform !== 'linux') return [];
  // Who speaks to whom is of no interest, and looking it up takes long.
  process.report.excludeNetwork = true;
  return [process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'];
}
