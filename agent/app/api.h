/* The API's inside: routes and what handlers share. docs/api.md is the contract. */
#ifndef FAIRSTOCK_APP_API_H
#define FAIRSTOCK_APP_API_H

#include "app/daemon.h"
#include "json/json.h"

enum {
    HTTP_OK = 200,
    HTTP_BAD_REQUEST = 400,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_CONFLICT = 409,
    HTTP_FAILED = 500,
    HTTP_BUSY = 503
};

struct api_call {
    struct daemon *daemon;
    const char *tail;        /* of the path, after the route's own part; "" when none */
    const char *query;       /* raw */
    bool may_act;            /* false: from another machine */
    const struct json *body; /* parsed, NULL for GET */
    struct buf *out;
    struct json_writer *json; /* writes to out */
    const char **content_type;
};

/* Writes {"error":"…"} and returns status. */
int api_error(struct api_call *call, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One query parameter, percent-decoded; "" when absent. Cut at size - 1. Returns whether it was there. */
bool api_query(const struct api_call *call, const char *name, char *value, size_t size);
int64_t api_query_int(const struct api_call *call, const char *name, int64_t otherwise);

int api_status(struct api_call *call);
int api_stock(struct api_call *call);
int api_scans(struct api_call *call);
int api_cards(struct api_call *call);
int api_explain(struct api_call *call);
int api_codes(struct api_call *call);
int api_devices(struct api_call *call);
int api_metrics(struct api_call *call);
int api_catch_up(struct api_call *call);
int api_dry_run(struct api_call *call);
int api_report(struct api_call *call);
int api_parked(struct api_call *call);
int api_parked_decide(struct api_call *call);
/* Books a choice about a card, which need not be among those that are kept. Returns HTTP_OK with nothing
 * written, or the status of the error. */
int api_decide(struct api_call *call, const struct card *card, enum card_option option, const char *detail);
int api_latency(struct api_call *call);
int api_sell(struct api_call *call);
int api_undo(struct api_call *call);
int api_sync(struct api_call *call);
int api_card_choose(struct api_call *call);
int api_import(struct api_call *call);
int api_go_live(struct api_call *call);
int api_practice(struct api_call *call);
int api_share(struct api_call *call);
int api_share_choose(struct api_call *call);
int api_pack(struct api_call *call);
int api_unpack(struct api_call *call);
int api_carried(struct api_call *call);
int api_learn(struct api_call *call);
/* The part `seen` of POST /hello. 0 or the commit's error; what is no mark of this device's says nothing. */
MUST_CHECK int api_seen(struct api_call *call);
int api_witness(struct api_call *call);
int api_learn_poll(struct api_call *call);
int api_hello(struct api_call *call);

/* The sale that an undo would take back; NULL none. Borrowed until the next scan. */
const struct intake_recent *api_undoable(struct daemon *daemon);

/* Pieces that the event stream uses too. */
void api_write_status(struct daemon *daemon, struct buf *out);
void api_write_stock_item(struct daemon *daemon, struct json_writer *json, const char *key,
                          const struct item *item);
/* How far the shops know everything: the "catch_up" of GET /status. */
void api_write_progress(struct daemon *daemon, struct json_writer *json, const char *key);
/* Members id, kind, state, text, chosen and opened_ms as an object of an array. */
void api_write_card_head(struct daemon *daemon, struct json_writer *json, const struct card *card);
/* A moment of the loop's clock on the device's own time; 0: never. */
int64_t api_moment_ms(struct daemon *daemon, int64_t monotonic_ms);
void api_write_scan(struct daemon *daemon, struct json_writer *json, const char *key,
                    const struct intake_recent *recent);

#endif
