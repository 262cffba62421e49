/* Sets of ids: dump, JSON. What JSON puts in disorder the encoders refuse. */
#include "show.h"

#include <inttypes.h>

#include <oxkit/ropcodec/idset.h>

static void dump_ids(ox_writer *w, unsigned indent, const ox_globset *ids) {
  uint64_t id_count = ox_globset_id_count(ids);
  ox_dump_format(w, "%zu range%s, %" PRIu64 " id%s\n", ids->count, ids->count == 1 ? "" : "s",
                 id_count, id_count == 1 ? "" : "s");
  for (size_t i = 0; i < ids->count && w->status == OX_OK; i++) {
    const ox_globcnt_range *range = &ids->ranges[i];
    ox_dump_format(w, "%*s%012" PRIx64, (int)indent, "", range->low);
    if (range->low != range->high) ox_dump_format(w, "-%012" PRIx64, range->high);
    ox_write_text(w, "\n");
  }
}

static void put_ids(ox_json_writer *j, const ox_globset *ids) {
  ox_json_begin(j, '[');
  for (size_t i = 0; i < ids->count; i++) {
    ox_json_begin(j, '{');
    ox_json_key(j, "low");
    ox_json_put_hex(j, ids->ranges[i].low, 12);
    ox_json_key(j, "high");
    ox_json_put_hex(j, ids->ranges[i].high, 12);
    ox_json_end(j, '}');
  }
  ox_json_end(j, ']');
}

static void get_ids(ox_json_reader *r, const ox_json_value *json, ox_globset *out) {
  uint32_t count;
  const ox_json_value *item = ox_json_items(r, json, &count);
  ox_globcnt_range *range = ox_json_alloc(r, count, sizeof *range);
  out->ranges = range;
  for (; item != NULL && r->status == OX_OK; range++, item = item->next) {
    range->low = ox_json_u64(r, ox_json_need(r, item, "low"), OX_GLOBCNT_MAX);
    range->high = ox_json_u64(r, ox_json_need(r, item, "high"), OX_GLOBCNT_MAX);
    ox_json_close(r, item);
  }
  if (r->status == OX_OK) out->count = count;
}

static void globset_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                         const void *in) {
  (void)arena, (void)width;
  dump_ids(w, indent, in);
}

static void globset_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  put_ids(j, in);
}

static void globset_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                              void *out) {
  (void)width;
  get_ids(r, json, out);
}

const ox_wire_hooks ox_globset_hooks = {globset_dump, globset_to_json, globset_from_json};

static void idset_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                       const void *in) {
  (void)arena, (void)width;
  const ox_idset *set = in;
  ox_dump_format(w, "%zu\n", set->count);
  for (size_t i = 0; i < set->count; i++) {
    const ox_idset_entry *entry = &set->entries[i];
    ox_dump_format(w, "%*s", (int)indent, "");
    if (set->form == OX_IDSET_REPLID) {
      ox_dump_format(w, "%u", entry->replica.replid);
    } else {
      ox_dump_guid(w, &entry->replica.replguid);
    }
    ox_write_text(w, ": ");
    dump_ids(w, indent + 2, &entry->ids);
  }
}

static void idset_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_idset *set = in;
  ox_json_begin(j, '[');
  for (size_t i = 0; i < set->count; i++) {
    const ox_idset_entry *entry = &set->entries[i];
    ox_json_begin(j, '{');
    if (set->form == OX_IDSET_REPLID) {
      ox_json_key(j, "replid");
      ox_json_put_u32(j, entry->replica.replid);
    } else {
      ox_json_key(j, "replguid");
      ox_json_put_guid(j, &entry->replica.replguid);
    }
    ox_json_key(j, "ranges");
    put_ids(j, &entry->ids);
    ox_json_end(j, '}');
  }
  ox_json_end(j, ']');
}

static void get_idset(ox_json_reader *r, const ox_json_value *json, uint8_t form, ox_idset *out) {
  ox_idset_init(out, form, NULL);
  uint32_t count;
  const ox_json_value *item = ox_json_items(r, json, &count);
  ox_idset_entry *entry = out->entries = ox_json_alloc(r, count, sizeof *entry);
  for (; item != NULL && r->status == OX_OK; entry++, item = item->next) {
    if (form == OX_IDSET_REPLID) {
      const ox_json_value *replid = ox_json_need(r, item, "replid");
      entry->replica.replid = (uint16_t)ox_json_u64(r, replid, UINT16_MAX);
    } else {
      entry->replica.replguid = ox_json_guid(r, ox_json_need(r, item, "replguid"));
    }
    get_ids(r, ox_json_need(r, item, "ranges"), &entry->ids);
    ox_json_close(r, item);
  }
  if (r->status == OX_OK) out->count = count;
}

static void idset_from_replguid_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                     void *out) {
  (void)width;
  get_idset(r, json, OX_IDSET_REPLGUID, out);
}

static void idset_from_replid_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                   void *out) {
  (void)width;
  get_idset(r, json, OX_IDSET_REPLID, out);
}

const ox_wire_hooks ox_idset_replguid_hooks = {idset_dump, idset_to_json, idset_from_replguid_json};
const ox_wire_hooks ox_idset_replid_hooks = {idset_dump, idset_to_json, idset_from_replid_json};
