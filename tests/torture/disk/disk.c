#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* --- images
 * ----------------------------------------------------------------------------------------------------------------------
 */

struct image image_copy(const struct image *from)
{
    struct image copy = *from;
    for (uint32_t i = 0; i < from->count; i++)
        copy.files[i] = content_copy(&from->files[i]);
    return copy;
}

void image_free(struct image *image)
{
    for (uint32_t i = 0; i < image->count; i++)
        content_free(&image->files[i]);
    image->count = 0;
}

struct disk *disk_new(const struct image *image, uint64_t seed)
{
    struct disk *disk = memory_get(sizeof *disk);
    disk->random.state = seed;
    disk->step = "";
    for (uint32_t i = 0; i < image->count; i++) {
        disk->files[i] = (struct disk_file){.used = true, .now = content_copy(&image->files[i])};
        memcpy(disk->names[i].name, image->names[i], DISK_NAME_BYTES);
        disk->names[i].file = i;
    }
    disk->file_count = disk->name_count = image->count;
    return disk;
}

void disk_free(struct disk *disk)
{
    if (!disk)
        return;
    for (uint32_t i = 0; i < disk->file_count; i++)
        content_free(&disk->files[i].now);
    for (uint32_t i = 0; i < disk->log_count; i++)
        memory_put(disk->log[i].bytes);
    memory_put(disk->log);
    memory_put(disk);
}

struct image disk_image(const struct disk *disk)
{
    struct image image = {.count = disk->name_count};
    for (uint32_t i = 0; i < disk->name_count; i++) {
        memcpy(image.names[i], disk->names[i].name, DISK_NAME_BYTES);
        image.files[i] = content_copy(&disk->files[disk->names[i].file].now);
    }
    return image;
}

/* --- faults
 * ----------------------------------------------------------------------------------------------------------------------
 */

static bool can_meet(enum disk_fault_kind kind, enum disk_operation operation)
{
    switch (kind) {
    case FAULT_EIO:
        return true;
    case FAULT_SHORT:
        return operation == OPERATION_WRITE;
    case FAULT_FULL:
        return operation == OPERATION_WRITE || operation == OPERATION_CREATE || operation == OPERATION_SYNC ||
               operation == OPERATION_RENAME;
    case FAULT_READONLY:
        return operation != OPERATION_READ && operation != OPERATION_LOOK;
    case FAULT_NONE:
    case FAULT_KINDS:
        break;
    }
    return false;
}

enum disk_fault_kind disk_operate(struct disk *disk, enum disk_operation operation)
{
    if (disk->off)
        return FAULT_EIO;
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        disk->met[kind] += can_meet((enum disk_fault_kind)kind, operation);
    disk->met_syncs += operation == OPERATION_SYNC;
    if (!can_meet(disk->fault, operation) || (disk->fault_syncs && operation != OPERATION_SYNC))
        return FAULT_NONE;
    uint64_t now = disk->fault_syncs ? disk->met_syncs : disk->met[disk->fault];
    if (now != disk->fault_at && !(disk->fault_for_good && now > disk->fault_at))
        return FAULT_NONE;
    if (!disk->fault_hits++)
        disk->fault_first = operation;
    return disk->fault;
}

const char *disk_operation_name(enum disk_operation operation)
{
    static const char *const names[OPERATION_KINDS] = {
        "read", "open", "create", "write", "truncate", "sync", "sync of folder", "remove", "rename", "look"};
    return names[operation];
}

const char *disk_fault_name(enum disk_fault_kind kind)
{
    static const char *const names[FAULT_KINDS] = {"none", "EIO", "ENOSPC", "short write", "read-only"};
    return names[kind];
}

/* --- operations
 * ------------------------------------------------------------------------------------------------------------------
 */

