#include "model/fetchmailrc_words.h"

static const struct {
	enum rc_word is;
	const char *names;
} keywords[] = {
	{RC_NOISE, "and bouncemail checkalias dns dropdelivered dropstatus "
		   "fetchall forcecr has idle invisible limitflush lmtp mimedec "
		   "mimedecode nobouncemail nocheckalias nodns nodropdelivered "
		   "nodropstatus noenvelope nofetchall noforcecr noidle "
		   "nolimitflush nomimedec nomimedecode nopass8 nopass8bits "
		   "norewrite nospambounce nostripcr nouidl options pass8 "
		   "pass8bits rewrite set showdots softbounce spambounce sslcertck "
		   "stripcr syslog tracepolls uidl wants with"},
	{RC_VALUE, "auth authenticate bad-header badheader batchlimit bsmtp "
		   "esmtpname esmtppassword expunge fetchlimit fetchsizelimit "
		   "interface interval limit logfile mda monitor pass password "
		   "pidfile plugin plugout post postconnect postmaster pre preauth "
		   "preauthenticate preconnect principal properties qvirtual "
		   "smtpaddress smtpname sslcert sslcertfile sslcertpath "
		   "sslcommonname sslfingerprint sslkey sslproto timeout warnings"},
	{RC_LIST, "aka antispam fetchdomains folder folders is local localdomains "
		  "smtp smtphost to"},
	{RC_NUMBERED, "envelope"},
	{RC_POLL, "poll server skip"},
	{RC_DEFAULTS, "defaults"},
	{RC_NO, "no"},
	{RC_VIA, "via"},
	{RC_PROTOCOL, "proto protocol"},
	{RC_PORT, "port service"},
	{RC_USER, "user username"},
	{RC_HERE, "here"},
	{RC_THERE, "there"},
	{RC_KEEP, "keep"},
	{RC_NOKEEP, "nokeep"},
	{RC_FLUSH, "flush"},
	{RC_NOFLUSH, "noflush"},
	{RC_SSL, "ssl"},
	{RC_FASTUIDL, "fastuidl"},
	{RC_IDFILE, "idfile"},
	{RC_DAEMON, "daemon"},
};

/* escapes() of rcfile_l.l: \n \t \b \r, \x41, octal \012, decimal \65, and \ before
 * anything else means that. */
static struct text
unescape(struct arena *a, struct text t)
{
	char *to = arena_alloc(a, t.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < t.len;) {
		static const char *const names = "ntbr", *const bytes = "\n\t\b\r";
		const char *found;
		unsigned base = 10, value = 0, digit;

		if (t.at[i] != '\\' || i + 1 == t.len) {
			to[n++] = t.at[i++];
			continue;
		}
		char c = t.at[++i];
		if (c != 'x' && c != 'X' && (c < '0' || c > '9')) {
			found = memchr(names, c, 4);
			if (c != '\n') /* which joins lines */
				to[n++] = found != NULL ? bytes[found - names] : c;
			i++;
			continue;
		}
		if (c == 'x' || c == 'X') {
			base = 16;
			i++;
		} else if (c == '0')
			base = 8;
		for (size_t most = base == 16 ? 2 : 3; i < t.len && most > 0;
			i++, most--) {
			c = t.at[i];
			digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				: c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
				: c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
						       : 99;
			if (digit >= base)
				break;
			value = value * base + digit;
		}
		to[n++] = (char)value;
	}
	return (struct text){to, n};
}

/* No escape lets a quote stand in a string that begins with it. */
static bool
take_quoted(struct rc_words *rc, struct text *t)
{
	char quote = rc->at.all.at[rc->at.off++];
	struct text raw;

	if (!take_until(&rc->at, quote, &raw))
		return false;
	*t = unescape(rc->arena, raw);
	return true;
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static void
skip_blanks(struct rc_words *rc)
{
	struct text all = rc->at.all, line;

	for (; rc->at.off < all.len; rc->at.off++) {
		char c = all.at[rc->at.off];
		if (c == '#') {
			if (!take_until(&rc->at, '\n', &line))
				rc->at.off = all.len;
			if (rc->at.off == all.len)
				return;
			rc->at.off--;
		} else if (!is_one_of(c, " \t\r\n;:,") &&
			   !(c == '\\' && rc->at.off + 1 < all.len &&
				   all.at[rc->at.off + 1] == '\n'))
			return;
	}
}

static enum rc_word
keyword(struct text word)
{
	struct text name;

	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
		struct cursor c = {text_of(keywords[i].names), 0};
		while (take_word(&c, &name))
			if (text_equal(name, word))
				return keywords[i].is;
	}
	return RC_STRING;
}

enum rc_word
rc_take(struct rc_words *rc, struct text *t)
{
	struct text all = rc->at.all;
	size_t from;

	skip_blanks(rc);
	if (rc->at.off >= all.len)
		return RC_END;
	from = rc->at.off;
	if (all.at[from] == '"' || all.at[from] == '\'')
		return take_quoted(rc, t) ? RC_STRING : RC_LOST;
	if (all.at[from] == '=') {
		rc->at.off++;
		return RC_MAP;
	}
	while (rc->at.off < all.len && !is_one_of(all.at[rc->at.off], "=;:, \t\r\n"))
		rc->at.off++;
	struct text word = {all.at + from, rc->at.off - from};
	*t = unescape(rc->arena, word);
	return keyword(word);
}

bool
rc_take_value(struct rc_words *rc, struct text *value)
{
	size_t from;

	for (;;) {
		skip_blanks(rc);
		from = rc->at.off;
		enum rc_word is = rc_take(rc, value);
		if (is == RC_STRING)
			return true;
		if (is == RC_END || is == RC_LOST)
			return false;
		if (is != RC_MAP)
			break;
	}
	*value = (struct text){rc->at.all.at + from, rc->at.off - from};
	return true;
}
