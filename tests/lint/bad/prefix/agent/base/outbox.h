#ifndef OUTBOX_H
#define OUTBOX_H
/* outbox_send(), flush() in a comment are no functions. */
struct outbox;
struct outbox *outbox_new(void);
MUST_CHECK int outbox_send(struct outbox *outbox, const char *text);
void flush(struct outbox *outbox);
MUST_CHECK int outboxer_count(const struct outbox *outbox,
                              int kind);
#endif
