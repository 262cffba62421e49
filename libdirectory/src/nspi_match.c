/* Restrictions, references and ambiguous name resolution over the address lists. */
#include "nspi_internal.h"

#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/properties.h>

#include "attributes.h"

/* ANR conditions that one restriction may hold, and objects that one may mean. */
enum { ANR_MAX = 16, ANR_OBJECTS_MAX = 50000 };

/* Instead of an ANR condition the restriction asks whether a property of ours exists. */
#define ANR_STAND_IN(index) OX_PROPTAG(0xFE00 + (index), OX_PTYP_BOOLEAN)

typedef struct anr_set {
  int64_t *ids; /* ascending */
  size_t count;
} anr_set;

typedef struct filter {
  nspi_call *call;
  anr_set sets[ANR_MAX];
  unsigned set_count;
  const anr_set *candidates; /* when an ANR condition must hold: look at no others */
  const ox_directory_entry *entry;
  ox_property found; /* the value that lookup returned last */
  ox_arena values;
  ox_status status; /* first failure in a lookup */
} filter;

static bool set_has(const anr_set *set, uint32_t mid) {
  size_t low = 0, high = set->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (set->ids[middle] < (int64_t)mid)
      low = middle + 1;
    else
      high = middle;
  }
  return low < set->count && set->ids[low] == (int64_t)mid;
}

/* --- Preparing -------------------------------------------------------------------------------- */

static ox_status widen(filter *f, ox_str8 narrow, ox_str16 *out) {
  uint32_t page = nspi_code_page(f->call->code_page);
  char *utf8;
  if (page == 0 || page == OX_CODEPAGE_UTF16LE) page = OX_CODEPAGE_WINDOWS_1252;
  ox_status status = ox_str8_to_utf8(f->call->arena, narrow, page, &utf8);
  if (status != OX_OK) return status;
  return ox_str16_from_utf8(f->call->arena, ox_str8_from(utf8), out);
}

/* 8-bit text in a condition becomes Unicode, as the properties are. @spec [MS-OXNSPI] 3.1.4.3.4 */
static ox_status widen_condition(filter *f, ox_proptag *tag, ox_property *tagged) {
  ox_status status = OX_OK;
  if (OX_PROPTAG_TYPE(tagged->tag) == OX_PTYP_STRING8) {
    ox_str16 wide;
    status = widen(f, tagged->value.string8, &wide);
    tagged->tag = OX_PROPTAG_AS(tagged->tag, OX_PTYP_STRING);
    tagged->value.string = wide;
  }
  if (OX_PROPTAG_TYPE(*tag) == OX_PTYP_STRING8) *tag = OX_PROPTAG_AS(*tag, OX_PTYP_STRING);
  if (OX_PROPTAG_TYPE(*tag) == OX_PTYP_MULTIPLE_STRING8)
    *tag = OX_PROPTAG_AS(*tag, OX_PTYP_MULTIPLE_STRING);
  return status;
}

/* An ANR condition becomes a set of objects and a stand-in that asks for it. */
static ox_status prepare_anr(filter *f, const ox_property *tagged, ox_restriction *out) {
  if (OX_PROPTAG_TYPE(tagged->tag) != OX_PTYP_STRING || f->set_count == ANR_MAX)
    return OX_E_TOO_COMPLEX;
  char *text = ox_str16_utf8(f->call->arena, tagged->value.string);
  if (text == NULL) return OX_E_NO_MEMORY;
  anr_set *set = &f->sets[f->set_count];
  dir_lock(f->call->directory);
  ox_status status = dir_anr(f->call->directory, text, ANR_OBJECTS_MAX, f->call->arena, &set->ids,
                             &set->count, f->call->err);
  dir_unlock(f->call->directory);
  if (status == OX_E_LIMIT) return OX_E_TABLE_TOO_BIG;
  if (status != OX_OK) return status;
  out->type = OX_RESTRICTION_EXIST;
  out->u.exist.property_tag = ANR_STAND_IN(f->set_count);
  f->set_count++;
  return OX_OK;
}

