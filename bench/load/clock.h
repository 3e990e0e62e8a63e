/* Time and whole reads and writes, for the three programs in one. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <stddef.h>

/* Nanoseconds of the monotonic clock: the same in all processes of a machine. */
int64_t now_ns(void);
void sleep_until_ns(int64_t at_ns);

/* Reads or writes exactly `size` bytes; 0 when done, -1 at the end or after an error. */
int read_whole(int fd, void *to, size_t size);
int write_whole(int fd, const void *from, size_t size);

/* A listening or connected TCP socket on the loopback address, without Nagle's delay; -1 with errno. */
int listen_on(int port);
int connect_to(int port);
int port_of(int fd);
/* Accepts, without Nagle's delay. */
int accept_from(int fd);

/* Sorts, and the value below which `share` of all lie. */
void sort_ns(int64_t *values, size_t count);
int64_t percentile_ns(const int64_t *sorted, size_t count, double share);

void die(const char *what);

#endif
