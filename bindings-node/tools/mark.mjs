// Says of the second half of the build that it is CommonJS: the package as a whole is not.
import { writeFileSync } from 'node:fs';

const folder = new URL('../dist/cjs/', import.meta.url);
writeFileSync(new URL('package.json', folder), JSON.stringify({ type: 'commonjs' }) + '\n');
