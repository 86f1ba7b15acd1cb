/* The reader of ruined pages: whatever bytes a page, the file's header, the log or its frames have, it stays
 * within its bounds, and what lies on other pages is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damage.h"
#include "ledger.h"
#include "store/store_internal.h"
#include "store/store_pages.h"

enum {
    PAGE_BYTES = 1024,
    FRAME_BYTES = PAGE_BYTES + 24,
    EVENTS_MAX = 512,
    RUINED = 1500,
    PAGE_EVENTS_MAX = 60
};

struct files {
    uint8_t bytes[DAMAGE_FILE_MAX_BYTES], log[DAMAGE_FILE_MAX_BYTES];
    size_t length, log_length;
    char path[LEDGER_PATH_BYTES], log_path[LEDGER_PATH_BYTES];
    uint64_t events;
};

struct found {
    bool at[EVENTS_MAX];
    uint64_t distinct, rows, stop_at;
};

static int take(void *user, uint64_t position, const uint8_t *body, size_t length)
{
    struct found *found = user;
    volatile uint8_t sum = 0;
    assert_true(position > 0 && length > TAG_BYTES && length <= EVENT_MAX_BYTES + TAG_BYTES);
    for (size_t i = 0; i < length; i++) /* so that a sanitizer sees every byte */
        sum = (uint8_t)(sum + body[i]);
    if (position < EVENTS_MAX && !found->at[position]) {
        found->at[position] = true;
        found->distinct++;
    }
    return ++found->rows == found->stop_at ? -ECANCELED : 0;
}

static struct files *make(struct ledger *ledger)
{
    struct files *files = calloc(1, sizeof *files);
    assert_non_null(files);
    ledger_open(ledger);
    ledger_stock_up(ledger);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    ledger_reopen(ledger);
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_SALE, .version = 1};
    event.sale.location = LEDGER_BOOTH;
    event.sale.line_count = SALE_LINES_MAX; /* on overflow pages, one behind the other */
    for (int i = 0; i < SALE_LINES_MAX; i++)
        event.sale.lines[i] =
            (struct sale_line){.code = text_of("9999999999999999999999999999999"), .quantity = 1};
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    files->events = store_last_position(ledger->store);
    char path[LEDGER_PATH_BYTES];
    ledger_path(ledger, "ledger.db", path);
    damage_read(path, files->bytes, &files->length);
    ledger_path(ledger, "ledger.db-wal", path);
    damage_read(path, files->log, &files->log_length);
    (void)snprintf(files->path, sizeof files->path, "%s/ledger.db", ledger->copy);
    (void)snprintf(files->log_path, sizeof files->log_path, "%s/ledger.db-wal", ledger->copy);
    damage_write(files->path, files->bytes, files->length);
    damage_write(files->log_path, files->log, files->log_length);
    return files;
}

static struct found scan(const struct files *files)
{
    struct found found = {0};
    struct store_pages_report report;
    struct err err = {0};
    assert_int_equal(store_pages_scan(files->path, take, &found, &report, &err), 0);
    assert_string_equal(err_text(&err), "");
    return found;
}

static void all_is_found_in_file_and_log(void **state)
{
    struct files *files = make(*state);
    struct found found = scan(files), some = {.stop_at = 7};
    struct store_pages_report report;
    assert_int_equal(found.distinct, files->events);
    assert_int_equal(store_pages_scan(files->path, take, &some, &report, NULL), -ECANCELED);
    assert_int_equal(some.rows, 7);
    /* Neither header says how long a page is: what we make ourselves is assumed. */
    memset(files->bytes, 0, 100);
    memset(files->log, 0, 32);
    damage_write(files->path, files->bytes, files->length);
    damage_write(files->log_path, files->log, files->log_length);
    found = scan(files);
    assert_int_equal(found.distinct, files->events);
    free(files);
}

static uint32_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)(*random >> 16);
}

