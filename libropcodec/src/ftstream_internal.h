/* What the files of the FastTransfer stream share. */
#ifndef OX_FTSTREAM_INTERNAL_H
#define OX_FTSTREAM_INTERNAL_H

#include <oxkit/ropcodec/ftstream.h>

/* Keeps what happens rarely out of what happens with every property. */
#define OX_FT_RARE __attribute__((noinline))

/* Position of each marker in the table of markers, plus 1, by the low seven bits of its id. */
extern const uint8_t ox_ft_marker_index[128];
extern const uint32_t ox_ft_markers[OX_FT_MARKER_COUNT];

/* 1 to OX_FT_MARKER_COUNT; 0 for what is no marker. */
static inline unsigned ox_ft_marker_number(uint32_t tag) {
  if ((tag >> 23) != 0x40000000u >> 23) return 0;
  const unsigned number = ox_ft_marker_index[(tag >> 16) & 0x7F];
  return number != 0 && ox_ft_markers[number - 1] == tag ? number : 0;
}

static inline bool ox_ft_is_marker(uint32_t tag) {
  return ox_ft_marker_number(tag) != 0;
}

/* A parser of bytes that are all there: every value comes whole. */
void ox_ft_parser_init_whole(ox_ft_parser *parser, unsigned root, ox_bytes stream, ox_arena *arena,
                             uint32_t flags);

/* Bytes of the terminator of a string of this wire type; 0 for other types. */
size_t ox_ft_terminator_bytes(uint16_t type);

/* One step of the recogniser. */
typedef enum ox_ft_step {
  OX_FT_STEP_TAKE,  /* the token belongs to the innermost element */
  OX_FT_STEP_ENTER, /* an element was entered; offer the token again */
  OX_FT_STEP_LEAVE, /* an element was left; offer the token again */
  OX_FT_STEP_FAIL
} ox_ft_step;

void ox_ft_grammar_init(ox_ft_grammar *grammar, unsigned root, uint32_t flags);
/* What the grammar makes of a marker or a property; of the value it asks for MetaTagFXDelProp only.
 */
unsigned ox_ft_token(uint32_t tag, const ox_value *value);
enum { OX_FT_TOKEN_END = 35 };
/* Offers a token.
 * @param tag    the marker's or property's, for messages
 * @param event  ENTER and LEAVE fill kind, element and flags; TAKE the element only
 * @param err    after FAIL, says why but for the offset */
ox_ft_step ox_ft_grammar_offer(ox_ft_grammar *grammar, unsigned token, uint32_t tag,
                               ox_ft_event *event, ox_error *err);
/* A short cut for most properties: true when the innermost element is at a property list that this
 * one joins without any question, which is done then. */
static inline bool ox_ft_grammar_take_plain(ox_ft_grammar *grammar, uint32_t tag) {
  if (grammar->depth == 0) return false;
  ox_ft_frame *frame = &grammar->frames[grammar->depth - 1];
  if (!frame->is_plain || (tag >> 24) == 0x40 || (tag >> 16) == frame->watched_id ||
      (tag & 0xFFFF) == OX_PTYP_ERROR_CODE) {
    return false;
  }
  frame->property_count++;
  return true;
}
/* Leaves the innermost element if nothing can follow in it; TAKE when there is none such. */
ox_ft_step ox_ft_grammar_leave_full(ox_ft_grammar *grammar, ox_ft_event *event, ox_error *err);

#endif
