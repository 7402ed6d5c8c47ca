/**
 * What code of the program's threw while the library called it. The value stays here, and the library carries its number.
 *
 * @module
 */

// Of errors that nobody ever sees the value would stay for ever, so only the last ones are kept.
const MOST = 256;

const values = new Map<number, unknown>();
let last = 0;

/** @internal */
export function keep(value: unknown): number {
  last = (last + 1) % 0x7fff_ffff;
  values.set(last, value);
  for (const oldest of values.keys()) {
    if (values.size <= MOST) break;
    values.delete(oldest);
  }
  return last;
}

/**
 * It may be asked for again: one failure can end several operations.
 *
 * @internal
 */
export function taken(number: number): unknown {
  return values.get(number);
}
