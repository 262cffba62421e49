"""The public header of a set of .wire files: structures, named values, prototypes."""

import os
import textwrap

import wire_parse

COLUMNS = 100


def guard(output):
    parts = os.path.normpath(output).split(os.sep)
    library = parts[-2] if len(parts) > 1 else "ropcodec"
    name = os.path.splitext(parts[-1])[0]
    return f"OXKIT_{library}_{name}_H".upper().replace("-", "_").replace(".", "_")


def comment(text, indent=""):
    """A documentation comment, wrapped."""
    words, lines, line = text.split(), [], indent + "/**"
    for word in words:
        if len(line) + 1 + len(word) > COLUMNS - 3:
            lines.append(line)
            line = indent + " *"
        line += " " + word
    lines.append(line + " */")
    return lines


def values_macros(values):
    kind = "Flags" if values.is_flags else "Values"
    out = [f"/* {kind} of {values.name}. @spec {values.section} */"]
    width = 8 if max(value for value, _, _ in values.items) > 0xFFFF else \
        4 if max(value for value, _, _ in values.items) > 0xFF else 2
    for value, label, doc in values.items:
        line = f"#define {values.c_name}_{wire_parse.snake(label).upper()} 0x{value:0{width}X}"
        out.append(line + (f" /**< {doc} */" if doc else ""))
    return out + [""]


def member_lines(field):
    line = "  " + field.c_declaration() + ";"
    notes = []
    if field.doc:
        notes.append(field.doc)
    if field.values:
        notes.append(f"{field.values.c_name}_*")
    if field.type == "rows":
        notes.append("property rows, see rows.h")
    elif field.type in ("str16", "str8", "bytes") and field.count is not None:
        notes.append(f"{field.count.name} " + ("bytes" if field.type == "bytes" else "characters"))
    elif field.count is not None:
        notes.append(f"{field.count.name} of them")
    elif field.at:
        notes.append(f"at {field.at.name}; decoded and not encoded: the bytes above are what counts")
    elif field.is_pointer():
        notes.append("NULL: absent")
    elif field.type == "bytes" and field.optional and field.fixed:
        notes.append(f"{field.fixed} bytes, or empty: absent")
    if notes:
        note = "; ".join(notes)
        if len(line) + len(note) + 10 <= COLUMNS:
            return [f"{line} /**< {note} */"]
        return comment(note, "  ") + [line]
    return [line]


def when(condition):
    """A condition in words, for the comment in the struct."""
    terms = []
    for field, mask, operator, numbers in condition.terms:
        name = field if isinstance(field, str) else field.name
        if mask is not None:
            name = f"{name} & 0x{mask:X}"
        is_status = not isinstance(field, str) and field.type == "status"
        if numbers == [0] and not is_status:
            terms.append(name if operator == "not in" else f"not ({name})" if mask else f"not {name}")
        else:
            listed = ", ".join(f"0x{n:X}" if n > 9 else str(n) for n in numbers)
            terms.append(f"{name} is {'not ' if operator == 'not in' else ''}{listed}")
    return " and ".join(terms)


def struct_members(items, seen, out):
    for item in items:
        if isinstance(item, wire_parse.Block):
            inner = []
            struct_members(item.body, seen, inner)
            if inner and item.kind == "if":
                out.append(f"  /* if {when(item.condition)}: */")
            out.extend(inner)
        elif item.name not in seen:
            seen.add(item.name)
            if item.is_rest_array():
                out.append(f"  uint32_t {item.count.name};")
            out.extend(member_lines(item))


def struct_text(struct):
    what = f"{struct.name.replace('.', ' ')}. "
    out = comment(what + (struct.doc + ". " if struct.doc else "") + f"@spec {struct.section}")
    body = []
    struct_members(struct.body, set(), body)
    if not struct.members:
        body = ["  uint8_t unused; /**< the structure has no fields */"]
    out += [f"typedef struct {struct.c_name} {{"] + body + [f"}} {struct.c_name};"]
    needs = struct.parameters()
    decode = (f"OX_EXPORT ox_status {struct.c_name}_decode(ox_reader *r, ox_arena *arena, {needs}"
              f"{struct.c_name} *out);")
    encode = f"OX_EXPORT void {struct.c_name}_encode(ox_writer *w, const {struct.c_name} *in);"
    wire = f"OX_EXPORT extern const ox_wire_struct {struct.c_name}_wire;"
    return out + wrap(decode) + wrap(encode) + [wire, ""]


def wrap(line):
    """Breaks a prototype after commas, aligned with its parenthesis."""
    if len(line) <= COLUMNS:
        return [line]
    start = line.index("(") + 1
    parts = line[start:].split(", ")
    out, current = [], line[:start]
    for i, part in enumerate(parts):
        piece = part + (", " if i + 1 < len(parts) else "")
        if len(current) + len(piece.rstrip()) > COLUMNS and current.strip() != line[:start].strip():
            out.append(current.rstrip())
            current = " " * start
        current += piece
    return out + [current.rstrip()]


