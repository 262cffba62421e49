/* What HTTP clients and servers share: header fields, status texts, targets, dates. */
#ifndef OXKIT_WIRE_HTTP_H
#define OXKIT_WIRE_HTTP_H

#include <oxkit/ropcodec/types.h>

OX_BEGIN_DECLS

/** A header field. Name and value are terminated, without surrounding blanks; neither holds CR, LF
 *  or NUL. Values are bytes as the peer sent them, mostly ASCII. */
typedef struct ox_http_header {
  const char *name;
  const char *value;
} ox_http_header;

/** Compares header field names: ASCII, without regard to case. */
OX_EXPORT bool ox_http_name_equal(const char *a, const char *b);

/** The index-th value (0 is the first) of a header field, or NULL. */
OX_EXPORT const char *ox_http_header_find(const ox_http_header *headers, size_t count,
                                          const char *name, size_t index);

/** True when a comma-separated field value holds a token, without regard to case:
 *  ("keep-alive, Upgrade", "upgrade"). */
OX_EXPORT bool ox_http_value_has_token(const char *value, const char *token);

/** True when text is a token: at least one of the characters that methods and field names may have.
 *  @spec RFC 9110 5.6.2 */
OX_EXPORT bool ox_http_is_token(const char *text, size_t size_bytes);

/** True when text may be a field value: no CR, LF, NUL or other control character but a tab.
 *  @spec RFC 9110 5.5 */
OX_EXPORT bool ox_http_is_field_value(const char *text, size_t size_bytes);

/** The reason phrase of a status ("Not Found"); "Unknown" for a number without a name. Static. */
OX_EXPORT const char *ox_http_status_text(unsigned status);

/** Length of an HTTP date with its terminator. */
#define OX_HTTP_DATE_BYTES 30

/** "Sun, 06 Nov 1994 08:49:37 GMT". @spec RFC 9110 5.6.7 */
OX_EXPORT void ox_http_date_format(int64_t unix_seconds, char text_out[OX_HTTP_DATE_BYTES]);

/** Splits a request target in origin form or absolute form into a decoded path and the query as it
 *  is. Percent escapes of the path are decoded and its dot segments removed; "*" stays.
 *  @param path_out   terminated, starts with "/", in the arena
 *  @param query_out  what follows "?", not decoded; "" when there is none; in the arena
 *  @return OX_OK; OX_E_MALFORMED for a bad escape, an escaped NUL or a target of another form;
 *          OX_E_NO_MEMORY
 *  @spec RFC 9112 3.2, RFC 3986 5.2.4 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_target_split(const char *target, ox_arena *arena,
                                                        const char **path_out,
                                                        const char **query_out);

/** The decoded value of a query parameter, "+" read as a blank; NULL when the query has no such
 *  parameter, a bad escape in it, or memory ran out. Names are compared without regard to case. */
OX_EXPORT const char *ox_http_query_find(const char *query, const char *name, ox_arena *arena);

OX_END_DECLS

#endif
