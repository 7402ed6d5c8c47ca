/**
 * What there is to say of copies: words, rows of catalogues, reports.
 *
 * Made by tools/tables.py from Python's _records.py; do not edit.
 *
 * @module
 */

import type { Checksum, Listing } from './models.js';
import type { CodeDelivery, Role } from './words.js';

/** What a `Door` answered. */
export interface Probe {
  /** The host that was asked. */
  readonly host: string;
  /** The status of the answer. Nobody is signed in, so 4xx is what a healthy host says; 429 and 503 mean that it turns us away. */
  readonly status: number;
  /** From the request to the headers of the answer. */
  readonly tookMs: number;
  /** What Apple's clock said (the header `Date`, whole seconds), if it said so. */
  readonly apple: Date | null;
  /** What this computer's clock said at that moment. */
  readonly here: Date;
  /** Whether Apple refuses this computer for now. */
  readonly isTurnedAway: boolean;
  /** How far this computer's clock is off, if it is and Apple's is known. */
  readonly clockErrorMs: number | null;
}

/** Where a photo was taken. */
export interface Location {
  /** Degrees north. */
  readonly latitude: number;
  /** Degrees east. */
  readonly longitude: number;
  /** Metres above the sea. */
  readonly altitude: number | null;
  /** Metres per second. */
  readonly speed: number | null;
  /** Degrees clockwise from north. */
  readonly course: number | null;
  /** Metres. */
  readonly horizontalAccuracy: number | null;
  /** Metres. */
  readonly verticalAccuracy: number | null;
  /** When the place was measured. */
  readonly timestamp: Date | null;
}

/** What a `Hasher` has seen. */
export interface Digests {
  /** Apple's checksum of the bytes. */
  readonly checksum: Checksum;
  /** SHA-256, which says the same to programs that know nothing of Apple's. */
  readonly sha256: Buffer;
}

/** What became of an asset. */
export type AssetChange =
  /** It was not known. */
  | 'added'
  /** It has other files, other metadata perhaps too. */
  | 'edited'
  /** Its files are the same; something else differs. */
  | 'metadata'
  /** It is in Recently Deleted and was not, or was not known. */
  | 'trashed'
  /**
   * It was in Recently Deleted, and is not any more. Files and metadata may differ too. It is back in its albums, and no change says in which: who
   * never saw it there has to list them.
   */
  | 'restored'
  /** Nothing that can be seen. */
  | 'unchanged';

/** Why bytes that were fetched are not proven; see `Proof`. */
export type Doubt =
  /** Apple sent the same bytes twice, at the right length, and they do not match its checksum. */
  | 'mismatch'
  /** The checksum is of a scheme that cannot be computed here. */
  | 'unknown_scheme'
  /** The library holds no checksum for the file. */
  | 'no_checksum'
  /** Only a part of the file was asked for, and a checksum speaks for whole files. */
  | 'part';

/** A file that was fetched and stored. */
export interface Saved {
  /** Where it stands now. */
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  /** What is known of the bytes. */
  readonly proof: Proof;
  /** Apple's checksum of the bytes, as computed here. */
  readonly checksum: Checksum;
  /** SHA-256 of the bytes, as computed here. */
  readonly sha256: Buffer;
  /** How many of the bytes an earlier run had fetched. */
  readonly resumedFrom: number;
  /** Nothing was fetched: the file stood elsewhere in the storage, and was copied. */
  readonly copied: boolean;
  /**
   * Something was written into the bytes before they were stored: what is known of them they had before, while length and hashes are those of what
   * stands there now.
   */
  readonly rewritten: boolean;
}

/** A phone that Apple can send a code to. */
export interface Phone {
  /** How Apple calls it. */
  readonly id: string;
  /** Its number, all but the last digits hidden. */
  readonly number: string;
  /** Its name, of the old two-step verification. */
  readonly name: string | null;
  /** How a code goes there unless told otherwise. */
  readonly delivery: CodeDelivery;
}

/** What is known of bytes that were fetched. */
export interface Proof {
  /** Apple's checksum agrees with the bytes. */
  readonly verified: boolean;
  /** Why it does not, or cannot; the length agrees then. Never a reason to delete anything. */
  readonly doubt: Doubt | null;
}

/** How a file comes to stand under one more name. */
export type LinkKind =
  /** Two names of one file: who changes it under one changes it under both. */
  | 'hard'
  /** A file of its own that shares its blocks with the other until one of them is changed. */
  | 'reflink'
  /** A name that leads to the other. */
  | 'symbolic';

