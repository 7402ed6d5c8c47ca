// What the declarations say, at run time: every value must have exactly the members that the type has which it is of.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { AlbumTree, Asset, ICloudError, Library } from 'icloud-photos';

const CLASSES = { AlbumTree, Asset, Buffer, Date, ICloudError, Library };

const { interfaces, types } = await declared('events', 'records', 'models', 'words');

/** Interfaces by name, each with its members' types, and the texts of other types. */
async function declared(...modules) {
  const [interfaces, types] = [new Map(), new Map()];
  for (const name of modules) {
    const text = await readFile(new URL(`../dist/esm/${name}.d.ts`, import.meta.url), 'utf8');
    const bare = text.replace(/\/\*\*[\s\S]*?\*\//g, '');
    for (const [, name, body] of bare.matchAll(/^export interface (\w+) \{([^}]*)\}/gm)) {
      interfaces.set(name, new Map([...body.matchAll(/readonly (\w+\??): ([^;]+);/g)].map(([, member, type]) => [member, type])));
    }
    for (const [, name, body] of bare.matchAll(/^export type (\w+) =([^;]*);/gm)) types.set(name, body.replace(/\s+/g, ' ').trim());
  }
  return { interfaces, types };
}

/** The kinds of a union. */
export function kindsOf(union) {
  return types.get(union).split('|').map((name) => name.trim()).filter(Boolean).map((name) => interfaces.get(name).get('kind').replaceAll("'", ''));
}

/** The members of an interface. */
export const membersOf = (name) => [...interfaces.get(name).keys()];

/** Whether a value is what the declarations say of a type, down to the last member. */
export function assertIs(value, type, at = type) {
  const said = reason(value, type);
  if (said !== undefined) assert.fail(`${at}: ${said}`);
}

/** Why a value is not of a type. */
function reason(value, type) {
  const choices = split(type);
  if (choices.length === 1) return reasonOfOne(value, choices[0]);
  const named = choices.find((choice) => typeof value?.kind === 'string' && interfaces.get(choice)?.get('kind') === `'${value.kind}'`);
  if (named !== undefined) return reasonOfOne(value, named);
  return choices.some((choice) => reason(value, choice) === undefined) ? undefined : `${show(value)} is not ${type}`;
}

/** The members of a union, but for bars within brackets. */
function split(type) {
  return type.split(/\|(?![^<]*>)/).map((choice) => choice.trim()).filter(Boolean);
}

function reasonOfOne(value, type) {
  if (type.endsWith('[]')) return reasonOfItems(value, type.replace(/^readonly /, '').slice(0, -2));
  if (type.startsWith("'")) return value === type.slice(1, -1) ? undefined : `${show(value)} is not ${type}`;
  if (type === 'null') return value === null ? undefined : `${show(value)} is not null`;
  if (type === 'undefined') return value === undefined ? undefined : `${show(value)} is not undefined`;
  if (type === 'number') return Number.isFinite(value) ? undefined : `${show(value)} is no number`;
  if (['string', 'boolean', 'bigint'].includes(type)) return typeof value === type ? undefined : `${show(value)} is no ${type}`;
  if (type === 'Readonly<Record<string, string>>') return Object.values(value).map((one) => reason(one, 'string')).find(Boolean);
  if (type in CLASSES) return value instanceof CLASSES[type] ? undefined : `${show(value)} is no ${type}`;
  if (interfaces.has(type)) return reasonOfMembers(value, interfaces.get(type), type);
  if (types.has(type)) return reason(value, types.get(type));
  return `nobody knows the type ${type}`;
}

function reasonOfItems(value, type) {
  if (!Array.isArray(value)) return `${show(value)} is no array`;
  return value.map((item) => reason(item, type)).find(Boolean);
}

function reasonOfMembers(value, members, type) {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return `${show(value)} is no ${type}`;
  for (const name of Object.keys(value)) if (!members.has(name) && !members.has(`${name}?`)) return `${type} has no ${name}`;
  for (const [name, wanted] of members) {
    const [bare, optional] = name.endsWith('?') ? [name.slice(0, -1), true] : [name, false];
    if (!(bare in value)) {
      if (optional) continue;
      return `${type} lacks ${name}`;
    }
    const said = reason(value[bare], wanted);
    if (said !== undefined) return `${type}.${bare}: ${said}`;
  }
  return undefined;
}

function show(value) {
  if (typeof value === 'object' && value !== null) return `${value.constructor?.name} ${Object.keys(value).join(', ')}`;
  return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
}
