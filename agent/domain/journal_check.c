/* A journal checked line by line: from its bytes each line is written again, and must be what stands there.
 * So whatever byte of the file is changed, one line differs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "domain/journal_internal.h"

enum { FIELDS = 6, POSITION = 0, START, WHEN, WORDS, BYTES, TAG };

struct fields {
    const char *at[FIELDS];
    size_t length[FIELDS];
    uint64_t position;
    uint8_t bytes[EVENT_MAX_BYTES], tag[CHAIN_TAG_BYTES];
    size_t byte_count;
};

static bool wrong(struct journal_check *check, uint64_t line, const char *words)
{
    check->line = line;
    (void)snprintf(check->words, sizeof check->words, "%s", words);
    return false;
}

/* --- reading a line --- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hex(const char *text, size_t length, uint8_t *bytes, size_t most, size_t *count)
{
    if (length % 2 || length / 2 > most)
        return false;
    for (size_t i = 0; i < length; i += 2) {
        int high = digit(text[i]), low = digit(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    *count = length / 2;
    return true;
}

static bool take_position(const char *text, size_t length, uint64_t *position)
{
    *position = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || i >= 18)
            return false;
        *position = *position * 10 + (uint64_t)(text[i] - '0');
    }
    return length > 0 && *position > 0;
}

/* Fields are parted by tabs; words have none. */
static bool split(const char *line, size_t length, struct fields *fields)
{
    const char *at = line, *end = line + length;
    for (int i = 0; i < FIELDS; i++) {
        const char *tab = i + 1 < FIELDS ? memchr(at, '\t', (size_t)(end - at)) : end;
        if (!tab)
            return false;
        fields->at[i] = at;
        fields->length[i] = (size_t)(tab - at);
        at = tab + 1;
    }
    return true;
}

static const char *parse(const char *line, size_t length, struct fields *fields)
{
    size_t tag_bytes;
    if (!split(line, length, fields))
        return "the line does not have its six parts between tabs";
    if (!take_position(fields->at[POSITION], fields->length[POSITION], &fields->position))
        return "the line's number is not one";
    if (!take_hex(fields->at[BYTES], fields->length[BYTES], fields->bytes, sizeof fields->bytes,
                  &fields->byte_count) ||
        !fields->byte_count)
        return "its bytes are not written in hexadecimal";
    if (!take_hex(fields->at[TAG], fields->length[TAG], fields->tag, sizeof fields->tag, &tag_bytes) ||
        tag_bytes != CHAIN_TAG_BYTES)
        return "its tag is not written in hexadecimal";
    return NULL;
}

/* --- an event's line --- */

/* Which part of the line is not as it is written from the bytes, the time last of all; -1: none. */
static int differing(const struct fields *fields, const struct buf *text)
{
    struct fields should;
    if (!split(buf_text(text), text->length - 1, &should)) /* without the newline */
        return WORDS;
    int found = -1;
    for (int i = 0; i < FIELDS; i++)
        if ((found < 0 || found == WHEN) && (fields->length[i] != should.length[i] ||
                                             memcmp(fields->at[i], should.at[i], should.length[i]) != 0))
            found = i;
    return found;
}

static const char *differs(int part)
{
    switch (part) {
    case POSITION:
        return "its number is not written as it should be";
    case START:
        return "the start and number say something else than the line's place";
    case WHEN:
        return "the time says something else than the bytes";
    default:
        return "the words say something else than the bytes";
    }
}

/* A time may differ because a line below it, that says what time it was, was changed: that line is the one to
 * name, so this one waits until the end. Version 1 took no time from below. */
static bool time_differs(struct journal *journal, struct journal_check *check)
{
    if (journal->version == 1)
        return wrong(check, journal->line, differs(WHEN));
    if (!journal->time_line) {
        journal->time_line = journal->line;
        journal->time_position = check->position;
        journal->time_id = check->id;
    }
    return true;
}

/* Bytes and tag do not fit: the words tell which of the two was changed. */
static const char *bytes_or_tag(const struct chain *chain, int part)
{
    static const char tag[] = "the event was changed: its tag does not fit";
    if (strcmp(chain->words, tag) != 0)
        return chain->words;
    return part < 0 ? "its tag does not fit; words and bytes fit each other: the tag was changed, or a line "
                      "before it"
                    : "its tag does not fit, and the words say something else than the bytes: the bytes were "
                      "changed";
}

static bool check_event(struct journal *journal, const struct fields *fields, struct journal_check *check,
                        int *error)
{
    struct chain *chain = &journal->chain;
    uint32_t gaps = chain->gap_count;
    buf_reset(&journal->text);
    *error = journal_event(journal, fields->position, fields->bytes, fields->byte_count, fields->tag,
                           &journal->text);
    if (*error < 0)
        return false;
    check->position = fields->position;
    check->id = chain_id(chain, fields->position);
    if (chain->gap_count > gaps && gaps == 0)
        journal->gap_line = journal->line;
    if (chain->bad_position == 1 && chain->event.kind == EVENT_EPOCH &&
        !id128_equal(chain->event.epoch.device, chain->device) &&
        chain_fits(chain, fields->bytes, fields->byte_count, fields->tag)) {
        *check = (struct journal_check){0}; /* the event is whole, so it was the header that was changed */
        return wrong(check, 2, "the header names another device than the events");
    }
    int part = differing(fields, &journal->text);
    if (!chain->bad_position && part == WHEN)
        return time_differs(journal, check);
    if (!chain->bad_position)
        return part < 0 ? true : wrong(check, journal->line, differs(part));
    if (chain->bad_position == fields->position)
        return wrong(check, gaps ? journal->gap_line : journal->line, bytes_or_tag(chain, part));
    check->position = chain->bad_position; /* what is missing before */
    check->id = (struct event_id){0};
    return wrong(check, journal->gap_line ? journal->gap_line : journal->line, chain->words);
}

