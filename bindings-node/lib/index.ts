/**
 * Your iCloud Photos library: sign in, list, download. Every byte is proven.
 *
 * @example
 * ```ts
 * const client = new Client({ sessions: '~/.icloud-photos' });
 * const session = (await client.restore('you@example.com')) ?? (await signIn(client));
 * for await (const asset of session.primaryLibrary.all().assets({ limit: 5 })) {
 *   console.log(asset.filename, asset.created, (await asset.download().save('photos')).proof);
 * }
 * ```
 *
 * @module
 */

export { Asset } from './asset.js';
export type { StoredState } from './asset.js';
export { Client } from './client.js';
export type { ClientOptions } from './client.js';
export { Chunks, Download } from './download.js';
export type { BytesOptions, SaveOptions, StreamOptions } from './download.js';
export { ICloudError } from './errors.js';
export type { ErrorDetails } from './errors.js';
export { Album, AlbumNode, AlbumTree, Assets, Library } from './library.js';
export type { AssetsOptions, Change, ChangeBatch, ChangesOptions } from './library.js';
export { Challenge, ConsentAction, SecurityKeyAction, TermsAction } from './login.js';
export type { Login, SecurityKeyAssertion } from './login.js';
export * from './models.js';
export type { Cancellable, Watchable } from './run.js';
export { Session } from './session.js';
export { FileSessionStore, MemorySessionStore } from './sessions.js';
export type { Claim, SessionStore } from './sessions.js';
export { FileWriter, LocalStorage, MemoryStorage, OwnStorage, UrlStorage, copyAbove, isAddress, openStorage } from './storage.js';
export type {
  Awaitable,
  Capabilities,
  FoundObject,
  Items,
  LinkKind,
  ListOptions,
  ObjectMeta,
  Storage,
  StorageWriter,
  WriteOptions,
} from './storage.js';
