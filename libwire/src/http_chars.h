/* Character classes of HTTP. */
#ifndef OXKIT_WIRE_SRC_HTTP_CHARS_H
#define OXKIT_WIRE_SRC_HTTP_CHARS_H

#include <stdbool.h>
#include <stdint.h>

#define OX_HTTP_CHAR_TOKEN 1u  /* tchar, RFC 9110 5.6.2 */
#define OX_HTTP_CHAR_FIELD 2u  /* VCHAR, obs-text, SP, HTAB: RFC 9110 5.5 */
#define OX_HTTP_CHAR_TARGET 4u /* printable ASCII without blank and what no URI may hold */
#define OX_HTTP_CHAR_HOST 8u   /* reg-name, IP-literal and port: RFC 3986 3.2 without userinfo */

extern const uint8_t ox_http_char_class[256];

static inline bool ox_http_is_tchar(unsigned char c) {
  return (ox_http_char_class[c] & OX_HTTP_CHAR_TOKEN) != 0;
}

static inline bool ox_http_is_field_char(unsigned char c) {
  return (ox_http_char_class[c] & OX_HTTP_CHAR_FIELD) != 0;
}

static inline bool ox_http_is_target_char(unsigned char c) {
  return (ox_http_char_class[c] & OX_HTTP_CHAR_TARGET) != 0;
}

static inline bool ox_http_is_host_char(unsigned char c) {
  return (ox_http_char_class[c] & OX_HTTP_CHAR_HOST) != 0;
}

#endif
