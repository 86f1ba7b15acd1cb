/* sim:FILE and standard input on the real loop, with real files, FIFOs and pipes: test_sources READER. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "hid_encode.h"
#include "program.h"

/* A scratch folder with one file or FIFO in it, and the program that reads it. */
struct bench {
    struct program reader;
    char directory[64], path[80];
    char text[64 * 1024]; /* what will be written */
};

static void add_line(struct bench *b, const char *line)
{
    size_t used = strlen(b->text);
    CHECK(used + strlen(line) + 2 < sizeof b->text);
    (void)snprintf(b->text + used, sizeof b->text - used, "%s\n", line);
}

/* The lines of a code, wait_ms apart. */
static void add_code(struct bench *b, const char *code, enum hid_suffix suffix, int wait_ms)
{
    static struct hid_reports reports;
    reports.count = 0;
    CHECK(hid_encode(code, HID_STYLE_PLAIN, suffix, &reports) == 0);
    for (size_t i = 0; i < reports.count; i++) {
        const uint8_t *r = reports.bytes[i];
        char line[64];
        (void)snprintf(line, sizeof line, "%d %02x%02x%02x%02x%02x%02x%02x%02x", wait_ms, r[0], r[1], r[2],
                       r[3], r[4], r[5], r[6], r[7]);
        add_line(b, line);
    }
}

