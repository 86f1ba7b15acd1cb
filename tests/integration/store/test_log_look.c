/* A log that is damaged between a crash and the next start: what stood behind the damage had been
 * acknowledged, so a start refuses, changes nothing, and a salvage brings it back. A last commit that was cut
 * off is no damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damage.h"
#include "store/store_internal.h"

enum { SALES = 12, HEADER = 32, FRAME = 24 + 1024 };

struct image {
    uint8_t file[DAMAGE_FILE_MAX_BYTES], log[DAMAGE_FILE_MAX_BYTES];
    size_t file_size, log_size, used; /* used: to the end of the last frame that counts */
    size_t commits[64];               /* ends of commits in the log */
    int commit_count;
    uint64_t last;
};

static void read_image(struct ledger *ledger, struct image *image)
{
    char path[LEDGER_PATH_BYTES];
    ledger_path(ledger, "ledger.db", path);
    damage_read(path, image->file, &image->file_size);
    ledger_path(ledger, "ledger.db-wal", path);
    damage_read(path, image->log, &image->log_size);
}

/* Kill -9 after so many sales. */
static void make(struct ledger *ledger, struct image *image)
{
    ledger_open(ledger);
    ledger_stock_up(ledger);
    for (int i = 0; i < SALES; i++)
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    image->last = store_last_position(ledger->store);
    read_image(ledger, image);
    ledger_close(ledger);
    for (size_t at = HEADER; at + FRAME <= image->log_size; at += FRAME) {
        if (memcmp(image->log + at + 8, image->log + 16, 8) != 0)
            break;
        image->used = at + FRAME;
        if (memcmp(image->log + at + 4, "\0\0\0", 4) != 0) {
            bool copy = image->commit_count && image->commits[image->commit_count - 1] == at;
            image->commit_count -= copy;
            image->commits[image->commit_count++] = image->used;
        }
    }
    assert_true(image->commit_count >= SALES);
}

static void place(struct ledger *ledger, const struct image *image)
{
    char path[LEDGER_PATH_BYTES];
    damage_place(ledger, image->file, image->file_size);
    ledger_path(ledger, "ledger.db-wal", path);
    damage_write(path, image->log, image->log_size);
}

static int start(struct ledger *ledger, struct err *err)
{
    struct store_start begin = ledger_start(ledger);
    return store_open(ledger->directory, &begin, &ledger->store, err);
}

/* 0: it starts. -EUCLEAN: it refused, changed nothing, and a salvage found what stood behind. */
static int judge(struct ledger *ledger, const struct image *image, const char *what, size_t at)
{
    static struct image after;
    struct store_salvaged salvaged;
    struct err err = {0};
    place(ledger, image);
    ledger->next_epoch = 100; /* each time the same image goes on */
    int result = start(ledger, &err);
    if (result == 0) {
        ledger_close(ledger);
        return 0;
    }
    if (result != -EUCLEAN)
        print_error("%s at %zu: %d %s\n", what, at, result, err_text(&err));
    assert_int_equal(result, -EUCLEAN);
    assert_non_null(strstr(err_text(&err), "the log is damaged behind event"));
    read_image(ledger, &after);
    assert_memory_equal(after.file, image->file, image->file_size);
    assert_memory_equal(after.log, image->log, image->log_size);
    result = damage_salvage(ledger, &salvaged, &err);
    if (result < 0)
        print_error("%s at %zu: %s\n", what, at, err_text(&err));
    assert_int_equal(result, 0);
    assert_true(salvaged.last + 1 >= image->last);
    ledger_open(ledger);
    assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
    ledger_close(ledger);
    return -EUCLEAN;
}

static struct image whole, hurt;

static void every_frame_that_rots_is_seen(void **state)
{
    struct ledger *ledger = *state;
    make(ledger, &whole);
    assert_int_equal(judge(ledger, &whole, "nothing", 0), 0);
    /* Of the last commit but one the header of the frame that ends it must be whole: without that mark it
     * looks like a beginning of the last one. Nor can a copy of that frame, which fills the sector, be told
     * from one that a power cut took. */
    size_t last = whole.commits[whole.commit_count - 2], before = whole.commits[whole.commit_count - 3];
    int seen = 0;
    for (size_t at = HEADER; at < last; at += FRAME) {
        static const size_t places[] = {2, 6, 10, 17, 24, 24 + 1000};
        if (at >= before && memcmp(whole.log + at, whole.log + at - FRAME, 8) == 0)
            continue;
        hurt = whole;
        hurt.log[at + places[at < before ? (size_t)seen % 6 : 5]] ^= 0x40;
        assert_int_equal(judge(ledger, &hurt, "a bit", at), -EUCLEAN);
        seen++;
    }
    assert_true(seen > SALES * 2);
}

static void a_header_that_rots_is_seen(void **state)
{
    struct ledger *ledger = *state;
    make(ledger, &whole);
    for (size_t at = 0; at < HEADER; at++) {
        if (at >= 4 && at < 8)
            continue; /* another version of the format: SQLite refuses it by itself */
        hurt = whole;
        hurt.log[at] ^= 0x40;
        assert_int_equal(judge(ledger, &hurt, "the header", at), -EUCLEAN);
    }
}

/* Whatever of the last commit is missing or torn: it was never acknowledged. */
static void a_last_commit_that_was_cut_off_is_no_damage(void **state)
{
    struct ledger *ledger = *state;
    make(ledger, &whole);
    size_t last = whole.commits[whole.commit_count - 2];
    for (size_t at = last; at < whole.used; at += 512) {
        hurt = whole;
        memset(hurt.log + at, 0, whole.used - at);
        assert_int_equal(judge(ledger, &hurt, "cut", at), 0);
        hurt = whole;
        memset(hurt.log + at, 0x5a, at + 512 < whole.used ? 512 : whole.used - at);
        assert_int_equal(judge(ledger, &hurt, "torn", at), 0);
    }
}

/* A log whose pages are in the file says nothing when it rots, nor do old frames behind new ones. */
static void what_is_home_already_is_no_damage(void **state)
{
    struct ledger *ledger = *state;
    make(ledger, &whole);
    place(ledger, &whole);
    assert_int_equal(start(ledger, NULL),
                     0); /* brings it home, and writes its own start over the beginning */
    assert_int_equal(
        sqlite3_wal_checkpoint_v2(ledger->store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), SQLITE_OK);
    static struct image home;
    read_image(ledger, &home);
    ledger_close(ledger);
    for (size_t at = 0; at < whole.used; at += 700) {
        hurt = home;
        hurt.log[at] ^= 0x40;
        if (at < 4 || at >= 8)
            assert_int_equal(judge(ledger, &hurt, "what is home", at), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_frame_that_rots_is_seen, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(a_header_that_rots_is_seen, ledger_setup, ledger_teardown),
        cmocka_unit_test_setup_teardown(a_last_commit_that_was_cut_off_is_no_damage, ledger_setup,
                                        ledger_teardown),
        cmocka_unit_test_setup_teardown(what_is_home_already_is_no_damage, ledger_setup, ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