/* Prepares a tree in place. `must` is true where the node has to hold for the whole to hold. */
static ox_status prepare(filter *f, ox_restriction *node, bool must) {
  ox_status status = OX_OK;
  switch (node->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR:
      for (uint32_t i = 0; i < node->u.logical.count && status == OX_OK; i++)
        status = prepare(f, &node->u.logical.children[i], must && node->type == OX_RESTRICTION_AND);
      return status;
    case OX_RESTRICTION_NOT: return prepare(f, node->u.negation.child, false);
    case OX_RESTRICTION_COUNT: return prepare(f, node->u.count.child, must);
    case OX_RESTRICTION_COMMENT:
      return node->u.comment.child != NULL ? prepare(f, node->u.comment.child, must) : OX_OK;
    case OX_RESTRICTION_CONTENT:
    case OX_RESTRICTION_PROPERTY: break;
    case OX_RESTRICTION_SUBOBJECT: return OX_E_TOO_COMPLEX;
    default: return OX_OK;
  }
  bool content = node->type == OX_RESTRICTION_CONTENT;
  ox_proptag *tag = content ? &node->u.content.property_tag : &node->u.property.property_tag;
  ox_property *tagged = content ? &node->u.content.tagged_value : &node->u.property.tagged_value;
  status = widen_condition(f, tag, tagged);
  if (status != OX_OK || OX_PROPTAG_ID(*tag) != OX_PROPTAG_ID(OX_PidTagAnr)) return status;
  unsigned index = f->set_count;
  ox_property condition = *tagged;
  status = prepare_anr(f, &condition, node);
  if (status == OX_OK && must) f->candidates = &f->sets[index];
  return status;
}

/* --- Matching --------------------------------------------------------------------------------- */

static const ox_value *lookup(void *user, ox_proptag tag) {
  filter *f = user;
  unsigned stand_in = OX_PROPTAG_ID(tag) - 0xFE00u;
  if (OX_PROPTAG_ID(tag) >= 0xFE00 && stand_in < f->set_count) {
    f->found.value.boolean = true;
    return set_has(&f->sets[stand_in], f->entry->mid) ? &f->found.value : NULL;
  }
  ox_status status = nspi_native_value(f->call, f->entry, tag, &f->values, &f->found);
  if (status == OX_OK)
    return OX_PROPTAG_TYPE(f->found.tag) == OX_PROPTAG_TYPE(tag) ? &f->found.value : NULL;
  if (status != OX_E_NOT_FOUND && f->status == OX_OK) f->status = status;
  return NULL;
}

/* lookup gives one value at a time; comparing two properties needs both at once. */
static const ox_value *lookup_copy(void *user, ox_proptag tag) {
  filter *f = user;
  const ox_value *value = lookup(user, tag);
  if (value == NULL) return NULL;
  ox_value *copied = ox_arena_copy(&f->values, value, sizeof *value);
  if (copied == NULL) f->status = OX_E_NO_MEMORY;
  return copied;
}

typedef struct mid_list {
  uint32_t *mids;
  uint32_t count;
  uint32_t capacity;
} mid_list;

static ox_status append(nspi_call *call, mid_list *list, uint32_t mid) {
  if (list->count == list->capacity) {
    uint32_t capacity = list->capacity != 0 ? list->capacity * 2 : 64;
    uint32_t *mids = ox_arena_grow(call->arena, list->mids, list->count, capacity, sizeof *mids);
    if (mids == NULL) return OX_E_NO_MEMORY;
    list->mids = mids;
    list->capacity = capacity;
  }
  list->mids[list->count++] = mid;
  return OX_OK;
}

static ox_status match_row(filter *f, const ox_restriction *restriction, uint32_t mid,
                           bool *matches_out) {
  ox_directory_entry entry;
  ox_restriction_subject subject = {
      .struct_size = sizeof subject, .lookup = lookup_copy, .user = f, .scratch = &f->values};
  *matches_out = false;
  ox_arena_reset(&f->values);
  ox_status status = nspi_load(f->call, mid, &entry);
  if (status == OX_E_NOT_FOUND) return OX_OK; /* removed meanwhile */
  if (status != OX_OK) return status;
  f->entry = &entry;
  status = ox_restriction_matches(restriction, &subject, matches_out);
  return status != OX_OK ? status : f->status;
}

