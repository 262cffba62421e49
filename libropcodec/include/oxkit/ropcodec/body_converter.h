/* Plain text, HTML and RTF bodies to each other. Implemented by libconvert; called by libstore for
 * best body ([MS-OXBBODY]). Pure functions: any thread. */
#ifndef OXKIT_ROPCODEC_BODY_CONVERTER_H
#define OXKIT_ROPCODEC_BODY_CONVERTER_H

#include <oxkit/ropcodec/types.h>

OX_BEGIN_DECLS

/* Forms of a body; the numbers are PidTagNativeBody's. */
#define OX_BODY_UNDEFINED 0u
#define OX_BODY_PLAIN_TEXT 1u     /**< UTF-8 */
#define OX_BODY_RTF_COMPRESSED 2u /**< PidTagRtfCompressed */
#define OX_BODY_HTML 3u           /**< bytes in `codepage` */

typedef struct ox_body_converter ox_body_converter;
struct ox_body_converter {
  size_t struct_size;
  /** @param codepage  of HTML bytes, in and out
   *  @param out       in the arena
   *  @return OX_OK, OX_E_MALFORMED, OX_E_LIMIT, OX_E_NO_MEMORY, OX_E_NO_SUPPORT (pair) */
  ox_status (*convert)(ox_body_converter *converter, uint32_t from_form, ox_bytes body,
                       uint32_t to_form, uint32_t codepage, ox_arena *arena, ox_bytes *out,
                       ox_error *err);
};

OX_END_DECLS

#endif
