// A release carries each binary in the package of its platform alone, and the licences in all. What is packed without this, in a checkout, carries
// the binary that was built here.

import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('../', import.meta.url));
const licences = readdirSync(home).filter((name) => name.startsWith('LICENSE-'));
for (const platform of readdirSync(`${home}npm`)) {
  const folder = `${home}npm/${platform}/`;
  for (const name of licences) copyFileSync(home + name, folder + name);
  const about = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'));
  writeFileSync(`${folder}package.json`, JSON.stringify({ ...about, files: [...about.files, ...licences] }, null, 2) + '\n');
}
for (const name of readdirSync(`${home}native`)) {
  if (name.endsWith('.node')) rmSync(`${home}native/${name}`);
}
