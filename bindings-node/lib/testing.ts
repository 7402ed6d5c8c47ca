/**
 * A fake iCloud on your own machine, for tests of what you write. Nothing of it is sent anywhere.
 *
 * @module
 */

import native from '#native';
import type { Fake } from '#native';

import { Client, given } from './client.js';
import { ICloudError } from './errors.js';
import type { Endpoints } from './models.js';
import { optionsOf, run, text } from './run.js';
import type { Cancellable } from './run.js';
import type { Session } from './session.js';
import { givenStorage } from './storage.js';
import type { Storage } from './storage.js';

/** What the fake can be told. */
export interface FakeOptions {
  /** How many assets the library holds. Default 25. */
  readonly assets?: number | undefined;
  /**
   * `plain`, the default: JPEGs of one size, without albums. `everyday`: every kind of asset and album that a healthy library has. `wild`: damaged
   * records, unknown types and stale checksums among them.
   */
  readonly profile?: 'plain' | 'everyday' | 'wild' | undefined;
  /** Bytes of every photo of a plain library. Default 100,000. */
  readonly fileSize?: number | undefined;
  /** Bytes of one more photo of a plain library. */
  readonly bigFile?: number | undefined;
  /** What the library, tokens and codes follow from. Default 1. */
  readonly seed?: number | undefined;
  /** What state the account is in: `two-factor`, the default, `password-only`, `locked`, `terms`, `adp`, ... */
  readonly state?: string | undefined;
  /** The Apple ID. */
  readonly username?: string | undefined;
  /** Its password. */
  readonly password?: string | undefined;
  /** The code of every push and message; random ones without it. */
  readonly code?: string | undefined;
  /** More about the account, by its members' names. */
  readonly account?: Readonly<Record<string, unknown>> | undefined;
  /** What goes wrong: a script of faults. */
  readonly faults?: unknown;
  /** The assets one by one, in place of `assets` and `profile`. */
  readonly library?: ReadonlyArray<Readonly<Record<string, unknown>>> | undefined;
}

// Its clients know only where it is: without this, one that nobody else holds on to would be collected while they talk to it.
const open = new Set<FakeICloud>();

/** Speaks Apple's protocol on a port of loopback, until it is closed. It keeps no process alive. */
export class FakeICloud {
  readonly #native: Fake;

  private constructor(fake: Fake) {
    this.#native = fake;
  }

  /**
   * Starts one.
   *
   * @throws {ICloudError} `config`: there is no such profile, state, member or fault.
   */
  static async start(options: FakeOptions = {}): Promise<FakeICloud> {
    const { account, faults, library, ...rest } = optionsOf(options);
    const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));
    const defaults = { assets: 25, profile: 'plain', fileSize: 100_000, seed: 1, state: 'two-factor' };
    const told = { ...defaults, ...given({ ...rest, account: json(account), faults: json(faults), library: json(library) }) };
    const fake = new FakeICloud(await run(() => native.Fake.start(told)));
    open.add(fake);
    return fake;
  }

  /** Where it listens. */
  get url(): string {
    return this.#native.url;
  }

  /** What a client is given to talk to it. */
  get endpoints(): Endpoints {
    return { auth: this.url, setup: this.url };
  }

  /** The Apple ID of its account. */
  get username(): string {
    return this.#native.username;
  }

  /** The password of its account. */
  get password(): string {
    return this.#native.password;
  }

  /**
   * The code that the account's devices show now.
   *
   * @throws {ICloudError} `not_found`: they show none; nobody has asked for one.
   */
  code(): string {
    const shown = this.#native.codes().findLast(([username]) => username === this.username);
    if (shown?.[1] === undefined) {
      throw new ICloudError('not_found', 'no code is shown; ask for one by requestPush() or sendCode()');
    }
    return shown[1];
  }

  /** A session of its account. */
  async signIn(client: Client = new Client({ endpoints: this.endpoints })): Promise<Session> {
    const login = await client.login(this.username, this.password);
    if (login.state === 'complete') return login.session;
    if (login.state !== 'code_required') throw login.error;
    await login.challenge.requestPush();
    return login.challenge.submit(this.code());
  }

  /** What a switch of the fake says, such as `counters` or `truth`. */
  async get(name: string): Promise<unknown> {
    return this.#ask(name, { method: 'GET' });
  }

  /** Moves a switch of the fake: `expire?what=sessions`, `faults`, `mutate`, ... */
  async post(name: string, body?: unknown): Promise<unknown> {
    return this.#ask(name, { method: 'POST', ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }

  async #ask(name: string, request: RequestInit): Promise<unknown> {
    const answer = await fetch(`${this.url}/fake/${name}`, { ...request, headers: { connection: 'close' } });
    const text = await answer.text();
    if (!answer.ok) throw new ICloudError('config', `the fake answered ${answer.status}: ${text}`);
    return text.trim() === '' ? null : JSON.parse(text);
  }

  /** Ends it. */
  close(): void {
    open.delete(this);
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What every storage promises, by names that say it: one test each for a storage of your own. */
export function storagePromises(): string[] {
  return native.storagePromises();
}

/**
 * Keeps a storage to one of its promises. What it says that it cannot do (`Storage.capabilities`) is not asked of it.
 *
 * @param storage An empty one.
 * @param promise One of {@link storagePromises}.
 * @throws {ICloudError} `storage`: it is broken, and how.
 *
 * @example
 * ```js
 * for (const promise of storagePromises()) test(promise, () => checkStorage(new MyStorage(), promise));
 * ```
 */
export async function checkStorage(storage: Storage, promise: string, options: Cancellable = {}): Promise<void> {
  await run((abort) => native.checkStorage(givenStorage(storage), text(promise, 'the promise'), abort), options);
}
