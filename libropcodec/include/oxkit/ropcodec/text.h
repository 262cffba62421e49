/* Text between UTF-16LE, UTF-8 and 8-bit code pages.
 *
 * UTF-8 inside the suite is generalised: an unpaired surrogate survives as its three bytes, so
 * UTF-16 from the wire comes back unchanged. Where a border demands valid text (XML, MIME) use
 * ox_text_make_valid, which puts U+FFFD in its place. */
#ifndef OXKIT_ROPCODEC_TEXT_H
#define OXKIT_ROPCODEC_TEXT_H

#include <oxkit/ropcodec/types.h>

OX_BEGIN_DECLS

/* Windows code page numbers that have a meaning of their own here. @spec [MS-UCODEREF] 2.2.1 */
#define OX_CODEPAGE_UTF16LE 1200
#define OX_CODEPAGE_WINDOWS_1252 1252
#define OX_CODEPAGE_US_ASCII 20127
#define OX_CODEPAGE_UTF8 65001

/** View of a terminated UTF-8 string. NULL gives an empty view. */
OX_EXPORT ox_str8 ox_str8_from(const char *text);

/** UTF-16LE to terminated generalised UTF-8 in the arena. NULL when out of memory. */
OX_EXPORT char *ox_str16_utf8(ox_arena *arena, ox_str16 text);

/** Generalised UTF-8 to UTF-16LE in the arena (two bytes of 0 follow, not counted). Bytes that are
 *  not UTF-8 become U+FFFD each.
 *  @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_str16_from_utf8(ox_arena *arena, ox_str8 text, ox_str16 *out);

/** 8-bit text in a code page to terminated UTF-8; what the page does not define becomes U+FFFD.
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_UNKNOWN_CODEPAGE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_str8_to_utf8(ox_arena *arena, ox_str8 text, uint32_t codepage,
                                                   char **out);

/** UTF-8 to 8-bit text; *lossy_out (may be NULL) is set when a character had to become '?'.
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_UNKNOWN_CODEPAGE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_str8_from_utf8(ox_arena *arena, ox_str8 utf8,
                                                     uint32_t codepage, ox_str8 *out,
                                                     bool *lossy_out);

/** Code page for an IANA charset name or a common alias, in any case; 0 when unknown. */
OX_EXPORT uint32_t ox_codepage_from_charset(const char *charset);
/** Preferred IANA name of a code page; NULL when unknown. Static string. */
OX_EXPORT const char *ox_codepage_charset(uint32_t codepage);

/** True when the bytes are valid UTF-8 in the strict sense (no surrogates, no overlong forms). */
OX_EXPORT bool ox_text_is_valid(ox_str8 text);
/** A terminated copy in which every invalid sequence is U+FFFD; the input itself when valid and
 *  terminated is not guaranteed, so always a copy. NULL when out of memory. */
OX_EXPORT char *ox_text_make_valid(ox_arena *arena, ox_str8 text);

/** Ignores case as [MS-OXCDATA] restrictions with FL_IGNORECASE do: simple case folding of the
 *  Unicode Character Database. FL_IGNORENONSPACE and FL_LOOSE add their own foldings. */
#define OX_FOLD_CASE 1u     /**< simple case folding */
#define OX_FOLD_NONSPACE 2u /**< drop nonspacing marks (canonical decomposition first) */
#define OX_FOLD_WIDTH 4u    /**< full-width and half-width forms alike */

/** UTF-16LE text folded, in the arena. @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_str16_fold(ox_arena *arena, ox_str16 text, uint32_t folds,
                                                 ox_str16 *out);

/** Bytes that compare with memcmp as the text sorts for a person: case-insensitively and with
 *  accents after base letters, ties broken by accent, then by case, so that equal keys mean equal
 *  text. One order for every locale. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_str16_sort_key(ox_arena *arena, ox_str16 text,
                                                     size_t max_key_bytes, ox_bytes *out);

/** Compares UTF-16 text after folding; negative, 0 or positive. Allocates nothing. */
OX_EXPORT int ox_str16_compare(ox_str16 a, ox_str16 b, uint32_t folds);

/** ASCII-only helpers, independent of the C locale. */
OX_EXPORT bool ox_ascii_equal(const char *a, const char *b);
OX_EXPORT bool ox_ascii_equal_n(const char *a, const char *b, size_t n);

OX_END_DECLS

#endif
