/* Real values from the tests of MFCMAPI (reference data beside the source tree), and what that
 * program says of them. */
#ifndef SMARTVIEW_H
#define SMARTVIEW_H

#include "../support/testing.h"

#include <oxkit/ropcodec/entryid.h>
#include <oxkit/ropcodec/wire.h>

enum { SMARTVIEW_MAX_BYTES = 4 * 1024 * 1024 };

/* One sample: the value, and what MFCMAPI says of it as UTF-8. */
typedef struct sample {
  ox_arena *arena;
  char name[64];
  ox_bytes value;
  ox_bytes input; /* as the file has it: the value in hex, or its text */
  const char *text;
  const char *cursor; /* in the text: what has been compared lies before it */
} sample;

/* Finds the data, from the arguments of main; false when it is not there. */
bool smartview_find(int argc, char **argv);
bool smartview_is_there(void);
/* Runs `check` on every sample of a kind; there are at least so many. */
void smartview_each(void **state, const char *kind, unsigned least, void (*check)(sample *s));

#define NEEDS_SMARTVIEW()                                                                    \
  if (!smartview_is_there()) {                                                               \
    print_message("no reference data: set OX_SHARED, or put ../shared beside the source\n"); \
    skip();                                                                                  \
  }

/* The text says it, somewhere. */
void says(const sample *s, const char *words);
void says_number(const sample *s, const char *format, unsigned long long number);
void says_guid(const sample *s, const char *label, const ox_guid *guid);
void says_hex(const sample *s, ox_bytes bytes);
void says_text8(const sample *s, const char *label, ox_str8 text);
unsigned occurrences(const char *text, const char *words);

/* The text says it behind what was compared before; labels match without blanks, case and
 * punctuation. */
void says_next_number(sample *s, const char *label, uint64_t number);
void says_next_words(sample *s, const char *words);
void says_next_property(sample *s, const ox_property *property);

/* An EntryID decodes, says what the text says, and encodes to the same bytes. */
void check_entry_id(const sample *s, ox_bytes bytes);
void assert_encodes_to(const sample *s, ox_writer *w, ox_bytes expected);

#endif
