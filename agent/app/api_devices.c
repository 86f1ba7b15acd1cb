/* GET /devices, POST and GET /learn: which scanners there are, and teaching a new one. */
#include <string.h>

#include "app/api.h"

int api_devices(struct api_call *call)
{
    struct usb_scanner *usb = daemon_sources_usb(call->daemon);
    struct usb_scanner_row rows[USB_DEVICES_MAX];
    size_t count = usb ? usb_scanner_devices(usb, rows, USB_DEVICES_MAX) : 0;
    json_begin_object(call->json, NULL);
    json_begin_array(call->json, "devices");
    for (size_t i = 0; i < count && i < USB_DEVICES_MAX; i++) {
        json_begin_object(call->json, NULL);
        json_text(call->json, "id", rows[i].id);
        json_text(call->json, "name", rows[i].name);
        json_text(call->json, "port", rows[i].port);
        json_text(call->json, "state", usb_policy_state_text(rows[i].state));
        json_int(call->json, "source", rows[i].source);
        json_text(call->json, "next", rows[i].next);
        json_end_object(call->json);
    }
    json_end_array(call->json);
    json_end_object(call->json);
    return HTTP_OK;
}

static int no_usb(struct api_call *call)
{
    return api_error(call, HTTP_CONFLICT,
                     "this fairstockd listens to no USB scanners; start it with --scanner usb");
}

int api_learn_poll(struct api_call *call)
{
    struct usb_scanner *usb = daemon_sources_usb(call->daemon);
    if (!usb)
        return no_usb(call);
    const struct usb_learn *learn = usb_scanner_learning(usb);
    json_begin_object(call->json, NULL);
    json_text(call->json, "state", usb_learn_state_text(learn->state));
    json_text(call->json, "words", learn->words);
    json_end_object(call->json);
    return HTTP_OK;
}

int api_learn(struct api_call *call)
{
    struct usb_scanner *usb = daemon_sources_usb(call->daemon);
    bool yes = false;
    if (!usb)
        return no_usb(call);
    (void)json_get_bool(call->body, "yes", &yes);
    usb_scanner_learn(usb, yes);
    return api_learn_poll(call);
}
