/* verify: checking a ledger by its events alone, also while fairstockd is stopped. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "channel/practice_shop.h"
#include "cli/cli.h"
#include "cli/sums.h"
#include "crypto/crypto.h"
#include "domain/wall.h"
#include "store/store_copy.h"
#include "store/store_origin.h"
#include "store/store_verify.h"

enum { SHOP_FILE_MAX_BYTES = 64 * 1024 * 1024 };

/* --- the practice shop
 * ------------------------------------------------------------------------------------------------------- */

static int read_text(const char *path, struct buf *text)
{
    FILE_AUTO FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    char part[16384];
    size_t got;
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        buf_add(text, part, got);
    return ferror(file) ? -EIO : buf_error(text);
}

/* A practice listing's remote id is found by the item's SKU. */
static int compare_shop(struct store *store, const struct sums *sums, const struct practice_shop *shop)
{
    int differences = 0;
    uint32_t compared = 0;
    for (size_t i = 0; i < sums->listing_count; i++) {
        const struct listing_sum *sum = &sums->listings[i];
        struct item item;
        int64_t level = 0;
        if (!sum->item || store_item(store, sum->item, &item) < 0 ||
            !practice_shop_level(shop, item.sku, &level))
            continue;
        compared++;
        if (level == sum->expected)
            continue;
        differences++;
        (void)printf("DIFFERENT %s: the shop shows %" PRId64 ", the ledger's events add up to %" PRId64 "\n",
                     item.sku, level, sum->expected);
    }
    if (!differences)
        (void)printf("the shop's %" PRIu32 " levels equal what the ledger's events add up to\n", compared);
    if (!compared)
        (void)printf("DIFFERENT: no listing of this ledger is in that shop\n");
    return differences || !compared ? CLI_DAMAGED : CLI_OK;
}

static int check_shop(struct store *store, const struct sums *sums, const char *path)
{
    BUF_AUTO struct buf text = buf_new(SHOP_FILE_MAX_BYTES);
    struct err err = {0};
    int result = read_text(path, &text);
    struct practice_shop *shop = result == 0 ? practice_shop_new() : NULL;
    if (result == 0 && shop)
        result = practice_shop_load(shop, buf_text(&text), &err);
    else if (result < 0)
        (void)err_set_errno(&err, result, "cannot read it");
    int code = CLI_FAILED;
    if (result < 0 || !shop)
        cli_complain("%s: %s", path, shop || result < 0 ? err_text(&err) : "out of memory");
    else
        code = compare_shop(store, sums, shop);
    practice_shop_free(shop);
    return code;
}

/* --- the light log
 * ------------------------------------------------------------------------------------------------------------
 */

