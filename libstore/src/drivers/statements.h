/* Every statement of the engine: OXS_STATEMENT(name, SQLite's text). Included wherever the list is
 * needed with OXS_STATEMENT defined; another dialect becomes a further column. */

/* Columns of message and folder rows in the order in which the engine reads them. */
#ifndef OXS_MESSAGE_COLUMNS
#define OXS_MESSAGE_COLUMNS                                                                      \
  "mid, fid, kind, cn, read_cn, delivery_time, created, modified, deleted, size, flags, status," \
  " importance, class, source_key, change_key, pcl"
#define OXS_FOLDER_COLUMNS                                                                 \
  "fid, parent, state, type, cn, created, modified, deleted, message_count, unread_count," \
  " associated_count, deleted_count, deleted_associated_count, child_count, size,"         \
  " associated_size, name, source_key, change_key, pcl, bag"
#endif

/* transactions */
OXS_STATEMENT(BEGIN_READ, "BEGIN")
OXS_STATEMENT(BEGIN_WRITE, "BEGIN IMMEDIATE")
OXS_STATEMENT(COMMIT, "COMMIT")
OXS_STATEMENT(ROLLBACK, "ROLLBACK")

/* facts, counters, replicas, names */
OXS_STATEMENT(FACT_GET, "SELECT value FROM fact WHERE key=?1")
OXS_STATEMENT(FACT_PUT, "INSERT OR REPLACE INTO fact(key, value) VALUES(?1, ?2)")
OXS_STATEMENT(COUNTER_INSERT, "INSERT INTO counter(id, next) VALUES(1, ?1)")
OXS_STATEMENT(COUNTER_TAKE, "UPDATE counter SET next=next+?1 WHERE id=1 RETURNING next")
OXS_STATEMENT(REPLICA_INSERT, "INSERT INTO replica(replid, guid) VALUES(?1, ?2)")
OXS_STATEMENT(REPLICA_GUID, "SELECT guid FROM replica WHERE replid=?1")
OXS_STATEMENT(REPLICA_FIND, "SELECT replid FROM replica WHERE guid=?1")
OXS_STATEMENT(REPLICA_NEXT, "SELECT max(replid)+1 FROM replica")
OXS_STATEMENT(NAMED_FIND, "SELECT id FROM named WHERE name=?1")
OXS_STATEMENT(NAMED_NEXT, "SELECT coalesce(max(id)+1, 32768) FROM named")
OXS_STATEMENT(NAMED_INSERT, "INSERT INTO named(id, name) VALUES(?1, ?2)")
OXS_STATEMENT(NAMED_GET, "SELECT name FROM named WHERE id=?1")
OXS_STATEMENT(NAMED_LIST, "SELECT id FROM named ORDER BY id")

/* special and receive folders */
OXS_STATEMENT(SPECIAL_INSERT, "INSERT INTO special(number, fid) VALUES(?1, ?2)")
OXS_STATEMENT(SPECIAL_GET, "SELECT fid FROM special WHERE number=?1")
OXS_STATEMENT(SPECIAL_NUMBER, "SELECT number FROM special WHERE fid=?1")
OXS_STATEMENT(RECEIVE_FOLDER_PUT,
              "INSERT OR REPLACE INTO receive_folder(folded, class, fid, modified)"
              " VALUES(?1, ?2, ?3, ?4)")
OXS_STATEMENT(RECEIVE_FOLDER_GET, "SELECT fid, class FROM receive_folder WHERE folded=?1")
OXS_STATEMENT(RECEIVE_FOLDER_DELETE, "DELETE FROM receive_folder WHERE folded=?1")
OXS_STATEMENT(RECEIVE_FOLDER_FORGET, "DELETE FROM receive_folder WHERE fid=?1")
OXS_STATEMENT(RECEIVE_FOLDER_LIST,
              "SELECT fid, class, modified FROM receive_folder ORDER BY folded")

/* folders */
OXS_STATEMENT(FOLDER_GET, "SELECT " OXS_FOLDER_COLUMNS " FROM folder WHERE fid=?1")
OXS_STATEMENT(FOLDER_STATE, "SELECT state FROM folder WHERE fid=?1")
OXS_STATEMENT(FOLDER_PARENT, "SELECT parent FROM folder WHERE fid=?1")
OXS_STATEMENT(FOLDER_BY_NAME, "SELECT fid FROM folder WHERE parent=?1 AND state=0 AND name_key=?2")
OXS_STATEMENT(FOLDER_INSERT,
              "INSERT INTO folder(fid, parent, state, type, name, name_key, cn, source_key,"
              " change_key, pcl, created, modified, bag)"
              " VALUES(?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11)")
