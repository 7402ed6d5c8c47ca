/**
 * What operations tell while they run, and what they find: unions, of which `kind` says the member.
 *
 * Made by tools/tables.py from Python's events.py; do not edit.
 *
 * @module
 */

import type { Asset } from './asset.js';
import type { ICloudError } from './errors.js';
import type { AlbumTree } from './library.js';
import type { ChangeCursor, Listing } from './models.js';
import type { AlbumRow, AssetRow, Doubt, Fault, FileKey, FileRow, ObjectMeta, Progress, Size, ViewFault, Why } from './records.js';
import type { AlbumKind, Role } from './words.js';

/** Why something was left out. */
export type SkipReason =
  | SkipIsVideo
  | SkipIsPhoto
  | SkipCreatedBefore
  | SkipCreatedAfter
  | SkipRemovedHere
  | SkipNoSuchSize
  | SkipFiltered
  | SkipOther;

/** Only photos are wanted. */
export interface SkipIsVideo {
  /** Tells it among {@link SkipReason}. */
  readonly kind: 'is_video';
  /** The same in words, for a person. */
  readonly text: string;
}

/** Only videos are wanted. */
export interface SkipIsPhoto {
  /** Tells it among {@link SkipReason}. */
  readonly kind: 'is_photo';
  /** The same in words, for a person. */
  readonly text: string;
}

/** It is older than what is wanted. */
export interface SkipCreatedBefore {
  /** Tells it among {@link SkipReason}. */
  readonly kind: 'created_before';
  /** The same in words, for a person. */
  readonly text: string;
  /** When it was taken, in the zone of the layout. */
  readonly created: Date;
  /** The limit, in the zone it was given in, or that of the layout. */
  readonly limit: Date;
}

/** It is younger than what is wanted. */
export interface SkipCreatedAfter {
  /** Tells it among {@link SkipReason}. */
  readonly kind: 'created_after';
  /** The same in words, for a person. */
  readonly text: string;
  /** When it was taken, in the zone of the layout. */
  readonly created: Date;
  /** The limit, in the zone it was given in, or that of the layout. */
  readonly limit: Date;
}

/** Somebody removed its file here, and files that were removed are not to be fetched again. */
export interface SkipRemovedHere {
  /** Tells it among {@link SkipReason}. */
  readonly kind: 'removed_here';
  /** The same in words, for a person. */
  readonly text: string;
  /** The name of the file. */
  readonly name: string;
}

/** The size asked for does not exist and no other may stand in for it. */
export interface SkipNoSuchSize {
  /** Tells it among {@link SkipReason}. */
  readonly kind: 'no_such_size';
  /** The same in words, for a person. */
  readonly text: string;
  /** The size asked for, as icloudpd calls it. */
  readonly size: string;
  /** The asset's name. */
  readonly name: string;
}

/** A filter of the program's own left it out. */
export interface SkipFiltered {
  /** Tells it among {@link SkipReason}. */
  readonly kind: 'filtered';
  /** The same in words, for a person. */
  readonly text: string;
  /** What the filter is called. */
  readonly name: string;
}

/** One that this version of the package does not know. */
export interface SkipOther {
  /** Tells it among {@link SkipReason}. */
  readonly kind: 'other';
  /** The same in words, for a person. */
  readonly text: string;
}

/** Something about one asset that a person may want to know. */
export type LayoutProblem =
  | LayoutUndecodableName
  | LayoutUnusableName
  | LayoutSizeMissing
  | LayoutOriginalMissing
  | LayoutNotLocal
  | LayoutOther;

/** The name in the library cannot be read; one made of the record's name is used. */
export interface LayoutUndecodableName {
  /** Tells it among {@link LayoutProblem}. */
  readonly kind: 'undecodable_name';
  /** The same in words, for a person. */
  readonly text: string;
  /** The value as it came. */
  readonly value: string;
  /** The name used. */
  readonly name: string;
}

/** The name comes out as nothing or dots; one made of the record's name is used. */
export interface LayoutUnusableName {
  /** Tells it among {@link LayoutProblem}. */
  readonly kind: 'unusable_name';
  /** The same in words, for a person. */
  readonly text: string;
  /** The name as it would be. */
  readonly name: string;
}

/** A size was asked for by force and does not exist. */
export interface LayoutSizeMissing {
  /** Tells it among {@link LayoutProblem}. */
  readonly kind: 'size_missing';
  /** The same in words, for a person. */
  readonly text: string;
  /** The size. */
  readonly size: Size;
  /** The asset. */
  readonly name: string;
}

/** The original is wanted and does not exist. */
export interface LayoutOriginalMissing {
  /** Tells it among {@link LayoutProblem}. */
  readonly kind: 'original_missing';
  /** The same in words, for a person. */
  readonly text: string;
  /** The asset. */
  readonly name: string;
}

/** The local date is outside the calendar; the date in UTC is used. */
export interface LayoutNotLocal {
  /** Tells it among {@link LayoutProblem}. */
  readonly kind: 'not_local';
  /** The same in words, for a person. */
  readonly text: string;
  /** The date. */
  readonly date: string;
}

/** One that this version of the package does not know. */
export interface LayoutOther {
  /** Tells it among {@link LayoutProblem}. */
  readonly kind: 'other';
  /** The same in words, for a person. */
  readonly text: string;
}

/** Why something stays. */
export type Kept =
  | KeptYoung
  | KeptNoDate
  | KeptNotCopied
  | KeptEditOfVideo
  | KeptNotAsInICloud
  | KeptEdited
  | KeptNoChecksum
  | KeptMissing
  | KeptDiffers
  | KeptUnreadable
  | KeptUnremovable
  | KeptShared
  | KeptMovedOut
  | KeptElsewhere
  | KeptOwnerUnclear
  | KeptNotAsked
  | KeptOtherReceipt
  | KeptGone
  | KeptForeignSidecar
  | KeptOther;

