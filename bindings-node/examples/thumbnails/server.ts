// Thumbnails of an album in a page, for the browser of this machine.
//
//   npm pkg set type=module && npm install icloud-photos express && npm install --save-dev typescript @types/express && npx tsc
//   node build/server.js --fake           a fake iCloud that comes along
//   node build/server.js                  yours: ICLOUD_USERNAME, and ICLOUD_PASSWORD until a session is kept
//
// PORT is where it listens; a free port without it. In a checkout `npx tsc -p examples/thumbnails` is all that comes before.

import type { AddressInfo } from 'node:net';

import { application } from './app.js';
import { fakeSession, signIn } from './sign-in.js';

const session = process.argv.includes('--fake') ? await fakeSession() : await signIn();
const server = application(session.primaryLibrary).listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', (error) => {
  if (error !== undefined) throw error;
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
