#include "platter.h"

#include <string.h>

#include "memory.h"

/* --- following the log
 * --------------------------------------------------------------------------------------------------------
 */

void platter_init(struct platter *platter, const struct image *start, const struct disk *disk)
{
    *platter = (struct platter){.disk = disk, .file_count = start->count, .name_count = start->count};
    for (uint32_t i = 0; i < start->count; i++) {
        platter->files[i].synced = content_copy(&start->files[i]);
        memcpy(platter->names[i], start->names[i], DISK_NAME_BYTES);
        platter->name_files[i] = i;
    }
}

void platter_free(struct platter *platter)
{
    for (uint32_t i = 0; i < platter->file_count; i++) {
        content_free(&platter->files[i].synced);
        memory_put(platter->files[i].waiting);
    }
    memory_put(platter->renames);
}

static void set_name(struct image *image, const char *name, const struct content *content)
{
    uint32_t i = 0;
    while (i < image->count && strcmp(image->names[i], name) != 0)
        i++;
    if (i < image->count)
        content_free(&image->files[i]);
    else
        image->count++;
    (void)snprintf(image->names[i], DISK_NAME_BYTES, "%s", name);
    image->files[i] = content_copy(content);
}

static void wait_for_sync(struct platter_file *file, const struct disk_entry *entry)
{
    if (file->waiting_count == file->waiting_capacity) {
        file->waiting_capacity = file->waiting_capacity ? file->waiting_capacity * 2 : 16;
        file->waiting = memory_grow(file->waiting, file->waiting_capacity * sizeof *file->waiting);
    }
    file->waiting[file->waiting_count++] = (struct platter_wait){.entry = entry};
    if (entry->act != DISK_WRITE)
        return;
    /* The kernel writes whole pages of its cache: what a failed sync gave up goes along with its neighbour.
     */
    uint64_t first = entry->at / CONTENT_PAGE_BYTES,
             last = (entry->at + entry->length - 1) / CONTENT_PAGE_BYTES;
    for (uint32_t i = 0; i + 1 < file->waiting_count; i++) {
        const struct disk_entry *old = file->waiting[i].entry;
        if (file->waiting[i].given_up && old->act == DISK_WRITE && old->at / CONTENT_PAGE_BYTES <= last &&
            (old->at + old->length - 1) / CONTENT_PAGE_BYTES >= first)
            file->waiting[i].given_up = false;
    }
}

static void arrive(struct content *content, const struct disk_entry *entry)
{
    if (entry->act == DISK_WRITE)
        content_write(content, entry->bytes, entry->length, entry->at);
    else
        content_resize(content, entry->at);
}

static void sync_file(struct platter_file *file, bool failed)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < file->waiting_count; i++) {
        if (failed)
            file->waiting[i].given_up = true;
        if (file->waiting[i].given_up)
            file->waiting[left++] = file->waiting[i];
        else
            arrive(&file->synced, file->waiting[i].entry);
    }
    file->waiting_count = left;
}

static int find_name(const struct platter *platter, const char *name)
{
    for (uint32_t i = 0; i < platter->name_count; i++)
        if (strcmp(platter->names[i], name) == 0)
            return (int)i;
    return -1;
}

static void drop_name(struct platter *platter, const char *name)
{
    int at = find_name(platter, name);
    if (at < 0)
        return;
    uint32_t last = --platter->name_count;
    memmove(platter->names[at], platter->names[last], DISK_NAME_BYTES);
    platter->name_files[at] = platter->name_files[last];
}

static void add_name(struct platter *platter, const char *name, uint32_t file)
{
    drop_name(platter, name);
    (void)snprintf(platter->names[platter->name_count], DISK_NAME_BYTES, "%s", name);
    platter->name_files[platter->name_count++] = file;
}

static void change_name(struct platter *platter, const struct disk_entry *entry)
{
    if (entry->act != DISK_CREATE)
        drop_name(platter, entry->name);
    if (entry->act != DISK_REMOVE)
        add_name(platter, entry->act == DISK_CREATE ? entry->name : entry->to, entry->file);
}

void platter_step(struct platter *platter)
{
    const struct disk_entry *entry = &platter->disk->log[platter->done++];
    if (entry->file >= platter->file_count)
        platter->file_count = entry->file + 1;
    switch (entry->act) {
    case DISK_CREATE:
    case DISK_REMOVE:
    case DISK_RENAME:
        if (platter->rename_count == platter->rename_capacity) {
            platter->rename_capacity = platter->rename_capacity ? platter->rename_capacity * 2 : 8;
            platter->renames =
                memory_grow(platter->renames, platter->rename_capacity * sizeof *platter->renames);
        }
        platter->renames[platter->rename_count++] = entry;
        break;
    case DISK_SYNC_NAMES:
        for (uint32_t i = 0; i < platter->rename_count; i++)
            change_name(platter, platter->renames[i]);
        platter->rename_count = 0;
        break;
    case DISK_WRITE:
    case DISK_RESIZE:
        wait_for_sync(&platter->files[entry->file], entry);
        break;
    case DISK_SYNC:
    case DISK_SYNC_FAILED:
        sync_file(&platter->files[entry->file], entry->act == DISK_SYNC_FAILED);
        break;
    }
}

