/* Every fixed limit of the agent, in one place, each with its unit in the name.
 * A limit here is what "bounded" means (docs/architecture.md): input that meets one gets an error that says
 * so. */
#ifndef FAIRSTOCK_BASE_LIMITS_H
#define FAIRSTOCK_BASE_LIMITS_H

enum {
    ERR_TEXT_MAX_BYTES = 512,

    CODE_MAX_BYTES = 128,         /* one barcode as scanned; longer input is discarded with a card */
    SKU_MAX_BYTES = 64,           /* Shopify and Square allow more; a label does not */
    TITLE_MAX_BYTES = 200,        /* item title */
    REMOTE_ID_MAX_BYTES = 128,    /* a shop's own id (Shopify gids are ~50) */
    SOURCE_KEY_MAX_BYTES = 160,   /* order line key within a channel */
    NAME_MAX_BYTES = 64,          /* names of channels, locations, lights, devices */
    CARD_TEXT_MAX_BYTES = 512,    /* the sentence of a card */
    REASON_MAX_BYTES = 256,       /* a shop's own words for a refusal */
    PARKED_REASON_MAX_BYTES = 95, /* the same beside each listing in memory; its card has all of it */
    CURSOR_MAX_BYTES = 512,       /* opaque paging cursor of a shop */

    ITEMS_MAX = 50000,
    LOCATIONS_MAX = 64,
    CHANNELS_MAX = 8,
    CODES_MAX = 200000,
    LISTINGS_MAX = 2 * ITEMS_MAX, /* of one channel */
    SALE_LINES_MAX = 64,
    SALE_TENDERS_MAX = 8,
    EVENT_MAX_BYTES = 4096,   /* encoded event; the largest is a sale of SALE_LINES_MAX lines */
    BATCH_CHANGES_MAX = 4096, /* changes of one commit */
    SALVAGE_GAPS_MAX = 64,    /* of one event; a salvage writes several */
    SEAL_EVERY_EVENTS = 256,  /* a 32-byte seal at least this often */
    SNAPSHOT_BEHIND_MAX_EVENTS = 1000,

    OPS_PER_REQUEST_MAX = 100, /* changes in one request to a shop */
    ORDER_LINES_PER_PAGE_MAX = 512,
    ORDERS_PAGE_SIZE = 50,
    LEVELS_PER_PAGE_MAX = 250,
    REQUESTS_IN_FLIGHT_MAX = 8, /* of one engine step */
    HTTP_BODY_MAX_BYTES = 512 * 1024,
    HTTP_URL_MAX_BYTES = 2048,
    HTTP_HEADERS_MAX = 16,

    WEB_CONNECTIONS_MAX = 32,
    WEB_BODY_MAX_BYTES =
        2 * 1024 * 1024, /* a CSV import of ITEMS_MAX rows does not fit on purpose: use the command */
    CSV_FILE_MAX_BYTES = 8 * 1024 * 1024,            /* ITEMS_MAX rows of 160 bytes; held whole in memory */
    CONTROL_BODY_MAX_BYTES = 2 * CSV_FILE_MAX_BYTES, /* the same as JSON, over the command's socket */
    CSV_ROW_MAX_BYTES = 4096,
    CONFIG_FILE_MAX_BYTES = 256 * 1024,
    TOKEN_MAX_BYTES = 4096,
};

#endif
