// One copy, and two trees over it that people browse: by album and by year. Each photo is fetched once and stored once; in the trees stand links to it.

import { join } from 'node:path';

import { Catalogue, LocalStorage, SyncEngine } from 'icloud-photos';

import { folder, signIn } from './guest.js';

const [session, place] = [await signIn(), folder()];
const engine = new SyncEngine(session.primaryLibrary, await LocalStorage.open(join(place, 'photos')), {
  catalogue: await Catalogue.sqlite(join(place, 'catalogue.sqlite')),
  views: [
    { name: 'albums', template: '{album_path}' },
    { name: 'years', template: '{:%Y}' },
  ],
});
const report = await engine.run({
  onEvent: (event) => {
    if (event.kind === 'view_done') console.log(`${event.view}: ${event.entries} entries`);
    else if (event.kind === 'view_left') console.log(`${event.path} stays: ${event.why}`);
  },
});
console.log(report.text);
// Albums are listed once; from now on the history tells who comes and goes.
const again = await engine.run();
console.log(`again: ${again.viewsLaid} laid, ${again.viewsRemoved} removed`);