/** What to do about a file that the catalogue knows and the storage no longer has. */
export type Missing =
  /** Fetch it again. */
  | 'restore'
  /** Somebody removed it on purpose: leave it. */
  | 'respect';

/** What becomes of a file whose asset was deleted. */
export type Disposal =
  /** It moves to `.icloud-photos-trash/<date>/` in the storage, under its path. */
  | 'trash'
  /**
   * It is removed for good. It can still be had from Recently Deleted, for as long as iCloud keeps it there. A sidecar that could not go along, and
   * goes without its photo later, is kept as with `TRASH`.
   */
  | 'remove';

/** One file of a `Receipt`. */
export interface ProvenFile {
  /** Which file of the asset. */
  readonly role: string;
  /** In which tree of the folder it stands, if in one. */
  readonly tree: string;
  /** Where it stands. */
  readonly path: string;
  /** Its length in bytes. */
  readonly size: number;
  /** Apple's checksum, which its bytes have. */
  readonly checksum: string;
  /** Set for a photo that its date was written into: then length and checksum are those that are found once that is undone. */
  readonly stored: StoredFile | null;
}

/** The bytes that stand there for a `ProvenFile` with a date written into it. */
export interface StoredFile {
  /** Their length. */
  readonly size: number;
  /** Their checksum, computed as Apple does. */
  readonly checksum: string;
  /** Their SHA-256, in hexadecimal digits. */
  readonly sha256: string;
}

/** A version of a photo or film that can be asked for. */
export type Size =
  /** The untouched original. */
  | 'original'
  /** The current edit. */
  | 'adjusted'
  /** The other half of a RAW+JPEG pair. */
  | 'alternative'
  /** A smaller version. */
  | 'medium'
  /** The smallest version. */
  | 'thumb';

/** A version of the film of a Live Photo. */
export type LiveSize =
  /** The original film. */
  | 'original'
  /** 720 lines. */
  | 'medium'
  /** 360 lines. */
  | 'thumb';

/** How photos of one name in one folder are told apart. */
export type NamePolicy =
  /** By length: the second gets it as a suffix, `IMG_1-1024.JPG`. icloudpd calls it `name-size-dedup-with-suffix`. */
  | 'size_dedup'
  /** By seven characters of the record name in every name. icloudpd calls it `name-id7`. */
  | 'id7';

/** What the film of a Live Photo is called. */
export type LiveNaming =
  /** `IMG_1_HEVC.MOV` for HEIC photos, else `IMG_1.MOV`. */
  | 'suffix'
  /** `IMG_1.MOV`. */
  | 'original';

/** Which of a RAW and a JPEG counts as the original. */
export type RawAlign =
  /** As the library has it. */
  | 'as_is'
  /** The RAW. */
  | 'original'
  /** The JPEG. */
  | 'alternative';

/** What a view is made of. */
export type ViewAs =
  /** Hard links where the disk knows them, else symbolic links, else a manifest: whole for every program, without taking room. */
  | 'best'
  /** Hard links: two names of one file. Who edits it in the view edits the copy. */
  | 'hard_link'
  /** Files that share their blocks with those of the copy, and may be edited without harm. Btrfs, XFS and the like alone. */
  | 'reflink'
  /** Symbolic links. Programs must follow them, and the copy must stay where it is. */
  | 'symbolic_link'
  /** Copies, which take their room once more. */
  | 'copy'
  /** Nothing but the manifest, `.icloud-photos-views/<name>.json`. */
  | 'manifest';

/** What is wrong with an entry of a view. */
export type ViewFault =
  /** It is not there; the next run with this view lays it again. */
  | 'missing'
  /** It leads to a file that does not stand in the copy, or has another length there. */
  | 'nowhere'
  /** It is not as it was laid, and not the file of the copy: somebody changed it, and it stays. */
  | 'changed'
  /** It is the view's, though not as it was laid, or the copy has another file now; the next run with this view lays it again. */
  | 'outdated';

/** What is wrong with a file. */
export type Fault =
  /** Nothing stands there. */
  | 'missing'
  /** It is shorter than it was. */
  | 'truncated'
  /** Its bytes are others, though nobody has written to it since: the disk, or whoever kept its time. */
  | 'rotten'
  /** Somebody has written to it since. */
  | 'changed'
  /** It was taken for a photo by name and length and never was one, or was known not to be one. */
  | 'never_right';

