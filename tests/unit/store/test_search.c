// link: crypto
/* What a person types into the search field: words in any order, any case, or a code as it is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "store/store.h"

struct fixture {
    char directory[64];
    struct store *store;
};

static void ignore(void *user, const struct store_result *result)
{
    *(int *)user = result->error;
}

static void add_item(struct changes *changes, uint32_t alias, const char *sku, const char *title,
                     const char *code)
{
    struct event event = {.kind = EVENT_ITEM_CREATED, .version = 1};
    event.item.item = alias;
    event.item.sku = text_of(sku);
    event.item.title = text_of(title);
    event.item.currency = text_of("EUR");
    changes_add_event(changes, &event);
    event = (struct event){.kind = EVENT_BARCODE_LINKED, .version = 1};
    event.barcode.item = alias;
    event.barcode.code = text_of(code);
    event.barcode.pack = 1;
    changes_add_event(changes, &event);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct store_start start = {.practice = true, .program = "test", .sha256 = crypto_sha256_two};
    struct err err = {0};
    int error = 1;
    *state = f;
    (void)snprintf(f->directory, sizeof f->directory, "/tmp/fairstock-search-XXXXXX");
    memset(start.new_device.bytes, 0xd0, ID128_BYTES);
    memset(start.epoch.bytes, 1, ID128_BYTES);
    if (!mkdtemp(f->directory) || store_open(f->directory, &start, &f->store, &err) < 0)
        return -1;
    CHANGES_AUTO struct changes changes = changes_new();
    add_item(&changes, 1, "MUG", "Blue mug", "4006381333931");
    add_item(&changes, 2, "CUP", "Blue mug", "CUP-1");
    add_item(&changes, 3, "UPC", "Blue mug", "0036000291452");
    store_submit(f->store, &changes, ignore, &error);
    return error;
}

static int teardown(void **state)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "lock"};
    struct fixture *f = *state;
    store_close(f->store);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", f->directory, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(f->directory);
    free(f);
    return 0;
}

static void test_words_and_codes(void **state)
{
    static const struct {
        const char *search, *found; /* SKUs in order */
    } cases[] = {
        {NULL, "MUG CUP UPC "},
        {"", "MUG CUP UPC "},
        {"mug", "MUG CUP UPC "},
        {"  MUG   blue ", "MUG CUP UPC "},
        {"cup blue", "CUP "},
        {"cup green", ""},
        {"40063", "MUG "},
        {"CUP-1", "CUP "},
        {"036000291452", "UPC "}, /* as printed; kept as EAN-13 */
        {"m u g blue", "MUG CUP UPC "},
        {"m u g blue mug", "MUG CUP UPC "}, /* the fourth word is "blue mug" */
        {"m u g blue blue", ""},            /* nowhere in this order */
        {"%", ""},
        {"'", ""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct item items[4];
        char found[64] = "";
        int count = store_items(f->store, cases[i].search, 0, items, 4);
        for (int k = 0; k < count; k++)
            (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s ", items[k].sku);
        assert_string_equal(found, cases[i].found);
    }
}

static void test_pages(void **state)
{
    struct fixture *f = *state;
    struct item items[2];
    assert_int_equal(store_items(f->store, "blue", 0, items, 2), 2);
    assert_int_equal(store_items(f->store, "blue", items[1].alias, items, 2), 1);
    assert_string_equal(items[0].sku, "UPC");
    assert_int_equal(store_items(f->store, "blue", items[0].alias, items, 2), 0);
}

static void test_long_words_are_cut(void **state)
{
    struct fixture *f = *state;
    struct item items[1];
    char search[3000];
    memset(search, 'x', sizeof search);
    search[sizeof search - 1] = '\0';
    assert_int_equal(store_items(f->store, search, 0, items, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_words_and_codes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_words_are_cut, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
