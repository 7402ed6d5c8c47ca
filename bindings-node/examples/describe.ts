// Copies what was taken in the last ten years with what other programs want to know: a date inside of each JPEG that has none, and an XMP file beside
// each photo. A second run writes nothing.

import { Catalogue, LocalStorage, SyncEngine } from 'icloud-photos';
import type { RunEvent } from 'icloud-photos';

import { folder, signIn } from './guest.js';

function tell(event: RunEvent): void {
  if (event.kind === 'dating' && event.problem === null) console.log(`${event.created} now stands in ${event.path}`);
  else if (event.kind === 'described') console.log(`wrote ${event.path}`);
  else if (event.kind === 'failed') console.error('failed:', event.error.message);
}

const session = await signIn();
const engine = new SyncEngine(session.primaryLibrary, await LocalStorage.open(folder()), {
  catalogue: Catalogue.memory(),
  skipCreatedBefore: { daysAgo: 3650 },
  writeDates: ['jpeg'],
  sidecars: true,
});
console.log('first run: ', (await engine.run({ onEvent: tell })).text);
const again = await engine.run({ onEvent: tell });
console.log(`second run: ${again.text}, ${again.sidecars} sidecars`);
