/* sync, report: what is going to happen at the shops, how far it is, what happened. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

enum { BAR_CELLS = 30, LOOK_AGAIN_MS = 200, LINE_BYTES = 256, PATH_BYTES = 64 };

/* --- dry run ----------------------------------------------------------------------------------------- */

static void print_change(const struct json *row)
{
    int64_t level;
    const char *what = cli_text(row, "what");
    (void)fputs("  ", stdout);
    cli_column(cli_text(row, "sku"), 16);
    (void)putchar(' ');
    cli_column(cli_text(row, "title"), 36);
    if (json_get_int(row, "level", &level) == 0)
        (void)printf(" %6" PRId64 " -> %6" PRId64, level, cli_int(row, "wanted"));
    else
        (void)printf(" %6s -> %6" PRId64, "?", cli_int(row, "wanted"));
    if (strcmp(what, "on its way") == 0 || strcmp(what, "parked") == 0)
        (void)printf("  %s%s%s", what, *cli_text(row, "reason") ? ": " : "", cli_text(row, "reason"));
    (void)putchar('\n');
}

static void print_shop(const struct json *c)
{
    (void)printf("%s, %s: %" PRId64 " to lower, %" PRId64 " to raise", cli_text(c, "channel"),
                 cli_text(c, "phase"), cli_int(c, "lower"), cli_int(c, "raise"));
    if (cli_int(c, "on_its_way"))
        (void)printf(", %" PRId64 " on their way", cli_int(c, "on_its_way"));
    if (cli_int(c, "parked"))
        (void)printf(", %" PRId64 " parked", cli_int(c, "parked"));
    if (cli_int(c, "cancels"))
        (void)printf(", %" PRId64 " orders to cancel", cli_int(c, "cancels"));
    (void)printf("%s%s\n", cli_bool(c, "live") ? "" : ". Not live: nothing is written",
                 cli_bool(c, "orders_read") ? "" : ". Its orders come first and can change this.");
    for (const struct json *row = json_first(json_get(c, "changes")); row; row = json_next(row))
        print_change(row);
}

static int dry_run(struct cli *cli)
{
    struct json *answer;
    int code;
    if (cli_ask(cli, "/dry-run", &answer, &code)) {
        for (const struct json *c = json_first(json_get(answer, "channels")); c; c = json_next(c))
            print_shop(c);
        if (cli_bool(answer, "more"))
            (void)puts("There are more changes than are shown here.");
        (void)puts("Nothing was written.");
    }
    json_free(answer);
    return code;
}

/* --- waiting ----------------------------------------------------------------------------------------- */

static void range_words(const struct json *progress, char words[LINE_BYTES / 2])
{
    int64_t least, longest;
    words[0] = '\0';
    if (json_get_int(progress, "least_ms", &least) < 0 || json_get_int(progress, "most_ms", &longest) < 0)
        return;
    int64_t from = (least + 999) / 1000, to = (longest + 999) / 1000;
    (void)snprintf(words, LINE_BYTES / 2,
                   to < 120 ? ", %" PRId64 " to %" PRId64 " s" : ", %" PRId64 " to %" PRId64 " min",
                   to < 120 ? from : from / 60, to < 120 ? to : (to + 59) / 60);
}

static void progress_words(const struct json *progress, char line[LINE_BYTES])
{
    char range[LINE_BYTES / 2];
    range_words(progress, range);
    (void)snprintf(
        line, LINE_BYTES, "%" PRId64 " of %" PRId64 " changes, %" PRId64 " of %" PRId64 " shops%s%s",
        cli_int(progress, "done"), cli_int(progress, "total"), cli_int(progress, "shops_done"),
        cli_int(progress, "shops"), range, cli_bool(progress, "away") ? ", a shop is out of reach" : "");
}

static void print_bar(const struct json *progress, const char *line)
{
    int64_t total = cli_int(progress, "total"), done = cli_int(progress, "done");
    int cells = total > 0 ? (int)(done * BAR_CELLS / total) : 0;
    (void)printf("\r\033[K[%.*s%*s] %s", cells, "##############################", BAR_CELLS - cells, "",
                 line);
    (void)fflush(stdout);
}

static bool is_over(const struct json *progress)
{
    return cli_int(progress, "shops_done") == cli_int(progress, "shops");
}

/* A bar on a terminal, a line for each news elsewhere. Ends when every shop is at rest; ctrl-C changes
 * nothing. */