static void write_text(int fd, const char *text)
{
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* Writes what was added, and forgets it. */
static void write_added(struct bench *b, int fd)
{
    write_text(fd, b->text);
    b->text[0] = '\0';
}

static void write_file(struct bench *b)
{
    int fd = open(b->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    write_added(b, fd);
    (void)close(fd);
}

static void start(struct bench *b, const char *kind)
{
    const char *const arguments[] = {kind, b->path, NULL};
    program_start(&b->reader, arguments);
}

static int start_fifo(struct bench *b, const char *kind)
{
    CHECK(mkfifo(b->path, 0600) == 0);
    int keep = open(b->path, O_RDWR | O_CLOEXEC); /* lets the program open it for reading */
    CHECK(keep >= 0);
    start(b, kind);
    return keep;
}

static int open_writer(const struct bench *b)
{
    int fd = open(b->path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

/* The loop comes to rest: nothing spins. Lines that still come before that are the caller's mistake. */
static void expect_rest(struct bench *b)
{
    command(&b->reader, "rest");
    expect(&b->reader, "RESTED");
}

static void expect_ready(struct bench *b)
{
    char want[128];
    (void)snprintf(want, sizeof want, "READY 3 %.64s", b->path);
    expect(&b->reader, want);
}

static void stop(struct bench *b)
{
    program_stop(&b->reader);
    CHECK(unlink(b->path) == 0);
}

/* ---- plain files ---- */

static void a_file_plays_and_ends(struct bench *b)
{
    add_line(b, "# x");
    add_line(b, "device 0c2e:0b61 Till scanner");
    add_line(b, "descriptor 0501\n");
    add_code(b, "4006381333931", HID_SUFFIX_ENTER, 0);
    add_code(b, "Mug", HID_SUFFIX_TAB, 1);
    write_file(b);
    start(b, "sim");
    expect(&b->reader, "READY 3 Till scanner");
    expect(&b->reader, "CODE 3 4006381333931");
    expect(&b->reader, "CODE 3 Mug");
    expect(&b->reader, "ENDED 3");
    expect_rest(b);
    stop(b);
}

static void waits_are_waited(struct bench *b)
{
    add_code(b, "12", HID_SUFFIX_ENTER, 20); /* six transfers */
    write_file(b);
    start(b, "sim");
    expect_ready(b);
    int64_t ready_ms = program_now_ms();
    expect(&b->reader, "CODE 3 12");
    CHECK(program_now_ms() - ready_ms >=
          4 * 20); /* five waits up to Enter; the first may have begun before READY was read */
    expect(&b->reader, "ENDED 3");
    stop(b);
}

static void a_code_without_suffix_ends_before_the_next_line_is_due(struct bench *b)
{
    add_code(b, "12", HID_SUFFIX_NONE, 0);
    add_line(b, "3600000 0000000000000000");
    write_file(b);
    start(b, "sim");
    expect_ready(b);
    expect(&b->reader, "CODE 3 12");
    expect_rest(b);
    stop(b);
}

static void the_end_of_the_file_ends_a_code_without_suffix(struct bench *b)
{
    add_code(b, "12", HID_SUFFIX_NONE, 0);
    b->text[strlen(b->text) - 1] = '\0'; /* no line end either */
    write_file(b);
    start(b, "sim");
    expect_ready(b);
    expect(&b->reader, "CODE 3 12");
    expect(&b->reader, "ENDED 3");
    stop(b);
}

static void a_slow_receiver_splits_no_code(struct bench *b)
{
    add_line(b, "200 0000000000000000"); /* time for the command */
    add_code(b, "11", HID_SUFFIX_NONE, 0);
    add_line(b, "200 0000000000000000");
    add_code(b, "222222", HID_SUFFIX_NONE, 20); /* overdue when the receiver of 11 is done */
    write_file(b);
    start(b, "sim");
    command(&b->reader, "block");
    expect_ready(b);
    expect(&b->reader, "CODE 3 11");
    expect(&b->reader, "CODE 3 222222");
    expect(&b->reader, "ENDED 3");
    stop(b);
}

static void many_codes_at_once_leave_turns_to_others(struct bench *b)
{
    enum { CODES = 500 };
    char code[2] = "", want[16];
    unsigned others = 0;
    char line[LINE_BYTES];
    for (int i = 0; i < CODES; i++) {
        code[0] = (char)('0' + i % 10);
        add_code(b, code, HID_SUFFIX_ENTER, 0);
    }
    write_file(b);
    start(b, "sim");
    expect_ready(b);
    for (int i = 0; i < CODES; i++) {
        (void)snprintf(want, sizeof want, "CODE 3 %d", i % 10);
        expect(&b->reader, want);
    }
    expect(&b->reader, "ENDED 3");
    command(&b->reader, "others");
    CHECK(program_line(&b->reader, line) && sscanf(line, "OTHERS %u", &others) == 1);
    CHECK(others >= 2);
    stop(b);
}

static void expect_refused(struct bench *b, const char *words)
{
    char want[LINE_BYTES];
    write_file(b);
    start(b, "sim");
    (void)snprintf(want, sizeof want, "REFUSED %d %s: %s", -EINVAL, b->path, words);
    expect_begin(&b->reader, want);
    expect_begin(&b->reader, "BYE -");
    (void)close(b->reader.to);
    (void)close(b->reader.from);
    (void)waitpid(b->reader.pid, NULL, 0);
    CHECK(unlink(b->path) == 0);
}

static void malformed_lines_are_named_before_anything_is_played(struct bench *b)
{
    add_code(b, "11", HID_SUFFIX_ENTER, 0);
    add_line(b, "\n5 00zz\n0 00");
    expect_refused(b, "8: the transfer must be");
    add_line(b, "0 00\n# x\ndevice 0c2e:0b61 x");
    expect_refused(b, "3: device and descriptor lines come before");
    (void)snprintf(b->text, sizeof b->text, "x");
    expect_refused(b, "1: a line is");
    memset(b->text, '0', 5000);
    b->text[5000] = '\0';
    expect_refused(b, "1: the line is longer than 4096 bytes");
}

static void what_is_no_file_is_refused(struct bench *b)
{
    start(b, "sim");
    char want[LINE_BYTES];
    (void)snprintf(want, sizeof want, "REFUSED %d %s (make a FIFO with mkfifo", -ENOENT, b->path);
    expect_begin(&b->reader, want);
    CHECK(mkdir(b->path, 0700) == 0);
    start(b, "sim");
    (void)snprintf(want, sizeof want, "REFUSED %d %s is neither a plain file nor a FIFO", -EINVAL, b->path);
    expect(&b->reader, want);
    CHECK(rmdir(b->path) == 0);
}

/* ---- FIFOs ---- */

static void a_fifo_stays_open_for_several_writers(struct bench *b)
{
    int keep = start_fifo(b, "sim");
    int first = open_writer(b), second = open_writer(b);
    (void)close(keep);
    expect_ready(b);
    add_code(b, "11", HID_SUFFIX_ENTER, 0);
    write_added(b, first);
    add_line(b, "device 05e0:1200 Second");
    add_code(b, "22", HID_SUFFIX_ENTER, 0);
    write_added(b, second);
    expect(&b->reader, "CODE 3 11");
    expect(&b->reader, "CODE 3 22");
    (void)close(first);
    (void)close(second);
    expect_rest(b); /* no end, and no spinning */
    first = open_writer(b);
    add_code(b, "33", HID_SUFFIX_ENTER, 0);
    write_added(b, first);
    expect(&b->reader, "CODE 3 33");
    (void)close(first);
    stop(b);
}

static void a_bad_line_in_a_fifo_is_named_and_skipped(struct bench *b)
{
    char want[LINE_BYTES];
    int writer = start_fifo(b, "sim");
    expect_ready(b);
    add_line(b, "0 0000000000000000\nnonsense");
    add_code(b, "11", HID_SUFFIX_ENTER, 0);
    write_added(b, writer);
    (void)snprintf(want, sizeof want, "REJECTED 3 %s: 2: a line is: MILLISECONDS HEXBYTES", b->path);
    expect_begin(&b->reader, want);
    expect(&b->reader, "CODE 3 11");
    (void)close(writer);
    stop(b);
}

static void a_line_may_arrive_in_pieces(struct bench *b)
{
    int writer = start_fifo(b, "sim");
    expect_ready(b);
    add_code(b, "1", HID_SUFFIX_ENTER, 0);
    for (int line = 1, at = 0; b->text[at]; at++) {
        char piece[2] = {b->text[at]};
        write_text(writer, piece);
        line += piece[0] == '\n';
        if (line == 4 && piece[0] == '\n') /* press, release, Enter */
            expect(&b->reader, "CODE 3 1");
        expect_rest(b); /* the piece was read */
    }
    (void)close(writer);
    stop(b);
}

static void a_pause_ends_a_code_of_a_fifo(struct bench *b)
{
    int writer = start_fifo(b, "sim");
    expect_ready(b);
    for (int i = 0; i < 2; i++) {
        add_code(b, "11", HID_SUFFIX_NONE, 0);
        write_added(b, writer);
        expect(&b->reader, "CODE 3 11");
    }
    (void)close(writer);
    stop(b);
}

static void a_fifo_that_was_silent_still_waits_its_waits(struct bench *b)
{
    struct timespec silence = {.tv_nsec = 300000000};
    int writer = start_fifo(b, "sim");
    expect_ready(b);
    add_code(b, "11", HID_SUFFIX_ENTER, 0);
    write_added(b, writer);
    expect(&b->reader, "CODE 3 11");
    (void)nanosleep(&silence, NULL); /* the silence is what is tested */
    add_code(b, "22", HID_SUFFIX_ENTER, 20);
    int64_t written_ms = program_now_ms();
    write_added(b, writer);
    expect(&b->reader, "CODE 3 22");
    CHECK(program_now_ms() - written_ms >= 5 * 20);
    (void)close(writer);
    stop(b);
}

/* ---- standard input ---- */

static void lines_of_a_pipe_are_codes(struct bench *b)
{
    int writer = start_fifo(b, "stdin");
    write_text(writer, "4006381333931\n  MUG 1 \r\n\n \t \nlas");
    expect(&b->reader, "CODE 3 4006381333931");
    expect(&b->reader, "CODE 3 MUG 1");
    write_text(writer, "t");
    expect_rest(b);
    (void)close(writer);
    expect(&b->reader, "CODE 3 last");
    expect(&b->reader, "ENDED 3");
    expect_rest(b); /* a closed pipe does not keep the loop busy */
    stop(b);
}

static void what_is_no_code_is_told(struct bench *b)
{
    char line[6000];
    char want[CODE_MAX_BYTES + 16];
    int writer = start_fifo(b, "stdin");
    memset(line, '1', sizeof line);
    line[CODE_MAX_BYTES] = '\0';
    (void)snprintf(want, sizeof want, "CODE 3 %.*s", CODE_MAX_BYTES, line);
    add_line(b, line);
    write_added(b, writer);
    expect(&b->reader, want); /* the longest */
    line[CODE_MAX_BYTES] = '1';
    line[CODE_MAX_BYTES + 1] = '\0';
    add_line(b, line);
    line[CODE_MAX_BYTES + 1] = '1';
    line[sizeof line - 1] = '\0';
    add_line(b, line);
    add_line(b, "a\033[A\nb\303\244\nc");
    write_added(b, writer);
    expect_begin(&b->reader, "OVERLONG 3 A typed code was longer");
    expect_begin(&b->reader, "OVERLONG 3 A typed code was longer");
    expect_begin(&b->reader, "REJECTED 3 A typed line held characters");
    expect_begin(&b->reader, "REJECTED 3 A typed line held characters");
    expect(&b->reader, "CODE 3 c");
    (void)close(writer);
    expect(&b->reader, "ENDED 3");
    stop(b);
}

static void a_plain_file_is_read_to_its_end(struct bench *b)
{
    char want[16];
    for (int i = 0; i < 500; i++) {
        (void)snprintf(want, sizeof want, "%d", i);
        add_line(b, want);
    }
    write_file(b);
    start(b, "stdin");
    for (int i = 0; i < 500; i++) {
        (void)snprintf(want, sizeof want, "CODE 3 %d", i);
        expect(&b->reader, want);
    }
    expect(&b->reader, "ENDED 3");
    expect_rest(b);
    stop(b);
}

static void no_input_at_all_ends_at_once(struct bench *b)
{
    const char *const arguments[] = {"stdin", "/dev/null", NULL};
    program_start(&b->reader, arguments);
    expect(&b->reader, "ENDED 3");
    expect_rest(b);
    program_stop(&b->reader);
}

static void a_closed_descriptor_is_refused(struct bench *b)
{
    const char *const arguments[] = {"stdin", "/nowhere/at/all", NULL};
    program_start(&b->reader, arguments);
    expect_begin(&b->reader, "REFUSED -9 standard input");
}

static const struct {
    const char *name;
    void (*run)(struct bench *b);
} cases[] = {
    {"a file plays and ends", a_file_plays_and_ends},
    {"waits are waited", waits_are_waited},
    {"a code without suffix ends before the next line is due",
     a_code_without_suffix_ends_before_the_next_line_is_due},
    {"the end of the file ends a code without suffix", the_end_of_the_file_ends_a_code_without_suffix},
    {"a slow receiver splits no code", a_slow_receiver_splits_no_code},
    {"many codes at once leave turns to others", many_codes_at_once_leave_turns_to_others},
    {"malformed lines are named before anything is played",
     malformed_lines_are_named_before_anything_is_played},
    {"what is no file is refused", what_is_no_file_is_refused},
    {"a FIFO stays open for several writers", a_fifo_stays_open_for_several_writers},
    {"a bad line in a FIFO is named and skipped", a_bad_line_in_a_fifo_is_named_and_skipped},
    {"a line may arrive in pieces", a_line_may_arrive_in_pieces},
    {"a pause ends a code of a FIFO", a_pause_ends_a_code_of_a_fifo},
    {"a FIFO that was silent still waits its waits", a_fifo_that_was_silent_still_waits_its_waits},
    {"lines of a pipe are codes", lines_of_a_pipe_are_codes},
    {"what is no code is told", what_is_no_code_is_told},
    {"a plain file is read to its end", a_plain_file_is_read_to_its_end},
    {"no input at all ends at once", no_input_at_all_ends_at_once},
    {"a closed descriptor is refused", a_closed_descriptor_is_refused},
};

int main(int count, char *arguments[])
{
    static struct bench b;
    if (count != 2) {
        (void)fprintf(stderr, "usage: test_sources READER\n");
        return 2;
    }
    (void)snprintf(b.directory, sizeof b.directory, "/tmp/fairstock-sources-XXXXXX");
    CHECK(mkdtemp(b.directory));
    (void)snprintf(b.path, sizeof b.path, "%s/in", b.directory);
    b.reader.path = arguments[1];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        printf("%s\n", cases[i].name);
        b.text[0] = '\0';
        cases[i].run(&b);
    }
    (void)rmdir(b.directory);
    return 0;
}
