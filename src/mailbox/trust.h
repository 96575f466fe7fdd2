/*
 * Is this the server that was meant? And, if libcurl could not connect: why, in words
 * that say what to do.
 */
#ifndef MAILBOX_TRUST_H
#define MAILBOX_TRUST_H

#include <curl/curl.h>

#include "mailbox/mailbox.h"

/* There was a certificate, and it is the one of the fingerprint if one was given. */
int trust_check(CURL *easy, const struct mailbox_options *o, struct err *e);
/* `words` are libcurl's, `before` is what the server has said so far. Returns -1. */
int trust_explain(CURLcode code, const char *words, struct text before,
	const struct mailbox_options *o, struct err *e);

#endif
