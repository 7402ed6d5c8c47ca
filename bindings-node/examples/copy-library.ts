// Copies a library into a folder, shows what happens, then runs again: nothing is left to do.

import { LocalStorage, SyncEngine } from 'icloud-photos';
import type { RunEvent } from 'icloud-photos';

import { folder, signIn } from './guest.js';

function tell(event: RunEvent): void {
  if (event.kind === 'downloaded') console.log(`${event.bytes}`.padStart(9), event.path);
  else if (event.kind === 'failed') console.error('failed:', event.error.message);
}

const session = await signIn();
const engine = new SyncEngine(session.primaryLibrary, await LocalStorage.open(folder()));
console.log('first run: ', (await engine.run({ onEvent: tell })).text);
console.log('second run:', (await engine.run()).text);
