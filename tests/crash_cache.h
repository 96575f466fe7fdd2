/*
 * What tests/crash.c looks at in a message cache: each file's first line says which name it
 * has while the store is the old one, and which while it is the new one ("-": a tombstone's);
 * then "either" if neither of them is another message's on any server.
 */
#ifndef TESTS_CRASH_CACHE_H
#define TESTS_CRASH_CACHE_H

#include <stdbool.h>
#include <stddef.h>

/* NULL, or what is wrong. `is_new`: the store is. `settled`: each file must be where it
 * belongs; else a tombstone's name is right for any. `files` must be there. */
const char *crash_cache_look(const char *folder, bool is_new, bool settled, size_t files);
size_t crash_cache_count(const char *folder);

#endif
