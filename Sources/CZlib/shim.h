// The door to zlib (zlib.net/manual.html), for WebSocket only. The two calls that begin a stream are macros; here they
// are functions, for raw DEFLATE (RFC 1951): negative window bits, no header and no checksum.
#pragma once
#include <zlib.h>

static inline int zlib_begin_inflate(z_stream *stream, int window_bits) { return inflateInit2(stream, -window_bits); }

static inline int zlib_begin_deflate(z_stream *stream, int level, int window_bits, int memory_level) {
    return deflateInit2(stream, level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY);
}
