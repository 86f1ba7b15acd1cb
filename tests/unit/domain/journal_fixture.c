// link: crypto
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "journal_fixture.h"

enum { EVENTS_MAX = 100 * 1024 };

static void append(struct making *making, const struct event *event)
{
    uint8_t bytes[EVENT_MAX_BYTES], tag[CHAIN_TAG_BYTES];
    int length = event_encode(event, bytes, sizeof bytes);
    assert_true(length > 0);
    chain_tag(&making->chain, bytes, (size_t)length, tag);
    making->position++;
    assert_true(chain_take(&making->chain, making->position, bytes, (size_t)length, tag));
    assert_true(making->position <= EVENTS_MAX);
    making->lengths[making->position - 1] = (uint32_t)length;
    buf_add(&making->raw, bytes, (size_t)length);
    buf_add(&making->raw, tag, sizeof tag);
}

/* Odd ones know the time, each in a boot of its own. */
void journal_make_start(struct making *making, uint8_t number)
{
    struct event event = {.kind = EVENT_EPOCH, .version = 1};
    memset(event.epoch.boot.bytes, 0x10 + number, ID128_BYTES);
    event.epoch.boottime_ms = 1000;
    memset(event.epoch.device.bytes, 0xd1, ID128_BYTES);
    memset(event.epoch.epoch.bytes, number, ID128_BYTES);
    event.epoch.wall_ms = 1790000000000 + number;
    event.epoch.quality = number % 2 ? CLOCK_NTP : CLOCK_UNKNOWN;
    event.epoch.program = text_of("0.1.0");
    if (making->position) {
        struct event_id last = chain_id(&making->chain, making->position);
        event.epoch.generation = making->chain.generation + 1;
        event.epoch.parent_epoch = last.epoch;
        event.epoch.parent_sequence = last.sequence;
        memcpy(event.epoch.parent_hash, making->chain.hash, HASH_BYTES);
    }
    append(making, &event);
}

void journal_make_seal(struct making *making)
{
    struct event event = {.kind = EVENT_SEAL, .version = 1};
    memcpy(event.seal.hash, making->chain.hash, HASH_BYTES);
    event.seal.events = making->position - making->seal_position;
    append(making, &event);
    making->seal_position = making->position;
}

static struct event of_kind(uint32_t kind)
{
    return (struct event){.kind = kind, .version = 1, .time_ms = 1234};
}

void journal_make_sell(struct making *making, uint32_t item, int64_t quantity)
{
    struct event event = of_kind(EVENT_SALE);
    event.sale.location = 1;
    event.sale.line_count = 1;
    event.sale.lines[0] = (struct sale_line){.item = item, .quantity = quantity, .unit_price_minor = 2400};
    if (!item)
        event.sale.lines[0].code = text_of("what?\t\"\n\xc2\x9b");
    append(making, &event);
}

static void catalogue(struct making *making)
{
    struct event event = of_kind(EVENT_LOCATION_CREATED);
    event.location.location = 1;
    event.location.name = text_of("booth");
    event.location.kind = 1;
    append(making, &event);
    event = of_kind(EVENT_ITEM_CREATED);
    event.item.item = 1;
    event.item.sku = text_of("MUG");
    event.item.title = text_of("Blue \xe2\x80\xaemug \xc3\xa4");
    event.item.price_minor = 2400;
    event.item.currency = text_of("EUR");
    event.item.flags = ITEM_ONE_OF_A_KIND;
    append(making, &event);
    event = of_kind(EVENT_BARCODE_LINKED);
    event.barcode.item = 1;
    event.barcode.code = text_of("4006381333931");
    event.barcode.pack = 1;
    append(making, &event);
    event = of_kind(EVENT_ADJUSTMENT);
    event.adjustment.item = 1;
    event.adjustment.location = 1;
    event.adjustment.delta = 100;
    event.adjustment.reason = ADJUST_OPENING;
    append(making, &event);
}

