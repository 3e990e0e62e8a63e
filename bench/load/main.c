/*
 * Generator, target and delay line of the bench in one small program, so that what is measured is not the one who measures.
 *   load target                         serves what visitors wish for; says "port N"
 *   load up|down PORT STREAMS WARM_MS WINDOW_MS TARGET_PORT
 *   load ping PORT BYTES COUNT
 *   load paced PORT PER_SECOND WARM_MS WINDOW_MS TARGET_PORT
 *   load calls PORT WIDTH COUNT_EACH
 *   load delay PORT TARGET_PORT ONE_WAY_MS
 * Visitors write one line of JSON. Everything is on the loopback address.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wish.h"

int main(int argc, char **argv) {
  int code = -1;
  if (argc == 2 && strcmp(argv[1], "target") == 0) code = run_target();
  else if (argc == 5 && strcmp(argv[1], "delay") == 0) code = run_delay(atoi(argv[2]), atoi(argv[3]), atof(argv[4]));
  else if (argc > 2) code = run_visitor(argc - 1, argv + 1);
  if (code >= 0) return code;
  fprintf(stderr, "load: not understood; the top of main.c says how it is called\n");
  return 2;
}
