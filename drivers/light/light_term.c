/* term: one coloured word on standard output when the lamp changes. No colour when it is no terminal or
 * NO_COLOR is set. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "light/light_drivers.h"

struct light_term {
    bool colour;
    enum light_name shown;
};

/* ECMA-48 SGR: the word always says it too, the colour only helps. */
static const char *colour_of(enum light_name name)
{
    switch (name) {
    case LIGHT_READY:
    case LIGHT_SOLD:
        return "\033[1;32m";
    case LIGHT_UNKNOWN:
    case LIGHT_LOW:
    case LIGHT_ATTENTION:
    case LIGHT_REFUSED:
    case LIGHT_HEARD:
        return "\033[1;33m";
    case LIGHT_GONE:
    case LIGHT_FAULT:
        return "\033[1;31m";
    case LIGHT_OFFLINE:
    case LIGHT_SYNCING:
        return "\033[1;34m";
    case LIGHT_STARTING:
    case LIGHT_OFF:
        break;
    }
    return "\033[1m";
}

static int term_open(const char *argument, void **light, struct err *err)
{
    if (*argument)
        return err_set(err, -EINVAL, "the terminal light takes no argument: term");
    struct light_term *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    const char *no_colour = getenv("NO_COLOR"); /* no-color.org */
    made->colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
    *light = made;
    return 0;
}

static int term_signal(void *light, enum light_name name, const char *event_id, int64_t now_ms)
{
    (void)light;
    (void)name;
    (void)event_id;
    (void)now_ms;
    return 0; /* the lamp says it */
}

static int term_show(void *light, enum light_name name, int64_t now_ms)
{
    struct light_term *term = light;
    (void)now_ms;
    if (name == term->shown)
        return 0;
    term->shown = name;
    const char *word = light_name_text(name);
    int printed =
        term->colour ? printf("%s\xe2\x97\x8f %s\033[0m\n", colour_of(name), word) : printf("* %s\n", word);
    return printed < 0 || fflush(stdout) != 0 ? -EIO : 0;
}

static void term_close(void *light)
{
    free(light);
}

const struct light_ops light_term_ops = {
    .kind = "term", .open = term_open, .signal = term_signal, .show = term_show, .close = term_close};
