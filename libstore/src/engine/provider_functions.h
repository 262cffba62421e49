/* The local provider's functions; their meaning stands in <oxkit/store/mailbox.h>. */
#ifndef OXKIT_STORE_PROVIDER_FUNCTIONS_H
#define OXKIT_STORE_PROVIDER_FUNCTIONS_H

#include <oxkit/store/mailbox.h>

ox_status oxs_mailbox_long_term_id(ox_mailbox *mailbox, ox_id id, ox_long_term_id *out,
                                   ox_error *err);
ox_status oxs_mailbox_id_from_long_term(ox_mailbox *mailbox, const ox_long_term_id *long_term_id,
                                        ox_id *id_out, ox_error *err);
ox_status oxs_mailbox_reserve_ids(ox_mailbox *mailbox, uint32_t count, ox_guid *replguid_out,
                                  uint8_t first_counter_out[6], ox_error *err);
ox_status oxs_mailbox_names_to_ids(ox_mailbox *mailbox, const ox_property_name *names, size_t count,
                                   bool create, uint16_t *ids_out, ox_error *err);
ox_status oxs_mailbox_ids_to_names(ox_mailbox *mailbox, const uint16_t *ids, size_t count,
                                   ox_arena *arena, ox_property_name *names_out, ox_error *err);
ox_status oxs_object_query_names(ox_object *object, uint32_t flags, const ox_guid *set,
                                 ox_arena *arena, uint16_t **ids_out, ox_property_name **names_out,
                                 size_t *count_out, ox_error *err);
ox_status oxs_object_get(ox_object *object, const ox_proptag *tags, size_t count,
                         size_t max_value_bytes, ox_arena *arena, ox_property *out, ox_error *err);
ox_status oxs_object_get_all(ox_object *object, size_t max_value_bytes, ox_arena *arena,
                             ox_property **out, size_t *count_out, ox_error *err);
ox_status oxs_object_list(ox_object *object, ox_arena *arena, ox_proptag **tags_out,
                          size_t *count_out, ox_error *err);
ox_status oxs_object_set(ox_object *object, const ox_property *properties, size_t count,
                         ox_problems *problems, ox_error *err);
ox_status oxs_object_delete(ox_object *object, const ox_proptag *tags, size_t count,
                            ox_problems *problems, ox_error *err);
ox_status oxs_object_copy_to(ox_object *source, ox_object *destination, uint32_t flags,
                             bool subobjects, const ox_proptag *excluded, size_t count,
                             ox_problems *problems, ox_error *err);
ox_status oxs_object_copy_properties(ox_object *source, ox_object *destination, uint32_t flags,
                                     const ox_proptag *tags, size_t count, ox_problems *problems,
                                     ox_error *err);
ox_status oxs_folder_open(ox_mailbox *mailbox, ox_id id, uint32_t flags, ox_folder **out,
                          ox_error *err);
void oxs_folder_close(ox_folder *folder);
ox_status oxs_folder_create(ox_folder *parent, const ox_folder_create_options *options,
                            ox_folder **out, bool *existed_out, ox_error *err);
ox_status oxs_folder_delete(ox_folder *parent, ox_id id, uint32_t flags, bool *partial_out,
                            ox_error *err);
ox_status oxs_folder_empty(ox_folder *folder, uint32_t flags, bool *partial_out, ox_error *err);
ox_status oxs_folder_move(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                          bool *partial_out, ox_error *err);
ox_status oxs_folder_copy(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                          bool recursive, bool *partial_out, ox_error *err);
ox_status oxs_folder_hierarchy(ox_folder *folder, uint32_t flags, ox_table **out,
                               uint32_t *row_count_out, ox_error *err);
ox_status oxs_folder_contents(ox_folder *folder, uint32_t flags, ox_table **out,
                              uint32_t *row_count_out, ox_error *err);
ox_status oxs_folder_delete_messages(ox_folder *folder, const ox_id *ids, size_t count,
                                     uint32_t flags, bool *partial_out, ox_error *err);
ox_status oxs_folder_move_messages(ox_folder *source, ox_folder *destination, const ox_id *ids,
                                   size_t count, bool copy, ox_id *new_ids_out, bool *partial_out,
                                   ox_error *err);
ox_status oxs_folder_set_read_flags(ox_folder *folder, const ox_id *ids, size_t count,
                                    uint32_t flags, bool *partial_out, ox_error *err);
ox_status oxs_folder_set_message_status(ox_folder *folder, ox_id id, uint32_t status, uint32_t mask,
                                        uint32_t *old_status_out, ox_error *err);
ox_status oxs_folder_get_message_status(ox_folder *folder, ox_id id, uint32_t *status_out,
                                        ox_error *err);
ox_status oxs_item_open(ox_mailbox *mailbox, ox_id folder_id, ox_id id, uint32_t mode,
                        ox_item **out, ox_error *err);
ox_status oxs_item_create(ox_folder *folder, bool associated, uint32_t codepage, ox_item **out,
                          ox_error *err);
void oxs_item_close(ox_item *item);
ox_status oxs_item_save(ox_item *item, uint32_t flags, ox_id *id_out, ox_error *err);
ox_status oxs_item_recipients(ox_item *item, uint32_t first_row_id, size_t max_count,
                              ox_arena *arena, ox_recipient **out, size_t *count_out,
                              ox_error *err);
ox_status oxs_item_modify_recipients(ox_item *item, const ox_recipient_change *changes,
                                     size_t count, ox_error *err);
