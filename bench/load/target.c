#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "wish.h"

struct counted count_until_end(int fd, int64_t warm_ms, int64_t window_ms) {
  struct counted sum = {0, 0, 0};
  int64_t opens_at = 0, shuts_at = 0, opened_at = 0, first = 0;
  char *buffer = malloc(BULK_BYTES);
  for (;;) {
    ssize_t got = read(fd, buffer, BULK_BYTES);
    if (got <= 0) break;
    int64_t now = now_ns();
    sum.all_bytes += got;
    if (!first) {
      first = now;
      opens_at = now + warm_ms * 1000000;
      shuts_at = opens_at + window_ms * 1000000;
    }
    if (now < opens_at || now > shuts_at) continue;
    /* What comes with the opening of the window was sent before it: only the clock starts. */
    if (!opened_at) opened_at = now;
    else {
      sum.window_bytes += got;
      sum.window_ns = now - opened_at;
    }
  }
  free(buffer);
  return sum;
}

static void send_down(int fd, const struct wish *wish) {
  char *buffer = calloc(1, BULK_BYTES);
  int64_t end_at = now_ns() + (wish->warm_ms + wish->window_ms) * 1000000;
  while (now_ns() < end_at && write_whole(fd, buffer, BULK_BYTES) == 0) {
  }
  free(buffer);
}

static void send_back(int fd) {
  char buffer[16384];
  for (;;) {
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0 || write_whole(fd, buffer, (size_t)got) < 0) return;
  }
}

static struct waited take_messages(int fd, const struct wish *wish) {
  size_t capacity = 1 << 20, count = 0;
  int64_t *waits = malloc(capacity * sizeof *waits), first = 0;
  char message[MESSAGE_BYTES];
  while (read_whole(fd, message, sizeof message) == 0) {
    int64_t now = now_ns();
    if (!first) first = now;
    if (now - first >= wish->warm_ms * 1000000 && count < capacity) waits[count++] = now - *(int64_t *)message;
  }
  sort_ns(waits, count);
  struct waited result = {(int64_t)count, percentile_ns(waits, count, 0.5), percentile_ns(waits, count, 0.99)};
  free(waits);
  return result;
}

struct kept {
  struct kept *next;
  int64_t ticket;
  struct result result;
};

static pthread_mutex_t keeping = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more_kept = PTHREAD_COND_INITIALIZER;
static struct kept *all_kept;

static void keep(int64_t ticket, struct result result) {
  struct kept *kept = malloc(sizeof *kept);
  pthread_mutex_lock(&keeping);
  *kept = (struct kept){.next = all_kept, .ticket = ticket, .result = result};
  all_kept = kept;
  pthread_cond_broadcast(&more_kept);
  pthread_mutex_unlock(&keeping);
}

/* Waits until the ticket's connection is over; the visitor is the one who gives up. */
static struct result kept_under(int64_t ticket) {
  pthread_mutex_lock(&keeping);
  for (;;) {
    for (struct kept *kept = all_kept; kept; kept = kept->next) {
      if (kept->ticket != ticket) continue;
      struct result result = kept->result;
      pthread_mutex_unlock(&keeping);
      return result;
    }
    pthread_cond_wait(&more_kept, &keeping);
  }
}

static void serve(int fd) {
  struct wish wish;
  if (read_whole(fd, &wish, sizeof wish) < 0) return;
  if (wish.kind == 'u') {
    keep(wish.ticket, (struct result){.counted = count_until_end(fd, wish.warm_ms, wish.window_ms)});
  } else if (wish.kind == 'd') {
    send_down(fd, &wish);
  } else if (wish.kind == 'e') {
    send_back(fd);
  } else if (wish.kind == 'p') {
    keep(wish.ticket, (struct result){.waited = take_messages(fd, &wish)});
  } else if (wish.kind == 'c') {
    write_whole(fd, "c", 1);
  } else if (wish.kind == 'r') {
    struct result result = kept_under(wish.ticket);
    write_whole(fd, &result, sizeof result);
  }
}

static void *serve_one(void *argument) {
  int fd = (int)(intptr_t)argument;
  serve(fd);
  close(fd);
  return NULL;
}

/* Serves until it is killed; says its port first. */
int run_target(void) {
  int listener = listen_on(0);
  if (listener < 0) die("listen");
  printf("port %d\n", port_of(listener));
  fflush(stdout);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 128 * 1024);
  for (;;) {
    int fd = accept_from(listener);
    pthread_t thread;
    if (fd < 0) continue;
    if (pthread_create(&thread, &attributes, serve_one, (void *)(intptr_t)fd) != 0) close(fd);
  }
}
