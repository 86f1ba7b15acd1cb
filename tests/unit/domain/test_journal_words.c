// link: refused_memory
/* Every kind of event in words, each way it can be said. A journal that was exported is compared with these
 * words byte by byte, for ever: a change here makes every old journal look changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/journal_internal.h"
#include "refused_memory.h"

enum { WORDS_MAX_BYTES = 8192 };

struct said {
    struct event event;
    const char *words;
};

static int setup(void **state)
{
    struct journal_names *names = calloc(1, sizeof *names);
    *state = names;
    return names ? 0 : -1;
}

static int teardown(void **state)
{
    struct journal_names *names = *state;
    free(names->items);
    free(names);
    return 0;
}

static void must_say(struct journal_names *names, const struct event *event, const char *words)
{
    BUF_AUTO struct buf text = buf_new(WORDS_MAX_BYTES);
    assert_int_equal(journal_words(names, event, &text), 0);
    assert_string_equal(buf_text(&text), words);
}

static void must_say_all(struct journal_names *names, const struct said *said, size_t count)
{
    for (size_t i = 0; i < count; i++)
        must_say(names, &said[i].event, said[i].words);
}

#define TEXT(words)                                                                                          \
    {                                                                                                        \
        .at = (words), .length = sizeof(words) - 1                                                           \
    }

/* Before anything has a name: numbers. */
static void what_has_no_name_is_numbered(void **state)
{
    static const struct said said[] = {
        {{.kind = EVENT_ADJUSTMENT,
          .adjustment = {.item = 7, .location = 3, .delta = -2, .reason = ADJUST_STOLEN}},
         "stolen: -2 of item 7 at location 3"},
        {{.kind = EVENT_ADJUSTMENT,
          .adjustment = {.item = 7, .location = LOCATIONS_MAX + 1, .delta = 2, .reason = 99}},
         "?: +2 of item 7 at location 65"},
        {{.kind = EVENT_SALE,
          .sale = {.location = 1,
                   .line_count = 1,
                   .lines = {{.item = 9, .quantity = 1, .unit_price_minor = 5}}}},
         "sold at location 1: 1 of item 9 at 5 minor units"},
        {{.kind = EVENT_CHANNEL_LIVE, .live = {.channel = 2, .live = 1}}, "went live: channel 2"},
        {{.kind = EVENT_CHANNEL_LIVE, .live = {.channel = CHANNELS_MAX + 1}}, "no longer live: channel 9"},
        {{.kind = EVENT_LEVEL_EDIT, .edit = {.channel = CHANNELS_MAX + 1, .listing = 4, .delta = 3}},
         "changed at the shop: +3 at channel 9 listing 4"},
        {{.kind = EVENT_OP_RESULT,
          .op_result = {.channel = CHANNELS_MAX + 1, .outcome = 77, .words = TEXT("x")}},
         "shop answered ?: channel 9 \"x\""},
        {{.kind = EVENT_ITEM_CREATED, .item = {.item = 0, .sku = TEXT("S"), .title = TEXT("T")}},
         "item created: item 0 sku \"S\" title \"T\" price 0 minor units cost 0 minor units, reorder at 0, 0 "
         "days to make"},
        {{.kind = EVENT_ITEM_CHANGED, .item = {.item = ITEMS_MAX + 1, .sku = TEXT("S"), .title = TEXT("T")}},
         "item changed: item 50001 sku \"S\" title \"T\" price 0 minor units cost 0 minor units, reorder at "
         "0, 0 days to make"},
        {{.kind = EVENT_LOCATION_CREATED, .location = {.location = LOCATIONS_MAX + 1, .name = TEXT("far")}},
         "location created: location 65 \"far\""},
        {{.kind = EVENT_CHANNEL_CONNECTED,
          .channel = {.channel = CHANNELS_MAX + 1, .name = TEXT("n"), .kind = TEXT("k")}},
         "channel connected: channel 9 \"n\", a shop of kind \"k\""},
        {{.kind = 9999, .version = 3}, "unknown kind 9999 version 3"},
    };
    must_say_all(*state, said, sizeof said / sizeof said[0]);
}

