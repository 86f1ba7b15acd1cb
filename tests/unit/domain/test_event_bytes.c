/* The bytes of docs/events.md, written out by hand from its tables, one example of each kind: they are what
 * is hashed and kept for ever, so no change of the code may change them. Never make these from the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "event_fixture.h"

#define ID_A   "000102030405060708090a0b0c0d0e0f"
#define ID_B   "101112131415161718191a1b1c1d1e1f"
#define ID_C   "202122232425262728292a2b2c2d2e2f"
#define ID_D   "303132333435363738393a3b3c3d3e3f"
#define HASH_A ID_C ID_D
#define ZERO   "00000000000000000000000000000000"

static const struct id128 id_a = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
                          id_b = {{16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}},
                          id_c = {{32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47}},
                          id_d = {{48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63}};
#define HASH_A_BYTES                                                                                         \
    {                                                                                                        \
        32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56,  \
            57, 58, 59, 60, 61, 62, 63                                                                       \
    }
#define TEXT(words)                                                                                          \
    {                                                                                                        \
        words, sizeof words - 1                                                                              \
    }

/* Both directions, and the kind's name. */
static void holds(const char *name, const struct event *event, const char *hex)
{
    uint8_t expected[300], bytes[300];
    size_t length = event_fixture_hex(hex, expected, sizeof expected);
    assert_int_equal(event_encode(event, bytes, sizeof bytes), length);
    assert_memory_equal(bytes, expected, length);
    struct event read;
    memset(&read, 0, sizeof read);
    assert_int_equal(event_decode(expected, length, &read), 0);
    assert_true(event_fixture_same(event, &read));
    assert_string_equal(event_kind_name(event->kind), name);
}

static void the_device(void **state)
{
    (void)state;
    holds("epoch",
          &(struct event){.kind = 1,
                          .version = 1,
                          .epoch = {.device = id_a,
                                    .epoch = id_b,
                                    .generation = 5,
                                    .parent_epoch = id_c,
                                    .parent_sequence = 128,
                                    .parent_hash = HASH_A_BYTES,
                                    .boot = id_d,
                                    .wall_ms = 1700000000000,
                                    .quality = 4,
                                    .boottime_ms = 65535,
                                    .flags = 1,
                                    .program = TEXT("0.1.0")}},
          "01 01 00"                     /* kind, version, time */
          ID_A ID_B " 05 " ID_C " 8001 " /* device, epoch, generation, parent epoch, parent sequence */
          HASH_A " " ID_D                /* parent's h, boot */
          " 80a0abfef962 04 ffff03 01"   /* wall clock, quality, boottime, flags */
          " 05 302e312e30");             /* program version */
    holds("epoch",
          &(struct event){.kind = 1,
                          .version = 2,
                          .epoch = {.device = id_a,
                                    .epoch = id_b,
                                    .boot = id_d,
                                    .program = TEXT("0.1.0"),
                                    .fingerprint = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7}}},
          "01 02 00" /* kind, version, time */
          ID_A ID_B " 00 " ZERO " 00 " ZERO ZERO ID_D " 00 00 00 00 05 302e312e30"
          "f0f1f2f3f4f5f6f7"); /* fingerprint */
    holds("seal", &(struct event){.kind = 2, .version = 1, .time_ms = 300, .seal = {HASH_A_BYTES, 256}},
          "02 01 ac02" HASH_A " 8002");
    holds("time_fact",
          &(struct event){
              .kind = 3, .version = 1, .time_ms = 1, .time_fact = {id_a, -86400000, 2, TEXT("page")}},
          "03 01 01" ID_A "ffefb252 02 04 70616765");
    holds("setting", &(struct event){.kind = 4, .version = 1, .setting = {TEXT("home"), TEXT("EUR")}},
          "04 01 00 04 686f6d65 03 455552");
}

static void the_catalogue(void **state)
{
    (void)state;
    struct event item = {.kind = 10,
                         .version = 1,
                         .item = {.item = 300,
                                  .sku = TEXT("MUG"),
                                  .title = TEXT("Caf\xc3\xa9"),
                                  .price_minor = 2450,
                                  .cost_minor = 900,
                                  .currency = TEXT("EUR"),
                                  .flags = 3,
                                  .reorder_point = 2,
                                  .lead_days = 14}};
    holds("item_created", &item, "0a 01 00 ac02 03 4d5547 05 436166c3a9 a426 880e 03 455552 03 02 0e");
    item.kind = 11;
    item.time_ms = 127;
    holds("item_changed", &item, "0b 01 7f ac02 03 4d5547 05 436166c3a9 a426 880e 03 455552 03 02 0e");
    holds("barcode_linked", &(struct event){.kind = 12, .version = 1, .barcode = {7, TEXT("96385074"), 4}},
          "0c 01 00 07 08 3936333835303734 04");
    holds("location_created", &(struct event){.kind = 14, .version = 1, .location = {2, TEXT("studio"), 2}},
          "0e 01 00 02 06 73747564696f 02");
}

