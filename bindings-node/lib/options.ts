/**
 * Options of a copy: folders and names, views, dates, what may be removed.
 *
 * @module
 */

import { types } from 'node:util';

import type { DateLimitGiven, LayoutGiven, MoveRuleGiven, RemovalLimitGiven, ViewGiven } from '#native';

import { given } from './client.js';
import { objectOf, text, texts } from './run.js';
import type { LiveNaming, LiveSize, NamePolicy, RawAlign, Size, ViewAs } from './records.js';

/** Folders and names of a copy. The defaults are icloudpd's. */
export interface Layout {
  /** Template of the folder, such as `{:%Y/%m/%d}`, the default; `none` for a single folder. */
  readonly folder?: string | undefined;
  /** Which files of a photo. Default `original`. */
  readonly sizes?: readonly Size[] | undefined;
  /** Which film of Live Photos; null for none. Default `original`. */
  readonly livePhotos?: LiveSize | null | undefined;
  /** Take nothing in place of a size that does not exist. */
  readonly forceSize?: boolean | undefined;
  /** Keep letters beyond ASCII in names. */
  readonly keepUnicode?: boolean | undefined;
  /** How files of one name are told apart. Default `size_dedup`. */
  readonly names?: NamePolicy | undefined;
  /** How films of Live Photos are called. Default `suffix`. */
  readonly liveNaming?: LiveNaming | undefined;
  /** Which half of a RAW pair counts as the original. Default `as_is`. */
  readonly alignRaw?: RawAlign | undefined;
  /** Time zone of dates, such as `Europe/Berlin`; this computer's without it. */
  readonly zone?: string | undefined;
  /** Language of names of months and days, such as `de_DE`; English without it. */
  readonly locale?: string | undefined;
}

/** A tree over a copy: links to its files by album, library or date. */
export interface View {
  /** The folder it lies in. */
  readonly name: string;
  /** Where entries go, such as `{album_path}`. */
  readonly template: string;
  /** What entries are. Default `best`. */
  readonly madeOf?: ViewAs | undefined;
}

/** A limit of dates: a moment, or an age in whole days. */
export type DateLimit = Date | { readonly daysAgo: number };

/** Which assets move to Recently Deleted in iCloud, once all of them is proven to stand here. */
export interface MoveRule {
  /** Those taken at least so many times 24 hours ago; null: those of which this run fetched a file. */
  readonly olderThanDays: number | null;
}

/** How much one run may remove, there or here; above it nothing is removed. */
export interface RemovalLimit {
  /** Of all files, from 0 to 1. Default 0.05. */
  readonly share?: number | undefined;
  /** So many may go whatever their share is. Default 20. */
  readonly always?: number | undefined;
  /** How many went before in the same run. Default 0. */
  readonly gone?: number | undefined;
}

/** @internal */
export function layoutGiven(layout: Layout = {}): LayoutGiven {
  const { livePhotos, sizes, ...rest } = objectOf(layout, 'layout');
  // Null says something here: no film at all.
  return { ...given({ ...rest, sizes: sizes == null ? undefined : texts(sizes, 'sizes') }), ...(livePhotos === undefined ? {} : { livePhotos }) };
}

/** @internal */
export function viewGiven(view: View): ViewGiven {
  const { name, template, madeOf } = objectOf(view, 'a view');
  return given({ name: text(name, 'the name of a view'), template: text(template, 'the template of a view'), madeOf });
}

/** @internal */
export function dateLimitGiven(limit: DateLimit | null | undefined, what: string): DateLimitGiven | undefined {
  if (limit == null) return undefined;
  if (types.isDate(limit)) return { atMs: limit.getTime() };
  if (typeof limit !== 'object' || typeof limit.daysAgo !== 'number') throw new TypeError(`${what} is a Date, or { daysAgo: number }`);
  return { daysAgo: limit.daysAgo };
}

/** @internal */
export function moveRuleGiven(rule: MoveRule | null | undefined): MoveRuleGiven | undefined {
  if (rule == null) return undefined;
  // A rule that says nothing by mistake must not mean the widest.
  if (rule.olderThanDays === undefined) throw new TypeError('moveOut needs olderThanDays: a number of days, or null for what this run fetches');
  return given({ olderThanDays: rule.olderThanDays ?? undefined });
}

/** @internal */
export function removalLimitGiven(limit: RemovalLimit | null | undefined): RemovalLimitGiven | undefined {
  if (limit == null) return undefined;
  // A safety setting that is not understood must not be left at its default.
  const unknown = typeof limit === 'object' ? Object.keys(limit).filter((name) => !['share', 'always', 'gone'].includes(name)) : ['it'];
  if (unknown.length > 0) throw new TypeError(`removalLimit is { share, always, gone }, and ${unknown.join(', ')} is none of these`);
  const { share, always, gone } = limit;
  // Five, meant as a percentage, would be no limit at all.
  if (share !== undefined && !(share >= 0 && share <= 1)) throw new RangeError('share is a share of the files: from 0 to 1');
  return given({ share, always, gone });
}
