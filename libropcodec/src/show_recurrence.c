/* ExtendedExceptions: dump, JSON. Each shows the parts that it has. */
#include "show.h"

#include <oxkit/ropcodec/recurrence.h>

enum { TEXTS = OX_OVERRIDE_FLAGS_SUBJECT | OX_OVERRIDE_FLAGS_LOCATION };

/* The pattern that the list is a member of. */
static const ox_appointment_recurrence_pattern *pattern_of(const void *list) {
  return (const void *)((const char *)list -
                        offsetof(ox_appointment_recurrence_pattern, extended_exceptions));
}

static void line(ox_writer *w, unsigned indent, const char *name) {
  ox_dump_format(w, "%*s%-24s ", (int)indent, "", name);
}

static void dump_number(ox_writer *w, unsigned indent, const char *name, uint32_t value) {
  line(w, indent, name);
  ox_dump_format(w, "0x%08X\n", value);
}

static void dump_minutes(ox_writer *w, unsigned indent, const char *name, uint32_t minutes) {
  line(w, indent, name);
  ox_dump_format(w, "0x%08X", minutes);
  ox_dump_minutes(w, minutes);
  ox_write_text(w, "\n");
}

static void dump_block(ox_writer *w, unsigned indent, const char *name, ox_bytes bytes) {
  line(w, indent, name);
  ox_dump_bytes(w, bytes.data, bytes.size_bytes);
  ox_write_text(w, "\n");
}

static void dump_text(ox_writer *w, ox_arena *arena, unsigned indent, const char *name,
                      ox_str16 text) {
  line(w, indent, name);
  ox_dump_str16(w, arena, text);
  ox_write_text(w, "\n");
}

static void dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width, const void *in) {
  (void)width;
  const ox_appointment_recurrence_pattern *p = pattern_of(in);
  ox_dump_format(w, "%u\n", p->exception_count);
  for (unsigned i = 0; i < p->exception_count; i++) {
    const ox_extended_exception *x = &p->extended_exceptions.items[i];
    const uint16_t flags = p->exception_info[i].override_flags;
    ox_dump_format(w, "%*sextended_exception[%u]\n", (int)indent, "", i);
    if (p->writer_version2 >= OX_RECURRENCE_WRITER_VERSION2) {
      dump_number(w, indent + 2, "change_highlight_value", x->change_highlight_value);
      dump_block(w, indent + 2, "change_highlight_rest", x->change_highlight_rest);
    }
    dump_block(w, indent + 2, "reserved_block_ee1", x->reserved_block_ee1);
    if ((flags & TEXTS) == 0) continue;
    dump_minutes(w, indent + 2, "start_date_time", x->start_date_time);
    dump_minutes(w, indent + 2, "end_date_time", x->end_date_time);
    dump_minutes(w, indent + 2, "original_start_date", x->original_start_date);
    if (flags & OX_OVERRIDE_FLAGS_SUBJECT) {
      dump_text(w, arena, indent + 2, "wide_char_subject", x->wide_char_subject);
    }
    if (flags & OX_OVERRIDE_FLAGS_LOCATION) {
      dump_text(w, arena, indent + 2, "wide_char_location", x->wide_char_location);
    }
    dump_block(w, indent + 2, "reserved_block_ee2", x->reserved_block_ee2);
  }
}

static void put_number(ox_json_writer *j, const char *name, uint32_t value) {
  ox_json_key(j, name);
  ox_json_put_u32(j, value);
}

static void put_block(ox_json_writer *j, const char *name, ox_bytes bytes) {
  ox_json_key(j, name);
  ox_json_put_bytes(j, bytes.data, bytes.size_bytes);
}

static void put_text(ox_json_writer *j, const char *name, ox_str16 text) {
  ox_json_key(j, name);
  ox_json_put_str16(j, text);
}

static void to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_appointment_recurrence_pattern *p = pattern_of(in);
  ox_json_begin(j, '[');
  for (unsigned i = 0; i < p->exception_count; i++) {
    const ox_extended_exception *x = &p->extended_exceptions.items[i];
    const uint16_t flags = p->exception_info[i].override_flags;
    ox_json_begin(j, '{');
    if (p->writer_version2 >= OX_RECURRENCE_WRITER_VERSION2) {
      put_number(j, "change_highlight_value", x->change_highlight_value);
      put_block(j, "change_highlight_rest", x->change_highlight_rest);
    }
    put_block(j, "reserved_block_ee1", x->reserved_block_ee1);
    if ((flags & TEXTS) != 0) {
      put_number(j, "start_date_time", x->start_date_time);
      put_number(j, "end_date_time", x->end_date_time);
      put_number(j, "original_start_date", x->original_start_date);
      if (flags & OX_OVERRIDE_FLAGS_SUBJECT) {
        put_text(j, "wide_char_subject", x->wide_char_subject);
      }
      if (flags & OX_OVERRIDE_FLAGS_LOCATION) {
        put_text(j, "wide_char_location", x->wide_char_location);
      }
      put_block(j, "reserved_block_ee2", x->reserved_block_ee2);
    }
    ox_json_end(j, '}');
  }
  ox_json_end(j, ']');
}

static uint32_t get_number(ox_json_reader *r, const ox_json_value *json, const char *name) {
  return (uint32_t)ox_json_u64(r, ox_json_need(r, json, name), UINT32_MAX);
}

static ox_bytes get_block(ox_json_reader *r, const ox_json_value *json, const char *name) {
  return ox_json_bytes(r, ox_json_need(r, json, name));
}

static ox_str16 get_text(ox_json_reader *r, const ox_json_value *json, const char *name) {
  return ox_json_str16(r, ox_json_need(r, json, name));
}

static void from_json(ox_json_reader *r, const ox_json_value *json, unsigned width, void *out) {
  (void)width;
  const ox_appointment_recurrence_pattern *p = pattern_of(out);
  ox_extended_exceptions *list = out;
  uint32_t count;
  const ox_json_value *item = ox_json_items(r, json, &count);
  if (r->status == OX_OK && count != p->exception_count) {
    ox_json_fail(r, json, OX_E_MALFORMED, "There are %u exceptions.", p->exception_count);
  }
  list->items = ox_json_alloc(r, count, sizeof *list->items);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    ox_extended_exception *x = &list->items[i];
    const uint16_t flags = p->exception_info[i].override_flags;
    if (p->writer_version2 >= OX_RECURRENCE_WRITER_VERSION2) {
      x->change_highlight_value = get_number(r, item, "change_highlight_value");
      x->change_highlight_rest = get_block(r, item, "change_highlight_rest");
    }
    x->reserved_block_ee1 = get_block(r, item, "reserved_block_ee1");
    if ((flags & TEXTS) != 0) {
      x->start_date_time = get_number(r, item, "start_date_time");
      x->end_date_time = get_number(r, item, "end_date_time");
      x->original_start_date = get_number(r, item, "original_start_date");
      if (flags & OX_OVERRIDE_FLAGS_SUBJECT) {
        x->wide_char_subject = get_text(r, item, "wide_char_subject");
      }
      if (flags & OX_OVERRIDE_FLAGS_LOCATION) {
        x->wide_char_location = get_text(r, item, "wide_char_location");
      }
      x->reserved_block_ee2 = get_block(r, item, "reserved_block_ee2");
    }
    ox_json_close(r, item);
  }
}

const ox_wire_hooks ox_extended_exceptions_hooks = {dump, to_json, from_json};
