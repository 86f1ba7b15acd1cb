/* explain: why a number is what it is. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { PATH_MAX_BYTES = 1024 };

static void print_stock(const struct json *answer)
{
    (void)printf("%s, %s: %" PRId64 " on hand, %" PRId64 " promised to orders, %" PRId64 " available\n",
                 cli_text(answer, "sku"), cli_text(answer, "title"), cli_int(answer, "on_hand"),
                 cli_int(answer, "committed"), cli_int(answer, "available"));
    for (const struct json *l = json_first(json_get(answer, "lines")); l; l = json_next(l))
        (void)printf("  %6" PRId64 "  %+4" PRId64 " = %4" PRId64 " on hand, %" PRId64 " promised  %s\n",
                     cli_int(l, "position"), cli_int(l, "on_hand"), cli_int(l, "running_on_hand"),
                     cli_int(l, "running_committed"), cli_text(l, "words"));
    for (const struct json *o = json_first(json_get(answer, "promised")); o; o = json_next(o)) {
        (void)printf("  promised: %" PRId64 " to order %s at %s", cli_int(o, "units"), cli_text(o, "order"),
                     cli_text(o, "channel"));
        if (cli_int(o, "held"))
            (void)printf(", %" PRId64 " of them not paid yet", cli_int(o, "held"));
        (void)putchar('\n');
    }
}

/* available = the shops' parts + what is left for the stall */
static void print_locations(const struct json *answer)
{
    for (const struct json *p = json_first(json_get(answer, "locations")); p; p = json_next(p)) {
        int64_t left = cli_int(p, "left");
        (void)printf("%s: %" PRId64 " available =", cli_text(p, "location"), cli_int(p, "available"));
        for (const struct json *c = json_first(json_get(p, "channels")); c; c = json_next(c))
            (void)printf(" %" PRId64 " for %s +", cli_int(c, "units"), cli_text(c, "channel"));
        (void)printf(" %" PRId64 " left for the stall%s\n", left,
                     left < 0 ? ": MORE IS OFFERED THAN IS THERE" : "");
    }
}

static void print_cards(const struct json *answer)
{
    for (const struct json *c = json_first(json_get(answer, "cards")); c; c = json_next(c))
        (void)printf("card %" PRId64 " (%s, %s%s%s): %s\n", cli_int(c, "id"), cli_text(c, "kind"),
                     cli_text(c, "state"), *cli_text(c, "chosen") ? ", " : "", cli_text(c, "chosen"),
                     cli_text(c, "text"));
}

static void print_level(const struct json *answer, const struct json *c)
{
    int64_t level;
    if (json_get_int(c, "level", &level) < 0) {
        (void)printf("  its level was never read\n");
        return;
    }
    (void)printf("  the shop showed %" PRId64 " when last heard", level);
    if (cli_int(c, "read_ms"))
        cli_print_time(answer, ", ", cli_int(c, "read_ms"));
    else
        (void)printf(", before this start");
    if (cli_int(c, "level_since_ms"))
        cli_print_time(answer, "; since ", cli_int(c, "level_since_ms"));
    (void)printf("%s: %" PRId64 " expected", cli_int(c, "level_since_ms") ? " by the shop's clock" : "",
                 cli_int(c, "expected"));
    if (cli_int(c, "on_its_way"))
        (void)printf(" %+" PRId64 " on its way", cli_int(c, "on_its_way"));
    if (cli_int(c, "suspected_sold"))
        (void)printf(" -%" PRId64 " suspected sold (no order explains it yet)", cli_int(c, "suspected_sold"));
    if (cli_int(c, "drift"))
        (void)printf(" %+" PRId64 " drift (neither an order nor a change of ours)", cli_int(c, "drift"));
    (void)putchar('\n');
    if (cli_int(c, "wanted") != cli_int(c, "expected"))
        (void)printf("  it should show %" PRId64 ": %+" PRId64 " is owed\n", cli_int(c, "wanted"),
                     cli_int(c, "wanted") - cli_int(c, "expected"));
}

