"""The .wire notation: parser and typed model. doc/wire-notation.md describes it for people.

A file is lines; two more blanks of indentation make a child; '#' starts a comment, and the comment
after a field becomes its documentation. Everything is checked here, so emitters never fail.
"""

import os
import re

INTEGERS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "i8": 1, "i16": 2, "i32": 4, "i64": 8,
            "bool8": 1, "id64": 8, "tag": 4, "status": 4, "filetime": 8, "u32be": 4}
C_TYPES = {"u32be": "uint32_t", "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t",
           "i8": "int8_t", "i16": "int16_t", "i32": "int32_t", "i64": "int64_t",
           "bool8": "bool", "id64": "uint64_t", "tag": "ox_proptag", "status": "ox_status",
           "filetime": "ox_filetime", "guid": "ox_guid", "zstr8": "ox_str8", "zstr16": "ox_str16",
           "str8": "ox_str8", "str16": "ox_str16", "bytes": "ox_bytes", "rows": "ox_bytes"}
MIN_BYTES = dict(INTEGERS, guid=16, zstr8=1, zstr16=2, str8=0, str16=0, bytes=0, rows=0)
COUNTS = {"u8": 1, "u16": 2, "u32": 4}
VIEWS = ("bytes", "str8", "str16", "rows")  # views of the input that have a size of their own
CONTEXTS = {"columns": "const ox_proptag *columns, size_t column_count",
            "public_logon": "bool public_logon"}
C_RESERVED = set("""auto break case char const continue default do double else enum extern float for goto if
inline int long register restrict return short signed sizeof static struct switch typedef union unsigned void
volatile while class new delete this template namespace operator private public protected""".split())


class WireError(ValueError):
    """Bad input; the text is "file:line: reason"."""


class Line:
    def __init__(self, path, number, indent, text, comment):
        self.path, self.number, self.indent = path, number, indent
        self.text, self.comment = text, comment
        self.words = text.split()
        self.children = []

    def fail(self, reason):
        raise WireError(f"{self.path}:{self.number}: {reason}")


def snake(name):
    """OpenFolder -> open_folder, GetPropertyIdsFromNames -> get_property_ids_from_names."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return name.lower()


def member(name):
    """The member of a union for a structure; words that C keeps for itself get a '_'."""
    name = snake(name)
    return name + "_" if name in C_RESERVED else name


class HandType:
    """A type that the notation cannot say: C functions with the generated ones' signature."""

    def __init__(self, name, c_type, min_bytes, options):
        self.name, self.c_type, self.min_bytes = name, c_type, min_bytes
        self.arena, self.width = options["arena"], options["width"]
        self.columns, self.rest = options["columns"], options["rest"]
        self.decode = options["decode"] or c_type + "_decode"
        self.encode = options["encode"] or c_type + "_encode"
        self.hooks = options["hooks"] or c_type + "_hooks"


class Values:
    """Named values of a field: an enumeration or a set of flags."""

    def __init__(self, name, section, is_flags, items):
        self.name, self.section, self.is_flags, self.items = name, section, is_flags, items
        self.c_name = "OX_" + snake(name).upper()


class Condition:
    """Terms that must all hold. A term is (field, mask or None, operator, numbers):
    operator "in" or "not in"; field is a Field, or the name of a context."""

    def __init__(self, terms):
        self.terms = terms

    def negated(self):
        (field, mask, operator, numbers), = self.terms
        return Condition([(field, mask, "not in" if operator == "in" else "in", numbers)])