/* --- header and end --- */

static bool check_first(struct journal *journal, const char *line, size_t length, struct journal_check *check)
{
    static const char first[] = "# fairstock journal ";
    size_t start = sizeof first - 1;
    if (length != start + 1 || memcmp(line, first, start) != 0 || line[start] < '1' ||
        line[start] > '0' + JOURNAL_VERSION)
        return wrong(check, 1, "this is not the first line of a journal that this program knows");
    journal->version = (unsigned)(line[start] - '0');
    journal->header_at = length + 1;
    return true;
}

static bool check_header(struct journal *journal, const char *line, size_t length,
                         struct journal_check *check)
{
    static const char device_line[] = "# device ";
    struct id128 device = {0};
    size_t count;
    if (journal->line == 1)
        return check_first(journal, line, length, check);
    if (journal->line == 2) {
        size_t start = sizeof device_line - 1;
        if (length != start + 2 * (size_t)ID128_BYTES || memcmp(line, device_line, start) != 0 ||
            !take_hex(line + start, length - start, device.bytes, sizeof device.bytes, &count))
            return wrong(check, 2, "the header does not name the device");
        journal->chain.device = device;
        journal_header(device, journal->version, &journal->header);
        journal->header_at += length + 1;
        return true;
    }
    size_t left = journal->header.length - journal->header_at;
    const char *should = buf_text(&journal->header) + journal->header_at;
    const char *end = memchr(should, '\n', left);
    if (!end || (size_t)(end - should) != length || memcmp(line, should, length) != 0)
        return wrong(check, journal->line, "the header is not as this program writes it");
    journal->header_at += length + 1;
    return true;
}

static bool in_header(const struct journal *journal)
{
    return journal->line <= 2 || journal->header_at < journal->header.length;
}

static bool check_end(struct journal *journal, const char *line, size_t length, struct journal_check *check)
{
    if (!chain_end(&journal->chain)) {
        check->position = journal->chain.bad_position;
        return wrong(check, journal->gap_line ? journal->gap_line : journal->line, journal->chain.words);
    }
    buf_reset(&journal->text);
    journal_end(journal, &journal->text);
    if (journal->text.length != length + 1 || memcmp(buf_text(&journal->text), line, length) != 0)
        return wrong(check, journal->line,
                     "the end does not fit what is above it: lines are missing, or it was changed");
    journal->ended = true;
    return true;
}

/* --- all --- */

static bool one_line(struct journal *journal, const char *line, size_t length, struct journal_check *check,
                     int *error)
{
    struct fields fields;
    if (in_header(journal))
        return check_header(journal, line, length, check);
    if (journal->ended)
        return wrong(check, journal->line, "there is something below the end");
    if (length && *line == '#')
        return check_end(journal, line, length, check);
    const char *unreadable = parse(line, length, &fields);
    if (unreadable) {
        check->position = journal->chain.expected;
        check->id = chain_id(&journal->chain, journal->chain.expected);
        return wrong(check, journal->line, unreadable);
    }
    return check_event(journal, &fields, check, error);
}

bool journal_check_line(struct journal *journal, const char *line, size_t length, bool ended,
                        struct journal_check *check, int *error)
{
    *error = 0;
    *check = (struct journal_check){0};
    journal->line++;
    bool good = one_line(journal, line, length, check, error);
    if (good && !ended)
        good = wrong(check, journal->line, "the file ends in the middle of a line: it was cut");
    check->times_open = !good && journal->time_line != 0;
    if (good)
        check->position = 0;
    return good;
}

int journal_look_line(struct journal *journal, const char *line, size_t length)
{
    struct fields fields;
    if (!length || *line == '#' || parse(line, length, &fields))
        return 0;
    return journal_look(journal, fields.position, fields.bytes, fields.byte_count);
}

bool journal_check_end(struct journal *journal, struct journal_check *check)
{
    const struct chain *chain = &journal->chain;
    *check = (struct journal_check){
        .events = chain->events, .seals = chain->seals, .epochs = chain->epochs, .lost = chain->lost};
    check->times_open = !journal->ended && journal->time_line != 0;
    if (!journal->ended)
        return wrong(check, journal->line + 1, "the end is missing: the file was cut here");
    if (!journal->time_line)
        return true;
    check->position = journal->time_position;
    check->id = journal->time_id;
    return wrong(check, journal->time_line,
                 "the time says something else than the bytes, and than the lines that say what time it was");
}