static void print_sendings(const struct json *answer, const struct json *c)
{
    const struct json *op = json_get(c, "op");
    if (json_is_object(op)) {
        (void)printf("  on its way: %s %s, %s, tried %" PRId64 " time%s", cli_text(op, "words"),
                     cli_text(op, "method"), cli_text(op, "state"), cli_int(op, "attempts"),
                     cli_int(op, "attempts") == 1 ? "" : "s");
        cli_print_time(answer, ", first ", cli_int(op, "first_sent_ms"));
        (void)printf("%s  (op %.8s)\n", cli_int(op, "first_sent_ms") ? " by the shop's clock" : "",
                     cli_text(op, "op"));
    }
    for (const struct json *s = json_first(json_get(c, "sendings")); s; s = json_next(s)) {
        (void)printf("  asked");
        cli_print_time(answer, " ", cli_int(s, "sent_ms"));
        (void)printf(": %s (op %.8s): %s", cli_text(s, "words"), cli_text(s, "op"), cli_text(s, "outcome"));
        int64_t number;
        if (json_get_int(s, "took_ms", &number) == 0)
            (void)printf(" after %" PRId64 " ms", number);
        if (json_get_int(s, "level_after", &number) == 0)
            (void)printf(", it showed %" PRId64 " then", number);
        (void)printf("%s%s\n", *cli_text(s, "said") ? ": " : "", cli_text(s, "said"));
    }
}

static void print_channel(const struct json *answer, const struct json *c)
{
    (void)printf("\n%s: %" PRId64 " connected + %" PRId64 " raised - %" PRId64 " lowered - %" PRId64
                 " sold + %" PRId64 " put back + %" PRId64 " edited = %" PRId64 "%s\n",
                 cli_text(c, "channel"), cli_int(c, "baseline"), cli_int(c, "granted"), cli_int(c, "revoked"),
                 cli_int(c, "sold"), cli_int(c, "restored"), cli_int(c, "edits"), cli_int(c, "expected"),
                 cli_bool(c, "adds_up") ? "" : "   THE LINES DO NOT ADD UP: run fairstock verify");
    for (const struct json *l = json_first(json_get(c, "lines")); l; l = json_next(l))
        (void)printf("  %6" PRId64 "  %+4" PRId64 " = %4" PRId64 "  %s%s%.8s%s\n", cli_int(l, "position"),
                     cli_int(l, "expected"), cli_int(l, "running"), cli_text(l, "words"),
                     *cli_text(l, "op") ? " (op " : "", cli_text(l, "op"), *cli_text(l, "op") ? ")" : "");
    print_level(answer, c);
    if (cli_bool(c, "paused"))
        (void)printf("  it is off sale there at the moment\n");
    if (*cli_text(c, "parked"))
        (void)printf("  parked, nothing is sent for it: %s\n", cli_text(c, "parked"));
    print_sendings(answer, c);
}

int cli_explain(struct cli *cli)
{
    BUF_AUTO struct buf path = buf_new(PATH_MAX_BYTES);
    struct json *answer;
    int code;
    buf_add_text(&path, "/explain?sku=");
    cli_encode(cli->argv[0], &path);
    if (cli->argc > 1) {
        buf_add_text(&path, "&channel=");
        cli_encode(cli->argv[1], &path);
    }
    if (cli_ask(cli, buf_text(&path), &answer, &code)) {
        print_stock(answer);
        print_locations(answer);
        for (const struct json *c = json_first(json_get(answer, "channels")); c; c = json_next(c))
            print_channel(answer, c);
        print_cards(answer);
        if (cli_bool(answer, "more")) /* then the lines shown cannot add up: no damage */
            (void)puts("There are more lines than are shown here: fairstock export --journal has all.");
        else if (cli_bool(answer, "adds_up"))
            (void)puts("It adds up.");
        else
            (void)printf("IT DOES NOT ADD UP: %s Run fairstock verify, and keep a copy of the ledger.\n",
                         cli_text(answer, "wrong"));
        if (!cli_bool(answer, "adds_up") && !cli_bool(answer, "more"))
            code = CLI_DAMAGED;
    }
    json_free(answer);
    return code;
}
