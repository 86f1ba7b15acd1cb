/* The simulated disk as SQLite sees it: a VFS named "disk", made to behave as SQLite's unix VFS does where it
 * matters (sqlite3_vfs and sqlite3_io_methods in sqlite3.h): 4,096-byte sectors, psow from the URI, the
 * folder synced once after the first sync of a journal or WAL with its result ignored, access() that answers
 * "no" when it fails, shared memory that does not outlive its last user. */
#ifndef TORTURE_DISK_DISK_VFS_H
#define TORTURE_DISK_DISK_VFS_H

#include "disk.h"

#define DISK_VFS_NAME "disk"

/* Once, before the first use. Makes it the default VFS, so that SQLite's random numbers come from the disk's
 * seed. */
int disk_vfs_register(void);
/* What is opened from now on is opened on this disk. */
void disk_vfs_use(struct disk *disk);

#endif
