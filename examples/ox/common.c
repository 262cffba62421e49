#include "ox.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/memory.h>
#include <oxkit/ropcodec/text.h>

static bool wants_help(const char *argument) {
  return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static const char *program_name(const command *self) {
  return strcmp(self->name, "ox") == 0 ? "" : self->name;
}

int run_subcommand(const command *self, const command *const *commands, size_t count, int argc,
                   char **argv) {
  if (argc < 2) {
    fputs(self->usage, stderr);
    return EXIT_USAGE;
  }
  if (wants_help(argv[1])) {
    fputs(self->usage, stdout);
    return EXIT_DONE;
  }
  for (size_t i = 0; i < count; i++) {
    const char *space = strrchr(commands[i]->name, ' ');
    if (strcmp(space != NULL ? space + 1 : commands[i]->name, argv[1]) == 0) {
      return commands[i]->run(commands[i], argc - 1, argv + 1);
    }
  }
  return usage_error(self, "there is no command '%s'", argv[1]);
}

static const option_spec *find_option(const option_spec *options, size_t count, const char *name,
                                      size_t length) {
  for (size_t i = 0; i < count; i++) {
    if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0) {
      return &options[i];
    }
  }
  return NULL;
}

/* Takes the option at argv[*at]; false after printing what is wrong. */
static bool take_option(const command *self, int argc, char **argv, int *at,
                        const option_spec *options, size_t option_count) {
  const char *name = argv[*at] + 2;
  const char *equals = strchr(name, '=');
  size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
  const option_spec *option = find_option(options, option_count, name, length);
  if (option == NULL) {
    usage_error(self, "there is no option '--%.*s'", (int)length, name);
    return false;
  }
  if (option->flag != NULL) {
    if (equals != NULL) {
      usage_error(self, "--%s takes no value", option->name);
      return false;
    }
    *option->flag = true;
    return true;
  }
  const char *value = equals != NULL ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
  if (value == NULL) {
    usage_error(self, "--%s needs a value", option->name);
    return false;
  }
  if (option->list != NULL) {
    if (option->list->count == sizeof option->list->items / sizeof option->list->items[0]) {
      usage_error(self, "too many --%s", option->name);
      return false;
    }
    option->list->items[option->list->count++] = value;
  } else {
    *option->value = value;
  }
  return true;
}

int parse_options(const command *self, int argc, char **argv, const option_spec *options,
                  size_t option_count, int *status) {
  int operands = 0;
  bool only_operands = false;
  for (int i = 1; i < argc; i++) {
    if (!only_operands && strcmp(argv[i], "--") == 0) {
      only_operands = true;
    } else if (!only_operands && wants_help(argv[i])) {
      fputs(self->usage, stdout);
      *status = EXIT_DONE;
      return -1;
    } else if (!only_operands && strncmp(argv[i], "--", 2) == 0) {
      if (!take_option(self, argc, argv, &i, options, option_count)) {
        *status = EXIT_USAGE;
        return -1;
      }
    } else {
      argv[++operands] = argv[i];
    }
  }
  return operands;
}

static void say(const command *self, const char *format, va_list arguments) {
  const char *name = program_name(self);
  fprintf(stderr, "ox%s%s: ", *name != 0 ? " " : "", name);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
}

int fail(const command *self, const char *advice, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  say(self, format, arguments);
  va_end(arguments);
  if (advice != NULL) fprintf(stderr, "  %s\n", advice);
  return EXIT_FAILED;
}

int fail_error(const command *self, const char *advice, const char *doing, ox_status status,
               const ox_error *err) {
  const char *text = err != NULL && err->text[0] != 0 ? err->text : ox_status_text(status);
  if (err != NULL && err->field != NULL) {
    return fail(self, advice, "%s: %s (%s at byte %llu, field %s, %s)", doing, text,
                ox_status_name(status), (unsigned long long)err->offset, err->field,
                err->spec != NULL ? err->spec : "");
  }
  return fail(self, advice, "%s: %s (%s)", doing, text, ox_status_name(status));
}

int usage_error(const command *self, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  say(self, format, arguments);
  va_end(arguments);
  const char *name = program_name(self);
  fprintf(stderr, "  'ox%s%s --help' explains.\n", *name != 0 ? " " : "", name);
  return EXIT_USAGE;
}

char *read_file(const char *path, size_t max_bytes, size_t *size_out, ox_error *err) {
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (file == NULL) {
    ox_error_setf(err, OX_E_IO, "%s: %s", path, strerror(errno));
    return NULL;
  }
  char *data = NULL;
  size_t size = 0, capacity = 0;
  for (;;) {
    if (size + 1 >= capacity) {
      capacity = capacity != 0 ? capacity * 2 : 65536;
      char *grown = realloc(data, capacity);
      if (grown == NULL) {
        ox_error_set(err, OX_E_NO_MEMORY, NULL);
        break;
      }
      data = grown;
    }
    size_t got = fread(data + size, 1, capacity - size - 1, file);
    size += got;
    if (size > max_bytes) {
      ox_error_setf(err, OX_E_LIMIT, "%s: larger than %zu bytes", path, max_bytes);
      break;
    }
    if (got != 0) continue;
    if (ferror(file)) {
      ox_error_setf(err, OX_E_IO, "%s: %s", path, strerror(errno));
      break;
    }
    if (file != stdin) fclose(file);
    data[size] = 0;
    *size_out = size;
    return data;
  }
  if (file != stdin) fclose(file);
  free(data);
  return NULL;
}

char *read_password(const command *self, const char *path) {
  ox_error err;
  size_t size;
  char *text = read_file(path, 4096, &size, &err);
  if (text == NULL) {
    fail_error(self, "Put the password in the first line of a file that only you can read.",
               "reading the password", err.status, &err);
    return NULL;
  }
  text[strcspn(text, "\r\n")] = 0;
  if (text[0] == 0) {
    free(text);
    fail(self, NULL, "the password file %s is empty", path);
    return NULL;
  }
  return text;
}

void print_json(json_t *value) {
  json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
  putchar('\n');
  json_decref(value);
}

json_t *json_text(const char *text) {
  if (text == NULL) return json_null();
  json_t *plain = json_string(text);
  if (plain != NULL) return plain;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  const char *valid = ox_text_make_valid(&arena, ox_str8_from(text));
  plain = valid != NULL ? json_string(valid) : NULL;
  ox_arena_dispose(&arena);
  return plain;
}
