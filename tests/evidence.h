/*
 * The evidence of a message, as a mailbox reads it.
 */
#ifndef TESTS_EVIDENCE_H
#define TESTS_EVIDENCE_H

#include "model/header.h"

/* Of its header, or of all of it. */
static inline struct evidence
read_message(struct text message, bool all)
{
	struct header h = {0};
	struct body b = {0};
	struct evidence ev = {0};
	struct cursor c = {message, 0};
	struct text line;

	header_begin(&h);
	while (take_line(&c, &line))
		if (header_line(&h, line))
			break;
	header_end(&h, &ev);
	if (all) {
		body_begin(&b);
		while (take_line(&c, &line))
			body_line(&b, line);
		ev.body = body_end(&b);
		ev.flags |= MESSAGE_BODY;
	}
	header_release(&h);
	body_release(&b);
	return ev;
}

#endif
