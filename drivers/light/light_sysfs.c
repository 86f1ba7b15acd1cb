/* sysfs:NAME: one LED of the Linux LED class (/sys/class/leds/NAME,
 * Documentation/ABI/testing/sysfs-class-led), for instance the Pi's ACT. States differ in rhythm, since one
 * LED has no colour. The trigger that was set is put back at the end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "light/light_drivers.h"

enum { STEPS_MAX = 8, PATH_BYTES = 256, TRIGGER_BYTES = 4096, NAME_BYTES = 64 };

/* Milliseconds on, off, on, off…; 0 ends it and it begins again. {-1}: steadily on, {0}: off. */
static const int16_t rhythms[][STEPS_MAX] = {
    [LIGHT_STARTING] = {500, 500},
    [LIGHT_READY] = {-1},
    [LIGHT_OFFLINE] = {1900, 100},
    [LIGHT_SYNCING] = {900, 100},
    [LIGHT_HEARD] = {50, 50},
    [LIGHT_SOLD] = {-1},
    [LIGHT_UNKNOWN] = {120, 120, 120, 600},
    [LIGHT_LOW] = {120, 120, 120, 120, 120, 600},
    [LIGHT_ATTENTION] = {120, 120, 120, 1600},
    [LIGHT_REFUSED] = {80, 80, 80, 80, 80, 80},
    [LIGHT_GONE] = {100, 900},
    [LIGHT_FAULT] = {200, 200},
    [LIGHT_OFF] = {0},
};

struct light_sysfs {
    int brightness_fd;
    char trigger_path[PATH_BYTES];
    char old_trigger[NAME_BYTES];
    char full[16]; /* the LED's max_brightness as text */
    enum light_name shown;
    int step;
    int64_t next_ms;
};

static int read_text(const char *path, char *text, size_t size)
{
    FD_AUTO int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
    if (got < 0)
        return -errno;
    text[got] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return 0;
}

static int write_text(const char *path, const char *text)
{
    FD_AUTO int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* The file lists all triggers and puts the active one in brackets. */
static void active_trigger(const char *list, char name[NAME_BYTES])
{
    const char *open_bracket = strchr(list, '['),
               *close_bracket = open_bracket ? strchr(open_bracket, ']') : NULL;
    size_t length = close_bracket ? (size_t)(close_bracket - open_bracket - 1) : 0;
    if (length >= NAME_BYTES)
        length = 0;
    if (length)
        memcpy(name, open_bracket + 1, length);
    name[length] = '\0';
}

static int set_up(struct light_sysfs *led, const char *name, struct err *err)
{
    char path[PATH_BYTES], triggers[TRIGGER_BYTES];
    (void)snprintf(path, sizeof path, "/sys/class/leds/%s/brightness", name);
    led->brightness_fd = open(path, O_WRONLY | O_CLOEXEC);
    if (led->brightness_fd < 0)
        return err_set_errno(err, -errno, "cannot use the LED %s (%s)", name, path);
    (void)snprintf(path, sizeof path, "/sys/class/leds/%s/max_brightness", name);
    if (read_text(path, led->full, sizeof led->full) < 0 || !led->full[0])
        (void)snprintf(led->full, sizeof led->full, "1");
    (void)snprintf(led->trigger_path, sizeof led->trigger_path, "/sys/class/leds/%s/trigger", name);
    if (read_text(led->trigger_path, triggers, sizeof triggers) == 0)
        active_trigger(triggers, led->old_trigger);
    int result = write_text(led->trigger_path, "none");
    return result < 0 && result != -ENOENT
               ? err_set_errno(err, result, "cannot take over %s", led->trigger_path)
               : 0;
}

static int sysfs_open(const char *argument, void **light, struct err *err)
{
    if (!*argument || strchr(argument, '/') || strlen(argument) >= NAME_BYTES)
        return err_set(err, -EINVAL, "say which LED of /sys/class/leds: sysfs:NAME");
    struct light_sysfs *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    int result = set_up(made, argument, err);
    if (result < 0) {
        cleanup_fd(&made->brightness_fd);
        free(made);
        return result;
    }
    *light = made;
    return 0;
}

static int set(struct light_sysfs *led, bool on)
{
    const char *value = on ? led->full : "0";
    return pwrite(led->brightness_fd, value, strlen(value), 0) < 0 ? -errno : 0;
}

static int sysfs_signal(void *light, enum light_name name, const char *event_id, int64_t now_ms)
{
    (void)light;
    (void)name;
    (void)event_id;
    (void)now_ms;
    return 0; /* the lamp says it */
}

static int sysfs_show(void *light, enum light_name name, int64_t now_ms)
{
    struct light_sysfs *led = light;
    led->shown = name;
    led->step = 0;
    led->next_ms = now_ms + rhythms[name][0];
    return set(led, rhythms[name][0] != 0);
}

static int64_t sysfs_tick(void *light, int64_t now_ms)
{
    struct light_sysfs *led = light;
    if (!led->shown || rhythms[led->shown][0] <= 0)
        return -1;
    if (now_ms >= led->next_ms) {
        led->step++;
        if (led->step == STEPS_MAX || !rhythms[led->shown][led->step])
            led->step = 0;
        led->next_ms = now_ms + rhythms[led->shown][led->step];
        if (set(led, led->step % 2 == 0) < 0)
            return -1; /* an LED that went away stays dark; the page and the log still say it */
    }
    return led->next_ms - now_ms;
}

static void sysfs_close(void *light)
{
    struct light_sysfs *led = light;
    (void)set(led, false);
    if (led->old_trigger[0])
        (void)write_text(led->trigger_path, led->old_trigger);
    (void)close(led->brightness_fd);
    free(led);
}

const struct light_ops light_sysfs_ops = {.kind = "sysfs",
                                          .open = sysfs_open,
                                          .signal = sysfs_signal,
                                          .show = sysfs_show,
                                          .tick = sysfs_tick,
                                          .close = sysfs_close};
