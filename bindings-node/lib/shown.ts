/**
 * What `inspect` says of the package's objects.
 *
 * @module
 */

// What would end the line, change the terminal, or turn the text around.
const HIDDEN = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * An object by its class and what tells it apart. That holds names that others chose, so what they would do to a log is escaped as in JSON.
 *
 * @internal
 */
export function shown(of: string, what: string): string {
  return `${of} <${what.replace(HIDDEN, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)}>`;
}
