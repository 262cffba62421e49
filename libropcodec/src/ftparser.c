/* The lexer and the grammar of FastTransfer streams together. */
#include "ftstream_internal.h"

#include <string.h>

void ox_ft_parser_init(ox_ft_parser *parser, unsigned root, ox_arena *arena,
                       const ox_ft_options *options) {
  ox_ft_lexer_init(&parser->lexer, arena, options);
  ox_ft_grammar_init(&parser->grammar, root, parser->lexer.options.flags);
  parser->holding = false;
  parser->maybe_full = false;
  parser->is_calm = true;
  parser->status = OX_OK;
}

void ox_ft_parser_dispose(ox_ft_parser *parser) {
  ox_ft_lexer_dispose(&parser->lexer);
}

void ox_ft_parser_feed(ox_ft_parser *parser, const void *data, size_t size_bytes) {
  ox_ft_lexer_feed(&parser->lexer, data, size_bytes);
}

void ox_ft_parser_end(ox_ft_parser *parser) {
  ox_ft_lexer_end(&parser->lexer);
}

static ox_status failed(ox_ft_parser *parser, uint64_t offset, ox_error *err) {
  parser->error.offset = offset;
  parser->status = parser->error.status;
  parser->is_calm = false;
  if (err != NULL) *err = parser->error;
  return parser->status;
}

static unsigned token_of(const ox_ft_event *event) {
  if (event->kind == OX_FT_EVENT_END) return OX_FT_TOKEN_END;
  if (event->kind == OX_FT_EVENT_MARKER) return ox_ft_token(event->marker, NULL);
  return ox_ft_token(event->wire_tag, &event->property.value);
}

/* Offers the token to the grammar and gives what comes of it. */
static ox_status take(ox_ft_parser *parser, const ox_ft_event *token, ox_ft_event *event,
                      ox_error *err) {
  ox_ft_event step;
  step.flags = 0;
  const uint32_t tag = token->kind == OX_FT_EVENT_MARKER ? token->marker : token->wire_tag;
  switch (ox_ft_grammar_offer(&parser->grammar, parser->token, tag, &step, &parser->error)) {
    case OX_FT_STEP_FAIL: return failed(parser, token->offset, err);
    case OX_FT_STEP_TAKE:
      if (token != event) *event = *token;
      event->element = step.element;
      parser->holding = false;
      parser->maybe_full = token->kind == OX_FT_EVENT_MARKER;
      parser->is_calm = !parser->maybe_full;
      return OX_OK;
    case OX_FT_STEP_ENTER: parser->maybe_full = false; break;
    case OX_FT_STEP_LEAVE: parser->maybe_full = true; break;
  }
  if (token == event) parser->held = *token;
  parser->holding = true;
  parser->is_calm = false;
  event->kind = step.kind;
  event->element = step.element;
  event->flags = step.flags;
  event->offset = parser->held.offset;
  return OX_OK;
}

static uint8_t innermost(const ox_ft_parser *parser) {
  return parser->grammar.frames[parser->grammar.depth - 1].element;
}

/* When the last event left something to be done before the next token. */
static OX_FT_RARE ox_status next_rare(ox_ft_parser *parser, ox_ft_event *event, ox_error *err,
                                      bool *given) {
  *given = true;
  if (parser->status != OX_OK) {
    if (err != NULL) *err = parser->error;
    return parser->status;
  }
  if (parser->holding) return take(parser, &parser->held, event, err);
  event->flags = 0;
  switch (ox_ft_grammar_leave_full(&parser->grammar, event, &parser->error)) {
    case OX_FT_STEP_FAIL: return failed(parser, parser->lexer.offset, err);
    case OX_FT_STEP_LEAVE: event->offset = parser->lexer.offset; return OX_OK;
    default: break;
  }
  parser->maybe_full = false;
  parser->is_calm = true;
  *given = false;
  return OX_OK;
}

/* A token that the grammar has to look at. */
static OX_FT_RARE ox_status next_token(ox_ft_parser *parser, ox_ft_event *event, ox_error *err) {
  if (event->kind == OX_FT_EVENT_NEED_DATA) return OX_OK;
  if (event->kind == OX_FT_EVENT_VALUE_DATA || event->kind == OX_FT_EVENT_VALUE_END) {
    event->element = innermost(parser);
    return OX_OK;
  }
  parser->token = token_of(event);
  return take(parser, event, event, err);
}

ox_status ox_ft_parser_next(ox_ft_parser *parser, ox_ft_event *event, ox_error *err) {
  if (!parser->is_calm) {
    bool given;
    ox_status status = next_rare(parser, event, err, &given);
    if (given) return status;
  }
  const ox_status status = ox_ft_lexer_next(&parser->lexer, event, &parser->error);
  if (status != OX_OK) return failed(parser, parser->error.offset, err);
  if ((event->kind == OX_FT_EVENT_PROPERTY || event->kind == OX_FT_EVENT_VALUE_BEGIN) &&
      ox_ft_grammar_take_plain(&parser->grammar, event->wire_tag)) {
    event->element = innermost(parser);
    return OX_OK;
  }
  return next_token(parser, event, err);
}

