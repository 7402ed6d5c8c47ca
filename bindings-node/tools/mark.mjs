// Says of the second half of the build that it is CommonJS, for the package as a whole is not, and where the native half is from there.
import { writeFileSync } from 'node:fs';

const folder = new URL('../dist/cjs/', import.meta.url);
const about = { type: 'commonjs', imports: { '#native': './native.js' } };
writeFileSync(new URL('package.json', folder), JSON.stringify(about) + '\n');
writeFileSync(new URL('native.js', folder), "module.exports = require('../../native/index.cjs');\n");
