/* Limits of the HTTP client that nobody else needs. */
#ifndef FAIRSTOCK_NET_HTTP_INTERNAL_H
#define FAIRSTOCK_NET_HTTP_INTERNAL_H

enum {
    HTTP_CONNECT_MAX_MS = 10000,
    HTTP_HOST_CONNECTIONS_MAX = 4,
    HTTP_CALL_BODY_MAX_BYTES = 64 * 1024 * 1024, /* the command reads what our own daemon says, exports too */
};

/* The bundle of Debian's ca-certificates. */
#define HTTP_SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

#endif