static struct disk_entry *note(struct disk *disk, enum disk_act act)
{
    if (disk->log_count == disk->log_capacity) {
        disk->log_capacity = disk->log_capacity ? disk->log_capacity * 2 : 256;
        disk->log = memory_grow(disk->log, disk->log_capacity * sizeof *disk->log);
    }
    struct disk_entry *entry = &disk->log[disk->log_count++];
    *entry = (struct disk_entry){.act = act, .step = disk->step};
    return entry;
}

static void set_name(char to[DISK_NAME_BYTES], const char *from)
{
    (void)snprintf(to, DISK_NAME_BYTES, "%s", from);
}

static void within(bool fits)
{
    if (fits)
        return;
    (void)fprintf(stderr, "the simulated disk is too small for this scenario\n");
    abort();
}

void disk_name(const struct disk *disk, const char *path, char name[DISK_NAME_BYTES])
{
    static const char temporary[] = "ledger.db.new";
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    if (disk->made_under_final_name && strncmp(last, temporary, sizeof temporary - 1) == 0)
        (void)snprintf(name, DISK_NAME_BYTES, "ledger.db%s", last + sizeof temporary - 1);
    else
        (void)snprintf(name, DISK_NAME_BYTES, "%s", last);
}

int disk_find(const struct disk *disk, const char *name)
{
    for (uint32_t i = 0; i < disk->name_count; i++)
        if (strcmp(disk->names[i].name, name) == 0)
            return (int)disk->names[i].file;
    return -1;
}

static void drop_name(struct disk *disk, const char *name)
{
    for (uint32_t i = 0; i < disk->name_count; i++)
        if (strcmp(disk->names[i].name, name) == 0) {
            disk->names[i] = disk->names[--disk->name_count];
            return;
        }
}

static void add_name(struct disk *disk, const char *name, uint32_t file)
{
    drop_name(disk, name);
    within(disk->name_count < DISK_NAMES_MAX);
    set_name(disk->names[disk->name_count].name, name);
    disk->names[disk->name_count++].file = file;
}

uint32_t disk_create(struct disk *disk, const char *name)
{
    within(disk->file_count < DISK_FILES_MAX);
    uint32_t file = disk->file_count++;
    disk->files[file].used = true;
    if (!name)
        return file;
    struct disk_entry *entry = note(disk, DISK_CREATE);
    entry->file = file;
    set_name(entry->name, name);
    add_name(disk, name, file);
    return file;
}

void disk_remove(struct disk *disk, const char *name)
{
    set_name(note(disk, DISK_REMOVE)->name, name);
    drop_name(disk, name);
}

void disk_rename(struct disk *disk, const char *name, const char *to)
{
    int file = disk_find(disk, name);
    if (file < 0 || strcmp(name, to) == 0)
        return;
    struct disk_entry *entry = note(disk, DISK_RENAME);
    entry->file = (uint32_t)file;
    set_name(entry->name, name);
    set_name(entry->to, to);
    drop_name(disk, name);
    add_name(disk, to, (uint32_t)file);
}

void disk_sync_names(struct disk *disk)
{
    (void)note(disk, DISK_SYNC_NAMES);
}

static bool all_zero(const uint8_t *bytes, size_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

void disk_write(struct disk *disk, uint32_t file, const void *bytes, size_t length, uint64_t at)
{
    struct disk_entry *entry = note(disk, DISK_WRITE);
    entry->file = file;
    entry->at = at;
    entry->length = length;
    if (!all_zero(bytes, length)) {
        entry->bytes = memory_get(length);
        memcpy(entry->bytes, bytes, length);
    }
    content_write(&disk->files[file].now, entry->bytes, length, at);
}

void disk_resize(struct disk *disk, uint32_t file, uint64_t size)
{
    struct disk_entry *entry = note(disk, DISK_RESIZE);
    entry->file = file;
    entry->at = size;
    content_resize(&disk->files[file].now, size);
}

void disk_sync(struct disk *disk, uint32_t file, bool failed)
{
    note(disk, failed ? DISK_SYNC_FAILED : DISK_SYNC)->file = file;
}
