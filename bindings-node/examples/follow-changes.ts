// Keeps a copy with a catalogue: the second run sends one question, and a lost catalogue is made anew from the files.

import { join } from 'node:path';

import { Catalogue, LocalStorage, SyncEngine, verify } from 'icloud-photos';

import { folder, signIn } from './guest.js';

const [session, place] = [await signIn(), folder()];
const [library, storage] = [session.primaryLibrary, await LocalStorage.open(join(place, 'photos'))];

const catalogue = await Catalogue.open(storage, join(place, 'data'));
const engine = new SyncEngine(library, storage, { catalogue });
console.log('first run: ', (await engine.run()).text);
console.log('second run:', (await engine.run()).text);
console.log('verified:  ', (await verify(storage, catalogue)).text);

const fresh = new SyncEngine(library, storage, { catalogue: await Catalogue.open(storage, join(place, 'other-data')) });
const adopted = await fresh.adopt({
  onEvent: (event) => {
    if (event.kind === 'damaged') console.log('damaged:', event.path);
  },
});
console.log('adopted:   ', adopted.text);
console.log('third run: ', (await fresh.run()).text);
