#include "gate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { GATE_NOTED_MAX = 2048 };

/* The calls have no argument to spare for it. */
static struct {
    bool armed, for_good, root, noting;
    enum gate_fault fault;
    uint64_t at, hits, met[GATE_FAULTS];
    const char *first;
    int held;
    bool own[GATE_FAULTS][GATE_NOTED_MAX]; /* of the last run in which nothing failed */
} gate;

static bool can_meet(enum gate_fault fault, enum gate_operation operation)
{
    switch (fault) {
    case GATE_EIO:
        return true;
    case GATE_FULL:
        return operation == GATE_MAKE || operation == GATE_WRITE;
    case GATE_READONLY:
        return operation == GATE_MAKE || operation == GATE_WRITE || operation == GATE_REMOVE;
    case GATE_ROT:
        return operation == GATE_READ_COPY;
    default:
        return false;
    }
}

enum gate_fault gate_pass(enum gate_operation operation, const char *name)
{
    if (!gate.armed)
        return GATE_NONE;
    for (int fault = GATE_NONE + 1; fault < GATE_FAULTS; fault++) {
        if (!can_meet((enum gate_fault)fault, operation))
            continue;
        gate.met[fault]++;
        if (gate.fault == GATE_NONE && gate.noting && gate.met[fault] < GATE_NOTED_MAX)
            gate.own[fault][gate.met[fault]] = strncmp(name, "SQLite", 6) != 0;
    }
    if (gate.fault == GATE_NONE || !can_meet(gate.fault, operation) || gate.met[gate.fault] < gate.at ||
        (gate.met[gate.fault] > gate.at && !gate.for_good))
        return GATE_NONE;
    if (gate.hits++ == 0)
        gate.first = name;
    return gate.fault;
}

int gate_errno(enum gate_fault fault)
{
    return fault == GATE_FULL ? ENOSPC : fault == GATE_READONLY ? EROFS : EIO;
}

void gate_arm(enum gate_fault fault, uint64_t at, bool for_good)
{
    gate.armed = true;
    gate.fault = fault;
    gate.at = at;
    gate.for_good = for_good;
    gate.hits = 0;
    gate.first = "";
    gate.noting = fault == GATE_NONE && at == 0;
    memset(gate.met, 0, sizeof gate.met);
}

void gate_disarm(uint64_t met[GATE_FAULTS])
{
    gate.armed = false;
    if (met)
        memcpy(met, gate.met, sizeof gate.met);
}

bool gate_was_own(enum gate_fault fault, uint64_t number)
{
    return number >= GATE_NOTED_MAX || gate.own[fault][number];
}

uint64_t gate_hits(void)
{
    return gate.hits;
}

const char *gate_first(void)
{
    return gate.first;
}

int gate_held(void)
{
    return gate.held;
}

void gate_play_root(bool root)
{
    gate.root = root;
}

const char *gate_fault_name(enum gate_fault fault)
{
    static const char *const names[] = {"nothing", "an I/O error", "a full disk", "a read-only disk",
                                        "a wrong bit"};
    return names[fault];
}

bool gate_is_copy(const char *path)
{
    size_t length = path ? strlen(path) : 0;
    return (length > 5 && strcmp(path + length - 5, ".part") == 0) ||
           (length > 10 && strcmp(path + length - 10, ".restoring") == 0);
}

void gate_rot(void *bytes, int length)
{
    ((unsigned char *)bytes)[length / 2] ^= 0x10;
}

/* True when it fails: errno says how. */
static bool fails(enum gate_operation operation, const char *name)
{
    enum gate_fault fault = gate_pass(operation, name);
    if (fault == GATE_NONE || fault == GATE_ROT)
        return false;
    errno = gate_errno(fault);
    return true;
}

static int holds(int fd)
{
    gate.held += fd >= 0;
    return fd;
}

