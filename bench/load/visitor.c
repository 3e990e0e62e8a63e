#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "wish.h"

struct visit {
  int port, target_port;
  struct wish wish;
  int64_t count;
  struct counted counted;
  int64_t *waits;
};

static int open_with(const struct visit *visit) {
  int fd = connect_to(visit->port);
  if (fd < 0) die("connect");
  if (write_whole(fd, &visit->wish, sizeof visit->wish) < 0) die("write");
  return fd;
}

/* What the target kept under the visit's ticket, asked past the tunnel. */
static struct result result_of(const struct visit *visit) {
  struct visit question = {.port = visit->target_port, .wish = {.kind = 'r', .ticket = visit->wish.ticket}};
  struct result result;
  int fd = open_with(&question);
  if (read_whole(fd, &result, sizeof result) < 0) die("read of the result");
  close(fd);
  return result;
}

static void *send_up(void *argument) {
  struct visit *visit = argument;
  int fd = open_with(visit);
  char *buffer = calloc(1, BULK_BYTES);
  int64_t end_at = now_ns() + (visit->wish.warm_ms + visit->wish.window_ms) * 1000000;
  while (now_ns() < end_at) {
    if (write_whole(fd, buffer, BULK_BYTES) < 0) die("write");
  }
  shutdown(fd, SHUT_WR);
  visit->counted = result_of(visit).counted;
  close(fd);
  return NULL;
}

static void *take_down(void *argument) {
  struct visit *visit = argument;
  int fd = open_with(visit);
  visit->counted = count_until_end(fd, visit->wish.warm_ms, visit->wish.window_ms);
  close(fd);
  return NULL;
}

/* Connections one after the other; for each the time from the first packet to the first byte of the answer. */
static void *call_often(void *argument) {
  struct visit *visit = argument;
  for (int64_t i = 0; i < visit->count; i++) {
    char byte;
    int64_t from = now_ns();
    int fd = open_with(visit);
    if (read_whole(fd, &byte, 1) < 0) die("read of the first byte");
    visit->waits[i] = now_ns() - from;
    close(fd);
  }
  return NULL;
}

static void run_all(struct visit *visits, int width, void *(*run)(void *)) {
  pthread_t threads[width];
  for (int i = 0; i < width; i++) {
    if (pthread_create(&threads[i], NULL, run, &visits[i]) != 0) die("thread");
  }
  for (int i = 0; i < width; i++) pthread_join(threads[i], NULL);
}

/* up|down PORT STREAMS WARM_MS WINDOW_MS TARGET_PORT */
static void bulk(struct visit visit, int streams) {
  struct visit visits[streams];
  double rate = 0, bytes = 0;
  for (int i = 0; i < streams; i++) {
    visits[i] = visit;
    visits[i].wish.ticket += i;
  }
  run_all(visits, streams, visit.wish.kind == 'u' ? send_up : take_down);
  for (int i = 0; i < streams; i++) {
    const struct counted *counted = &visits[i].counted;
    if (counted->window_ns > 0) rate += (double)counted->window_bytes / (double)counted->window_ns * 1e9;
    bytes += (double)counted->all_bytes;
  }
  printf("{\"bytesPerSecond\":%.0f,\"bytes\":%.0f}\n", rate, bytes);
}

/* ping PORT BYTES COUNT; a tenth before that warms up */
static void ping(struct visit visit, size_t size) {
  char out[4096] = {0}, in[4096];
  int fd = open_with(&visit);
  int64_t warm = visit.count / 10, kept = 0, all = warm + visit.count;
  int64_t *waits = malloc((size_t)visit.count * sizeof *waits);
  if (size > sizeof out) size = sizeof out;
  for (int64_t i = 0; i < all; i++) {
    int64_t from = now_ns();
    if (write_whole(fd, out, size) < 0 || read_whole(fd, in, size) < 0) die("ping");
    if (i >= warm) waits[kept++] = now_ns() - from;
  }
  sort_ns(waits, (size_t)kept);
  printf("{\"p50Ns\":%lld,\"p99Ns\":%lld,\"count\":%lld}\n", (long long)percentile_ns(waits, (size_t)kept, 0.5),
         (long long)percentile_ns(waits, (size_t)kept, 0.99), (long long)all);
}

/* paced PORT PER_SECOND WARM_MS WINDOW_MS TARGET_PORT; a message that is late does not shift those after it */
static void paced(struct visit visit) {
  char message[MESSAGE_BYTES] = {0};
  int fd = open_with(&visit);
  int64_t step = 1000000000 / visit.count, from = now_ns(), sent = 0;
  int64_t all = (visit.wish.warm_ms + visit.wish.window_ms) * visit.count / 1000;
  for (; sent < all; sent++) {
    if (now_ns() < from + sent * step) sleep_until_ns(from + sent * step);
    int64_t now = now_ns();
    memcpy(message, &now, sizeof now);
    if (write_whole(fd, message, sizeof message) < 0) die("write");
  }
  shutdown(fd, SHUT_WR);
  struct waited result = result_of(&visit).waited;
  printf("{\"p50Ns\":%lld,\"p99Ns\":%lld,\"sent\":%lld,\"elapsedNs\":%lld}\n", (long long)result.p50_ns,
         (long long)result.p99_ns, (long long)sent, (long long)(now_ns() - from));
}

/* calls PORT WIDTH COUNT_EACH */
static void calls(struct visit visit, int width) {
  struct visit visits[width];
  size_t all = (size_t)width * (size_t)visit.count;
  int64_t *waits = calloc(all, sizeof *waits);
  for (int i = 0; i < width; i++) {
    visits[i] = visit;
    visits[i].waits = waits + (size_t)i * (size_t)visit.count;
  }
  int64_t from = now_ns();
  run_all(visits, width, call_often);
  double seconds = (double)(now_ns() - from) / 1e9;
  sort_ns(waits, all);
  printf("{\"perSecond\":%.1f,\"p50Ns\":%lld,\"p99Ns\":%lld,\"count\":%zu}\n", (double)all / seconds,
         (long long)percentile_ns(waits, all, 0.5), (long long)percentile_ns(waits, all, 0.99), all);
}

int run_visitor(int argc, char **argv) {
  const char *mode = argv[0];
  int64_t numbers[5] = {0};
  for (int i = 1; i < argc && i <= 5; i++) numbers[i - 1] = atoll(argv[i]);
  /* No two visitors of a target start within a microsecond. */
  struct visit visit = {.port = (int)numbers[0], .target_port = (int)numbers[4], .wish.ticket = now_ns()};
  if (argc == 6 && (strcmp(mode, "up") == 0 || strcmp(mode, "down") == 0)) {
    visit.wish.kind = (uint8_t)mode[0];
    visit.wish.warm_ms = numbers[2];
    visit.wish.window_ms = numbers[3];
    bulk(visit, (int)numbers[1]);
  } else if (argc == 4 && strcmp(mode, "ping") == 0) {
    visit.wish.kind = 'e';
    visit.count = numbers[2];
    ping(visit, (size_t)numbers[1]);
  } else if (argc == 6 && strcmp(mode, "paced") == 0) {
    visit.wish.kind = 'p';
    visit.wish.warm_ms = numbers[2];
    visit.wish.window_ms = numbers[3];
    visit.count = numbers[1];
    paced(visit);
  } else if (argc == 4 && strcmp(mode, "calls") == 0) {
    visit.wish.kind = 'c';
    visit.count = numbers[2];
    calls(visit, (int)numbers[1]);
  } else {
    return -1;
  }
  return 0;
}
