/**
 * Signing in.
 *
 * @module
 */

import native from '#native';
import type { Client as Native, ClientOptions as Told } from '#native';

import { errorOf } from './errors.js';
import type { ICloudError } from './errors.js';
import { Challenge, loginOf } from './login.js';
import type { Login } from './login.js';
import { SavedChallenge } from './models.js';
import type { Door, Endpoints, Probe, Region, RetryPolicy } from './models.js';
import { now, objectOf, optionsOf, run, text } from './run.js';
import type { Cancellable } from './run.js';
import { Session } from './session.js';
import { FileSessionStore, asking, named } from './sessions.js';
import type { SessionStore } from './sessions.js';

/** What a {@link Client} can be told. */
export interface ClientOptions {
  /** Where the accounts are. Default `world`. */
  readonly region?: Region | undefined;
  /**
   * Where sessions are kept: a folder, made as needed, with files that only you can read (`~` is your home); a {@link SessionStore}. Without
   * it, in memory for as long as the client lives.
   */
  readonly sessions?: string | URL | FileSessionStore | SessionStore | undefined;
  /** Where Apple's services are, for tests and the fake. */
  readonly endpoints?: Endpoints | undefined;
  /** How this client calls itself at Apple; one is made up and kept otherwise. */
  readonly clientId?: string | undefined;
  /** How often a request is tried, and with what pauses. */
  readonly retries?: RetryPolicy | undefined;
  /** Milliseconds of silence that are borne until an answer begins. */
  readonly headerTimeoutMs?: number | undefined;
  /** Milliseconds of silence that are borne within an answer. */
  readonly stallTimeoutMs?: number | undefined;
}

/** Where sign-ins begin. One may serve many accounts at once; it need not be closed, and keeps no process alive. */
export class Client {
  readonly #native: Native;

  /**
   * @throws {ICloudError} `config`: an endpoint is no URL, or plain `http` to somewhere else than loopback. `network`: TLS cannot be set up.
   */
  constructor(options: ClientOptions = {}) {
    const { sessions } = optionsOf(options);
    const isFolder = typeof sessions === 'string' || sessions instanceof URL || sessions instanceof FileSessionStore;
    const store = sessions == null || isFolder ? undefined : asking(sessions);
    this.#native = now(() => new native.Client(told(options), store));
  }

  /**
   * Proves a password to Apple. Apple is not asked to show a code anywhere: see `Challenge.requestPush`.
   *
   * @param account The Apple ID.
   * @param password Its password, which never leaves this computer as it is: only a proof of it does (SRP).
   * @returns A session, or what is missing: a code, or something that the account's owner must do.
   * @throws {ICloudError} `bad_credentials`: the password is wrong. `account_locked`: Apple has locked the account. `too_many_attempts`: the budget
   *   of sign-ins is used up, so that Apple does not lock the account.
   */
  async login(account: string, password: string, options: Cancellable = {}): Promise<Login> {
    const [whose, secret] = [text(account, 'the account'), text(password, 'the password')];
    return loginOf(await run((abort) => this.#native.login(whose, secret, abort), options));
  }

  /**
   * Takes up a saved session: no password, no code, no question to anybody. One request asks Apple whether it still takes the session; a second
   * one renews it if not.
   *
   * @returns The session; null if none is kept, or if Apple takes it no more: then `login`.
   * @throws {ICloudError} `storage`: what the store threw is its `cause`. `account_locked`, `terms_required`, ...: what keeps the account from
   *   being used.
   */
  async restore(account: string, options: Cancellable = {}): Promise<Session | null> {
    const whose = text(account, 'the account');
    const session = await run((abort) => this.#native.restore(whose, abort), options);
    return session && Session.of(session);
  }

  /** Why a sign-in would be refused here without asking Apple, if it would: a locked account, a budget that is used up. Nothing is sent. */
  async cooldown(account: string, options: Cancellable = {}): Promise<ICloudError | null> {
    const whose = text(account, 'the account');
    const reason = await run((abort) => this.#native.cooldown(whose, abort), options);
    return reason && errorOf(reason.failure);
  }

  /**
   * Takes up a challenge that `Challenge.toSaved` gave, in this process or another. Nothing is sent.
   *
   * @throws {ICloudError} `config`: it is none.
   */
  resume(challenge: SavedChallenge): Challenge {
    const json = text(challenge?.json, 'the json of a challenge');
    return Challenge.of(now(() => this.#native.resume(json)));
  }

  /**
   * Asks one of Apple's services for nothing, to see whether it can be reached. One request; any status is an answer.
   *
   * @throws {ICloudError} `network`: no answer came. `timeout`: none came in time.
   */
  async probe(door: Door, options: Cancellable = {}): Promise<Probe> {
    const asked = text(door, 'the door');
    return run((abort) => this.#native.probe(asked, abort), options);
  }
}

function told(options: ClientOptions): Told {
  const { region = 'world', sessions, retries } = options;
  const endpoints = objectOf(options.endpoints ?? {}, 'endpoints');
  const folder = sessions instanceof FileSessionStore ? sessions.folder : sessions;
  return given({
    region,
    besideIcloudpd: sessions instanceof FileSessionStore && sessions.besideIcloudpd,
    authEndpoint: endpoints.auth,
    setupEndpoint: endpoints.setup,
    folder: typeof folder === 'string' || folder instanceof URL ? named(folder) : undefined,
    clientId: options.clientId,
    retries: retries && given({ ...objectOf(retries, 'retries') }),
    headerTimeoutMs: options.headerTimeoutMs,
    stallTimeoutMs: options.stallTimeoutMs,
  });
}

type Given<T> = { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> } & {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
};

/**
 * The members that are there.
 *
 * @internal
 */
export function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value != null)) as Given<T>;
}
