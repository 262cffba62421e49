/* What the files of the address-book server share. */
#ifndef OXKIT_DIRECTORY_NSPI_INTERNAL_H
#define OXKIT_DIRECTORY_NSPI_INTERNAL_H

#include <oxkit/directory/addressbook.h>
#include <oxkit/ropcodec/nspi.h>

#include "directory_internal.h"

/* Minimal entry ids with a meaning. @spec [MS-OXNSPI] 2.2.1.8, 2.2.1.9 */
enum {
  MID_BEGINNING_OF_TABLE = 0,
  MID_CURRENT = 1,
  MID_END_OF_TABLE = 2,
  MID_UNRESOLVED = 0,
  MID_AMBIGUOUS = 1,
  CONTAINER_FIRST_MID = 0x10,
};

/* Flags. @spec [MS-OXNSPI] 2.2.1.11 to 2.2.1.13 */
#define NSPI_SKIP_OBJECTS 0x00000001u
#define NSPI_EPHEMERAL_IDS 0x00000002u
#define NSPI_ADDRESS_CREATION_TEMPLATES 0x00000002u
#define NSPI_UNICODE_STRINGS 0x00000004u
#define NSPI_UNICODE_PROPTYPES 0x80000000u

/* @spec [MS-OXNSPI] 2.2.1.5 */
#define CODEPAGE_TELETEX 20261u

#define DT_CONTAINER 0x00000100u

/* The address lists. The first is the Global Address List, container 0. */
enum { CONTAINER_COUNT = 5 };
typedef struct container {
  uint32_t mid;
  const char *name;
  uint32_t kinds; /* bits 1 << OX_DIRECTORY_* */
} container;
extern const container nspi_containers[CONTAINER_COUNT];

/* --- nspi_table.c ----------------------------------------------------------------------------- */

/* One object that address lists show. */
typedef struct gal_row {
  uint32_t mid;
  uint32_t kind;
  ox_bytes sort_key;
} gal_row;

/* Rows of one container: indexes into the snapshot's rows, ascending. */
typedef struct gal_table {
  const uint32_t *rows;
  uint32_t count;
} gal_table;

/* The address lists at one time, in order of display name. Immutable; counted. */
typedef struct gal {
  uint64_t generation;
  unsigned references;
  ox_arena arena;
  gal_row *rows;
  uint32_t count;
  uint32_t *by_mid; /* indexes into rows, ascending by minimal entry id */
  gal_table tables[CONTAINER_COUNT];
} gal;

struct ox_addressbook_server {
  ox_nspi_processor processor; /* first */
  ox_directory *directory;
  const ox_allocator *allocator;
  const char *mailbox_url;
  const char *address_book_url;
  ox_guid guid;
  pthread_mutex_t lock; /* of current */
  gal *current;
};

/* The present snapshot; give it back with gal_release. */
ox_status gal_acquire(ox_addressbook_server *server, const gal **out, ox_error *err);
void gal_release(ox_addressbook_server *server, const gal *g);
/* NULL when there is no such container. */
const gal_table *gal_container(const gal *g, uint32_t container_mid);
/* Position of an object in a table; false when it is not there. */
bool gal_position(const gal *g, const gal_table *table, uint32_t mid, uint32_t *position_out);
uint32_t gal_mid(const gal *g, const gal_table *table, uint32_t position);
/* First position whose sort key is not less than `key`. */
uint32_t gal_seek(const gal *g, const gal_table *table, ox_bytes key);
/* Moves to where a STAT says, its delta included. @return OX_OK, OX_E_NOT_FOUND
 * @spec [MS-OXNSPI] 3.1.4.5.1, 3.1.4.5.2 */
ox_status gal_locate(const gal *g, const gal_table *table, const ox_nspi_stat *stat,
                     uint32_t *position_out, int32_t *moved_out);
/* Writes a position into a STAT. */
void gal_report(const gal *g, const gal_table *table, uint32_t position, ox_nspi_stat *stat);

/* --- nspi_properties.c ------------------------------------------------------------------------ */

/* One request in hand. */
typedef struct nspi_call {
  ox_addressbook_server *server;
  ox_directory *directory;
  const gal *gal;
  ox_arena *arena;  /* of the request: what the answer shows */
  ox_arena scratch; /* of one object */
  ox_error *err;
  bool ephemeral; /* PidTagEntryId as an Ephemeral Entry ID */
  uint32_t code_page;
} nspi_call;

/* Values of an object for the columns; columns without a value hold PtypErrorCode.
 * @param mid  an object that is not there has no values
 * @param complete_out  false when any column holds an error; may be NULL */
ox_status nspi_row(nspi_call *call, uint32_t mid, const ox_proptag *columns, size_t column_count,
                   ox_property **row_out, bool *complete_out);
/* One native value of a loaded object, for restrictions. @return OX_OK, OX_E_NOT_FOUND */
ox_status nspi_native_value(nspi_call *call, const ox_directory_entry *entry, ox_proptag tag,
                            ox_arena *arena, ox_property *out);
/* Loads an object into call->scratch, which it resets. @return OX_OK, OX_E_NOT_FOUND, ... */
ox_status nspi_load(nspi_call *call, uint32_t mid, ox_directory_entry *out);
/* Tags of the properties that an object has, or (mid 0) that any object may have.
 * @param unicode  report strings as PtypString, else PtypString8 */
ox_status nspi_property_tags(nspi_call *call, uint32_t mid, bool unicode, bool objects,
                             ox_proptag **tags_out, uint32_t *count_out);
/* Properties of a container's row in the hierarchy. */
ox_status nspi_container_row(nspi_call *call, size_t index, bool unicode,
                             ox_nspi_property_value_list *out);
/* The code page for 8-bit strings; 0 when the library has none such. */
uint32_t nspi_code_page(uint32_t code_page);

/* --- nspi_match.c ----------------------------------------------------------------------------- */

/* Rows of a table that a restriction matches, as minimal entry ids in order.
 * @param limit  more matches give OX_E_TABLE_TOO_BIG */
ox_status nspi_filter(nspi_call *call, const gal_table *table, const ox_restriction *filter,
                      uint32_t limit, uint32_t **mids_out, uint32_t *count_out);
/* Objects that a property of an object refers to, in order of display name.
 * @return OX_OK, OX_E_NO_SUPPORT (a property that refers to nothing), OX_E_TABLE_TOO_BIG */
ox_status nspi_linked(nspi_call *call, uint32_t mid, ox_proptag tag, uint32_t limit,
                      uint32_t **mids_out, uint32_t *count_out);
/* What a person's text means within a table: a minimal entry id, MID_UNRESOLVED, MID_AMBIGUOUS. */
ox_status nspi_resolve(nspi_call *call, const gal_table *table, const char *text,
                       uint32_t *mid_out);
/* Sorts minimal entry ids by display name; drops those that specify no object. */
ox_status nspi_sort(nspi_call *call, const uint32_t *mids, uint32_t count, uint32_t **sorted_out,
                    uint32_t *sorted_count_out);

#endif
