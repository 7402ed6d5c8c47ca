/**
 * How the native half asks objects of the program's, such as a storage or a store of sessions.
 *
 * @module
 */

import type { ThrownValue } from '#native';

import { ICloudError } from './errors.js';
import type { ErrorKind } from './models.js';
import { keep } from './thrown.js';

/**
 * The one function by which it asks: it neither throws nor rejects.
 *
 * @internal
 */
export function asked<Q, A>(answer: (request: Q) => Promise<A>): (request: Q) => Promise<A | { failure: ThrownValue }> {
  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      return { failure: { number: keep(error), ...told(error) } };
    }
  };
}

/**
 * That an object has the methods that it is asked for.
 *
 * @internal
 */
export function requireMethods(object: object, methods: readonly string[], otherwise: string): void {
  for (const method of methods) {
    const found: unknown = Reflect.get(Object(object), method);
    if (typeof found !== 'function') throw new TypeError(`${otherwise}, and this has no method ${method}()`);
  }
}

/**
 * What methods made, by the numbers that the native half knows it by until it needs it no more. Each takes one call at a time, for whoever gave
 * up waiting for a call did not end it.
 *
 * @internal
 */
export class Things<T extends { end(): unknown }> {
  readonly #things = new Map<number, Kept<T>>();

  /** Keeps what a method makes, unless it makes nothing. */
  async make(number: number, method: () => Promise<T | undefined>): Promise<T | undefined> {
    const kept: Kept<T> = { thing: undefined, turn: Promise.resolve() };
    this.#things.set(number, kept);
    return inTurn(kept, async () => (kept.thing = await method()));
  }

  async use<A>(number: number, call: (thing: T) => Promise<A>): Promise<A> {
    const kept = this.#things.get(number);
    if (kept === undefined) throw new ICloudError('unexpected', 'this was let go of already; please report it');
    return inTurn(kept, async () => {
      if (kept.thing === undefined) throw new ICloudError('unexpected', 'this was never made; please report it');
      return call(kept.thing);
    });
  }

  async end(number: number): Promise<void> {
    const kept = this.#things.get(number);
    this.#things.delete(number);
    if (kept !== undefined) await inTurn(kept, async () => kept.thing?.end());
  }
}

interface Kept<T> {
  thing: T | undefined;
  turn: Promise<unknown>;
}

async function inTurn<A>(kept: Kept<unknown>, call: () => Promise<A>): Promise<A> {
  const done = kept.turn.then(call);
  kept.turn = done.catch(() => undefined);
  return done;
}

// What Node and others call what has a kind of its own here.
const KINDS: Readonly<Record<string, ErrorKind>> = {
  ENOENT: 'not_found',
  EEXIST: 'already_exists',
  EACCES: 'permission_denied',
  EPERM: 'permission_denied',
  ENOSPC: 'storage_full',
  EDQUOT: 'storage_full',
};

/** What the native half is told of something that was thrown, whatever it is. */
function told(error: unknown): { message: string; kind?: string } {
  try {
    const kind = kindOf(error);
    return { message: messageOf(error), ...(kind === undefined ? {} : { kind }) };
  } catch {
    return { message: 'something was thrown that cannot be described' };
  }
}

function kindOf(error: unknown): ErrorKind | undefined {
  if (error instanceof ICloudError) return error.kind;
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && Object.hasOwn(KINDS, code) ? KINDS[code] : undefined;
}

function messageOf(error: unknown): string {
  const message = error instanceof ICloudError ? error.text : error instanceof Error ? error.message : error;
  return String(message) || 'an error without a message was thrown';
}
