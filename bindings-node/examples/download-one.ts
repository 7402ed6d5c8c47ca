// Fetches the newest photo into memory, into a folder and into an open file, and says what is known of its bytes.

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

import { LocalStorage } from 'icloud-photos';

import { folder, signIn } from './guest.js';

const [session, place] = [await signIn(), folder()];
const { value: asset } = await session.primaryLibrary.all().assets({ limit: 1 }).next();
if (asset === undefined) throw new Error('the library is empty');
const download = asset.download('original');

const { bytes, proof } = await download.readWithProof();
console.log(`${bytes.length} bytes in memory,`, proof);

const saved = await download.save(await LocalStorage.open(place), 'newest', { replace: true });
console.log(`${saved.size} bytes on disk as ${saved.path},`, saved.proof);

const file = createWriteStream(join(place, 'once-more'));
console.log('written to an open file,', await download.saveTo(file));
file.end();
