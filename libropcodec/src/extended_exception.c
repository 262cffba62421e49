/* ExtendedException. Hand-written because its parts depend on WriterVersion2 and on the
 * OverrideFlags of the ExceptionInfo with the same index. @spec [MS-OXOCAL] 2.2.1.44.4 */
#include <oxkit/ropcodec/recurrence.h>

enum { TEXTS = OX_OVERRIDE_FLAGS_SUBJECT | OX_OVERRIDE_FLAGS_LOCATION, MIN_BYTES = 4 };

static const char section[] = "[MS-OXOCAL] 2.2.1.44.4";

/* The pattern that the list is a member of. */
static const ox_appointment_recurrence_pattern *pattern_of(const ox_extended_exceptions *list) {
  return (const void *)((const char *)list -
                        offsetof(ox_appointment_recurrence_pattern, extended_exceptions));
}

static ox_bytes read_block(ox_reader *r) {
  uint32_t size = ox_read_u32(r);
  return ox_read_bytes(r, size);
}

static void decode_one(ox_reader *r, uint32_t writer_version2, uint16_t flags,
                       ox_extended_exception *out) {
  if (writer_version2 >= OX_RECURRENCE_WRITER_VERSION2) {
    ox_reader part;
    ox_reader_part(r, ox_read_u32(r), &part);
    out->change_highlight_value = ox_read_u32(&part);
    out->change_highlight_rest = ox_read_bytes(&part, ox_reader_remaining(&part));
    ox_reader_close(r, &part);
    ox_reader_blame(r, "ChangeHighlight", "[MS-OXOCAL] 2.2.1.44.3");
  }
  out->reserved_block_ee1 = read_block(r);
  ox_reader_blame(r, "ReservedBlockEE1", section);
  if ((flags & TEXTS) == 0) return;
  out->start_date_time = ox_read_u32(r);
  out->end_date_time = ox_read_u32(r);
  out->original_start_date = ox_read_u32(r);
  ox_reader_blame(r, "StartDateTime", section);
  if (flags & OX_OVERRIDE_FLAGS_SUBJECT) {
    out->wide_char_subject = ox_wire_read_str16(r, ox_read_u16(r));
    ox_reader_blame(r, "WideCharSubject", section);
  }
  if (flags & OX_OVERRIDE_FLAGS_LOCATION) {
    out->wide_char_location = ox_wire_read_str16(r, ox_read_u16(r));
    ox_reader_blame(r, "WideCharLocation", section);
  }
  out->reserved_block_ee2 = read_block(r);
  ox_reader_blame(r, "ReservedBlockEE2", section);
}

ox_status ox_extended_exceptions_decode(ox_reader *r, ox_arena *arena,
                                        ox_extended_exceptions *out) {
  const ox_appointment_recurrence_pattern *pattern = pattern_of(out);
  const uint16_t count = pattern->exception_count;
  if (!ox_reader_ok(r)) return ox_reader_status(r, NULL);
  ox_extended_exception *items = ox_wire_array(r, arena, count, MIN_BYTES, sizeof *items);
  for (unsigned i = 0; items != NULL && i < count && ox_reader_ok(r); i++) {
    decode_one(r, pattern->writer_version2, pattern->exception_info[i].override_flags, &items[i]);
  }
  ox_reader_blame(r, "ExtendedException", section);
  out->items = ox_reader_ok(r) ? items : NULL;
  return ox_reader_status(r, NULL);
}

static void encode_one(ox_writer *w, uint32_t writer_version2, uint16_t flags,
                       const ox_extended_exception *in) {
  if (writer_version2 >= OX_RECURRENCE_WRITER_VERSION2) {
    size_t mark = ox_writer_reserve(w, 4);
    ox_write_u32(w, in->change_highlight_value);
    ox_write_bytes(w, in->change_highlight_rest.data, in->change_highlight_rest.size_bytes);
    ox_writer_patch_length(w, mark, 4);
  }
  ox_wire_write_sized_bytes(w, 4, in->reserved_block_ee1);
  if ((flags & TEXTS) == 0) return;
  ox_write_u32(w, in->start_date_time);
  ox_write_u32(w, in->end_date_time);
  ox_write_u32(w, in->original_start_date);
  if (flags & OX_OVERRIDE_FLAGS_SUBJECT) ox_wire_write_str16(w, 2, in->wide_char_subject);
  if (flags & OX_OVERRIDE_FLAGS_LOCATION) ox_wire_write_str16(w, 2, in->wide_char_location);
  ox_wire_write_sized_bytes(w, 4, in->reserved_block_ee2);
}

void ox_extended_exceptions_encode(ox_writer *w, const ox_extended_exceptions *in) {
  const ox_appointment_recurrence_pattern *pattern = pattern_of(in);
  if (pattern->exception_count != 0 && in->items == NULL) ox_writer_fail(w, OX_E_USAGE);
  for (unsigned i = 0; i < pattern->exception_count && ox_writer_status(w) == OX_OK; i++) {
    encode_one(w, pattern->writer_version2, pattern->exception_info[i].override_flags,
               &in->items[i]);
  }
}
