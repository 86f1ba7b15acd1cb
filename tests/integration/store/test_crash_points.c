/* The process ends (SIGKILL, injected by strace) at one disk operation after the other: while a ledger is
 * made, while an old one is brought up, while it sells, seals, snapshots and checkpoints. The next start
 * finds a whole ledger with everything that was acknowledged. What the card itself may lose in a power cut is
 * not tested here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"
#include "old_ledger.h"
#include "tracing.h"

enum { LINE_MAX_BYTES = 160 };

struct outcome {
    int sold;
    bool killed;
};

static struct outcome run_seller(const struct ledger *ledger, const char *call, int n, const char *sales)
{
    char inject[96], line[LINE_MAX_BYTES];
    int ends[2], status;
    struct outcome outcome = {0};
    (void)snprintf(inject, sizeof inject, "inject=%s:signal=SIGKILL:when=%d", call, n);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
        (void)execlp("strace", "strace", "-qq", "-o", "/dev/null", "-e", inject, LEDGER_SELLER,
                     ledger->directory, sales, "4", (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    assert_non_null(lines);
    while (fgets(line, sizeof line, lines))
        outcome.sold += strncmp(line, "sold ", 5) == 0 && strchr(line, '\n');
    (void)fclose(lines);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    outcome.killed = WIFSIGNALED(status); /* strace ends as its tracee did */
    assert_true(outcome.killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return outcome;
}

/* Every step-th disk operation in turn (each one with FAIRSTOCK_LONG), until a run needs fewer. Returns how
 * many there were. */
typedef void prepare_fn(struct ledger *ledger);
typedef void check_fn(struct ledger *ledger, const struct outcome *outcome);

static int kill_everywhere(const char *call, int step, prepare_fn *prepare, check_fn *check)
{
    int kills = 0;
    step = getenv("FAIRSTOCK_LONG") ? 1 : step;
    for (int n = 1;; n += step) {
        void *state = NULL;
        assert_int_equal(ledger_setup(&state), 0);
        prepare(state);
        struct outcome outcome = run_seller(state, call, n, "9");
        check(state, &outcome);
        assert_int_equal(ledger_teardown(&state), 0);
        if (!outcome.killed)
            break;
        kills++;
    }
    print_message("killed at %d of the %s calls\n", kills, call);
    return kills;
}

/* --- a new ledger
 * --------------------------------------------------------------------------------------------- */

static void prepare_nothing(struct ledger *ledger)
{
    (void)ledger;
}

static int count_sale(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                      const uint8_t tag[4])
{
    static struct event event;
    (void)position;
    (void)id;
    (void)tag;
    assert_int_equal(event_decode(bytes, length, &event), 0);
    *(int *)user += event.kind == EVENT_SALE;
    return 0;
}

static void check_new(struct ledger *ledger, const struct outcome *outcome)
{
    int sales = 0;
    ledger_open(ledger);
    (void)ledger_verify(ledger);
    assert_int_equal(store_walk(ledger->store, 0, count_sale, &sales), 0);
    assert_true(sales == outcome->sold || (outcome->killed && sales == outcome->sold + 1));
}

static void test_killed_while_making_a_ledger(void **state)
{
    (void)state;
    assert_true(kill_everywhere("pwrite64", 17, prepare_nothing, check_new) > 10);
    assert_true(kill_everywhere("fdatasync,fsync", 2, prepare_nothing, check_new) > 10);
    assert_true(kill_everywhere("rename,unlink", 1, prepare_nothing, check_new) >= 3);
}

/* --- an old ledger
 * -------------------------------------------------------------------------------------------- */

static void prepare_old(struct ledger *ledger)
{
    ledger_open(ledger);
    ledger_stock_up(ledger);
    old_ledger_fill(ledger);
    ledger_close(ledger);
    old_ledger_make(ledger, 1);
}

static void check_old(struct ledger *ledger, const struct outcome *outcome)
{
    ledger_open(ledger);
    int64_t sold = 100 - ledger_on_hand(ledger, 1);
    assert_true(sold == outcome->sold || (outcome->killed && sold == outcome->sold + 1));
    old_ledger_check(ledger, sold);
}

static void test_killed_while_bringing_an_old_ledger_up(void **state)
{
    (void)state;
    assert_true(kill_everywhere("pwrite64", 23, prepare_old, check_old) > 10);
    assert_true(kill_everywhere("fdatasync,fsync", 2, prepare_old, check_old) > 10);
}

int main(void)
{
    if (!tracing_works())
        return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_while_making_a_ledger),
        cmocka_unit_test(test_killed_while_bringing_an_old_ledger_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
