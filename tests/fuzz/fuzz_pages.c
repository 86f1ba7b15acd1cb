// link: store domain
/* Any bytes as a ledger's file: the salvage's reader of pages finds rows in it or not, within its bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/store_pages.h"

static int take(void *user, uint64_t position, const uint8_t *body, size_t length)
{
    unsigned *sum = user;
    if (position == 0 || length <= 4 || length > EVENT_MAX_BYTES + 4)
        abort();
    for (size_t i = 0; i < length; i++) /* so that a sanitizer sees every byte */
        *sum += body[i];
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct store_pages_report report;
    char path[64];
    unsigned sum = 0;
    int file = memfd_create("ledger", MFD_CLOEXEC);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (store_pages_scan(path, take, &sum, &report, NULL) < 0)
        abort();
    (void)close(file);
    return 0;
}
