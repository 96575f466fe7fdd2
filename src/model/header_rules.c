/*
 * Which headers say what a message is. docs/matching.md has the source of each row.
 *
 * Dropped are those that servers and clients write into a message they already have;
 * of delivery are those that a message gets on its way, so that a copying tool that
 * delivers again changes them.
 */
#include "model/header.h"

struct header_rule {
	const char *name; /* lower case; the table is sorted by it */
	bool prefix;	  /* any name that begins so; then no other row begins so */
	enum header_what what;
};

static const struct header_rule rules[] = {
	{"arc-", true, HEADER_DELIVERY},
	{"authentication-results", false, HEADER_DELIVERY},
	{"bcc", false, HEADER_DELIVERY},
	{"content-length", false, HEADER_DROPPED},
	{"date", false, HEADER_DATE},
	{"delivered-to", false, HEADER_DELIVERY},
	{"dkim-signature", false, HEADER_DELIVERY},
	{"envelope-to", false, HEADER_DELIVERY},
	{"from", false, HEADER_FROM},
	{"lines", false, HEADER_DROPPED},
	{"mbox-line", false, HEADER_DROPPED},
	{"message-id", false, HEADER_MESSAGE_ID},
	{"received", false, HEADER_RECEIVED},
	{"return-path", false, HEADER_DROPPED},
	{"status", false, HEADER_DROPPED},
	{"subject", false, HEADER_SUBJECT},
	{"to", false, HEADER_TO},
	{"x-account-key", false, HEADER_DROPPED},
	{"x-antivirus", true, HEADER_DELIVERY},
	{"x-evolution", true, HEADER_DROPPED},
	{"x-gmail-", true, HEADER_DROPPED},
	{"x-imap", false, HEADER_DROPPED},
	{"x-imapbase", false, HEADER_DROPPED},
	{"x-keywords", false, HEADER_DROPPED},
	{"x-message-flag", false, HEADER_DROPPED},
	{"x-mozilla-", true, HEADER_DROPPED},
	{"x-original-to", false, HEADER_DELIVERY},
	{"x-received", false, HEADER_DELIVERY},
	{"x-spam-", true, HEADER_DELIVERY},
	{"x-status", false, HEADER_DROPPED},
	{"x-uid", false, HEADER_DROPPED},
	{"x-uidl", false, HEADER_DROPPED},
	{"x-virus-", true, HEADER_DELIVERY},
	{"x-yahoo-newman-property", false, HEADER_DROPPED},
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
		if (text_compare(text_of(rules[middle].name), t) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return HEADER_KEPT;
	const struct header_rule *r = &rules[low - 1];
	if (r->prefix ? text_starts(t, r->name) : text_equal(t, text_of(r->name)))
		return r->what;
	return HEADER_KEPT;
}
