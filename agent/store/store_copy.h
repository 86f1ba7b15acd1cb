/* Copies of a ledger: the mark by which a copy is known as one, the witness file beside it, making it and
 * putting it in a ledger's place. Beside store.h, which is about the ledger that runs. */
#ifndef FAIRSTOCK_STORE_STORE_COPY_H
#define FAIRSTOCK_STORE_STORE_COPY_H

#include "domain/witness.h"
#include "store/store.h"

/* --- where a ledger comes from --- */

enum store_origin_kind {
    STORE_ORIGIN_BACKUP = 1, /* a copy that `fairstock backup` made: sales may have been made since */
    STORE_ORIGIN_SALVAGE,    /* what was left of a damaged file: events may be missing in the middle too */
};
/* Marked by rows of the table meta from the copy's making on, so that a copy is known as one whichever way it
 * came into a state directory. */
struct store_origin {
    enum store_origin_kind kind;
    int64_t wall_ms;   /* the clock of who made the copy, then */
    uint64_t position; /* the copy's last event; what is behind it happened after it was put in place */
};

/* -ENOENT: this ledger has always been the one that runs here. Works on every open store. */
MUST_CHECK int store_origin(struct store *store, struct store_origin *origin);
/* The seller has looked at what a restored ledger means: the mark goes, durably. -EIO and others as a commit.
 */
MUST_CHECK int store_origin_settle(struct store *store);

/* --- witnesses --- */

/* What this running store could tell a witness now: its last event. -ENOENT without one. */
MUST_CHECK int store_witness(struct store *store, int64_t wall_ms, struct witness *witness);
/* Reads a witness file (witness_parse). -ENOENT when there is none, -EINVAL with a sentence when it is none.
 */
MUST_CHECK int store_witness_read(const char *path, sha256_fn *sha256, struct witness *witness,
                                  struct err *err);
/* What a witness means for a ledger. */
enum store_witness_verdict {
    WITNESS_AGREES,  /* the event is here, with the same hash */
    WITNESS_STRANGE, /* it is another device's: says nothing about this ledger */
    WITNESS_AHEAD,   /* it saw an event that is not here: this ledger is older than the witness */
    WITNESS_DIFFERS, /* another event stands in that place, or the start is not on this path: a twin */
};
/* Walks the chain up to the witness's position: seconds for a million events. -EUCLEAN when the chain is
 * damaged before it. */
MUST_CHECK int store_witness_compare(struct store *store, sha256_fn *sha256, const struct witness *witness,
                                     enum store_witness_verdict *verdict);
/* "fairstock-1a2b3c4d.witness": the file's name in a folder of backups, by device. */
enum { STORE_COPY_NAME_BYTES = 64 };
void store_witness_name(struct id128 device, char name[STORE_COPY_NAME_BYTES]);

/* --- making a copy --- */

/* A small text that goes along: the configuration, the list of learnt scanners. Never a token. */
struct store_copy_text {
    const char *name, *text;
};
struct store_backup_request {
    const char *directory; /* where to: a folder, of a stick that may vanish at any instant */
    int64_t wall_ms;
    unsigned keep; /* the newest so many backups of this device stay, at least 1 */
    sha256_fn *sha256;
    const struct store_copy_text *texts;
    size_t text_count;
};
struct store_backup_report {
    char name[STORE_COPY_NAME_BYTES]; /* of the new file */
    uint64_t events;
    int64_t bytes;
    unsigned removed;       /* older backups that made room */
    bool same_disk;         /* the folder is on the file system of the ledger: no help when the card dies */
    struct witness witness; /* as written beside it */
};
/* Copies a ledger that was opened read-only and may be selling meanwhile: consistent as of one instant, in
 * pieces, none of which holds the agent's log while the other disk is written. The file has a temporary name
 * until it is synced, read back and verified; then it is renamed, the witness renewed, older ones removed.
 * Errors leave the earlier backups as they were: -ENOSPC, -EIO, -ENODEV… of the folder; -EUCLEAN the ledger
 * is damaged; -EBADE what was read back is not what was written; -EBUSY another backup is running there. */
MUST_CHECK int store_backup(struct store *source, const struct store_backup_request *request,
                            struct store_backup_report *report, struct err *err);

/* --- reading one copy --- */

/* Opens one file, a backup or a ledger.db with what lies beside it, to read it; needs no state directory and
 * writes nothing, so a write-protected stick will do. */
MUST_CHECK int store_open_copy(const char *path, struct store **store, struct err *err);
/* A text that went along, appended. -ENOENT: none of that name. */
MUST_CHECK int store_copy_text(struct store *store, const char *name, struct buf *text);

/* What SQLite itself says of the file's structure, of rows too that no event is in: "ok", or its first
 * complaint. Reads the whole file. */
MUST_CHECK int store_quick_check(struct store *store, char words[REASON_MAX_BYTES + 1]);

/* --- putting a copy in a ledger's place --- */

struct store_install {
    const char *directory; /* the state directory; made when it is not there */
    int64_t wall_ms;
    sha256_fn *sha256;
    bool set_aside; /* an existing ledger is moved to a dated folder; without it it is a reason to refuse */
};
struct store_installed {
    char aside[STORE_COPY_NAME_BYTES]; /* the folder in `directory` that the old ledger went to; "" none */
    uint64_t events;
    struct store_origin origin; /* of the new ledger */
    bool practice;
};
/* Verifies the file (a backup, or another ledger.db), copies it beside the place, verifies that, and only
 * then moves the old ledger away and the new one in. The new one is marked (store_origin). A power cut leaves
 * the old one, or the new one, or a start that refuses and names this call. Errors, with everything as it
 * was: -EBUSY an agent runs there; -EEXIST there is a ledger and set_aside is false; -EUCLEAN the file is
 * damaged; what the disk says. */
MUST_CHECK int store_restore(const char *file, const struct store_install *install,
                             struct store_installed *installed, struct err *err);
struct store_salvaged {
    uint64_t events; /* that were saved */
    uint64_t lost;   /* positions between them that are missing */
    uint64_t mended; /* of them, whose tag alone was damaged, or that lay whole in another place */
    uint64_t last;   /* the last position that was found */
    uint64_t unreadable_pages;
    struct lost_events gaps[SALVAGE_GAPS_MAX]; /* the first of them */
    uint32_t gap_count;                        /* of all */
    bool cards;                                /* open cards and unfinished ops could be taken over */
    struct store_installed installed;
};
/* What can be saved of a damaged ledger: every event that is found on any page of the file or its log and
 * whose tag fits (behind a gap, up to the next seal or start: that can be read). A new ledger is built of
 * them, with a start of its own that names what is missing, and put in place as store_restore does; the
 * damaged files are set aside, never changed. file: NULL for install's own ledger. start: as for store_open.
 * Errors as store_restore; -EALREADY the ledger is not damaged; -ENODATA no start of a ledger can be found in
 * it. */
MUST_CHECK int store_salvage(const char *file, const struct store_install *install,
                             const struct store_start *start, struct store_salvaged *salvaged,
                             struct err *err);
/* Writes a small file of the state directory: whole or not at all, the directory's owner's. */
MUST_CHECK int store_put_file(const char *directory, const char *name, const char *text, struct err *err);

#endif
