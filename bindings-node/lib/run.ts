/**
 * How the native half is waited for, and ended.
 *
 * @module
 */

import { types } from 'node:util';

import native from '#native';
import type { Abort } from '#native';

import { raised } from './errors.js';

/** What every operation takes last. */
export interface Cancellable {
  /** Ends the operation and its connection; it rejects with the signal's reason then. */
  readonly signal?: AbortSignal | undefined;
}

/** What a download takes. */
export interface Watchable extends Cancellable {
  /**
   * Called with the number of bytes that came since the last call, negative when some were thrown away. What it throws ends the download,
   * which rejects with it.
   */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Runs an operation of the native half.
 *
 * @internal
 */
export async function run<T>(call: (abort?: Abort) => Promise<T>, options: Cancellable = {}): Promise<T> {
  const signal = required(optionsOf(options).signal);
  if (signal === undefined) {
    try {
      return await begun(call());
    } catch (error) {
      throw raised(error);
    }
  }
  signal.throwIfAborted();
  const abort = new native.Abort();
  const forget = onAbort(signal, () => abort.abort());
  try {
    return await begun(call(abort));
  } catch (error) {
    throw signal.aborted ? signal.reason : raised(error);
  } finally {
    forget();
  }
}

interface Waiting {
  readonly calls: Set<() => void>;
  readonly all: () => void;
}

// One listener serves all operations of a signal, for Node warns of a leak where there are many. It is taken off with the last: signals that
// are made of others live for as long as somebody listens.
const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Has something called when a signal says so.
 *
 * @internal
 * @returns What forgets about it.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const { calls, all } = waiting.get(signal) ?? listening(signal);
  calls.add(call);
  return () => {
    // Told twice, it must not take off those who came after it.
    if (!calls.delete(call) || calls.size > 0) return;
    signal.removeEventListener('abort', all);
    waiting.delete(signal);
  };
}

function listening(signal: AbortSignal): Waiting {
  const calls = new Set<() => void>();
  const all = (): void => {
    // Anybody can dispatch an event.
    if (signal.aborted) for (const call of [...calls]) call();
  };
  signal.addEventListener('abort', all);
  const made = { calls, all };
  waiting.set(signal, made);
  return made;
}

/**
 * What must be a signal, if it is there.
 *
 * @internal
 */
export function required(signal: AbortSignal | null | undefined): AbortSignal | undefined {
  if (signal != null && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal');
  return signal ?? undefined;
}

/**
 * Options of a call. Of a text or a number all would be taken to be left out.
 *
 * @internal
 */
export function optionsOf<T extends object>(given: T): T {
  if (given instanceof AbortSignal) throw new TypeError('options must be an object: { signal }, and not the signal itself');
  return objectOf(given, 'options', ', or left out');
}

/**
 * What must be an object with members.
 *
 * @internal
 */
export function objectOf<T extends object>(given: T, what: string, otherwise = ''): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new TypeError(`${what} must be an object${otherwise}`);
  return given;
}

/**
 * What must be text. The native half would refuse the rest too, but it cannot always say what it is, and would quote it: it may be a secret.
 *
 * @internal
 */
export function text<T extends string>(value: T, what: string): T {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string`);
  return value;
}

/**
 * What must be a number; whether it is a whole one is the native half's to say.
 *
 * @internal
 */
export function numeric(value: number, what: string): number {
  if (typeof value !== 'number') throw new TypeError(`${what} must be a number`);
  return value;
}

/**
 * What must be one of two.
 *
 * @internal
 */
export function flag(value: boolean, what: string): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${what} must be true or false`);
  return value;
}

/**
 * What must be bytes.
 *
 * @internal
 */
export function bytes(value: Uint8Array, what: string): Uint8Array {
  if (!types.isUint8Array(value)) throw new TypeError(`${what} must be a Uint8Array`);
  return value;
}

/**
 * What a call cannot begin with comes back from napi in place of the promise.
 *
 * @internal
 */
export function begun<T>(promise: Promise<T> | Error): Promise<T> {
  if (promise instanceof Error) throw promise;
  return promise;
}

/**
 * Closes something as soon as the signal says so, even between two steps. It holds nobody back from being collected.
 *
 * @internal
 * @returns What forgets about it.
 */
export function closing(what: { close(): void }, signal: AbortSignal | null | undefined): () => void {
  if (signal == null) return () => undefined;
  const weak = new WeakRef(what);
  return onAbort(signal, () => weak.deref()?.close());
}

/**
 * Something of the native half that is there at once.
 *
 * @internal
 */
export function now<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw raised(error);
  }
}

/**
 * An operation of one or several steps, with functions of the program's that are called on the way: never after the end, and what one of them
 * throws ends the operation, which rejects with it.
 *
 * @internal
 */
