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
export type { SidecarOptions, StoredState } from './asset.js';
export { Catalogue } from './catalogue.js';
export type { CatalogueOptions } from './catalogue.js';
export { Client } from './client.js';
export type { ClientOptions } from './client.js';
export { Chunks, Download } from './download.js';
export type { BytesOptions, SaveOptions, StreamOptions } from './download.js';
export { Plan, SyncEngine, verify } from './engine.js';
export type { AdoptOptions, RunEvent, RunOptions, SyncOptions, VerifyOptions } from './engine.js';
export { ICloudError } from './errors.js';
export type { ErrorDetails } from './errors.js';
export type * from './events.js';
export { AsyncItems } from './items.js';
export { Album, AlbumNode, AlbumTree, Assets, Library } from './library.js';
export type { AssetsOptions, ChangesOptions } from './library.js';
export { onLog } from './log.js';
export type { LogLevel, LogListener, LogRecord } from './log.js';
export { Challenge, ConsentAction, SecurityKeyAction, TermsAction } from './login.js';
export type { Login, SecurityKeyAssertion } from './login.js';
export * from './models.js';
export type { DateLimit, Layout, MoveRule, RemovalLimit, View } from './options.js';
export { Hasher, hasDate, parseChecksum, place, typeOf, withDate } from './pictures.js';
export type { FileType } from './pictures.js';
export type * from './records.js';
export type { Cancellable, Watchable } from './run.js';
export { Session } from './session.js';
export { FileSessionStore, MemorySessionStore } from './sessions.js';
export type { Claim, SessionStore } from './sessions.js';
export { FileWriter, LocalStorage, MemoryStorage, OwnStorage, UrlStorage, copyAbove, isAddress, openStorage } from './storage.js';
export type { Awaitable, FoundObject, Items, ListOptions, Storage, StorageWriter, WriteOptions } from './storage.js';
