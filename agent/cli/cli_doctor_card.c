/* doctor: the disk under the ledger, as far as Linux shows it. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "store/store_place.h"

enum { WORDS_MAX_BYTES = 256, VALUE_MAX_BYTES = 64 };
#define NEW_CARD "Make a backup now (fairstock backup DIR), and move to a new card: fairstock restore FILE."

/* Where the kernel shows devices. FAIRSTOCK_TEST_SYS is for tests of this file only. */
static const char *sys_root(void)
{
    const char *root = getenv("FAIRSTOCK_TEST_SYS");
    return root ? root : "/sys";
}

/* The first line of a small file of sysfs; false when there is none. */
static bool read_value(const char *folder, const char *name, char value[VALUE_MAX_BYTES])
{
    char path[PATH_MAX + 2 * VALUE_MAX_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE_AUTO FILE *file = fopen(path, "re");
    if (!file || !fgets(value, VALUE_MAX_BYTES, file))
        return false;
    value[strcspn(value, "\n")] = '\0';
    return true;
}

/* --- place --- */

static int check_place(const char *directory)
{
    enum store_place place;
    const char *file_system;
    char words[WORDS_MAX_BYTES];
    int result = store_place(directory, &place, &file_system);
    if (result < 0)
        return 0; /* the free space says that the directory cannot be looked at */
    if (place == PLACE_READ_ONLY)
        return cli_report(false, "the ledger's file system is mounted read-only",
                          "Write sales on paper. A failing card does that: sudo dmesg | tail. " NEW_CARD);
    if (place == PLACE_FINE)
        return cli_report(true, "the ledger's file system can be written", "");
    (void)snprintf(words, sizeof words, "the ledger is on a network or user-space file system (%s)",
                   file_system);
    return cli_report(false, words, "Use a directory on the device's own card or disk: --state DIR");
}

/* --- errors that the file system has counted (Documentation/ABI/testing/sysfs-fs-ext4) --- */

static int check_errors(const char *block)
{
    char folder[PATH_MAX + 32], value[VALUE_MAX_BYTES], words[WORDS_MAX_BYTES];
    const char *name = strrchr(block, '/');
    (void)snprintf(folder, sizeof folder, "%s/fs/ext4%s", sys_root(), name ? name : "/none");
    if (!read_value(folder, "errors_count", value))
        return 0; /* not ext4: this is not counted */
    bool good = strcmp(value, "0") == 0;
    (void)snprintf(words, sizeof words, "file system errors: %s", good ? "none" : value);
    return cli_report(
        good, words,
        "Make a backup now (fairstock backup DIR), then check the card: sudo touch /forcefsck; sudo "
        "reboot. If they come again, use a new card.");
}

/* --- wear (JESD84-B51, EXT_CSD[267..269]; Documentation/ABI/testing/sysfs-bus-mmc) --- */

/* 0x01: up to 10 % of its life is used … 0x0a: up to 100 %, 0x0b: more; 0: not told. */
static unsigned life_used(const char *value)
{
    unsigned a = 0, b = 0;
    int read = sscanf(value, "%x %x", &a, &b);
    if (read < 1)
        return 0;
    return read == 2 && b > a ? b : a;
}

static int check_wear(const char *device)
{
    enum { LIFE_LAST = 0x0b, LIFE_WARN = 0x09, RESERVE_FINE = 1 };
    char life[VALUE_MAX_BYTES] = "", reserve[VALUE_MAX_BYTES] = "", words[WORDS_MAX_BYTES];
    (void)read_value(device, "life_time", life);
    (void)read_value(device, "pre_eol_info", reserve);
    unsigned used = life_used(life), left = (unsigned)strtoul(reserve, NULL, 16);
    if (!used && !left) {
        (void)printf("note card health: this memory does not tell how worn it is\n");
        return 0;
    }
    bool good = used < LIFE_WARN && left <= RESERVE_FINE;
    if (used >= LIFE_LAST)
        (void)snprintf(words, sizeof words, "card health: its expected life is over");
    else if (used)
        (void)snprintf(words, sizeof words, "card health: %u to %u %% of its life is used", (used - 1) * 10,
                       used * 10);
    else
        (void)snprintf(words, sizeof words, "card health: its life is not told");
    if (left > RESERVE_FINE)
        (void)snprintf(words + strlen(words), sizeof words - strlen(words), "%s",
                       left == 2 ? ", most of its reserve is used" : ", its reserve is used up");
    return cli_report(good, words, NEW_CARD);
}

static int check_card(const char *block)
{
    char device[PATH_MAX + 32], path[PATH_MAX + 32], type[VALUE_MAX_BYTES];
    (void)snprintf(path, sizeof path, "%s/partition", block);
    (void)snprintf(device, sizeof device, "%s%s", block, access(path, F_OK) == 0 ? "/../device" : "/device");
    if (!read_value(device, "type", type))
        type[0] = '\0';
    if (strcmp(type, "MMC") == 0)
        return check_wear(device);
    if (strcmp(type, "SD") == 0)
        (void)printf(
            "note card health: an SD card does not tell how worn it is. Keep backups, and a spare card\n");
    else
        (void)printf(
            "note card health: Linux shows none for this kind of disk (for an SSD: sudo smartctl -a)\n");
    return 0;
}

int cli_doctor_card(const char *directory)
{
    struct stat status;
    char link[PATH_MAX], block[PATH_MAX];
    int bad = check_place(directory);
    if (stat(directory, &status) < 0)
        return bad;
    (void)snprintf(link, sizeof link, "%s/dev/block/%u:%u", sys_root(), major(status.st_dev),
                   minor(status.st_dev));
    if (!realpath(link, block)) {
        (void)printf("note card health: the ledger's disk is not one that Linux shows\n");
        return bad;
    }
    return bad + check_errors(block) + check_card(block);
}
