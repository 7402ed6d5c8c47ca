// Copies a library straight to S3: nothing touches a disk here, every byte is proven on its way, and a second run puts nothing.
//
// PHOTOS_URL names a bucket (`s3://bucket/folder?region=eu-central-1`), whose keys come from where Amazon's own tools have them, or any other address
// that UrlStorage takes. Without it memory stands for the bucket.

import { Catalogue, MemoryStorage, SyncEngine, UrlStorage } from 'icloud-photos';

import { signIn } from './guest.js';

const address = process.env.PHOTOS_URL;
const storage = address === undefined ? new MemoryStorage() : await UrlStorage.open(address);
const session = await signIn();
// A program that runs again keeps its catalogue: `Catalogue.open` finds the one of a storage.
const engine = new SyncEngine(session.primaryLibrary, storage, { catalogue: Catalogue.memory() });
console.log('first run: ', (await engine.run()).text);
console.log('second run:', (await engine.run()).text);
let shown = 0;
for await (const file of storage.list('')) {
  console.log(`${file.path}: ${file.size} bytes`);
  shown += 1;
  if (shown === 3) break;
}
