/* Made by `npm run native`; what does not follow from the Rust code is in header.d.ts. */

/* What an error is that stands where a value could: JSON, see lib/errors.ts. */
export interface Failure {
  failure: string;
}

/* What a sign-in comes to. */
export interface LoginOutcome {
  state: string;
  next: Session | Challenge | Terms | Consent | SecurityKey | null;
  error: Failure | null;
}

import type {
  AlbumKind, AssetChange, AssetState, Checksum, IndexState, LibraryId, LibraryKind, Listing, Location, MediaKind, Phone, Probe, Proof,
  Saved, SmartAlbum, Subtype,
} from '../lib/models.js';

/* What a cursor of changes is here; see lib/models.ts. */
export interface ChangeCursor {
  json: string;
  library: LibraryId;
}

import type { ChangeBatch, Kept } from '../lib/events.js';
import type {
  AdoptReport, Capabilities, Digests, FileRow, ObjectMeta, Placement, Receipt, Stock, SyncReport, Totals, VerifyReport,
} from '../lib/records.js';
