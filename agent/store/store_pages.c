/* SQLite's file format (sqlite.org/fileformat2.html; the sections are named where they are used), as far as
 * the table `event` needs it: leaf pages of tables, their overflow pages, frames of the log. */
#include "store/store_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/store_internal.h"

enum {
    PAGE_DEFAULT_BYTES = 1024, /* what we make; used when nothing readable says another */
    PAGE_MIN_BYTES = 512,
    PAGE_MAX_BYTES = 65536,
    FILE_HEADER_BYTES = 100,
    LOG_HEADER_BYTES = 32,
    FRAME_HEADER_BYTES = 24,
    TABLE_LEAF = 0x0d,
    BODY_MAX_BYTES = EVENT_MAX_BYTES + TAG_BYTES,
    RECORD_HEADER_MAX_BYTES = 8,
};
#define POSITION_MAX (INT64_C(1) << 40)

struct pages {
    int file, log;
    size_t page_bytes;
    uint64_t page_count, frame_count;
    uint8_t salts[8];   /* of the log's frames that count */
    uint8_t *overflow;  /* one page, for collect */
    uint32_t *frame_of; /* by page: its newest frame, from 1; 0 none */
    store_pages_fn *fn;
    void *user;
    struct store_pages_report *report;
};

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t be16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static bool is_page_size(uint32_t bytes)
{
    return bytes >= PAGE_MIN_BYTES && bytes <= PAGE_MAX_BYTES && (bytes & (bytes - 1)) == 0;
}

/* --- pages --- */

static int64_t frame_at(const struct pages *pages, uint64_t frame)
{
    return LOG_HEADER_BYTES + (int64_t)(frame - 1) * (int64_t)(FRAME_HEADER_BYTES + pages->page_bytes);
}

/* What cannot be read is zeros, which no page is. */
static bool read_at(int fd, int64_t at, uint8_t *bytes, size_t length)
{
    ssize_t got = pread(fd, bytes, length, at);
    size_t have = got > 0 ? (size_t)got : 0;
    memset(bytes + have, 0, length - have);
    return got >= 0;
}

static void read_page(struct pages *pages, uint32_t number, uint8_t *page)
{
    uint32_t frame = number <= pages->page_count && pages->frame_of ? pages->frame_of[number] : 0;
    if (frame)
        (void)read_at(pages->log, frame_at(pages, frame) + FRAME_HEADER_BYTES, page, pages->page_bytes);
    else
        (void)read_at(pages->file, (int64_t)(number - 1) * (int64_t)pages->page_bytes, page,
                      pages->page_bytes);
}

/* --- cells (sections 1.6 and 2.1) --- */

/* Returns the bytes it takes, 0 when it does not end in time. */
static size_t take_varint(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < 9 && at + i < end; i++) {
        if (i == 8) {
            *value = *value << 8 | at[i];
            return 9;
        }
        *value = *value << 7 | (at[i] & 0x7f);
        if (!(at[i] & 0x80))
            return i + 1;
    }
    return 0;
}

static size_t local_bytes(const struct pages *pages, size_t payload)
{
    size_t usable = pages->page_bytes, most = usable - 35, least = (usable - 12) * 32 / 255 - 23;
    if (payload <= most)
        return payload;
    size_t local = least + (payload - least) % (usable - 4);
    return local <= most ? local : least;
}

/* Collects a payload; what lies on overflow pages is followed as far as it makes sense. */
static bool collect(struct pages *pages, const uint8_t *at, const uint8_t *end, size_t payload, uint8_t *to)
{
    size_t have = local_bytes(pages, payload), part;
    if (have > (size_t)(end - at) || (have < payload && (size_t)(end - at) < have + 4))
        return false;
    memcpy(to, at, have);
    uint8_t *page = pages->overflow;
    uint32_t next = have < payload ? be32(at + have) : 0;
    for (; have < payload; have += part) {
        if (next < 2 || next > pages->page_count)
            return false;
        read_page(pages, next, page);
        next = be32(page);
        part = payload - have < pages->page_bytes - 4 ? payload - have : pages->page_bytes - 4;
        memcpy(to + have, page + 4, part);
    }
    return true;
}

