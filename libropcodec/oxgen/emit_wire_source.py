"""C for a set of .wire files: decoders, encoders, descriptors, and the dispatch over ROPs."""

import os

import wire_parse
from wire_parse import Block, Condition, INTEGERS, member

READ = {"u8": "ox_read_u8({r})", "u16": "ox_read_u16({r})", "u32": "ox_read_u32({r})",
        "u64": "ox_read_u64({r})", "i8": "(int8_t)ox_read_u8({r})", "i16": "(int16_t)ox_read_u16({r})",
        "i32": "(int32_t)ox_read_u32({r})", "i64": "(int64_t)ox_read_u64({r})",
        "bool8": "ox_read_bool8({r})", "id64": "ox_read_u64({r})", "tag": "ox_read_u32({r})",
        "status": "ox_read_u32({r})", "u32be": "ox_cursor_swap32(ox_read_u32({r}))",
        "filetime": "ox_read_u64({r})", "zstr8": "ox_read_zstr8({r})",
        "zstr16": "ox_read_zstr16({r})"}
WRITE = {"u8": "ox_write_u8(w, {v})", "u16": "ox_write_u16(w, {v})", "u32": "ox_write_u32(w, {v})",
         "u64": "ox_write_u64(w, {v})", "i8": "ox_write_u8(w, (uint8_t){v})",
         "i16": "ox_write_u16(w, (uint16_t){v})", "i32": "ox_write_u32(w, (uint32_t){v})",
         "i64": "ox_write_u64(w, (uint64_t){v})", "bool8": "ox_write_bool8(w, {v})",
         "id64": "ox_write_u64(w, {v})", "tag": "ox_write_u32(w, {v})",
         "status": "ox_write_u32(w, {v})", "u32be": "ox_write_u32(w, ox_cursor_swap32({v}))",
         "filetime": "ox_write_u64(w, {v})",
         "guid": "ox_write_guid(w, &{v})", "zstr8": "ox_write_zstr8(w, {v})",
         "zstr16": "ox_write_zstr16(w, {v})"}


GET = {1: "{p}[{n}]", 2: "ox_cursor_get16({p} + {n})", 4: "ox_cursor_get32({p} + {n})",
       8: "ox_cursor_get64({p} + {n})"}
PUT = {1: "{p}[{n}] = (uint8_t){v}", 2: "ox_cursor_put16({p} + {n}, (uint16_t){v})",
       4: "ox_cursor_put32({p} + {n}, (uint32_t){v})", 8: "ox_cursor_put64({p} + {n}, (uint64_t){v})"}


def run_bytes(item):
    """Size of a field that always takes the same number of bytes, else None."""
    if isinstance(item, Block) or item.hand or item.struct or item.optional or item.sized:
        return None
    if item.type in ("str8", "str16") or item.count is not None or item.rest:
        return None
    if item.type in INTEGERS or item.type == "guid":
        return item.element_min_bytes() * (item.fixed or 1)
    return item.fixed if item.type == "bytes" else None


def next_run(items, start):
    """The fixed-size fields from `start` on: how many, and how many bytes they take."""
    count = total = 0
    while start + count < len(items):
        size = run_bytes(items[start + count])
        if size is None:
            break
        total += size
        count += 1
    return count, total


def get_c(field, at, offset):
    """C that reads an integer in place."""
    text = GET[INTEGERS[field.type]].format(p=at, n=offset)
    if field.type == "bool8":
        return text + " != 0"
    if field.type == "u32be":
        return f"ox_cursor_swap32({text})"
    cast = {"i8": "(int8_t)", "i16": "(int16_t)", "i32": "(int32_t)", "i64": "(int64_t)"}
    return cast.get(field.type, "") + text


def put_c(field, at, offset, value):
    """C that writes an integer in place."""
    if field.type == "u32be":
        value = f"ox_cursor_swap32({value})"
    return PUT[INTEGERS[field.type]].format(p=at, n=offset, v=value) + ";"