ox_status oxs_item_remove_recipients(ox_item *item, ox_error *err);
ox_status oxs_item_set_read_flag(ox_item *item, uint32_t flags, bool *changed_out, ox_error *err);
ox_status oxs_item_submit(ox_item *item, uint32_t flags, ox_error *err);
ox_status oxs_mailbox_abort_submit(ox_mailbox *mailbox, ox_id folder_id, ox_id id, ox_error *err);
ox_status oxs_folder_import(ox_folder *folder, const ox_message *message, uint32_t flags,
                            ox_id *id_out, ox_error *err);
ox_status oxs_item_export(ox_item *item, size_t inline_max_bytes, ox_message **out, ox_error *err);
ox_status oxs_attachment_open(ox_item *item, uint32_t number, uint32_t mode,
                              ox_item_attachment **out, ox_error *err);
ox_status oxs_attachment_create(ox_item *item, ox_item_attachment **out, uint32_t *number_out,
                                ox_error *err);
void oxs_attachment_close(ox_item_attachment *attachment);
ox_status oxs_attachment_save(ox_item_attachment *attachment, uint32_t flags, ox_error *err);
ox_status oxs_attachment_delete(ox_item *item, uint32_t number, ox_error *err);
ox_status oxs_item_attachments(ox_item *item, uint32_t flags, ox_table **out, ox_error *err);
ox_status oxs_item_attachment_numbers(ox_item *item, ox_arena *arena, uint32_t **numbers_out,
                                      size_t *count_out, ox_error *err);
ox_status oxs_attachment_open_embedded(ox_item_attachment *attachment, uint32_t mode, ox_item **out,
                                       ox_error *err);
ox_status oxs_stream_open(ox_object *object, ox_proptag tag, uint32_t mode, ox_stream **out,
                          uint64_t *size_out, ox_error *err);
void oxs_stream_close(ox_stream *stream);
ox_status oxs_stream_read(ox_stream *stream, void *buffer, size_t capacity_bytes, size_t *size_out,
                          ox_error *err);
ox_status oxs_stream_write(ox_stream *stream, const void *data, size_t size_bytes, ox_error *err);
ox_status oxs_stream_seek(ox_stream *stream, uint32_t origin, int64_t offset,
                          uint64_t *position_out, ox_error *err);
ox_status oxs_stream_size(ox_stream *stream, uint64_t *size_out, ox_error *err);
ox_status oxs_stream_set_size(ox_stream *stream, uint64_t size_bytes, ox_error *err);
ox_status oxs_stream_commit(ox_stream *stream, ox_error *err);
ox_status oxs_stream_copy(ox_stream *source, ox_stream *destination, uint64_t size_bytes,
                          uint64_t *read_out, uint64_t *written_out, ox_error *err);
ox_status oxs_stream_clone(ox_stream *stream, ox_stream **out, ox_error *err);
void oxs_table_close(ox_table *table);
ox_status oxs_table_set_columns(ox_table *table, const ox_proptag *columns, size_t count,
                                ox_error *err);
ox_status oxs_table_sort(ox_table *table, const ox_sort_order_set *sort, ox_error *err);
ox_status oxs_table_restrict(ox_table *table, const ox_restriction *restriction, ox_error *err);
ox_status oxs_table_query_rows(ox_table *table, uint32_t flags, bool forward, size_t max_count,
                               ox_arena *arena, ox_property **rows_out, size_t *row_count_out,
                               uint32_t *origin_out, ox_error *err);
ox_status oxs_table_position(ox_table *table, uint32_t *numerator_out, uint32_t *denominator_out,
                             ox_error *err);
ox_status oxs_table_row_count(ox_table *table, uint32_t *count_out, ox_error *err);
ox_status oxs_table_seek(ox_table *table, uint32_t bookmark, int32_t rows, int32_t *sought_out,
                         bool *moved_out, ox_error *err);
ox_status oxs_table_seek_fractional(ox_table *table, uint32_t numerator, uint32_t denominator,
                                    ox_error *err);
ox_status oxs_table_find_row(ox_table *table, const ox_restriction *restriction, uint32_t bookmark,
                             bool backward, ox_arena *arena, ox_property **row_out, bool *moved_out,
                             ox_error *err);
ox_status oxs_table_create_bookmark(ox_table *table, uint32_t *bookmark_out, ox_error *err);
ox_status oxs_table_free_bookmark(ox_table *table, uint32_t bookmark, ox_error *err);
ox_status oxs_table_all_columns(ox_table *table, ox_arena *arena, ox_proptag **tags_out,
                                size_t *count_out, ox_error *err);
ox_status oxs_table_reset(ox_table *table, ox_error *err);
ox_status oxs_mailbox_subscribe(ox_mailbox *mailbox, uint16_t mask, ox_id folder_id,
                                ox_id message_id, ox_subscription **out, ox_error *err);
ox_status oxs_table_subscribe(ox_table *table, ox_subscription **out, ox_error *err);
void oxs_subscription_close(ox_subscription *subscription);
ox_status oxs_mailbox_wait(ox_mailbox *mailbox, uint32_t timeout_ms, bool *pending_out,
                           ox_error *err);
void oxs_mailbox_cancel_wait(ox_mailbox *mailbox);
ox_status oxs_mailbox_next_event(ox_mailbox *mailbox, ox_arena *arena, ox_event *out,
                                 ox_error *err);
ox_status oxs_mailbox_set_wakeup(ox_mailbox *mailbox, ox_mailbox_wakeup wakeup, void *user,
                                 ox_error *err);

#endif
