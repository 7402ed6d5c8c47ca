// An account to try things with: that of ICLOUD_USERNAME and ICLOUD_PASSWORD, whose session is kept in `.icloud-session`, or one of a fake iCloud in this
// process. With ICLOUD_ENDPOINT too: on a fake that is served there.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';

import { Client } from 'icloud-photos';
import type { ClientOptions, Session } from 'icloud-photos';
import { FakeICloud } from 'icloud-photos/testing';

/** Who signs in, and how. */
export interface Guest {
  readonly options: ClientOptions;
  readonly name: string;
  readonly password: string;
  /** What the devices of the account show. */
  code(): Promise<string>;
}

export async function guest(): Promise<Guest> {
  const { ICLOUD_USERNAME: name, ICLOUD_PASSWORD: password, ICLOUD_ENDPOINT: url } = process.env;
  if (name !== undefined && password !== undefined) {
    const options = url === undefined ? { sessions: '.icloud-session' } : { endpoints: { auth: url, setup: url } };
    return { options, name, password, code: typed };
  }
  const fake = await FakeICloud.start({ profile: 'everyday', assets: 60 });
  return { options: { endpoints: fake.endpoints }, name: fake.username, password: fake.password, code: async () => fake.code() };
}

/** A session of the guest: the one that was kept, or a new one. */
export async function signIn(): Promise<Session> {
  const { options, name, password, code } = await guest();
  const client = new Client(options);
  const kept = await client.restore(name);
  if (kept !== null) return kept;
  const login = await client.login(name, password);
  if (login.state === 'complete') return login.session;
  if (login.state !== 'code_required') throw login.error;
  await login.challenge.requestPush();
  return login.challenge.submit(await code());
}

/** The folder that the command line names, or one for as long as the program runs. */
export function folder(): string {
  const [, , named] = process.argv;
  if (named !== undefined) return named;
  const made = mkdtempSync(join(tmpdir(), 'icloud-photos-example-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function typed(): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question('Code: ')).trim();
  } finally {
    terminal.close();
  }
}
