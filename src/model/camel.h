/*
 * How libcamel (Evolution) names the files of its message cache (camel-data-cache.c,
 * camel-file-utils.c of evolution-data-server 3.46; the same since 1.5):
 *
 *     UID27-1795356005      14/UID27-1795356005
 *     <a@b>                 2e/%3ca@b%3e
 *
 * The folder is six bits of GLib's string hash of the UIDL, the name its bytes with those
 * that a URL or a file cannot have as %xx.
 */
#ifndef MODEL_CAMEL_H
#define MODEL_CAMEL_H

#include "base/buf.h"

/* "3f/NAME", into `out`. */
void camel_cache_name(struct text uidl, struct buf *out);
/* The UIDL of "3f/NAME", into `out`; false if camel would not call any file that. */
bool camel_cache_uidl(struct text name, struct buf *out);
/* The message in a file. Until 3.60 it begins with '#' if it is whole, and with '*' if it
 * is not (camel-pop3-store.c); such a one is fetched again. */
struct text camel_cache_message(struct text bytes);

#endif
