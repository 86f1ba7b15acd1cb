/* status, stock, explain, cards: what the command shows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "domain/money.h"

enum {
    PATH_MAX_BYTES = 1024,
    EXPLAIN_PATH_MAX_BYTES = 4000,
    PAGE = 200,
    ANSWER_MAX_BYTES = 64 * 1024 * 1024
};

/* Asks and, with --json, prints the raw answer. Returns whether there is an answer left to show. */
static bool ask(struct cli *cli, const char *path, struct json **answer, int *code)
{
    BUF_AUTO struct buf text = buf_new(ANSWER_MAX_BYTES);
    bool worked = cli_call(cli, "GET", path, "", answer, &text, code);
    if (worked && cli->json) {
        (void)puts(buf_text(&text));
        return false;
    }
    return worked;
}

/* An age where the time of day is not known. */
static void print_time(const struct json *status, const char *label, int64_t wall_ms)
{
    if (!wall_ms)
        return;
    if (strcmp(cli_text(json_get(status, "clock"), "quality"), "unknown") == 0) {
        int64_t age_s = (cli_int(status, "now_ms") - wall_ms) / 1000;
        (void)printf("%s%" PRId64 " %s ago", label, age_s < 120 ? age_s : age_s / 60,
                     age_s < 120 ? "s" : "min");
        return;
    }
    time_t seconds = wall_ms / 1000;
    struct tm local;
    char text[32] = "";
    if (localtime_r(&seconds, &local))
        (void)strftime(text, sizeof text, "%H:%M:%S", &local);
    (void)printf("%s%s", label, text);
}

static void print_channel(const struct json *status, const struct json *channel)
{
    (void)printf("channel %s: %s%s, %" PRId64 " units published, ", cli_text(channel, "name"),
                 cli_text(channel, "phase"),
                 cli_bool(channel, "live") ? "" : " (not live: nothing is written)",
                 cli_int(channel, "published"));
    if (cli_int(channel, "owed"))
        (void)printf("%" PRId64 " owed", cli_int(channel, "owed"));
    else
        (void)printf("nothing owed");
    print_time(status, ", last answer ", cli_int(channel, "last_success_ms"));
    (void)putchar('\n');
    if (*cli_text(channel, "last_error"))
        (void)printf("   last trouble: %s\n", cli_text(channel, "last_error"));
}

int cli_status(struct cli *cli)
{
    struct json *answer;
    int code;
    if (ask(cli, "/status", &answer, &code)) {
        (void)printf("%s: %s\n", cli_text(answer, "light"), cli_text(answer, "light_words"));
        if (*cli_text(answer, "standing_words"))
            (void)printf("%s\n", cli_text(answer, "standing_words"));
        if (cli_bool(answer, "practice"))
            (void)printf("practice: nothing real is touched; the practice network is %s\n",
                         cli_bool(answer, "practice_online") ? "on" : "off");
        (void)printf("%" PRId64 " sales since the start, all safe on this device; %" PRId64 " not yet sent\n",
                     cli_int(answer, "sold_this_start"), cli_int(answer, "unsent"));
        for (const struct json *s = json_first(json_get(answer, "scanners")); s; s = json_next(s))
            (void)printf("scanner %" PRId64 " %s: %s\n", cli_int(s, "source"), cli_text(s, "name"),
                         cli_text(s, "state"));
        for (const struct json *c = json_first(json_get(answer, "channels")); c; c = json_next(c))
            print_channel(answer, c);
        if (*cli_text(json_get(answer, "clock"), "words"))
            (void)printf("clock: %s\n", cli_text(json_get(answer, "clock"), "words"));
        if (cli_int(answer, "open_cards"))
            (void)printf("%" PRId64 " open cards: fairstock cards\n", cli_int(answer, "open_cards"));
        const struct json *disk = json_get(answer, "disk");
        (void)printf("disk: %" PRId64 " MB free%s%s\n", cli_int(disk, "free_mb"),
                     *cli_text(disk, "fault") ? "; " : "", cli_text(disk, "fault"));
    }
    json_free(answer);
    return code;
}

/* --- stock
 * -----------------------------------------------------------------------------------------------------------------
 */

static void print_levels(const struct json *item)
{
    int64_t owed = 0;
    char shows[64] = "";
    size_t used = 0;
    for (const struct json *c = json_first(json_get(item, "channels")); c; c = json_next(c)) {
        owed += cli_int(c, "owed");
        const struct json *level = json_get(c, "level");
        int64_t number = 0;
        int put = json_int_value(level, &number) == 0
                      ? snprintf(shows + used, sizeof shows - used, "%s%" PRId64, used ? "/" : "", number)
                      : snprintf(shows + used, sizeof shows - used, "%s?", used ? "/" : "");
        if (put > 0 && used + (size_t)put < sizeof shows)
            used += (size_t)put;
    }
    (void)printf(" %8" PRId64 " %10s %6" PRId64, cli_int(item, "on_hand"), *shows ? shows : "-", owed);
}

