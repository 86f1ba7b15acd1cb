/* Every light driver, in one visible array, and the choice between them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "light/light.h"
#include "light/light_drivers.h"

const struct light_ops *const light_list[] = {&light_log_ops, &light_term_ops, &light_sysfs_ops, NULL};

struct light {
    const struct light_ops *ops;
    void *driver;
};

const char *light_name_text(enum light_name name)
{
    static const char *const texts[] = {
        [LIGHT_STARTING] = "starting", [LIGHT_READY] = "ready", [LIGHT_OFFLINE] = "offline",
        [LIGHT_SYNCING] = "syncing",   [LIGHT_HEARD] = "heard", [LIGHT_SOLD] = "sold",
        [LIGHT_UNKNOWN] = "unknown",   [LIGHT_LOW] = "low",     [LIGHT_ATTENTION] = "attention",
        [LIGHT_REFUSED] = "refused",   [LIGHT_GONE] = "gone",   [LIGHT_FAULT] = "fault",
        [LIGHT_OFF] = "off",
    };
    return texts[name];
}

static const struct light_ops *find(const char *spec, size_t length)
{
    for (int i = 0; light_list[i]; i++)
        if (strlen(light_list[i]->kind) == length && strncmp(light_list[i]->kind, spec, length) == 0)
            return light_list[i];
    return NULL;
}

int light_open(const char *spec, struct light **light, struct err *err)
{
    size_t length = strcspn(spec, ":");
    const struct light_ops *ops = find(spec, length);
    if (!ops)
        return err_set(err, -EINVAL, "\"%s\" is no light; use log:FILE, term or sysfs:NAME", spec);
    struct light *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->ops = ops;
    int result = ops->open(spec[length] ? spec + length + 1 : "", &made->driver, err);
    if (result < 0) {
        free(made);
        return result;
    }
    *light = made;
    return 0;
}

int light_signal(struct light *light, enum light_name name, const char *event_id, int64_t now_ms)
{
    return light->ops->signal(light->driver, name, event_id, now_ms);
}

int light_show(struct light *light, enum light_name name, int64_t now_ms)
{
    return light->ops->show ? light->ops->show(light->driver, name, now_ms) : 0;
}

int64_t light_tick(struct light *light, int64_t now_ms)
{
    return light->ops->tick ? light->ops->tick(light->driver, now_ms) : -1;
}

void light_close(struct light *light)
{
    if (!light)
        return;
    light->ops->close(light->driver);
    free(light);
}
