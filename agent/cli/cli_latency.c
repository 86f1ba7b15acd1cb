/* latency: how long the shops take. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"

static void print_duration(int64_t ms)
{
    if (ms < 0)
        (void)printf(" %9s", "-");
    else if (ms < 10000)
        (void)printf(" %6" PRId64 " ms", ms);
    else if (ms < 600000)
        (void)printf(" %6" PRId64 " s ", ms / 1000);
    else
        (void)printf(" %6" PRId64 " min", ms / 60000);
}

int cli_latency(struct cli *cli)
{
    static const char *const kinds[][2] = {{"read", "to read"},
                                           {"write", "to change"},
                                           {"sale_acknowledged", "sale here -> shown there"},
                                           {"order_booked", "order read -> booked"}};
    struct json *answer;
    int code;
    if (cli_ask(cli, "/latency", &answer, &code)) {
        (void)printf("%-12s %-26s %7s %9s %9s %9s\n", "shop", "since the start", "times", "p50", "p95",
                     "p99");
        for (const struct json *c = json_first(json_get(answer, "channels")); c; c = json_next(c))
            for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
                const struct json *one = json_get(c, kinds[i][0]);
                (void)printf("%-12s %-26s %7" PRId64, cli_text(c, "name"), kinds[i][1],
                             cli_int(one, "count"));
                print_duration(cli_int(one, "p50_ms"));
                print_duration(cli_int(one, "p95_ms"));
                print_duration(cli_int(one, "p99_ms"));
                (void)putchar('\n');
            }
    }
    json_free(answer);
    return code;
}