def condition_c(condition, base, context=True):
    """C for a condition; `context` False leaves out terms that only a decoder can answer."""
    parts = []
    for field, mask, operator, numbers in condition.terms:
        if isinstance(field, str):
            if context:
                parts.append(field if operator == "not in" else "!" + field)
            continue
        value = f"{base}->{field.name}" + (".size_bytes" if field.type == "bytes" else "")
        if mask is not None:
            value = f"({value} & 0x{mask:X}u)"
        if field.type == "bool8" and mask is None and numbers == [0]:
            parts.append(value if operator == "not in" else "!" + value)
            continue
        compare, joint = ("==", " || ") if operator == "in" else ("!=", " && ")
        listed = [f"{value} {compare} " + ("0" if n == 0 else f"0x{n:X}u") for n in numbers]
        parts.append(listed[0] if len(listed) == 1 else "(" + joint.join(listed) + ")")
    return " && ".join(parts)


class Writer:
    def __init__(self):
        self.lines, self.depth, self.locals = [], 1, 0

    def put(self, line):
        self.lines.append("  " * self.depth + line)

    def open(self, line):
        self.put(line + " {")
        self.depth += 1

    def close(self, line="}"):
        self.depth -= 1
        self.put(line)

    def local(self, base):
        self.locals += 1
        return f"{base}{self.locals}"


def columns_c(field, base):
    if field.arguments == "columns":
        return "columns, column_count"
    columns, count = field.arguments
    return f"{base}->{columns.name}, {base}->{count.name}"


def read_value(field, target, reader, arena="arena"):
    """A statement that decodes one value into the lvalue `target`."""
    if field.hand:
        middle = ""
        if field.hand.columns:
            middle += columns_c(field, "out") + ", "
        if field.hand.width:
            middle += f"{field.width}, "
        first = f"{reader}, {arena}, " if field.hand.arena else f"{reader}, "
        return f"{field.hand.decode}({first}{middle}&{target});"
    if field.struct:
        return f"{field.struct.c_name}_decode({reader}, {arena}, {field.struct.arguments()}&{target});"
    if field.type == "guid":
        return f"ox_read_guid({reader}, &{target});"
    return f"{target} = {READ[field.type].format(r=reader)};"


def write_value(field, value):
    if field.hand:
        middle = ""
        if field.hand.columns:
            middle += columns_c(field, "in") + ", "
        if field.hand.width:
            middle += f"{field.width}, "
        return f"{field.hand.encode}(w, {middle}&{value});"
    if field.struct:
        return f"{field.struct.c_name}_encode(w, &{value});"
    return WRITE[field.type].format(v=value) + ";"


def size_read(width, reader):
    return f"ox_read_u{8 * width}({reader})"


