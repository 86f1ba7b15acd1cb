#include "disk_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "disk_vfs.h"

enum { HANDLE_FOLDER = -1, HANDLE_PARENT = -2 };

static int fault_errno(enum disk_fault_kind fault)
{
    switch (fault) {
    case FAULT_NONE:
        return 0;
    case FAULT_FULL:
        return -ENOSPC;
    case FAULT_READONLY:
        return -EROFS;
    default:
        return -EIO;
    }
}

static int meet(struct disk_calls *calls, enum disk_operation operation)
{
    return fault_errno(disk_operate(calls->disk, operation));
}

static int give_handle(struct disk_calls *calls, int what)
{
    for (int i = 0; i < DISK_HANDLES_MAX; i++)
        if (!calls->handles[i]) {
            calls->handles[i] = what;
            calls->held++;
            return i;
        }
    return -EMFILE;
}

static int open_file(struct disk_calls *calls, const char *path, int flags)
{
    char name[DISK_NAME_BYTES];
    disk_name(calls->disk, path, name);
    int number = disk_find(calls->disk, name);
    if (number >= 0 && (flags & O_EXCL))
        return -EEXIST;
    if (number < 0 && !(flags & O_CREAT))
        return -ENOENT;
    int result = meet(calls, number < 0 ? OPERATION_CREATE : OPERATION_OPEN);
    if (result < 0)
        return result;
    if (number < 0)
        number = (int)disk_create(calls->disk, name);
    return give_handle(calls, number + 1);
}

static int calls_open(void *user, const char *path, int flags)
{
    struct disk_calls *calls = user;
    if (!(flags & O_DIRECTORY))
        return open_file(calls, path, flags);
    int result = meet(calls, OPERATION_LOOK);
    if (result < 0)
        return result;
    return give_handle(calls, strcmp(path, DISK_FOLDER) == 0 ? HANDLE_FOLDER : HANDLE_PARENT);
}

static void calls_close(void *user, int handle)
{
    struct disk_calls *calls = user;
    calls->handles[handle] = 0;
    calls->held--;
}

static int calls_lock(void *user, int handle)
{
    (void)user;
    (void)handle;
    return 0;
}

static int calls_write(void *user, int handle, const void *bytes, size_t length, int64_t at)
{
    struct disk_calls *calls = user;
    enum disk_fault_kind fault = disk_operate(calls->disk, OPERATION_WRITE);
    uint32_t number = (uint32_t)calls->handles[handle] - 1;
    if (fault == FAULT_SHORT || fault == FAULT_FULL)
        length = random_below(&calls->disk->random, length + 1);
    else if (fault)
        return fault_errno(fault);
    if (length > 0)
        disk_write(calls->disk, number, bytes, length, (uint64_t)at);
    return fault_errno(fault);
}

static int sync_names(struct disk_calls *calls, int what)
{
    int result = meet(calls, OPERATION_SYNC_NAMES);
    if (result == 0 && what == HANDLE_FOLDER && !calls->disk->folder_never_synced)
        disk_sync_names(calls->disk);
    return result;
}

static int calls_sync(void *user, int handle)
{
    struct disk_calls *calls = user;
    int what = calls->handles[handle];
    if (what < 0)
        return sync_names(calls, what);
    int result = meet(calls, OPERATION_SYNC);
    if (result == 0 || !calls->disk->off)
        disk_sync(calls->disk, (uint32_t)what - 1, result < 0);
    return result;
}

static int calls_size(void *user, const char *path, int64_t *size)
{
    struct disk_calls *calls = user;
    char name[DISK_NAME_BYTES];
    disk_name(calls->disk, path, name);
    int result = meet(calls, OPERATION_LOOK);
    int number = disk_find(calls->disk, name);
    if (result < 0 || number < 0)
        return result < 0 ? result : -ENOENT;
    if (size)
        *size = (int64_t)calls->disk->files[number].now.size;
    return 0;
}

static int calls_remove(void *user, const char *path)
{
    struct disk_calls *calls = user;
    char name[DISK_NAME_BYTES];
    disk_name(calls->disk, path, name);
    int result = meet(calls, OPERATION_REMOVE);
    if (result < 0)
        return result;
    if (disk_find(calls->disk, name) < 0)
        return -ENOENT;
    disk_remove(calls->disk, name);
    return 0;
}

static int calls_rename(void *user, const char *from, const char *to)
{
    struct disk_calls *calls = user;
    char name[DISK_NAME_BYTES], target[DISK_NAME_BYTES];
    disk_name(calls->disk, from, name);
    disk_name(calls->disk, to, target);
    int result = meet(calls, OPERATION_RENAME);
    if (result == 0)
        disk_rename(calls->disk, name, target);
    return result;
}

void disk_calls_init(struct disk_calls *calls, struct disk *disk)
{
    *calls = (struct disk_calls){
        .disk = disk,
        .table = {.user = calls,
                  .vfs = DISK_VFS_NAME,
                  .open = calls_open,
                  .close = calls_close,
                  .lock = calls_lock,
                  .write = calls_write,
                  .sync = calls_sync,
                  .size = calls_size,
                  .remove = calls_remove,
                  .rename = calls_rename},
    };
}
