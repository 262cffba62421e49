/* What submitting (submit.c) and delivering (delivery.c) share. */
#ifndef OXKIT_STORE_DELIVERY_H
#define OXKIT_STORE_DELIVERY_H

#include "engine.h"

typedef enum oxs_address_set {
  OXS_SENDER,
  OXS_SENT_REPRESENTING,
  OXS_RECEIVED_BY,
  OXS_RECEIVED_REPRESENTING,
  OXS_RECIPIENT
} oxs_address_set;

ox_proptag oxs_address_name_tag(oxs_address_set set);
/* Sets name, type, address, entry id and search key; legacy_dn "" for a plain SMTP address. */
ox_status oxs_set_address(ox_propbag *bag, oxs_address_set set, const char *name,
                          const char *legacy_dn, const char *smtp);
/* SMTP address, else e-mail address (a DN), else the DN of its entry id; "" when there is none. */
const char *oxs_recipient_address(const ox_propbag *bag, ox_arena *arena);

/* A submission that is waited for. */
typedef struct oxs_wait {
  pthread_mutex_t mutex;
  pthread_cond_t done;
  bool finished;
  ox_status status;
  ox_error err;
  char queue_id[128];
} oxs_wait;
void oxs_wait_init(oxs_wait *wait);
/* Submits, waits, and disposes of `wait`'s locks; its results stay. */
ox_status oxs_outbound_submit(ox_outbound *outbound, const ox_message *message,
                              ox_envelope *envelope, oxs_wait *wait, ox_error *err);

#endif
