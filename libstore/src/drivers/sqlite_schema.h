/* The schema in SQLite's dialect. Ids are REPLID << 48 | GLOBCNT; times are FILETIMEs; text is
 * UTF-16LE bytes unless a comment says otherwise. Raise OX_SCHEMA_VERSION with every change. */
#ifndef OXKIT_STORE_SQLITE_SCHEMA_H
#define OXKIT_STORE_SQLITE_SCHEMA_H

static const char sqlite_schema[] =
    /* One row per fact of the mailbox: guid, names, property bag of the store object. */
    "CREATE TABLE fact(key INTEGER PRIMARY KEY, value BLOB);"
    /* The next GLOBCNT (ids and change numbers come from one range). */
    "CREATE TABLE counter(id INTEGER PRIMARY KEY, next INTEGER NOT NULL);"
    "CREATE TABLE replica(replid INTEGER PRIMARY KEY, guid BLOB NOT NULL UNIQUE);"
    "CREATE TABLE named(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);"
    "CREATE TABLE special(number INTEGER PRIMARY KEY, fid INTEGER NOT NULL);"
    /* class: ASCII as given; folded: lower case. */
    "CREATE TABLE receive_folder(folded BLOB PRIMARY KEY, class BLOB NOT NULL,"
    " fid INTEGER NOT NULL, modified INTEGER NOT NULL) WITHOUT ROWID;"
    /* state: 0 live, 1 soft-deleted. The counters change with what they count. */
    "CREATE TABLE folder(fid INTEGER PRIMARY KEY, parent INTEGER NOT NULL, state INTEGER NOT NULL,"
    " type INTEGER NOT NULL, name BLOB NOT NULL, name_key BLOB NOT NULL, cn INTEGER NOT NULL,"
    " source_key BLOB NOT NULL, change_key BLOB NOT NULL, pcl BLOB NOT NULL,"
    " created INTEGER NOT NULL, modified INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,"
    " message_count INTEGER NOT NULL DEFAULT 0, unread_count INTEGER NOT NULL DEFAULT 0,"
    " associated_count INTEGER NOT NULL DEFAULT 0, deleted_count INTEGER NOT NULL DEFAULT 0,"
    " deleted_associated_count INTEGER NOT NULL DEFAULT 0, child_count INTEGER NOT NULL DEFAULT 0,"
    " size INTEGER NOT NULL DEFAULT 0, associated_size INTEGER NOT NULL DEFAULT 0,"
    " bag BLOB NOT NULL);"
    "CREATE INDEX folder_children ON folder(parent, state, name_key);"
    /* kind: 0 normal, 1 associated, 2 and 3 the same soft-deleted, 4 embedded (fid is 0 then). */
    "CREATE TABLE message(mid INTEGER PRIMARY KEY, fid INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " cn INTEGER NOT NULL, read_cn INTEGER NOT NULL, source_key BLOB, change_key BLOB, pcl BLOB,"
    " delivery_time INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,"
    " deleted INTEGER NOT NULL DEFAULT 0, size INTEGER NOT NULL, flags INTEGER NOT NULL,"
    " status INTEGER NOT NULL DEFAULT 0, importance INTEGER NOT NULL, class BLOB NOT NULL);"
    "CREATE INDEX message_order ON message(fid, kind, mid);"
    "CREATE INDEX message_delivery ON message(fid, kind, delivery_time, mid);"
    /* Messages on their way out: flag 4 is "submitted". */
    "CREATE INDEX message_submitted ON message(mid) WHERE flags & 4;"
    "CREATE TABLE message_bag(mid INTEGER PRIMARY KEY, bag BLOB NOT NULL);"
    "CREATE TABLE recipient(mid INTEGER NOT NULL, row_id INTEGER NOT NULL, bag BLOB NOT NULL,"
    " PRIMARY KEY(mid, row_id)) WITHOUT ROWID;"
    /* embedded: message row of the embedded message, 0 when there is none. */
    "CREATE TABLE attachment(aid INTEGER PRIMARY KEY, mid INTEGER NOT NULL,"
    " number INTEGER NOT NULL, size INTEGER NOT NULL, embedded INTEGER NOT NULL,"
    " bag BLOB NOT NULL);"
    "CREATE UNIQUE INDEX attachment_message ON attachment(mid, number);"
    /* Values above 32 KiB; chunk ids are lid << 24 | number. */
    "CREATE TABLE large(lid INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL,"
    " refs INTEGER NOT NULL);"
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY, data BLOB NOT NULL);"
    /* kind: 1 hard, 2 soft, 3 moved, 4 expired. */
    "CREATE TABLE tombstone(cn INTEGER PRIMARY KEY, id INTEGER NOT NULL, fid INTEGER NOT NULL,"
    " is_folder INTEGER NOT NULL, kind INTEGER NOT NULL, source_key BLOB);"
    "CREATE INDEX tombstone_folder ON tombstone(fid, cn);"
    /* Sorted and restricted views of contents tables, and their rows. */
    "CREATE TABLE view(view INTEGER PRIMARY KEY AUTOINCREMENT, fid INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, spec BLOB NOT NULL, used INTEGER NOT NULL,"
    " row_count INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX view_spec ON view(fid, kind, spec);"
    "CREATE TABLE sort_index(view INTEGER NOT NULL, key BLOB NOT NULL, mid INTEGER NOT NULL,"
    " PRIMARY KEY(view, key, mid)) WITHOUT ROWID;"
    "CREATE INDEX sort_member ON sort_index(view, mid);"
    /* What happened, for listeners: trimmed to the newest. */
    "CREATE TABLE event(seq INTEGER PRIMARY KEY AUTOINCREMENT, type INTEGER NOT NULL,"
    " is_message INTEGER NOT NULL, fid INTEGER NOT NULL, mid INTEGER NOT NULL,"
    " parent INTEGER NOT NULL, old_fid INTEGER NOT NULL, old_mid INTEGER NOT NULL,"
    " old_parent INTEGER NOT NULL, flags INTEGER NOT NULL, total INTEGER NOT NULL,"
    " unread INTEGER NOT NULL, kind INTEGER NOT NULL, class BLOB, tags BLOB);";

#endif
