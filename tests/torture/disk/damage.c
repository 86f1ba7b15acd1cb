/* Drawing the damage of a cut. A pure coin toss per sector finds little: real disks lose prefixes, single
 * sectors, or everything, so the dice are thrown for the manner first. */
#include <stdlib.h>

#include "memory.h"
#include "platter.h"

enum manner {
    MANNER_NOTHING_ARRIVED,
    MANNER_ALL_ARRIVED,
    MANNER_PREFIX,    /* in order up to a write, which may be torn */
    MANNER_ONE_LOST,  /* all but one sector */
    MANNER_ONE_KEPT,  /* one sector only */
    MANNER_ANY_ORDER, /* each sector for itself */
    MANNER_COUNT,
};

/* A waiting write to a sector. */
struct touch {
    uint64_t sector;
    uint32_t order; /* index in the file's waiting list */
};

struct touches {
    struct touch *list;
    uint32_t count, capacity;
};

static void add_wound(struct damage *damage, struct wound wound)
{
    if (damage->count == damage->capacity) {
        damage->capacity = damage->capacity ? damage->capacity * 2 : 32;
        damage->wounds = memory_grow(damage->wounds, damage->capacity * sizeof *damage->wounds);
    }
    damage->wounds[damage->count++] = wound;
}

void damage_free(struct damage *damage)
{
    memory_put(damage->wounds);
    *damage = (struct damage){0};
}

static int by_sector(const void *a, const void *b)
{
    const struct touch *left = a, *right = b;
    if (left->sector != right->sector)
        return left->sector < right->sector ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

/* Zeros laid out for a file to grow into look the same whether they arrived or not. */
static bool is_filler(const struct disk_entry *entry)
{
    return !entry->bytes && entry->length > CONTENT_PAGE_BYTES;
}

static struct touches touched_sectors(const struct platter_file *file)
{
    struct touches touches = {0};
    for (uint32_t i = 0; i < file->waiting_count; i++) {
        const struct disk_entry *entry = file->waiting[i].entry;
        if (entry->act != DISK_WRITE || is_filler(entry))
            continue;
        uint64_t last = (entry->at + entry->length - 1) / DISK_SECTOR_BYTES;
        for (uint64_t sector = entry->at / DISK_SECTOR_BYTES; sector <= last; sector++) {
            if (touches.count == touches.capacity) {
                touches.capacity = touches.capacity ? touches.capacity * 2 : 64;
                touches.list = memory_grow(touches.list, touches.capacity * sizeof *touches.list);
            }
            touches.list[touches.count++] = (struct touch){sector, i};
        }
    }
    if (touches.count)
        qsort(touches.list, touches.count, sizeof *touches.list, by_sector);
    return touches;
}

/* How many of the n writes to this sector arrived. */
static uint32_t draw_keep(struct random *random, enum manner manner, const struct touch *group, uint32_t n,
                          uint32_t limit, bool chosen)
{
    uint32_t keep = 0;
    switch (manner) {
    case MANNER_ALL_ARRIVED:
        return n;
    case MANNER_PREFIX:
        while (keep < n && group[keep].order < limit)
            keep++;
        return keep;
    case MANNER_ONE_LOST:
        return chosen ? random_below(random, n) : n;
    case MANNER_ONE_KEPT:
        return chosen ? n : 0;
    case MANNER_ANY_ORDER:
        return random_below(random, n + 1);
    case MANNER_NOTHING_ARRIVED:
    case MANNER_COUNT:
        break;
    }
    return 0;
}

static uint32_t sector_count(const struct touches *touches)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < touches->count; i++)
        count += i == 0 || touches->list[i].sector != touches->list[i - 1].sector;
    return count;
}

static void draw_sectors(const struct platter *platter, uint32_t file, const struct touches *touches,
                         struct random *random, enum manner manner, struct damage *damage)
{
    uint32_t limit = random_below(random, platter->files[file].waiting_count + 1);
    uint32_t chosen = touches->count ? random_below(random, sector_count(touches)) : 0, number = 0;
    for (uint32_t i = 0; i < touches->count; number++) {
        uint32_t n = 1;
        while (i + n < touches->count && touches->list[i + n].sector == touches->list[i].sector)
            n++;
        uint32_t keep = draw_keep(random, manner, &touches->list[i], n, limit, number == chosen);
        bool at_front = manner == MANNER_PREFIX && keep < n && touches->list[i + keep].order == limit;
        bool may_tear = keep < n && (manner == MANNER_ANY_ORDER || manner == MANNER_ONE_LOST || at_front);
        uint32_t tear = may_tear && random_chance(random, 3) ? random_below(random, DISK_SECTOR_BYTES) : 0;
        if (at_front && random_chance(random, 2)) { /* the write at the front arrived in part */
            keep++;
            tear = 0;
        }
        if (keep < n)
            add_wound(damage, (struct wound){.kind = WOUND_SECTOR,
                                             .file = file,
                                             .at = touches->list[i].sector,
                                             .keep = keep,
                                             .tear = tear});
        i += n;
    }
    uint32_t sized = manner == MANNER_ALL_ARRIVED       ? platter->files[file].waiting_count
                     : manner == MANNER_NOTHING_ARRIVED ? 0
                     : manner == MANNER_PREFIX          ? limit
                                               : random_below(random, platter->files[file].waiting_count + 1);
    if (sized < platter->files[file].waiting_count)
        add_wound(damage, (struct wound){.kind = WOUND_SIZE, .file = file, .keep = sized});
}

