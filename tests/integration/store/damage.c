#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>

#include "crypto/crypto.h"
#include "damage.h"

void damage_read(const char *path, uint8_t *bytes, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *length = fread(bytes, 1, DAMAGE_FILE_MAX_BYTES, file);
    assert_int_equal(fclose(file), 0);
}

void damage_write(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

void damage_place(struct ledger *ledger, const uint8_t *bytes, size_t length)
{
    char path[LEDGER_PATH_BYTES];
    ledger_remove(ledger->directory);
    assert_int_equal(mkdir(ledger->directory, 0700), 0);
    ledger_path(ledger, "ledger.db", path);
    damage_write(path, bytes, length);
}

int damage_salvage(struct ledger *ledger, struct store_salvaged *salvaged, struct err *err)
{
    struct store_install install = {
        .directory = ledger->directory, .wall_ms = 1790000009000, .sha256 = crypto_sha256_two};
    struct store_start start = ledger_start(ledger);
    return store_salvage(NULL, &install, &start, salvaged, err);
}