static void print_item(const struct json *item)
{
    cli_column(cli_text(item, "sku"), 12);
    (void)putchar(' ');
    cli_column(cli_text(item, "title"), 30);
    print_levels(item);
    if (cli_int(item, "card"))
        (void)printf("  card %" PRId64, cli_int(item, "card"));
    (void)putchar('\n');
}

static void print_head(void)
{
    (void)printf("%-12s %-30s %8s %10s %6s  %s\n", "sku", "item", "on hand", "shop shows", "owed", "card");
}

static int one_item(struct cli *cli)
{
    BUF_AUTO struct buf path = buf_new(PATH_MAX_BYTES);
    struct json *answer;
    int code;
    buf_add_text(&path, "/stock/");
    cli_encode(cli->argv[0], &path);
    if (ask(cli, buf_text(&path), &answer, &code)) {
        char price[MONEY_TEXT_BYTES];
        money_format(cli_int(answer, "price"), cli_text(answer, "currency"), price, sizeof price);
        print_head();
        print_item(answer);
        (void)printf("price %s %s, committed to orders %" PRId64 "%s\ncodes:", price,
                     cli_text(answer, "currency"), cli_int(answer, "committed"),
                     cli_bool(answer, "one_of_a_kind") ? ", one of a kind" : "");
        for (const struct json *c = json_first(json_get(answer, "codes")); c; c = json_next(c))
            (void)printf(" %s", json_text_value(c));
        (void)putchar('\n');
    }
    json_free(answer);
    return code;
}

/* All pages; with --json they are one document. */
int cli_stock(struct cli *cli)
{
    if (cli->argc)
        return one_item(cli);
    BUF_AUTO struct buf text = buf_new(ANSWER_MAX_BYTES);
    struct json_writer document = json_writer_new(&text);
    int64_t after = 0;
    int code = CLI_OK;
    bool more = true;
    json_begin_object(&document, NULL);
    json_begin_array(&document, "items");
    if (!cli->json)
        print_head();
    while (more && code == CLI_OK) {
        char path[PATH_MAX_BYTES];
        struct json *answer;
        (void)snprintf(path, sizeof path, "/stock?limit=%d&after=%" PRId64, PAGE, after);
        more = cli_call(cli, "GET", path, "", &answer, NULL, &code) && cli_bool(answer, "more");
        for (const struct json *i = json_first(json_get(answer, "items")); i; i = json_next(i)) {
            if (cli->json)
                json_value(&document, NULL, i);
            else
                print_item(i);
            after = cli_int(i, "alias");
        }
        json_free(answer);
    }
    json_end_array(&document);
    json_bool(&document, "more", false);
    json_end_object(&document);
    if (code == CLI_OK && cli->json && buf_error(&text) < 0) {
        (void)fprintf(stderr, "fairstock: the stock cannot be written as JSON: %s\n",
                      strerrordesc_np(-buf_error(&text)));
        return CLI_FAILED;
    }
    if (code == CLI_OK && cli->json)
        (void)puts(buf_text(&text));
    return code;
}

/* --- explain
 * ---------------------------------------------------------------------------------------------------------------
 */

static void explain_channel(const struct json *c)
{
    (void)printf("\n%s: %" PRId64 " connected + %" PRId64 " raised - %" PRId64 " lowered - %" PRId64
                 " sold + %" PRId64 " put back + %" PRId64 " edited = %" PRId64 "%s\n",
                 cli_text(c, "channel"), cli_int(c, "baseline"), cli_int(c, "granted"), cli_int(c, "revoked"),
                 cli_int(c, "sold"), cli_int(c, "restored"), cli_int(c, "edits"), cli_int(c, "expected"),
                 cli_bool(c, "adds_up") ? "" : "   THE LINES DO NOT ADD UP: run fairstock verify");
    for (const struct json *l = json_first(json_get(c, "lines")); l; l = json_next(l))
        (void)printf("  %6" PRId64 "  %+4" PRId64 " = %4" PRId64 "  %s\n", cli_int(l, "position"),
                     cli_int(l, "expected"), cli_int(l, "running"), cli_text(l, "words"));
    int64_t level;
    if (json_get_int(c, "level", &level) == 0)
        (void)printf("  the shop showed %" PRId64 " when last heard\n", level);
}

/* The last page of a long history, reached over all before it: their sums are carried over, so that it adds
 * up only when they do. */