static void what_has_a_name_is_called_by_it(void **state)
{
    static const struct said said[] = {
        {{.kind = EVENT_LOCATION_CREATED, .location = {.location = 1, .name = TEXT("booth")}},
         "location created: location 1 \"booth\""},
        {{.kind = EVENT_ITEM_CREATED,
          .item = {.item = 1,
                   .sku = TEXT("MUG"),
                   .title = TEXT("Mug"),
                   .price_minor = 2400,
                   .cost_minor = 5,
                   .currency = TEXT("EUR"),
                   .flags = ITEM_ONE_OF_A_KIND | ITEM_ARCHIVED,
                   .reorder_point = 3,
                   .lead_days = 9}},
         "item created: item 1 sku \"MUG\" title \"Mug\" price 24.00 EUR cost 0.05 EUR, one of a kind, "
         "archived, reorder at 3, "
         "9 days to make"},
        {{.kind = EVENT_ITEM_CHANGED,
          .item = {.item = 1, .sku = TEXT("CUP"), .title = TEXT("Cup"), .currency = TEXT("JPY")}},
         "item changed: item 1 sku \"CUP\" title \"Cup\" price 0 JPY cost 0 JPY, reorder at 0, 0 days to "
         "make"},
        {{.kind = EVENT_BARCODE_LINKED, .barcode = {.item = 1, .code = TEXT("401"), .pack = 6}},
         "barcode linked: \"401\" is 6 of \"CUP\" (item 1)"},
        {{.kind = EVENT_UNKNOWN_NAMED, .named = {.item = 1, .quantity = 2, .sale = {2, 14}}},
         "named later: 2 of \"CUP\" (item 1) was sold as unknown in number 14 of 2 starts before"},
        {{.kind = EVENT_SALE,
          .sale =
              {.location = 1,
               .flags = SALE_BEYOND_LEDGER | SALE_SECOND_SCAN | SALE_BACK_DATED,
               .line_count = 2,
               .tender_count = 3,
               .lines = {{.item = 1, .quantity = 2, .unit_price_minor = 300},
                         {.code = TEXT("c\\"), .quantity = 1}},
               .tenders = {{.kind = 1, .amount_minor = 500}, {.kind = 5, .amount_minor = 7}, {.kind = 6}}}},
         "sold at location 1 \"booth\": 2 of \"CUP\" (item 1) at 300 JPY, 1 of unknown code \"c\\\\\" at 0 "
         "minor units; paid 500 "
         "minor units by cash; paid 7 minor units by other; paid 0 minor units by ?; beyond the ledger; by a "
         "second scan; "
         "back-dated from paper"},
        {{.kind = EVENT_VOID,
          .voided = {.target = {0, 5},
                     .reason = 1,
                     .effect_count = 1,
                     .effects = {{.item = 1, .location = 1, .delta = 2}}}},
         "undone: number 5 of this start; +2 of \"CUP\" (item 1) at location 1 \"booth\""},
        {{.kind = EVENT_VOID, .voided = {.reason = 2}}, "corrected: nothing"},
    };
    must_say_all(*state, said, sizeof said / sizeof said[0]);
}

static void what_shops_did(void **state)
{
    static const struct said said[] = {
        {{.kind = EVENT_CHANNEL_CONNECTED,
          .channel = {.channel = 1, .name = TEXT("shop"), .kind = TEXT("shopify")}},
         "channel connected: channel 1 \"shop\", a shop of kind \"shopify\""},
        {{.kind = EVENT_LISTING_LINKED,
          .listing = {.channel = 1, .listing = 2, .item = 3, .pack = 4, .remote_id = TEXT("g")}},
         "listing linked: channel 1 \"shop\" listing 2 \"g\" is item 3 in packs of 4"},
        {{.kind = EVENT_BASELINE,
          .baseline = {.channel = 1, .listing = 2, .item = 3, .level = -1, .committed = 5}},
         "found at connecting: channel 1 \"shop\" listing 2 shows -1, 5 in open orders, item 3"},
        {{.kind = EVENT_GRANT, .allocation = {.channel = 1, .listing = 2, .units = 8}},
         "granted 8 at channel 1 \"shop\" listing 2"},
        {{.kind = EVENT_REVOKE, .allocation = {.channel = 1, .listing = 2, .units = 8}},
         "taken back 8 at channel 1 \"shop\" listing 2"},
        {{.kind = EVENT_LEVEL_EDIT, .edit = {.channel = 1, .listing = 2, .delta = -3, .adopted = 1}},
         "changed at the shop: -3 at channel 1 \"shop\" listing 2, taken into stock"},
        {{.kind = EVENT_ORDER_STATE,
          .order = {.channel = 1,
                    .listing = 2,
                    .item = 3,
                    .pack = 4,
                    .source_key = TEXT("l"),
                    .order = TEXT("#1"),
                    .difference = {1, 2, 3, 4, 5, 6, -7}}},
         "order \"#1\" line \"l\" at channel 1 \"shop\" listing 2, item 3 packs of 4, ordered +1, held +2, "
         "cancelled +3, handed "
         "over +4, returned sellable +5, returned unsellable +6, restored by the shop -7"},
        {{.kind = EVENT_OP_RESULT, .op_result = {.channel = 1, .outcome = 2, .words = TEXT("no")}},
         "shop answered rejected: channel 1 \"shop\" \"no\""},
        {{.kind = EVENT_CARD_DECISION, .decision = {.key = TEXT("k"), .option = 2}},
         "card decided: option 2 for card \"k\""},
        {{.kind = EVENT_CARD_DECISION, .decision = {.key = TEXT("k"), .option = 1, .detail = TEXT("d")}},
         "card decided: option 1 for card \"k\" \"d\""},
    };
    must_say_all(*state, said, sizeof said / sizeof said[0]);
}