def decode_field(out, struct, field, reader):
    target = f"out->{field.name}"
    kind = field.type
    if kind == "bytes":
        if field.rest:
            out.put(f"{target} = ox_read_bytes({reader}, ox_reader_remaining({reader}));")
        elif field.sized:
            out.put(f"{target} = ox_read_bytes({reader}, {size_read(field.sized, reader)});")
        elif field.count is not None:
            out.put(f"{target} = ox_read_bytes({reader}, out->{field.count.name});")
        elif field.optional:
            out.put(f"{target} = ox_read_bytes({reader}, {field.fixed});")
        else:
            out.put(f"ox_wire_read_fixed({reader}, {target}, {field.fixed});")
        return
    if kind == "rows":
        count = f"out->{field.count.name}" if field.count is not None else str(field.fixed)
        out.put(f"{target} = ox_read_rows({reader}, {columns_c(field, 'out')}, {count});")
        return
    if kind in ("zstr8", "zstr16") and field.sized and not field.is_array():
        out.put(f"{target} = ox_wire_read_sized_{kind}({reader}, {field.sized});")
        return
    if kind in ("str8", "str16"):
        count = f"out->{field.count.name}" if field.count is not None else \
            size_read(field.sized, reader)
        out.put(f"{target} = ox_wire_read_{kind}({reader}, {count});")
        return
    if field.at:
        view = out.local("view")
        out.open(f"if (out->{field.at.name} != 0)")
        out.put(f"ox_reader {view};")
        out.put(f"ox_wire_view({reader}, start, out->{field.at.name}, &{view});")
        out.put(f"{target} = ox_wire_one(&{view}, arena, sizeof *{target});")
        out.put(f"if ({target} != NULL) {field.struct.c_name}_decode(&{view}, arena, {target});")
        out.put(f"ox_wire_view_end({reader}, &{view});")
        out.close()
        return
    inner, part = reader, None
    if field.sized:
        part = out.local("part")
        size = out.local("size")
        out.open("")
        out.put(f"size_t {size} = {size_read(field.sized, reader)};")
        out.put(f"ox_reader {part};")
        out.put(f"ox_reader_part({reader}, {size}, &{part});")
        inner = "&" + part
    if field.is_rest_array():
        count = f"out->{field.count.name}"
        out.open("for (;;)" if field.until else f"while (ox_reader_remaining({inner}) != 0)")
        out.put(f"{target} = ox_wire_grow({inner}, arena, {target}, {count}, sizeof *{target});")
        out.put(f"if ({target} == NULL) break;")
        out.put(read_value(field, f"{target}[{count}]", inner))
        if field.until:
            last = f"{target}[{count} - 1].{field.until.name}" \
                + (".size_bytes" if field.until.type == "bytes" else "")
            out.put(f"{count}++;")
            out.put(f"if (({inner})->status != OX_OK || {last} == 0) break;")
        else:
            out.put(f"{count}++;")
        out.close()
    elif field.is_array() and field.count is not None:
        count = f"out->{field.count.name}"
        out.put(f"{target} = ox_wire_array({inner}, arena, {count}, {field.element_min_bytes()}, "
                f"sizeof *{target});")
        out.open(f"if ({target} != NULL)")
        size = INTEGERS.get(field.type)
        if size is not None:
            at = out.local("p")
            out.put(f"const uint8_t *{at} = ox_cursor_take({inner}, (size_t){count} * {size});")
            out.put(f"if ({at} == NULL) goto slow;")
            index = f"(size_t)i * {size}" if size > 1 else "i"
            out.put(f"for (uint32_t i = 0; i < {count}; i++) {target}[i] = "
                    f"{get_c(field, at, index)};")
        else:
            out.open(f"for (uint32_t i = 0; i < {count} && ({inner})->status == OX_OK; i++)")
            out.put(read_value(field, f"{target}[i]", inner))
            out.close()
        out.close()
    elif field.is_array():
        out.open(f"for (uint32_t i = 0; i < {field.fixed}; i++)")
        out.put(read_value(field, f"{target}[i]", inner))
        out.close()
    elif field.is_pointer():
        test = f"{size} != 0" if part else None
        if test:
            out.open(f"if ({test})")
        out.put(f"{target} = ox_wire_one({inner}, arena, sizeof *{target});")
        value = read_value(field, f"(*{target})", inner).replace("&(*" + target + ")", target)
        out.put(f"if ({target} != NULL) {value}")
        if test:
            out.close()
    else:
        out.put(read_value(field, target, inner))
    if part:
        out.put(f"ox_reader_close({reader}, &{part});")
        out.close()


def checks_decode(out, field):
    """The interpreter says what is wrong."""
    target = f"out->{field.name}"
    if field.maximum is not None:
        limit = f"0x{field.maximum:X}u" if isinstance(field.maximum, int) else \
            f"out->{field.maximum.name}"
        out.put(f"if ({target} > {limit}) goto slow;")
    if field.allowed is not None:
        test = " && ".join(f"{target} != {n}" for n in field.allowed)
        out.put(f"if ({test}) goto slow;")


