/* The process is killed (SIGKILL) while it sells: every sale it had acknowledged is there, under the same id,
 * once; at most the one it was working on is there beyond that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"

enum { KILLS = 8, KILLS_LONG = 500, SALES_MAX = 200000, LINE_MAX_BYTES = 160 };

struct sold {
    uint64_t position;
    char id[EVENT_ID_TEXT_BYTES];
};

struct campaign {
    struct sold sold[SALES_MAX];
    int count;
};

static FILE *start_seller(const char *directory, pid_t *pid)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    *pid = fork();
    assert_true(*pid >= 0);
    if (*pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execl(LEDGER_SELLER, LEDGER_SELLER, directory, "1000000", (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    assert_non_null(lines);
    return lines;
}

/* A line cut off by the kill is no acknowledgement: nobody saw it. */
static void note(struct campaign *campaign, const char *line)
{
    unsigned long long position;
    struct sold *sold = &campaign->sold[campaign->count];
    if (!strchr(line, '\n') || sscanf(line, "sold %llu %86s", &position, sold->id) != 2)
        return;
    assert_true(campaign->count < SALES_MAX - 1);
    sold->position = position;
    campaign->count++;
}

static void sell_and_be_killed(struct campaign *campaign, const char *directory, int after)
{
    pid_t pid;
    FILE *lines = start_seller(directory, &pid);
    char line[LINE_MAX_BYTES];
    int before = campaign->count;
    while (campaign->count - before < after && fgets(line, sizeof line, lines))
        note(campaign, line);
    (void)usleep((useconds_t)(rand() % 3000)); /* anywhere within a commit; nothing depends on how long */
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (fgets(line, sizeof line, lines))
        note(campaign, line);
    (void)fclose(lines);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* What the ledger has, against what was acknowledged. */
struct seen {
    const struct campaign *campaign;
    int next, unacknowledged;
};

static int compare(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                   const uint8_t tag[4])
{
    struct seen *seen = user;
    static struct event event;
    char text[EVENT_ID_TEXT_BYTES];
    (void)tag;
    assert_int_equal(event_decode(bytes, length, &event), 0);
    if (event.kind != EVENT_SALE)
        return 0;
    if (seen->next == seen->campaign->count || seen->campaign->sold[seen->next].position != position) {
        seen->unacknowledged++;
        return 0;
    }
    event_id_text(id, text);
    assert_string_equal(text, seen->campaign->sold[seen->next++].id);
    return 0;
}

static void test_acknowledged_sales_survive_kills(void **state)
{
    enum { STOCK = 100 };
    struct ledger *ledger = *state;
    struct campaign *campaign = calloc(1, sizeof *campaign);
    assert_non_null(campaign);
    int kills = getenv("FAIRSTOCK_LONG") ? KILLS_LONG : KILLS;
    srand(11);
    ledger_open(ledger);
    ledger_stock_up(ledger);
    ledger_close(ledger);
    for (int i = 1; i <= kills; i++) {
        sell_and_be_killed(campaign, ledger->directory, rand() % 120);
        ledger_open(ledger);
        (void)ledger_verify(ledger);
        struct seen seen = {campaign, 0, 0};
        assert_int_equal(store_walk(ledger->store, 0, compare, &seen), 0);
        assert_int_equal(seen.next, campaign->count);
        assert_true(seen.unacknowledged <= i);
        assert_int_equal(ledger_on_hand(ledger, 1), STOCK - campaign->count - seen.unacknowledged);
        ledger_close(ledger);
    }
    print_message("%d kills, %d acknowledged sales\n", kills, campaign->count);
    free(campaign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_acknowledged_sales_survive_kills, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
