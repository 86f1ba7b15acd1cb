/* The log (WAL) as a start finds it, made safe before anything is written behind it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

/* SQLite file format, section 4: header and frames of the WAL, numbers big endian. */
enum {
    WAL_HEADER_BYTES = 32,
    WAL_HEADER_SALTS = 16,
    FRAME_HEADER_BYTES = 24,
    FRAME_PAGE = 0,
    FRAME_COMMIT = 4,
    FRAME_SALTS = 8,
    SALTS_BYTES = 8,
    PAGE_SIZE_AT = 8,
};

static uint32_t big_endian(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Where the last transaction of the log begins and ends; begin = end when the log is empty. Frames count by
 * their salts alone: one too many is harmless here. A commit's repetitions (SQLite fills the sector with
 * them) belong to it. */
static int find_last(const struct store_disk *disk, int handle, int64_t *begin, int64_t *end)
{
    uint8_t header[WAL_HEADER_BYTES], frame[FRAME_HEADER_BYTES];
    *begin = *end = WAL_HEADER_BYTES;
    int got = disk->read(disk->user, handle, header, sizeof header, 0);
    if (got < (int)sizeof header)
        return got < 0 ? got : 0;
    int64_t size = big_endian(header + PAGE_SIZE_AT) + FRAME_HEADER_BYTES;
    uint32_t committed = 0; /* page of the commit frame just before */
    for (;; *end += size) {
        got = disk->read(disk->user, handle, frame, sizeof frame, *end);
        if (got < (int)sizeof frame ||
            memcmp(frame + FRAME_SALTS, header + WAL_HEADER_SALTS, SALTS_BYTES) != 0)
            return got < 0 ? got : 0;
        uint32_t page = big_endian(frame + FRAME_PAGE);
        bool commit = big_endian(frame + FRAME_COMMIT) != 0;
        if (committed && !(commit && page == committed))
            *begin = *end;
        committed = commit ? page : 0;
    }
}

static int write_again(const struct store_disk *disk, int handle, int64_t begin, int64_t end)
{
    uint8_t part[4096];
    while (begin < end) {
        size_t length = end - begin < (int64_t)sizeof part ? (size_t)(end - begin) : sizeof part;
        int got = disk->read(disk->user, handle, part, length, begin);
        int result = got <= 0 ? got : disk->write(disk->user, handle, part, (size_t)got, begin);
        if (got <= 0 || result < 0)
            return result;
        begin += got;
    }
    return disk->sync(disk->user, handle);
}

/* If the last run ended with a failed sync, the kernel shows us pages that it never wrote and will not write:
 * a sync now would vouch for them (fsync(2): an error is reported once). They can only be of the last
 * transaction, because a failed sync is the last thing a run does to its log. Written again, they are
 * written. */
static int write_last_again(struct store *store)
{
    char path[STORE_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/ledger.db-wal", store->directory);
    const struct store_disk *disk = store->disk;
    int handle = disk->open(disk->user, path, O_RDWR);
    if (handle < 0)
        return handle == -ENOENT ? 0 : handle;
    int64_t begin, end;
    int result = find_last(disk, handle, &begin, &end);
    if (result == 0 && begin < end)
        result = write_again(disk, handle, begin, end);
    disk->close(disk->user, handle);
    return result;
}

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
    int result = write_last_again(store);
    /* SQLite syncs the folder of a new log too, but does not look at the result. */
    if (result == 0)
        result = store_disk_sync_path(store->disk, store->directory, O_RDONLY | O_DIRECTORY);
    if (result == 0)
        result = bring_home(store);
    return result < 0 ? err_set_errno(err, result, "the ledger's log cannot be made safe") : 0;
}
