// Streams the largest file of a library, and says how far memory rose above what the runtime had before: stream.mjs URL USERNAME PASSWORD [WAY]

import { Writable } from 'node:stream';

import { Client } from 'icloud-photos';

const [url, username, password, way = 'chunks'] = process.argv.slice(2);
const client = new Client({ endpoints: { auth: url, setup: url } });
const { session } = await client.login(username, password);
let largest;
for await (const asset of session.primaryLibrary.all()) {
  if ((asset.resource('original')?.size ?? 0) > (largest?.resource('original')?.size ?? -1)) largest = asset;
}
const before = process.memoryUsage.rss();
let [peak, bytes] = [before, 0];
const taken = (chunk) => {
  bytes += chunk.length;
  peak = Math.max(peak, process.memoryUsage.rss());
};
const download = largest.download();
if (way === 'saveTo') {
  await download.saveTo(new Writable({ write: (chunk, _encoding, done) => (taken(chunk), done()) }));
} else {
  for await (const chunk of way === 'chunks' ? download.chunks() : download[way]()) taken(chunk);
}
const { user, system } = process.cpuUsage();
console.log(`${way}: ${bytes} bytes, ${((user + system) / 1e6).toFixed(2)} s of CPU, ${((peak - before) / 2 ** 20).toFixed(0)} MiB above ${(before / 2 ** 20).toFixed(0)}`);