void journal_make_shop(struct making *making)
{
    struct event event = of_kind(EVENT_CHANNEL_CONNECTED);
    event.channel.channel = 1;
    event.channel.kind = text_of("practice");
    event.channel.name = text_of("shop");
    append(making, &event);
    event = of_kind(EVENT_LISTING_LINKED);
    event.listing.channel = event.listing.listing = event.listing.item = event.listing.pack = 1;
    event.listing.remote_id = text_of("gid/1");
    append(making, &event);
    event = of_kind(EVENT_GRANT);
    event.allocation.channel = event.allocation.listing = 1;
    event.allocation.units = 4;
    append(making, &event);
    event.kind = EVENT_REVOKE;
    event.allocation.proof = PROOF_ANSWER;
    append(making, &event);
    event = of_kind(EVENT_ORDER_STATE);
    event.order.channel = event.order.listing = event.order.item = event.order.pack = 1;
    event.order.source_key = text_of("line/1");
    event.order.order = text_of("#1001");
    event.order.difference.ordered = 1;
    append(making, &event);
    event = of_kind(EVENT_OP_RESULT);
    event.op_result.channel = event.op_result.kind = event.op_result.outcome = 1;
    event.op_result.words = text_of("ok");
    append(making, &event);
    event = of_kind(EVENT_SETTING);
    event.setting.key = text_of("home currency");
    event.setting.value = text_of("EUR");
    append(making, &event);
}

/* The boot of start `number` began then. */
void journal_make_learn(struct making *making, uint8_t number, uint32_t quality, int64_t offset_ms)
{
    struct event event = of_kind(EVENT_TIME_FACT);
    memset(event.time_fact.boot.bytes, 0x10 + number, ID128_BYTES);
    event.time_fact.offset_ms = offset_ms;
    event.time_fact.quality = quality;
    event.time_fact.source = text_of(time_fact_quality_name(quality));
    append(making, &event);
}

void journal_make_begin(struct making *making)
{
    memset(making, 0, sizeof *making);
    making->raw = buf_new(JOURNAL_FILE_MAX_BYTES);
    making->text = buf_new(JOURNAL_FILE_MAX_BYTES);
    making->lengths = calloc(EVENTS_MAX, sizeof *making->lengths);
    assert_non_null(making->lengths);
    chain_begin(&making->chain, crypto_sha256_two);
    journal_make_start(making, 1);
    catalogue(making);
}

void journal_make_write(struct making *making, unsigned version)
{
    struct id128 device;
    struct journal *journal = journal_new(crypto_sha256_two);
    assert_non_null(journal);
    journal->version = version;
    memset(device.bytes, 0xd1, ID128_BYTES);
    buf_reset(&making->text);
    journal_header(device, version, &making->text);
    for (int round = 0; round < 2; round++) {
        const uint8_t *at = (const uint8_t *)buf_text(&making->raw);
        for (uint64_t i = 0; i < making->position; at += making->lengths[i++] + CHAIN_TAG_BYTES)
            assert_int_equal(round == 0 ? journal_look(journal, i + 1, at, making->lengths[i])
                                        : journal_event(journal, i + 1, at, making->lengths[i],
                                                        at + making->lengths[i], &making->text),
                             0);
    }
    journal_end(journal, &making->text);
    assert_int_equal(buf_error(&making->text), 0);
    journal_free(journal);
}

void journal_make_finish(struct making *making)
{
    assert_int_equal(buf_error(&making->raw), 0);
    journal_make_write(making, JOURNAL_VERSION);
}

void journal_make_drop(struct making *making)
{
    free(making->lengths);
    buf_free(&making->raw);
    buf_free(&making->text);
}

void journal_make_small(struct making *making)
{
    journal_make_begin(making);
    journal_make_sell(making, 1, 2);
    journal_make_seal(making);
    journal_make_sell(making, 0, 1);
    struct event event = of_kind(EVENT_VOID);
    event.voided.target.sequence = 5;
    event.voided.reason = event.voided.effect_count = 1;
    event.voided.effects[0] = (struct stock_effect){1, 1, 2};
    append(making, &event);
    journal_make_start(making, 2);
    journal_make_shop(making);
    journal_make_learn(making, 2, CLOCK_PHONE, 1790000100000);
    journal_make_seal(making);
    journal_make_finish(making);
}

struct journal_check journal_check_text(const char *text, size_t length)
{
    struct journal *journal = journal_new(crypto_sha256_two);
    struct journal_check said = {0};
    bool good = true;
    int error;
    assert_non_null(journal);
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t line = end ? (size_t)(end - text) - at : length - at;
        assert_int_equal(journal_look_line(journal, text + at, line), 0);
        at += line + 1;
    }
    while (good && length) {
        const char *end = memchr(text, '\n', length);
        size_t line = end ? (size_t)(end - text) : length;
        good = journal_check_line(journal, text, line, end != NULL, &said, &error);
        assert_int_equal(error, 0);
        text += line + (end ? 1 : 0);
        length -= line + (end ? 1 : 0);
    }
    if (good && journal_check_end(journal, &said))
        assert_int_equal(said.line, 0);
    else
        assert_true(said.line > 0 && *said.words);
    journal_free(journal);
    return said;
}

uint64_t journal_line_at(const char *text, size_t at)
{
    uint64_t line = 1;
    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}
