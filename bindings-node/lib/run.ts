/**
 * How the native half is waited for, and ended.
 *
 * @module
 */

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
export async function run<T>(call: (abort?: Abort) => Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal == null) {
    try {
      return await begun(call());
    } catch (error) {
      throw raised(error);
    }
  }
  signal.throwIfAborted();
  const abort = new native.Abort();
  const stop = (): void => abort.abort();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await begun(call(abort));
  } catch (error) {
    throw signal.aborted ? signal.reason : raised(error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * What must be text. The native half would refuse the rest too, but it would quote it, and it may be a secret.
 *
 * @internal
 */
export function text(value: string, what: string): string {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string`);
  return value;
}

/** What a call cannot begin with comes back from napi in place of the promise. */
function begun<T>(promise: Promise<T> | Error): Promise<T> {
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
  const close = (): void => weak.deref()?.close();
  signal.addEventListener('abort', close, { once: true });
  return () => signal.removeEventListener('abort', close);
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
 * An operation of several steps, with a function of the program's that is told something on the way: never after the end, and what it
 * throws ends the operation.
 *
 * @internal
 */
export class Watch {
  readonly #told: ((bytes: number) => void) | undefined;
  readonly #given: AbortSignal | undefined;
  readonly #ending = new AbortController();
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;

  constructor({ onProgress, signal }: Watchable) {
    if (onProgress != null && typeof onProgress !== 'function') throw new TypeError('onProgress must be a function');
    this.#told = onProgress ?? undefined;
    this.#given = signal ?? undefined;
  }

  /** What the native half calls; undefined if there is nobody to tell. It never throws. */
  get tell(): ((bytes: number) => void) | undefined {
    if (this.#told === undefined) return undefined;
    return (bytes) => {
      if (this.#isOver || this.#failure !== undefined || bytes === 0) return;
      try {
        this.#told?.(bytes);
      } catch (error) {
        this.#failure = { error };
        this.#ending.abort(error);
      }
    };
  }

  /** Ends whatever runs now, and tells no more. */
  end(reason?: unknown): void {
    this.#isOver = true;
    this.#ending.abort(reason);
  }

  /** Runs one step. */
  async run<T>(call: (abort?: Abort) => Promise<T>): Promise<T> {
    this.#given?.throwIfAborted();
    const stop = (): void => this.#ending.abort(this.#given?.reason);
    this.#given?.addEventListener('abort', stop, { once: true });
    try {
      const outcome = await run(call, this.#ending.signal);
      if (this.#failure !== undefined) throw this.#failure.error;
      return outcome;
    } finally {
      this.#given?.removeEventListener('abort', stop);
    }
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
