/**
 * What the library tells of its work, for whoever looks for a fault.
 *
 * @module
 */

import native from '#native';

import { called, now, optionsOf, text } from './run.js';

/** How much something matters. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** One thing that was told. It holds no secret. */
export interface LogRecord {
  /** How much it matters. */
  readonly level: LogLevel;
  /** Who tells it, such as `icloud_photos::session`. */
  readonly target: string;
  /** What. */
  readonly message: string;
}

/** Hears until it is closed. */
export interface LogListener extends Disposable {
  /** Ends it. */
  close(): void;
}

/**
 * Hears what the library tells, from all clients of the process. Whoever hears too slowly misses some of it.
 *
 * @param options `level` is the least that matters; default `info`.
 * @returns What ends it.
 */
export function onLog(heard: (record: LogRecord) => void, options: { readonly level?: LogLevel | undefined } = {}): LogListener {
  const level = text(optionsOf(options).level ?? 'info', 'level');
  const told = called(heard, 'the listener');
  if (told === undefined) throw new TypeError('the listener must be a function');
  const listener = now(() => new native.LogListener(told as (record: { level: string; target: string; message: string }) => void, level));
  const close = (): void => listener.close();
  return { close, [Symbol.dispose]: close };
}
