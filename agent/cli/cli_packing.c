/* pack, unpack: what goes to a market, and comes home. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { BODY_MAX_BYTES = 4096 };

static void print_line(const struct json *item)
{
    cli_column(cli_text(item, "sku"), 12);
    (void)putchar(' ');
    cli_column(cli_text(item, "title"), 30);
    (void)printf(" %8" PRId64 " %8" PRId64, cli_int(item, "carried"), cli_int(item, "left"));
    if (cli_int(item, "deficit"))
        (void)printf("  the shops still show %" PRId64 " too many", cli_int(item, "deficit"));
    (void)putchar('\n');
}

static int list(struct cli *cli)
{
    struct json *answer;
    int code;
    if (cli_call(cli, "GET", "/carried", "", &answer, NULL, &code)) {
        (void)printf("%-12s %-30s %8s %8s\n", "sku", "item", "carried", "left");
        for (const struct json *item = json_first(json_get(answer, "items")); item; item = json_next(item))
            print_line(item);
        if (cli_bool(answer, "more"))
            (void)puts("and more");
    }
    json_free(answer);
    return code;
}

static bool units(const char *text, int64_t *value)
{
    char *end;
    *value = strtoll(text, &end, 10);
    return end != text && !*end && *value >= 1;
}

static bool call_move(struct cli *cli, const char *path, const char *sku, int64_t quantity,
                      struct json **answer, int *code)
{
    BUF_AUTO struct buf body = buf_new(BODY_MAX_BYTES);
    struct json_writer json = json_writer_new(&body);
    json_begin_object(&json, NULL);
    json_text(&json, "code", sku);
    json_int(&json, "quantity", quantity);
    json_bool(&json, "anyway", cli->anyway);
    json_end_object(&json);
    return cli_call(cli, "POST", path, buf_text(&body), answer, NULL, code);
}

static int move(struct cli *cli, const char *path, const char *words)
{
    int64_t quantity = 1;
    struct json *answer;
    int code;
    if (cli->argc > 1 && !units(cli->argv[1], &quantity)) {
        cli_complain("%s is no number of units", cli->argv[1]);
        return CLI_USAGE;
    }
    if (call_move(cli, path, cli->argv[0], quantity, &answer, &code)) {
        (void)printf("%s: %" PRId64 " x %s; carried %" PRId64 ", left for the shops %" PRId64 "\n", words,
                     cli_int(answer, "quantity"), cli_text(answer, "title"), cli_int(answer, "carried"),
                     cli_int(answer, "left"));
        if (cli_int(answer, "deficit"))
            (void)printf("The shops still show %" PRId64
                         " too many and are being lowered: fairstock status says when nothing is owed.\n",
                         cli_int(answer, "deficit"));
    }
    json_free(answer);
    return code;
}

int cli_pack(struct cli *cli)
{
    return cli->argc ? move(cli, "/pack", "packed") : list(cli);
}

/* Everything that is carried, an item a call: what came home before a failure is home. */
static int unpack_all(struct cli *cli)
{
    struct json *answer, *moved;
    int code, items = 0;
    if (!cli_call(cli, "GET", "/carried", "", &answer, NULL, &code)) {
        json_free(answer);
        return code;
    }
    bool more = cli_bool(answer, "more");
    for (const struct json *item = json_first(json_get(answer, "items")); item && code == CLI_OK;
         item = json_next(item)) {
        if (cli_int(item, "carried") <= 0)
            continue;
        items += call_move(cli, "/unpack", cli_text(item, "sku"), cli_int(item, "carried"), &moved, &code);
        json_free(moved);
    }
    json_free(answer);
    (void)printf("%d items came home%s\n", items, more ? "; there are more: once again" : "");
    return code;
}

int cli_unpack(struct cli *cli)
{
    if (cli->all != !cli->argc) {
        cli_complain("usage: fairstock unpack CODE [N], or fairstock unpack --all");
        return CLI_USAGE;
    }
    return cli->all ? unpack_all(cli) : move(cli, "/unpack", "home again");
}