static int wait_for_rest(struct cli *cli)
{
    bool terminal = isatty(STDOUT_FILENO), over = false;
    char shown[LINE_BYTES] = "";
    int code = CLI_OK;
    while (!over) {
        struct json *progress;
        char line[LINE_BYTES];
        if (!cli_call(cli, "GET", "/catch-up", "", &progress, NULL, &code))
            return code;
        progress_words(progress, line);
        over = is_over(progress) && !cli_bool(progress, "active");
        if (terminal)
            print_bar(progress, line);
        else if (strcmp(line, shown) != 0)
            (void)puts(line);
        (void)fflush(stdout);
        (void)snprintf(shown, sizeof shown, "%s", line);
        json_free(progress);
        struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
        if (!over)
            (void)nanosleep(&pause, NULL);
    }
    if (terminal)
        (void)putchar('\n');
    (void)puts("Every shop shows what it should.");
    return code;
}

int cli_sync(struct cli *cli)
{
    struct json *answer;
    int code;
    if (cli->dry_run)
        return dry_run(cli);
    bool worked = cli_call(cli, "POST", "/sync", "{}", &answer, NULL, &code);
    if (worked)
        (void)printf("asking %" PRId64 " shop%s now%s\n", cli_int(answer, "channels"),
                     cli_int(answer, "channels") == 1 ? "" : "s",
                     cli->wait ? "" : "; fairstock status tells how it went");
    json_free(answer);
    return worked && cli->wait ? wait_for_rest(cli) : code;
}

/* --- report ------------------------------------------------------------------------------------------ */

static void print_report_shop(const struct json *c)
{
    const struct json *read = json_get(c, "read_back");
    (void)printf("%s: %" PRId64 " order%s (%" PRId64 " units), %" PRId64
                 " units cancelled; lowered by %" PRId64 ", raised by %" PRId64,
                 cli_text(c, "channel"), cli_int(c, "orders"), cli_int(c, "orders") == 1 ? "" : "s",
                 cli_int(c, "ordered"), cli_int(c, "cancelled"), cli_int(c, "lowered_units"),
                 cli_int(c, "raised_units"));
    if (cli_int(c, "edits"))
        (void)printf("; %" PRId64 " changes there taken over (%+" PRId64 ")", cli_int(c, "edits"),
                     cli_int(c, "edited_units"));
    if (cli_int(c, "refused") + cli_int(c, "parked") + cli_int(c, "unproven"))
        (void)printf("; %" PRId64 " refused, %" PRId64 " parked, %" PRId64 " unproven", cli_int(c, "refused"),
                     cli_int(c, "parked"), cli_int(c, "unproven"));
    if (json_is_object(read))
        (void)printf("; %" PRId64 " listings read back equal, %" PRId64 " not", cli_int(read, "equal"),
                     cli_int(read, "different") + cli_int(read, "unread") + cli_int(read, "parked"));
    (void)putchar('\n');
}

static void print_report(const struct json *report)
{
    const struct json *begun = json_get(report, "begun"), *ended = json_get(report, "ended");
    int64_t position = cli_int(ended, "position");
    bool over = strcmp(cli_text(report, "state"), "ended") == 0;
    (void)printf("Catch-up, positions %" PRId64 " to ", cli_int(report, "after_position") + 1);
    if (over)
        (void)printf("%" PRId64, position);
    else
        (void)printf("now: it goes on");
    cli_print_time(report, ", noted ", cli_int(begun, "at_ms"));
    cli_print_time(report, ", over ", cli_int(ended, "at_ms"));
    (void)printf("\n%" PRId64 " sales at the stall (%" PRId64 " units)", cli_int(report, "sales"),
                 cli_int(report, "sold_units"));
    if (cli_int(report, "undone"))
        (void)printf(", %" PRId64 " undone", cli_int(report, "undone"));
    if (cli_int(report, "decisions"))
        (void)printf(", %" PRId64 " cards decided", cli_int(report, "decisions"));
    if (cli_int(report, "starts"))
        (void)printf(", %" PRId64 " restart%s in between", cli_int(report, "starts"),
                     cli_int(report, "starts") == 1 ? "" : "s");
    (void)putchar('\n');
    for (const struct json *c = json_first(json_get(report, "channels")); c; c = json_next(c))
        print_report_shop(c);
    if (cli_int(report, "open_cards_now"))
        (void)printf("%" PRId64 " open cards now: fairstock cards\n", cli_int(report, "open_cards_now"));
    if (over)
        (void)printf("sealed at position %" PRId64 ": %s\n", position + 1, cli_text(report, "seal"));
}

int cli_catch_up(struct cli *cli)
{
    char path[PATH_BYTES] = "/report";
    struct json *answer;
    int code;
    if (strcmp(cli->argv[0], "catch-up") != 0 ||
        (cli->argc > 1 && strspn(cli->argv[1], "0123456789") != strlen(cli->argv[1]))) {
        cli_complain("usage: fairstock report catch-up [POSITION]");
        return CLI_USAGE;
    }
    if (cli->argc > 1)
        (void)snprintf(path, sizeof path, "/report?position=%.20s", cli->argv[1]);
    if (cli_ask(cli, path, &answer, &code))
        print_report(answer);
    json_free(answer);
    return code;
}
