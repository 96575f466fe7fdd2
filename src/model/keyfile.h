/*
 * Key files as GLib writes and reads them (gkeyfile.c, GLib 2.74):
 *
 *     [Data Source]
 *     DisplayName=Anna's mail
 *     DisplayName[de]=Annas Post
 *     Enabled=true
 *
 * Of a key that stands twice the last one counts, and groups of one name are one. A value
 * is a string with the escapes \s \n \t \r \\, or a plain word. A file that GLib would not
 * take has no keys at all: its client does not read it either. Values in another language
 * (DisplayName[de]) are keys of their own.
 */
#ifndef MODEL_KEYFILE_H
#define MODEL_KEYFILE_H

#include "base/arena.h"

/* Is it one that GLib takes? */
bool keyfile_is_sound(struct text bytes);
/* The value as it stands, blanks before it skipped; false if the key is not there. */
bool keyfile_raw(struct text bytes, const char *group, const char *key, struct text *raw);
/* Its escapes undone, in the arena; empty if it is not there, is not UTF-8, or has an
 * escape that there is not (which GLib takes as it stands, with an error). */
struct text
keyfile_string(struct text bytes, const char *group, const char *key, struct arena *a);
/* "true" or "false", or `otherwise`. */
bool keyfile_bool(struct text bytes, const char *group, const char *key, bool otherwise);
/* A number of digits, not negative and below 2^31, or `otherwise`. */
uint32_t
keyfile_number(struct text bytes, const char *group, const char *key, uint32_t otherwise);

#endif