/** Why a file is to be fetched. */
export type Why =
  /** No run saw it before. */
  | 'new'
  /** It was here, and is gone. */
  | 'missing'
  /** The photo was edited since its file was fetched. */
  | 'edited'
  /** It could not be had. */
  | 'failed'
  /** A file stands there that could not be confirmed when it was fetched; proven bytes take its place. */
  | 'unconfirmed';

/** A format whose files can say when they were taken. */
export type Format =
  /** `.jpg` and `.jpeg`; the only one that icloudpd knows. */
  | 'jpeg'
  /** `.png`, with the date in its `eXIf` chunk. */
  | 'png'
  /** `.heic`, `.heif` and `.hif`: still pictures, with whatever belongs to them. Not those that are films too. */
  | 'heic'
  /** `.avif`, likewise. */
  | 'avif'
  /** `.webp`. One of a simple form becomes one of the extended form, which Exif needs. */
  | 'webp';

/** Some files. */
export interface Tally {
  /** How many. One that two assets share counts for each. */
  readonly files: number;
  /** Their stored bytes, as far as lengths are known. */
  readonly bytes: number;
}

/** How much a catalogue holds. */
export interface Totals {
  /** Files that are `'verified'`. */
  readonly verified: Tally;
  /** Files that are `'unconfirmed'`. */
  readonly unconfirmed: Tally;
  /** Files that are `'assumed'`. */
  readonly assumed: Tally;
  /** Files that are `'derived'`. */
  readonly derived: Tally;
  /** Files that are `'failed'`. */
  readonly failed: Tally;
  /** How many assets they are of. */
  readonly assets: number;
}

/** How many files a copy has, by what is known of them. */
export interface Stock {
  /** Files that stand where the catalogue says, and those that failed. */
  readonly here: Totals;
  /** Files that were here by the catalogue, and are gone or cannot be looked at. */
  readonly missing: Tally;
}

/** Which file of which asset, in which tree. */
export interface FileKey {
  /** The library the asset is in. */
  readonly library: string;
  /** The asset. */
  readonly asset: string;
  /** Which of its files. */
  readonly role: Role;
  /** In which tree. */
  readonly tree: string;
}

/** An asset as it was when last seen. */
export interface AssetRow {
  /** The library it is in. */
  readonly library: string;
  /** The asset. */
  readonly asset: string;
  /** The record that holds its original. */
  readonly master: string;
  /** Apple's change tag of the record. */
  readonly tag: string | null;
  /** A digest of its resources, as far as any selection asked for them: another one means that files changed. */
  readonly content: bigint;
  /** Whether it lies in Recently Deleted. */
  readonly trashed: boolean;
  /** Whether it is hidden. */
  readonly hidden: boolean;
  /** Whether it is a favourite. */
  readonly favorite: boolean;
  /**
   * Its metadata as JSON text: `kind`, `type`, `added` (milliseconds since 1970), `offset` (seconds from UTC), `adjustment`, `subtype`, `subtype_v2`
   * and `burst` as far as they are known, and under `files` a digest for each role that was asked for, `null` where there is no such file.
   */
  readonly metadata: string;
  /** Its file name; empty if Apple has none. */
  readonly name: string;
  /** When it was taken, in milliseconds since 1970. */
  readonly created: number | null;
}

/** An album or folder as it was when last seen. */
export interface AlbumRow {
  /** The library it is in. */
  readonly library: string;
  /** Its record name. */
  readonly album: string;
  /** Its name with the folders above it: `Folder/Name`. */
  readonly path: string;
  /** What kind of album it is, as its writer calls it; a run writes `album` or `folder`. */
  readonly kind: string;
  /** The record name of the folder it lies in. */
  readonly parent: string | null;
}

/** How far the history of a library was followed, for one selection. */
export interface Progress {
  /** The library. */
  readonly library: string;
  /** What was asked for: the options as a digest. */
  readonly selection: string;
  /** Everything up to here was seen and handled. */
  readonly token: string | null;
  /** A listing that was cut. */
  readonly pending: Pending | null;
  /** When this was written, in seconds since 1970. */
  readonly at: number;
}

/** Where a listing was cut. */
export interface Pending {
  /** The token that was taken before its first page. */
  readonly token: string | null;
  /** Which of the albums that were asked for it was cut in; those before it were listed. */
  readonly album: number;
  /** The rank to go on from. */
  readonly rank: number;
  /** Assets seen so far. */
  readonly seen: number;
  /** Assets were known before it began: at its end those are looked for that it did not show. */
  readonly sweeps: boolean;
}

