import { Catalogue, MemoryStorage, SyncEngine } from 'icloud-photos';
import { FakeICloud } from 'icloud-photos/testing';
const fake = await FakeICloud.start({ state: 'password-only', profile: process.argv[2], assets: +process.argv[3] });
const library = (await fake.signIn()).primaryLibrary;
const storage = new MemoryStorage();
for (const albums of [[], [library.all()]]) for (const catalogue of [undefined, Catalogue.memory()]) {
let calls = 0, fails = true;
const engine = new SyncEngine(library, storage, { catalogue, albums, filter: () => { calls++; if (fails) throw new Error('mine'); return true; } });
for (let i = 0; i < 6; i++) { console.log(albums.length, !!catalogue, i, calls, await engine.run().then((r) => [r.text, r.downloaded, r.skipped], (e) => e.message)); }
fails = false;
console.log((await engine.run()).text);
}