/* The candidates of an ANR set as positions in the table, ascending. */
static ox_status candidate_positions(filter *f, const gal_table *table, uint32_t **positions_out,
                                     uint32_t *count_out) {
  const anr_set *set = f->candidates;
  uint32_t *positions = ox_arena_calloc(f->call->arena, set->count, sizeof *positions), count = 0;
  if (positions == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < set->count; i++)
    if (gal_position(f->call->gal, table, (uint32_t)set->ids[i], &positions[count])) count++;
  *positions_out = positions;
  *count_out = count;
  return OX_OK;
}

static int compare_u32(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return left < right ? -1 : left > right;
}

static ox_status collect(filter *f, const gal_table *table, const ox_restriction *restriction,
                         uint32_t limit, mid_list *list) {
  uint32_t *positions = NULL, count = table->count;
  ox_status status = OX_OK;
  if (f->candidates != NULL) {
    status = candidate_positions(f, table, &positions, &count);
    if (status == OX_OK && count != 0) qsort(positions, count, sizeof *positions, compare_u32);
  }
  for (uint32_t i = 0; i < count && status == OX_OK; i++) {
    uint32_t mid = gal_mid(f->call->gal, table, positions != NULL ? positions[i] : i);
    bool matches = false;
    status = match_row(f, restriction, mid, &matches);
    if (status != OX_OK || !matches) continue;
    if (list->count >= limit) return OX_E_TABLE_TOO_BIG;
    status = append(f->call, list, mid);
  }
  return status;
}

ox_status nspi_filter(nspi_call *call, const gal_table *table, const ox_restriction *restriction,
                      uint32_t limit, uint32_t **mids_out, uint32_t *count_out) {
  filter f = {.call = call};
  ox_restriction prepared;
  mid_list list = {0};
  ox_arena_init(&f.values, call->server->allocator, 0);
  ox_status status = ox_restriction_clone(call->arena, restriction, &prepared);
  if (status == OX_OK) status = prepare(&f, &prepared, true);
  if (status == OX_OK) status = collect(&f, table, &prepared, limit, &list);
  ox_arena_dispose(&f.values);
  *mids_out = list.mids;
  *count_out = list.count;
  return status;
}

/* --- References ------------------------------------------------------------------------------- */

static ox_status linked_rows(nspi_call *call, statement which, uint32_t mid, uint32_t limit,
                             mid_list *list) {
  ox_status status = OX_OK;
  dir_lock(call->directory);
  sqlite3_stmt *stmt = db_statement(call->directory, which);
  int code = SQLITE_ERROR;
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, mid);
    while (status == OX_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
      bool hidden = sqlite3_column_int(stmt, 3) != 0;
      if (hidden) continue;
      status = list->count < limit ? append(call, list, (uint32_t)sqlite3_column_int64(stmt, 0))
                                   : OX_E_TABLE_TOO_BIG;
    }
    sqlite3_reset(stmt);
  }
  if (status == OX_OK && code != SQLITE_DONE)
    status = db_fail(call->directory, "Cannot read the directory", call->err);
  dir_unlock(call->directory);
  return status;
}

/* The object that an attribute of this one names. */
static ox_status linked_by_attribute(nspi_call *call, uint32_t mid, const char *name,
                                     mid_list *list) {
  ox_directory_entry entry, target;
  ox_error unheard;
  ox_status status = nspi_load(call, mid, &entry);
  if (status != OX_OK) return status;
  for (size_t i = 0; i < entry.attribute_count; i++) {
    if (strcmp(entry.attributes[i].name, name) != 0) continue;
    status = ox_directory_get(call->directory, entry.attributes[i].value, call->arena, &target,
                              &unheard);
    if (status == OX_E_NOT_FOUND) return OX_OK;
    return status == OX_OK ? append(call, list, target.mid) : status;
  }
  return OX_OK;
}

/* The objects whose attribute names this one. Attributes hold what a person wrote, so all of them
 * are looked at. */
static ox_status linked_from_attribute(nspi_call *call, uint32_t mid, const char *name,
                                       uint32_t limit, mid_list *list) {
  const gal_table *all = gal_container(call->gal, 0);
  ox_status status = OX_OK;
  for (uint32_t i = 0; i < all->count && status == OX_OK; i++) {
    uint32_t candidate = gal_mid(call->gal, all, i);
    mid_list target = {0};
    status = linked_by_attribute(call, candidate, name, &target);
    if (status == OX_E_NOT_FOUND) status = OX_OK;
    if (status != OX_OK || target.count == 0 || target.mids[0] != mid) continue;
    status = list->count < limit ? append(call, list, candidate) : OX_E_TABLE_TOO_BIG;
  }
  return status;
}

