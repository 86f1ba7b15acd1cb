/* Cleanup attributes for locals: the resource goes when the scope ends, on every path. */
#ifndef FAIRSTOCK_BASE_CLEANUP_H
#define FAIRSTOCK_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void cleanup_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static inline void cleanup_file(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

#define FREE_AUTO __attribute__((cleanup(cleanup_free)))
#define FD_AUTO   __attribute__((cleanup(cleanup_fd)))
#define FILE_AUTO __attribute__((cleanup(cleanup_file)))

#endif
