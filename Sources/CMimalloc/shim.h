// The door to mimalloc (microsoft.github.io/mimalloc), for Reactors only, to return memory to the system. Once linked,
// the library replaces malloc(3) and free(3) for the whole process. (Not under a sanitizer, which has its own.)
#pragma once
#include <mimalloc.h>

/// Returns empty pages to the system at once instead of after a delay: the library checks that delay only when it is
/// called for a nearby page, which after a peak may never happen.
static inline void mimalloc_return_at_once(void) {
#if MI_MALLOC_VERSION < 210
  mi_option_set(mi_option_decommit_delay, 0);
#else
  mi_option_set(mi_option_purge_delay, 0);
#endif
}
