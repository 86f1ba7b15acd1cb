/* parked: what a shop refuses to change. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { BODY_BYTES = 1024 };

static void print_parked(const struct json *row)
{
    int64_t level;
    (void)printf("%s %s, %s: %s\n", cli_text(row, "channel"), cli_text(row, "sku"), cli_text(row, "title"),
                 cli_text(row, "reason"));
    if (json_get_int(row, "level", &level) == 0)
        (void)printf("   it shows %" PRId64 ", the ledger counts on %" PRId64 "\n", level,
                     cli_int(row, "expected"));
    (void)printf("   fairstock parked %s %s retry\n", cli_text(row, "channel"), cli_text(row, "sku"));
    if (json_get_int(row, "level", &level) == 0)
        (void)printf("   fairstock parked %s %s accept   (the shop's number stands)\n",
                     cli_text(row, "channel"), cli_text(row, "sku"));
}

static int decide(struct cli *cli)
{
    BUF_AUTO struct buf body = buf_new(BODY_BYTES);
    struct json_writer json = json_writer_new(&body);
    struct json *answer;
    int code;
    json_begin_object(&json, NULL);
    json_text(&json, "channel", cli->argv[0]);
    json_text(&json, "sku", cli->argv[1]);
    json_text(&json, "do", cli->argv[2]);
    json_end_object(&json);
    if (cli_call(cli, "POST", "/parked", buf_text(&body), &answer, NULL, &code))
        (void)puts(cli_bool(answer, "parked")
                       ? "accepted: the shop's number stands; nothing is sent for it until you retry"
                       : "it is asked again");
    json_free(answer);
    return code;
}

int cli_parked(struct cli *cli)
{
    if (cli->argc == 3)
        return decide(cli);
    if (cli->argc) {
        cli_complain("usage: fairstock parked [CHANNEL SKU retry|accept]");
        return CLI_USAGE;
    }
    struct json *answer;
    int code;
    if (cli_ask(cli, "/parked", &answer, &code)) {
        const struct json *first = json_first(json_get(answer, "parked"));
        if (!first)
            (void)puts("Nothing is parked: every shop takes every change.");
        for (const struct json *row = first; row; row = json_next(row))
            print_parked(row);
        if (cli_bool(answer, "more"))
            (void)puts("There are more: they are shown once some of these are settled.");
    }
    json_free(answer);
    return code;
}
