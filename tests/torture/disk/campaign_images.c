/* Images of recovered ledgers, true and broken, for the checker that reads files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "campaign.h"
#include "crypto/crypto.h"
#include "memory.h"

enum { TRUE_IMAGES = 24, BROKEN_IMAGES = 12, CASES_MAX = 400, STEPS = 16, PATH_BYTES = 512 };

struct maker {
    const struct campaign *campaign;
    const struct weakness *weakness;
    bool wants_broken;
    uint32_t made;
};

/* --- files
 * --------------------------------------------------------------------------------------------------------------------
 */

static int write_content(const char *path, const struct content *content)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return -errno;
    uint8_t part[4096];
    uint64_t at = 0;
    size_t got;
    while ((got = content_read(content, part, sizeof part, at)) > 0) {
        (void)fwrite(part, 1, got, file);
        at += got;
    }
    return fclose(file) == 0 ? 0 : -errno;
}

/* The light's log as the agent writes it: a line a sale that was answered as safe. */
static void write_sales(FILE *file, const struct witness *witness)
{
    for (uint32_t i = 0; i < witness->count; i++) {
        const struct witness_batch *batch = &witness->batches[i];
        const uint8_t *bytes;
        size_t cursor = 0, length;
        struct event_id id = batch->first_id;
        while (batch->named && witness_next_event(batch, &cursor, &bytes, &length)) {
            char text[EVENT_ID_TEXT_BYTES];
            event_id_text(id, text);
            struct event event;
            if (event_decode(bytes, length, &event) == 0 && event.kind == EVENT_SALE)
                (void)fprintf(file, "0 sold %s\n", text);
            id.sequence++;
        }
    }
}

/* --- the law's word on the sales
 * --------------------------------------------------------------------------------------------------- */

static uint64_t count_missing(struct stall *stall, const struct witness *witness)
{
    uint64_t missing = 0;
    for (uint32_t i = 0; i < witness->count; i++) {
        const struct witness_batch *batch = &witness->batches[i];
        const uint8_t *bytes;
        size_t cursor = 0, length;
        struct event_id id = batch->first_id;
        for (; batch->named && witness_next_event(batch, &cursor, &bytes, &length); id.sequence++) {
            struct event event;
            uint64_t position;
            if (event_decode(bytes, length, &event) == 0 && event.kind == EVENT_SALE &&
                store_find_event(stall->store, id, &position) < 0)
                missing++;
        }
    }
    return missing;
}

/* Opened once more, from a copy; -1: it cannot be opened. */
static int64_t missing_sales(const struct maker *maker, const struct image *image,
                             const struct witness *witness, uint64_t seed)
{
    struct run again;
    struct err err;
    run_init(&again, image_copy(image), witness, UINT32_MAX, seed, maker->weakness);
    int64_t missing = -1;
    if (stall_start(&again.stall, &err) == 0)
        missing = (int64_t)count_missing(&again.stall, witness);
    run_free(&again);
    return missing;
}

/* --- an image
 * ------------------------------------------------------------------------------------------------------------------------
 */

static int write_image(struct maker *maker, const struct image *image, const struct witness *witness,
                       const char *verdict, int64_t missing)
{
    char folder[PATH_BYTES / 2], path[PATH_BYTES];
    (void)snprintf(folder, sizeof folder, "%s/%s-%u", maker->campaign->out,
                   maker->wants_broken ? "broken" : "true", maker->made++);
    if (mkdir(folder, 0700) < 0)
        return -errno;
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < image->count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, image->names[i]);
        result = write_content(path, &image->files[i]);
    }
    (void)snprintf(path, sizeof path, "%s/light.log", folder);
    FILE *light = fopen(path, "we");
    (void)snprintf(path, sizeof path, "%s/verdict", folder);
    FILE *words = fopen(path, "we");
    if (light)
        write_sales(light, witness);
    if (words)
        (void)fprintf(words, "%s\n%lld\n", verdict, (long long)missing);
    bool written = light && words;
    written = (light ? fclose(light) == 0 : false) && written;
    written = (words ? fclose(words) == 0 : false) && written;
    return written ? result : -EIO;
}

static int judge_one(struct maker *maker, const struct platter *platter, const struct witness *witness,
                     struct random *random)
{
    struct damage damage = {0};
    struct err words = {0};
    struct run run;
    platter_draw(platter, random, 0, &damage);
    uint64_t seed = random_next(random);
    run_init(&run, platter_cut(platter, &damage), witness, platter->done, seed, maker->weakness);
    int held = run_recover(&run, &words), result = 0;
    struct image image = disk_image(run.disk);
    int64_t missing = missing_sales(maker, &image, &run.witness, seed ^ 1);
    /* One that cannot be opened has nothing to compare. */
    if (missing >= 0 && (held < 0) == maker->wants_broken)
        result = write_image(maker, &image, &run.witness, held < 0 ? words.text : "holds", missing);
    image_free(&image);
    run_free(&run);
    damage_free(&damage);
    return result;
}

/* One random day, cut once: late, so that there is something to lose. */
static int one_day(struct maker *maker, uint64_t number)
{
    struct random random = random_of(maker->campaign->seed, number);
    const struct base *base = bases_find(&maker->campaign->bases, "booth");
    struct scenario scenario = scenario_draw(&random, STEPS, false);
    struct run run;
    int result = campaign_run(&run, base, &scenario, random_next(&random), maker->weakness);
    if (result == 0) {
        struct platter platter;
        platter_init(&platter, &run.start, run.disk);
        uint32_t half = run.disk->log_count / 2,
                 at = half + random_below(&random, run.disk->log_count - half + 1);
        while (platter.done < at)
            platter_step(&platter);
        result = judge_one(maker, &platter, &run.witness, &random);
        platter_free(&platter);
    }
    run_free(&run);
    return result;
}

int campaign_images(struct campaign *campaign)
{
    static const struct weakness normal = {.name = "synchronous = NORMAL", .synchronous_normal = true};
    struct maker makers[] = {{campaign, &campaign_none, false, 0}, {campaign, &normal, true, 0}};
    const uint32_t wanted[] = {TRUE_IMAGES, BROKEN_IMAGES};
    if (!campaign->out) {
        (void)fprintf(stderr, "images needs --out DIR\n");
        return -1;
    }
    int result = 0;
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        for (uint64_t number = 0; result == 0 && makers[i].made < wanted[i] && number < CASES_MAX; number++)
            result = one_day(&makers[i], number);
        (void)printf("%s: %u images\n", makers[i].weakness->name, makers[i].made);
        if (result == 0 && makers[i].made < wanted[i])
            result = -1;
    }
    if (result < 0)
        (void)fprintf(stderr, "the images could not be made: %d\n", result);
    return result;
}
