/* sell, undo, import, learn, practice, go-live: what the command does. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "cli/cli.h"

enum { BODY_MAX_BYTES = CONTROL_BODY_MAX_BYTES };

int cli_sell(struct cli *cli)
{
    BUF_AUTO struct buf body = buf_new(BODY_MAX_BYTES);
    struct json_writer json = json_writer_new(&body);
    struct json *answer;
    int code;
    json_begin_object(&json, NULL);
    json_text(&json, "code", cli->argv[0]);
    json_int(&json, "quantity", cli->quantity);
    json_end_object(&json);
    if (cli_call(cli, "POST", "/sell", buf_text(&body), &answer, NULL, &code)) {
        const char *signal = cli_text(answer, "signal");
        if (strcmp(signal, "refused") == 0) {
            (void)printf("refused: %s was not booked. Do it again within 10 seconds if it is a sale.\n",
                         cli_text(answer, "title"));
            code = CLI_REFUSED;
        } else if (strcmp(signal, "unknown") == 0) {
            (void)printf("sold, but no item has the code %s: name it with fairstock cards\n", cli->argv[0]);
        } else {
            (void)printf("sold: %" PRId64 " x %s, %" PRId64 " left\n", cli_int(answer, "quantity"),
                         cli_text(answer, "title"), cli_int(answer, "on_hand"));
        }
    }
    json_free(answer);
    return code;
}

int cli_undo(struct cli *cli)
{
    struct json *answer;
    int code;
    if (cli_call(cli, "POST", "/undo", "{}", &answer, NULL, &code)) {
        if (*cli_text(answer, "sku"))
            (void)printf("undone: %s, %" PRId64 " left\n", cli_text(answer, "title"),
                         cli_int(answer, "on_hand"));
        else
            (void)printf("undone: %s\n", cli_text(answer, "title"));
    }
    json_free(answer);
    return code;
}

/* --- import
 * ----------------------------------------------------------------------------------------------------------------
 */

static int read_csv(const char *path, struct buf *csv)
{
    FD_AUTO int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    char part[65536];
    ssize_t got = 0;
    while (!buf_error(csv) && (got = read(fd, part, sizeof part)) > 0)
        buf_add(csv, part, (size_t)got);
    return buf_error(csv) ? buf_error(csv) : got < 0 ? -errno : 0;
}

/* Number of the first line that is not UTF-8 text, 0: none. JSON could not carry it as it is, and a title
 * with a hole in it must not be booked in its place. */
static unsigned line_of_bad_text(const struct buf *csv)
{
    const char *text = buf_text(csv);
    size_t left = csv->length, used;
    unsigned line = 1;
    for (; left && (used = utf8_sequence(text, left)) > 0; left -= used, text += used)
        line += *text == '\n';
    return left ? line : 0;
}

static void print_import(const struct json *answer, bool refused)
{
    for (const struct json *b = json_first(json_get(answer, "bad")); b; b = json_next(b))
        (void)fprintf(stderr, "line %" PRId64 ": %s\n", cli_int(b, "line"), cli_text(b, "reason"));
    if (cli_bool(answer, "more_bad"))
        (void)fprintf(stderr, "and more bad rows\n");
    if (refused)
        cli_complain("nothing was imported, because of --strict");
    else
        (void)printf("%" PRId64 " new, %" PRId64 " changed, %" PRId64 " as before, %s%zu bad\n",
                     cli_int(answer, "added"), cli_int(answer, "changed"), cli_int(answer, "same"),
                     cli_bool(answer, "more_bad") ? "more than " : "", json_count(json_get(answer, "bad")));
}

int cli_import(struct cli *cli)
{
    BUF_AUTO struct buf csv = buf_new(CSV_FILE_MAX_BYTES), body = buf_new(BODY_MAX_BYTES);
    int result = read_csv(cli->argv[0], &csv);
    if (result < 0) {
        cli_complain(result == -E2BIG ? "%s is larger than 8 MB: split it%s" : "cannot read %s: %s",
                     cli->argv[0], result == -E2BIG ? "" : strerrordesc_np(-result));
        return CLI_FAILED;
    }
    unsigned bad_line = line_of_bad_text(&csv);
    if (bad_line) {
        cli_complain("%s, line %u: not UTF-8 text. Save the file as \"CSV UTF-8\"; nothing was imported",
                     cli->argv[0], bad_line);
        return CLI_FAILED;
    }
    struct json_writer json = json_writer_new(&body);
    struct json *answer;
    int code;
    json_begin_object(&json, NULL);
    json_text_n(&json, "csv", buf_text(&csv), csv.length);
    json_bool(&json, "strict", cli->strict);
    json_end_object(&json);
    if (buf_error(&body) < 0) {
        cli_complain("%s is too large for this device: split it", cli->argv[0]);
        return CLI_FAILED;
    }
    bool worked = cli_call(cli, "POST", "/import", buf_text(&body), &answer, NULL, &code);
    if (answer)
        print_import(answer, !worked);
    json_free(answer);
    return code;
}