def decode_run(out, struct, fields, reader, total, rop_id):
    """Fixed-size fields: one check, then reads in place. The size of bytes that follow is the last
    "field", as (width, local variable)."""
    at = out.local("p")
    out.put(f"const uint8_t *{at} = ox_cursor_take({reader}, {total});")
    wrong = f" || {at}[0] != 0x{rop_id:02X}" if rop_id is not None else ""
    out.put(f"if ({at} == NULL{wrong}) goto slow;")
    offset = 1 if rop_id is not None else 0
    for field in fields:
        if isinstance(field, tuple):
            width, name = field
            out.put(f"size_t {name} = {GET[width].format(p=at, n=offset)};")
            continue
        target = f"out->{field.name}"
        if field.type == "guid":
            out.put(f"ox_guid_from_wire({at} + {offset}, &{target});")
        elif field.type == "bytes":
            out.put(f"memcpy({target}, {at} + {offset}, {field.fixed});")
        elif field.is_array():
            size = INTEGERS[field.type]
            for i in range(field.fixed):
                out.put(f"{target}[{i}] = {get_c(field, at, offset + i * size)};")
        else:
            out.put(f"{target} = {get_c(field, at, offset)};")
        offset += run_bytes(field)
    for field in fields:
        if not isinstance(field, tuple):
            checks_decode(out, field)


def decode_items(out, struct, items, reader, rop_id=None):
    index = 0
    while index < len(items) or rop_id is not None:
        count, total = next_run(items, index)
        fields = items[index:index + count]
        index += count
        item = items[index] if index < len(items) else None
        size = None
        if isinstance(item, wire_parse.Field) and item.type == "bytes" and item.sized:
            size = (item.sized, out.local("size"))
            fields = fields + [size]
            total += item.sized
        if fields or rop_id is not None:
            decode_run(out, struct, fields, reader, total + (1 if rop_id is not None else 0), rop_id)
            rop_id = None
        if item is None:
            break
        index += 1
        if size is not None:
            out.put(f"out->{item.name} = ox_read_bytes({reader}, {size[1]});")
        elif not isinstance(item, Block):
            decode_field(out, struct, item, reader)
        elif item.kind == "if":
            out.open(f"if ({condition_c(item.condition, 'out')})")
            decode_items(out, struct, item.body, reader)
            out.close()
        else:
            part = out.local("part")
            out.open("")
            out.put(f"ox_reader {part};")
            size = size_read(item.width, reader)
            if item.plus:
                size = f"ox_wire_read_size({reader}, {item.width}, {item.plus})"
            out.put(f"ox_reader_part({reader}, {size}, &{part});")
            decode_items(out, struct, item.body, "&" + part)
            out.put(f"ox_reader_close({reader}, &{part});")
            out.close()


def encode_field(out, field):
    value = f"in->{field.name}"
    kind = field.type
    if kind in ("bytes", "rows"):
        if field.sized:
            out.put(f"ox_wire_write_sized_bytes(w, {field.sized}, {value});")
        elif field.count is not None and kind == "bytes":
            out.put(f"ox_wire_write_exact(w, {value}, in->{field.count.name});")
        elif field.optional and field.fixed:
            out.put(f"if ({value}.size_bytes != 0) ox_wire_write_exact(w, {value}, {field.fixed});")
        elif field.fixed and kind == "bytes":
            out.put(f"ox_write_bytes(w, {value}, {field.fixed});")
        else:
            out.put(f"ox_write_bytes(w, {value}.data, {value}.size_bytes);")
        return
    if kind in ("zstr8", "zstr16") and field.sized and not field.is_array():
        out.put(f"ox_wire_write_sized_{kind}(w, {field.sized}, {value});")
        return
    if kind in ("str8", "str16"):
        if field.count is not None:
            out.put(f"ox_wire_write_counted_{kind}(w, in->{field.count.name}, {value});")
        else:
            out.put(f"ox_wire_write_{kind}(w, {field.sized}, {value});")
        return
    if field.at:
        return
    mark = None
    if field.sized:
        mark = out.local("mark")
        out.open("")
        out.put(f"size_t {mark} = ox_writer_reserve(w, {field.sized});")
    if field.is_array():
        count = f"in->{field.count.name}" if field.count is not None else str(field.fixed)
        out.open(f"for (uint32_t i = 0; i < {count}; i++)")
        size = INTEGERS.get(field.type)
        if size is not None:
            at = out.local("p")
            out.put(f"uint8_t *{at} = ox_cursor_room(w, {size});")
            out.put(f"if ({at} == NULL) break;")
            out.put(put_c(field, at, 0, f"{value}[i]"))
        else:
            out.put(write_value(field, f"{value}[i]"))
        out.close()
    elif field.is_pointer():
        text = write_value(field, f"(*{value})").replace("&(*" + value + ")", value)
        out.put(f"if ({value} != NULL) {text}")
    else:
        out.put(write_value(field, value))
    if mark:
        out.put(f"ox_writer_patch_length(w, {mark}, {field.sized});")
        out.close()


