// link: domain base
/* Any bytes as a ledger's event: damage, or an event whose only form these bytes are. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A part, or more, of a whole event of a version that we know is damage. */
static void require_whole(const uint8_t *bytes, size_t size)
{
    static struct event event;
    static uint8_t longer[EVENT_MAX_BYTES + 1];
    memcpy(longer, bytes, size);
    longer[size] = 0;
    require(event_decode(longer, size + 1, &event) == -EBADMSG);
    require(event_decode(bytes, size - 1, &event) == -EBADMSG);
    require(event_decode(bytes, size / 2, &event) == -EBADMSG);
}

/* The newest layout that this program knows (docs/events.md section 4). */
static uint32_t newest(const struct event *event)
{
    return event->kind == EVENT_EPOCH ? 2 : 1;
}

/* The same in a later version, which may have fields behind ours: ours are read as before. */
static void require_newer(const struct event *event, const uint8_t *bytes, size_t size)
{
    static struct event newer;
    static uint8_t longer[EVENT_MAX_BYTES + 2], again[EVENT_MAX_BYTES];
    memcpy(longer, bytes, size);
    size_t version = 0;
    while (longer[version++] & 0x80)
        continue;
    longer[version] = (uint8_t)(newest(event) + 1);
    longer[size] = 0xff;
    longer[size + 1] = 0x80;
    require(event_decode(longer, size + 2, &newer) == 0);
    require(newer.version == newest(event) + 1 && newer.kind == event->kind &&
            newer.time_ms == event->time_ms);
    newer.version = event->version;
    require(event_encode(&newer, again, sizeof again) == (int)size && memcmp(again, bytes, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event event;
    uint8_t again[EVENT_MAX_BYTES];
    if (size > EVENT_MAX_BYTES)
        return 0;
    int result = event_decode(data, size, &event);
    if (result < 0) {
        require(result == -EBADMSG);
        return 0;
    }
    require(event.version >= 1);
    if (strcmp(event_kind_name(event.kind), "unknown") == 0 || event.version > newest(&event)) {
        require(event_encode(&event, again, sizeof again) == -EINVAL); /* kept, never written anew */
        return 0;
    }
    require(event_encode(&event, again, sizeof again) == (int)size && memcmp(again, data, size) == 0);
    require(event_encode(&event, again, size - 1) == -E2BIG);
    require_whole(data, size);
    if (event.version == newest(&event))
        require_newer(&event, data, size);
    return 0;
}
