/* Autodiscover responses from strangers: what is understood must survive writing and reading. */
#include <stdint.h>
#include <string.h>

#include <oxkit/directory/autodiscover.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const char *a, const char *b) {
  if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0)) __builtin_trap();
}

static void compare(const ox_autodiscover_response *a, const ox_autodiscover_response *b) {
  same(a->display_name, b->display_name);
  if (a->error_code != b->error_code) __builtin_trap();
  if (a->error_code != 0) return; /* an error is written without an account */
  same(a->action, b->action);
  same(a->redirect_url, b->redirect_url);
  same(a->public_folder_smtp_address, b->public_folder_smtp_address);
  if (a->protocol_count != b->protocol_count ||
      a->alternative_mailbox_count != b->alternative_mailbox_count)
    __builtin_trap();
  for (size_t p = 0; p < a->protocol_count; p++) {
    const ox_autodiscover_protocol *x = &a->protocols[p], *y = &b->protocols[p];
    if (x->is_mapi_http != y->is_mapi_http) __builtin_trap();
    if (x->is_mapi_http && x->version != y->version) __builtin_trap();
    for (int i = 0; i < OX_AD_VALUE_COUNT; i++)
      if (!(x->is_mapi_http && i == OX_AD_TYPE)) same(x->values[i], y->values[i]);
    same(x->mail_store.external_url, y->mail_store.external_url);
    same(x->external_owa_url, y->external_owa_url);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ox_arena arena;
  ox_autodiscover_response first, second;
  ox_error err;
  ox_bytes xml;
  ox_arena_init(&arena, NULL, 0);
  if (ox_autodiscover_response_parse((ox_bytes){data, size}, &arena, &first, &err) == OX_OK &&
      ox_autodiscover_response_build(&first, &arena, &xml, &err) == OX_OK &&
      xml.size_bytes <= OX_AUTODISCOVER_RESPONSE_MAX_BYTES) {
    if (ox_autodiscover_response_parse(xml, &arena, &second, &err) != OX_OK) __builtin_trap();
    compare(&first, &second);
  }
  ox_arena_dispose(&arena);
  return 0;
}
