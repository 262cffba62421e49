/* What the files of the FastTransfer stream share. */
#ifndef OX_FTSTREAM_INTERNAL_H
#define OX_FTSTREAM_INTERNAL_H

#include <oxkit/ropcodec/ftstream.h>

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
/* Offers a marker or a property.
 * @param value_i32  of MetaTagFXDelProp
 * @param event      ENTER and LEAVE fill kind, element and flags; TAKE the element only
 * @param err        after FAIL, says why but for the offset */
ox_ft_step ox_ft_grammar_offer(ox_ft_grammar *grammar, uint32_t tag, int32_t value_i32,
                               ox_ft_event *event, ox_error *err);
/* Offers the end of the stream. */
ox_ft_step ox_ft_grammar_offer_end(ox_ft_grammar *grammar, ox_ft_event *event, ox_error *err);
/* Leaves the innermost element if nothing can follow in it; TAKE when there is none such. */
ox_ft_step ox_ft_grammar_leave_full(ox_ft_grammar *grammar, ox_ft_event *event, ox_error *err);

#endif