/** It was taken only so many times 24 hours ago. */
export interface KeptYoung {
  /** Tells it among {@link Kept}. */
  readonly kind: 'young';
  /** The same in words, for a person. */
  readonly text: string;
  /** How many; negative for a date in the future. */
  readonly days: number;
}

/** Apple has no date for it: its age is not known. */
export interface KeptNoDate {
  /** Tells it among {@link Kept}. */
  readonly kind: 'no_date';
  /** The same in words, for a person. */
  readonly text: string;
}

/** iCloud holds a file of it that cannot be made again, and the copy does not: it was not asked for, or could not be had. */
export interface KeptNotCopied {
  /** Tells it among {@link Kept}. */
  readonly kind: 'not_copied';
  /** The same in words, for a person. */
  readonly text: string;
  /** Which file. */
  readonly role: Role;
}

/** It is a video that was edited: as in icloudpd, no size of a layout stands for the edit, which is never copied. */
export interface KeptEditOfVideo {
  /** Tells it among {@link Kept}. */
  readonly kind: 'edit_of_video';
  /** The same in words, for a person. */
  readonly text: string;
}

/** The file is known not to be as Apple has it: something was written into it, or its bytes could not be confirmed. */
export interface KeptNotAsInICloud {
  /** Tells it among {@link Kept}. */
  readonly kind: 'not_as_in_icloud';
  /** The same in words, for a person. */
  readonly text: string;
  /** Which. */
  readonly path: string;
}

/** It was edited since its file was fetched. */
export interface KeptEdited {
  /** Tells it among {@link Kept}. */
  readonly kind: 'edited';
  /** The same in words, for a person. */
  readonly text: string;
}

/** iCloud has no checksum that could prove the file. */
export interface KeptNoChecksum {
  /** Tells it among {@link Kept}. */
  readonly kind: 'no_checksum';
  /** The same in words, for a person. */
  readonly text: string;
}

/** Its file is not where it should be. */
export interface KeptMissing {
  /** Tells it among {@link Kept}. */
  readonly kind: 'missing';
  /** The same in words, for a person. */
  readonly text: string;
  /** Where. */
  readonly path: string;
}

/** The file holds other bytes than Apple's checksum says, or than were stored. */
export interface KeptDiffers {
  /** Tells it among {@link Kept}. */
  readonly kind: 'differs';
  /** The same in words, for a person. */
  readonly text: string;
  /** Which. */
  readonly path: string;
}

/** The file could not be read. */
export interface KeptUnreadable {
  /** Tells it among {@link Kept}. */
  readonly kind: 'unreadable';
  /** The same in words, for a person. */
  readonly text: string;
  /** Which. */
  readonly path: string;
  /** Why. */
  readonly reason: string;
}

/** The file could not be removed, or not be kept aside before. */
export interface KeptUnremovable {
  /** Tells it among {@link Kept}. */
  readonly kind: 'unremovable';
  /** The same in words, for a person. */
  readonly text: string;
  /** Which. */
  readonly path: string;
  /** Why. */
  readonly reason: string;
}

/** Another photo that was not deleted has the same file. */
export interface KeptShared {
  /** Tells it among {@link Kept}. */
  readonly kind: 'shared';
  /** The same in words, for a person. */
  readonly text: string;
}

/** A photo of this file is in Recently Deleted because this copy moved it there. */
export interface KeptMovedOut {
  /** Tells it among {@link Kept}. */
  readonly kind: 'moved_out';
  /** The same in words, for a person. */
  readonly text: string;
}

/** A file that does not stand where a run would put it, so that somebody moved it. */
export interface KeptElsewhere {
  /** Tells it among {@link Kept}. */
  readonly kind: 'elsewhere';
  /** The same in words, for a person. */
  readonly text: string;
}

/** Another photo has the same file, and whether that one was deleted could not be told. */
export interface KeptOwnerUnclear {
  /** Tells it among {@link Kept}. */
  readonly kind: 'owner_unclear';
  /** The same in words, for a person. */
  readonly text: string;
  /** Why. */
  readonly reason: string;
}

/** Nothing was to leave iCloud. */
export interface KeptNotAsked {
  /** Tells it among {@link Kept}. */
  readonly kind: 'not_asked';
  /** The same in words, for a person. */
  readonly text: string;
}

/** The receipt is for other files than there are now. */
export interface KeptOtherReceipt {
  /** Tells it among {@link Kept}. */
  readonly kind: 'other_receipt';
  /** The same in words, for a person. */
  readonly text: string;
}

/** It is no longer in the library, or already in Recently Deleted. */
export interface KeptGone {
  /** Tells it among {@link Kept}. */
  readonly kind: 'gone';
  /** The same in words, for a person. */
  readonly text: string;
}

/** A sidecar that neither icloudpd nor this program wrote, or of which that cannot be told. */
export interface KeptForeignSidecar {
  /** Tells it among {@link Kept}. */
  readonly kind: 'foreign_sidecar';
  /** The same in words, for a person. */
  readonly text: string;
}

/** One that this version of the package does not know. */
export interface KeptOther {
  /** Tells it among {@link Kept}. */
  readonly kind: 'other';
  /** The same in words, for a person. */
  readonly text: string;
}

/** One thing that happened in a run; `onEvent` of `SyncEngine.run` is told of it. */
export type SyncEvent =
  | SyncStarted
  | SyncEnough
  | SyncPlanned
  | SyncPresent
  | SyncDeduplicated
  | SyncDownloading
  | SyncProgress
  | SyncDownloaded
  | SyncDating
  | SyncSkipped
  | SyncRemark
  | SyncFailed
  | SyncDescribed
  | SyncSidecarLeft
  | SyncSidecarFailed
  | SyncUnknown;

