#include "domain/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX_BYTES = BATCH_CHANGES_MAX * 512, ROWS_FIRST = 8, LENGTH_BYTES = 2 };

struct changes changes_new(void)
{
    return (struct changes){.events = buf_new(EVENTS_MAX_BYTES)};
}

void changes_free(struct changes *changes)
{
    buf_free(&changes->events);
    free(changes->rows);
    *changes = changes_new();
}

void changes_reset(struct changes *changes)
{
    buf_reset(&changes->events);
    changes->event_count = 0;
    changes->row_count = 0;
    changes->seal = false;
    changes->error = 0;
}

bool changes_empty(const struct changes *changes)
{
    return !changes->event_count && !changes->row_count && !changes->error;
}

static void fail(struct changes *changes, int error)
{
    if (!changes->error)
        changes->error = error;
}

void changes_add_event(struct changes *changes, const struct event *event)
{
    uint8_t bytes[LENGTH_BYTES + EVENT_MAX_BYTES];
    int length = event_encode(event, bytes + LENGTH_BYTES, EVENT_MAX_BYTES);
    if (length < 0 || changes->event_count == BATCH_CHANGES_MAX) {
        fail(changes, length < 0 ? length : -E2BIG);
        return;
    }
    bytes[0] = (uint8_t)length;
    bytes[1] = (uint8_t)(length >> 8);
    buf_add(&changes->events, bytes, LENGTH_BYTES + (size_t)length);
    changes->event_count++;
}

static struct change *next_row(struct changes *changes, enum change_kind kind)
{
    if (changes->row_count == BATCH_CHANGES_MAX) {
        fail(changes, -E2BIG);
        return NULL;
    }
    if (changes->row_count == changes->row_capacity) {
        uint32_t capacity = changes->row_capacity ? changes->row_capacity * 2 : ROWS_FIRST;
        struct change *rows = realloc(changes->rows, capacity * sizeof *rows);
        if (!rows) {
            fail(changes, -ENOMEM);
            return NULL;
        }
        changes->rows = rows;
        changes->row_capacity = capacity;
    }
    struct change *row = &changes->rows[changes->row_count++];
    row->kind = kind;
    return row;
}

void changes_put_listing(struct changes *changes, const struct listing *listing)
{
    struct change *row = next_row(changes, CHANGE_LISTING);
    if (row)
        row->listing = *listing;
}

void changes_put_op(struct changes *changes, const struct op *op)
{
    struct change *row = next_row(changes, CHANGE_OP);
    if (row)
        row->op = *op;
}

void changes_put_order_line(struct changes *changes, const struct order_line *line)
{
    struct change *row = next_row(changes, CHANGE_ORDER_LINE);
    if (row)
        row->order_line = *line;
}

void changes_put_card(struct changes *changes, const struct card *card)
{
    struct change *row = next_row(changes, CHANGE_CARD);
    if (row)
        row->card = *card;
}

void changes_put_channel(struct changes *changes, const struct channel *channel)
{
    struct change *row = next_row(changes, CHANGE_CHANNEL);
    if (row)
        row->channel = *channel;
}

int changes_error(const struct changes *changes)
{
    return changes->error ? changes->error : buf_error(&changes->events);
}

bool changes_next_event(const struct changes *changes, size_t *at, const uint8_t **bytes, size_t *length)
{
    if (*at + LENGTH_BYTES > changes->events.length)
        return false;
    const uint8_t *data = (const uint8_t *)changes->events.data + *at;
    *length = (size_t)data[0] | (size_t)data[1] << 8;
    *bytes = data + LENGTH_BYTES;
    *at += LENGTH_BYTES + *length;
    return true;
}
