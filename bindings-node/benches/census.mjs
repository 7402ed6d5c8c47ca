// Reads the whole library, and says what it holds. ICLOUD_USERNAME, ICLOUD_PASSWORD and ICLOUD_ENDPOINT name a fake that is served elsewhere; the
// account must be one that needs no code.
import { Client } from 'icloud-photos';
import { FakeICloud } from 'icloud-photos/testing';
const { ICLOUD_USERNAME: username, ICLOUD_PASSWORD: password, ICLOUD_ENDPOINT: url } = process.env;
async function signIn() {
    if (username === undefined || password === undefined)
        return (await FakeICloud.start({ profile: 'everyday', assets: 60 })).signIn();
    const client = new Client(url === undefined ? {} : { endpoints: { auth: url, setup: url } });
    const login = await client.login(username, password);
    if (login.state !== 'complete')
        throw new Error(`this account needs more: ${login.state}`);
    return login.session;
}
const kinds = new Map();
let [bytes, problems] = [0, 0];
const assets = (await signIn()).primaryLibrary.all().assets({ onError: () => (problems += 1) });
for await (const asset of assets) {
    kinds.set(asset.kind, (kinds.get(asset.kind) ?? 0) + 1);
    bytes += asset.resource('original')?.size ?? 0;
}
for (const [kind, count] of [...kinds].sort())
    console.log(`${kind}: ${count}`);
console.log(`${bytes} bytes of originals, ${problems} assets that cannot be read: ${assets.outcome.text}`);
