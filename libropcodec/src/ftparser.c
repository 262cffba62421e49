/* The lexer and the grammar of FastTransfer streams together. */
#include "ftstream_internal.h"

#include <string.h>

void ox_ft_parser_init(ox_ft_parser *parser, unsigned root, ox_arena *arena,
                       const ox_ft_options *options) {
  ox_ft_lexer_init(&parser->lexer, arena, options);
  ox_ft_grammar_init(&parser->grammar, root, parser->lexer.options.flags);
  parser->holding = false;
  parser->maybe_full = false;
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

static ox_ft_step offer(ox_ft_parser *parser, const ox_ft_event *token, ox_ft_event *event) {
  switch (token->kind) {
    case OX_FT_EVENT_MARKER:
      return ox_ft_grammar_offer(&parser->grammar, token->marker, 0, event, &parser->error);
    case OX_FT_EVENT_END: return ox_ft_grammar_offer_end(&parser->grammar, event, &parser->error);
    default:
      return ox_ft_grammar_offer(&parser->grammar, token->wire_tag, token->property.value.i32,
                                 event, &parser->error);
  }
}

static ox_status failed(ox_ft_parser *parser, uint64_t offset, ox_error *err) {
  parser->error.offset = offset;
  parser->status = parser->error.status;
  if (err != NULL) *err = parser->error;
  return parser->status;
}

/* Offers the token to the grammar and gives what comes of it. */
static ox_status take(ox_ft_parser *parser, const ox_ft_event *token, ox_ft_event *event,
                      ox_error *err) {
  ox_ft_event step;
  step.flags = 0;
  switch (offer(parser, token, &step)) {
    case OX_FT_STEP_FAIL: return failed(parser, token->offset, err);
    case OX_FT_STEP_TAKE:
      if (token != event) *event = *token;
      event->element = step.element;
      parser->holding = false;
      parser->maybe_full = token->kind == OX_FT_EVENT_MARKER;
      return OX_OK;
    case OX_FT_STEP_ENTER: parser->maybe_full = false; break;
    case OX_FT_STEP_LEAVE: parser->maybe_full = true; break;
  }
  if (token == event) parser->held = *token;
  parser->holding = true;
  event->kind = step.kind;
  event->element = step.element;
  event->flags = step.flags;
  event->offset = parser->held.offset;
  return OX_OK;
}

ox_status ox_ft_parser_next(ox_ft_parser *parser, ox_ft_event *event, ox_error *err) {
  if (parser->status != OX_OK) {
    if (err != NULL) *err = parser->error;
    return parser->status;
  }
  if (parser->holding) return take(parser, &parser->held, event, err);
  if (parser->maybe_full) {
    event->flags = 0;
    switch (ox_ft_grammar_leave_full(&parser->grammar, event, &parser->error)) {
      case OX_FT_STEP_FAIL: return failed(parser, parser->lexer.offset, err);
      case OX_FT_STEP_LEAVE: event->offset = parser->lexer.offset; return OX_OK;
      default: parser->maybe_full = false;
    }
  }
  parser->status = ox_ft_lexer_next(&parser->lexer, event, &parser->error);
  if (parser->status != OX_OK) {
    if (err != NULL) *err = parser->error;
    return parser->status;
  }
  switch (event->kind) {
    case OX_FT_EVENT_NEED_DATA: return OX_OK;
    case OX_FT_EVENT_VALUE_DATA:
    case OX_FT_EVENT_VALUE_END:
      event->element = parser->grammar.frames[parser->grammar.depth - 1].element;
      return OX_OK;
    default: return take(parser, event, event, err);
  }
}

/* Guessing. */

/* Bytes that the grammar of a root takes; SIZE_MAX for all of them. */
static uint64_t taken_by(unsigned root, ox_bytes stream, ox_arena *arena) {
  ox_ft_parser parser;
  ox_ft_event event;
  ox_error error = {.status = OX_OK};
  ox_ft_parser_init(&parser, root, arena, NULL);
  ox_ft_parser_feed(&parser, stream.data, stream.size_bytes);
  ox_ft_parser_end(&parser);
  ox_status status;
  do {
    status = ox_ft_parser_next(&parser, &event, &error);
    if (arena->used_bytes != 0) ox_arena_reset(arena);
  } while (status == OX_OK && event.kind != OX_FT_EVENT_END);
  ox_ft_parser_dispose(&parser);
  return status == OX_OK ? UINT64_MAX : error.offset;
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

unsigned ox_ft_guess_root(ox_bytes stream) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  const unsigned list = guess_list(stream, &arena);
  unsigned best = list;
  uint64_t best_taken = taken_by(list, stream, &arena);
  for (unsigned root = 1; root <= OX_FT_ROOT_LAST && best_taken != UINT64_MAX; root++) {
    const uint64_t taken = taken_by(root, stream, &arena);
    if (taken > best_taken) {
      best = root;
      best_taken = taken;
    }
  }
  ox_arena_dispose(&arena);
  return best;
}
