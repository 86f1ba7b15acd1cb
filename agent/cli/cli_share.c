/* share: how an item is shown in several shops, and why. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"

enum { BODY_MAX_BYTES = 4096 };

static void print_place(const struct json *place, const struct json *model)
{
    (void)printf("%s, %" PRId64 " units for the shops: %s\n", cli_text(place, "place"),
                 cli_int(place, "units"), cli_text(place, "words"));
    for (const struct json *l = json_first(json_get(place, "listings")); l; l = json_next(l))
        (void)printf("    %-20s should show %" PRId64 ", has %" PRId64 "\n", cli_text(l, "channel"),
                     cli_int(l, "wanted"), cli_int(l, "expected"));
    if (cli_bool(model, "known"))
        (void)printf("    more than that within %" PRId64 " minutes: %" PRId64
                     " in a million by the model's estimate (allowed %" PRId64 ")\n",
                     cli_int(model, "window_ms") / 60000, cli_int(place, "beyond_per_million"),
                     cli_int(model, "risk_per_million"));
    if (cli_int(place, "overlap"))
        (void)printf("    %" PRId64 " units are shown more than once\n", cli_int(place, "overlap"));
    if (cli_int(place, "deficit") > cli_int(place, "overlap"))
        (void)printf("    DEFICIT: %" PRId64 " more could be sold than there is\n",
                     cli_int(place, "deficit") - cli_int(place, "overlap"));
}

static void print_model(const struct json *answer)
{
    const struct json *model = json_get(answer, "model"), *observed = json_get(answer, "observed");
    (void)printf("observed: %" PRId64 " orders of %" PRId64 " units in %" PRId64 " days; in all %" PRId64
                 " orders of %" PRId64 " items\n",
                 cli_int(observed, "orders"), cli_int(observed, "units"), cli_int(observed, "days"),
                 cli_int(observed, "shop_orders"), cli_int(observed, "shop_items"));
    if (!cli_bool(model, "known")) {
        (void)puts("That is too little to estimate anything from.");
        return;
    }
    (void)printf(
        "expected: %.2f units a day, between %.2f and %.2f with 95 %%; a usual order has at most %" PRId64
        "\n",
        (double)cli_int(model, "units_per_1000_days") / 1000,
        (double)cli_int(model, "units_per_1000_days_low") / 1000,
        (double)cli_int(model, "units_per_1000_days_high") / 1000, cli_int(model, "usual_order"));
    if (cli_int(model, "enough"))
        (void)printf("auto shows it everywhere from %" PRId64 " units on\n", cli_int(model, "enough"));
    else
        (void)puts("auto never shows it everywhere");
}

static bool call_share(struct cli *cli, struct json **answer, struct buf *text, int *code)
{
    BUF_AUTO struct buf body = buf_new(BODY_MAX_BYTES);
    if (cli->argc == 1) {
        buf_add_text(&body, "/share?sku=");
        cli_encode(cli->argv[0], &body);
        return cli_call(cli, "GET", buf_text(&body), "", answer, text, code);
    }
    struct json_writer json = json_writer_new(&body);
    json_begin_object(&json, NULL);
    json_text(&json, "sku", cli->argv[0]);
    json_text(&json, "mode", cli->argv[1]);
    json_end_object(&json);
    return cli_call(cli, "POST", "/share", buf_text(&body), answer, text, code);
}

int cli_share(struct cli *cli)
{
    BUF_AUTO struct buf text = buf_new(CONTROL_BODY_MAX_BYTES);
    struct json *answer;
    int code;
    bool worked = call_share(cli, &answer, &text, &code);
    if (worked && cli->json) {
        (void)puts(buf_text(&text));
    } else if (worked) {
        (void)printf("%s, %s: %s%s%s%s\n", cli_text(answer, "sku"), cli_text(answer, "title"),
                     cli_text(answer, "mode"), *cli_text(answer, "effective") ? " (" : "",
                     cli_text(answer, "effective"), *cli_text(answer, "effective") ? ")" : "");
        for (const struct json *p = json_first(json_get(answer, "places")); p; p = json_next(p))
            print_place(p, json_get(answer, "model"));
        print_model(answer);
    }
    json_free(answer);
    return code;
}
