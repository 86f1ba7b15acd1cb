/* The frame: lines, words, names, and what a line's end means. */
#include "scenario.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

/* --- reports ----------------------------------------------------------------------------------------- */

static void say(struct scenario *scenario, enum scenario_result result, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
static void say(struct scenario *scenario, enum scenario_result result, const char *format, va_list arguments)
{
    struct scenario_report *report = scenario->report;
    if (report->result != SCENARIO_FINE)
        return; /* the first word counts */
    report->result = result;
    (void)vsnprintf(report->words, sizeof report->words, format, arguments);
}

enum scenario_result scenario_wrong(struct scenario *scenario, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(scenario, SCENARIO_WRONG, format, arguments);
    va_end(arguments);
    return SCENARIO_WRONG;
}

enum scenario_result scenario_malformed(struct scenario *scenario, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(scenario, SCENARIO_MALFORMED, format, arguments);
    va_end(arguments);
    return SCENARIO_MALFORMED;
}

enum scenario_result scenario_outcome(struct scenario *scenario, int result)
{
    if (result == -ENOMEM) {
        scenario->report->result = SCENARIO_BROKEN;
        (void)snprintf(scenario->report->words, SCENARIO_WORDS_MAX_BYTES, "out of memory");
        return SCENARIO_BROKEN;
    }
    if (result == -ERANGE || result == -EALREADY || result == -EBUSY)
        return scenario->refused ? SCENARIO_FINE
                                 : scenario_wrong(scenario, "the shop refuses this (%s)", strerror(-result));
    if (result < 0)
        return scenario_malformed(scenario, "this cannot be done here (%s)", strerror(-result));
    return scenario->refused ? scenario_wrong(scenario, "the shop does it, although it should refuse")
                             : SCENARIO_FINE;
}

/* --- words ------------------------------------------------------------------------------------------- */

const char *tokens_next(struct tokens *tokens)
{
    return tokens->at < tokens->count ? tokens->text[tokens->at++] : NULL;
}

bool tokens_take_word(struct tokens *tokens, const char *word)
{
    if (tokens->at == tokens->count || strcmp(tokens->text[tokens->at], word) != 0)
        return false;
    tokens->at++;
    return true;
}

bool tokens_take_number(struct tokens *tokens, int64_t *number)
{
    if (tokens->at == tokens->count)
        return false;
    const char *text = tokens->text[tokens->at];
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value > INT32_MAX || value < INT32_MIN)
        return false;
    *number = value;
    tokens->at++;
    return true;
}

bool scenario_parse_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || value > 1000000 || value < -1000000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].name) != 0)
            continue;
        *ms = value * units[i].ms;
        return true;
    }
    return false;
}

bool tokens_take_duration(struct tokens *tokens, int64_t *ms)
{
    if (tokens->at == tokens->count || !scenario_parse_duration(tokens->text[tokens->at], ms))
        return false;
    tokens->at++;
    return true;
}

/* --- names ------------------------------------------------------------------------------------------- */

bool scenario_take_item(struct scenario *scenario, struct tokens *tokens, uint32_t *listing)
{
    const char *name = tokens_next(tokens);
    if (name && shop_find(scenario->shop, name, listing))
        return true;
    scenario_malformed(scenario, "there is no item %s", name ? name : "named here");
    return false;
}

struct named_order *scenario_take_order(struct scenario *scenario, struct tokens *tokens)
{
    const char *name = tokens_next(tokens);
    for (uint32_t i = 0; name && i < scenario->order_count; i++)
        if (strcmp(scenario->orders[i].name, name) == 0)
            return &scenario->orders[i];
    scenario_malformed(scenario, "there is no order %s", name ? name : "named here");
    return NULL;
}

struct named_write *scenario_take_write(struct scenario *scenario, struct tokens *tokens)
{
    const char *name = tokens_next(tokens);
    for (uint32_t i = 0; name && i < scenario->write_count; i++)
        if (strcmp(scenario->writes[i].name, name) == 0)
            return &scenario->writes[i];
    scenario_malformed(scenario, "there is no write %s", name ? name : "named here");
    return NULL;
}

/* --- lines ------------------------------------------------------------------------------------------- */

static enum scenario_result split(struct scenario *scenario, const char *line, size_t length,
                                  struct tokens *tokens)
{
    tokens->at = tokens->count = 0;
    if (length >= SCENARIO_LINE_MAX_BYTES)
        return scenario_malformed(scenario, "the line is longer than %d bytes", SCENARIO_LINE_MAX_BYTES - 1);
    for (size_t i = 0; i < length && line[i] != '#';) {
        size_t end = i;
        while (end < length && line[end] != ' ' && line[end] != '\t' && line[end] != '#')
            end++;
        if (end > i && tokens->count == SCENARIO_TOKENS_MAX)
            return scenario_malformed(scenario, "more than %d words", SCENARIO_TOKENS_MAX);
        if (end > i) {
            memcpy(tokens->text[tokens->count], line + i, end - i);
            tokens->text[tokens->count++][end - i] = '\0';
        }
        i = end + (end < length && line[end] != '#');
    }
    return SCENARIO_FINE;
}

