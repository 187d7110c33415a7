// The door to mimalloc (microsoft.github.io/mimalloc). Nothing but Reactors imports it, and only to give memory back:
// being linked, the library takes the place of malloc(3) and free(3) for the whole process. (Not under a sanitizer,
// whose own come first.)
#pragma once
#include <mimalloc.h>

/// Pages that are empty go back to the system when they become so, not some time after: the library looks at its
/// clock only when it is called for something near, which after a crowd has left may be never.
static inline void mimalloc_return_at_once(void) {
#if MI_MALLOC_VERSION < 210
  mi_option_set(mi_option_decommit_delay, 0);
#else
  mi_option_set(mi_option_purge_delay, 0);
#endif
}
