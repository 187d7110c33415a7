// The door to jansson (jansson.readthedocs.io), for JSON only. Macros and flag sets that Swift cannot see are functions
// here; everything else is called directly.
#pragma once
#include <jansson.h>

#if JANSSON_VERSION_HEX < 0x020e00
#error "jansson 2.14 or later is needed: keys are looked up with their length (json_object_getn)"
#endif

// Accepts any top-level value (RFC 8259, section 2) and \u0000 in strings. Of two equal keys the last one wins:
// jansson's default.
static inline json_t *jansson_parse(const void *bytes, size_t count, json_error_t *error) {
    return json_loadb((const char *)bytes, count, JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

// The remaining errors for a text that is complete and valid JSON but that jansson cannot hold.
static inline int jansson_error_is_overflow(const json_error_t *error) {
    return json_error_code(error) == json_error_numeric_overflow;
}

static inline int jansson_error_is_nul_in_key(const json_error_t *error) {
    return json_error_code(error) == json_error_null_byte_in_key;
}

// json_typeof is a macro.
static inline json_type jansson_type(const json_t *value) {
    return json_typeof(value);
}
