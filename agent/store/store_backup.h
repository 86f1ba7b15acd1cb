/* Making a backup of a ledger that may be selling meanwhile. */
#ifndef FAIRSTOCK_STORE_STORE_BACKUP_H
#define FAIRSTOCK_STORE_STORE_BACKUP_H

#include "store/store_witness.h"

struct store_backup_request {
    const char *directory; /* where to: a folder, of a stick that may vanish at any instant */
    int64_t wall_ms;
    unsigned keep;     /* the newest so many backups of this device stay, at least 1 */
    bool keep_witness; /* the one beside them stays too: it knows more than this ledger */
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

#endif
