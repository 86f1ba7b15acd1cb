/* Figures of the scan path; tests/bench/run calls them and says what they mean.
 *   bench p1|p1thread|p1loop|p3|p4|p7 DIR SALES    p6 DIR    fill DIR ITEMS EVENTS    first DIR START_NS wal
 * DIR    now DIR
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "store/store_wait.h"

enum { ROUNDS_MAX = 20000, REPORTS = 28, PAGE_BYTES = 4096 };

#define BENCH_CODE "2900000010000"

void bench_die(const char *what, int error)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what,
                  error ? strerrordesc_np(error < 0 ? -error : error) : "failed");
    exit(1);
}

int64_t bench_now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        bench_die("clock", errno);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- the scan path ------------------------------------------------------------------------------------- */

static void on_outcome(void *user, const struct intake_outcome *outcome)
{
    struct bench *bench = user;
    if (outcome->signal != INTAKE_SOLD)
        bench_die("the sale was not booked", outcome->error);
    char event_id[EVENT_ID_TEXT_BYTES];
    event_id_text(store_event_id(bench->store, outcome->position), event_id);
    if (light_signal(bench->light, LIGHT_SOLD, event_id, 1) < 0)
        bench_die("light", 0);
    bench->sold++;
}

static void take_turn(void *user)
{
    struct bench *bench = user;
    intake_scan(bench->intake, bench->scan->code, 1, bench->scan->source, 1, 1, 1);
}

static void on_scan(void *user, const struct scan *scan)
{
    struct bench *bench = user;
    bench->scan = scan;
    turns_run(bench->turns, &bench->turn);
    if (turns_busy(bench->turns))
        turns_drain(bench->turns);
}

static void on_notice(void *user, uint32_t source, enum scanner_notice notice, const char *words)
{
    (void)user;
    (void)source;
    (void)notice;
    bench_die(words, 0);
}

static void add_stock(struct bench *bench)
{
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_LOCATION_CREATED, .version = 1};
    event.location.location = event.location.kind = 1;
    event.location.name = text_of("booth");
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_ITEM_CREATED, .version = 1};
    event.item.item = 1;
    event.item.sku = text_of("MUG");
    event.item.title = text_of("Mug");
    event.item.price_minor = 2400;
    event.item.cost_minor = 720;
    event.item.currency = text_of("EUR");
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_BARCODE_LINKED, .version = 1};
    event.barcode.item = event.barcode.pack = 1;
    event.barcode.code = text_of(BENCH_CODE);
    changes_add_event(&changes, &event);
    event = (struct event){.kind = EVENT_ADJUSTMENT, .version = 1};
    event.adjustment.item = event.adjustment.location = 1;
    event.adjustment.delta = 1000000000;
    event.adjustment.reason = ADJUST_OPENING;
    changes_add_event(&changes, &event);
    int error = 0;
    bench_commit(bench->store, &changes, &error);
    changes_free(&changes);
    if (error)
        bench_die("stock", error);
}

static void keep_error(void *user, const struct store_result *result)
{
    *(int *)user = result->error;
}

void bench_commit(struct store *store, struct changes *changes, int *error)
{
    store_submit(store, changes, keep_error, error);
}

void bench_open(struct bench *bench, const char *directory)
{
    bench_open_at(bench, directory, TURNS_CHOOSE);
}

void bench_open_at(struct bench *bench, const char *directory, enum turns_place place)
{
    struct store_start start = {
        .wall_ms = 1790000000000, .boottime_ms = 1, .program = "bench", .sha256 = crypto_sha256_two};
    struct err err = {0};
    crypto_random(start.new_device.bytes, ID128_BYTES);
    crypto_random(start.epoch.bytes, ID128_BYTES);
    *bench = (struct bench){0};
    if (store_open(directory, &start, &bench->store, &err) < 0)
        bench_die(err_text(&err), 0);
    if (!book_item_count(store_book(bench->store)))
        add_stock(bench);
    if (loop_new(&bench->loop, &err) < 0 || turns_new(bench->loop, place, &bench->turns, &err) < 0)
        bench_die(err_text(&err), 0);
    bench->turn = (struct turn){.run = take_turn, .user = bench, .priority = TURN_SCAN};
    struct store_wait wait = {turn_shares, turn_wait_begin, turn_wait_end, bench->turns};
    store_wait_use(bench->store, &wait);
    struct intake_settings settings = {
        .store = bench->store, .location = 1, .done = on_outcome, .user = bench};
    if (intake_new(&settings, &bench->intake, &err) < 0 ||
        light_open("log:/dev/null", &bench->light, &err) < 0)
        bench_die(err_text(&err), 0);
    struct scanner_sink sink = {.scan = on_scan, .notice = on_notice, .user = bench};
    hid_source_init(&bench->source, 1, &sink);
}

