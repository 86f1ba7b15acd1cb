/* The ring: order, fullness, wrap-around, and two real threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "usb/usb_ring.h"

static struct usb_ring *ring_new(void)
{
    struct usb_ring *ring = aligned_alloc(_Alignof(struct usb_ring), sizeof *ring);
    assert_non_null(ring);
    memset(ring, 0, sizeof *ring);
    return ring;
}

static bool push(struct usb_ring *ring, uint32_t device)
{
    struct usb_record record = {
        .kind = USB_REPORT, .device = device, .at_ms = device, .length = 1, .bytes = {(uint8_t)device}};
    return usb_ring_push(ring, &record);
}

static void pop_expecting(struct usb_ring *ring, uint32_t device)
{
    struct usb_record record;
    assert_true(usb_ring_pop(ring, &record));
    assert_int_equal(record.kind, USB_REPORT);
    assert_int_equal(record.device, device);
    assert_int_equal(record.at_ms, device);
    assert_int_equal(record.bytes[0], device & 0xff);
}

static void an_empty_ring_gives_nothing(void **state)
{
    (void)state;
    struct usb_ring *ring = ring_new();
    struct usb_record record = {.device = 7};
    assert_false(usb_ring_pop(ring, &record));
    assert_int_equal(record.device, 7);
    free(ring);
}

static void a_full_ring_refuses_and_keeps_what_it_has(void **state)
{
    (void)state;
    struct usb_ring *ring = ring_new();
    for (uint32_t i = 0; i < USB_RING_RECORDS; i++)
        assert_true(push(ring, i));
    assert_false(push(ring, 9999));
    pop_expecting(ring, 0);
    assert_true(push(ring, USB_RING_RECORDS));
    assert_false(push(ring, 9999));
    for (uint32_t i = 1; i <= USB_RING_RECORDS; i++)
        pop_expecting(ring, i);
    assert_false(usb_ring_pop(ring, &(struct usb_record){0}));
    free(ring);
}

static void the_counters_may_wrap(void **state)
{
    (void)state;
    struct usb_ring *ring = ring_new();
    atomic_store(&ring->written, UINT32_MAX - 2);
    atomic_store(&ring->read, UINT32_MAX - 2);
    for (uint32_t i = 0; i < USB_RING_RECORDS; i++)
        assert_true(push(ring, i));
    assert_false(push(ring, 9999));
    for (uint32_t i = 0; i < USB_RING_RECORDS; i++)
        pop_expecting(ring, i);
    free(ring);
}

enum { MANY = 200000 };

static void *write_many(void *user)
{
    for (uint32_t i = 0; i < MANY;)
        i += push(user, i);
    return NULL;
}

static void two_threads_lose_and_reorder_nothing(void **state)
{
    (void)state;
    struct usb_ring *ring = ring_new();
    pthread_t writer;
    struct usb_record record;
    assert_int_equal(pthread_create(&writer, NULL, write_many, ring), 0);
    for (uint32_t i = 0; i < MANY;) {
        if (!usb_ring_pop(ring, &record))
            continue;
        assert_int_equal(record.device, i);
        assert_int_equal(record.at_ms, i);
        i++;
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_false(usb_ring_pop(ring, &record));
    free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_ring_gives_nothing),
        cmocka_unit_test(a_full_ring_refuses_and_keeps_what_it_has),
        cmocka_unit_test(the_counters_may_wrap),
        cmocka_unit_test(two_threads_lose_and_reorder_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
