-- A catalogue of version 1, frozen: this version and every later one must open it. Never change what stands here.
PRAGMA application_id = 1766019171;
PRAGMA user_version = 1;
CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    place TEXT NOT NULL
);
CREATE TABLE files (
    library TEXT NOT NULL,
    asset TEXT NOT NULL,
    role TEXT NOT NULL,
    path TEXT,
    size INTEGER,           -- of the stored bytes
    modified INTEGER,       -- as stored
    resource_size INTEGER,  -- as Apple has it
    checksum TEXT,          -- Apple's, of the resource
    sha256 TEXT,            -- of the stored bytes
    status TEXT NOT NULL,   -- verified, unconfirmed, assumed, derived, failed
    reason TEXT,            -- why it failed
    attempts INTEGER,
    at INTEGER NOT NULL,    -- when this row was written
    UNIQUE (library, asset, role)
);
CREATE INDEX files_by_path ON files (path) WHERE path IS NOT NULL;
CREATE INDEX files_by_checksum ON files (checksum) WHERE checksum IS NOT NULL;
CREATE INDEX files_by_status ON files (status, size);
CREATE INDEX files_failed ON files (library, asset, role) WHERE status = 'failed';
CREATE TABLE assets (
    library TEXT NOT NULL,
    asset TEXT NOT NULL,
    master TEXT NOT NULL,
    tag TEXT,
    content TEXT NOT NULL,  -- digest of its resources
    trashed INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    favorite INTEGER NOT NULL,
    metadata TEXT NOT NULL, -- JSON
    name TEXT NOT NULL,
    created INTEGER,        -- milliseconds
    UNIQUE (library, asset)
);
CREATE TABLE albums (
    library TEXT NOT NULL,
    album TEXT NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (library, album)
);
CREATE TABLE progress (
    library TEXT NOT NULL,
    selection TEXT NOT NULL,
    token TEXT,
    pending INTEGER NOT NULL, -- whether a listing was cut
    pending_token TEXT,
    pending_rank INTEGER,
    pending_seen INTEGER,
    at INTEGER NOT NULL,
    PRIMARY KEY (library, selection)
);
INSERT INTO store VALUES (1, '8c1d2f70-0000-4000-8000-000000000001', '/volume1/photos');
INSERT INTO files VALUES
    ('1234/private/PrimarySync', 'A-1', 'original', '2018/07/31/IMG_1.JPG', 1884695, 1533021744, 1884695,
     'ATE6W0VAGbjhs9B5SmRCwt9Y3yxl', 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592',
     'verified', NULL, NULL, 1780000000),
    ('1234/private/PrimarySync', 'A-1', 'live_movie', '2018/07/31/IMG_1_HEVC.MOV', NULL, NULL, 3294075, NULL, NULL,
     'failed', 'the link was cut', 3, 1780000001);
INSERT INTO assets VALUES
    ('1234/private/PrimarySync', 'A-1', 'ATE6W0VAGbjhs9B5SmRCwt9Y3yxl', '4f', 'ffffffffffffffff', 0, 1, 1,
     '{"caption":"A"}', 'IMG_1.JPG', 1533021744816);
INSERT INTO albums VALUES ('1234/private/PrimarySync', 'album-1', 'Trips/Holiday', 'album');
INSERT INTO progress VALUES
    ('1234/private/PrimarySync', 'all', 'token-1', 1, 'token-2', 200, 199, 1780000002),
    ('1234/private/PrimarySync', 'videos', NULL, 0, NULL, NULL, NULL, 1780000003);