/** What is known of a file of a copy. */
export type Status =
  /** Apple's checksum was found in its bytes. */
  | 'verified'
  /** The length agrees; the checksum cannot speak for the bytes. */
  | 'unconfirmed'
  /** It was there, with the right name and length; nobody has read it. */
  | 'assumed'
  /** A date was written into bytes that were verified. */
  | 'derived'
  /** It could not be had. */
  | 'failed';

/** What a storage can do; runs degrade knowingly. The default promises nothing. */
export interface Capabilities {
  /** Keeps `WriteOptions.modified`. */
  readonly modifiedTime: boolean;
  /** Goes on with the part of an earlier writer. */
  readonly resume: boolean;
  /** Never replaces a foreign file when committing, even against other processes. */
  readonly exclusiveCommit: boolean;
  /** `a` and `A` are two names. */
  readonly caseSensitive: boolean;
  /** Longest name between two slashes, in bytes. */
  readonly maxName: number | null;
  /** Largest file, in bytes. */
  readonly maxSize: number | null;
  /** Each question is a request over a network: where there are many, a list costs less. */
  readonly distant: boolean;
  /** Keeps metadata beside a file, and `stat` tells it. */
  readonly metadata: boolean;
  /** Hard links may be asked for. Storages written in JavaScript have none. */
  readonly hardLinks: boolean;
  /** Reflinks may be asked for. Storages written in JavaScript have none. */
  readonly reflinks: boolean;
  /** Symbolic links may be asked for. Storages written in JavaScript have none. */
  readonly symbolicLinks: boolean;
}

