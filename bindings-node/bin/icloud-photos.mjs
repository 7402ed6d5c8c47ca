#!/usr/bin/env node
// `npx icloud-photos`, `icloudpd` and `icloud`: the same code as the binaries. It has manners of its own with signals and with the terminal.

import { createRequire } from 'node:module';
import { basename } from 'node:path';

const native = createRequire(import.meta.url)('../native/index.cjs');
const name = basename(process.argv[1] ?? '').replace(/\.(m?js|cmd|exe)$/, '');
// Nothing of Node's is left to be done, and what Rust's threads still hold goes with the process.
process.reallyExit(native.command(name === 'icloud' ? 'icloud' : 'icloudpd', process.argv.slice(2)));