/* A few bytes of one page, more often where its header, its pointers and its cells' lengths are. */
static void ruin(uint8_t *page, size_t length, uint64_t *random)
{
    static const uint8_t values[] = {0, 1, 2, 0x0d, 0x7f, 0x80, 0x81, 0xff};
    uint32_t count = 1 + next_random(random) % 6;
    for (uint32_t i = 0; i < count; i++) {
        size_t span = next_random(random) % 3 ? (length < 48 ? length : 48) : length;
        uint32_t value = next_random(random);
        page[next_random(random) % span] =
            value % 2 ? values[value / 2 % sizeof values] : (uint8_t)(value >> 8);
    }
}

static void a_ruined_page_costs_what_is_on_it(void **state)
{
    struct files *files = make(*state);
    uint64_t random = 88172645463325252U;
    uint8_t keep[PAGE_BYTES];
    for (int i = 0; i < RUINED; i++) {
        size_t page = 1 + next_random(&random) % (files->length / PAGE_BYTES - 1); /* the first: below */
        uint8_t *at = files->bytes + page * PAGE_BYTES;
        memcpy(keep, at, sizeof keep);
        ruin(at, PAGE_BYTES, &random);
        damage_write(files->path, files->bytes, files->length);
        struct found found = scan(files);
        if (found.distinct + PAGE_EVENTS_MAX < files->events)
            fail_msg("case %d, page %zu: %llu of %llu events", i, page + 1,
                     (unsigned long long)found.distinct, (unsigned long long)files->events);
        memcpy(at, keep, sizeof keep);
    }
    free(files);
}

/* Headers and frames may say anything of themselves. */
static void whatever_headers_say(void **state)
{
    struct files *files = make(*state);
    uint64_t random = 2463534242U;
    uint8_t keep[FRAME_BYTES];
    size_t frames = (files->log_length - 32) / FRAME_BYTES;
    assert_true(frames > 4);
    for (int i = 0; i < RUINED; i++) {
        bool log = i % 2;
        size_t frame = next_random(&random) % (frames < 40 ? frames : 40);
        uint8_t *at = log ? files->log + (i % 4 == 1 ? 0 : 32 + frame * FRAME_BYTES) : files->bytes;
        size_t length = log && i % 4 == 1 ? 32 : log ? FRAME_BYTES : PAGE_BYTES;
        memcpy(keep, at, length);
        ruin(at, length, &random);
        if (i % 8 == 0) { /* each page size that there is, and some that there are not */
            at[16] = (uint8_t)(1U << next_random(&random) % 8);
            at[17] = (uint8_t)(next_random(&random) % 3);
        }
        damage_write(log ? files->log_path : files->path, log ? files->log : files->bytes,
                     log ? files->log_length : files->length);
        struct found found = scan(files);
        if (log) /* the file is whole */
            assert_true(found.distinct > 0);
        memcpy(at, keep, length);
        damage_write(log ? files->log_path : files->path, log ? files->log : files->bytes,
                     log ? files->log_length : files->length);
    }
    struct found found = scan(files);
    assert_int_equal(found.distinct, files->events);
    free(files);
}

static void cut_anywhere(void **state)
{
    struct files *files = make(*state);
    for (size_t length = 0; length < files->log_length && length < 5 * (size_t)FRAME_BYTES; length += 131) {
        damage_write(files->log_path, files->log, length);
        (void)scan(files);
    }
    assert_int_equal(unlink(files->log_path), 0);
    for (size_t length = 0; length < files->length; length += 317) {
        damage_write(files->path, files->bytes, length);
        (void)scan(files);
    }
    free(files);
}

static void what_is_no_file_is_refused(void **state)
{
    struct ledger *ledger = *state;
    struct store_pages_report report;
    struct found found = {0};
    struct err err = {0};
    char longest[STORE_PATH_MAX_BYTES + 8];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(store_pages_scan(longest, take, &found, &report, &err), -ENAMETOOLONG);
    assert_int_equal(store_pages_scan("/nowhere/ledger.db", take, &found, &report, &err), -ENOENT);
    assert_int_equal(store_pages_scan(ledger->copy, take, &found, &report, &err),
                     0); /* a folder cannot be read */
    assert_int_equal(found.rows, 0);
    assert_int_equal(report.unreadable, report.pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_is_found_in_file_and_log, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(a_ruined_page_costs_what_is_on_it, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(whatever_headers_say, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(cut_anywhere, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
