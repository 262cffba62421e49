/* Worker threads with one bounded queue. */
#include "net_internal.h"

static void *work(void *user) {
  ox_net_workers *workers = user;
  pthread_mutex_lock(&workers->lock);
  for (;;) {
    while (workers->count == 0 && !workers->stopping) {
      pthread_cond_wait(&workers->some, &workers->lock);
    }
    if (workers->count == 0) break;
    ox_net_job job = workers->jobs[workers->first];
    workers->first = (workers->first + 1) % workers->capacity;
    workers->count--;
    pthread_mutex_unlock(&workers->lock);
    job.function(job.user, job.exchange);
    pthread_mutex_lock(&workers->lock);
  }
  pthread_mutex_unlock(&workers->lock);
  return NULL;
}

ox_status ox_net_workers_start(ox_net_workers *workers, unsigned thread_count, size_t capacity,
                               const ox_allocator *allocator) {
  workers->jobs = ox_calloc(allocator, capacity, sizeof *workers->jobs);
  workers->threads = ox_calloc(allocator, thread_count, sizeof *workers->threads);
  if (workers->jobs == NULL || workers->threads == NULL) return OX_E_NO_MEMORY;
  workers->capacity = capacity;
  for (unsigned i = 0; i < thread_count; i++) {
    if (pthread_create(&workers->threads[i], NULL, work, workers) != 0) return OX_E_NO_MEMORY;
    workers->thread_count++;
  }
  return OX_OK;
}

ox_status ox_net_workers_add(ox_net_workers *workers, const ox_net_job *job) {
  ox_status status = OX_OK;
  pthread_mutex_lock(&workers->lock);
  if (workers->stopping) {
    status = OX_E_CLOSED;
  } else if (workers->count == workers->capacity) {
    status = OX_E_LIMIT;
  } else {
    workers->jobs[(workers->first + workers->count++) % workers->capacity] = *job;
    pthread_cond_signal(&workers->some);
  }
  pthread_mutex_unlock(&workers->lock);
  return status;
}

void ox_net_workers_stop(ox_net_workers *workers, const ox_allocator *allocator) {
  pthread_mutex_lock(&workers->lock);
  workers->stopping = true;
  pthread_cond_broadcast(&workers->some);
  pthread_mutex_unlock(&workers->lock);
  for (unsigned i = 0; i < workers->thread_count; i++) pthread_join(workers->threads[i], NULL);
  workers->thread_count = 0;
  ox_free(allocator, workers->jobs);
  ox_free(allocator, workers->threads);
  workers->jobs = NULL;
  workers->threads = NULL;
}
