// The beginning: signs in to a fake iCloud that comes along, and saves five photos. Every byte is proven.

import { Client } from 'icloud-photos';
import { FakeICloud } from 'icloud-photos/testing';

const fake = await FakeICloud.start({ assets: 25 });
const client = new Client({ endpoints: fake.endpoints });
const login = await client.login(fake.username, fake.password);
if (login.state !== 'code_required') throw new Error(`a code was expected, not ${login.state}`);
await login.challenge.requestPush(); // it appears on your devices
const session = await login.challenge.submit(fake.code()); // yours: what the person types
for await (const asset of session.primaryLibrary.all().assets({ limit: 5 })) {
  const saved = await asset.download('original').save('photos', `${asset.id}.jpg`);
  console.log(asset.filename, asset.created, saved.proof);
}
fake.close();