static const struct scenario_verb *find_verb(const char *name)
{
    const struct scenario_verb *const tables[] = {scenario_shop_verbs, scenario_people_verbs,
                                                  scenario_write_verbs};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct scenario_verb *verb = tables[i]; verb->name; verb++)
            if (strcmp(verb->name, name) == 0)
                return verb;
    return NULL;
}

static enum scenario_result run_expect(struct scenario *scenario, struct tokens *tokens)
{
    const char *what = tokens_next(tokens);
    for (const struct scenario_verb *verb = scenario_expect_verbs; what && verb->name; verb++) {
        if (strcmp(verb->name, what) != 0)
            continue;
        scenario->report->expectations++;
        return verb->run(scenario, tokens);
    }
    return scenario_malformed(scenario, "nothing is known about how to expect %s", what ? what : "nothing");
}

static enum scenario_result run_line(struct scenario *scenario, struct tokens *tokens)
{
    scenario->refused = tokens_take_word(tokens, "refused");
    const char *name = tokens_next(tokens);
    bool expects = name && strcmp(name, "expect") == 0;
    const struct scenario_verb *verb = name && !expects ? find_verb(name) : NULL;
    if (!verb && !expects)
        return scenario_malformed(scenario, "\"%s\" is not known", name ? name : "refused");
    if (!scenario->shop && strcmp(name, "shop") != 0)
        return scenario_malformed(scenario, "the first line says which shop it is");
    enum scenario_result result = expects ? run_expect(scenario, tokens) : verb->run(scenario, tokens);
    if (result == SCENARIO_FINE && tokens->at != tokens->count)
        return scenario_malformed(scenario, "\"%s\" is too much", tokens->text[tokens->at]);
    return result;
}

/* --- wrong on purpose -------------------------------------------------------------------------------- */

/* Turns an expectation into one that cannot be true together with the right one. */
static void make_wrong(struct tokens *tokens)
{
    for (uint32_t i = tokens->count; i > 1; i--) {
        char *text = tokens->text[i - 1];
        char *end;
        long long number = strtoll(text, &end, 10);
        if (end == text || *end)
            continue;
        (void)snprintf(text, SCENARIO_LINE_MAX_BYTES, "%lld", number + 1);
        return;
    }
    static const char *const others[][2] = {
        {"done", "unknown"},   {"unknown", "done"},   {"rejected", "done"},    {"stale", "done"},
        {"retry", "done"},     {"offline", "done"},   {"reauthorise", "done"}, {"yes", "no"},
        {"no", "yes"},         {"hidden", "ordered"}, {"changed", "same"},     {"same", "changed"},
        {"paused", "on-sale"}, {"on-sale", "paused"},
    };
    for (uint32_t i = 0; i < tokens->count; i++)
        for (size_t j = 0; j < sizeof others / sizeof others[0]; j++) {
            if (strcmp(tokens->text[i], others[j][0]) != 0)
                continue;
            bool hidden = strcmp(others[j][0], "hidden") == 0;
            (void)snprintf(tokens->text[i], SCENARIO_LINE_MAX_BYTES, "%s", others[j][1]);
            tokens->count = hidden ? i : tokens->count; /* shown with nothing in it */
            return;
        }
    /* a page: one more is to come, or not */
    if (tokens->count && strcmp(tokens->text[tokens->count - 1], "more") == 0)
        tokens->count--;
    else if (tokens->count < SCENARIO_TOKENS_MAX)
        (void)snprintf(tokens->text[tokens->count++], SCENARIO_LINE_MAX_BYTES, "more");
}

/* --- whole texts ------------------------------------------------------------------------------------- */

static enum scenario_result run_lines(struct scenario *scenario, const char *text, unsigned seed_line)
{
    struct tokens tokens;
    struct scenario_report *report = scenario->report;
    for (const char *line = text; *line && report->result == SCENARIO_FINE;) {
        size_t length = strcspn(line, "\n");
        report->line++;
        enum scenario_result result = split(scenario, line, length, &tokens);
        if (report->line == seed_line)
            make_wrong(&tokens);
        if (result == SCENARIO_FINE && tokens.count)
            result = run_line(scenario, &tokens);
        if (result != SCENARIO_FINE)
            return result;
        line += length + (line[length] == '\n');
    }
    if (!report->expectations)
        return scenario_malformed(scenario, "nothing is expected: a scenario that cannot fail");
    return SCENARIO_FINE;
}

void scenario_run(const char *text, unsigned seed_line, struct scenario_report *report)
{
    *report = (struct scenario_report){.result = SCENARIO_FINE};
    struct scenario *scenario = calloc(1, sizeof *scenario);
    if (!scenario) {
        report->result = SCENARIO_BROKEN;
        return;
    }
    scenario->report = report;
    scenario->now_ms = SCENARIO_START_MS;
    (void)run_lines(scenario, text, seed_line);
    shop_free(scenario->shop);
    free(scenario);
}

bool scenario_expects(const char *text, unsigned line)
{
    for (unsigned at = 1; at < line && *text; at++) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    text += strspn(text, " \t");
    return strncmp(text, "expect", 6) == 0 && isspace((unsigned char)text[6]);
}
