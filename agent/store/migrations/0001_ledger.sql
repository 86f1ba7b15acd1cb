-- The ledger, version 1. Truth is in `event`; every other table can be derived from it and from talking to the shops.
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE epoch (
    first_position INTEGER PRIMARY KEY, generation INTEGER NOT NULL UNIQUE, id BLOB NOT NULL, boot BLOB NOT NULL,
    wall_ms INTEGER NOT NULL, boottime_ms INTEGER NOT NULL, quality INTEGER NOT NULL);
-- body: canonical bytes (docs/events.md) and the 4-byte tag
CREATE TABLE event (position INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE item (
    alias INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE, title TEXT NOT NULL, price_minor INTEGER NOT NULL,
    cost_minor INTEGER NOT NULL, currency TEXT NOT NULL, flags INTEGER NOT NULL, reorder_point INTEGER NOT NULL,
    lead_days INTEGER NOT NULL);
CREATE TABLE barcode (code TEXT PRIMARY KEY, item INTEGER NOT NULL, pack INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX barcode_item ON barcode (item);
CREATE TABLE location (alias INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL);
-- as of meta 'snapshot'
CREATE TABLE stock (
    item INTEGER NOT NULL, location INTEGER NOT NULL, on_hand INTEGER NOT NULL, committed INTEGER NOT NULL,
    PRIMARY KEY (item, location)) WITHOUT ROWID;
CREATE TABLE item_event (item INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (item, position)) WITHOUT ROWID;
CREATE TABLE channel (
    alias INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL UNIQUE, location INTEGER NOT NULL,
    baselined INTEGER NOT NULL, live INTEGER NOT NULL, orders_since_ms INTEGER NOT NULL, clock_offset_ms INTEGER NOT NULL);
CREATE TABLE listing (
    channel INTEGER NOT NULL, alias INTEGER NOT NULL, item INTEGER NOT NULL, pack INTEGER NOT NULL, remote_id TEXT NOT NULL,
    baseline INTEGER NOT NULL, granted INTEGER NOT NULL, revoked INTEGER NOT NULL, sold INTEGER NOT NULL,
    restored INTEGER NOT NULL, edits INTEGER NOT NULL, level INTEGER, level_wall_ms INTEGER NOT NULL, parked INTEGER NOT NULL,
    parked_reason TEXT NOT NULL, PRIMARY KEY (channel, alias)) WITHOUT ROWID;
-- unsettled ops only; a settled one lives on as its op_result, grant and revoke events
CREATE TABLE op (
    number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, request_key BLOB NOT NULL, channel INTEGER NOT NULL,
    kind INTEGER NOT NULL, state INTEGER NOT NULL, listing INTEGER NOT NULL, delta INTEGER NOT NULL, compare_from INTEGER,
    order_id TEXT NOT NULL, source_key TEXT NOT NULL, sent_wall_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,
    words TEXT NOT NULL);
CREATE TABLE order_line (
    channel INTEGER NOT NULL, source_key TEXT NOT NULL, order_id TEXT NOT NULL, order_name TEXT NOT NULL,
    remote_id TEXT NOT NULL, listing INTEGER NOT NULL, item INTEGER NOT NULL, pack INTEGER NOT NULL,
    location INTEGER NOT NULL, lines_in_order INTEGER NOT NULL, version INTEGER NOT NULL, created_wall_ms INTEGER NOT NULL,
    ordered INTEGER NOT NULL, held INTEGER NOT NULL, cancelled INTEGER NOT NULL, handed_over INTEGER NOT NULL,
    returned_sellable INTEGER NOT NULL, returned_unsellable INTEGER NOT NULL, restored INTEGER NOT NULL,
    PRIMARY KEY (channel, source_key)) WITHOUT ROWID;
CREATE INDEX order_line_open ON order_line (item, created_wall_ms)
    WHERE ordered > cancelled + handed_over OR held > 0;
CREATE TABLE card (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, state INTEGER NOT NULL, key TEXT NOT NULL, channel INTEGER NOT NULL,
    item INTEGER NOT NULL, listing INTEGER NOT NULL, origin INTEGER NOT NULL, units INTEGER NOT NULL, text TEXT NOT NULL,
    chosen INTEGER NOT NULL, detail TEXT NOT NULL, opened_wall_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX card_unsettled ON card (kind, channel, key) WHERE state < 3;
