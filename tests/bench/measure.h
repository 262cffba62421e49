/* Measuring of a few nanoseconds, for benchmarks. */
#ifndef OX_BENCH_MEASURE_H
#define OX_BENCH_MEASURE_H

#include <time.h>

/* Time of this process, so that a busy machine disturbs less. */
static double now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double measure_ns; /* length of one measurement; set it first */

/* Runs until a measurement is long enough; ns a round. */
#define MEASURE(result, body)                                        \
  do {                                                               \
    size_t rounds_ = 1;                                              \
    for (;;) {                                                       \
      double start_ = now_ns();                                      \
      for (size_t round_ = 0; round_ < rounds_; round_++) body;      \
      double took_ = now_ns() - start_;                              \
      (result) = took_ / (double)rounds_;                            \
      if (took_ >= measure_ns) break;                                \
      rounds_ = took_ * 16 < measure_ns ? rounds_ * 8 : rounds_ * 2; \
    }                                                                \
  } while (0)

#endif