/** What a storage knows of a file. */
export interface ObjectMeta {
  /** Where it stands: names joined by slashes, relative to the root. */
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  /** Modification time, if the storage keeps one. */
  readonly modified: Date | null;
  /** What was kept beside it. Lists do not tell. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What icloudpd takes an asset for. Animated and rare images count as films. */
export type ItemKind =
  /** A photo. */
  | 'image'
  /** A film, or anything of a type it does not know. */
  | 'movie'
  /** The library does not say; treated as a photo, but no filter on kinds catches it. */
  | 'unknown';

/** One file of an asset that a copy keeps. */
export interface WantedFile {
  /** Whose bytes. */
  readonly role: Role;
  /** The size as messages name it: `original`, `medium`, `small`, ... */
  readonly label: string;
  /** Whether this is the film of a Live Photo. */
  readonly isLive: boolean;
  /** The name in the folder. */
  readonly name: string;
  /** A name under which older versions of icloudpd kept the same file. */
  readonly legacyName: string | null;
}

/** Where the files of one asset go. */
export interface Placement {
  /** When the photo was taken, in local time, as text. */
  readonly created: string;
  /** The folder, relative to that of the copy, its parts joined by slashes. */
  readonly folder: string;
  /** What messages call the asset. */
  readonly name: string;
  /** What icloudpd takes the asset for. */
  readonly kind: ItemKind;
  /** The files to keep, in order. */
  readonly files: readonly WantedFile[];
  /** What is wrong with this asset, in words. None of it stops the others. */
  readonly problems: readonly string[];
}

/** What a catalogue knows of one file. */
export interface FileRow {
  /** Names the file. */
  readonly key: FileKey;
  /** Where it stands, if it does. */
  readonly path: string | null;
  /** Length in bytes of what stands there. */
  readonly size: number | null;
  /** Its time, in seconds since 1970. */
  readonly modified: number | null;
  /** Length in bytes that iCloud has it with. */
  readonly resourceSize: number | null;
  /** Apple's checksum of what was fetched. */
  readonly checksum: Checksum | null;
  /** SHA-256 of what stands there. */
  readonly sha256: Buffer | null;
  /** What is known of the bytes. */
  readonly status: Status;
  /** Why it failed. */
  readonly reason: string | null;
  /** How often it failed. */
  readonly attempts: number | null;
  /** Whether it is to have a sidecar. */
  readonly sidecar: boolean;
  /** When that was found, in seconds since 1970. */
  readonly at: number;
}

/** Proof that everything of one asset that cannot be made again stands in a storage. Only `SyncEngine.receipt` makes one. */
export interface Receipt {
  /** Tells it among {@link Kept}. */
  readonly kind: 'receipt';
  /** The receipt as text, to be kept for days. */
  readonly json: string;
  /** Id of the asset. */
  readonly asset: string;
  /** The files that were proven. */
  readonly files: readonly ProvenFile[];
  /** When, in seconds since 1970. */
  readonly at: number;
}

/** What a run did. */
export interface SyncReport {
  /** Assets that were looked at. */
  readonly assets: number;
  /** Files fetched and named. */
  readonly downloaded: number;
  /** Of those, files that were not fetched: they stand in another tree of the same folder, and were copied from there. */
  readonly copied: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Of those, files whose checksum matches; the others are `unconfirmed`. */
  readonly verified: number;
  /** Files that were kept though their bytes could not be proven. */
  readonly unconfirmed: number;
  /** Files that were there already. */
  readonly present: number;
  /** Assets and files left out on purpose. */
  readonly skipped: number;
  /** Files, or assets, that failed, sidecars, and entries of views. Files too that were to be removed and could not be. */
  readonly failed: number;
  /** Sidecars written or brought up to date. */
  readonly sidecars: number;
  /** Assets moved to Recently Deleted in iCloud. */
  readonly moved: number;
  /** Files removed here, for their assets were deleted in iCloud. */
  readonly removed: number;
  /** Assets and files that were to be removed and are kept, for something about them is in doubt. */
  readonly withheld: number;
  /**
   * Of those, assets of which a file here was read and found to hold other bytes than Apple's checksum says, or could not be read, or was not there
   * any more after it had been fetched.
   */
  readonly damaged: number;
  /** Nothing was removed though something was to be: it was too much, or a list was short. */
  readonly stopped: boolean;
  /** Lists that were left before their end (`untilFound` of `SyncEngine`): nothing is known of the rest. */
  readonly leftEarly: number;
  /** Entries of views that were laid, or laid anew. */
  readonly viewsLaid: number;
  /** Entries of views that were removed: their photos are gone, or stand elsewhere in the view. */
  readonly viewsRemoved: number;
  /** Things in the folders of views that are not theirs, and stay where an entry was to be laid or removed. */
  readonly viewsLeft: number;
  /** How each listing ended. */
  readonly listings: readonly Listing[];
  /** Nothing failed and nothing is missing. */
  readonly isClean: boolean;
  /** The same in words. */
  readonly text: string;
}

/** What an adoption found. */
export interface AdoptReport {
  /** Files in the storage. */
  readonly files: number;
  /** Files the catalogue knew, and that are as they were; what Apple's checksum proved and nobody touched since was not read again. */
  readonly known: number;
  /** Files whose bytes are those of a photo. */
  readonly recognised: number;
  /** JPEGs that icloudpd wrote a date into. */
  readonly derived: number;
  /** Files with the name and length of a photo that no checksum speaks for. */
  readonly assumed: number;
  /** Files with the name of a photo and not its bytes. */
  readonly damaged: number;
  /** Files that are none of the photos that were asked for. */
  readonly unknown: number;
  /** Files that could not be read, or not be named, and folders. */
  readonly failed: number;
  /** Files that are wanted, by the engine's selection, and stand nowhere: at least so many, if the list is incomplete. */
  readonly missing: number;
  /** Lists that may lack something. */
  readonly short: readonly Listing[];
  /** Photos of the list that could not be read. */
  readonly unlisted: number;
  /** Bytes that were read. */
  readonly bytes: number;
  /** Nothing failed and nothing is missing. */
  readonly isClean: boolean;
  /** iCloud was listed whole. */
  readonly isListComplete: boolean;
  /** The same in words. */
  readonly text: string;
}

/** What a verification found. */
export interface VerifyReport {
  /** Files that were read and are proven by Apple's checksum; of those with a date written into them, by what they are without it. */
  readonly proven: number;
  /** Of those, files that were only assumed to be right before. */
  readonly promoted: number;
  /** Files that are as they were, though no checksum of Apple's speaks for them. */
  readonly unproven: number;
  /** Of those, files that iCloud was asked for again, and sent nothing better. */
  readonly retried: number;
  /** Files that are not as they should be. */
  readonly bad: number;
  /** Of those, files that were fetched again. */
  readonly repaired: number;
  /** Files that somebody removed, where that is respected, or that stand in another tree of the folder. */
  readonly removed: number;
  /** Files and folders that could not be read, and files that could not be fetched. */
  readonly failed: number;
  /** Files that the catalogue does not know. */
  readonly strays: number;
  /** Entries of views that were looked at. */
  readonly views: number;
  /** Of those, entries that are not as they should be. */
  readonly viewsBad: number;
  /** Bytes that were read, but for those of views. */
  readonly bytes: number;
  /** Nothing failed and nothing is missing. */
  readonly isClean: boolean;
  /** The same in words. */
  readonly text: string;
}
