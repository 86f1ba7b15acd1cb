-- Version 3: what each boot learnt of the true time, from its time_fact events: of the best quality the latest.
CREATE TABLE boot_clock (
    boot BLOB PRIMARY KEY, offset_ms INTEGER NOT NULL, quality INTEGER NOT NULL, facts INTEGER NOT NULL) WITHOUT ROWID;