def encode_checks(out, field):
    value = f"in->{field.name}"
    if field.maximum is not None:
        limit = f"0x{field.maximum:X}u" if isinstance(field.maximum, int) else \
            f"in->{field.maximum.name}"
        out.put(f"if ({value} > {limit}) ox_writer_fail(w, OX_E_USAGE);")
    if field.allowed is not None:
        test = " && ".join(f"{value} != {n}" for n in field.allowed)
        out.put(f"if ({test}) ox_writer_fail(w, OX_E_USAGE);")


def encode_run(out, fields, total, rop_id):
    for field in fields:
        encode_checks(out, field)
    at = out.local("p")
    out.put(f"uint8_t *{at} = ox_cursor_room(w, {total});")
    out.open(f"if ({at} != NULL)")
    offset = 0
    if rop_id is not None:
        out.put(f"{at}[0] = 0x{rop_id:02X};")
        offset = 1
    for field in fields:
        value = f"in->{field.name}"
        if field.type == "guid":
            out.put(f"ox_guid_to_wire(&{value}, {at} + {offset});")
        elif field.type == "bytes":
            out.put(f"memcpy({at} + {offset}, {value}, {field.fixed});")
        else:
            size = INTEGERS[field.type]
            for i in range(field.fixed or 1):
                element = f"{value}[{i}]" if field.is_array() else value
                out.put(put_c(field, at, offset + i * size, element))
        offset += run_bytes(field)
    out.close()


def encode_items(out, items, rop_id=None):
    index = 0
    while index < len(items) or rop_id is not None:
        count, total = next_run(items, index)
        if count or rop_id is not None:
            encode_run(out, items[index:index + count], total + (1 if rop_id is not None else 0), rop_id)
            rop_id = None
            index += count
            continue
        item = items[index]
        index += 1
        if not isinstance(item, Block):
            encode_field(out, item)
        elif item.kind == "if":
            test = condition_c(item.condition, "in", False)
            if test:
                out.open(f"if ({test})")
            encode_items(out, item.body)
            if test:
                out.close()
        else:
            mark = out.local("mark")
            out.open("")
            out.put(f"size_t {mark} = ox_writer_reserve(w, {item.width});")
            encode_items(out, item.body)
            if item.plus:
                out.put(f"ox_wire_patch_size(w, {mark}, {item.width}, {item.plus});")
            else:
                out.put(f"ox_writer_patch_length(w, {mark}, {item.width});")
            out.close()


def functions(struct):
    name = struct.c_name
    out = Writer()
    head = f"ox_status {name}_decode(ox_reader *r, ox_arena *arena, {struct.parameters()}{name} *out) {{"
    out.put("size_t start = r->position;")
    out.put("memset(out, 0, sizeof *out);")
    context = "NULL"
    if struct.needs:
        columns = "columns, column_count" if "columns" in struct.needs else "NULL, 0"
        logon = "public_logon" if "public_logon" in struct.needs else "false"
        out.put(f"const ox_wire_context context = {{{columns}, {logon}}};")
        context = "&context"
    decode_items(out, struct, struct.body, "r", struct.rop_id)
    out.put("if (r->status != OX_OK)")
    out.put(f"  return ox_wire_failed(&{name}_wire, r, arena, start, {context}, out);")
    out.put("return OX_OK;")
    if any("goto slow;" in line for line in out.lines):
        out.lines.append("slow:")
        out.put(f"return ox_wire_retry(&{name}_wire, r, arena, start, {context}, out);")
    lines = [head] + [line.replace("  " + " {", "  {") for line in out.lines] + ["}", ""]
    out = Writer()
    encode_items(out, struct.body, struct.rop_id)
    if not struct.body:
        if struct.rop_id is None:
            out.put("(void)w;")
        out.put("(void)in;")
    lines += [f"void {name}_encode(ox_writer *w, const {name} *in) {{"]
    lines += [line.replace("  " + " {", "  {") for line in out.lines] + ["}", ""]
    return lines