class Field:
    def __init__(self, line):
        self.line, self.doc = line, line.comment
        self.type = self.name = self.hand = self.struct = self.values = None
        self.fixed = None        # number of elements
        self.count = None        # Field that holds the number of elements
        self.sized = None        # width in bytes of a size that stands before it
        self.rest = False        # takes everything that is left
        self.until = None        # member of the element that is 0, or empty, in the last one
        self.at = None           # Field that says where the value stands, from the structure's start
        self.arguments = None    # (columns Field, count Field) or "columns": what a hand type needs
        self.maximum = None      # number or Field
        self.allowed = None      # list of numbers
        self.minutes = False     # since 1601
        self.optional = False    # inside a context condition: pointer, or empty bytes
        self.min_text = None

    def element_min_bytes(self):
        if self.hand:
            return self.hand.min_bytes
        if self.struct:
            return self.struct.min_bytes()
        return MIN_BYTES[self.type]

    def min_bytes(self):
        if self.sized is not None:
            return self.sized
        if (self.rest and not self.hand) or self.at or self.count is not None or \
                self.type == "rows":
            return 0
        return self.element_min_bytes() * (self.fixed or 1) if self.type != "bytes" else self.fixed or 0

    def is_array(self):
        return self.type not in VIEWS and (self.count is not None or self.fixed is not None)

    def is_rest_array(self):
        return self.rest and self.count is not None

    def is_pointer(self):
        """A single value that may be absent."""
        if self.is_array():
            return False
        if self.at or self.sized is not None and (self.hand or self.struct):
            return True
        return self.optional and self.type not in VIEWS

    def c_type(self):
        if self.hand:
            return self.hand.c_type
        return self.struct.c_name if self.struct else C_TYPES[self.type]

    def c_declaration(self):
        if self.type == "bytes" and self.fixed is not None and not self.optional:
            return f"uint8_t {self.name}[{self.fixed}]"
        if self.fixed is not None and self.is_array():
            return f"{self.c_type()} {self.name}[{self.fixed}]"
        star = "*" if self.is_array() or self.is_pointer() else ""
        return f"{self.c_type()} {star}{self.name}"


class Block:
    """Fields under a condition ("if") or behind a size of their own ("sized"), which may count
    `plus` bytes more than the fields."""

    def __init__(self, line, kind, condition=None, width=None, plus=0):
        self.line, self.kind, self.condition, self.width = line, kind, condition, width
        self.plus = plus
        self.body = []

    def min_bytes(self):
        if self.kind == "if":
            return 0
        return self.width


class Struct:
    def __init__(self, line, name, c_base, section, prefix="ox_"):
        self.line, self.name, self.section, self.doc = line, name, section, line.comment
        self.c_base = c_base
        self.c_name = prefix + c_base
        self.prefix = prefix
        self.needs = []
        self.rop_id = None
        self.body = []
        self.members = []        # distinct fields in order, for the C struct
        self.by_name = {}
        self.computing = False

    def min_bytes(self):
        if self.computing:
            self.line.fail(f"'{self.name}' contains itself")
        self.computing = True
        total = sum(item.min_bytes() for item in self.body) + (1 if self.rop_id is not None else 0)
        self.computing = False
        return total

    def parameters(self):
        return "".join(CONTEXTS[need] + ", " for need in self.needs)

    def arguments(self):
        names = {"columns": "columns, column_count, ", "public_logon": "public_logon, "}
        return "".join(names[need] for need in self.needs)


class Rop:
    def __init__(self, line, number, name, section):
        self.line, self.number, self.name, self.section = line, number, name, section
        self.doc = line.comment
        self.request = self.response = None


class Schema:
    """Everything that the files given say. `structs` holds those to emit, in order."""

    def __init__(self):
        self.includes, self.hand_types, self.struct_names, self.values = [], {}, {}, {}
        self.structs, self.value_sets, self.rops = [], [], []
        self.reserved = {}
        self.loaded = {}
        self.paths = []