/* Whole streams. */

void ox_ft_parser_init_whole(ox_ft_parser *parser, unsigned root, ox_bytes stream, ox_arena *arena,
                             uint32_t flags) {
  ox_ft_options options = OX_FT_OPTIONS_INIT;
  options.flags = flags;
  options.small_max_bytes = stream.size_bytes;
  options.multiple_max_bytes = stream.size_bytes;
  ox_ft_parser_init(parser, root, arena, &options);
  ox_ft_parser_feed(parser, stream.data, stream.size_bytes);
  ox_ft_parser_end(parser);
}

static ox_status parse_all(unsigned root, ox_bytes stream, uint32_t flags, ox_arena *arena,
                           ox_error *err) {
  ox_ft_parser parser;
  ox_ft_event event;
  ox_status status;
  ox_ft_parser_init_whole(&parser, root, stream, arena, flags);
  do {
    status = ox_ft_parser_next(&parser, &event, err);
    if (arena->used_bytes != 0) ox_arena_reset(arena);
  } while (status == OX_OK && event.kind != OX_FT_EVENT_END);
  ox_ft_parser_dispose(&parser);
  return status;
}

/* Bytes that the grammar of a root takes; UINT64_MAX for all of them. */
static uint64_t taken_by(unsigned root, ox_bytes stream, ox_arena *arena) {
  ox_error error = {.status = OX_OK};
  return parse_all(root, stream, 0, arena, &error) == OX_OK ? UINT64_MAX : error.offset;
}

/* A list of nothing but properties can be three things. */
static unsigned guess_list(ox_bytes stream, ox_arena *arena) {
  ox_ft_lexer lexer;
  ox_ft_event event;
  unsigned root = OX_FT_MESSAGE_CONTENT;
  ox_ft_lexer_init(&lexer, arena, NULL);
  ox_ft_lexer_feed(&lexer, stream.data, stream.size_bytes);
  ox_ft_lexer_end(&lexer);
  while (ox_ft_lexer_next(&lexer, &event, NULL) == OX_OK && event.kind != OX_FT_EVENT_END) {
    if (event.kind == OX_FT_EVENT_MARKER) break;
    if (event.kind != OX_FT_EVENT_PROPERTY && event.kind != OX_FT_EVENT_VALUE_BEGIN) continue;
    switch (OX_PROPTAG_ID(event.wire_tag)) {
      case OX_PidTagAttachMethod >> 16:
      case OX_PidTagAttachDataBinary >> 16: root = OX_FT_ATTACHMENT_CONTENT; break;
      case OX_PidTagContentCount >> 16:
      case OX_PidTagFolderType >> 16: root = OX_FT_FOLDER_CONTENT; break;
      default: break;
    }
  }
  ox_ft_lexer_dispose(&lexer);
  return root;
}

static unsigned guess(ox_bytes stream, ox_arena *arena) {
  const unsigned list = guess_list(stream, arena);
  unsigned best = list;
  uint64_t best_taken = taken_by(list, stream, arena);
  for (unsigned root = 1; root <= OX_FT_ROOT_LAST && best_taken != UINT64_MAX; root++) {
    const uint64_t taken = taken_by(root, stream, arena);
    if (taken > best_taken) {
      best = root;
      best_taken = taken;
    }
  }
  return best;
}

unsigned ox_ft_guess_root(ox_bytes stream) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  const unsigned root = guess(stream, &arena);
  ox_arena_dispose(&arena);
  return root;
}

ox_status ox_ft_stream_decode(ox_reader *r, ox_arena *arena, ox_ft_stream *out) {
  memset(out, 0, sizeof *out);
  const size_t start = r->position;
  const ox_bytes stream = ox_read_bytes(r, ox_reader_remaining(r));
  if (!ox_reader_ok(r)) return ox_reader_status(r, NULL);
  ox_arena scratch;
  ox_error error = {.status = OX_OK};
  ox_arena_init(&scratch, arena->allocator, arena->max_bytes);
  const unsigned root = guess(stream, &scratch);
  const ox_status status = parse_all(root, stream, OX_FT_LENIENT, &scratch, &error);
  ox_arena_dispose(&scratch);
  if (status != OX_OK) {
    r->position = start + (size_t)error.offset;
    return ox_reader_fail(r, status, error.field, error.spec);
  }
  out->root = (uint8_t)root;
  out->bytes = stream;
  return OX_OK;
}

void ox_ft_stream_encode(ox_writer *w, const ox_ft_stream *in) {
  ox_write_bytes(w, in->bytes.data, in->bytes.size_bytes);
}
