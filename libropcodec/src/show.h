/* How hand-written types are shown: the hooks that generated descriptors point at, and what their
 * functions share. A type's dump and JSON stand beside each other in a show_*.c. */
#ifndef OX_SHOW_H
#define OX_SHOW_H

#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/ruleaction.h>

#include "dump.h"
#include "json.h"

extern const ox_wire_hooks ox_ab_property_hooks;
extern const ox_wire_hooks ox_ab_row_hooks;
extern const ox_wire_hooks ox_address_list_hooks;
extern const ox_wire_hooks ox_entry_id_hooks;
extern const ox_wire_hooks ox_extended_exceptions_hooks;
extern const ox_wire_hooks ox_flat_entry_list_hooks;
extern const ox_wire_hooks ox_ft_stream_hooks;
extern const ox_wire_hooks ox_globset_hooks;
extern const ox_wire_hooks ox_idset_replguid_hooks;
extern const ox_wire_hooks ox_idset_replid_hooks;
extern const ox_wire_hooks ox_pcl_hooks;
extern const ox_wire_hooks ox_property_hooks;
extern const ox_wire_hooks ox_property_name_hooks;
extern const ox_wire_hooks ox_property_problem_hooks;
extern const ox_wire_hooks ox_recipient_row_hooks;
extern const ox_wire_hooks ox_restriction_hooks;
extern const ox_wire_hooks ox_rule_actions_hooks;
extern const ox_wire_hooks ox_server_id_hooks;
extern const ox_wire_hooks ox_sort_order_set_hooks;
extern const ox_wire_hooks ox_xid_hooks;

/* Whether a store EntryID has the form of [MS-OXCDATA] 2.2.4.3; a local store's ends as it likes.
 */
bool ox_entry_id_is_emsmdb(ox_str8 dll_file_name);

/* A value of a known type, without a line feed. */
void ox_dump_value(ox_writer *w, ox_arena *arena, unsigned width, uint16_t type,
                   const ox_value *value);
void ox_json_put_value(ox_json_writer *j, unsigned width, uint16_t type, const ox_value *value);
ox_value ox_json_get_value(ox_json_reader *r, const ox_json_value *json, unsigned width,
                           uint16_t type);

/* A property without a line feed: tag = value. */
void ox_dump_property(ox_writer *w, ox_arena *arena, unsigned width, const ox_property *property);
void ox_dump_restriction(ox_writer *w, ox_arena *arena, unsigned width,
                         const ox_restriction *restriction);
/* On one line, without a line feed. */
void ox_dump_rule_actions(ox_writer *w, ox_arena *arena, unsigned width,
                          const ox_rule_actions *actions);

/* An array of properties. */
void ox_json_put_properties(ox_json_writer *j, unsigned width, const ox_property *properties,
                            uint32_t count);
ox_property *ox_json_get_properties(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                    uint32_t *count_out);
void ox_json_put_restriction(ox_json_writer *j, unsigned width, const ox_restriction *restriction);
ox_restriction *ox_json_get_restriction(ox_json_reader *r, const ox_json_value *json,
                                        unsigned width);

#endif
