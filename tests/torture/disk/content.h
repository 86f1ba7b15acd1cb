/* The bytes of one file: pages shared between copies until one of them writes, so that a copy of a whole disk
 * costs a few pointers. A page that was never written reads as zeros and takes no memory. */
#ifndef TORTURE_DISK_CONTENT_H
#define TORTURE_DISK_CONTENT_H

#include <stddef.h>
#include <stdint.h>

enum { CONTENT_PAGE_BYTES = 4096 };

struct content_page;

struct content {
    uint64_t size; /* bytes */
    uint32_t page_count;
    struct content_page **pages;
};

struct content content_copy(const struct content *from);
void content_free(struct content *content);
/* Past the end reads zeros; returns how many bytes lay before the end. */
size_t content_read(const struct content *content, void *bytes, size_t length, uint64_t at);
/* bytes NULL: zeros. Grows the file. */
void content_write(struct content *content, const void *bytes, size_t length, uint64_t at);
/* Cuts or grows; what grows reads as zeros. */
void content_resize(struct content *content, uint64_t size);

#endif
