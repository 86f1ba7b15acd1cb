/* verify for an exported journal: the file alone is enough, no ledger, no configuration, no agent. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "crypto/crypto.h"
#include "domain/journal.h"

static bool is_journal(FILE *file)
{
    char start[sizeof "# fairstock journal "];
    size_t got = fread(start, 1, sizeof start - 1, file);
    rewind(file);
    return got == sizeof start - 1 && memcmp(start, "# fairstock journal ", sizeof start - 1) == 0;
}

/* One line, without its newline, at most JOURNAL_LINE_MAX_BYTES. 1 with *ended, 0 at the end, -errno. */
static int next_line(FILE *file, struct buf *line, bool *ended)
{
    int c;
    buf_reset(line);
    *ended = false;
    while (!buf_error(line) && (c = getc_unlocked(file)) != EOF) {
        if (c == '\n') {
            *ended = true;
            return 1;
        }
        buf_add_byte(line, (unsigned char)c);
    }
    if (ferror(file))
        return errno > 0 ? -errno : -EIO;
    return buf_error(line) < 0 ? buf_error(line) : line->length > 0;
}

static int print_wrong(const char *path, const struct journal_check *check)
{
    char id[EVENT_ID_TEXT_BYTES];
    event_id_text(check->id, id);
    (void)printf("DAMAGED %s, line %" PRIu64, path, check->line);
    if (check->position)
        (void)printf(", position %" PRIu64, check->position);
    if (!id128_is_zero(check->id.epoch))
        (void)printf(" (%s)", id);
    (void)printf(": %s. Everything before it is as it was written%s.\n", check->words,
                 check->times_open ? ", but for times: those follow from what is wrong here, or were changed"
                                   : "");
    return CLI_DAMAGED;
}

/* What is wrong in a line is for the check to say. */
static int look_at_lines(FILE *file, struct journal *journal)
{
    BUF_AUTO struct buf line = buf_new(JOURNAL_LINE_MAX_BYTES);
    bool ended;
    int more, result = 0;
    while (result == 0 && (more = next_line(file, &line, &ended)) > 0)
        result = journal_look_line(journal, buf_text(&line), line.length);
    rewind(file);
    return result < 0 ? result : more == -E2BIG ? 0 : more;
}

/* 0 and *check, or -errno. */
static int check_lines(FILE *file, struct journal *journal, struct journal_check *check)
{
    BUF_AUTO struct buf line = buf_new(JOURNAL_LINE_MAX_BYTES);
    bool ended, good = true;
    int more = 0, error = look_at_lines(file, journal);
    uint64_t lines = 0;
    if (error < 0)
        return error;
    while (good && (more = next_line(file, &line, &ended)) > 0) {
        lines++;
        good = journal_check_line(journal, buf_text(&line), line.length, ended, check, &error);
    }
    if (error < 0)
        return error;
    if (good && more == -E2BIG) {
        *check = (struct journal_check){.line = lines + 1};
        (void)snprintf(check->words, sizeof check->words, "the line is longer than any event makes it");
        return 0;
    }
    if (good && more < 0)
        return more;
    if (good)
        good = journal_check_end(journal, check);
    return good || check->line ? 0 : -EINVAL;
}

bool cli_verify_journal(const char *path, int *code)
{
    FILE_AUTO FILE *file = fopen(path, "re");
    struct journal_check check = {0};
    if (!file || !is_journal(file))
        return false;
    struct journal *journal = journal_new(crypto_sha256_two);
    int result = journal ? check_lines(file, journal, &check) : -ENOMEM;
    journal_free(journal);
    *code = CLI_OK;
    if (result < 0) {
        cli_complain("%s: %s", path, strerrordesc_np(-result));
        *code = CLI_FAILED;
    } else if (check.line) {
        *code = print_wrong(path, &check);
    } else {
        (void)printf("%" PRIu64 " events, %" PRIu64 " seals, %" PRIu64
                     " starts: every line says what its bytes say, every tag and seal fits\n",
                     check.events, check.seals, check.epochs);
        if (check.lost)
            (void)printf("%" PRIu64 " events are missing, as a salvage says that found them lost\n",
                         check.lost);
    }
    return true;
}