/** The listing of an album begins. */
export interface SyncStarted {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'started';
  /** Assets to be looked at: Apple's count, or the limit that was asked for; null if Apple gave no count. */
  readonly total: number | null;
}

/** A list is left before its end: so many files in a row stood here already. */
export interface SyncEnough {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'enough';
  /** How many. */
  readonly found: number;
}

/** An asset was planned; all its files were spoken of. */
export interface SyncPlanned {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'planned';
  /** The asset. */
  readonly asset: Asset;
}

/** A file stands already where it belongs. */
export interface SyncPresent {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'present';
  /** Where. */
  readonly path: string;
}

/** The plain name is taken by another photo; this one gets a longer name. */
export interface SyncDeduplicated {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'deduplicated';
  /** The name it gets. */
  readonly path: string;
}

/** A download begins. */
export interface SyncDownloading {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'downloading';
  /** Where the file will stand. */
  readonly path: string;
}

/** Bytes arrived, or were thrown away again. */
export interface SyncProgress {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'progress';
  /** How many; negative if they were thrown away. */
  readonly bytes: number;
}

/** A file was fetched, proven and named. */
export interface SyncDownloaded {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'downloaded';
  /** Where it stands. */
  readonly path: string;
  /** Its length. */
  readonly bytes: number;
  /** How many of the bytes were there from an earlier run. */
  readonly resumedFrom: number;
  /** Nothing came from iCloud: the file stands in another tree of the same folder, and was copied from there. */
  readonly copied: boolean;
  /** Set if the bytes could not be proven. */
  readonly doubt: Doubt | null;
}

/** A photo was fetched that does not say when it was taken: its date is written into it before it is stored. */
export interface SyncDating {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'dating';
  /** Where the file will stand. */
  readonly path: string;
  /** When it was taken, as it is written: `2024:05:01 12:30:00`. */
  readonly created: string;
  /** Whether its Exif could not be read. */
  readonly unreadable: boolean;
  /** Why it is stored as it came after all. */
  readonly problem: ICloudError | null;
}

/** An asset or one of its files was left out on purpose. */
export interface SyncSkipped {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'skipped';
  /** The asset. */
  readonly asset: Asset;
  /** Why. */
  readonly reason: SkipReason;
}

/** Something about an asset that a person may want to know; its files are fetched all the same. */
export interface SyncRemark {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'remark';
  /** The asset. */
  readonly asset: Asset;
  /** What. */
  readonly problem: LayoutProblem;
}

/** Something failed for one asset; the run goes on. */
export interface SyncFailed {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'failed';
  /** Where the file should have stood, if that was known. */
  readonly path: string | null;
  /** The asset, if it was known. */
  readonly asset: string | null;
  /** What messages call the asset, if it could be read. */
  readonly name: string | null;
  /** What happened. */
  readonly error: ICloudError;
}

/** A sidecar was written, or brought up to date. */
export interface SyncDescribed {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'described';
  /** The sidecar. */
  readonly path: string;
}

/** A sidecar is not ours to write, and stays as it is. */
export interface SyncSidecarLeft {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'sidecar_left';
  /** The sidecar. */
  readonly path: string;
  /** Why, to follow "not overwriting": `created by darktable 4.2`. */
  readonly why: string;
}

/** A sidecar could not be written; the next run tries again. */
export interface SyncSidecarFailed {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'sidecar_failed';
  /** The sidecar. */
  readonly path: string;
  /** What happened. */
  readonly error: ICloudError;
}

/** One that this version of the package does not know. */
export interface SyncUnknown {
  /** Tells it among {@link SyncEvent}. */
  readonly kind: 'unknown';
  /** What the library says of it, for a person. */
  readonly text: string;
}

/** What is told of removals, there and here; `onEvent` of `SyncEngine.run` is told of it. */
export type RemovalEvent =
  | RemovalMoved
  | RemovalWouldMove
  | RemovalAged
  | RemovalStays
  | RemovalRefused
  | RemovalMirroring
  | RemovalRemoved
  | RemovalWouldRemove
  | RemovalLeft
  | RemovalStopped
  | RemovalLeftEarly
  | RemovalWithheld;

/** An asset was moved to Recently Deleted. */
export interface RemovalMoved {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_moved';
  /** Which. */
  readonly asset: string;
  /** Its name. */
  readonly name: string;
}

/** An asset that a run would move to Recently Deleted. Told by a rehearsal, instead of moving it. */
export interface RemovalWouldMove {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_would_move';
  /** Which. */
  readonly asset: string;
  /** Its name. */
  readonly name: string;
}

/** How old an asset is, for `MoveRule.olderThanDays`; what becomes of it is told next. */
export interface RemovalAged {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_aged';
  /** Which. */
  readonly asset: string;
  /** When it was taken. */
  readonly created: string;
  /** It leaves iCloud when it is so many days old. */
  readonly keep: number;
  /** How many days old it is; negative for a date in the future. */
  readonly days: number;
}

/** An asset stays in iCloud. */
export interface RemovalStays {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_stays';
  /** Which. */
  readonly asset: string;
  /** Its name. */
  readonly name: string;
  /** Why. */
  readonly why: Kept;
}

/** iCloud did not let an asset go. */
export interface RemovalRefused {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_refused';
  /** Which. */
  readonly asset: string;
  /** Its name. */
  readonly name: string;
  /** What it says. */
  readonly error: ICloudError;
}