/* A row of `event`: its first column is the row id and so stored as NULL (type 0), its second a blob. */
static int take_cell(struct pages *pages, const uint8_t *at, const uint8_t *end)
{
    uint8_t record[BODY_MAX_BYTES + RECORD_HEADER_MAX_BYTES];
    uint64_t payload, position, header, type;
    size_t used = take_varint(at, end, &payload);
    size_t more = used ? take_varint(at + used, end, &position) : 0;
    if (!more || payload < 4 || payload > sizeof record || position == 0 || position > (uint64_t)POSITION_MAX)
        return 0;
    if (!collect(pages, at + used + more, end, (size_t)payload, record))
        return 0;
    size_t first = take_varint(record, record + payload, &header);
    if (!first || header > RECORD_HEADER_MAX_BYTES || header >= payload || record[first] != 0)
        return 0;
    size_t second = take_varint(record + first + 1, record + header, &type);
    if (!second || first + 1 + second != header || type < 12 || type % 2)
        return 0;
    size_t body = (size_t)(type - 12) / 2;
    if (header + body != payload || body <= TAG_BYTES || body > BODY_MAX_BYTES)
        return 0;
    return pages->fn(pages->user, position, record + header, body);
}

static int take_page(struct pages *pages, const uint8_t *page, bool first)
{
    const uint8_t *head = page + (first ? FILE_HEADER_BYTES : 0), *end = page + pages->page_bytes;
    if (*head != TABLE_LEAF)
        return 0;
    uint32_t cells = be16(head + 3);
    const uint8_t *pointers = head + 8;
    for (uint32_t i = 0; i < cells && pointers + 2 <= end; i++, pointers += 2) {
        uint32_t at = be16(pointers);
        int result = at < pages->page_bytes ? take_cell(pages, page + at, end) : 0;
        if (result)
            return result;
    }
    return 0;
}

/* --- the log (section 4.1) --- */

/* A frame counts when it has the log's salts. Its check sum is not asked: tags say more about an event. */
static bool frame_header(struct pages *pages, uint64_t frame, uint8_t header[FRAME_HEADER_BYTES])
{
    return read_at(pages->log, frame_at(pages, frame), header, FRAME_HEADER_BYTES) && be32(header) != 0 &&
           memcmp(header + 8, pages->salts, sizeof pages->salts) == 0;
}

/* The header says them, or, when that is damaged, two frames that agree. */
static void find_salts(struct pages *pages)
{
    uint8_t header[LOG_HEADER_BYTES], first[FRAME_HEADER_BYTES], second[FRAME_HEADER_BYTES];
    (void)read_at(pages->log, 0, header, sizeof header);
    (void)read_at(pages->log, frame_at(pages, 1), first, sizeof first);
    (void)read_at(pages->log, frame_at(pages, 2), second, sizeof second);
    bool whole = (be32(header) & 0xfffffffe) == 0x377f0682;
    bool agree = memcmp(first + 8, second + 8, sizeof pages->salts) == 0;
    bool fits = memcmp(header + 16, first + 8, sizeof pages->salts) == 0 ||
                memcmp(header + 16, second + 8, sizeof pages->salts) == 0;
    memcpy(pages->salts, whole && (fits || !agree) ? header + 16 : first + 8, sizeof pages->salts);
}

/* Up to the last frame that counts: one in between that does not is damaged, and its page may still be whole.
 */
static int map_log(struct pages *pages, int64_t bytes)
{
    uint8_t frame[FRAME_HEADER_BYTES];
    uint64_t all = bytes > LOG_HEADER_BYTES
                       ? (uint64_t)(bytes - LOG_HEADER_BYTES) / (FRAME_HEADER_BYTES + pages->page_bytes)
                       : 0;
    find_salts(pages);
    for (uint64_t i = 1; i <= all; i++) {
        if (!frame_header(pages, i, frame))
            continue;
        pages->frame_count = i;
        if (be32(frame) > pages->page_count && be32(frame) < pages->page_count + all)
            pages->page_count = be32(frame);
    }
    pages->frame_of = calloc((size_t)pages->page_count + 1, sizeof *pages->frame_of);
    if (!pages->frame_of)
        return -ENOMEM;
    for (uint64_t i = 1; i <= pages->frame_count; i++)
        if (frame_header(pages, i, frame) && be32(frame) <= pages->page_count)
            pages->frame_of[be32(frame)] = (uint32_t)i;
    return 0;
}

