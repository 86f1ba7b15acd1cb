/* What tells a machine from others, read from a folder that stands for / . */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "app/machine.h"

enum { PATH_BYTES = 512 };

struct place {
    char root[64];
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (!place)
        return -1;
    (void)snprintf(place->root, sizeof place->root, "/tmp/fairstock-machine-XXXXXX");
    *state = place;
    return mkdtemp(place->root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static int teardown(void **state)
{
    enum { DESCRIPTORS = 8 };
    struct place *place = *state;
    int result = nftw(place->root, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    free(place);
    return result;
}

static void put(const struct place *place, const char *name, const char *bytes, size_t length)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", place->root, name);
    for (char *slash = path + strlen(place->root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void assert_described(const struct place *place, const char *wanted)
{
    struct buf text = buf_new(MACHINE_TEXT_MAX_BYTES);
    machine_describe(place->root, place->root, &text);
    assert_int_equal(buf_error(&text), 0);
    assert_string_equal(buf_text(&text), wanted);
    buf_free(&text);
}

/* Where sysfs has the disk that holds the folder. */
static void disk_name(const struct place *place, const char *leaf, char name[PATH_BYTES])
{
    struct stat status;
    assert_int_equal(stat(place->root, &status), 0);
    (void)snprintf(name, PATH_BYTES, "sys/dev/block/%u:%u/%s", major(status.st_dev), minor(status.st_dev),
                   leaf);
}

static void what_cannot_be_read_is_left_out(void **state)
{
    const struct place *place = *state;
    assert_described(place, "");
    put(place, "etc/machine-id", "abc\n", 4);
    assert_described(place, "system=abc\n");
    put(place, "etc/machine-id", "", 0);
    assert_described(place, "");
}

static void board_system_and_card_are_told_apart(void **state)
{
    const struct place *place = *state;
    char name[PATH_BYTES];
    put(place, "proc/device-tree/serial-number", "100000001234abcd", 17); /* with its NUL */
    put(place, "etc/machine-id", "abc\n", 4);
    assert_described(place, "board=100000001234abcd\nsystem=abc\n");
    disk_name(place, "wwid", name);
    put(place, name, "nvme.1\n", 7);
    assert_described(place, "board=100000001234abcd\nsystem=abc\ndisk=nvme.1\n");
    disk_name(place, "device/cid", name);
    put(place, name, "035344\n", 7); /* a card says who it is best */
    assert_described(place, "board=100000001234abcd\nsystem=abc\ndisk=035344\n");
}

static void this_machine_says_the_same_twice(void **state)
{
    const struct place *place = *state;
    struct buf one = buf_new(MACHINE_TEXT_MAX_BYTES), two = buf_new(MACHINE_TEXT_MAX_BYTES);
    machine_describe("", place->root, &one);
    machine_describe("", place->root, &two);
    assert_string_equal(buf_text(&one), buf_text(&two));
    buf_free(&one);
    buf_free(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(board_system_and_card_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(this_machine_says_the_same_twice, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
