#include "content.h"

#include <string.h>

#include "memory.h"

struct content_page {
    uint32_t users;
    uint8_t bytes[CONTENT_PAGE_BYTES];
};

static void drop_page(struct content_page *page)
{
    if (page && --page->users == 0)
        memory_put(page);
}

struct content content_copy(const struct content *from)
{
    struct content copy = *from;
    copy.pages = from->page_count ? memory_get(from->page_count * sizeof *copy.pages) : NULL;
    for (uint32_t i = 0; i < from->page_count; i++) {
        copy.pages[i] = from->pages[i];
        if (copy.pages[i])
            copy.pages[i]->users++;
    }
    return copy;
}

void content_free(struct content *content)
{
    for (uint32_t i = 0; i < content->page_count; i++)
        drop_page(content->pages[i]);
    memory_put(content->pages);
    *content = (struct content){0};
}

size_t content_read(const struct content *content, void *bytes, size_t length, uint64_t at)
{
    size_t there = at >= content->size ? 0 : content->size - at < length ? content->size - at : length;
    uint8_t *to = bytes;
    memset(to + there, 0, length - there);
    for (size_t done = 0; done < there;) {
        uint64_t place = at + done;
        size_t offset = place % CONTENT_PAGE_BYTES, part = CONTENT_PAGE_BYTES - offset;
        if (part > there - done)
            part = there - done;
        const struct content_page *page = place / CONTENT_PAGE_BYTES < content->page_count
                                              ? content->pages[place / CONTENT_PAGE_BYTES]
                                              : NULL;
        if (page)
            memcpy(to + done, page->bytes + offset, part);
        else
            memset(to + done, 0, part);
        done += part;
    }
    return there;
}

/* A page that only this file has. */
static struct content_page *own_page(struct content *content, uint64_t number)
{
    struct content_page *page = content->pages[number];
    if (page && page->users == 1)
        return page;
    struct content_page *made = memory_get(sizeof *made);
    if (page)
        memcpy(made->bytes, page->bytes, sizeof made->bytes);
    made->users = 1;
    drop_page(page);
    content->pages[number] = made;
    return made;
}

static void want_pages(struct content *content, uint64_t bytes)
{
    uint32_t need = (uint32_t)((bytes + CONTENT_PAGE_BYTES - 1) / CONTENT_PAGE_BYTES);
    if (need <= content->page_count)
        return;
    content->pages = memory_grow(content->pages, need * sizeof *content->pages);
    memset(content->pages + content->page_count, 0, (need - content->page_count) * sizeof *content->pages);
    content->page_count = need;
}

void content_write(struct content *content, const void *bytes, size_t length, uint64_t at)
{
    const uint8_t *from = bytes;
    want_pages(content, at + length);
    if (at + length > content->size)
        content->size = at + length;
    for (size_t done = 0; done < length;) {
        uint64_t place = at + done;
        size_t offset = place % CONTENT_PAGE_BYTES, part = CONTENT_PAGE_BYTES - offset;
        if (part > length - done)
            part = length - done;
        if (from)
            memcpy(own_page(content, place / CONTENT_PAGE_BYTES)->bytes + offset, from + done, part);
        else if (content->pages[place / CONTENT_PAGE_BYTES])
            memset(own_page(content, place / CONTENT_PAGE_BYTES)->bytes + offset, 0, part);
        done += part;
    }
}

void content_resize(struct content *content, uint64_t size)
{
    if (size < content->size) {
        uint64_t old = content->size;
        for (uint64_t at = size; at < old;) { /* what is cut off reads as zeros when the file grows again */
            size_t part = CONTENT_PAGE_BYTES - at % CONTENT_PAGE_BYTES;
            if (part == CONTENT_PAGE_BYTES) {
                drop_page(content->pages[at / CONTENT_PAGE_BYTES]);
                content->pages[at / CONTENT_PAGE_BYTES] = NULL;
            } else {
                content_write(content, NULL, part, at);
            }
            at += part;
        }
    }
    want_pages(content, size);
    content->size = size;
}