OXS_STATEMENT(FOLDER_CHILDREN_ADD, "UPDATE folder SET child_count=child_count+?2 WHERE fid=?1")
OXS_STATEMENT(FOLDER_TOUCH,
              "UPDATE folder SET cn=?2, change_key=?3, pcl=?4, modified=?5 WHERE fid=?1")
OXS_STATEMENT(FOLDER_SET, "UPDATE folder SET bag=?2, name=?3, name_key=?4 WHERE fid=?1")
OXS_STATEMENT(FOLDER_MOVE, "UPDATE folder SET parent=?2, name=?3, name_key=?4 WHERE fid=?1")
OXS_STATEMENT(FOLDER_DELETE, "DELETE FROM folder WHERE fid=?1")
OXS_STATEMENT(FOLDER_SOFT_DELETE, "UPDATE folder SET state=1, deleted=?2 WHERE fid=?1")
OXS_STATEMENT(FOLDER_COUNT,
              "UPDATE folder SET message_count=message_count+?2, unread_count=unread_count+?3,"
              " associated_count=associated_count+?4, deleted_count=deleted_count+?5,"
              " deleted_associated_count=deleted_associated_count+?6, size=size+?7,"
              " associated_size=associated_size+?8 WHERE fid=?1"
              " RETURNING parent, message_count, unread_count")
OXS_STATEMENT(FOLDER_ROWS,
              "SELECT CASE ?2 WHEN 0 THEN message_count WHEN 1 THEN associated_count"
              " WHEN 2 THEN deleted_count ELSE deleted_associated_count END"
              " FROM folder WHERE fid=?1")
OXS_STATEMENT(FOLDER_CHILD_IDS,
              "SELECT fid FROM folder WHERE parent=?1 AND fid>?2 AND state<=?4"
              " ORDER BY fid LIMIT ?3")
OXS_STATEMENT(FOLDER_CHILDREN_BY_NAME,
              "SELECT fid, child_count FROM folder WHERE parent=?1 AND state=?2 ORDER BY name_key")
OXS_STATEMENT(MAILBOX_SIZE, "SELECT coalesce(sum(size+associated_size), 0) FROM folder")

/* messages */
OXS_STATEMENT(MESSAGE_GET, "SELECT " OXS_MESSAGE_COLUMNS " FROM message WHERE mid=?1")
/* the bag follows the columns */
OXS_STATEMENT(MESSAGE_AND_BAG,
              "SELECT m.mid, fid, kind, cn, read_cn, delivery_time, created, modified, deleted,"
              " size, flags, status, importance, class, source_key, change_key, pcl, bag"
              " FROM message m LEFT JOIN message_bag b ON b.mid=m.mid WHERE m.mid=?1")
OXS_STATEMENT(MESSAGE_SIZE, "SELECT size FROM message WHERE mid=?1")
OXS_STATEMENT(MESSAGE_INSERT, "INSERT INTO message(" OXS_MESSAGE_COLUMNS
                              ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
                              " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)")
OXS_STATEMENT(MESSAGE_UPDATE,
              "UPDATE message SET fid=?2, kind=?3, cn=?4, read_cn=?5, delivery_time=?6, created=?7,"
              " modified=?8, deleted=?9, size=?10, flags=?11, status=?12, importance=?13,"
              " class=?14, source_key=?15, change_key=?16, pcl=?17 WHERE mid=?1")
OXS_STATEMENT(MESSAGE_DELETE, "DELETE FROM message WHERE mid=?1")
OXS_STATEMENT(MESSAGE_IDS, "SELECT mid FROM message WHERE fid=?1 AND kind=?2 ORDER BY mid LIMIT ?3")
OXS_STATEMENT(MESSAGE_IDS_AFTER,
              "SELECT mid FROM message WHERE fid=?1 AND kind=?2 AND mid>?3 ORDER BY mid LIMIT ?4")
