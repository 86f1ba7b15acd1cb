#include "domain/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/journal_internal.h"

#define WALL_MAX_MS (INT64_C(1) << 52) /* some hundred thousand years: room to add one to another */

struct journal *journal_new(sha256_fn *sha256)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal)
        return NULL;
    journal->text = buf_new(JOURNAL_LINE_MAX_BYTES);
    journal->header = buf_new(JOURNAL_LINE_MAX_BYTES);
    chain_begin(&journal->chain, sha256);
    journal->version = JOURNAL_VERSION;
    return journal;
}

void journal_free(struct journal *journal)
{
    if (!journal)
        return;
    buf_free(&journal->text);
    buf_free(&journal->header);
    free(journal->names.items);
    time_starts_free(&journal->starts);
    free(journal);
}

static void add_hex(const uint8_t *bytes, size_t count, struct buf *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        const char two[] = {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
        buf_add(text, two, sizeof two);
    }
}

int journal_look(struct journal *journal, uint64_t position, const uint8_t *bytes, size_t length)
{
    if (event_decode(bytes, length, &journal->event) < 0)
        return 0;
    return time_starts_take(&journal->starts, position, &journal->event);
}

static const char when_1[] =
    "# number within that start; when, by the device's clock, UTC (a ? where the clock was not known to be "
    "right);\n"
    "# what happened, in words; its exact bytes, in hexadecimal; its tag. The words say what the bytes say: "
    "Fairstock's\n"
    "# docs/events.md has the meaning of each byte, docs/journal.md this format.\n";
static const char when_2[] =
    "# number within that start; when, UTC, and who told the device the time (ntp: a time server), which may "
    "have been later;\n"
    "# what happened, in words; its exact bytes, in hexadecimal; its tag. The words say what the bytes say: "
    "Fairstock's\n"
    "# docs/events.md has the meaning of each byte, docs/journal.md this format. Where nobody ever told the "
    "time: the two times\n"
    "# between which it was, as far as they are known, or what the device's clock showed, with a ?.\n";

void journal_header(struct id128 device, unsigned version, struct buf *text)
{
    buf_printf(text, "# fairstock journal %u\n# device ", version);
    add_hex(device.bytes, ID128_BYTES, text);
    buf_add_text(text, "\n#\n"
                       "# Each line below is one thing that happened at this device, in order. Between tabs: "
                       "its number; start and\n");
    buf_add_text(text, version == 1 ? when_1 : when_2);
    buf_add_text(text, "#\n"
                       "# The lines are chained. h of a line is SHA-256 of (the first 16 bytes of h of the "
                       "line before, then its bytes);\n"
                       "# before the first line h is SHA-256 of the words: fairstock ledger v1. The tag is "
                       "the first 4 bytes of h. A line\n"
                       "# \"seal\" repeats the whole h of the line before it, the last line of this file "
                       "that of the last event. By hand,\n"
                       "# with the first 32 digits of the h before in place of H:\n"
                       "#     printf '%s' H BYTES | xxd -r -p | sha256sum        begins with the tag\n"
                       "# Nothing may be below the line \"# end\", and without it the file was cut. A "
                       "program checks all of it:\n"
                       "#     fairstock verify FILE\n"
                       "#\n");
}

/* What the device's clock showed. */
static void add_shown(const struct journal *journal, const struct event *event, const char *behind,
                      struct buf *text)
{
    char wall[WALL_TEXT_BYTES];
    wall_text(journal->wall_ms + (event->time_ms < WALL_MAX_MS ? (int64_t)event->time_ms : 0), wall);
    buf_printf(text, "%s%s", wall, behind);
}

static void add_between(const struct time_repaired *when, struct buf *text)
{
    char after[WALL_TEXT_BYTES], before[WALL_TEXT_BYTES];
    wall_text(when->after_ms, after);
    wall_text(when->before_ms, before);
    if (when->after_ms && when->before_ms)
        buf_printf(text, "%s to %s", after, before);
    else
        buf_printf(text, "%s %s", when->after_ms ? "after" : "before", when->after_ms ? after : before);
}

static void add_repaired(struct journal *journal, uint64_t position, const struct event *event,
                         struct buf *text)
{
    struct time_repaired when = time_starts_when(&journal->starts, position, event->time_ms);
    char wall[WALL_TEXT_BYTES];
    switch (when.certainty) {
    case TIME_UNKNOWN:
        add_shown(journal, event, " ?", text);
        return;
    case TIME_BETWEEN:
        add_between(&when, text);
        return;
    default:
        wall_text(when.wall_ms, wall);
        buf_printf(text, "%s %s", wall,
                   time_fact_quality_name(time_starts_quality(&journal->starts, position)));
    }
}

static void add_time(struct journal *journal, uint64_t position, const struct event *event, struct buf *text)
{
    if (event->kind == EVENT_SEAL && !event->time_ms)
        buf_add_byte(text, '-'); /* one that was made while nothing happened has no time */
    else if (journal->version == 1)
        add_shown(journal, event, journal->clock_known ? "" : " ?", text);
    else
        add_repaired(journal, position, event, text);
}

static void note_start(struct journal *journal, uint64_t position, const struct event *event)
{
    journal->epoch = event->epoch.epoch;
    journal->epoch_position = position;
    journal->generation = event->epoch.generation;
    bool sane = event->epoch.wall_ms > -WALL_MAX_MS && event->epoch.wall_ms < WALL_MAX_MS;
    journal->wall_ms = sane ? event->epoch.wall_ms : 0;
    journal->clock_known = event->epoch.quality != CLOCK_UNKNOWN;
}

int journal_event(struct journal *journal, uint64_t position, const uint8_t *bytes, size_t length,
                  const uint8_t tag[CHAIN_TAG_BYTES], struct buf *text)
{
    struct event *event = &journal->event;
    bool readable = event_decode(bytes, length, event) == 0;
    int result = 0;
    if (readable && event->kind == EVENT_EPOCH)
        note_start(journal, position, event);
    buf_printf(text, "%" PRIu64 "\t", position);
    add_hex(journal->epoch.bytes, 4, text);
    buf_printf(text, ":%" PRIu64 "\t", position - journal->epoch_position);
    if (readable)
        add_time(journal, position, event, text);
    buf_add_byte(text, '\t');
    if (readable)
        result = journal_words(&journal->names, event, text);
    else
        buf_add_text(text, "damaged");
    buf_add_byte(text, '\t');
    add_hex(bytes, length, text);
    buf_add_byte(text, '\t');
    add_hex(tag, CHAIN_TAG_BYTES, text);
    buf_add_byte(text, '\n');
    /* Behind the first bad event the chain stays where it was: the end's h does not fit then, as it should.
     */
    (void)chain_take(&journal->chain, position, bytes, length, tag);
    journal->events++;
    return result < 0 ? result : buf_error(text);
}

void journal_end(const struct journal *journal, struct buf *text)
{
    buf_printf(text, "# end: %" PRIu64 " lines, h of the last is ", journal->events);
    add_hex(journal->chain.hash, HASH_BYTES, text);
    buf_add_byte(text, '\n');
}
