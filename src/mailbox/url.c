#include "mailbox/kind.h"

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* No control bytes: they would end a command, or the C string. */
static int
decode(struct text t, struct arena *a, char **out, struct err *e)
{
	char *to = arena_string(a, t);
	size_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		if (c == '%') {
			int high = t.len - i > 2 ? hex_of(t.at[i + 1]) : -1;
			int low = t.len - i > 2 ? hex_of(t.at[i + 2]) : -1;
			if (high < 0 || low < 0)
				return err_set(e, ERR_USAGE, "",
					"in a URL, want two hex digits behind each %%; "
					"a %% itself is %%25");
			c = (char)(high * 16 + low);
			i += 2;
		}
		if ((unsigned char)c < 0x20 || c == 0x7f)
			return err_set(e, ERR_USAGE, "",
				"a URL must not hold control characters");
		to[n++] = c;
	}
	to[n] = '\0';
	*out = to;
	return 0;
}

/* Letters, digits, '.', '-', '_', bytes of international names; ':' within brackets.
 * Anything else could mean something to those who parse URLs. */
static bool
host_is_plain(const char *host, bool bracketed)
{
	for (const char *c = host; *c != '\0'; c++) {
		bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
		bool digit = *c >= '0' && *c <= '9';
		if (!letter && !digit && strchr(bracketed ? ":." : ".-_", *c) == NULL &&
			(bracketed || (unsigned char)*c < 0x80))
			return false;
	}
	return *host != '\0';
}

static int
parse_host(struct text t, struct arena *a, struct mailbox_url *out, struct err *e)
{
	bool bracketed = t.len > 0 && t.at[0] == '[';
	struct cursor c = {t, bracketed ? 1 : 0};
	struct text host, port = {"", 0};
	uint64_t number;

	if (bracketed) {
		if (!take_until(&c, ']', &host))
			return err_set(e, ERR_USAGE, "", "in a URL, want ] behind [");
		if (c.off < t.len && t.at[c.off++] != ':')
			return err_set(e, ERR_USAGE, "", "in a URL, want :port behind ]");
		port = (struct text){t.at + c.off, t.len - c.off};
	} else {
		size_t colon = text_find(t, ':');
		host = (struct text){t.at, colon};
		if (colon < t.len)
			port = (struct text){t.at + colon + 1, t.len - colon - 1};
	}
	if (decode(host, a, &out->host, e) < 0)
		return -1;
	if (!host_is_plain(out->host, bracketed))
		return err_set(e, ERR_USAGE, "",
			"in a URL, want a host name or an address behind the last @");
	if (port.len == 0)
		return 0;
	if (!text_number(port, &number) || number == 0 || number > UINT16_MAX)
		return err_set(e, ERR_USAGE, "", "in a URL, want a port from 1 to 65535");
	out->port = (uint16_t)number;
	return 0;
}

static int
unknown_scheme(struct err *e)
{
	return err_set(e, ERR_USAGE, "",
		"want pop3://user@host, pop3s://…, imap://…, imaps://…, maildir:PATH, "
		"mbox:FILE, capture:FILE or store:PATH");
}

/* A path is taken as it stands: it comes from a shell, where % is nothing special. */
static int
parse_path(struct text rest, struct arena *a, struct mailbox_url *out, struct err *e)
{
	if (rest.len == 0)
		return err_set(e, ERR_USAGE, "", "want %s:PATH", out->scheme);
	out->path = arena_string(a, rest);
	return 0;
}

/* Behind the first '/', which in a user's name is %2F. */
static int
parse_mailbox(struct text *rest, struct arena *a, struct mailbox_url *out, struct err *e)
{
	size_t slash = text_find(*rest, '/');
	struct text name;

	if (!text_starts(text_of(out->scheme), "imap") || slash == rest->len)
		return 0;
	name = (struct text){rest->at + slash + 1, rest->len - slash - 1};
	rest->len = slash;
	return name.len > 0 ? decode(name, a, &out->mailbox, e) : 0;
}

/* Never says what stands in the URL but its scheme: there may be a password in it. */
int
mailbox_url_parse(
	const char *url, struct arena *a, struct mailbox_url *out, struct err *e)
{
	struct cursor c = {text_of(url), 0};
	const struct mailbox_kind *kind;
	struct text scheme, rest, user;
	size_t at;

	*out = (struct mailbox_url){0};
	if (!take_until(&c, ':', &scheme))
		return err_set(e, ERR_USAGE, "",
			"want pop3://user@host, pop3s://…, imap://… or imaps://…");
	out->scheme = arena_string(a, scheme);
	for (char *s = out->scheme; *s != '\0'; s++)
		*s = (char)(*s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
	if ((kind = mailbox_kind_named(out->scheme)) == NULL)
		return unknown_scheme(e);
	rest = (struct text){c.all.at + c.off, c.all.len - c.off};
	if (kind->path)
		return parse_path(rest, a, out, e);
	if (!text_starts(rest, "//"))
		return err_set(e, ERR_USAGE, "", "want %s://user@host", out->scheme);
	rest = (struct text){rest.at + 2, rest.len - 2};
	if (rest.len > 0 && rest.at[rest.len - 1] == '/')
		rest.len--;
	if (parse_mailbox(&rest, a, out, e) < 0)
		return -1;
	for (at = rest.len; at > 0 && rest.at[at - 1] != '@'; at--)
		;
	user = (struct text){rest.at, at > 0 ? at - 1 : 0};
	if (text_find(user, ':') < user.len)
		return err_set(e, ERR_USAGE, "",
			"a password does not belong in a URL, where others can read it: "
			"leave it out and be asked, or use --X-password-file, -command "
			"or -env (a : in the user's name is %%3A)");
	if (user.len == 0)
		return err_set(
			e, ERR_USAGE, "", "want a user: %s://user@host", out->scheme);
	out->port = kind->port;
	if (decode(user, a, &out->user, e) < 0)
		return -1;
	return parse_host((struct text){rest.at + at, rest.len - at}, a, out, e);
}
