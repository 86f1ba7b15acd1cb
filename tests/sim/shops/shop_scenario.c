/* Runs scenario files against the models.
 *
 *   shop_scenario FILE…            all must be fine
 *   shop_scenario --seeded FILE…   and each expectation, made wrong, must turn its file red in its own line
 *   shop_scenario --refuse FILE…   each must fail as its first line says: "# fails: LINE WORDS" */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "scenario.h"

enum { FILE_MAX_BYTES = 64 * 1024 };

enum mode { RUN, SEEDED, REFUSE };

struct totals {
    unsigned files, expectations, seeded, failures;
};

/* The text of a file; NULL with the error printed. */
static char *read_file(const char *path)
{
    char *text = malloc(FILE_MAX_BYTES + 1);
    FILE *file = fopen(path, "r");
    size_t length = text && file ? fread(text, 1, FILE_MAX_BYTES + 1, file) : 0;
    bool bad = !text || !file || ferror(file) || length > FILE_MAX_BYTES;
    if (bad)
        (void)fprintf(stderr, "%s: %s\n", path, length > FILE_MAX_BYTES ? "too long" : strerror(errno));
    if (file)
        (void)fclose(file);
    if (bad) {
        free(text);
        return NULL;
    }
    text[length] = '\0';
    return text;
}

static bool run_file(const char *path, const char *text, struct totals *totals)
{
    struct scenario_report report;
    scenario_run(text, 0, &report);
    totals->expectations += report.expectations;
    if (report.result == SCENARIO_FINE)
        return true;
    (void)fprintf(stderr, "%s:%u: %s\n", path, report.line, report.words);
    return false;
}

/* Every expectation can fail. */
static bool run_seeded(const char *path, const char *text, struct totals *totals)
{
    struct scenario_report report;
    unsigned lines = 0;
    bool good = true;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    for (unsigned line = 1; line <= lines; line++) {
        if (!scenario_expects(text, line))
            continue;
        scenario_run(text, line, &report);
        totals->seeded++;
        if (report.result != SCENARIO_FINE && report.line == line)
            continue;
        (void)fprintf(stderr, "%s:%u: this expectation was made wrong and nobody saw it\n", path, line);
        good = false;
    }
    return good;
}

static bool run_refused(const char *path, const char *text)
{
    struct scenario_report report;
    static const char start[] = "# fails: ";
    char *words;
    if (strncmp(text, start, sizeof start - 1) != 0) {
        (void)fprintf(stderr, "%s:1: the first line is not \"%sLINE WORDS\"\n", path, start);
        return false;
    }
    unsigned long line = strtoul(text + sizeof start - 1, &words, 10);
    words += *words == ' ';
    FREE_AUTO char *wanted = strndup(words, strcspn(words, "\n"));
    scenario_run(text, 0, &report);
    if (wanted && *wanted && report.result != SCENARIO_FINE && report.line == line &&
        strstr(report.words, wanted))
        return true;
    (void)fprintf(stderr, "%s:%u: it does not fail as it says, but: %s\n", path, report.line,
                  report.result == SCENARIO_FINE ? "not at all" : report.words);
    return false;
}

static bool run(enum mode mode, const char *path, struct totals *totals)
{
    FREE_AUTO char *text = read_file(path);
    if (!text)
        return false;
    totals->files++;
    if (mode == REFUSE)
        return run_refused(path, text);
    return run_file(path, text, totals) && (mode != SEEDED || run_seeded(path, text, totals));
}

int main(int argc, char **argv)
{
    enum mode mode = RUN;
    struct totals totals = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seeded") == 0)
            mode = SEEDED;
        else if (strcmp(argv[i], "--refuse") == 0)
            mode = REFUSE;
        else
            totals.failures += !run(mode, argv[i], &totals);
    }
    (void)printf("%u scenarios, %u expectations, %u of them made wrong and seen, %u failures\n", totals.files,
                 totals.expectations, totals.seeded, totals.failures);
    return totals.failures || !totals.files ? 1 : 0;
}