ox_status nspi_linked(nspi_call *call, uint32_t mid, ox_proptag tag, uint32_t limit,
                      uint32_t **mids_out, uint32_t *count_out) {
  mid_list list = {0};
  ox_status status;
  switch (OX_PROPTAG_ID(tag)) {
    case OX_PROPTAG_ID(OX_PidTagAddressBookMember):
    case OX_PROPTAG_ID(OX_PidTagContainerContents):
      status = linked_rows(call, ST_MEMBERS, mid, limit, &list);
      break;
    case OX_PROPTAG_ID(OX_PidTagAddressBookIsMemberOfDistributionList):
      status = linked_rows(call, ST_MEMBER_OF, mid, limit, &list);
      break;
    case OX_PROPTAG_ID(OX_PidTagAddressBookManager):
      status = linked_by_attribute(call, mid, "manager", &list);
      break;
    case OX_PROPTAG_ID(OX_PidTagAddressBookOwner):
      status = linked_by_attribute(call, mid, "managedBy", &list);
      break;
    case OX_PROPTAG_ID(OX_PidTagAddressBookReports):
      status = linked_from_attribute(call, mid, "manager", limit, &list);
      break;
    case OX_PROPTAG_ID(OX_PidTagAddressBookOwnerBackLink):
      status = linked_from_attribute(call, mid, "managedBy", limit, &list);
      break;
    case OX_PROPTAG_ID(OX_PidTagAddressBookPublicDelegates): status = OX_OK; break;
    default: return OX_E_NO_SUPPORT;
  }
  *mids_out = list.mids;
  *count_out = list.count;
  return status;
}

/* --- Names ------------------------------------------------------------------------------------ */

ox_status nspi_resolve(nspi_call *call, const gal_table *table, const char *text,
                       uint32_t *mid_out) {
  int64_t *ids = NULL, exact = 0;
  size_t count = 0;
  uint32_t position, found = 0;
  *mid_out = MID_UNRESOLVED;
  if (text[0] == 0) return OX_OK;
  dir_lock(call->directory);
  ox_status status = dir_anr_exact(call->directory, text, call->arena, &exact, NULL);
  bool is_exact = status == OX_OK && gal_position(call->gal, table, (uint32_t)exact, &position);
  if (status == OX_E_NOT_FOUND || (status == OX_OK && !is_exact))
    status = dir_anr(call->directory, text, ANR_OBJECTS_MAX, call->arena, &ids, &count, NULL);
  dir_unlock(call->directory);
  if (status == OX_E_LIMIT) return *mid_out = MID_AMBIGUOUS, OX_OK;
  if (status != OX_OK) return status;
  if (is_exact) return *mid_out = (uint32_t)exact, OX_OK;
  for (size_t i = 0; i < count && found < 2; i++) {
    if (!gal_position(call->gal, table, (uint32_t)ids[i], &position)) continue;
    *mid_out = (uint32_t)ids[i];
    found++;
  }
  if (found == 2) *mid_out = MID_AMBIGUOUS;
  return OX_OK;
}

ox_status nspi_sort(nspi_call *call, const uint32_t *mids, uint32_t count, uint32_t **sorted_out,
                    uint32_t *sorted_count_out) {
  const gal_table *all = gal_container(call->gal, 0);
  uint32_t *sorted = ox_arena_calloc(call->arena, count, sizeof *sorted), kept = 0;
  if (sorted == NULL) return OX_E_NO_MEMORY;
  for (uint32_t i = 0; i < count; i++)
    if (gal_position(call->gal, all, mids[i], &sorted[kept])) kept++;
  if (kept != 0) qsort(sorted, kept, sizeof *sorted, compare_u32);
  for (uint32_t i = 0; i < kept; i++) sorted[i] = gal_mid(call->gal, all, sorted[i]);
  *sorted_out = sorted;
  *sorted_count_out = kept;
  return OX_OK;
}
