CREATE TABLE documents (
    row          INTEGER PRIMARY KEY AUTOINCREMENT,  -- part of the marker: never used twice
    epoch        INTEGER NOT NULL,          -- drawn at each start of the daemon; part of the marker
    device       TEXT    NOT NULL,
    request_id   TEXT    NOT NULL,          -- the id as it came, JSON text; our idempotency key
    superseded   INTEGER NOT NULL DEFAULT 0,-- 1: a later print of the same id took its place
    document_id  INTEGER NOT NULL,          -- Altegio's sales document
    kind         TEXT    NOT NULL,          -- sale, return, or an operation of our own
    date_ms      INTEGER NOT NULL,          -- when it was sent for printing
    fiscal_hash  BLOB    NOT NULL,
    twin_hash    BLOB    NOT NULL,
    total_minor  INTEGER NOT NULL,
    request      BLOB,                      -- the body as it came; dropped when closed and old
    body         TEXT,                      -- what the device is asked to do, JSON; dropped with it
    notes        TEXT    NOT NULL,          -- what was noticed at intake, JSON
    callback_url TEXT,                      -- NULL: nobody is told (an operation of our own)
    original     INTEGER REFERENCES documents(row),  -- of a return: its sale
    twin_of      INTEGER REFERENCES documents(row),  -- registered once for both
    state        TEXT    NOT NULL,
    attempt      INTEGER NOT NULL DEFAULT 0,
    accepted     TEXT    NOT NULL,          -- stamp, JSON: wall, boot clock, boot
    hindrance    TEXT,                      -- why it waits, JSON; told when it expires
    code         INTEGER,                   -- final code for the cloud
    message      TEXT,
    proof        TEXT,                      -- JSON; kept as long as the row
    paper        TEXT,
    settled_ms   INTEGER                    -- wall clock
) STRICT;

CREATE UNIQUE INDEX documents_by_id ON documents (device, request_id) WHERE superseded = 0;
CREATE INDEX documents_by_sale ON documents (device, document_id, kind);
-- What is not ended; queries repeat this condition word for word, so that the index serves them.
CREATE INDEX documents_open ON documents (device, row) WHERE state NOT IN ('done', 'refused', 'expired');
-- One attempt at a time on a device.
CREATE UNIQUE INDEX documents_in_flight ON documents (device)
    WHERE state IN ('begun', 'closing', 'doubtful', 'cancelling', 'needs_operator');
-- By the fiscal document's number: no two documents are the same receipt, but for twins.
CREATE INDEX documents_by_number ON documents (device, proof ->> 'document_number') WHERE twin_of IS NULL;
CREATE INDEX documents_with_payload ON documents (settled_ms) WHERE request IS NOT NULL AND settled_ms IS NOT NULL;

CREATE TABLE attempts (
    document   INTEGER NOT NULL REFERENCES documents(row),
    attempt    INTEGER NOT NULL,
    mark       TEXT    NOT NULL,            -- evidence base, JSON
    begun_ms   INTEGER NOT NULL,
    puzzle     TEXT,                        -- why a person must decide, JSON
    decision   TEXT,                        -- what the person said
    PRIMARY KEY (document, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
    row        INTEGER PRIMARY KEY,
    document   INTEGER NOT NULL UNIQUE REFERENCES documents(row),  -- one final word for each document
    url        TEXT    NOT NULL,
    origin     TEXT    NOT NULL,            -- scheme, host and port: what waits together
    body       TEXT    NOT NULL,            -- the same bytes each time
    since      TEXT    NOT NULL,            -- stamp, JSON
    state      TEXT    NOT NULL DEFAULT 'waiting',  -- waiting, delivered, parked
    tries      INTEGER NOT NULL DEFAULT 0,
    due        TEXT,                        -- stamp, JSON; NULL: at once
    wire       INTEGER NOT NULL DEFAULT 0,  -- attempts that may have reached the wire
    answer     TEXT                         -- what came back last
) STRICT;
CREATE INDEX reports_waiting ON reports (row) WHERE state = 'waiting';
CREATE INDEX reports_parked ON reports (row) WHERE state = 'parked';

CREATE TABLE devices (
    name          TEXT PRIMARY KEY,
    serial        TEXT NOT NULL,
    storage       TEXT NOT NULL,
    last_document INTEGER NOT NULL,         -- the last number that this journal has seen
    capabilities  TEXT,                     -- snapshot, JSON
    fence         TEXT,                     -- why nothing is dispatched, JSON; NULL: open
    agreed        INTEGER NOT NULL DEFAULT 0,-- 1: a person agreed to take the device as it is now
    last_settled  TEXT,                     -- stamp, JSON
    shift         INTEGER,                  -- number of the open shift; NULL: closed
    shift_since   TEXT                      -- when it was first seen open: stamp, JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE allowances (
    device      TEXT    NOT NULL,
    document_id INTEGER NOT NULL,
    given_ms    INTEGER NOT NULL,
    PRIMARY KEY (device, document_id)
) STRICT, WITHOUT ROWID;

-- What happened, for people; append-only.
CREATE TABLE events (
    row      INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    device   TEXT    NOT NULL,
    document INTEGER,
    what     TEXT    NOT NULL,
    detail   TEXT    NOT NULL
) STRICT;
CREATE INDEX events_of_document ON events (document) WHERE document IS NOT NULL;
