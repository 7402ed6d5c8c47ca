/**
 * What the native half gives, as people see it: its handles become objects of the package's classes, and errors errors.
 *
 * @module
 */

import native from '#native';
import type { Downloader, Failure } from '#native';

import { Asset } from './asset.js';
import { errorOf } from './errors.js';
import { AlbumTree, Library } from './library.js';

/**
 * @param downloader That of the assets in it, if there can be any.
 * @internal
 */
export function faced<T>(value: unknown, downloader?: Downloader): T {
  return face(value, downloader) as T;
}

function face(value: unknown, downloader?: Downloader): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  if (value instanceof native.Batch && downloader !== undefined) return Asset.of(value, downloader);
  if (value instanceof native.AlbumTree) return AlbumTree.of(value);
  if (value instanceof native.Library) return Library.of(value);
  if (Array.isArray(value)) return value.map((item) => face(item, downloader));
  if (isFailure(value)) return errorOf(value.failure);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, face(member, downloader)]));
}

function isFailure(value: object): value is Failure {
  return 'failure' in value && typeof value.failure === 'string' && Object.keys(value).length === 1 && value.failure.startsWith('{"');
}