static int compare_positions(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* Position of a `sold` line's event in this ledger, 0 when it is not there. */
static uint64_t sold_position(struct store *store, const char *text)
{
    struct event_id id;
    uint64_t position = 0;
    if (event_id_parse(text, &id) < 0 || store_find_event(store, id, &position) < 0)
        return 0;
    return position;
}

struct light_check {
    uint64_t *sold; /* positions, one per `sold` line */
    size_t count, capacity;
    uint64_t missing;
};

static int take_line(struct store *store, struct light_check *check, const char *line)
{
    char name[32], id[EVENT_ID_TEXT_BYTES];
    if (sscanf(line, "%*d %31s %86s", name, id) != 2 || strcmp(name, "sold") != 0)
        return 0;
    uint64_t position = sold_position(store, id);
    if (!position) {
        (void)printf("LOST %s: the light said sold, the ledger does not have it\n", id);
        check->missing++;
        return 0;
    }
    if (check->count == check->capacity) {
        size_t capacity = check->capacity ? check->capacity * 2 : 1024;
        uint64_t *grown = reallocarray(check->sold, capacity, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        check->sold = grown;
        check->capacity = capacity;
    }
    check->sold[check->count++] = position;
    return 0;
}

static int read_light_log(struct store *store, const char *path, struct light_check *check)
{
    FILE_AUTO FILE *file = fopen(path, "re");
    char line[512];
    int result = file ? 0 : -errno;
    while (result == 0 && fgets(line, sizeof line, file))
        result = take_line(store, check, line);
    return result == 0 && ferror(file) ? -errno : result;
}

/* Every sold line is a sale of the ledger, and none twice. A sale without its line can be: the power went
 * between commit and light, so those are counted, not damage. */
static int check_light(struct store *store, const struct sums *sums, const char *path)
{
    struct light_check check = {0};
    int result = read_light_log(store, path, &check);
    if (result < 0) {
        cli_complain("%s: %s", path, strerrordesc_np(-result));
        free(check.sold);
        return CLI_FAILED;
    }
    if (check.count)
        qsort(check.sold, check.count, sizeof *check.sold, compare_positions);
    uint64_t doubled = 0, strangers = 0;
    for (size_t i = 0; i < check.count; i++) {
        doubled += i > 0 && check.sold[i] == check.sold[i - 1];
        strangers += !bsearch(&check.sold[i], sums->sale_positions, sums->sales, sizeof check.sold[0],
                              compare_positions);
    }
    (void)printf("%zu times the light said sold: %" PRIu64 " lost, %" PRIu64 " doubled, %" PRIu64
                 " of no sale; %" PRIu64 " sales in the ledger\n",
                 check.count + check.missing, check.missing, doubled, strangers, sums->sales);
    free(check.sold);
    return check.missing || doubled || strangers ? CLI_DAMAGED : CLI_OK;
}

/* --- verify
 * -------------------------------------------------------------------------------------------------------------------
 */

static int verify_chain(struct store *store)
{
    struct store_check check;
    int result = store_verify(store, crypto_sha256_two, &check);
    if (result < 0) {
        cli_complain("the ledger cannot be read: %s", strerrordesc_np(-result));
        return cli_code_of(result); /* SQLite itself found the file damaged: then no event can be named */
    }
    if (check.first_bad_position) {
        char id[EVENT_ID_TEXT_BYTES];
        event_id_text(store_event_id(store, check.first_bad_position), id);
        (void)printf("DAMAGED at position %" PRIu64 " (%s): %s. Everything before it is as it was written.\n",
                     check.first_bad_position, id, check.words);
        return CLI_DAMAGED;
    }
    if (check.lost)
        (void)printf("%" PRIu64 " events are missing, as a salvage says that found them lost\n", check.lost);
    (void)printf("%" PRIu64 " events, %" PRIu64 " seals, %" PRIu64 " starts: every tag and seal fits\n",
                 check.events, check.seals, check.epochs);
    char words[REASON_MAX_BYTES + 1] = "";
    result = store_verify_rows(store, words);
    if (result == 0 && strcmp(words, "ok") == 0)
        return CLI_OK;
    (void)printf(
        "DAMAGED beside the events: %s. The events are whole; fairstock salvage builds the rest anew.\n",
        result < 0 ? strerrordesc_np(-result) : words);
    return result < 0 && result != -EUCLEAN ? CLI_FAILED : CLI_DAMAGED;
}

static void print_origin(struct store *store)
{
    struct store_origin origin;
    char wall[WALL_TEXT_BYTES];
    if (store_origin(store, &origin) < 0)
        return;
    wall_text(origin.wall_ms, wall);
    (void)printf("it is %s, made %s UTC, up to position %" PRIu64 "\n",
                 origin.kind == STORE_ORIGIN_BACKUP ? "a backup or was restored from one" : "salvaged", wall,
                 origin.position);
}

static int worse(int a, int b)
{
    return a == CLI_OK ? b : a;
}

static int verify_sums(struct cli *cli, struct store *store)
{
    struct sums *sums;
    int result = sums_read(store, &sums);
    if (result < 0) {
        cli_complain("the events cannot be added up: %s", strerrordesc_np(-result));
        return CLI_FAILED;
    }
    int code = cli->light_log ? check_light(store, sums, cli->light_log) : CLI_OK;
    if (cli->practice_shop)
        code = worse(code, check_shop(store, sums, cli->practice_shop));
    sums_free(sums);
    return code;
}

/* A folder, a ledger's file or copy, or nothing that we know. */
static int open_any(struct cli *cli, struct store **store, struct err *err)
{
    const char *path = cli_ledger_directory(cli);
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
        return store_copy_open(path, store, err);
    return cli_open_ledger(path, store, err);
}

int cli_verify(struct cli *cli)
{
    struct store *store;
    struct err err = {0};
    int code;
    if (cli->argc && cli_verify_journal(cli->argv[0], &code))
        return code;
    int result = open_any(cli, &store, &err);
    if (result < 0) {
        cli_complain("%s: %s", cli_ledger_directory(cli), err_text(&err));
        return cli_code_of(result);
    }
    code = verify_chain(store);
    if (code == CLI_OK)
        print_origin(store);
    if (code == CLI_OK && (cli->practice_shop || cli->light_log))
        code = verify_sums(cli, store);
    store_close(store);
    return code;
}
