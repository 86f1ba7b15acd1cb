/* The log (WAL) as a start finds it, made safe before anything is written behind it. */
#include <errno.h>
#include <fcntl.h>

#include "store/store_internal.h"

/* SQLite fills a commit up to the next sector, but the copy of the last page that crosses into it is not
 * synced: after a power cut the log may end inside the sector of the last acknowledged sale, and a second cut
 * during the first write behind it could take the sale with the sector. A log that is home is written from
 * its beginning. Without effect while another program reads. */
static int bring_home(struct store *store)
{
    int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return result == SQLITE_BUSY ? 0 : store_errno(result);
}

int store_log_settle(struct store *store, struct err *err)
{
    /* SQLite syncs the folder of a new log too, but does not look at the result. */
    int result = store_disk_sync_path(store->disk, store->directory, O_RDONLY | O_DIRECTORY);
    if (result == 0)
        result = bring_home(store);
    return result < 0 ? err_set_errno(err, result, "the ledger's log cannot be made safe") : 0;
}
