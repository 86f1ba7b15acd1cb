#include "store/store_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/store_internal.h"

/* statfs(2); linux/magic.h. SQLite's log needs memory that all readers share ("Write-Ahead Logging", 2.):
 * these give none, or one per machine, and some acknowledge what the other side has not written. */
static const struct {
    uint32_t magic;
    const char *name;
} remote[] = {
    {0x6969, "NFS"},        {0x517B, "SMB"},        {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB"},
    {0x65735546, "FUSE"},   {0x01021997, "9P"},     {0x564C, "NCP"},      {0x73757245, "Coda"},
    {0x5346414F, "AFS"},    {0x6B414653, "AFS"},    {0x00C36400, "Ceph"}, {0x47504653, "GPFS"},
    {0x0BD00BD0, "Lustre"}, {0x19830326, "BeeGFS"},
};

int store_place(const char *directory, enum store_place *place, const char **file_system)
{
    struct statfs what;
    struct statvfs how;
    if (statfs(directory, &what) < 0 || statvfs(directory, &how) < 0)
        return -errno;
    *place = how.f_flag & ST_RDONLY ? PLACE_READ_ONLY : PLACE_FINE;
    *file_system = "";
    for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++) {
        if (remote[i].magic != (uint32_t)what.f_type)
            continue;
        *place = PLACE_REMOTE;
        *file_system = remote[i].name;
    }
    return 0;
}

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* SQLite's file format, section 1.3: magic, user_version at 60, application_id at 68. The header of a page
 * that waits in the log is the same in these, but for the migration that a power cut left there: then the
 * older number is the safe one to believe. */
int store_place_file(const char *directory, enum store_file *kind)
{
    static const char magic[] = "SQLite format 3";
    char path[STORE_PATH_MAX_BYTES + 16];
    uint8_t header[100];
    (void)snprintf(path, sizeof path, "%s/ledger.db", directory);
    FD_AUTO int fd = open(path, O_RDONLY | O_CLOEXEC);
    *kind = FILE_IS_MISSING;
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    ssize_t got = pread(fd, header, sizeof header, 0);
    if (got < 0)
        return -errno;
    if (got < (ssize_t)sizeof header || memcmp(header, magic, sizeof magic) != 0 ||
        big_endian(header + 68) != (uint32_t)STORE_APPLICATION_ID)
        *kind = FILE_IS_OTHER;
    else
        *kind = (int64_t)big_endian(header + 60) > store_schema_version() ? FILE_IS_NEWER : FILE_IS_LEDGER;
    return 0;
}
