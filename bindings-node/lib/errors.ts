/**
 * What goes wrong: one class, whose `kind` says what happened.
 *
 * @module
 */

import type { ErrorKind } from './models.js';
import { taken } from './thrown.js';

/** What an {@link ICloudError} is made of. */
export interface ErrorDetails {
  /** The operation that failed. */
  readonly operation?: string | undefined;
  /** What the error is about. */
  readonly context?: Readonly<Record<string, string>> | undefined;
  /** Whether the same call may succeed later. Default false. */
  readonly retryable?: boolean | undefined;
  /** How long to wait before that. */
  readonly retryAfterMs?: number | null | undefined;
  /** How often it was tried in vain. */
  readonly attempts?: number | null | undefined;
  /** What it comes from. */
  readonly cause?: unknown;
}

// The package may be loaded twice in one process, by import and by require: errors of either are known to both.
const BRAND = Symbol.for('icloud-photos.ICloudError');

/**
 * The error of every operation of this package.
 *
 * Whatever asks Apple something can fail with what has nothing to do with the question: `network`, `timeout`, `rate_limited`, `protocol`, and,
 * when the session ended and cannot renew itself, `session_expired` or `code_required`. Each was tried several times by then. An operation that
 * its `signal` ended rejects with the signal's reason instead.
 */
export class ICloudError extends Error {
  /** What happened. */
  readonly kind: ErrorKind;
  /** The message alone; `message` has operation and context too. */
  readonly text: string;
  /** The operation that failed, such as `sign in`; empty if none was named. */
  readonly operation: string;
  /** What the error is about, such as `{ album: 'Holiday' }`. */
  readonly context: Readonly<Record<string, string>>;
  /**
   * The same call may succeed when it is repeated later, without anything else being changed. False too once it was repeated in vain: then
   * `attempts` says how often, and only a longer wait can help.
   */
  readonly retryable: boolean;
  /** How long the server asked to wait, if it did. */
  readonly retryAfterMs: number | null;
  /** How often it was tried in vain, if it was worth retrying. */
  readonly attempts: number | null;

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'ICloudError', configurable: true, writable: true });
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  constructor(kind: ErrorKind, text: string, details: ErrorDetails = {}) {
    const { operation = '', context = {}, retryable = false, retryAfterMs = null, attempts = null } = details;
    super(whole(text, operation, context), details.cause == null ? undefined : { cause: details.cause });
    this.kind = kind;
    this.text = text;
    this.operation = operation;
    this.context = context;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
    this.attempts = attempts;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== ICloudError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

function whole(text: string, operation: string, context: Readonly<Record<string, string>>): string {
  const about = Object.entries(context).map(([key, value]) => `${key}: ${value}`);
  return `${operation && `${operation}: `}${text}${about.length > 0 ? ` (${about.join(', ')})` : ''}`;
}

interface Tree {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly operation: string;
  readonly context: Record<string, string>;
  readonly retry: 'later' | 'exhausted' | 'never';
  readonly afterMs: number | null;
  readonly attempts: number | null;
  readonly cause: Cause;
}

type Cause = null | Tree | { readonly thrown: number } | { readonly message: string };

/**
 * What the native half threw, as people see it.
 *
 * @internal
 */
export function raised(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (!error.message.startsWith('{"')) return 'code' in error && ARGUMENT.test(String(error.code)) ? mistaken(error.message) : error;
  try {
    return errorOf(error.message);
  } catch {
    return error;
  }
}

// What napi says of an argument that it cannot take.
const ARGUMENT = /^(InvalidArg|\w+Expected)$/;

const WANTED: Readonly<Record<string, string>> = { String: 'a string', bool: 'true or false', f64: 'a number', u32: 'a number' };

/** Its own words quote the argument, which may be a secret, and name types of Rust's. */
function mistaken(message: string): TypeError {
  const [, missing] = /^Missing field `(\w+)`/.exec(message) ?? [];
  if (missing !== undefined) return new TypeError(`${camel(missing)} is missing`);
  const [, type = ''] = /rust type `(\w+)`/.exec(message) ?? [];
  const wanted = Object.hasOwn(WANTED, type) ? `must be ${WANTED[type]}` : 'has the wrong type';
  return new TypeError(`${memberIn(message) ?? 'an argument'} ${wanted}`);
}

/** `... on Retries.attempts on ClientOptions.retries` is about `retries.attempts`. */
function memberIn(message: string): string | undefined {
  const [path = ''] = /( on \w+\.\w+)+$/.exec(message) ?? [];
  const members = [...path.matchAll(/\.(\w+)/g)].map(([, member = '']) => camel(member));
  return members.length > 0 ? members.reverse().join('.') : undefined;
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * The error that the native half wrote down.
 *
 * @internal
 */
export function errorOf(json: string): ICloudError {
  return built(JSON.parse(json) as Tree);
}

function built(tree: Tree): ICloudError {
  return new ICloudError(tree.kind, tree.message, {
    operation: tree.operation,
    context: tree.context,
    retryable: tree.retry === 'later',
    retryAfterMs: tree.afterMs,
    attempts: tree.attempts,
    cause: causeOf(tree.cause),
  });
}

function causeOf(cause: Cause): unknown {
  if (cause === null) return undefined;
  if ('thrown' in cause) return taken(cause.thrown);
  return 'kind' in cause ? built(cause) : new Error(cause.message);
}