OXS_STATEMENT(MESSAGE_SUBMITTED, "SELECT mid FROM message WHERE flags & 4 LIMIT 1")
OXS_STATEMENT(MESSAGE_LOCATE,
              "SELECT delivery_time FROM message WHERE mid=?3 AND fid=?1 AND kind=?2")
OXS_STATEMENT(BAG_GET, "SELECT bag FROM message_bag WHERE mid=?1")
OXS_STATEMENT(BAG_INSERT, "INSERT INTO message_bag(mid, bag) VALUES(?1, ?2)")
OXS_STATEMENT(BAG_UPDATE, "UPDATE message_bag SET bag=?2 WHERE mid=?1")
OXS_STATEMENT(BAG_DELETE, "DELETE FROM message_bag WHERE mid=?1")
OXS_STATEMENT(BAG_RENAME, "UPDATE message_bag SET mid=?2 WHERE mid=?1")
OXS_STATEMENT(RECIPIENTS_GET, "SELECT row_id, bag FROM recipient WHERE mid=?1 ORDER BY row_id")
OXS_STATEMENT(RECIPIENT_INSERT, "INSERT INTO recipient(mid, row_id, bag) VALUES(?1, ?2, ?3)")
OXS_STATEMENT(RECIPIENTS_DELETE, "DELETE FROM recipient WHERE mid=?1")
OXS_STATEMENT(RECIPIENTS_COPY,
              "INSERT INTO recipient(mid, row_id, bag)"
              " SELECT ?2, row_id, bag FROM recipient WHERE mid=?1")
OXS_STATEMENT(RECIPIENTS_RENAME, "UPDATE recipient SET mid=?2 WHERE mid=?1")
OXS_STATEMENT(ATTACHMENTS_GET,
              "SELECT aid, number, size, embedded, bag FROM attachment WHERE mid=?1"
              " ORDER BY number")
OXS_STATEMENT(ATTACHMENT_BAG, "SELECT bag FROM attachment WHERE aid=?1")
OXS_STATEMENT(ATTACHMENT_IDS,
              "SELECT aid, embedded, number FROM attachment WHERE mid=?1 AND aid>?2 ORDER BY aid")
OXS_STATEMENT(ATTACHMENT_INSERT,
              "INSERT INTO attachment(mid, number, size, embedded, bag) VALUES(?1, ?2, ?3, ?4, ?5)")
OXS_STATEMENT(ATTACHMENT_UPDATE, "UPDATE attachment SET size=?2, embedded=?3, bag=?4 WHERE aid=?1")
OXS_STATEMENT(ATTACHMENT_DELETE, "DELETE FROM attachment WHERE aid=?1")
OXS_STATEMENT(ATTACHMENTS_RENAME, "UPDATE attachment SET mid=?2 WHERE mid=?1")

/* large values */
OXS_STATEMENT(LARGE_INSERT, "INSERT INTO large(size, refs) VALUES(?1, 1)")
OXS_STATEMENT(LARGE_REF, "UPDATE large SET refs=refs+?2 WHERE lid=?1")
OXS_STATEMENT(LARGE_REFS, "SELECT refs FROM large WHERE lid=?1")
OXS_STATEMENT(LARGE_DELETE, "DELETE FROM large WHERE lid=?1")
OXS_STATEMENT(CHUNK_INSERT, "INSERT INTO chunk(id, data) VALUES(?1, ?2)")
OXS_STATEMENT(CHUNK_GET, "SELECT data FROM chunk WHERE id=?1")
OXS_STATEMENT(CHUNK_DELETE, "DELETE FROM chunk WHERE id>=?1 AND id<?2")