/* --- all --- */

static int scan_file(struct pages *pages, uint64_t file_pages, uint8_t *page)
{
    int result = 0;
    for (uint64_t i = 1; result == 0 && i <= file_pages; i++) {
        pages->report->pages++;
        if (!read_at(pages->file, (int64_t)(i - 1) * (int64_t)pages->page_bytes, page, pages->page_bytes))
            pages->report->unreadable++;
        result = take_page(pages, page, i == 1);
    }
    return result;
}

static int scan_log(struct pages *pages, uint8_t *page)
{
    uint8_t header[FRAME_HEADER_BYTES];
    int result = 0;
    for (uint64_t i = 1; result == 0 && i <= pages->frame_count; i++) {
        pages->report->log_pages++;
        (void)read_at(pages->log, frame_at(pages, i), header, sizeof header);
        (void)read_at(pages->log, frame_at(pages, i) + FRAME_HEADER_BYTES, page, pages->page_bytes);
        result = take_page(pages, page, be32(header) == 1);
    }
    return result;
}

static size_t page_size(const struct pages *pages)
{
    uint8_t header[FILE_HEADER_BYTES];
    (void)read_at(pages->file, 0, header, sizeof header);
    uint32_t bytes = be16(header + 16) == 1 ? PAGE_MAX_BYTES : be16(header + 16);
    if (memcmp(header, "SQLite format 3", 16) == 0 && is_page_size(bytes))
        return bytes;
    if (pages->log >= 0 && read_at(pages->log, 0, header, LOG_HEADER_BYTES) &&
        (be32(header) & 0xfffffffe) == 0x377f0682 && is_page_size(be32(header + 8)))
        return be32(header + 8);
    return PAGE_DEFAULT_BYTES;
}

static int scan(struct pages *pages, struct err *err)
{
    struct stat file, log = {0};
    if (fstat(pages->file, &file) < 0 || (pages->log >= 0 && fstat(pages->log, &log) < 0))
        return err_set_errno(err, -errno, "the file cannot be looked at");
    pages->page_bytes = page_size(pages);
    uint64_t file_pages = (uint64_t)file.st_size / pages->page_bytes;
    pages->page_count = file_pages;
    FREE_AUTO uint8_t *page = malloc(pages->page_bytes);
    pages->overflow = malloc(pages->page_bytes);
    if (!page || !pages->overflow)
        return err_set(err, -ENOMEM, "out of memory");
    int result = pages->log >= 0 ? map_log(pages, log.st_size) : 0;
    if (result == 0)
        result = scan_file(pages, file_pages, page);
    if (result == 0 && pages->log >= 0)
        result = scan_log(pages, page);
    return result == -ENOMEM ? err_set(err, -ENOMEM, "out of memory") : result;
}

int store_pages_one(const uint8_t *page, size_t page_bytes, bool first, store_pages_fn *fn, void *user)
{
    /* No page is counted, so nothing is looked for on another one. */
    struct pages pages = {.file = -1, .log = -1, .page_bytes = page_bytes, .fn = fn, .user = user};
    return take_page(&pages, page, first);
}

int store_pages_scan(const char *path, store_pages_fn *fn, void *user, struct store_pages_report *report,
                     struct err *err)
{
    char beside[STORE_PATH_MAX_BYTES + 8];
    *report = (struct store_pages_report){0};
    if (snprintf(beside, sizeof beside, "%s-wal", path) >= (int)sizeof beside)
        return err_set(err, -ENAMETOOLONG, "the name is too long");
    struct pages pages = {.fn = fn, .user = user, .report = report};
    pages.file = open(path, O_RDONLY | O_CLOEXEC);
    if (pages.file < 0)
        return err_set_errno(err, -errno, "cannot read %s", path);
    pages.log = open(beside, O_RDONLY | O_CLOEXEC); /* there may be none */
    int result = scan(&pages, err);
    (void)close(pages.file);
    if (pages.log >= 0)
        (void)close(pages.log);
    free(pages.overflow);
    free(pages.frame_of);
    return result;
}