static void the_booth(void **state)
{
    (void)state;
    holds("sale",
          &(struct event){.kind = 20,
                          .version = 1,
                          .time_ms = 300,
                          .sale = {.flags = 2,
                                   .location = 1,
                                   .market = 9,
                                   .basket = {1, 130},
                                   .source = 3,
                                   .line_count = 2,
                                   .tender_count = 2,
                                   .lines = {{.item = 7,
                                              .quantity = 1,
                                              .unit_price_minor = 2450,
                                              .unit_cost_minor = 900,
                                              .tax_rate_thousandths = 19000,
                                              .price_rule = 0},
                                             {.item = 0,
                                              .code = TEXT("X9"),
                                              .quantity = -2,
                                              .unit_price_minor = 0,
                                              .unit_cost_minor = -1,
                                              .price_rule = 4}},
                                   .tenders = {{1, 5000}, {2, -5000}}}},
          "14 01 ac02 02 01 09"        /* kind, version, time, flags, location, market */
          " 01 8201 03 02"             /* basket: 1 back, 130; source; two lines */
          " 07 02 a426 880e b89401 00" /* item, quantity, price, cost, tax, rule */
          " 00 02 5839 03 00 01 00 04" /* unknown: its code follows; a gift */
          " 02 01 904e 02 8f4e");      /* two tenders */
    holds("void",
          &(struct event){.kind = 21,
                          .version = 1,
                          .voided = {.target = {0, 200},
                                     .reason = 1,
                                     .effect_count = 2,
                                     .effects = {{7, 1, 1}, {300, 2, -64}}}},
          "15 01 00 00 c801 01 02" /* target, reason, two effects */
          " 07 01 02 ac02 02 7f");
    holds("unknown_named", &(struct event){.kind = 27, .version = 1, .named = {{2, 5}, 1, 7, 200, 1}},
          "1b 01 00 02 05 01 07 c801 01");
    holds("adjustment", &(struct event){.kind = 30, .version = 1, .adjustment = {7, 2, -3, 4, 900}},
          "1e 01 00 07 02 05 04 880e");
    holds("transfer", &(struct event){.kind = 32, .version = 1, .transfer = {7, 200, 2, 1}},
          "20 01 00 07 c801 02 01");
}

static void the_channels(void **state)
{
    (void)state;
    holds("channel_connected",
          &(struct event){.kind = 50, .version = 1, .channel = {1, TEXT("shopify"), TEXT("shop"), 2}},
          "32 01 00 01 07 73686f70696679 04 73686f70 02");
    holds("channel_live", &(struct event){.kind = 51, .version = 1, .live = {1, 1}}, "33 01 00 01 01");
    holds("listing_linked", &(struct event){.kind = 52, .version = 1, .listing = {1, 5, TEXT("gid"), 7, 6}},
          "34 01 00 01 05 03 676964 07 06");
    holds("baseline", &(struct event){.kind = 54, .version = 1, .baseline = {1, 5, 7, 6, 2, -1, 130}},
          "36 01 00 01 05 07 06 02 01 8201");
    holds("grant",
          &(struct event){.kind = 55, .version = 1, .time_ms = 16384, .allocation = {1, 5, 300, id_a, 0}},
          "37 01 808001 01 05 ac02" ID_A);
    holds("revoke", &(struct event){.kind = 56, .version = 1, .allocation = {1, 5, 2, id_a, 3}},
          "38 01 00 01 05 02" ID_A "03");
    holds("order_state",
          &(struct event){.kind = 57,
                          .version = 1,
                          .order = {.channel = 1,
                                    .source_key = TEXT("o/1"),
                                    .order = TEXT("#9"),
                                    .listing = 5,
                                    .item = 7,
                                    .pack = 6,
                                    .location = 2,
                                    .version = 1752570123456,
                                    .difference = {.ordered = 1,
                                                   .held = 2,
                                                   .cancelled = 3,
                                                   .handed_over = -4,
                                                   .returned_sellable = 5,
                                                   .returned_unsellable = 6,
                                                   .restored = 64}}},
          "39 01 00 01 03 6f2f31 02 2339" /* channel, source key, order */
          " 05 07 06 02 80d38ed58166"     /* listing, item, pack, location, version */
          " 02 04 06 07 0a 0c 8001");     /* the seven differences */
    holds("level_edit", &(struct event){.kind = 58, .version = 1, .edit = {1, 5, -3, 3, 1}},
          "3a 01 00 01 05 05 03 01");
    holds("op_result", &(struct event){.kind = 59, .version = 1, .op_result = {1, id_b, 2, 4, TEXT("no")}},
          "3b 01 00 01" ID_B "02 04 02 6e6f");
    holds("card_decision",
          &(struct event){.kind = 60, .version = 1, .decision = {3, {1, 2}, TEXT("k"), 4, TEXT("")}},
          "3c 01 00 03 01 02 01 6b 04 00");
    holds("witness",
          &(struct event){
              .kind = 61, .version = 1, .witness = {{id_a, id_b, 300}, HASH_A_BYTES, TEXT("phone")}},
          "3d 01 00" ID_A ID_B "ac02" HASH_A "05 70686f6e65");
    holds("restore_decision", &(struct event){.kind = 62, .version = 1, .restore = {id_b, 1}},
          "3e 01 00" ID_B "01");
    holds("catch_up",
          &(struct event){.kind = 64,
                          .version = 1,
                          .catch_up = {2, {1, 300}, 2, {{{1, 40, 2, 0, 1}}, {{2, 200, 0, 3, 0}}}}},
          "40 01 00 02 01 ac02 02 01 28 02 00 01 02 c801 00 03 00");
}

static void reserved_kinds_are_not_ours_yet(void **state)
{
    (void)state;
    static const uint32_t later[] = {0,  5,  13, 15, 22, 23, 24, 25, 26, 31,
                                     33, 34, 40, 41, 42, 43, 53, 70, 71, 1000};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        assert_string_equal(event_kind_name(later[i]), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_device),
        cmocka_unit_test(the_catalogue),
        cmocka_unit_test(the_booth),
        cmocka_unit_test(the_channels),
        cmocka_unit_test(reserved_kinds_are_not_ours_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