/* --- the cut
 * --------------------------------------------------------------------------------------------------------------------
 */

/* The bytes of an entry that fall into a sector. */
static void lay_over(uint8_t sector[DISK_SECTOR_BYTES], uint64_t number, const struct disk_entry *entry)
{
    uint64_t start = number * DISK_SECTOR_BYTES;
    for (uint64_t i = 0; i < DISK_SECTOR_BYTES; i++)
        if (start + i >= entry->at && start + i < entry->at + entry->length)
            sector[i] = entry->bytes ? entry->bytes[start + i - entry->at] : 0;
}

static bool touches(const struct disk_entry *entry, uint64_t sector)
{
    return entry->act == DISK_WRITE && entry->at < (sector + 1) * DISK_SECTOR_BYTES &&
           entry->at + entry->length > sector * DISK_SECTOR_BYTES;
}

static void wound_sector(const struct platter_file *file, const struct wound *wound, struct content *content)
{
    uint8_t bytes[DISK_SECTOR_BYTES], next[DISK_SECTOR_BYTES];
    uint64_t start = wound->at * DISK_SECTOR_BYTES;
    (void)content_read(&file->synced, bytes, sizeof bytes, start);
    memcpy(next, bytes, sizeof next);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < file->waiting_count && seen <= wound->keep; i++) {
        if (!touches(file->waiting[i].entry, wound->at))
            continue;
        if (seen < wound->keep)
            lay_over(bytes, wound->at, file->waiting[i].entry);
        lay_over(next, wound->at, file->waiting[i].entry);
        seen++;
    }
    memcpy(bytes, next, wound->tear);
    if (start >= content->size)
        return;
    uint64_t left = content->size - start;
    content_write(content, bytes, left < sizeof bytes ? left : sizeof bytes, start);
}

static void wound_garbage(const struct wound *wound, struct content *content)
{
    struct random random = {wound->seed};
    uint32_t style = random_below(&random, 4); /* ones, zeros, noise, noise */
    for (uint64_t at = wound->at; at < wound->at + wound->length && at < content->size; at += 8) {
        uint64_t noise = style == 0 ? UINT64_MAX : style == 1 ? 0 : random_next(&random);
        uint64_t left = content->size - at;
        content_write(content, &noise, left < 8 ? left : 8, at);
    }
}

static struct content cut_file(const struct platter *platter, uint32_t number, const struct damage *damage)
{
    const struct platter_file *file = &platter->files[number];
    struct content content = content_copy(&file->synced);
    uint32_t sized = file->waiting_count;
    for (uint32_t i = 0; i < damage->count; i++)
        if (damage->wounds[i].kind == WOUND_SIZE && damage->wounds[i].file == number)
            sized = damage->wounds[i].keep;
    uint64_t size = content.size;
    for (uint32_t i = 0; i < file->waiting_count; i++) {
        const struct disk_entry *entry = file->waiting[i].entry;
        if (entry->act == DISK_WRITE || i < sized)
            arrive(&content, entry);
        if (i >= sized)
            continue;
        if (entry->act == DISK_RESIZE)
            size = entry->at;
        else if (entry->at + entry->length > size)
            size = entry->at + entry->length;
    }
    content_resize(&content, size);
    for (uint32_t i = 0; i < damage->count; i++)
        if (damage->wounds[i].file == number && damage->wounds[i].kind == WOUND_SECTOR)
            wound_sector(file, &damage->wounds[i], &content);
    for (uint32_t i = 0; i < damage->count; i++)
        if (damage->wounds[i].file == number && damage->wounds[i].kind == WOUND_GARBAGE)
            wound_garbage(&damage->wounds[i], &content);
    return content;
}

static bool name_lost(const struct damage *damage, uint32_t index)
{
    for (uint32_t i = 0; i < damage->count; i++)
        if (damage->wounds[i].kind == WOUND_NAME && damage->wounds[i].at == index)
            return true;
    return false;
}

struct image platter_cut(const struct platter *platter, const struct damage *damage)
{
    struct platter names = {.name_count = platter->name_count};
    memcpy(names.names, platter->names, sizeof names.names);
    memcpy(names.name_files, platter->name_files, sizeof names.name_files);
    for (uint32_t i = 0; i < platter->rename_count; i++)
        if (!name_lost(damage, i))
            change_name(&names, platter->renames[i]);
    struct image image = {0};
    for (uint32_t i = 0; i < names.name_count; i++) {
        struct content content = cut_file(platter, names.name_files[i], damage);
        set_name(&image, names.names[i], &content);
        content_free(&content);
    }
    return image;
}
