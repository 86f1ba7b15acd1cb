/* An HTTP server on loopback that behaves badly on demand: by path, see http_peer.c. A process of its own;
 * what it saw is counted in shared memory. */
#ifndef FAIRSTOCK_TESTS_INTEGRATION_HTTP_PEER_H
#define FAIRSTOCK_TESTS_INTEGRATION_HTTP_PEER_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

struct http_peer_seen {
    _Atomic uint32_t connections, requests, encodings, continues;
    _Atomic uint64_t sent_bytes;
};

struct http_peer {
    pid_t pid;
    uint16_t port;
    struct http_peer_seen *seen;
};

/* Ends the test with a message when it cannot. */
void http_peer_start(struct http_peer *peer);
void http_peer_stop(struct http_peer *peer);

#endif
