/**
 * Where sessions are kept between runs.
 *
 * @module
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { SessionReply, SessionRequest } from '#native';

import { Things, asked, requireMethods } from './ask.js';
import { SavedSession } from './models.js';
import { flag, optionsOf, text } from './run.js';

/** What `SessionStore.tryLock` gives. */
export interface Claim {
  /** Gives the session free for others. */
  close(): unknown;
}

/**
 * Keeps one {@link SavedSession} for each account. What it holds is a secret: keep it where only its user can read it.
 *
 * Methods may be async. What they throw is the `cause` of the operation's error, whose kind is `storage`, or that of an `ICloudError`.
 */
export interface SessionStore {
  /** The saved session of an account; nothing if there is none, or if what is there is damaged. */
  load(account: string): SavedSession | null | undefined | Promise<SavedSession | null | undefined>;
  /** Replaces the saved session of an account, as a whole or not at all. */
  save(account: string, session: SavedSession): unknown;
  /** Forgets an account. Forgetting an unknown one is fine. */
  remove(account: string): unknown;
  /**
   * Tries to become the only one who changes this account's session, among all users of the store. It never waits for others.
   *
   * @returns The claim, which ends when its `close()` is called; nothing while somebody else has it.
   */
  tryLock(account: string): Claim | null | undefined | Promise<Claim | null | undefined>;
}

// Stores of the package that `require` loads are known to the one of `import`, and the other way round.
const BRAND = Symbol.for('icloud-photos.FileSessionStore');

/** A folder with a file for each account that only its user can read, replaced as a whole, locked while it changes. */
export class FileSessionStore {
  /** Where it is. */
  readonly folder: string;
  /** Whether sessions of the Python icloudpd in the same folder are taken over. */
  readonly besideIcloudpd: boolean;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    if (this !== FileSessionStore) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /**
   * @param folder Made as needed. `~` is your home.
   * @param options `besideIcloudpd`: take over sessions that the Python icloudpd left in the same folder, and leave it ours.
   */
  constructor(folder: string | URL, options: { readonly besideIcloudpd?: boolean | undefined } = {}) {
    this.folder = named(folder);
    this.besideIcloudpd = flag(optionsOf(options).besideIcloudpd ?? false, 'besideIcloudpd');
  }
}

/** Memory, for as long as somebody has it. Clients that are given the same one share what it holds. */
export class MemorySessionStore implements SessionStore {
  readonly #sessions = new Map<string, SavedSession>();
  readonly #locked = new Set<string>();

  load(account: string): SavedSession | undefined {
    return this.#sessions.get(account);
  }

  save(account: string, session: SavedSession): void {
    this.#sessions.set(account, session);
  }

  remove(account: string): void {
    this.#sessions.delete(account);
  }

  tryLock(account: string): Claim | undefined {
    if (this.#locked.has(account)) return undefined;
    this.#locked.add(account);
    let isOpen = true;
    return {
      close: () => {
        if (isOpen) this.#locked.delete(account);
        isOpen = false;
      },
    };
  }
}

/**
 * A file or folder that a person named; `~` is their home.
 *
 * @internal
 */
export function named(path: string | URL): string {
  if (path instanceof URL) return fileURLToPath(path);
  if (typeof path !== 'string') throw new TypeError('a path must be a string or a file URL');
  if (path === '') throw new TypeError("the path is empty; the folder that you are in is '.'");
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/**
 * A store as the native half asks it.
 *
 * @internal
 */
export function asking(store: SessionStore): (request: SessionRequest) => Promise<SessionReply> {
  requireMethods(store, ['load', 'save', 'remove', 'tryLock'], 'sessions must be a folder or a SessionStore');
  const claims = new Things<{ end(): unknown }>();
  return asked((request) => answer(store, claims, request));
}

async function answer(store: SessionStore, claims: Things<{ end(): unknown }>, request: SessionRequest): Promise<SessionReply> {
  const { account, thing = 0 } = request;
  switch (request.method) {
    case 'load': {
      const found = await store.load(account);
      return found == null ? {} : { session: text(found.json, 'the json of a session') };
    }
    case 'save':
      await store.save(account, new SavedSession(request.session ?? ''));
      return {};
    case 'remove':
      await store.remove(account);
      return {};
    case 'try_lock': {
      const claim = await claims.make(thing, async () => {
        const claim = await store.tryLock(account);
        return claim == null ? undefined : { end: () => claim.close() };
      });
      return { claimed: claim !== undefined };
    }
    default:
      await claims.end(thing);
      return {};
  }
}