static void draw_names(const struct platter *platter, struct random *random, enum manner manner,
                       struct damage *damage)
{
    uint32_t limit = random_below(random, platter->rename_count + 1);
    for (uint32_t i = 0; i < platter->rename_count; i++) {
        bool lost = manner == MANNER_NOTHING_ARRIVED || (manner == MANNER_PREFIX && i >= limit) ||
                    (manner >= MANNER_ONE_LOST && random_chance(random, 2));
        if (lost)
            add_wound(damage, (struct wound){.kind = WOUND_NAME, .at = i});
    }
}

void platter_draw(const struct platter *platter, struct random *random, uint32_t block_bytes,
                  struct damage *damage)
{
    damage->count = 0;
    draw_names(platter, random, (enum manner)random_below(random, MANNER_COUNT), damage);
    enum manner manner = (enum manner)random_below(random, MANNER_COUNT);
    bool garbage = block_bytes > 0;
    for (uint32_t file = 0; file < platter->file_count; file++) {
        if (!platter->files[file].waiting_count)
            continue;
        struct touches touches = touched_sectors(&platter->files[file]);
        draw_sectors(platter, file, &touches, random, manner, damage);
        if (garbage && touches.count) {
            uint64_t byte = touches.list[random_below(random, touches.count)].sector * DISK_SECTOR_BYTES;
            add_wound(damage, (struct wound){.kind = WOUND_GARBAGE,
                                             .file = file,
                                             .at = byte - byte % block_bytes,
                                             .length = block_bytes,
                                             .seed = random_next(random)});
            garbage = false; /* one block is under the head */
        }
        memory_put(touches.list);
        if (random_chance(random, 3))
            manner = (enum manner)random_below(random, MANNER_COUNT);
    }
}

/* --- for people
 * --------------------------------------------------------------------------------------------------------------
 */

const char *platter_file_name(const struct platter *platter, uint32_t file)
{
    for (uint32_t i = 0; i < platter->name_count; i++)
        if (platter->name_files[i] == file)
            return platter->names[i];
    for (uint32_t i = platter->done; i-- > 0;)
        if (platter->disk->log[i].act == DISK_CREATE && platter->disk->log[i].file == file)
            return platter->disk->log[i].name;
    return "a file";
}

void damage_print(const struct damage *damage, const struct platter *platter, FILE *to)
{
    for (uint32_t i = 0; i < damage->count; i++) {
        const struct wound *wound = &damage->wounds[i];
        const char *file = platter_file_name(platter, wound->file);
        if (wound->kind == WOUND_SECTOR)
            (void)fprintf(to, "    %s: bytes %llu…%llu: %u of the waiting writes arrived%s", file,
                          (unsigned long long)wound->at * DISK_SECTOR_BYTES,
                          (unsigned long long)wound->at * DISK_SECTOR_BYTES + DISK_SECTOR_BYTES - 1,
                          wound->keep, wound->tear ? "" : "\n");
        if (wound->kind == WOUND_SECTOR && wound->tear)
            (void)fprintf(to, ", of the next the first %u bytes\n", wound->tear);
        if (wound->kind == WOUND_SIZE)
            (void)fprintf(to, "    %s: the size as %u of %u waiting changes made it\n", file, wound->keep,
                          platter->files[wound->file].waiting_count);
        if (wound->kind == WOUND_NAME)
            (void)fprintf(to, "    the folder: %s of %s was lost\n",
                          platter->renames[wound->at]->act == DISK_CREATE   ? "the creation"
                          : platter->renames[wound->at]->act == DISK_REMOVE ? "the removal"
                                                                            : "the renaming",
                          platter->renames[wound->at]->name);
        if (wound->kind == WOUND_GARBAGE)
            (void)fprintf(to, "    %s: the block of %u bytes at %llu is garbage\n", file, wound->length,
                          (unsigned long long)wound->at);
    }
}
