#include "app/daemon_failed.h"

#include <stdio.h>
#include <string.h>

#include "app/daemon.h"
#include "base/log.h"
#include "json/json.h"

static bool is_listed(const struct daemon_failed *failed, const char *name)
{
    for (uint32_t i = 0; i < failed->count; i++)
        if (strncmp(failed->names[i], name, NAME_MAX_BYTES) == 0)
            return true;
    return false;
}

void daemon_failed(void *user, const char *name, int error)
{
    struct daemon *daemon = user;
    struct daemon_failed *failed = &daemon->failed;
    log_error("%s failed and was switched off: %s", name, strerrordesc_np(-error));
    if (failed->count < FAILED_NAMES_MAX && !is_listed(failed, name))
        (void)snprintf(failed->names[failed->count++], sizeof failed->names[0], "%s", name);
    daemon->facts.broken = true;
    daemon_update_lamp(daemon);
    daemon_changed(daemon, 0);
}

void daemon_failed_write(const struct daemon *daemon, struct json_writer *json)
{
    json_begin_array(json, "failed");
    for (uint32_t i = 0; i < daemon->failed.count; i++)
        json_text(json, NULL, daemon->failed.names[i]);
    json_end_array(json);
}
