/* Is the log (WAL) whole, as far as commits were acknowledged? SQLite takes what stands before the first
 * frame that does not fit for the whole log. That is right when the power went during the last commit, and
 * wrong when a block of the card rotted: then sales stand behind it. The two are told apart by what every
 * commit here is followed by, its sync: a commit that another one follows was acknowledged. The format is
 * sqlite.org/fileformat2.html, section 4. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/store_internal.h"
#include "store/store_pages.h"

enum {
    LOG_HEADER_BYTES = 32,
    FRAME_HEADER_BYTES = 24,
    PAGE_BYTES_USUAL = 1024,
    PAGE_BYTES_MAX = 65536,
    WINDOW_BYTES = 131072
};

struct log {
    sqlite3_file *file;
    uint64_t bytes, frames;
    uint8_t *window; /* so much of the file at once: a start reads all of the log */
    uint64_t window_at;
    size_t window_length;
    uint32_t page_bytes;
    bool big_endian;  /* the words that are summed up */
    uint8_t salts[8]; /* of the frames that count */
    uint8_t *frame;   /* the one that is looked at */
    /* of the frame before; it may itself be damaged */
    bool has_sum;
    uint32_t sum[2];
    bool whole;   /* no frame was wrong yet */
    bool padding; /* behind it: nothing yet but copies of the last frame that was whole */
    /* behind the first that was */
    bool has_commit;     /* the frame before ends a commit: */
    uint32_t page, size; /* its page, the file's size after it */
    bool acknowledged;   /* a commit was followed by another one */
    uint64_t highest;    /* position of an event */
};

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t le32(const uint8_t *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static void add_up(const struct log *log, const uint8_t *bytes, size_t length, uint32_t sum[2])
{
    for (const uint8_t *at = bytes; at < bytes + length; at += 8) {
        sum[0] += (log->big_endian ? be32(at) : le32(at)) + sum[1];
        sum[1] += (log->big_endian ? be32(at + 4) : le32(at + 4)) + sum[0];
    }
}

/* length ≤ WINDOW_BYTES, all of it within the file. */
static int read_at(struct log *log, void *to, size_t length, uint64_t at)
{
    if (at < log->window_at || at + length > log->window_at + log->window_length) {
        log->window_length = 0;
        uint64_t left = log->bytes - at;
        int size = left < WINDOW_BYTES ? (int)left : WINDOW_BYTES;
        int result = store_errno(log->file->pMethods->xRead(log->file, log->window, size, (sqlite3_int64)at));
        if (result < 0)
            return result;
        log->window_at = at;
        log->window_length = (size_t)size;
    }
    memcpy(to, log->window + (at - log->window_at), length);
    return 0;
}

/* Its own check sum fits. One that does not is like a first frame that does not: everything is behind it. */
static bool take_header(struct log *log, const uint8_t header[LOG_HEADER_BYTES])
{
    uint32_t sum[2] = {0, 0}, page_bytes = be32(header + 8);
    log->big_endian = header[3] & 1;
    add_up(log, header, 24, sum);
    if ((be32(header) & ~1U) != 0x377f0682 || sum[0] != be32(header + 24) || sum[1] != be32(header + 28))
        return false;
    if (page_bytes < 512 || page_bytes > PAGE_BYTES_MAX)
        return false;
    log->page_bytes = page_bytes;
    memcpy(log->salts, header + 16, sizeof log->salts);
    memcpy(log->sum, sum, sizeof sum);
    log->has_sum = log->whole = true;
    return true;
}

static int begin(struct log *log, int64_t bytes)
{
    uint8_t header[LOG_HEADER_BYTES], first[FRAME_HEADER_BYTES];
    log->page_bytes = PAGE_BYTES_USUAL;
    if (bytes < LOG_HEADER_BYTES + FRAME_HEADER_BYTES)
        return 0;
    int result = read_at(log, header, sizeof header, 0);
    if (result == 0 && !take_header(log, header)) {
        result = read_at(log, first, sizeof first, LOG_HEADER_BYTES);
        memcpy(log->salts, first + 8, sizeof log->salts);
        log->big_endian = false; /* as every machine that we run on makes it */
    }
    log->frames = (uint64_t)(bytes - LOG_HEADER_BYTES) / (FRAME_HEADER_BYTES + log->page_bytes);
    log->frame = malloc(FRAME_HEADER_BYTES + (size_t)log->page_bytes);
    return log->frame ? result : -ENOMEM;
}

static int take_position(void *user, uint64_t position, const uint8_t *body, size_t length)
{
    struct log *log = user;
    (void)body;
    (void)length;
    if (position > log->highest)
        log->highest = position;
    return 0;
}

static void note_frame(struct log *log)
{
    log->page = be32(log->frame);
    log->size = be32(log->frame + 4);
    log->has_commit = log->size != 0;
}

/* SQLite fills a commit up to the next sector with copies of its last frame, and syncs only what lies before
 * that sector's end: they are no other commit, and one that is missing takes nothing along. */
static bool is_copy(const struct log *log)
{
    return be32(log->frame) == log->page && be32(log->frame + 4) == log->size;
}

static void take_frame(struct log *log, bool fits)
{
    bool follows = fits && log->has_commit && !is_copy(log);
    if (log->padding && log->has_commit && is_copy(log))
        return;
    log->acknowledged |= follows && !log->padding;
    log->padding = false;
    note_frame(log);
    /* Nothing can end it: the function says 0. */
    if (fits &&
        store_pages_one(log->frame + FRAME_HEADER_BYTES, log->page_bytes, log->page == 1, take_position, log))
        log->highest = 0;
}

static bool has_salts(const struct log *log)
{
    return be32(log->frame) != 0 && memcmp(log->frame + 8, log->salts, sizeof log->salts) == 0;
}

/* Whether the frame's check sum goes on from the one of the frame before, as far as that can be told. */
static bool goes_on(const struct log *log)
{
    uint32_t sum[2] = {log->sum[0], log->sum[1]};
    add_up(log, log->frame, 8, sum);
    add_up(log, log->frame + FRAME_HEADER_BYTES, log->page_bytes, sum);
    return log->has_sum && sum[0] == be32(log->frame + 16) && sum[1] == be32(log->frame + 20);
}

static int look_at_frame(struct log *log, uint64_t at)
{
    int result = read_at(log, log->frame, FRAME_HEADER_BYTES, at);
    bool ours = result == 0 && has_salts(log);
    if (ours)
        result = read_at(log, log->frame + FRAME_HEADER_BYTES, log->page_bytes, at + FRAME_HEADER_BYTES);
    if (result < 0)
        return result;
    bool fits = ours && goes_on(log);
    log->padding |= log->whole && !fits;
    log->whole &= fits;
    log->has_sum = ours;
    log->sum[0] = be32(log->frame + 16);
    log->sum[1] = be32(log->frame + 20);
    if (log->whole)
        note_frame(log);
    else if (ours)
        take_frame(log, fits);
    else
        log->has_commit &= log->padding;
    return 0;
}

static int look(struct log *log)
{
    sqlite3_int64 bytes = 0;
    int result = store_errno(log->file->pMethods->xFileSize(log->file, &bytes));
    log->bytes = (uint64_t)bytes;
    if (result == 0 && !(log->window = malloc(WINDOW_BYTES)))
        result = -ENOMEM;
    if (result == 0)
        result = begin(log, bytes);
    for (uint64_t i = 0; result == 0 && i < log->frames; i++)
        result = look_at_frame(log, LOG_HEADER_BYTES + i * (FRAME_HEADER_BYTES + log->page_bytes));
    free(log->frame);
    free(log->window);
    return result;
}

static int last_event(struct store *store, uint64_t *last)
{
    sqlite3_stmt *ask = NULL;
    int result = store_errno(sqlite3_prepare_v2(store->db, store_sql[SQL_EVENT_LAST], -1, &ask, NULL));
    if (result == 0)
        result = store_step(ask);
    *last = result == 1 ? (uint64_t)sqlite3_column_int64(ask, 0) : 0;
    (void)sqlite3_finalize(ask);
    return result < 0 ? result : 0;
}

int store_log_look(struct store *store, struct err *err)
{
    struct log log = {0};
    uint64_t last = 0;
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log.file) != SQLITE_OK ||
        !log.file || !log.file->pMethods)
        return 0; /* there is none */
    int result = look(&log);
    if (result == 0 && log.acknowledged)
        result = last_event(store, &last);
    if (result < 0)
        return err_set_errno(err, result, "the ledger's log cannot be read");
    if (!log.acknowledged ||
        log.highest <= last) /* the last commit was cut off, or what stands there is in the file already */
        return 0;
    return err_set(err, -EUCLEAN,
                   "the log is damaged behind event %llu, and events up to %llu stand behind the damage",
                   (unsigned long long)last, (unsigned long long)log.highest);
}
