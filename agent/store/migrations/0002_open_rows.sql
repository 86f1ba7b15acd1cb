-- Version 2: when a channel was connected is kept over restarts; what is open, and a start by its id, is found without
-- walking what is settled.
ALTER TABLE channel ADD COLUMN baseline_ms INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX epoch_id ON epoch (id);
CREATE INDEX order_line_open_key ON order_line (channel, source_key)
    WHERE ordered > cancelled + handed_over OR held > 0;
CREATE INDEX card_open ON card (id) WHERE state < 3;
