/* What the functions report that check a decoded structure against its specification. */
#ifndef OX_RULE_BROKEN_H
#define OX_RULE_BROKEN_H

#include <oxkit/ropcodec/status.h>

/* OX_E_MALFORMED, with static strings: the field and its section, and what is wrong with it. */
static inline ox_status ox_rule_broken(ox_error *err, const char *field, const char *spec,
                                       const char *what) {
  ox_status status = ox_error_setf(err, OX_E_MALFORMED, "%s: %s", field, what);
  if (err != NULL) {
    err->field = field;
    err->spec = spec;
  }
  return status;
}

#endif
