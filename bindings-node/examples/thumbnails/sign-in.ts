// A session: the one that is kept, or a new one.

import { createInterface } from 'node:readline/promises';

import { Client, ICloudError } from 'icloud-photos';
import type { Challenge, Login, Session } from 'icloud-photos';
import { FakeICloud } from 'icloud-photos/testing';

export async function fakeSession(): Promise<Session> {
  const fake = await FakeICloud.start({ profile: 'everyday', assets: 150 });
  process.once('exit', () => fake.close());
  return fake.signIn();
}

/** ICLOUD_SESSIONS is the folder that the session is kept in; ICLOUD_ENDPOINT names a fake that is served elsewhere. */
export async function signIn(): Promise<Session> {
  const { ICLOUD_SESSIONS: sessions = '~/.icloud-photos', ICLOUD_ENDPOINT: url } = process.env;
  const client = new Client({ sessions, ...(url === undefined ? {} : { endpoints: { auth: url, setup: url } }) });
  const account = given('ICLOUD_USERNAME');
  return (await client.restore(account)) ?? complete(await client.login(account, given('ICLOUD_PASSWORD')));
}

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; --fake needs none`);
  return value;
}

async function complete(login: Login): Promise<Session> {
  if (login.state === 'complete') return login.session;
  if (login.state !== 'code_required') throw login.error;
  const { challenge } = login;
  const [phone] = challenge.phones;
  if (challenge.hasDevices || phone === undefined) await challenge.requestPush();
  else await challenge.sendCode(phone);
  return answered(challenge);
}

async function answered(challenge: Challenge): Promise<Session> {
  const terminal = createInterface(process.stdin, process.stdout);
  try {
    for (;;) {
      try {
        return await challenge.submit(await terminal.question('Code: '));
      } catch (error) {
        if (!(error instanceof ICloudError) || error.kind !== 'code_rejected') throw error;
        console.log('Apple does not take this code.');
      }
    }
  } finally {
    terminal.close();
  }
}