/* --- practice
 * --------------------------------------------------------------------------------------------------------------
 */

static bool whole(const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    long long read = strtoll(text, &end, 10);
    *value = read;
    return !errno && end != text && !*end && read >= 0;
}

int cli_practice(struct cli *cli)
{
    BUF_AUTO struct buf body = buf_new(BODY_MAX_BYTES);
    struct json_writer json = json_writer_new(&body);
    const char *what = cli->argv[0];
    int64_t number = 0;
    json_begin_object(&json, NULL);
    json_text(&json, "do", what);
    if (strcmp(what, "offline") == 0 && cli->argc == 2) {
        if (!whole(cli->argv[1], &number)) {
            cli_complain("practice offline takes a number of seconds");
            return CLI_USAGE;
        }
        json_int(&json, "seconds", number);
    } else if (strcmp(what, "buy") == 0) {
        number = 1;
        if (cli->argc < 2 || (cli->argc == 3 && !whole(cli->argv[2], &number))) {
            cli_complain("usage: fairstock practice buy SKU [QTY]");
            return CLI_USAGE;
        }
        json_text(&json, "sku", cli->argv[1]);
        json_int(&json, "quantity", number);
    } else if (cli->argc > 1) {
        cli_complain("usage: fairstock practice offline [SECONDS] | online | buy SKU [QTY] | lose | reset");
        return CLI_USAGE;
    }
    json_end_object(&json);
    return cli_words(cli, "/practice", buf_text(&body));
}

/* --- go live
 * ---------------------------------------------------------------------------------------------------------------
 */

static void print_preview(const struct json *answer, const char *name)
{
    for (const struct json *row = json_first(json_get(answer, "preview")); row; row = json_next(row)) {
        cli_column(cli_text(row, "sku"), 16);
        (void)putchar(' ');
        cli_column(cli_text(row, "title"), 36);
        (void)printf(" %6" PRId64 " -> %6" PRId64 "\n", cli_int(row, "level"), cli_int(row, "wanted"));
    }
    int64_t changes = cli_int(answer, "changes"), unlinked = cli_int(answer, "unlinked_count");
    int64_t shown = (int64_t)json_count(json_get(answer, "preview"));
    if (shown < changes)
        (void)printf("... and %" PRId64 " more\n", changes - shown);
    if (unlinked)
        (void)printf("%" PRId64
                     " thing%s at the shop match%s no item by SKU or barcode; they are left alone\n",
                     unlinked, unlinked == 1 ? "" : "s", unlinked == 1 ? "es" : "");
    if (cli_bool(answer, "live"))
        (void)printf("%s is live: %" PRId64 " level%s being brought to the truth\n", name, changes,
                     changes == 1 ? " is" : "s are");
    else
        (void)printf("%" PRId64
                     " level%s would change. Nothing was written. Go live: fairstock go-live %s --confirm\n",
                     changes, changes == 1 ? "" : "s", name);
}

/* --confirm alone is not enough: fairstockd must have shown the preview first. We show it, then confirm. */
int cli_go_live(struct cli *cli)
{
    int code = CLI_OK;
    for (int round = 0; round < (cli->confirm ? 2 : 1); round++) {
        BUF_AUTO struct buf body = buf_new(BODY_MAX_BYTES);
        struct json_writer json = json_writer_new(&body);
        struct json *answer;
        json_begin_object(&json, NULL);
        json_text(&json, "channel", cli->argv[0]);
        json_bool(&json, "confirm", round == 1);
        json_end_object(&json);
        if (cli_call(cli, "POST", "/go-live", buf_text(&body), &answer, NULL, &code) &&
            (round == 1 || !cli->confirm))
            print_preview(answer, cli->argv[0]);
        json_free(answer);
        if (code != CLI_OK)
            break;
    }
    return code;
}

/* --- learn
 * -----------------------------------------------------------------------------------------------------------------
 */

int cli_learn(struct cli *cli)
{
    enum { LOOK_AGAIN_MS = 200, LOOKS_MAX = 65 * 1000 / LOOK_AGAIN_MS };
    struct json *answer;
    int code;
    char shown[1100] = "";
    bool worked = cli_call(cli, "POST", "/learn", cli->yes ? "{\"yes\":true}" : "{\"yes\":false}", &answer,
                           NULL, &code);
    for (int i = 0; worked && i < LOOKS_MAX; i++) {
        const char *state = cli_text(answer, "state"), *words = cli_text(answer, "words");
        if (strcmp(shown, words) != 0) {
            (void)puts(words);
            (void)fflush(stdout);
            (void)snprintf(shown, sizeof shown, "%s", words);
        }
        if (strcmp(state, "learnt") == 0 || strcmp(state, "failed") == 0 || strcmp(state, "idle") == 0) {
            code = strcmp(state, "learnt") == 0 ? CLI_OK : CLI_REFUSED;
            break;
        }
        json_free(answer);
        struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
        worked = cli_call(cli, "GET", "/learn", "", &answer, NULL, &code);
    }
    json_free(answer);
    return code;
}