/* --- names and descriptors --- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_stat(const char *path, struct stat *status);
int __wrap_stat(const char *path, struct stat *status);
int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __real_statvfs(const char *path, struct statvfs *disk);
int __wrap_statvfs(const char *path, struct statvfs *disk);
int __real_fstatvfs(int fd, struct statvfs *disk);
int __wrap_fstatvfs(int fd, struct statvfs *disk);
int __real_statfs(const char *path, struct statfs *disk);
int __wrap_statfs(const char *path, struct statfs *disk);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_renameat(int folder, const char *from, int to_folder, const char *to);
int __wrap_renameat(int folder, const char *from, int to_folder, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __real_unlinkat(int folder, const char *path, int flags);
int __wrap_unlinkat(int folder, const char *path, int flags);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __real_lchown(const char *path, uid_t user, gid_t group);
int __wrap_lchown(const char *path, uid_t user, gid_t group);
int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __real_fcntl(int fd, int operation, void *argument);
int __wrap_fcntl(int fd, int operation, void *argument);
DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);
struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);
int __real_closedir(DIR *folder);
int __wrap_closedir(DIR *folder);
uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & O_CREAT ? (mode_t)va_arg(arguments, unsigned) : 0;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return fails(flags & O_CREAT ? GATE_MAKE : GATE_LOOK, "open") ? -1
                                                                  : holds(__real_open(path, flags, mode));
}

int __wrap_openat(int folder, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return fails(flags & O_CREAT ? GATE_MAKE : GATE_LOOK, "openat")
               ? -1
               : holds(__real_openat(folder, path, flags, mode));
}

int __wrap_close(int fd)
{
    gate.held -= fd >= 0;
    return __real_close(fd);
}

int __wrap_stat(const char *path, struct stat *status)
{
    return fails(GATE_LOOK, "stat") ? -1 : __real_stat(path, status);
}

int __wrap_fstat(int fd, struct stat *status)
{
    return fails(GATE_LOOK, "fstat") ? -1 : __real_fstat(fd, status);
}

int __wrap_statvfs(const char *path, struct statvfs *disk)
{
    return fails(GATE_LOOK, "statvfs") ? -1 : __real_statvfs(path, disk);
}

int __wrap_fstatvfs(int fd, struct statvfs *disk)
{
    return fails(GATE_LOOK, "fstatvfs") ? -1 : __real_fstatvfs(fd, disk);
}

int __wrap_statfs(const char *path, struct statfs *disk)
{
    return fails(GATE_LOOK, "statfs") ? -1 : __real_statfs(path, disk);
}

int __wrap_access(const char *path, int mode)
{
    return fails(GATE_LOOK, "access") ? -1 : __real_access(path, mode);
}

int __wrap_rename(const char *from, const char *to)
{
    return fails(GATE_MAKE, "rename") ? -1 : __real_rename(from, to);
}

int __wrap_renameat(int folder, const char *from, int to_folder, const char *to)
{
    return fails(GATE_MAKE, "renameat") ? -1 : __real_renameat(folder, from, to_folder, to);
}

int __wrap_unlink(const char *path)
{
    return fails(GATE_REMOVE, "unlink") ? -1 : __real_unlink(path);
}

int __wrap_unlinkat(int folder, const char *path, int flags)
{
    return fails(GATE_REMOVE, "unlinkat") ? -1 : __real_unlinkat(folder, path, flags);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    return fails(GATE_MAKE, "mkdir") ? -1 : __real_mkdir(path, mode);
}

int __wrap_lchown(const char *path, uid_t user, gid_t group)
{
    return fails(GATE_MAKE, "lchown") ? -1 : __real_lchown(path, user, group);
}

int __wrap_flock(int fd, int operation)
{
    return fails(GATE_LOOK, "flock") ? -1 : __real_flock(fd, operation);
}

/* The store uses it for locks alone. */
int __wrap_fcntl(int fd, int operation, void *argument)
{
    return fails(GATE_LOOK, "fcntl") ? -1 : __real_fcntl(fd, operation, argument);
}

DIR *__wrap_fdopendir(int fd)
{
    return fails(GATE_LOOK, "fdopendir") ? NULL : __real_fdopendir(fd);
}

struct dirent *__wrap_readdir(DIR *folder)
{
    return fails(GATE_READ, "readdir") ? NULL : __real_readdir(folder);
}

int __wrap_closedir(DIR *folder)
{
    gate.held--;
    return __real_closedir(folder);
}

uid_t __wrap_geteuid(void)
{
    return gate.root ? 0 : __real_geteuid();
}

/* --- bytes --- */

ssize_t __real_read(int fd, void *bytes, size_t length);
ssize_t __wrap_read(int fd, void *bytes, size_t length);
ssize_t __real_pread(int fd, void *bytes, size_t length, off_t at);
ssize_t __wrap_pread(int fd, void *bytes, size_t length, off_t at);
ssize_t __real_pwrite(int fd, const void *bytes, size_t length, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t length, off_t at);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_syncfs(int fd);
int __wrap_syncfs(int fd);

ssize_t __wrap_read(int fd, void *bytes, size_t length)
{
    return fails(GATE_READ, "read") ? -1 : __real_read(fd, bytes, length);
}

ssize_t __wrap_pread(int fd, void *bytes, size_t length, off_t at)
{
    return fails(GATE_READ, "pread") ? -1 : __real_pread(fd, bytes, length, at);
}

/* A full disk has taken half. */
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    if (!fails(GATE_WRITE, "pwrite"))
        return __real_pwrite(fd, bytes, length, at);
    int why = errno;
    if (why == ENOSPC && length > 1 && __real_pwrite(fd, bytes, length / 2, at) < 0)
        return -1;
    errno = why;
    return -1;
}

int __wrap_fsync(int fd)
{
    return fails(GATE_SYNC, "fsync") ? -1 : __real_fsync(fd);
}

int __wrap_syncfs(int fd)
{
    return fails(GATE_SYNC, "syncfs") ? -1 : __real_syncfs(fd);
}
