/**
 * A signed-in account.
 *
 * @module
 */

import { inspect } from 'node:util';

import type { Session as Native } from '#native';

import { Library } from './library.js';
import { isOurs, notOurs, run, text } from './run.js';
import type { Cancellable } from './run.js';
import { shown } from './shown.js';

/** A signed-in account. It repeats what failed for passing reasons and renews itself, once for all who use it. */
export class Session {
  readonly #native: Native;

  private constructor(native: Native) {
    this.#native = native;
  }

  /** @internal */
  static of(native: Native): Session {
    return new Session(native);
  }

  /** The Apple ID. */
  get account(): string {
    return this.#native.account;
  }

  /** The account's number at Apple. */
  get dsid(): string {
    return this.#native.dsid;
  }

  /** Until when no code is asked for, as far as is known. */
  get trustedUntil(): Date | null {
    return this.#native.trustedUntil;
  }

  /** The account's own library. Nothing is sent. */
  get primaryLibrary(): Library {
    return Library.of(this.#native.primaryLibrary());
  }

  /** All libraries: the account's own first, then those shared with it. One request for each of the account's two databases. */
  async libraries(options: Cancellable = {}): Promise<Library[]> {
    const libraries = await run((abort) => this.#native.libraries(abort), options);
    return libraries.map((library) => Library.of(library));
  }

  /**
   * The library of this name, such as `PrimarySync`.
   *
   * @throws {ICloudError} `not_found`: there is none.
   */
  async library(name: string, options: Cancellable = {}): Promise<Library> {
    const wanted = text(name, 'the name of a library');
    return Library.of(await run((abort) => this.#native.library(wanted, abort), options));
  }

  /**
   * Writes the session to the store, which happens by itself whenever it was renewed. Nothing is sent.
   *
   * @throws {ICloudError} `storage`: what the store threw is its `cause`.
   */
  async save(options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.save(abort), options);
  }

  /**
   * Renews the session now, by the cheapest way that works. It renews itself when it must, so this is seldom needed.
   *
   * @throws {ICloudError} `session_expired`, `code_required`: only a person can go on; sign in again.
   */
  async refresh(options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.refresh(abort), options);
  }

  /**
   * Has Apple forget its trust in this program, and removes the saved session. The next sign-in asks for a code.
   *
   * Others that use this session can do nothing more with it. Whatever Apple answers, the saved session is gone.
   */
  async signOut(options: Cancellable = {}): Promise<void> {
    await run((abort) => this.#native.signOut(abort), options);
  }

  /** @internal */
  static nativeOf(session: Session): Native {
    if (!isOurs(session) || !(#native in session)) throw notOurs('a session', 'Session');
    return session.#native;
  }

  [inspect.custom](): string {
    return shown('Session', this.account);
  }
}