void bench_close(struct bench *bench)
{
    light_close(bench->light);
    intake_free(bench->intake);
    store_close(bench->store);
    turns_free(bench->turns);
    loop_free(bench->loop);
}

__attribute__((noinline)) void bench_one_sale(struct bench *bench)
{
    static const char code[] = BENCH_CODE;
    uint8_t report[8] = {0};
    for (int i = 0; i < 14; i++) {
        /* HID Usage Tables 1.x, keyboard page: 1…9 are 0x1e…0x26, 0 is 0x27, Enter 0x28 */
        report[2] = i == 13 ? 0x28 : code[i] == '0' ? 0x27 : (uint8_t)(0x1d + code[i] - '0');
        hid_source_report(&bench->source, report, sizeof report, 1);
        report[2] = 0;
        hid_source_report(&bench->source, report, sizeof report, 1);
    }
}

/* --- measures --- */

static int compare(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

static int64_t quantile(int64_t *values, int count, double at)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[(int)(at * (count - 1))];
}

static int open_floor(const char *directory)
{
    char path[4096];
    static const char zeros[PAGE_BYTES];
    (void)snprintf(path, sizeof path, "%s/floor", directory);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; fd >= 0 && i < 1024; i++)
        if (write(fd, zeros, sizeof zeros) != (ssize_t)sizeof zeros)
            bench_die("floor file", errno);
    if (fd < 0 || fsync(fd) < 0)
        bench_die("floor file", errno);
    return fd;
}

/* Pairs: floor, sale, floor, sale… so that both see the same disk. Housekeeping runs between, as the idle
 * loop does. */
static void measure_p1(const char *directory, int rounds, enum turns_place place)
{
    static int64_t floor_ns[ROUNDS_MAX], sale_ns[ROUNDS_MAX];
    struct bench bench;
    bench_open_at(&bench, directory, place);
    while (store_maintain(bench.store, false) > 0)
        ;
    int fd = open_floor(directory);
    for (int i = 0; i < rounds; i++) {
        floor_ns[i] = bench_floor_ns(fd, i);
        int64_t start = bench_now_ns();
        bench_one_sale(&bench);
        sale_ns[i] = bench_now_ns() - start;
        if (i % 64 == 63)
            while (store_maintain(bench.store, false) > 0)
                ;
    }
    int64_t floor = quantile(floor_ns, rounds, 0.5), sale = quantile(sale_ns, rounds, 0.5);
    (void)printf("p1 %.4f\nfloor_us %.1f\nsale_us %.1f\n", (double)sale / (double)floor, (double)floor / 1e3,
                 (double)sale / 1e3);
    (void)printf("p2 %.3f\n",
                 (double)quantile(sale_ns, rounds, 0.999) / (double)quantile(floor_ns, rounds, 0.999));
    bench_close(&bench);
}

static void measure_p3(const char *directory, int rounds)
{
    struct disk_count count;
    struct bench bench;
    bench_count_disk(&count);
    bench_open(&bench, directory);
    while (store_maintain(bench.store, false) > 0)
        ;
    count = (struct disk_count){0};
    for (int i = 0; i < rounds; i++) {
        bench_one_sale(&bench);
        if (i % 64 == 63)
            while (store_maintain(bench.store, false) > 0)
                ;
    }
    (void)printf("syncs %.4f\nbytes %.0f\n", (double)count.syncs / rounds, (double)count.bytes / rounds);
    bench_close(&bench);
}

static void measure_p4(const char *directory, int rounds)
{
    struct bench bench;
    bench_open_at(&bench, directory, TURNS_ON_LOOP); /* callgrind counts one thread */
    for (int i = 0; i < rounds; i++)
        bench_one_sale(&bench);
    (void)printf("sales %" PRIu64 "\n", bench.sold);
    bench_close(&bench);
}