static void what_the_ledger_says_of_itself(void **state)
{
    static const struct said said[] = {
        {{.kind = EVENT_EPOCH,
          .epoch = {.flags = 1, .quality = CLOCK_NTP, .program = TEXT("p"), .boottime_ms = 6}},
         "start 0 of the ledger: start id 00000000000000000000000000000000, practice, clock 1970-01-01 "
         "00:00:00 UTC (from NTP), "
         "program \"p\", boot 00000000 up 6 ms"},
        {{.kind = EVENT_EPOCH,
          .epoch =
              {.quality = 9, .wall_ms = -1, .generation = 3, .parent_epoch = {{0xab}}, .parent_sequence = 2}},
         "start 3 of the ledger: start id 00000000000000000000000000000000, clock 1969-12-31 23:59:59 UTC "
         "(of a later kind), "
         "program \"\", boot 00000000 up 0 ms, after ab000000:2 with h "
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {{.kind = EVENT_EPOCH, .epoch = {.wall_ms = INT64_MAX}},
         "start 0 of the ledger: start id 00000000000000000000000000000000, clock 292278994-08-17 07:12:55 "
         "UTC (unknown), "
         "program \"\", boot "
         "00000000 up 0 ms"},
        {{.kind = EVENT_EPOCH, .epoch = {.wall_ms = INT64_MIN}},
         "start 0 of the ledger: start id 00000000000000000000000000000000, clock -292275055-05-16 16:47:04 "
         "UTC (unknown), "
         "program \"\", boot "
         "00000000 up 0 ms"},
        {{.kind = EVENT_SEAL, .seal = {.events = 4, .hash = {0xff}}},
         "seal of the 4 lines before; h is ff00000000000000000000000000000000000000000000000000000000000000"},
        {{.kind = EVENT_TIME_FACT,
          .time_fact = {.boot = {{1, 2, 3, 4}}, .offset_ms = 5, .source = TEXT("ntp")}},
         "time learnt from \"ntp\": boot 01020304 began at 5 ms since 1970"},
        {{.kind = EVENT_SETTING, .setting = {.key = TEXT("a"), .value = TEXT("b")}}, "set \"a\" to \"b\""},
        {{.kind = EVENT_SALVAGE,
          .salvage = {.gap_count = 2, .gaps = {{.first = 1, .last = 2}, {.first = 5, .last = 5}}}},
         "salvaged; lost: 1 to 2, 5 to 5"},
        {{.kind = EVENT_WITNESS, .witness = {.seen = {.epoch = {{9}}, .sequence = 8}, .who = TEXT("stick")}},
         "may be a copy; seen by \"stick\": entry 8 of start 09000000"},
        {{.kind = EVENT_RESTORE_DECISION, .restore = {.accepted = 1}}, "decided: this ledger goes on"},
        {{.kind = EVENT_RESTORE_DECISION}, "decided: this ledger is the copy"},
    };
    must_say_all(*state, said, sizeof said / sizeof said[0]);
}

/* What would move or hide other text on a screen is shown as bytes. */
static void what_is_no_plain_text_is_shown_as_bytes(void **state)
{
    static const struct {
        const char *text, *quoted;
    } rows[] = {
        {"a\x7f\x1f", "\"a\\x7f\\x1f\""},
        {"\xc2\x9f\xc2\xa0", "\"\\xc2\\x9f\xc2\xa0\""}, /* a control, a space that does not break */
        {"\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\x90", "\"\\xe2\\x80\\x8e\\xe2\\x80\\x8f\xe2\x80\x90\""},
        {"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf",
         "\"\xe2\x80\xa7\\xe2\\x80\\xa8\\xe2\\x80\\xae\xe2\x80\xaf\""},
        {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa",
         "\"\xe2\x81\xa5\\xe2\\x81\\xa6\\xe2\\x81\\xa9\xe2\x81\xaa\""},
        {"\xe2\x82\xac\xe1\x80\x8e", "\"\xe2\x82\xac\xe1\x80\x8e\""}, /* others of three bytes are plain */
        {"\xff\\\"", "\"\\xff\\\\\\\"\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        BUF_AUTO struct buf text = buf_new(WORDS_MAX_BYTES);
        journal_quote(text_of(rows[i].text), &text);
        assert_string_equal(buf_text(&text), rows[i].quoted);
    }
}

static void a_name_that_there_is_no_memory_for_is_no_line(void **state)
{
    struct event event = {.kind = EVENT_ITEM_CREATED, .item = {.item = 1, .sku = TEXT("MUG")}};
    BUF_AUTO struct buf text = buf_new(WORDS_MAX_BYTES);
    refused_memory_once(1);
    int result = journal_words(*state, &event, &text);
    (void)refused_memory_end();
    assert_int_equal(result, -ENOMEM);
    assert_int_equal(text.length, 0);
    refused_memory_once(1);
    struct journal *none = journal_new(NULL);
    (void)refused_memory_end();
    assert_null(none);
    journal_free(none);
}

static void write_line(struct journal *journal, uint64_t position, const struct event *event, int expected,
                       const char *when)
{
    static const uint8_t tag[CHAIN_TAG_BYTES];
    uint8_t bytes[EVENT_MAX_BYTES];
    char field[64];
    BUF_AUTO struct buf text = buf_new(WORDS_MAX_BYTES);
    int length = event_encode(event, bytes, sizeof bytes);
    assert_true(length > 0);
    refused_memory_once(expected < 0 ? 2 : 0); /* the first is the line itself */
    int result = journal_event(journal, position, bytes, (size_t)length, tag, &text);
    (void)refused_memory_end();
    assert_int_equal(result, expected);
    (void)snprintf(field, sizeof field, "\t%s\t", when);
    if (!strstr(buf_text(&text), field))
        fail_msg("not \"%s\" in: %s", when, buf_text(&text));
}

static void no_hash(const void *first, size_t first_length, const void *second, size_t second_length,
                    uint8_t hash[HASH_BYTES])
{
    (void)first, (void)first_length, (void)second, (void)second_length;
    memset(hash, 0, HASH_BYTES);
}

/* A clock or a time that no clock can show is the beginning of 1970, not an overflow. */
static void times_that_no_clock_shows(void **state)
{
    struct journal *journal = journal_new(no_hash);
    struct event epoch = {
        .kind = EVENT_EPOCH, .version = 1, .epoch = {.wall_ms = INT64_MAX, .quality = CLOCK_NTP}};
    struct event late = {
        .kind = EVENT_SETTING, .version = 1, .time_ms = UINT64_C(1) << 60, .setting = {.key = TEXT("k")}};
    struct event item = {
        .kind = EVENT_ITEM_CREATED, .version = 1, .time_ms = 1000, .item = {.item = 1, .sku = TEXT("MUG")}};
    (void)state;
    assert_non_null(journal);
    write_line(journal, 1, &epoch, 0, "1970-01-01 00:00:00 ?");
    write_line(journal, 2, &late, 0, "1970-01-01 00:00:00 ?");
    epoch.epoch.wall_ms = INT64_MIN;
    epoch.epoch.quality = CLOCK_UNKNOWN;
    write_line(journal, 3, &epoch, 0, "1970-01-01 00:00:00 ?");
    write_line(journal, 4, &item, -ENOMEM, "1970-01-01 00:00:01 ?");
    journal_free(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_has_no_name_is_numbered, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_a_name_is_called_by_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_shops_did, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_ledger_says_of_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_plain_text_is_shown_as_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_that_there_is_no_memory_for_is_no_line, setup, teardown),
        cmocka_unit_test(times_that_no_clock_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
