/* Autodiscover requests from strangers: what is understood must survive writing and reading. */
#include <stdint.h>
#include <string.h>

#include <oxkit/directory/autodiscover.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const char *a, const char *b) {
  if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0)) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ox_arena arena;
  ox_autodiscover_request first, second;
  ox_error err;
  ox_bytes xml;
  ox_arena_init(&arena, NULL, 0);
  if (ox_autodiscover_request_parse((ox_bytes){data, size}, &arena, &first, &err) == OX_OK &&
      ox_autodiscover_request_build(&first, &arena, &xml, &err) == OX_OK &&
      xml.size_bytes <= OX_AUTODISCOVER_REQUEST_MAX_BYTES) {
    if (ox_autodiscover_request_parse(xml, &arena, &second, &err) != OX_OK) __builtin_trap();
    same(first.email_address, second.email_address);
    same(first.legacy_dn, second.legacy_dn);
    same(first.acceptable_response_schema, second.acceptable_response_schema);
  }
  ox_arena_dispose(&arena);
  return 0;
}
