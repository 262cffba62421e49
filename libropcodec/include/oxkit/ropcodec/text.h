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

/** UTF-16LE to terminated generalised UTF-8 in the arena; embedded zeros come through as zero
 * bytes, which end the text for C. NULL when out of memory. */
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

/** Code page for an IANA charset name or a common alias, in any case; 0 when unknown or NULL. */
OX_EXPORT uint32_t ox_codepage_from_charset(const char *charset);
/** Preferred IANA name of a code page; NULL when unknown. Static string. */
OX_EXPORT const char *ox_codepage_charset(uint32_t codepage);

/** True when the bytes are valid UTF-8 in the strict sense (no surrogates, no overlong forms). */
OX_EXPORT bool ox_text_is_valid(ox_str8 text);
/** A terminated copy in which every byte that is not UTF-8, and every surrogate, is U+FFFD. NULL
 * when out of memory. */
OX_EXPORT char *ox_text_make_valid(ox_arena *arena, ox_str8 text);

/* Foldings, to be combined. FL_IGNORECASE and FL_IGNORENONSPACE of restrictions are the first two,
 * FL_LOOSE is all three. @spec [MS-OXCDATA] 2.12.4.1 */
#define OX_FOLD_CASE 1u     /**< simple case folding */
#define OX_FOLD_NONSPACE 2u /**< drop nonspacing marks (canonical decomposition first) */
#define OX_FOLD_WIDTH 4u    /**< full-width and half-width forms alike */

/** UTF-16LE text folded, in the arena. @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_str16_fold(ox_arena *arena, ox_str16 text, uint32_t folds,
                                                 ox_str16 *out);

/** Bytes that compare with memcmp as the text sorts for a person: by base letters without case,
 * ties broken by accents, then by case and form, so that equal keys mean equal text. One order for
 * every locale: letters in the order of their code points, Latin ones without a decomposition (ø,
 * ß) as the plain letters that they look like. Keys that are kept depend on ox_unicode_version().
 *  @param max_key_bytes  longer keys are cut off there: they still sort, but may be equal
 *  @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_str16_sort_key(ox_arena *arena, ox_str16 text,
                                                     size_t max_key_bytes, ox_bytes *out);

/** Compares UTF-16 text by code point after folding, by code unit without folds; negative, 0 or
 *  positive. Allocates nothing. */
OX_EXPORT int ox_str16_compare(ox_str16 a, ox_str16 b, uint32_t folds);

/** Version of the Unicode Character Database behind folding and sort keys, "14.0.0". Static. */
OX_EXPORT const char *ox_unicode_version(void);

/** Equal but for the case of ASCII letters, in any C locale. */
OX_EXPORT bool ox_ascii_equal(const char *a, const char *b);
/** The same for the first n bytes, or up to a common terminator. */
OX_EXPORT bool ox_ascii_equal_n(const char *a, const char *b, size_t n);

OX_END_DECLS

#endif