/** The files of deleted assets come next. */
export interface RemovalMirroring {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_mirroring';
  /** Whether all that came before went well. In a rehearsal that is of removals alone. */
  readonly clean: boolean;
}

/** A file was removed here. */
export interface RemovalRemoved {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_removed';
  /** Where it stood. */
  readonly path: string;
  /** Where it is now, if it was kept. */
  readonly trash: string | null;
}

/** A file that a run would remove. Told instead of removing it. */
export interface RemovalWouldRemove {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_would_remove';
  /** Which. */
  readonly path: string;
}

/** A file stays here. */
export interface RemovalLeft {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_left';
  /** Which. */
  readonly path: string;
  /** Why. */
  readonly why: Kept;
}

/** Above the limit: nothing was removed, and the first of what would have been was told. */
export interface RemovalStopped {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_stopped';
  /** How many would have gone, with those that went before in the same run. */
  readonly removals: number;
  /** Of so many. */
  readonly all: number;
}

/** Nothing leaves iCloud, for a list was left before its end, as was asked (`untilFound` of `SyncEngine`). */
export interface RemovalLeftEarly {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_left_early';
}

/** Nothing is removed, or nothing more, for something was not seen as it should have been. */
export interface RemovalWithheld {
  /** Tells it among {@link RemovalEvent}. */
  readonly kind: 'removal_withheld';
}

/** What is told of views; `onEvent` of `SyncEngine.run` is told of it. */
export type ViewEvent =
  | ViewLaid
  | ViewRemoved
  | ViewLeft
  | ViewFailed
  | ViewDone;

/** An entry was laid, or was to be in a rehearsal. */
export interface ViewLaid {
  /** Tells it among {@link ViewEvent}. */
  readonly kind: 'view_laid';
  /** Where. */
  readonly path: string;
  /** The file of the copy that it shows. */
  readonly file: string;
}

/** An entry was removed, or was to be: its photo is not there any more, or elsewhere in the view. */
export interface ViewRemoved {
  /** Tells it among {@link ViewEvent}. */
  readonly kind: 'view_removed';
  /** Where. */
  readonly path: string;
}

/** Something stands there that is not the view's, and stays. */
export interface ViewLeft {
  /** Tells it among {@link ViewEvent}. */
  readonly kind: 'view_left';
  /** Where. */
  readonly path: string;
  /** Why, as a sentence. */
  readonly why: string;
}

/** An entry could not be laid or removed; the next run tries again. */
export interface ViewFailed {
  /** Tells it among {@link ViewEvent}. */
  readonly kind: 'view_failed';
  /** Which view. */
  readonly view: string;
  /** Where, if it is about one entry. */
  readonly path: string | null;
  /** What happened. */
  readonly error: ICloudError;
}

/** A view stands as it should, as far as nothing else was told. */
export interface ViewDone {
  /** Tells it among {@link ViewEvent}. */
  readonly kind: 'view_done';
  /** Which. */
  readonly view: string;
  /** How many entries it has. */
  readonly entries: number;
  /** How many of them were laid now, or were to be. */
  readonly laid: number;
  /** How many others were removed, or were to be. */
  readonly removed: number;
}

/** What an adoption found about one file; `onEvent` of `SyncEngine.adopt` is told of it. */
export type AdoptEvent =
  | AdoptReading
  | AdoptRead
  | AdoptRecognised
  | AdoptDerived
  | AdoptAssumed
  | AdoptDamaged
  | AdoptUnknown
  | AdoptFailed
  | AdoptOther;

