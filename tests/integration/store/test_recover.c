/* The card fails under a real process (strace makes its system calls fail): what was answered as failed is
 * not in the ledger, what was acknowledged is, and the same process goes on selling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"
#include "tracing.h"

enum { LINES_MAX = 400, LINE_MAX_BYTES = 160 };

struct run {
    char lines[LINES_MAX][LINE_MAX_BYTES];
    int count;
    int status;
};

/* strace -f is not used: the seller is one thread. -o keeps strace's own words away from the seller's. */
static void run_seller(struct run *run, const struct ledger *ledger, const char *inject, const char *sales)
{
    char trace[LEDGER_PATH_BYTES];
    int ends[2];
    ledger_path(ledger, "trace", trace);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* the leak checker cannot run under ptrace */
        (void)execlp("strace", "strace", "-qq", "-o", trace, "-e", "trace=fdatasync,fsync,pwrite64,ftruncate",
                     "-e", inject, LEDGER_SELLER, ledger->directory, sales, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    assert_non_null(lines);
    run->count = 0;
    while (run->count < LINES_MAX && fgets(run->lines[run->count], LINE_MAX_BYTES, lines))
        run->count++;
    (void)fclose(lines);
    assert_int_equal(waitpid(pid, &run->status, 0), pid);
    assert_true(WIFEXITED(run->status));
}

static int count_of(const struct run *run, const char *begins)
{
    int found = 0;
    for (int i = 0; i < run->count; i++)
        found += strncmp(run->lines[i], begins, strlen(begins)) == 0;
    return found;
}

/* Every acknowledged sale is there under its id, what was answered as failed is not, and nothing else left
 * the stock. Returns the stock. */
static int64_t check_ledger(struct ledger *ledger, const struct run *run)
{
    ledger_open(ledger);
    (void)ledger_verify(ledger);
    for (int i = 0; i < run->count; i++) {
        unsigned long long position;
        char text[EVENT_ID_TEXT_BYTES], found[EVENT_ID_TEXT_BYTES];
        if (sscanf(run->lines[i], "sold %llu %86s", &position, text) != 2)
            continue;
        event_id_text(store_event_id(ledger->store, position), found);
        assert_string_equal(found, text);
    }
    int64_t on_hand = ledger_on_hand(ledger, 1);
    ledger_close(ledger);
    return on_hand;
}

/* One system call after the other fails, once each: at opening, in a sale, in the seal and snapshot of
 * housekeeping, in a checkpoint, at closing. A fault at opening is an error that the program reports before
 * it sells. */
struct campaign {
    const char *call, *error;
    int first, last, step;
    const char *fault; /* as the seller writes it */
};

static void run_campaign(struct ledger *ledger, const struct campaign *campaign)
{
    enum { SALES = 45 }; /* one housekeeping is among them */
    static struct run run;
    int64_t on_hand = check_ledger(ledger, &run);
    int in_sales = 0;
    for (int n = campaign->first; n <= campaign->last; n += campaign->step) {
        char inject[96];
        (void)snprintf(inject, sizeof inject, "inject=%s:error=%s:when=%d", campaign->call, campaign->error,
                       n);
        run_seller(&run, ledger, inject, "45");
        int sold = count_of(&run, "sold"), faults = count_of(&run, campaign->fault);
        if (WEXITSTATUS(run.status) == 0)
            assert_int_equal(sold + faults, SALES);
        else
            assert_int_equal(sold + faults, 0);
        assert_true(faults <= 1);
        assert_int_equal(count_of(&run, "still"), 0);
        in_sales += faults;
        on_hand -= sold;
        assert_int_equal(check_ledger(ledger, &run), on_hand);
        run.count = 0;
    }
    print_message("%s %s: %d faults hit a sale\n", campaign->call, campaign->error, in_sales);
    assert_true(in_sales >= 5);
}

static void prepare(struct ledger *ledger)
{
    ledger_open(ledger);
    ledger_stock_up(ledger);
    ledger_close(ledger);
}

/* Whether the WAL was emptied after the failure: no later sync may vouch for pages whose sync failed. */
static bool was_emptied(const struct ledger *ledger)
{
    char path[LEDGER_PATH_BYTES], line[512];
    bool failed = false, emptied = false;
    ledger_path(ledger, "trace", path);
    FILE *trace = fopen(path, "r");
    assert_non_null(trace);
    while (fgets(line, sizeof line, trace)) {
        failed |= strstr(line, "(INJECTED)") != NULL;
        emptied |= failed && strncmp(line, "ftruncate(", 10) == 0 && strstr(line, ", 0)");
    }
    (void)fclose(trace);
    return emptied;
}

static void test_a_failed_sync(void **state)
{
    static struct run run;
    prepare(*state);
    run_seller(&run, *state, "inject=fdatasync:error=EIO:when=12", "20");
    assert_int_equal(count_of(&run, "fault 5"), 1);
    assert_true(was_emptied(*state));
    run_campaign(*state, &(struct campaign){"fdatasync", "EIO", 1, 56, 5, "fault 5"});
}

static void test_a_failed_write(void **state)
{
    prepare(*state);
    run_campaign(*state, &(struct campaign){"pwrite64", "EIO", 1, 500, 41, "fault 5"});
}

/* Nothing of the sale is kept, and the handle stays good. */
static void test_a_full_card(void **state)
{
    prepare(*state);
    run_campaign(*state, &(struct campaign){"pwrite64", "ENOSPC", 20, 500, 41, "fault 28"});
}

/* The way back fails too, twice, and is tried again. */
static void test_sync_fails_for_a_while(void **state)
{
    struct ledger *ledger = *state;
    static struct run run;
    prepare(ledger);
    run_seller(&run, ledger, "inject=fdatasync:error=EIO:when=10..13", "20");
    assert_true(count_of(&run, "fault 5") >= 2);
    assert_true(count_of(&run, "still 5") >= 1);
    assert_int_equal(count_of(&run, "again"), 1);
    assert_int_equal(count_of(&run, "sold") + count_of(&run, "fault 5"), 20);
    assert_int_equal(check_ledger(ledger, &run), 100 - count_of(&run, "sold"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    if (!tracing_works())
        return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        TEST(test_a_failed_sync),
        TEST(test_a_failed_write),
        TEST(test_a_full_card),
        TEST(test_sync_fails_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
