#include "web/web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "web/control_socket.h"
#include "web/door.h"
#include "web/site.h"

enum { URL_MAX_BYTES = 256 };

struct web {
    struct site site;
    char currency[8];
    char address[URL_MAX_BYTES], view_link[URL_MAX_BYTES];
    struct door *network, *local;
    struct control_socket control;
    char *unix_path; /* NULL: no socket was made */
};

/* --- addresses for people
 * --------------------------------------------------------------------------------------------------- */

static void name_addresses(struct web *web, const struct address *bound)
{
    struct address outward = *bound;
    bool v6 = bound->host[0] == '[';
    (void)snprintf(web->address, sizeof web->address, "http://%s:%u/",
                   bound->any ? (v6 ? "[::1]" : "127.0.0.1") : bound->host, bound->port);
    if (bound->loopback)
        return;
    if (bound->any && address_outward(bound, &outward) < 0)
        outward = *bound; /* no route out: she must put the device's address in the place of the zeros */
    (void)snprintf(web->view_link, sizeof web->view_link, "http://%s:%u/?key=%s", outward.host, outward.port,
                   web->site.guard.view_key);
}

/* --- doors
 * ------------------------------------------------------------------------------------------------------------------
 */

static int open_network(struct web *web, const char *listen, struct err *err)
{
    struct address bound;
    int fd;
    int result = address_listen(listen, &fd, err);
    if (result < 0)
        return result;
    result = address_local(fd, &bound);
    if (result < 0) {
        (void)close(fd);
        return err_set_errno(err, result, "cannot read back the address of %s", listen);
    }
    name_addresses(web, &bound);
    return door_open(web->site.loop, &web->site, fd, false, &web->network, err);
}

static int open_local(struct web *web, const char *path, struct err *err)
{
    int result = control_socket_open(path, &web->control, err);
    if (result < 0)
        return result;
    web->unix_path = strdup(path);
    if (!web->unix_path) {
        control_socket_remove(path, &web->control);
        (void)close(web->control.fd);
        return err_set(err, -ENOMEM, "out of memory");
    }
    return door_open(web->site.loop, &web->site, web->control.fd, true, &web->local, err);
}

static int open_doors(struct web *web, const struct web_settings *settings, struct err *err)
{
    int result = streams_new(web->site.loop, settings->beat_ms, &web->site.streams, err);
    if (result == 0 && settings->unix_path)
        result = open_local(web, settings->unix_path, err);
    if (result == 0 && settings->listen && *settings->listen)
        result = open_network(web, settings->listen, err);
    return result;
}

int web_new(struct loop *loop, const struct web_settings *settings, struct web **web, struct err *err)
{
    struct web *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    (void)snprintf(made->currency, sizeof made->currency, "%s", settings->currency ? settings->currency : "");
    made->site =
        (struct site){.loop = loop,
                      .api = settings->api,
                      .user = settings->user,
                      .turns = settings->turns,
                      .practice = settings->practice,
                      .currency = made->currency,
                      .request_ms = settings->request_ms > 0 ? settings->request_ms : SITE_REQUEST_MS,
                      .address = made->address};
    guard_init(&made->site.guard, settings->csrf_secret, settings->view_key, settings->extra_hosts);
    int result = open_doors(made, settings, err);
    if (result < 0) {
        web_free(made);
        return result;
    }
    *web = made;
    return 0;
}

void web_free(struct web *web)
{
    if (!web)
        return;
    turns_drain(web->site.turns);
    web->site.closing = true;
    streams_end(web->site.streams); /* the library cannot close connections that sleep */
    if (web->unix_path)
        control_socket_remove(web->unix_path, &web->control);
    door_close(web->network);
    door_close(web->local);
    streams_free(web->site.streams);
    free(web->unix_path);
    explicit_bzero(&web->site.guard, sizeof web->site.guard);
    free(web);
}

void web_publish(struct web *web, const char *name, const char *json)
{
    if (web)
        streams_publish(web->site.streams, name, json);
}

void web_flush(struct web *web)
{
    if (web)
        streams_flush(web->site.streams);
}

bool web_is_heard(const struct web *web)
{
    return web && streams_are_heard(web->site.streams);
}

const char *web_address(const struct web *web)
{
    return web->address;
}

const char *web_view_link(const struct web *web)
{
    return web->view_link;
}