export class Watch {
  readonly #given: readonly AbortSignal[];
  readonly #running: Set<Watch> | undefined;
  readonly #ending = new AbortController();
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;

  /**
   * @param running Where it is found while a step runs, by functions that several operations call.
   * @param other A second signal that ends it.
   */
  constructor(signal?: AbortSignal | null, running?: Set<Watch>, other?: AbortSignal) {
    this.#given = [required(signal), required(other)].filter((one) => one !== undefined);
    this.#running = running;
  }

  /** A function as the native half may call it: it never throws, and gives `otherwise` where it is not called or fails. */
  guard<A, R>(call: (about: A) => R, otherwise: R): (about: A) => R {
    return (about) => {
      if (this.#isOver || this.#failure !== undefined) return otherwise;
      try {
        return call(about);
      } catch (error) {
        this.fail(error);
        return otherwise;
      }
    };
  }

  /** Ends whatever runs, which rejects with this. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#ending.abort(error);
  }

  /** Ends whatever runs now, and calls nothing more. */
  end(reason?: unknown): void {
    this.#isOver = true;
    this.#ending.abort(reason);
  }

  /** Runs one step. */
  async run<T>(call: (abort?: Abort) => Promise<T>): Promise<T> {
    for (const signal of this.#given) signal.throwIfAborted();
    const forget = this.#given.map((signal) => onAbort(signal, () => this.#ending.abort(signal.reason)));
    this.#running?.add(this);
    try {
      return await run(call, { signal: this.#ending.signal });
    } finally {
      this.#running?.delete(this);
      for (const one of forget) one();
      // Whatever the step came to, this is why.
      this.#throwFailure();
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** A function may give a promise, which nobody waits for: if it rejects, that ends the operation, or is nobody's once that has ended. */
  follow(answer: unknown): void {
    if (!isThenable(answer)) return;
    void Promise.resolve(answer).catch((error: unknown) => {
      if (this.#isOver) throw error;
      this.fail(error);
    });
  }

  /** Runs the only step. */
  async all<T>(call: (abort?: Abort) => Promise<T>): Promise<T> {
    try {
      return await this.run(call);
    } finally {
      this.#isOver = true;
    }
  }
}

/**
 * A function of the program's, if it gave one.
 *
 * @internal
 */
export function called<F>(given: F | null | undefined, what: string): F | undefined {
  if (given != null && typeof given !== 'function') throw new TypeError(`${what} must be a function`);
  return given ?? undefined;
}

/**
 * What must be a list. Array.from would take one album for no albums, which says something else, and a text for its letters.
 *
 * @internal
 */
export function listed<T>(items: Iterable<T>, what: string): T[] {
  if (typeof items === 'string' || typeof items?.[Symbol.iterator] !== 'function') throw new TypeError(`${what} must be a list`);
  return [...items];
}

/**
 * A list of texts.
 *
 * @internal
 */
export function texts<T extends string>(items: Iterable<T>, what: string): T[] {
  const found = listed(items, what);
  for (const item of found) text(item, `each of ${what}`);
  return found;
}

/**
 * Whether something can have private members at all.
 *
 * @internal
 */
export function isOurs(given: unknown): given is object {
  return (typeof given === 'object' && given !== null) || typeof given === 'function';
}

// The package may be loaded twice in one process, by import and by require, but its native half only once: what is noted there is known to both.
const HANDLES = Symbol.for('icloud-photos.handles');

/**
 * Notes what of the native half an object stands for, for the other copy of the package too.
 *
 * @internal
 */
export function hold(object: object, handle: object): void {
  const shared = native as { [HANDLES]?: WeakMap<object, object> };
  (shared[HANDLES] ??= new WeakMap()).set(object, handle);
}

/**
 * That handle, if it is of this class.
 *
 * @internal
 */
export function held<T extends object>(object: unknown, of: abstract new (...args: never) => T): T | undefined {
  const { [HANDLES]: handles } = native as { [HANDLES]?: WeakMap<object, object> };
  const handle = isOurs(object) ? handles?.get(object) : undefined;
  return handle instanceof of ? handle : undefined;
}

/**
 * What is said where an object of one of our classes belongs, and none stands.
 *
 * @internal
 */
export function notOurs(what: string, name: string): TypeError {
  const advice = 'import and require load the package twice, and their objects do not mix: load it in one of these ways alone';
  return new TypeError(`${what} must be of the class ${name} of this package; ${advice}`);
}

/**
 * Whether it is to be awaited.
 *
 * @internal
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isOurs(value) && 'then' in value && typeof value.then === 'function';
}

/**
 * What hears how many bytes came.
 *
 * @internal
 */
export function counting(watch: Watch, options: Watchable): ((bytes: number) => void) | undefined {
  const told = called(optionsOf(options).onProgress, 'onProgress');
  return told && watch.guard((bytes) => (bytes === 0 ? undefined : watch.follow(told(bytes))), undefined);
}