/* tombstones and events */
OXS_STATEMENT(TOMBSTONE_INSERT,
              "INSERT INTO tombstone(cn, id, fid, is_folder, kind, source_key)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
OXS_STATEMENT(EVENT_INSERT,
              "INSERT INTO event(type, is_message, fid, mid, parent, old_fid, old_mid, old_parent,"
              " flags, total, unread, kind, class)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")
OXS_STATEMENT(EVENT_TRIM, "DELETE FROM event WHERE seq<=?1")
OXS_STATEMENT(EVENT_LAST, "SELECT coalesce(max(seq), 0) FROM event")
OXS_STATEMENT(EVENTS_AFTER,
              "SELECT seq, type, is_message, fid, mid, parent, old_fid, old_mid, old_parent, flags,"
              " total, unread, kind, class FROM event WHERE seq>?1 ORDER BY seq")

/* views */
OXS_STATEMENT(VIEW_FIND, "SELECT view, used FROM view WHERE fid=?1 AND kind=?2 AND spec=?3")
OXS_STATEMENT(VIEW_LIST, "SELECT view, spec FROM view WHERE fid=?1 AND kind=?2")
OXS_STATEMENT(VIEW_INSERT,
              "INSERT INTO view(fid, kind, spec, used, row_count) VALUES(?1, ?2, ?3, ?4, 0)")
OXS_STATEMENT(VIEW_TOUCH, "UPDATE view SET used=?2 WHERE view=?1")
OXS_STATEMENT(VIEW_COUNT, "SELECT count(*) FROM view WHERE fid=?1")
OXS_STATEMENT(VIEW_OLDEST, "SELECT view FROM view WHERE fid=?1 ORDER BY used LIMIT 1")
OXS_STATEMENT(VIEW_DROP, "DELETE FROM view WHERE view=?1")
OXS_STATEMENT(VIEW_DROP_FOLDER, "DELETE FROM view WHERE fid=?1")
OXS_STATEMENT(VIEW_COUNT_ADD, "UPDATE view SET row_count=row_count+?2 WHERE view=?1")
OXS_STATEMENT(VIEW_ROWS, "SELECT row_count FROM view WHERE view=?1")
OXS_STATEMENT(SORT_INSERT, "INSERT INTO sort_index(view, key, mid) VALUES(?1, ?2, ?3)")
OXS_STATEMENT(SORT_DELETE,
              "DELETE FROM sort_index WHERE view=?1 AND mid=?2 AND"
              " key=(SELECT key FROM sort_index WHERE view=?1 AND mid=?2)")
OXS_STATEMENT(SORT_DROP, "DELETE FROM sort_index WHERE view=?1")
OXS_STATEMENT(SORT_DROP_FOLDER,
              "DELETE FROM sort_index WHERE view IN (SELECT view FROM view WHERE fid=?1)")
OXS_STATEMENT(SORT_LOCATE, "SELECT key FROM sort_index WHERE view=?1 AND mid=?2")

/* rows of contents tables: parameters folder (or view), kind, key, mid, limit, offset */
OXS_STATEMENT(ROWS_BY_ID,
              "SELECT 0, mid FROM message WHERE fid=?1 AND kind=?2 AND mid>=?4 AND ?3 IS NOT NULL"
              " ORDER BY mid LIMIT ?5 OFFSET ?6")
OXS_STATEMENT(ROWS_BY_ID_BACK,
              "SELECT 0, mid FROM message WHERE fid=?1 AND kind=?2 AND mid<?4 AND ?3 IS NOT NULL"
              " ORDER BY mid DESC LIMIT ?5 OFFSET ?6")
OXS_STATEMENT(RANK_BY_ID,
              "SELECT count(*) FROM message WHERE fid=?1 AND kind=?2 AND mid<?4"
              " AND ?3 IS NOT NULL")
OXS_STATEMENT(ROWS_BY_TIME,
              "SELECT delivery_time, mid FROM message INDEXED BY message_delivery"
              " WHERE fid=?1 AND kind=?2 AND (delivery_time, mid)>=(?3, ?4)"
              " ORDER BY delivery_time, mid LIMIT ?5 OFFSET ?6")
OXS_STATEMENT(ROWS_BY_TIME_BACK,
              "SELECT delivery_time, mid FROM message INDEXED BY message_delivery"
              " WHERE fid=?1 AND kind=?2 AND (delivery_time, mid)<(?3, ?4)"
              " ORDER BY delivery_time DESC, mid DESC LIMIT ?5 OFFSET ?6")
OXS_STATEMENT(RANK_BY_TIME,
              "SELECT count(*) FROM message INDEXED BY message_delivery"
              " WHERE fid=?1 AND kind=?2 AND (delivery_time, mid)<(?3, ?4)")
OXS_STATEMENT(ROWS_BY_TIME_DOWN,
              "SELECT delivery_time, mid FROM message INDEXED BY message_delivery"
              " WHERE fid=?1 AND kind=?2 AND (delivery_time, mid)<=(?3, ?4)"
              " ORDER BY delivery_time DESC, mid DESC LIMIT ?5 OFFSET ?6")
OXS_STATEMENT(ROWS_BY_TIME_DOWN_BACK,
              "SELECT delivery_time, mid FROM message INDEXED BY message_delivery"
              " WHERE fid=?1 AND kind=?2 AND (delivery_time, mid)>(?3, ?4)"
              " ORDER BY delivery_time, mid LIMIT ?5 OFFSET ?6")
OXS_STATEMENT(RANK_BY_TIME_DOWN,
              "SELECT count(*) FROM message INDEXED BY message_delivery"
              " WHERE fid=?1 AND kind=?2 AND (delivery_time, mid)>(?3, ?4)")
OXS_STATEMENT(ROWS_BY_KEY,
              "SELECT key, mid FROM sort_index WHERE view=?1 AND (key, mid)>=(?3, ?4)"
              " AND ?2 IS NOT NULL ORDER BY key, mid LIMIT ?5 OFFSET ?6")
OXS_STATEMENT(ROWS_BY_KEY_BACK,
              "SELECT key, mid FROM sort_index WHERE view=?1 AND (key, mid)<(?3, ?4)"
              " AND ?2 IS NOT NULL ORDER BY key DESC, mid DESC LIMIT ?5 OFFSET ?6")
OXS_STATEMENT(RANK_BY_KEY,
              "SELECT count(*) FROM sort_index WHERE view=?1 AND (key, mid)<(?3, ?4)"
              " AND ?2 IS NOT NULL")

/* checks: how many rows are wrong */
OXS_STATEMENT(CHECK_MESSAGE_FOLDER,
              "SELECT count(*) FROM message WHERE kind<>4 AND fid NOT IN (SELECT fid FROM folder)")
OXS_STATEMENT(CHECK_MESSAGE_BAG,
              "SELECT count(*) FROM message WHERE mid NOT IN (SELECT mid FROM message_bag)")
OXS_STATEMENT(
    CHECK_COUNTERS,
    "SELECT count(*) FROM folder f WHERE"
    " message_count<>(SELECT count(*) FROM message m WHERE m.fid=f.fid AND kind=0) OR"
    " unread_count<>(SELECT count(*) FROM message m WHERE m.fid=f.fid AND kind=0 AND flags&1=0) OR"
    " associated_count<>(SELECT count(*) FROM message m WHERE m.fid=f.fid AND kind=1) OR"
    " deleted_count<>(SELECT count(*) FROM message m WHERE m.fid=f.fid AND kind=2) OR"
    " deleted_associated_count<>(SELECT count(*) FROM message m WHERE m.fid=f.fid AND kind=3) OR"
    " size<>(SELECT coalesce(sum(size), 0) FROM message m WHERE m.fid=f.fid AND kind=0) OR"
    " associated_size<>(SELECT coalesce(sum(size), 0) FROM message m WHERE m.fid=f.fid AND kind=1)")
OXS_STATEMENT(CHECK_CHILDREN,
              "SELECT count(*) FROM folder f WHERE child_count<>"
              "(SELECT count(*) FROM folder c WHERE c.parent=f.fid AND c.state=0)")
OXS_STATEMENT(CHECK_ATTACHMENTS,
              "SELECT count(*) FROM attachment WHERE mid NOT IN (SELECT mid FROM message) OR"
              " (embedded<>0 AND embedded NOT IN (SELECT mid FROM message WHERE kind=4))")
OXS_STATEMENT(CHECK_RECIPIENTS,
              "SELECT count(*) FROM recipient WHERE mid NOT IN (SELECT mid FROM message)")
OXS_STATEMENT(CHECK_CHUNKS,
              "SELECT (SELECT count(*) FROM chunk WHERE id>>24 NOT IN (SELECT lid FROM large)) +"
              " (SELECT count(*) FROM large WHERE refs<1)")
OXS_STATEMENT(CHECK_VIEWS,
              "SELECT count(*) FROM view v WHERE row_count<>"
              "(SELECT count(*) FROM sort_index s WHERE s.view=v.view)")
OXS_STATEMENT(CHECK_COUNTER,
              "SELECT count(*) FROM counter WHERE next<=coalesce((SELECT max(mid & 281474976710655)"
              " FROM message WHERE mid>>48=1), 0) OR next<=coalesce((SELECT max(fid &"
              " 281474976710655) FROM folder WHERE fid>>48=1), 0)")