def read_lines(path):
    try:
        with open(path, encoding="utf-8") as source:
            texts = source.read().split("\n")
    except OSError as error:
        raise WireError(f"{path}:1: cannot be read: {error.strerror}") from None
    top, stack = [], []
    for number, raw in enumerate(texts, 1):
        code, _, comment = raw.partition("#")
        if not code.strip():
            continue
        blanks = len(code) - len(code.lstrip(" "))
        line = Line(path, number, blanks // 2, code.strip(), comment.strip() or None)
        if "\t" in code:
            line.fail("a tab; indent with blanks")
        if blanks % 2:
            line.fail("indentation is two blanks a level")
        if line.indent > len(stack):
            line.fail("indented deeper than its parent allows")
        del stack[line.indent:]
        (stack[-1].children if stack else top).append(line)
        stack.append(line)
    return top


def number_of(line, text):
    try:
        return int(text, 0)
    except ValueError:
        line.fail(f"'{text}' is not a number")


class Parser:
    def __init__(self, schema, path, emit):
        self.schema, self.path, self.emit = schema, path, emit
        self.spec, self.width, self.prefix = None, 2, "ox_"

    def load(self):
        for line in read_lines(self.path):
            handler = getattr(self, "on_" + line.words[0], None)
            if handler is None:
                line.fail(f"unknown statement '{line.words[0]}'")
            handler(line)

    def words(self, line, least, most, usage):
        if not least <= len(line.words) - 1 <= most:
            line.fail(f"expected '{usage}'")
        return line.words[1:]

    def section(self, line, text):
        if re.fullmatch(r"\d+(\.\d+)*|[A-Za-z]+(-[A-Za-z]+)+", text):
            if self.spec is None:
                line.fail("a section number needs 'spec NAME' before it")
            return f"[{self.spec}] {text if text[0].isdigit() else text.replace('-', ' ')}"
        found = re.fullmatch(r"(MS-[A-Z0-9]+):(\d+(\.\d+)*)", text)
        if not found:
            line.fail(f"'{text}' is not a section: 2.2.4.1 or MS-OXCDATA:2.11.7")
        return f"[{found.group(1)}] {found.group(2)}"

    def name(self, line, text, pattern=r"[A-Z][A-Za-z0-9]*"):
        if not re.fullmatch(pattern, text) or text in C_RESERVED:
            line.fail(f"bad name '{text}'")
        return text

    # Statements at the top.

    def on_spec(self, line):
        self.spec, = self.words(line, 1, 1, "spec MS-NAME")

    def on_width(self, line):
        text, = self.words(line, 1, 1, "width 2|4|8")
        if text not in ("2", "4", "8"):
            line.fail("the width is 2, 4 or 8")
        self.width = int(text)

    def on_prefix(self, line):
        text, = self.words(line, 1, 1, "prefix name")
        self.prefix = "ox_" + self.name(line, text, r"[a-z][a-z0-9_]*") + "_"

    def on_include(self, line):
        header, = self.words(line, 1, 1, "include oxkit/header.h")
        if self.emit and header not in self.schema.includes:
            self.schema.includes.append(header)

    def on_use(self, line):
        name, = self.words(line, 1, 1, "use file.wire")
        path = os.path.join(os.path.dirname(self.path), name)
        if not os.path.exists(path):
            line.fail(f"there is no file '{name}' beside this one")
        load_file(self.schema, path, False)

    def on_type(self, line):
        words = self.words(line, 2, 11, "type name c_type min=N [arena] [width] [columns] [rest]")
        name = self.name(line, words[0], r"[a-z][a-z0-9_]*")
        flags = ("arena", "width", "columns", "rest")
        options = dict.fromkeys(flags, False) | dict.fromkeys(("min", "decode", "encode", "hooks"))
        for word in words[2:]:
            key, equals, value = word.partition("=")
            if key not in options or (equals == "") != (key in flags):
                line.fail(f"unknown option '{word}'")
            options[key] = value if equals else True
        if options["min"] is None:
            line.fail("a hand-written type needs min=BYTES")
        if name in self.schema.hand_types:
            line.fail(f"type '{name}' is declared twice")
        if name in C_TYPES:
            line.fail(f"'{name}' is a type of the notation itself")
        self.schema.hand_types[name] = HandType(name, words[1], number_of(line, options["min"]),
                                                options)

    def on_enum(self, line):
        self.on_values(line, False)

    def on_flags(self, line):
        self.on_values(line, True)

    def on_values(self, line, is_flags):
        words = self.words(line, 2, 2, f"{line.words[0]} Name SECTION")
        name = self.name(line, words[0])
        if name in self.schema.values:
            line.fail(f"'{name}' is declared twice")
        items, seen = [], {}
        for child in line.children:
            if len(child.words) != 2:
                child.fail("expected 'NUMBER Name'")
            value = number_of(child, child.words[0])
            label = self.name(child, child.words[1])
            if label in seen:
                child.fail(f"'{label}' stands in line {seen[label]} already")
            seen[label] = child.number
            items.append((value, label, child.comment))
        if not items:
            line.fail(f"'{name}' has no values")
        values = Values(name, self.section(line, words[1]), is_flags, items)
        self.schema.values[name] = values
        if self.emit:
            self.schema.value_sets.append(values)

    def on_reserved(self, line):
        for text in line.words[1:]:
            self.schema.reserved[number_of(line, text)] = line

    def on_struct(self, line):
        words = self.words(line, 2, 4, "struct Name SECTION")
        struct = self.new_struct(line, self.name(line, words[0]), snake(words[0]),
                                 self.section(line, words[1]))
        self.needs(line, struct, words[2:])
        self.fill(struct, line.children)

    def on_message(self, line):
        words = self.words(line, 2, 2, "message Name SECTION")
        self.pair(line, self.name(line, words[0]), self.section(line, words[1]), None)

    def on_rop(self, line):
        words = self.words(line, 3, 3, "rop NUMBER Name SECTION")
        number = number_of(line, words[0])
        if not 0 <= number <= 0xFF:
            line.fail(f"RopId {words[0]} is not one byte")
        for rop in self.schema.rops:
            if rop.number == number:
                line.fail(f"RopId 0x{number:02X} is {rop.name} already (line {rop.line.number})")
        if number in self.schema.reserved:
            line.fail(f"RopId 0x{number:02X} is reserved")
        name = self.name(line, words[1])
        rop = Rop(line, number, name, self.section(line, words[2]))
        rop.request, rop.response = self.pair(line, name, rop.section, number)
        if self.emit:
            self.schema.rops.append(rop)

    def new_struct(self, line, name, c_base, section):
        if name in self.schema.struct_names or name in self.schema.hand_types:
            line.fail(f"'{name}' is declared twice")
        struct = Struct(line, name, c_base, section, self.prefix)
        self.schema.struct_names[name] = struct
        if self.emit:
            self.schema.structs.append(struct)
        return struct

    def needs(self, line, struct, words):
        for word in words:
            key, _, need = word.partition("=")
            if key != "needs" or need not in CONTEXTS:
                line.fail(f"unknown option '{word}'; there is "
                          + ", ".join(f"needs={c}" for c in sorted(CONTEXTS)))
            struct.needs.append(need)

    def pair(self, line, name, section, number):
        """request, response, success and failure children of a rop or a message."""
        made = {}
        response = None
        for child in line.children:
            kind = child.words[0]
            if kind in ("request", "response"):
                if kind in made:
                    child.fail(f"a second {kind}")
                part = self.new_struct(child, f"{name}.{kind}", f"{snake(name)}_{kind}", section)
                part.doc = child.comment
                part.rop_id = number
                self.needs(child, part, child.words[1:])
                self.fill(part, child.children)
                made[kind] = part
                response = part if kind == "response" else None
            elif kind in ("success", "failure"):
                if response is None:
                    child.fail(f"'{kind}' follows a response")
                self.form(response, child, kind)
            else:
                child.fail(f"expected request, response, success or failure, not '{kind}'")
        if not made:
            line.fail(f"'{name}' has neither request nor response")
        return made.get("request"), made.get("response")

    def form(self, struct, line, kind):
        status = next((f for f in struct.members if f.type == "status"), None)
        if status is None:
            line.fail(f"'{kind}' needs a field of type status in the response")
        numbers = [number_of(line, word) for word in line.words[1:]]
        if kind == "success":
            condition = Condition([(status, None, "in", numbers or [0])])
        elif numbers:
            condition = Condition([(status, None, "in", numbers)])
        else:
            condition = Condition([(status, None, "not in", [0])])
        block = Block(line, "if", condition)
        struct.body.append(block)
        self.items(struct, line.children, block.body, False)

    # Fields.

    def fill(self, struct, lines):
        self.items(struct, lines, struct.body, False)
        struct.min_bytes()

    def items(self, struct, lines, body, optional):
        for line in lines:
            word = line.words[0]
            if word == "if":
                condition, context = self.condition(struct, line, line.text[2:])
                block = Block(line, "if", condition)
                body.append(block)
                self.items(struct, line.children, block.body, optional or context)
            elif word == "else":
                previous = body[-1] if body else None
                if not isinstance(previous, Block) or previous.kind != "if" or len(line.words) != 1:
                    line.fail("'else' follows the fields of an 'if'")
                if len(previous.condition.terms) != 1:
                    line.fail("'else' after a condition with 'and'")
                block = Block(line, "if", previous.condition.negated())
                body.append(block)
                self.items(struct, line.children, block.body, optional)
            elif word == "sized":
                found = re.fullmatch(r"sized (u8|u16|u32)( plus (\d+))?", " ".join(line.words))
                if not found:
                    line.fail("expected 'sized u8|u16|u32 [plus N]'")
                block = Block(line, "sized", width=COUNTS[found.group(1)],
                              plus=int(found.group(3) or 0))
                body.append(block)
                self.items(struct, line.children, block.body, optional)
            else:
                if line.children:
                    line.children[0].fail("a field has no children")
                body.append(self.field(struct, line, optional))
                if body[-1].at and body is not struct.body:
                    line.fail("at= inside a block")
        for item, after in zip(body, body[1:]):
            takes_rest = isinstance(item, Field) and item.rest and not item.until
            if takes_rest and not (isinstance(after, Field) and after.at):
                item.line.fail("nothing can follow a field that takes the rest")

    def condition(self, struct, line, text):
        terms, context = [], False
        for part in re.split(r"\band\b", text):
            found = re.fullmatch(
                r"\s*(?P<not>not\s+)?(?P<name>[a-z][a-z0-9_]*)\s*(&\s*(?P<mask>\w+)\s*)?"
                r"((?P<op>==|!=|in|not in)\s*(?P<numbers>\w+(\s+\w+)*))?\s*", part)
            if not found:
                line.fail(f"cannot read the condition '{part.strip()}'")
            name = found.group("name")
            numbers = [number_of(line, w) for w in (found.group("numbers") or "0").split()]
            operator = found.group("op")
            if operator in ("==", "!=") and len(numbers) != 1:
                line.fail(f"'{operator}' compares with one number; for several say 'in'")
            inside = {"==": "in", "!=": "not in", None: "not in"}.get(operator, operator)
            if found.group("not"):
                if operator:
                    line.fail("'not' before a comparison")
                inside = "in"
            mask = number_of(line, found.group("mask")) if found.group("mask") else None
            if name in CONTEXTS:
                if name not in struct.needs:
                    line.fail(f"'{name}' needs 'needs={name}' on the {struct.name}")
                if operator or mask is not None or name == "columns":
                    line.fail(f"'{name}' is not a number")
                context = True
                terms.append((name, None, inside, [0]))
                continue
            field = struct.by_name.get(name)
            if field is None:
                line.fail(f"there is no field '{name}' above")
            if field.is_array() or (field.type not in INTEGERS and field.type != "bytes"):
                line.fail(f"'{name}' cannot be compared")
            if field.type == "bytes" and field.fixed is not None:
                line.fail(f"'{name}' always has {field.fixed} bytes")
            self.present(line, field)
            if field.type == "bytes" and (operator or mask is not None):
                line.fail(f"'{name}' is bytes; ask only whether it is empty")
            terms.append((field, mask, inside, numbers))
        return Condition(terms), context

    def present(self, line, field):
        if field.optional:
            line.fail(f"'{field.name}' may be absent: it stands under a context condition")

    def field(self, struct, line, optional):
        if len(line.words) < 2:
            line.fail("expected 'type name'")
        field = Field(line)
        field.optional = optional
        found = re.fullmatch(r"([A-Za-z][A-Za-z0-9_]*)(\(([a-z0-9_]+)\))?", line.words[0])
        if not found:
            line.fail(f"bad type '{line.words[0]}'")
        field.type = found.group(1)
        if field.type in self.schema.hand_types:
            field.hand = self.schema.hand_types[field.type]
            field.width = self.width
        elif field.type in self.schema.struct_names:
            field.struct = self.schema.struct_names[field.type]
            if field.struct is struct:
                line.fail(f"'{struct.name}' contains itself")
        elif field.type not in C_TYPES:
            line.fail(f"unknown type '{field.type}'")
        self.arguments(struct, line, field, found.group(3))
        found = re.fullmatch(r"([A-Za-z][A-Za-z0-9_]*)(\[([A-Za-z0-9_]+)\])?", line.words[1])
        if not found:
            line.fail(f"bad name '{line.words[1]}'")
        field.name = self.name(line, found.group(1), r"[a-z][a-z0-9_]*")
        self.dimension(struct, line, field, found.group(3))
        for word in line.words[2:]:
            self.attribute(struct, line, field, word)
        if field.hand and field.hand.rest:
            if field.is_array():
                line.fail(f"each '{field.type}' takes the rest")
            field.rest = field.sized is None
        if field.type == "rows" and field.count is None and field.fixed is None:
            line.fail("rows need a count: rows name[count]")
        if optional and field.is_array():
            line.fail("an array under a context condition")
        if struct.by_name.get(field.name) is not None:
            other = struct.by_name[field.name]
            if other.c_declaration() != field.c_declaration():
                line.fail(f"'{field.name}' has another type in line {other.line.number}")
            if struct.body and not self.exclusive(struct, other):
                line.fail(f"'{field.name}' stands in line {other.line.number} already")
        else:
            struct.by_name[field.name] = field
            struct.members.append(field)
        return field

    def exclusive(self, struct, other):
        """Two fields may share a member when the first stands inside an earlier 'if'."""
        return other not in struct.body

    def arguments(self, struct, line, field, text):
        needs_columns = field.type == "rows" or (field.hand is not None and field.hand.columns)
        if not needs_columns:
            if text is not None:
                line.fail(f"'{field.type}' takes no argument")
            return
        if text is None or (text == "columns" and text not in struct.by_name):
            if "columns" not in struct.needs:
                line.fail(f"'{field.type}' needs columns: name a field, or put needs=columns on the "
                          f"{struct.name}")
            field.arguments = "columns"
            return
        columns = struct.by_name.get(text)
        if columns is None or columns.type != "tag" or columns.count is None:
            line.fail(f"'{text}' is not an array of tags above")
        field.arguments = (columns, columns.count)

    def dimension(self, struct, line, field, text):
        if text is None:
            if field.type == "bytes":
                line.fail("bytes need a size: bytes name[u16], name[24] or name[rest]")
            if field.type in ("str8", "str16"):
                line.fail(f"{field.type} needs a size: {field.type} name[u8] or name[count]")
            return
        if re.fullmatch(r"\d\w*", text):
            if field.type in ("str8", "str16"):
                line.fail(f"{field.type} needs a size: {field.type} name[u8] or name[count]")
            field.fixed = number_of(line, text)
            if field.fixed == 0:
                line.fail("an array of nothing")
        elif text == "rest":
            field.rest = True
            if field.type in ("str8", "str16", "rows"):
                line.fail(f"'{field.type}' cannot take the rest")
            if field.type != "bytes":
                if field.element_min_bytes() == 0:
                    line.fail(f"an element of '{field.type}' may be empty")
                field.count = self.rest_count(struct, line, field)
        elif text in COUNTS:
            if field.type not in ("bytes", "zstr8", "zstr16", "str8", "str16"):
                line.fail(f"'{field.type}' needs the name of its count field, not '{text}'")
            field.sized = COUNTS[text]
        else:
            count = struct.by_name.get(text)
            if count is None:
                line.fail(f"there is no field '{text}' above")
            if count.type not in COUNTS or count.is_array():
                line.fail(f"'{text}' is not an unsigned number of up to 32 bits")
            self.present(line, count)
            field.count = count

    def rest_count(self, struct, line, field):
        """The member that says how many elements there were; it is not on the wire."""
        name = field.name + "_count"
        known = struct.by_name.get(name)
        if known is not None and known.line.words[1] != line.words[1]:
            line.fail(f"'{name}' stands in line {known.line.number} already")
        if known is None:
            known = Field(line)
            known.type, known.name, known.doc = "u32", name, None
            struct.by_name[name] = known
        return known

    def attribute(self, struct, line, field, word):
        key, equals, value = word.partition("=")
        if not equals or not value:
            line.fail(f"unknown option '{word}'")
        if key == "max":
            if field.type not in COUNTS or field.is_array():
                line.fail("max= belongs to an unsigned number")
            if re.fullmatch(r"\d\w*", value):
                field.maximum = number_of(line, value)
            else:
                field.maximum = struct.by_name.get(value)
                if field.maximum is None:
                    line.fail(f"there is no field '{value}' above")
                if field.maximum.type not in COUNTS or field.maximum.is_array():
                    line.fail(f"'{value}' is not an unsigned number of up to 32 bits")
                self.present(line, field.maximum)
        elif key == "in":
            if field.type not in INTEGERS or field.is_array():
                line.fail("in= belongs to a number")
            field.allowed = [number_of(line, part) for part in value.split(",")]
        elif word == "as=minutes":
            field.minutes = True
            if field.type != "u32":
                line.fail("as=minutes belongs to a u32")
        elif key == "as":
            field.values = self.schema.values.get(value)
            if field.values is None:
                line.fail(f"there is no enum or flags '{value}' above")
            if field.type not in INTEGERS:
                line.fail("as= belongs to a number")
        elif key == "until":
            if not field.is_rest_array() or field.struct is None:
                line.fail("until= belongs to structures that take the rest")
            field.until = field.struct.by_name.get(value)
            if field.until is None:
                line.fail(f"'{field.struct.name}' has no field '{value}'")
            if field.until.type not in COUNTS and field.until.type != "bytes":
                line.fail(f"'{value}' is neither an unsigned number nor bytes")
        elif key == "at":
            if field.struct is None or field.is_array():
                line.fail("at= belongs to a structure")
            field.at = struct.by_name.get(value)
            if field.at is None:
                line.fail(f"there is no field '{value}' above")
            if field.at.type not in COUNTS or field.at.is_array():
                line.fail(f"'{value}' is not an unsigned number of up to 32 bits")
        elif key == "sized":
            if value not in COUNTS:
                line.fail("expected sized=u8|u16|u32")
            if not (field.hand or field.struct or field.count is not None):
                line.fail(f"'{field.type}' cannot be sized this way; say name[{value}]")
            field.sized = COUNTS[value]
        else:
            line.fail(f"unknown option '{word}'")


def load_file(schema, path, emit):
    real = os.path.realpath(path)
    if real in schema.loaded:
        return
    schema.loaded[real] = True
    if emit:
        schema.paths.append(path)
    Parser(schema, path, emit).load()


def load(paths):
    """Reads the files in the order given; a file used by another must come before it when both
    are to be emitted."""
    schema = Schema()
    for path in paths:
        load_file(schema, path, True)
    return schema
