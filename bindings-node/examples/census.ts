// Reads the whole library, and says what it holds.

import { signIn } from './guest.js';

const kinds = new Map<string, number>();
let [bytes, problems] = [0, 0];
const session = await signIn();
const assets = session.primaryLibrary.all().assets({ onError: () => (problems += 1) });
for await (const asset of assets) {
  kinds.set(asset.kind, (kinds.get(asset.kind) ?? 0) + 1);
  bytes += asset.resource('original')?.size ?? 0;
}
for (const [kind, count] of [...kinds].sort()) console.log(`${kind}: ${count}`);
console.log(`${bytes} bytes of originals, ${problems} assets that cannot be read: ${assets.outcome.text}`);
