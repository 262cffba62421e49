/* The value of an Authorization field. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/memory.h>
#include <oxkit/wire/auth.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ox_arena arena;
  const char *user;
  char *password;
  ox_arena_init(&arena, NULL, 0);
  char *field = ox_arena_copy(&arena, data, size);
  if (field != NULL && ox_basic_decode(field, &arena, &user, &password) == OX_OK) {
    char value[4096];
    const char *user_again;
    char *password_again;
    if (strchr(user, ':') != NULL) abort();
    if (ox_basic_encode(user, password, value, sizeof value) == OX_OK &&
        (ox_basic_decode(value, &arena, &user_again, &password_again) != OX_OK ||
         strcmp(user, user_again) != 0 || strcmp(password, password_again) != 0))
      abort();
  }
  ox_arena_dispose(&arena);
  return 0;
}
