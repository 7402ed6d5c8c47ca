// Lists libraries, albums with their counts, and the newest photos.

import { signIn } from './guest.js';

const session = await signIn();
for (const library of await session.libraries()) console.log(`library ${library.name} (${library.kind})`);
const library = session.primaryLibrary;
const albums = [...(await library.albums())];
const counts = await library.counts(albums);
albums.forEach((album, at) => console.log(`album   ${album.path.join('/')} (${counts[at] ?? 0})`));
for await (const asset of library.all().assets({ limit: 10 })) {
  console.log(`asset   ${asset.filename} ${asset.created?.toISOString()} ${asset.resource('original')?.size ?? 0} bytes`);
}
