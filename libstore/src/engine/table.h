/* The inside of a table: shared by table.c (the API), rows.c (contents of rows) and event.c. */
#ifndef OXKIT_STORE_TABLE_H
#define OXKIT_STORE_TABLE_H

#include "engine.h"

typedef enum oxs_table_kind {
  OXS_TABLE_CONTENTS,
  OXS_TABLE_HIERARCHY,
  OXS_TABLE_ATTACHMENTS
} oxs_table_kind;

/* A row of a table that is held in memory: hierarchy and attachment tables. */
typedef struct oxs_list_row {
  int64_t id; /* folder row key or attachment number */
  uint32_t depth;
} oxs_list_row;

typedef struct oxs_bookmark {
  uint32_t number;
  oxs_place place;
  int64_t next_mid; /* the row that stood there; 0 at the end */
} oxs_bookmark;

typedef struct oxs_table {
  ox_table base;
  oxs_mailbox *mailbox;
  oxs_table_kind kind;
  uint32_t flags;
  ox_arena arena;      /* columns, sort, restriction, view spec; reset with them */
  ox_arena list_arena; /* list */
  /* contents */
  oxs_view view;
  ox_sort_order_set sort;
  bool sorted;
  /* hierarchy, attachments */
  int64_t fid;
  oxs_item *item;
  oxs_list_row *list;
  size_t list_count;
  int64_t list_seq; /* event that the list has seen; -1: must be made */
  ox_restriction *restriction;
  /* cursor */
  oxs_place place;
  uint8_t *place_key; /* owns place.key */
  size_t place_key_capacity;
  oxs_bookmark *bookmarks;
  size_t bookmark_count;
  uint32_t next_bookmark;
  struct oxs_subscription *subscription;
} oxs_table;

/* rows.c */
/* Reads a row's columns; values in `arena`. */
ox_status oxs_row_columns(oxs_txn *t, oxs_table *table, oxs_picker *picker, const oxs_place *place,
                          ox_arena *arena, ox_property *out);
/* Whether a row matches; for hierarchy and attachment tables and for finding rows. */
ox_status oxs_row_matches(oxs_txn *t, oxs_table *table, oxs_picker *picker, const oxs_place *place,
                          const ox_restriction *restriction, ox_arena *scratch, bool *matches);
/* Makes the list of a hierarchy or attachment table again if something may have changed. */
ox_status oxs_list_refresh(oxs_txn *t, oxs_table *table);

/* table.c */
ox_status oxs_table_fetch(oxs_txn *t, oxs_table *table, const oxs_place *place, bool forward,
                          int64_t offset, size_t limit, ox_arena *arena, oxs_place **out,
                          size_t *count_out);
/* A read in which the table's view exists. */
ox_status oxs_table_read(oxs_table *table, oxs_txn *t, ox_error *err);

#endif