static int64_t sell_all(struct bench *bench, int scans)
{
    int64_t start = bench_now_ns();
    for (int i = 0; i < scans; i++)
        intake_scan(bench->intake, BENCH_CODE, 1, 1, 1, 1, 1);
    return bench_now_ns() - start;
}

/* Scans that wait already, in groups as the agent makes them, over a commit for each. */
static void measure_p7(const char *directory, int rounds)
{
    enum { WAITING = 256 };
    struct bench bench;
    bench_open(&bench, directory);
    while (store_maintain(bench.store, false) > 0)
        ;
    int64_t single = 0, grouped = 0;
    for (int done = 0; done < rounds; done += WAITING) {
        single += sell_all(&bench, WAITING);
        int64_t start = bench_now_ns();
        intake_group_begin(bench.intake);
        (void)sell_all(&bench, WAITING);
        intake_group_end(bench.intake);
        grouped += bench_now_ns() - start;
        while (store_maintain(bench.store, store_needs_rest(bench.store)) > 0)
            ;
    }
    (void)printf("p7 %.2f\n", (double)single / (double)grouped);
    bench_close(&bench);
}

/* Started by tests/bench/run with the time just before: start of the process → first durable sale. */
static void measure_first(const char *directory, int64_t start_ns)
{
    struct bench bench;
    bench_open(&bench, directory);
    bench_one_sale(&bench);
    (void)printf("first_ms %.2f\n", (double)(bench_now_ns() - start_ns) / 1e6);
    (void)fflush(stdout);
    bench_close(&bench);
}

/* Bytes of the event table's pages over its rows, after a checkpoint: what a stored sale takes, tag included.
 */
static void measure_p6(const char *directory)
{
    bench_fill(directory, 1, 20000);
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/ledger.db", directory);
    sqlite3 *db;
    sqlite3_stmt *ask;
    static const char question[] =
        "SELECT (SELECT sum(pgsize) FROM dbstat WHERE name = 'event') * 1.0 / (SELECT count(*) FROM event)";
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, question, -1, &ask, NULL) != SQLITE_OK || sqlite3_step(ask) != SQLITE_ROW)
        bench_die(sqlite3_errmsg(db), 0);
    (void)printf("event_bytes %.1f\n", sqlite3_column_double(ask, 0));
    (void)sqlite3_finalize(ask);
    (void)sqlite3_close(db);
}

/* A WAL as full as it gets: nobody was idle since the last checkpoint. */
static void leave_full_wal(const char *directory)
{
    struct bench bench;
    bench_open(&bench, directory);
    while (!store_needs_rest(bench.store))
        bench_one_sale(&bench);
    if (raise(SIGKILL) != 0)
        bench_die("kill", errno);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    long long number = argc > 3 ? strtoll(argv[3], NULL, 10) : 0;
    int rounds = number > 0 && number <= ROUNDS_MAX ? (int)number : 1000;
    if (strcmp(what, "p1") == 0)
        measure_p1(argv[2], rounds, TURNS_CHOOSE);
    else if (strcmp(what, "p1thread") == 0)
        measure_p1(argv[2], rounds, TURNS_ON_THREAD);
    else if (strcmp(what, "p1loop") == 0)
        measure_p1(argv[2], rounds, TURNS_ON_LOOP);
    else if (strcmp(what, "p7") == 0)
        measure_p7(argv[2], rounds);
    else if (strcmp(what, "p3") == 0)
        measure_p3(argv[2], rounds);
    else if (strcmp(what, "p4") == 0)
        measure_p4(argv[2], rounds);
    else if (strcmp(what, "p6") == 0)
        measure_p6(argv[2]);
    else if (strcmp(what, "fill") == 0 && argc > 4)
        bench_fill(argv[2], (uint32_t)number, strtoull(argv[4], NULL, 10));
    else if (strcmp(what, "first") == 0)
        measure_first(argv[2], number ? number : bench_now_ns());
    else if (strcmp(what, "wal") == 0)
        leave_full_wal(argv[2]);
    else if (strcmp(what, "now") == 0)
        (void)printf("%" PRId64 "\n", bench_now_ns());
    else
        bench_die("usage: bench p1|p1thread|p1loop|p3|p4|p6|p7|fill|first|wal|now DIR [N] [EVENTS]", 0);
    return 0;
}
