// A release carries each binary in the package of its platform alone. What is packed without this, in a checkout, carries the one that was built here.

import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('../native/', import.meta.url));
for (const name of readdirSync(native)) {
  if (name.endsWith('.node')) rmSync(native + name);
}