INTRODUCTION = """\
 *
 * Every structure has
 *   ox_status X_decode(ox_reader *r, ox_arena *arena, ..., X *out)
 *     reads it at the cursor, past it on success. Strings and bytes are views into the input, arrays
 *     live in the arena; *out is zeroed on failure.
 *     Returns OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_LIMIT, OX_E_NO_MEMORY, OX_E_UNKNOWN_TYPE.
 *   void X_encode(ox_writer *w, const X *in)
 *     writes it; failures are the writer's.
 *   const ox_wire_struct X_wire
 *     describes it, see wire.h.
 * Members that stand under "if" are on the wire only when the condition holds; a decoder leaves the
 * others 0. 64-bit ids hold the eight bytes as a little-endian number: REPLID in the low 16 bits.
 * Times, sizes and counts have the units of the specification's field of the same name. */"""


def header(inputs, output, header=None):
    schema = wire_parse.load(inputs)
    name = guard(output)
    files = ", ".join(os.path.basename(path) for path in schema.paths)
    out = textwrap.wrap(f"/* Generated by oxgen from {files}; do not edit.", COLUMNS - 4,
                        subsequent_indent=" * ") + INTRODUCTION.split("\n") + [f"#ifndef {name}", f"#define {name}", ""]
    for include in schema.includes or ["oxkit/ropcodec/property.h"]:
        out.append(f"#include <{include}>")
    out.append("#include <oxkit/ropcodec/wire.h>")
    out += ["", "OX_BEGIN_DECLS", ""]
    for rop in sorted(schema.rops, key=lambda r: r.number):
        out.append(f"#define OX_ROP_{wire_parse.snake(rop.name).upper()} 0x{rop.number:02X} "
                   f"/**< {rop.section} */")
    if schema.rops:
        out.append("")
    for values in schema.value_sets:
        out += values_macros(values)
    for struct in schema.structs:
        out += struct_text(struct)
    if schema.rops:
        out += rop_unions(schema)
    out += ["OX_END_DECLS", "", "#endif", ""]
    return "\n".join(out)


def rop_unions(schema):
    out = []
    for kind in ("request", "response"):
        out += [f"/** Any ROP {kind}; rop_id says which member holds. @spec [MS-OXCROPS] 2.2.2 */",
                f"typedef struct ox_rop_{kind} {{", "  uint8_t rop_id; /**< OX_ROP_* */", "  union {"]
        for rop in schema.rops:
            part = getattr(rop, kind)
            if part is not None:
                out.append(f"    {part.c_name} {wire_parse.member(rop.name)};")
        out += ["  } u;", f"}} ox_rop_{kind};", ""]
    out += ROP_PROTOTYPES.split("\n")
    return out


ROP_PROTOTYPES = """\
/** What decoding a ROP needs to know beyond its bytes. All zero is fine. */
typedef struct ox_rop_context {
  /** Columns of the rows in a response: those of the last RopSetColumns on the table, the
   *  PropertyTags of the RopGetPropertiesSpecific request, ox_receive_folder_columns. NULL when they
   *  are not known: then a field of rows takes everything that is left of the input. */
  const ox_proptag *columns;
  size_t column_count;
  /** Bit n % 8 of byte n / 8 is set when LogonId n is a public folders logon. */
  uint8_t public_logons[32];
} ox_rop_context;

/** Decodes the ROP request at the cursor.
 *  @param context  NULL: all logons are private
 *  @return as the decoder of the ROP; OX_E_UNKNOWN_ROP for a RopId that is reserved or has no
 *          request */
OX_EXPORT ox_status ox_rop_request_decode(ox_reader *r, ox_arena *arena,
                                          const ox_rop_context *context, ox_rop_request *out);
/** Writes a request; OX_E_UNKNOWN_ROP is recorded for a RopId that has none. */
OX_EXPORT void ox_rop_request_encode(ox_writer *w, const ox_rop_request *in);

/** Decodes the ROP response at the cursor.
 *  @param context  NULL: the columns are not known
 *  @return as the decoder of the ROP; OX_E_UNKNOWN_ROP for a RopId that is reserved or has no
 *          response */
OX_EXPORT ox_status ox_rop_response_decode(ox_reader *r, ox_arena *arena,
                                           const ox_rop_context *context, ox_rop_response *out);
/** Writes a response; OX_E_UNKNOWN_ROP is recorded for a RopId that has none. */
OX_EXPORT void ox_rop_response_encode(ox_writer *w, const ox_rop_response *in);

/** One row of the table of ROPs. Static; request, response are NULL where the ROP has none. */
typedef struct ox_rop_info {
  uint8_t rop_id;
  const char *name;    /**< as in the specification, without "Rop": "OpenFolder" */
  const char *section; /**< "[MS-OXCROPS] 2.2.4.1" */
  const ox_wire_struct *request;
  const ox_wire_struct *response;
} ox_rop_info;

/** The ROP with an id; NULL when it is reserved. Thread-safe. @spec [MS-OXCROPS] 2.2.2 */
OX_EXPORT const ox_rop_info *ox_rop_info_by_id(uint8_t rop_id);
/** All ROPs, sorted by id. Static. */
OX_EXPORT const ox_rop_info *ox_rop_info_table(size_t *count_out);
"""