KINDS = {name: "OX_WIRE_" + name.upper() for name in
         list(INTEGERS) + ["guid", "zstr8", "zstr16", "str8", "str16", "bytes", "rows"]}
KINDS["u32be"] = "OX_WIRE_U32"


class Descriptors:
    """The const tables of one source file; equal number lists and terms are shared."""

    def __init__(self):
        self.lines, self.shared, self.hands = [], {}, {}

    def numbers(self, values):
        return self.share("numbers", "const uint32_t", "{" + ", ".join(f"0x{v:X}" for v in values) + "}")

    def share(self, base, c_type, body):
        if body not in self.shared:
            self.shared[body] = f"{base}{len(self.shared)}"
            self.lines.append(f"static {c_type} {self.shared[body]}[] = {body};")
        return self.shared[body]

    def terms(self, struct, condition):
        rows = []
        for field, mask, operator, numbers in condition.terms:
            offset, kind = "0", "OX_WIRE_CONTEXT"
            if not isinstance(field, str):
                offset, kind = f"offsetof({struct.c_name}, {field.name})", KINDS[field.type]
            rows.append(f"{{{offset}, {kind}, {'true' if operator == 'not in' else 'false'}, "
                        f"{len(numbers)}, 0x{0xFFFFFFFF if mask is None else mask:X}u, "
                        f"{self.numbers(numbers)}}}")
        return self.share("terms", "const ox_wire_term", "{" + ", ".join(rows) + "}")

    def values(self, values):
        body = "{" + ", ".join(f'{{0x{v:X}, "{label}"}}' for v, label, _ in values.items) + "}"
        items = self.share("names", "const ox_wire_named_value", body)
        whole = (f'{{{{"{values.name}", "{values.section}", '
                 f"{'true' if values.is_flags else 'false'}, {len(values.items)}, {items}}}}}")
        return self.share("values", "const ox_wire_values", whole)

    def hand(self, hand):
        if hand.name in self.hands:
            return self.hands[hand.name]
        name = f"hand_{hand.name}"
        first = "r, arena, " if hand.arena else "r, "
        middle = ("columns, column_count, " if hand.columns else "") + ("width, " if hand.width else "")
        parameters = "unsigned width, const ox_proptag *columns, size_t column_count"
        unused = "".join(f"  (void){name};\n" for name, used in (
            ("arena", hand.arena), ("width", hand.width), ("columns", hand.columns),
            ("column_count", hand.columns)) if not used)
        if hand.hooks != "none":
            self.lines.append(f"extern const ox_wire_hooks {hand.hooks};")
        self.lines += [
            f"static ox_status decode_{hand.name}(ox_reader *r, ox_arena *arena, {parameters}, void *out) {{",
            f"{unused}  return {hand.decode}({first}{middle}out);", "}",
            f"static void encode_{hand.name}(ox_writer *w, {parameters}, const void *in) {{",
            f"{unused}".replace("  (void)arena;\n", "") + f"  {hand.encode}(w, {middle}in);", "}",
            f"static const ox_wire_hand {name} = {{\"{hand.c_type}\", sizeof({hand.c_type}), "
            f"{hand.min_bytes}, decode_{hand.name}, encode_{hand.name}, "
            f"{'NULL' if hand.hooks == 'none' else '&' + hand.hooks}}};"]
        self.hands[hand.name] = name
        return name

    def rows(self, struct, items, out):
        for item in items:
            if isinstance(item, Block):
                inner = []
                self.rows(struct, item.body, inner)
                if item.kind == "if":
                    terms = self.terms(struct, item.condition)
                    out.append(f"{{.name = \"if\", .kind = OX_WIRE_IF, .span = {len(inner)}, "
                               f".terms = {terms}, .term_count = {len(item.condition.terms)}}}")
                else:
                    out.append(f"{{.name = \"size\", .kind = OX_WIRE_SIZED, .span = {len(inner)}, "
                               f".width = {item.width}" + (f", .fixed = {item.plus}" if item.plus else "")
                               + "}")
                out += inner
            else:
                out.append(self.field(struct, item))

    def field(self, struct, field):
        name = struct.c_name
        kind = "OX_WIRE_HAND" if field.hand else "OX_WIRE_STRUCT" if field.struct else KINDS[field.type]
        flags = []
        if field.is_array():
            flags.append("OX_WIRE_ARRAY")
        if field.is_pointer():
            flags.append("OX_WIRE_POINTER")
        if field.fixed and (field.is_array() or field.type == "bytes" and not field.optional):
            flags.append("OX_WIRE_INLINE")
        if field.rest:
            flags.append("OX_WIRE_REST")
        if field.type == "u32be":
            flags.append("OX_WIRE_BIG_ENDIAN")
        if field.at:
            flags.append("OX_WIRE_VIEW")
        if field.minutes:
            flags.append("OX_WIRE_MINUTES")
        parts = [f'.name = "{field.name}"', f".kind = {kind}", f".offset = offsetof({name}, {field.name})"]
        if flags:
            parts.append(".flags = " + " | ".join(flags))
        if field.sized:
            parts.append(f".width = {field.sized}")
        if field.hand and field.hand.width:
            parts.append(f".hand_width = {field.width}")
        count = field.at or field.count
        if count is not None:
            parts += [f".count_kind = {KINDS[count.type]}",
                      f".count_offset = offsetof({name}, {count.name})"]
        if field.until:
            terms = self.terms(field.struct, Condition([(field.until, None, "in", [0])]))
            parts += [f".terms = {terms}", ".term_count = 1"]
        if field.fixed:
            parts.append(f".fixed = {field.fixed}")
        if field.type not in ("bytes", "str8", "str16"):
            parts.append(f".element_bytes = sizeof({field.c_type()})")
        if field.arguments == "columns":
            parts.append(".columns_offset = 0xFFFF")
        elif field.arguments:
            columns, count = field.arguments
            parts += [f".columns_offset = offsetof({name}, {columns.name})",
                      f".maximum_kind = {KINDS[count.type]}",
                      f".maximum_offset = offsetof({name}, {count.name})"]
        if isinstance(field.maximum, int):
            parts.append(f".maximum = 0x{field.maximum:X}")
        elif field.maximum is not None:
            parts += [f".maximum_kind = {KINDS[field.maximum.type]}",
                      f".maximum_offset = offsetof({name}, {field.maximum.name})"]
        if field.allowed:
            parts += [f".allowed = {self.numbers(field.allowed)}", f".allowed_count = {len(field.allowed)}"]
        if field.hand:
            parts.append(f".hand = &{self.hand(field.hand)}")
        if field.struct:
            parts.append(f".structure = &{field.struct.c_name}_wire")
        if field.values:
            parts.append(f".values = {self.values(field.values)}")
        return "{" + ", ".join(parts) + "}"

    def struct(self, struct):
        rows = []
        self.rows(struct, struct.body, rows)
        name = struct.c_name
        fields = "NULL"
        if rows:
            fields = name + "_fields"
            self.lines += [f"static const ox_wire_field {fields}[] = {{"]
            self.lines += ["    " + row + "," for row in rows] + ["};"]
        rop_id = -1 if struct.rop_id is None else struct.rop_id
        self.lines += [f"const ox_wire_struct {name}_wire = {{\"{struct.name}\", \"{struct.section}\", "
                       f"{rop_id}, {len(rows)}, sizeof({name}), {struct.min_bytes()}, {fields}}};", ""]


