// link: crypto
/* The exported journal: any one-byte change in it is found, and the first changed line is named. Every place
 * of a small one, with every kind of event in it; a large sample of a big one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "domain/journal.h"

enum { FILE_MAX_BYTES = 64 * 1024 * 1024, LINES_MAX = 64 };

/* --- a journal --- */

struct making {
    struct journal *journal;
    struct chain chain; /* computes the tags, as the ledger does */
    struct buf text;
    uint64_t position, seal_position;
};

static void append(struct making *making, const struct event *event)
{
    uint8_t bytes[EVENT_MAX_BYTES], tag[CHAIN_TAG_BYTES];
    int length = event_encode(event, bytes, sizeof bytes);
    assert_true(length > 0);
    chain_tag(&making->chain, bytes, (size_t)length, tag);
    making->position++;
    assert_true(chain_take(&making->chain, making->position, bytes, (size_t)length, tag));
    assert_int_equal(
        journal_event(making->journal, making->position, bytes, (size_t)length, tag, &making->text), 0);
}

static void start(struct making *making, uint8_t number)
{
    struct event event = {.kind = EVENT_EPOCH, .version = 1};
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

static void seal(struct making *making)
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

static void sell(struct making *making, uint32_t item, int64_t quantity)
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

static void shop(struct making *making)
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

static void begin(struct making *making)
{
    memset(making, 0, sizeof *making);
    making->journal = journal_new(crypto_sha256_two);
    assert_non_null(making->journal);
    making->text = buf_new(FILE_MAX_BYTES);
    chain_begin(&making->chain, crypto_sha256_two);
    struct id128 device;
    memset(device.bytes, 0xd1, ID128_BYTES);
    journal_header(device, &making->text);
    start(making, 1);
    catalogue(making);
}

static void finish(struct making *making)
{
    journal_end(making->journal, &making->text);
    assert_int_equal(buf_error(&making->text), 0);
    journal_free(making->journal);
}

static void make_small(struct making *making)
{
    begin(making);
    sell(making, 1, 2);
    seal(making);
    sell(making, 0, 1);
    struct event event = of_kind(EVENT_VOID);
    event.voided.target.sequence = 5;
    event.voided.reason = event.voided.effect_count = 1;
    event.voided.effects[0] = (struct stock_effect){1, 1, 2};
    append(making, &event);
    start(making, 2);
    shop(making);
    seal(making);
    finish(making);
}

static struct journal_check check(const char *text, size_t length)
{
    struct journal *journal = journal_new(crypto_sha256_two);
    struct journal_check said = {0};
    bool good = true;
    int error;
    assert_non_null(journal);
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

static uint64_t line_at(const char *text, size_t at)
{
    uint64_t line = 1;
    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

/* --- laws --- */

static void what_is_written_is_right(void **state)
{
    (void)state;
    struct making making;
    make_small(&making);
    struct journal_check said = check(buf_text(&making.text), making.text.length);
    assert_int_equal(said.line, 0);
    assert_int_equal(said.events, making.position);
    assert_int_equal(said.seals, 2);
    assert_int_equal(said.epochs, 2);
    assert_non_null(
        strstr(buf_text(&making.text), "sold at location 1 \"booth\": 2 of \"MUG\" (item 1) at 24.00 EUR"));
    assert_non_null(strstr(buf_text(&making.text), "unknown code \"what?\\x09\\\"\\x0a\\xc2\\x9b\""));
    assert_non_null(strstr(buf_text(&making.text), "Blue \\xe2\\x80\\xaemug \xc3\xa4"));
    buf_free(&making.text);
}

static void must_find(const char *changed, size_t length, uint64_t line, const char *what)
{
    struct journal_check said = check(changed, length);
    if (said.line != line)
        print_error("%s in line %llu: said line %llu %s\n", what, (unsigned long long)line,
                    (unsigned long long)said.line, said.words);
    assert_int_equal(said.line, line);
}

static void every_byte_changed_is_found_and_its_line_named(void **state)
{
    (void)state;
    struct making making;
    make_small(&making);
    size_t length = making.text.length;
    char *changed = malloc(length + 1);
    assert_non_null(changed);
    memcpy(changed, buf_text(&making.text), length);
    static const char others[] = {'\t', '\n'};
    for (size_t at = 0; at < length; at++) {
        char was = changed[at];
        uint64_t line = line_at(buf_text(&making.text), at);
        for (int bit = 0; bit < 8; bit++) {
            changed[at] = (char)(was ^ 1 << bit);
            must_find(changed, length, line, "a flipped bit");
        }
        for (size_t i = 0; i < sizeof others; i++) {
            changed[at] = others[i];
            if (others[i] != was)
                must_find(changed, length, line, "another byte");
        }
        changed[at] = was;
    }
    free(changed);
    buf_free(&making.text);
}

static void every_byte_deleted_inserted_or_cut_off_is_found(void **state)
{
    (void)state;
    struct making making;
    make_small(&making);
    const char *text = buf_text(&making.text);
    size_t length = making.text.length;
    char *changed = malloc(length + 2);
    assert_non_null(changed);
    for (size_t at = 0; at < length; at++) {
        memcpy(changed, text, at);
        memcpy(changed + at, text + at + 1, length - at - 1);
        assert_true(check(changed, length - 1).line > 0);
        assert_true(check(text, at).line > 0);
        for (const char *added = "0\n"; *added; added++) {
            memcpy(changed, text, at);
            changed[at] = *added;
            memcpy(changed + at + 1, text + at, length - at);
            assert_true(check(changed, length + 1).line > 0);
        }
    }
    memcpy(changed, text, length);
    changed[length] = '\n';
    assert_true(check(changed, length + 1).line > 0);
    free(changed);
    buf_free(&making.text);
}

/* --- whole lines --- */

struct lines {
    const char *at[LINES_MAX];
    size_t length[LINES_MAX]; /* with the newline */
    int count;
};

static void split(const struct buf *text, struct lines *lines)
{
    const char *at = buf_text(text);
    while (*at) {
        size_t length = strcspn(at, "\n") + 1;
        assert_true(lines->count < LINES_MAX);
        lines->at[lines->count] = at;
        lines->length[lines->count++] = length;
        at += length;
    }
}

static uint64_t check_order(const struct lines *lines, const int *order, int count)
{
    BUF_AUTO struct buf text = buf_new(FILE_MAX_BYTES);
    for (int i = 0; i < count; i++)
        buf_add(&text, lines->at[order[i]], lines->length[order[i]]);
    assert_int_equal(buf_error(&text), 0);
    return check(buf_text(&text), text.length).line;
}

static void lines_removed_doubled_or_swapped_are_found(void **state)
{
    (void)state;
    struct making making;
    struct lines lines = {0};
    int order[LINES_MAX + 1];
    make_small(&making);
    split(&making.text, &lines);
    for (int line = 0; line < lines.count; line++) {
        int count = 0;
        for (int i = 0; i < lines.count; i++)
            if (i != line)
                order[count++] = i;
        assert_true(check_order(&lines, order, count) > 0);
        count = 0;
        for (int i = 0; i < lines.count; i++) {
            order[count++] = i;
            if (i == line)
                order[count++] = i;
        }
        uint64_t said = check_order(&lines, order, count);
        bool comment = lines.length[line] == 2; /* "#": two stand one behind the other already */
        assert_true(comment ? said > 0 : said == (uint64_t)line + 2);
        for (int other = line + 1; other < lines.count; other++) {
            if (lines.length[line] == lines.length[other] &&
                memcmp(lines.at[line], lines.at[other], lines.length[line]) == 0)
                continue;
            for (int i = 0; i < lines.count; i++)
                order[i] = i == line ? other : i == other ? line : i;
            assert_int_equal(check_order(&lines, order, lines.count), (uint64_t)line + 1);
        }
    }
    buf_free(&making.text);
}

/* --- a big one --- */

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void a_sample_of_a_big_one_is_found(void **state)
{
    (void)state;
    const char *longer = getenv("FAIRSTOCK_LONG");
    int events = longer ? 100000 : 3000, samples = longer ? 2000 : 100;
    struct making making;
    uint64_t random = 88172645463325252U;
    begin(&making);
    for (int i = 0; i < events; i++) {
        sell(&making, i % 17 ? 1 : 0, i % 5 + 1);
        if (i % 200 == 199)
            seal(&making);
    }
    finish(&making);
    size_t length = making.text.length;
    char *changed = malloc(length);
    assert_non_null(changed);
    memcpy(changed, buf_text(&making.text), length);
    assert_int_equal(check(changed, length).line, 0);
    for (int i = 0; i < samples; i++) {
        size_t at = next_random(&random) % length;
        char was = changed[at], now = (char)next_random(&random);
        changed[at] = now == was ? (char)(was ^ 1) : now;
        must_find(changed, length, line_at(buf_text(&making.text), at), "a random byte");
        changed[at] = was;
    }
    print_message("%d random changes of %zu bytes, %d events: all found, the line named\n", samples, length,
                  events);
    free(changed);
    buf_free(&making.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_right),
        cmocka_unit_test(every_byte_changed_is_found_and_its_line_named),
        cmocka_unit_test(every_byte_deleted_inserted_or_cut_off_is_found),
        cmocka_unit_test(lines_removed_doubled_or_swapped_are_found),
        cmocka_unit_test(a_sample_of_a_big_one_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
