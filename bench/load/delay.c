/*
 * A line of a given length: what comes in leaves again that much later, in both directions, as fast as it came. Each
 * direction has a thread that takes bytes in with the time they are due, and one that lets them out. Between them lies at
 * most LINE_BYTES, far more than any window of a contender, so that the line itself never slows anybody down.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "wish.h"

enum { PIECE_BYTES = 64 * 1024 };
#define LINE_BYTES ((size_t)256 * 1024 * 1024)

struct piece {
  struct piece *next;
  int64_t due_ns;
  size_t size;
  char bytes[PIECE_BYTES];
};

struct direction {
  int in, out;
  int64_t delay_ns;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct piece *first, **last;
  /* Pieces that were let out, to be filled again: fresh memory costs more than what it carries. */
  struct piece *spare;
  size_t held_bytes;
};

static void put(struct direction *way, struct piece *piece) {
  pthread_mutex_lock(&way->lock);
  while (way->held_bytes > LINE_BYTES) pthread_cond_wait(&way->changed, &way->lock);
  *way->last = piece;
  way->last = &piece->next;
  way->held_bytes += piece->size;
  pthread_cond_broadcast(&way->changed);
  pthread_mutex_unlock(&way->lock);
}

static struct piece *take(struct direction *way) {
  pthread_mutex_lock(&way->lock);
  while (!way->first) pthread_cond_wait(&way->changed, &way->lock);
  struct piece *piece = way->first;
  way->first = piece->next;
  if (!way->first) way->last = &way->first;
  way->held_bytes -= piece->size;
  pthread_cond_broadcast(&way->changed);
  pthread_mutex_unlock(&way->lock);
  return piece;
}

static struct piece *take_spare(struct direction *way) {
  pthread_mutex_lock(&way->lock);
  struct piece *piece = way->spare;
  if (piece) way->spare = piece->next;
  pthread_mutex_unlock(&way->lock);
  return piece ? piece : malloc(sizeof *piece);
}

static void give_back(struct direction *way, struct piece *piece) {
  pthread_mutex_lock(&way->lock);
  piece->next = way->spare;
  way->spare = piece;
  pthread_mutex_unlock(&way->lock);
}

/* A piece of size 0 is the end. */
static void *take_in(void *argument) {
  struct direction *way = argument;
  ssize_t got;
  do {
    struct piece *piece = take_spare(way);
    got = read(way->in, piece->bytes, PIECE_BYTES);
    piece->next = NULL;
    piece->due_ns = now_ns() + way->delay_ns;
    piece->size = got > 0 ? (size_t)got : 0;
    put(way, piece);
  } while (got > 0);
  return NULL;
}

static void *let_out(void *argument) {
  struct direction *way = argument;
  int is_open = 1;
  for (;;) {
    struct piece *piece = take(way);
    size_t size = piece->size;
    if (piece->due_ns > now_ns()) sleep_until_ns(piece->due_ns);
    /* A reader that went away: the rest is taken and dropped, so that the other thread comes to its end. */
    if (is_open && size > 0 && write_whole(way->out, piece->bytes, size) < 0) is_open = 0;
    give_back(way, piece);
    if (size == 0) break;
  }
  shutdown(way->out, SHUT_WR);
  return NULL;
}

static void lay(int in, int out, int64_t delay_ns) {
  struct direction *way = calloc(1, sizeof *way);
  pthread_t thread;
  *way = (struct direction){.in = in, .out = out, .delay_ns = delay_ns};
  pthread_mutex_init(&way->lock, NULL);
  pthread_cond_init(&way->changed, NULL);
  way->last = &way->first;
  /* A connection's threads and sockets stay until the process ends: it serves a handful of connections. */
  if (pthread_create(&thread, NULL, take_in, way) != 0 || pthread_create(&thread, NULL, let_out, way) != 0) die("thread");
}

int run_delay(int port, int target_port, double one_way_ms) {
  int listener = listen_on(port);
  if (listener < 0) die("listen");
  printf("port %d\n", port_of(listener));
  fflush(stdout);
  for (;;) {
    int near = accept_from(listener);
    if (near < 0) continue;
    int far = connect_to(target_port);
    if (far < 0) {
      close(near);
      continue;
    }
    int64_t delay_ns = (int64_t)(one_way_ms * 1e6);
    lay(near, far, delay_ns);
    lay(far, near, delay_ns);
  }
}