def header_of(output):
    return os.path.splitext(os.path.basename(output))[0]


def source(inputs, output, header=None):
    schema = wire_parse.load(inputs)
    files = ", ".join(os.path.basename(path) for path in schema.paths)
    out = [f"/* Generated by oxgen from {files}; do not edit. */", f"#include <{header}>", "",
           "#include <oxkit/ropcodec/cursor.h>", "#include <oxkit/ropcodec/rows.h>",
           "#include <oxkit/ropcodec/wire.h>", "",
           "#include <string.h>", ""]
    descriptors = Descriptors()
    for struct in schema.structs:
        descriptors.struct(struct)
    out += descriptors.lines
    for struct in schema.structs:
        out += functions(struct)
    return "\n".join(out)


def rops(inputs, output, header=None):
    """The functions over all ROPs."""
    schema = wire_parse.load(inputs)
    table = sorted(schema.rops, key=lambda rop: rop.number)
    out = ["/* Generated by oxgen; do not edit. */", f"#include <{header}>", "",
           "#include <string.h>", ""]
    for kind in ("request", "response"):
        out += [f"ox_status ox_rop_{kind}_decode(ox_reader *r, ox_arena *arena, "
                f"const ox_rop_context *context, ox_rop_{kind} *out) {{",
                "  static const ox_rop_context nothing;",
                "  if (context == NULL) context = &nothing;",
                "  out->rop_id = ox_peek_u8(r);", "  switch (out->rop_id) {"]
        for rop in table:
            part = getattr(rop, kind)
            if part is None:
                continue
            extra = {"columns": "context->columns, context->column_count, ",
                     "public_logon": "ox_rop_is_public(context, r), "}
            arguments = "".join(extra[need] for need in part.needs)
            out += [f"    case 0x{rop.number:02X}:", f"      return {part.c_name}_decode(r, arena, "
                    f"{arguments}&out->u.{member(rop.name)});"]
        out += ["    default:",
                "      ox_reader_fail(r, OX_E_UNKNOWN_ROP, NULL, NULL);",
                "      return ox_reader_blame(r, \"rop_id\", \"[MS-OXCROPS] 2.2.2\");",
                "  }", "}", "",
                f"void ox_rop_{kind}_encode(ox_writer *w, const ox_rop_{kind} *in) {{",
                "  switch (in->rop_id) {"]
        for rop in table:
            part = getattr(rop, kind)
            if part is not None:
                out += [f"    case 0x{rop.number:02X}:",
                        f"      {part.c_name}_encode(w, &in->u.{member(rop.name)});", "      break;"]
        out += ["    default:", "      ox_writer_fail(w, OX_E_UNKNOWN_ROP);", "  }", "}", ""]
    public = ["/* Whether the request at the cursor names a public folders logon: LogonId follows RopId. */",
              "static bool ox_rop_is_public(const ox_rop_context *context, const ox_reader *r) {",
              "  if (r->status != OX_OK || r->size_bytes - r->position < 2) return false;",
              "  uint8_t logon_id = r->data[r->position + 1];",
              "  return (context->public_logons[logon_id / 8] >> logon_id % 8 & 1) != 0;", "}", ""]
    out[5:5] = public
    out += ["static const ox_rop_info table[] = {"]
    for rop in table:
        parts = [f"&{part.c_name}_wire" if part else "NULL" for part in (rop.request, rop.response)]
        out.append(f"  {{0x{rop.number:02X}, \"{rop.name}\", \"{rop.section}\", {', '.join(parts)}}},")
    out += ["};", "", "const ox_rop_info *ox_rop_info_table(size_t *count_out) {",
            "  *count_out = sizeof table / sizeof table[0];", "  return table;", "}", "",
            "const ox_rop_info *ox_rop_info_by_id(uint8_t rop_id) {",
            "  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {",
            "    if (table[i].rop_id == rop_id) return &table[i];", "  }", "  return NULL;", "}", ""]
    return "\n".join(out)


def types(inputs, output, header=None):
    """The list of hand-written types in use, one a line: name, C type, fields that use it."""
    schema = wire_parse.load(inputs)
    uses = {name: 0 for name in schema.hand_types}

    def walk(items):
        for item in items:
            if isinstance(item, Block):
                walk(item.body)
            elif item.hand:
                uses[item.hand.name] += 1
    for struct in schema.structs:
        walk(struct.body)
    return "".join(f"{name}\t{schema.hand_types[name].c_type}\t{uses[name]}\n" for name in sorted(uses))
