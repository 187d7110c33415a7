// The door to libyaml (pyyaml.org/wiki/LibYAML), for Configuration only: its event parser. An event is a union by type;
// here the parts that we need become one flat view. Everything else is called directly.
#pragma once
#include <stddef.h>
#include <yaml.h>

/// The parts of an event that make a tree. The pointers belong to the event: valid until yaml_event_delete(event).
struct cyaml_view {
  const char *anchor;         // of a node: its name, or NULL; of an alias: the name that it repeats; NUL-terminated
  const unsigned char *text;  // of a scalar: UTF-8, may contain NUL; else NULL
  size_t text_bytes;
  int is_plain;               // of a scalar: written without quotes and not as a block
};

static inline struct cyaml_view cyaml_view_of(const yaml_event_t *event) {
  struct cyaml_view view = {NULL, NULL, 0, 0};
  switch (event->type) {
    case YAML_ALIAS_EVENT: view.anchor = (const char *) event->data.alias.anchor; break;
    case YAML_SEQUENCE_START_EVENT: view.anchor = (const char *) event->data.sequence_start.anchor; break;
    case YAML_MAPPING_START_EVENT: view.anchor = (const char *) event->data.mapping_start.anchor; break;
    case YAML_SCALAR_EVENT:
      view.anchor = (const char *) event->data.scalar.anchor;
      view.text = event->data.scalar.value;
      view.text_bytes = event->data.scalar.length;
      view.is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
      break;
    default: break;
  }
  return view;
}
