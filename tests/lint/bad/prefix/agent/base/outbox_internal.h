int outbox_grow(struct outbox *outbox);
int grow(struct outbox *outbox);