/** So many files are read, with so many bytes in all. */
export interface AdoptReading {
  /** Tells it among {@link AdoptEvent}. */
  readonly kind: 'reading';
  /** Files whose length some photo has. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
}

/** A file was read. */
export interface AdoptRead {
  /** Tells it among {@link AdoptEvent}. */
  readonly kind: 'read';
  /** Its length. */
  readonly bytes: number;
}

/** Its bytes are those of a photo. */
export interface AdoptRecognised {
  /** Tells it among {@link AdoptEvent}. */
  readonly kind: 'recognised';
  /** Where it stands. */
  readonly path: string;
  /** Whose it is; one of them, if several photos have these bytes. */
  readonly asset: string;
}

/** A photo that icloudpd wrote its date into. */
export interface AdoptDerived {
  /** Tells it among {@link AdoptEvent}. */
  readonly kind: 'derived';
  /** Where it stands. */
  readonly path: string;
  /** Without what was written into it, it has Apple's checksum. Else all signs are there, and no proof. */
  readonly proven: boolean;
}

/** It has the name and length of a photo that iCloud has no usable checksum for: nothing can be proven. */
export interface AdoptAssumed {
  /** Tells it among {@link AdoptEvent}. */
  readonly kind: 'assumed';
  /** Where it stands. */
  readonly path: string;
}

/**
 * It has the name of a photo, or a row in the catalogue, and not its bytes; or iCloud has a wrong checksum of it, and then the next run finds out.
 */
export interface AdoptDamaged {
  /** Tells it among {@link AdoptEvent}. */
  readonly kind: 'damaged';
  /** Where it stands. */
  readonly path: string;
}

/**
 * None of the photos that were asked for has its bytes. Hidden ones, those in Recently Deleted, and those outside the chosen albums were not looked
 * at.
 */
export interface AdoptUnknown {
  /** Tells it among {@link AdoptEvent}. */
  readonly kind: 'unknown';
  /** Where it stands. */
  readonly path: string;
  /** It is as long as a photo that stands nowhere: perhaps that one, damaged. */
  readonly likeMissing: boolean;
}

/** It could not be read. */
export interface AdoptFailed {
  /** Tells it among {@link AdoptEvent}. */
  readonly kind: 'failed';
  /** Where it stands. */
  readonly path: string;
  /** What happened. */
  readonly error: ICloudError;
}

/** One that this version of the package does not know. */
export interface AdoptOther {
  /** Tells it among {@link AdoptEvent}. */
  readonly kind: 'other';
  /** What the library says of it, for a person. */
  readonly text: string;
}

/** What a verification found about one file; `onEvent` of `verify` is told of it. */
export type VerifyEvent =
  | VerifySound
  | VerifyBad
  | VerifyRemoved
  | VerifyRepaired
  | VerifyStray
  | VerifyView
  | VerifyFailed
  | VerifyOther;

/** A file was read, and is as it should be. */
export interface VerifySound {
  /** Tells it among {@link VerifyEvent}. */
  readonly kind: 'sound';
  /** Where it stands. */
  readonly path: string;
  /** Its length. */
  readonly bytes: number;
}

/** A file is not as it should be. */
export interface VerifyBad {
  /** Tells it among {@link VerifyEvent}. */
  readonly kind: 'bad';
  /** Where it stands, or should. */
  readonly path: string;
  /** What is wrong. */
  readonly fault: Fault;
  /** What was noted when it could not be had. */
  readonly reason: string | null;
}

/** Somebody removed a file, and that is respected, or it stands in another tree of the folder. */
export interface VerifyRemoved {
  /** Tells it among {@link VerifyEvent}. */
  readonly kind: 'removed';
  /** Where it stood. */
  readonly path: string;
}

/** A bad file was fetched again, and is proven or as good as it was. */
export interface VerifyRepaired {
  /** Tells it among {@link VerifyEvent}. */
  readonly kind: 'repaired';
  /** Where it stands. */
  readonly path: string;
}

/** The catalogue knows nothing of a file. */
export interface VerifyStray {
  /** Tells it among {@link VerifyEvent}. */
  readonly kind: 'stray';
  /** Where it stands. */
  readonly path: string;
}

/** An entry of a view is not as it should be. */
export interface VerifyView {
  /** Tells it among {@link VerifyEvent}. */
  readonly kind: 'view';
  /** Where it stands, or should. */
  readonly path: string;
  /** What is wrong, and who mends it. */
  readonly fault: ViewFault;
}

/** A file or folder could not be read, or a file not be fetched. */
export interface VerifyFailed {
  /** Tells it among {@link VerifyEvent}. */
  readonly kind: 'failed';
  /** Where it stands; the root, if that is all that is known. */
  readonly path: string;
  /** What happened. */
  readonly error: ICloudError;
}

/** One that this version of the package does not know. */
export interface VerifyOther {
  /** Tells it among {@link VerifyEvent}. */
  readonly kind: 'other';
  /** What the library says of it, for a person. */
  readonly text: string;
}

/** An asset of which there is news. */
export interface AssetNews {
  /** As it is now; as it was when last seen if it is gone. */
  readonly asset: AssetRow;
  /** Where its files stand, by the catalogue. */
  readonly files: readonly string[];
  /** What differs, beside what the event itself says. */
  readonly details: readonly Detail[];
}

/** An asset in an album. */
export interface Membership {
  /** The album. */
  readonly album: string;
  /** Its title with the folders above it, if it is known. */
  readonly path: string | null;
  /** The asset. */
  readonly asset: string;
  /** Its file name, if it is known. */
  readonly name: string | null;
  /** Where its files stand, by the catalogue. */
  readonly files: readonly string[];
}

/** One thing that differs from what was known of an asset. */
export type Detail =
  | DetailFiles
  | DetailAdjustment
  | DetailFavorite
  | DetailHidden
  | DetailName
  | DetailCreated
  | DetailOffset
  | DetailKind
  | DetailBurst
  | DetailAdded
  | DetailOther;

/** These files are new, changed or gone, of those that the options ask for. */
export interface DetailFiles {
  /** Tells it among {@link Detail}. */
  readonly kind: 'files';
  /** Which. */
  readonly roles: readonly Role[];
}

/** What edited it, such as `com.apple.photo`. */
export interface DetailAdjustment {
  /** Tells it among {@link Detail}. */
  readonly kind: 'adjustment';
  /** Before; null for nothing. */
  readonly was: string | null;
  /** Now; null for nothing. */
  readonly now: string | null;
}

/** It became a favourite, or is none any more. */
export interface DetailFavorite {
  /** Tells it among {@link Detail}. */
  readonly kind: 'favorite';
  /** Whether it is one now. */
  readonly now: boolean;
}

/** It was hidden, or is shown again. */
export interface DetailHidden {
  /** Tells it among {@link Detail}. */
  readonly kind: 'hidden';
  /** Whether it is hidden now. */
  readonly now: boolean;
}

/** Its file name. */
export interface DetailName {
  /** Tells it among {@link Detail}. */
  readonly kind: 'name';
  /** Before. */
  readonly was: string;
  /** Now. */
  readonly now: string;
}

/** When it was taken. */
export interface DetailCreated {
  /** Tells it among {@link Detail}. */
  readonly kind: 'created';
  /** Before, in milliseconds since 1970. */
  readonly was: number | null;
  /** Now, in milliseconds since 1970. */
  readonly now: number | null;
}

/** How far the clocks were from UTC where it was taken. */
export interface DetailOffset {
  /** Tells it among {@link Detail}. */
  readonly kind: 'offset';
  /** Before, in seconds. */
  readonly was: number | null;
  /** Now, in seconds. */
  readonly now: number | null;
}

/** What kind of thing it is, or how it was made. */
export interface DetailKind {
  /** Tells it among {@link Detail}. */
  readonly kind: 'kind';
}

/** The burst it belongs to. */
export interface DetailBurst {
  /** Tells it among {@link Detail}. */
  readonly kind: 'burst';
}

/** When it came into the library. */
export interface DetailAdded {
  /** Tells it among {@link Detail}. */
  readonly kind: 'added';
}

/** One that this version of the package does not know. */
export interface DetailOther {
  /** Tells it among {@link Detail}. */
  readonly kind: 'other';
  /** What the library says of it, for a person. */
  readonly text: string;
}

/** One thing that happened in iCloud since the last run; see `SyncEngine.news`. */
export type NewsEvent =
  | NewsAdded
  | NewsEdited
  | NewsMetadata
  | NewsTrashed
  | NewsRestored
  | NewsMoved
  | NewsGone
  | NewsAlbumMade
  | NewsAlbumRenamed
  | NewsAlbumMoved
  | NewsAlbumDeleted
  | NewsEntered
  | NewsLeft
  | NewsProblem
  | NewsReset
  | NewsOther;

/** An asset that the catalogue does not know. */
export interface NewsAdded {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'added';
  /** The asset, where its files stand, and what differs. */
  readonly news: AssetNews;
}

/** Its files changed, or what edited it; other things perhaps too. */
export interface NewsEdited {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'edited';
  /** The asset, where its files stand, and what differs. */
  readonly news: AssetNews;
}

/** Its files are the same; what else differs, `AssetNews.details` says. */
export interface NewsMetadata {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'metadata';
  /** The asset, where its files stand, and what differs. */
  readonly news: AssetNews;
}

/** It is in Recently Deleted now. */
export interface NewsTrashed {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'trashed';
  /** The asset, where its files stand, and what differs. */
  readonly news: AssetNews;
}

/** It was in Recently Deleted, and is back. */
export interface NewsRestored {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'restored';
  /** The asset, where its files stand, and what differs. */
  readonly news: AssetNews;
}

/** It is gone from this library, and the catalogue knows its original in another one, by a run there. */
export interface NewsMoved {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'moved';
  /** As it was here. */
  readonly news: AssetNews;
  /** Where its original is. */
  readonly to: string;
}

/** It is gone for good. */
export interface NewsGone {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'gone';
  /** The asset, where its files stand, and what differs. */
  readonly news: AssetNews;
}

/** An album or folder that the catalogue does not know. */
export interface NewsAlbumMade {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'album_made';
  /** The album or folder. */
  readonly album: AlbumRow;
}

/** It has another title. */
export interface NewsAlbumRenamed {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'album_renamed';
  /** As it is now. */
  readonly album: AlbumRow;
  /** Its title before. */
  readonly was: string;
}

/** It lies in another folder. */
export interface NewsAlbumMoved {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'album_moved';
  /** As it is now. */
  readonly album: AlbumRow;
  /** Its path before. */
  readonly was: string;
}

/** It was deleted; what was in it stays. */
export interface NewsAlbumDeleted {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'album_deleted';
  /** The album or folder, as it was when last seen. */
  readonly album: AlbumRow;
}

/** An asset is in an album. Apple tells it anew at times of one that was there before. */
export interface NewsEntered {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'entered';
  /** Which asset, and which album. */
  readonly membership: Membership;
}

/** An asset is in an album no longer. */
export interface NewsLeft {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'left';
  /** Which asset, and which album. */
  readonly membership: Membership;
}

/** An asset, or something else, that could not be read. */
export interface NewsProblem {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'problem';
  /** Which asset, if known. */
  readonly asset: string | null;
  /** What is wrong with it. */
  readonly error: ICloudError;
}

/** The history cannot be followed any more: the next run lists everything. This is the last event. */
export interface NewsReset {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'reset';
  /** Why, in Apple's words or ours. */
  readonly reason: string;
}

/** One that this version of the package does not know. */
export interface NewsOther {
  /** Tells it among {@link NewsEvent}. */
  readonly kind: 'other';
  /** What the library says of it, for a person. */
  readonly text: string;
}

/** One thing that happened in a library. What is told is how things are now. */
export type Change =
  | ChangeAsset
  | ChangeTrashed
  | ChangeFile
  | ChangeProblem
  | ChangeGone
  | ChangeAlbum
  | ChangeEntered
  | ChangeLeft
  | ChangeOther
  | ChangeReset
  | ChangeUnknown;

/** An asset as it is now, with fresh links: it came, or was edited, hidden, marked, restored, or written without any visible difference. */
export interface ChangeAsset {
  /** Tells it among {@link Change}. */
  readonly kind: 'asset';
  /** The asset. Its `state()`, compared with one that was kept, says which of it. */
  readonly asset: Asset;
}

/**
 * An asset that is in Recently Deleted now.
 *
 * It may have links still; if iCloud has lost its file record, it has neither name nor files. It keeps its places in albums, of which lists show
 * nothing meanwhile; when it is restored, nothing tells of them.
 */
export interface ChangeTrashed {
  /** Tells it among {@link Change}. */
  readonly kind: 'trashed';
  /** The asset. */
  readonly asset: Asset;
}

/**
 * The file record of a photo was written: it is new, or has another name, say.
 *
 * That concerns every asset that shows it, duplicates too, and Apple cannot be asked which ones do: a caller that knows some (`AssetState.master`)
 * beside those `told` looks them up (`Library.assetsById`). For a photo that was never duplicated there are none.
 */
export interface ChangeFile {
  /** Tells it among {@link Change}. */
  readonly kind: 'file';
  /** The record, as `Asset.masterId` gives it. */
  readonly master: string;
  /** Assets of it that are changes of this batch themselves. Nothing is to be done about these. */
  readonly told: readonly string[];
}

/**
 * One asset, or one record, could not be read or completed; the rest goes on.
 *
 * The cursor passes over it: a caller that needs the asset looks it up later (`Library.assetsById`).
 */
export interface ChangeProblem {
  /** Tells it among {@link Change}. */
  readonly kind: 'problem';
  /** Which asset, if known. When Apple sent an error in place of a record this is an album at times. */
  readonly asset: string | null;
  /** What is wrong with it. Its context names the record, if Apple did. */
  readonly error: ICloudError;
}

/**
 * A record that is gone for good: an asset, its file record, an album, or something else. Apple does not say which.
 *
 * Of a photo both records come, each for itself.
 */
export interface ChangeGone {
  /** Tells it among {@link Change}. */
  readonly kind: 'gone';
  /** The name it had. */
  readonly record: string;
}

/** An album or folder that was made, renamed, moved or deleted, or whose members changed. */
export interface ChangeAlbum {
  /** Tells it among {@link Change}. */
  readonly kind: 'album';
  /** Its record name. */
  readonly id: string;
  /** Its title in composed Unicode (NFC), if there is one that can be read. */
  readonly name: string | null;
  /** The folder it lies in, if any. */
  readonly parent: string | null;
  /** `'folder'` or `'user'`. */
  readonly albumKind: AlbumKind;
  /** It was deleted. Its members are not mentioned then. */
  readonly deleted: boolean;
}

/** An asset that is in an album now. */
export interface ChangeEntered {
  /** Tells it among {@link Change}. */
  readonly kind: 'entered';
  /** The album. */
  readonly album: string;
  /** The asset. */
  readonly asset: string;
}

/** An asset that is in an album no longer. */
export interface ChangeLeft {
  /** Tells it among {@link Change}. */
  readonly kind: 'left';
  /** The album. */
  readonly album: string;
  /** The asset. */
  readonly asset: string;
}

/** A record that is none of these, such as the library's counters or one of a kind this version does not know. */
export interface ChangeOther {
  /** Tells it among {@link Change}. */
  readonly kind: 'other';
  /** Its name. */
  readonly record: string;
  /** Its kind as Apple spells it. */
  readonly otherKind: string | null;
}

/**
 * The cursor is of no use: too old, not of this library, or the library was made anew. This is the last change.
 *
 * What is known must be compared with a full listing. The cursor of this batch was taken now: keep it, list everything, and store it when the listing
 * is complete. If none could be had it is the old one, which leads to a reset again.
 */
export interface ChangeReset {
  /** Tells it among {@link Change}. */
  readonly kind: 'reset';
  /** Why, in Apple's words or ours. */
  readonly reason: string;
}

/** One that this version of the package does not know. */
export interface ChangeUnknown {
  /** Tells it among {@link Change}. */
  readonly kind: 'unknown';
  /** What the library says of it, for a person. */
  readonly text: string;
}

/** Some changes, and the place behind them. */
export interface ChangeBatch {
  /** What happened, in Apple's order. */
  readonly changes: readonly Change[];
  /** Where to go on. Whoever stores it has dealt with the batch; see `ChangeReset` for the one exception. */
  readonly cursor: ChangeCursor;
}

/** What a file is for, as an action carries it. */
export interface Target {
  /** Whose file. */
  readonly asset: Asset;
  /** Which file of it. */
  readonly role: Role;
  /** In which tree. */
  readonly tree: string;
  /** Where it belongs. */
  readonly path: string;
}

/** One step of a plan. */
export type Action =
  | ActionBegin
  | ActionDownload
  | ActionPresent
  | ActionStands
  | ActionDescribe
  | ActionClaim
  | ActionSettle
  | ActionRenamed
  | ActionForget
  | ActionLost
  | ActionSkip
  | ActionRemark
  | ActionProblem
  | ActionNote
  | ActionPlaced
  | ActionAlbums
  | ActionAside
  | ActionDone
  | ActionListed
  | ActionEnd
  | ActionEnough
  | ActionEndOfRest
  | ActionCovered
  | ActionOther;

/** An album begins. */
export interface ActionBegin {
  /** Tells it among {@link Action}. */
  readonly kind: 'begin';
  /** Assets to be looked at: Apple's count, or the limit that was asked for; null if Apple gave no count. */
  readonly total: number | null;
}

/** Fetch a file. */
export interface ActionDownload {
  /** Tells it among {@link Action}. */
  readonly kind: 'download';
  /** What and where. */
  readonly target: Target;
  /** Length in bytes, if known. */
  readonly size: number | null;
  /** The modification time it gets. */
  readonly modified: Date | null;
  /** Whether the plain name was taken by another photo. */
  readonly deduplicated: boolean;
  /** Where it may stand already, though only its bytes could tell: if they come again, nothing is stored. */
  readonly standing: readonly string[];
  /** Where it stands in other trees of the folder: it is copied from there, if it is proven. */
  readonly copies: readonly string[];
  /** Why it is not here, or not good enough. */
  readonly why: Why;
}

/** Nothing to do: the file is there. */
export interface ActionPresent {
  /** Tells it among {@link Action}. */
  readonly kind: 'present';
  /** What and where. */
  readonly target: Target;
  /** Whether it stands under another name, because the plain one belongs to another photo. */
  readonly deduplicated: boolean;
  /** Whether the catalogue knows it as this asset's. */
  readonly known: boolean;
  /** SHA-256 of its bytes, if they were read for this plan: they are those of the asset, or those that were stored for it, if it is doubted. */
  readonly proven: Buffer | null;
  /** Whether it could not be confirmed when it was fetched, and still cannot. */
  readonly doubted: boolean;
  /** What stands there; null for a file that this run fetches for another asset of the same bytes. */
  readonly found: ObjectMeta | null;
}

/** Nothing to do: a file that the catalogue knows stands where it should. */
export interface ActionStands {
  /** Tells it among {@link Action}. */
  readonly kind: 'stands';
  /** Where. */
  readonly path: string;
  /** Whether it could not be confirmed when it was fetched, and still cannot. */
  readonly doubted: boolean;
}

/** Nothing to do but to write the sidecar of a file that stands. */
export interface ActionDescribe {
  /** Tells it among {@link Action}. */
  readonly kind: 'describe';
  /** What and where. */
  readonly target: Target;
}

/** Nothing to do but to remember that a file which stands is to have a sidecar. */
export interface ActionClaim {
  /** Tells it among {@link Action}. */
  readonly kind: 'claim';
  /** What the catalogue says of it. */
  readonly row: FileRow;
}

/** Nothing to do but to remember that a file which stands is of another tree than it was, or of none any more. */
export interface ActionSettle {
  /** Tells it among {@link Action}. */
  readonly kind: 'settle';
  /** What the catalogue is to say of it. */
  readonly row: FileRow;
  /** What it was known as. */
  readonly before: FileKey;
}

/**
 * Nothing to do but to remember it: a file that was missing or damaged, of a photo that this copy moved out of iCloud, stands under another name, or
 * is right again.
 */
export interface ActionRenamed {
  /** Tells it among {@link Action}. */
  readonly kind: 'renamed';
  /** What the catalogue says of it. */
  readonly row: FileRow;
  /** What stands there. */
  readonly found: ObjectMeta;
}

/** Forget a file that is neither here nor in iCloud. */
export interface ActionForget {
  /** Tells it among {@link Action}. */
  readonly kind: 'forget';
  /** Which. */
  readonly key: FileKey;
}

/** Nothing can be done: a file is damaged, or missing here though this copy moved its photo out of iCloud; iCloud has it no more. */
export interface ActionLost {
  /** Tells it among {@link Action}. */
  readonly kind: 'lost';
  /** Which. */
  readonly key: FileKey;
  /** Where it stood. */
  readonly path: string;
}

/** Leave something out. */
export interface ActionSkip {
  /** Tells it among {@link Action}. */
  readonly kind: 'skip';
  /** Whose. */
  readonly asset: Asset;
  /** Why. */
  readonly reason: SkipReason;
}

/** Something about an asset that a person may want to know; its files are planned all the same. */
export interface ActionRemark {
  /** Tells it among {@link Action}. */
  readonly kind: 'remark';
  /** Whose. */
  readonly asset: Asset;
  /** What. */
  readonly problem: LayoutProblem;
}

/** Cannot be planned; the run goes on. */
export interface ActionProblem {
  /** Tells it among {@link Action}. */
  readonly kind: 'problem';
  /** Whose, if it could be read. */
  readonly asset: Asset | null;
  /** Whose, if only that is known. */
  readonly id: string | null;
  /** Which of its files it is about, if iCloud lacks that one or it cannot be looked at here: it is asked for again by every run. */
  readonly lacks: Role | null;
  /** What is wrong. */
  readonly error: ICloudError;
}

/**
 * Nothing to do but to remember how something is now of which no file is wanted: an asset that is hidden or deleted, an album, a record that is gone.
 */
export interface ActionNote {
  /** Tells it among {@link Action}. */
  readonly kind: 'note';
  /** What was seen. */
  readonly change: Change;
}

/** Nothing to do but to remember that an asset is in an album of the user's, for sidecars. */
export interface ActionPlaced {
  /** Tells it among {@link Action}. */
  readonly kind: 'placed';
  /** The album. */
  readonly album: string;
  /** The asset. */
  readonly asset: string;
}

/** Nothing to do but to remember the user's albums, all of them. */
export interface ActionAlbums {
  /** Tells it among {@link Action}. */
  readonly kind: 'albums';
  /** As they are now. */
  readonly albums: AlbumTree;
}

/** Nothing to do but to remember it, should the run come to its end: something beside how far the library was copied. */
export interface ActionAside {
  /** Tells it among {@link Action}. */
  readonly kind: 'aside';
  /** What to remember. */
  readonly progress: Progress;
}

/** Everything about this asset was said. */
export interface ActionDone {
  /** Tells it among {@link Action}. */
  readonly kind: 'done';
  /** The asset. */
  readonly asset: Asset;
}

/** A part of a listing ends. */
export interface ActionListed {
  /** Tells it among {@link Action}. */
  readonly kind: 'listed';
  /** With all of the above done, what a run goes on from if this one is cut before its end. */
  readonly progress: Progress;
  /** Whom the listing has shown since it was said last, if that matters at its end. */
  readonly seen: readonly string[];
}

/** An album ends. */
export interface ActionEnd {
  /** Tells it among {@link Action}. */
  readonly kind: 'end';
  /** How its list ended: whether Apple gave everything that it counts. */
  readonly listing: Listing;
}

/** An album is left before its end, for so many files in a row stand here (`untilFound` of `SyncEngine`). */
export interface ActionEnough {
  /** Tells it among {@link Action}. */
  readonly kind: 'enough';
  /** How many. */
  readonly found: number;
}

/** An album ends whose list an earlier run began. Nothing more is said of it, for this one has not seen all of it. */
export interface ActionEndOfRest {
  /** Tells it among {@link Action}. */
  readonly kind: 'end_of_rest';
}

/** The last one: with all of the above done, everything up to this point in the library's history is covered. */
export interface ActionCovered {
  /** Tells it among {@link Action}. */
  readonly kind: 'covered';
  /** What the next run goes on from. */
  readonly progress: Progress;
}

/** One that this version of the package does not know. */
export interface ActionOther {
  /** Tells it among {@link Action}. */
  readonly kind: 'other';
  /** What the library says of it, for a person. */
  readonly text: string;
}
