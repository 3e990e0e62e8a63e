/* What a visitor asks of the target in the first bytes of a connection, and what comes back. */
#ifndef BENCH_WISH_H
#define BENCH_WISH_H

#include <stdint.h>

/*
 * 'u' up:    the visitor sends until it shuts down its side; the target keeps a `counted` under the ticket.
 * 'd' down:  the target sends for warm_ms + window_ms, then closes.
 * 'e' echo:  the target sends back what comes.
 * 'p' paced: messages of MESSAGE_BYTES that start with the sender's clock; after the visitor's end a
 *            `waited` is kept under the ticket.
 * 'c' call:  the target answers one byte and closes.
 * 'r' result: what was kept under the ticket, as soon as it is there. Asked without a tunnel: not every tunnel carries
 *            an answer when the visitor's side is shut down.
 */
struct wish {
  uint8_t kind;
  uint8_t pad[7];
  int64_t ticket;
  int64_t warm_ms;
  int64_t window_ms;
};

/* Bytes of the window after the first warm_ms, and of the whole connection. */
struct counted {
  int64_t window_bytes;
  int64_t window_ns;
  int64_t all_bytes;
};

/* One-way times of the messages after the first warm_ms. */
struct waited {
  int64_t count;
  int64_t p50_ns;
  int64_t p99_ns;
};

/* What is kept under a ticket. */
struct result {
  struct counted counted;
  struct waited waited;
};

enum { MESSAGE_BYTES = 256, BULK_BYTES = 256 * 1024 };

/* Reads until the end and counts. */
struct counted count_until_end(int fd, int64_t warm_ms, int64_t window_ms);

int run_target(void);
int run_visitor(int argc, char **argv);
int run_delay(int port, int target_port, double one_way_ms);

#endif
