/*
 * Which headers say what a message is. docs/matching.md has the source of each row.
 *
 * Dropped are those that servers and clients write into a message they already have;
 * of delivery are those that a message gets on its way, so that a copying tool that
 * delivers again changes them.
 */
#include "model/header.h"

struct header_rule {
	struct text name; /* lower case; the table is sorted by it */
	bool prefix;	  /* any name that begins so; then no other row begins so */
	enum header_what what;
};

#define ROW(name, prefix, what)                                                          \
	{                                                                                \
		{name, sizeof(name) - 1}, prefix, what                                   \
	}

static const struct header_rule rules[] = {
	ROW("arc-", true, HEADER_DELIVERY),
	ROW("authentication-results", false, HEADER_DELIVERY),
	ROW("bcc", false, HEADER_DELIVERY),
	ROW("content-length", false, HEADER_DROPPED),
	ROW("date", false, HEADER_DATE),
	ROW("delivered-to", false, HEADER_DELIVERY),
	ROW("dkim-signature", false, HEADER_DELIVERY),
	ROW("envelope-to", false, HEADER_DELIVERY),
	ROW("from", false, HEADER_FROM),
	ROW("lines", false, HEADER_DROPPED),
	ROW("mbox-line", false, HEADER_DROPPED),
	ROW("message-id", false, HEADER_MESSAGE_ID),
	ROW("received", false, HEADER_RECEIVED),
	ROW("return-path", false, HEADER_DROPPED),
	ROW("status", false, HEADER_DROPPED),
	ROW("subject", false, HEADER_SUBJECT),
	ROW("to", false, HEADER_TO),
	ROW("x-account-key", false, HEADER_DROPPED),
	ROW("x-antivirus", true, HEADER_DELIVERY),
	ROW("x-evolution", true, HEADER_DROPPED),
	ROW("x-gmail-", true, HEADER_DROPPED),
	ROW("x-imap", false, HEADER_DROPPED),
	ROW("x-imapbase", false, HEADER_DROPPED),
	ROW("x-keywords", false, HEADER_DROPPED),
	ROW("x-message-flag", false, HEADER_DROPPED),
	ROW("x-mozilla-", true, HEADER_DROPPED),
	ROW("x-original-to", false, HEADER_DELIVERY),
	ROW("x-received", false, HEADER_DELIVERY),
	ROW("x-spam-", true, HEADER_DELIVERY),
	ROW("x-status", false, HEADER_DROPPED),
	ROW("x-uid", false, HEADER_DROPPED),
	ROW("x-uidl", false, HEADER_DROPPED),
	ROW("x-virus-", true, HEADER_DELIVERY),
	ROW("x-yahoo-newman-property", false, HEADER_DROPPED),
};

enum header_what
header_what(struct text name)
{
	char lower[32]; /* longer than any row */
	struct text t = {lower, name.len < sizeof(lower) ? name.len : sizeof(lower)};
	size_t low = 0, high = sizeof(rules) / sizeof(*rules);

	for (size_t i = 0; i < t.len; i++) {
		char c = name.at[i];
		lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	/* The last row that is not behind the name is the only one that can fit. */
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (text_compare(rules[middle].name, t) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return HEADER_KEPT;
	const struct header_rule *r = &rules[low - 1];
	if (r->prefix && t.len > r->name.len)
		t.len = r->name.len;
	return text_equal(t, r->name) ? r->what : HEADER_KEPT;
}