static bool ask_explain(struct cli *cli, struct json **answer, int *code)
{
    BUF_AUTO struct buf path = buf_new(EXPLAIN_PATH_MAX_BYTES), text = buf_new(ANSWER_MAX_BYTES);
    BUF_AUTO struct buf next = buf_new(EXPLAIN_PATH_MAX_BYTES);
    *answer = NULL;
    do {
        buf_reset(&path);
        buf_reset(&text);
        buf_add_text(&path, "/explain?sku=");
        cli_encode(cli->argv[0], &path);
        if (cli->argc > 1) {
            buf_add_text(&path, "&channel=");
            cli_encode(cli->argv[1], &path);
        }
        buf_printf(&path, "%s%s", next.length ? "&from=" : "", buf_text(&next));
        json_free(*answer);
        if (!cli_call(cli, "GET", buf_text(&path), "", answer, &text, code))
            return false;
        buf_reset(&next);
        buf_add_text(&next, cli_text(*answer, "next"));
    } while (cli_bool(*answer, "more") && next.length && !buf_error(&next));
    if (cli->json)
        (void)puts(buf_text(&text));
    return !cli->json;
}

int cli_explain(struct cli *cli)
{
    struct json *answer;
    int code;
    if (ask_explain(cli, &answer, &code)) {
        (void)printf("%s, %s: %" PRId64 " on hand, %" PRId64 " promised to orders\n", cli_text(answer, "sku"),
                     cli_text(answer, "title"), cli_int(answer, "on_hand"), cli_int(answer, "committed"));
        for (const struct json *l = json_first(json_get(answer, "lines")); l; l = json_next(l))
            (void)printf("  %6" PRId64 "  %+4" PRId64 " = %4" PRId64 " on hand, %" PRId64 " promised  %s\n",
                         cli_int(l, "position"), cli_int(l, "on_hand"), cli_int(l, "running_on_hand"),
                         cli_int(l, "running_committed"), cli_text(l, "words"));
        for (const struct json *c = json_first(json_get(answer, "channels")); c; c = json_next(c))
            explain_channel(c);
        const struct json *first = json_first(json_get(answer, "lines"));
        if (first && strcmp(cli_text(first, "kind"), "carried") == 0)
            (void)puts(
                "What is carried over was added up line by line; fairstock export --journal shows it.");
        if (!cli_bool(answer, "adds_up"))
            code = CLI_DAMAGED;
    }
    json_free(answer);
    return code;
}

/* --- cards
 * -----------------------------------------------------------------------------------------------------------------
 */

static void print_card(const struct json *card)
{
    (void)printf("card %" PRId64 " (%s, %s)%s%s\n   %s\n", cli_int(card, "id"), cli_text(card, "kind"),
                 cli_text(card, "state"), *cli_text(card, "sku") ? " " : "", cli_text(card, "sku"),
                 cli_text(card, "text"));
    int number = 0;
    for (const struct json *o = json_first(json_get(card, "options")); o; o = json_next(o)) {
        (void)printf("   %d. %s\n      %s\n", ++number, cli_text(o, "title"), cli_text(o, "effect"));
        (void)printf("      fairstock cards %" PRId64 " %s%s%s%s\n", cli_int(card, "id"),
                     cli_text(o, "option"), cli_bool(o, "needs_detail") ? " \"" : "",
                     cli_bool(o, "needs_detail") ? cli_text(o, "detail_hint") : "",
                     cli_bool(o, "needs_detail") ? "\"" : "");
        if (*cli_text(o, "message"))
            (void)printf("      message: %s\n", cli_text(o, "message"));
    }
}

static int choose(struct cli *cli)
{
    char path[PATH_MAX_BYTES];
    BUF_AUTO struct buf body = buf_new(PATH_MAX_BYTES * 2);
    struct json_writer json = json_writer_new(&body);
    struct json *answer;
    int code;
    if (cli->argc < 2 || strspn(cli->argv[0], "0123456789") != strlen(cli->argv[0])) {
        cli_complain("usage: fairstock cards ID OPTION [DETAIL]");
        return CLI_USAGE;
    }
    (void)snprintf(path, sizeof path, "/cards/%.20s", cli->argv[0]);
    json_begin_object(&json, NULL);
    json_text(&json, "option", cli->argv[1]);
    json_text(&json, "detail", cli->argc > 2 ? cli->argv[2] : "");
    json_end_object(&json);
    if (cli_call(cli, "POST", path, buf_text(&body), &answer, NULL, &code))
        (void)printf("card %s: %s\n", cli->argv[0], cli_text(answer, "state"));
    json_free(answer);
    return code;
}

int cli_cards(struct cli *cli)
{
    if (cli->argc)
        return choose(cli);
    struct json *answer;
    int code;
    if (ask(cli, "/cards", &answer, &code)) {
        const struct json *first = json_first(json_get(answer, "cards"));
        if (!first)
            (void)puts("No cards: nothing needs you.");
        for (const struct json *c = first; c; c = json_next(c))
            print_card(c);
        if (cli_bool(answer, "more"))
            (void)puts("There are more: they are shown once some of these are settled.");
    }
    json_free(answer);
    return code;
}
