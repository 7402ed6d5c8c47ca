// One process begins to sign in, another one answers the challenge: for a server whose users type codes in a browser.

import { Client, SavedChallenge } from 'icloud-photos';

import { guest } from './guest.js';

const who = await guest();
const login = await new Client(who.options).login(who.name, who.password);
if (login.state === 'code_required') {
  await login.challenge.requestPush();
  // A secret: whoever has it and the code is signed in. Keep it as you keep passwords.
  const { json } = await login.challenge.toSaved();

  // The other process needs nothing of the above but `json`.
  const challenge = new Client(who.options).resume(new SavedChallenge(json));
  const session = await challenge.submit(await who.code());
  console.log(`signed in as ${session.account}`);
} else {
  console.log(`no code was needed: ${login.state}`);
}
