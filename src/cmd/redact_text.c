/* Finding again, in a text on its way out, what must not get out. */
#include "cmd/redact.h"

#include "base/err.h"

/* Where a path that nobody knows may end: behind it the sentence goes on. */
static const char *const path_ends[] = {
	": ", "; ", ", ", " (", ")", "\"", "\n", " -> ", ", ", NULL};
/* What looks like a host, and is a file of ours or of a client's. */
static const char *const file_ends[] = {".dat", ".js", ".ini", ".db", ".csv", ".html",
	".log", ".tmp", ".pem", ".dbx", ".xml", ".plist", ".bin", ".cfg", ".old", ".new",
	".map", ".1", NULL};

struct text_state {
	struct redact *r;
	struct text in;
	size_t at;
	bool error, server;
	struct buf *out;
};

static struct text
rest_of(const struct text_state *s)
{
	return (struct text){s->in.at + s->at, s->in.len - s->at};
}

static char
before(const struct text_state *s)
{
	return s->at > 0 ? s->in.at[s->at - 1] : ' ';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t
hard_end(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		for (const char *const *end = path_ends; *end != NULL; end++)
			if (text_starts((struct text){t.at + i, t.len - i}, *end))
				return i;
	return t.len;
}

/*
 * At the start of a message a path goes up to what is said of it. Elsewhere a blank ends
 * it, unless another '/' in the middle of a word comes: "/home/x/Local Folders/Inbox".
 */
static size_t
path_length(const struct text_state *s)
{
	struct text t = rest_of(s);
	size_t end = hard_end(t);

	for (bool more = true; more && end < t.len;) {
		struct text on = {t.at + end + 1, t.len - end - 1};
		size_t next = hard_end(on);
		more = false;
		bool part_of_name = strchr(",()", t.at[end]) != NULL || on.at[0] == '(';
		for (size_t i = 1; i + 1 < next && !more && part_of_name; i++)
			more = on.at[i] == '/' && !is_blank(on.at[i - 1]) &&
			       !is_blank(on.at[i + 1]);
		end = more ? end + 1 + next : end;
	}
	if (s->at == 0)
		return end;
	size_t last = 0;
	for (size_t i = 1; i < end; i++)
		if (t.at[i] == '/' && !is_blank(t.at[i - 1]))
			last = i;
	for (size_t i = last; i < end; i++)
		if (is_blank(t.at[i]))
			return i;
	return end;
}

static bool
is_path(const struct text_state *s)
{
	struct text t = rest_of(s);
	char c = before(s);

	return t.len > 1 && t.at[0] == '/' && !is_blank(t.at[1]) && t.at[1] != '/' &&
	       !redact_is_word(c) && strchr(".~*:/?]", c) == NULL;
}

static bool
is_host_byte(char c)
{
	return redact_is_word(c) || c == '-' || c == '.';
}

static size_t
run_length(struct text t, bool (*is)(char))
{
	size_t n = 0;

	while (n < t.len && is(t.at[n]))
		n++;
	while (n > 0 && (t.at[n - 1] == '.' || t.at[n - 1] == '-'))
		n--;
	return n;
}

static bool
is_local_byte(char c)
{
	return is_host_byte(c) || strchr("%+=&'!#$*", c) != NULL;
}

/* Two labels or more, the last one of letters; or an address of four numbers. */
static bool
looks_like_host(struct text t)
{
	size_t dots = 0, letters = 0, digits = 0, last = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '.') {
			dots++;
			letters = 0;
			last = i;
		} else if (t.at[i] >= '0' && t.at[i] <= '9') {
			digits++;
		} else {
			letters += redact_is_word(t.at[i]);
		}
	}
	for (const char *const *end = file_ends; *end != NULL; end++)
		if (text_ends(t, *end))
			return false;
	if (dots == 3 && digits + dots == t.len && digits >= 4)
		return true;
	return dots > 0 && last > 0 && letters >= 2 && letters + last + 1 == t.len;
}

static void
say(struct text_state *s, const char *token, size_t len)
{
	buf_add(s->out, text_of(token));
	s->at += len;
}

/* USER@HOST, or a host. */
static size_t
pattern_length(const struct text_state *s, size_t *local)
{
	struct text t = rest_of(s);
	size_t n = 0;

	while (n < t.len && is_local_byte(t.at[n]))
		n++;
	*local = 0;
	if (n > 0 && n < t.len && t.at[n] == '@') {
		size_t host = run_length(
			(struct text){t.at + n + 1, t.len - n - 1}, is_host_byte);
		*local = host > 0 ? n : 0;
		return host > 0 ? n + 1 + host : 0;
	}
	n = run_length(t, is_host_byte);
	return looks_like_host((struct text){t.at, n}) ? n : 0;
}

static bool
take_uidl(struct text_state *s)
{
	struct text t = rest_of(s);
	size_t n = 0;
	uint64_t number;

	while (n < t.len && !is_blank(t.at[n]))
		n++;
	for (; n > 0; n--) {
		const char *token = redact_find_uidl(s->r, (struct text){t.at, n});
		/* A counter's are the numbers of any sentence. */
		if (token != NULL &&
			(n > 5 || !text_number((struct text){t.at, n}, &number))) {
			say(s, token, n);
			return true;
		}
		if (strchr(",;:.)\"'|", t.at[n - 1]) == NULL)
			break;
	}
	return false;
}

/* Not a phrase of ours: "until I delete them", "UIDL TIME". */
static bool
is_foreign(struct text t)
{
	bool blank = false, small = false;

	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		blank = blank || c == ' ';
		small = small || (c >= 'a' && c <= 'z');
		if (!blank && c != '-' && !(c >= 'A' && c <= 'Z') &&
			!(c >= 'a' && c <= 'z'))
			return true;
		if (c != ' ' && c != '-' && !redact_is_word(c))
			return true;
		if ((unsigned char)c >= 0x80 || (c >= '0' && c <= '9'))
			return true;
	}
	return !blank && small;
}

/* What a file or a server said is somebody's. */
static bool
take_quoted(struct text_state *s)
{
	struct text t = rest_of(s);
	if (!s->error || t.len < 2 || t.at[0] != '"')
		return false;
	/* A server's own words may hold quotes, and end in one. */
	size_t end = 1 + text_find((struct text){t.at + 1, t.len - 1}, '"');
	for (size_t i = end + 1; s->server && i < t.len; i++)
		if (t.at[i] == '"')
			end = i;
	struct text said = {t.at + 1, end - 1};
	if (end < 2 || (!s->server && !is_foreign(said)))
		return false;
	buf_byte(s->out, '"');
	say(s, redact_token(s->r, REDACT_TEXT, said), end);
	return true;
}

static bool
take(struct text_state *s)
{
	struct text t = rest_of(s);
	size_t n, local, known;

	if (take_quoted(s))
		return true;
	if (redact_is_word(before(s)) && t.at[0] != '/')
		return false;
	if (take_uidl(s))
		return true;
	const char *token = redact_find_name(s->r, t, &known);
	if (is_path(s) && (n = path_length(s)) > 0) {
		bool whole = token != NULL && t.at[0] == '/';
		struct text path = {t.at, whole ? known : n};
		say(s, whole ? token : redact_token(s->r, REDACT_PATH, path), path.len);
		return true;
	}
	n = pattern_length(s, &local);
	if (n > known && local > 0) {
		redact_who(s->r, (struct text){t.at, n});
		buf_print(s->out, "%s@",
			redact_token(s->r, REDACT_USER, (struct text){t.at, local}));
		say(s,
			redact_token(s->r, REDACT_HOST,
				(struct text){t.at + local + 1, n - local - 1}),
			n);
		return true;
	}
	if (n > known) {
		say(s, redact_token(s->r, REDACT_HOST, (struct text){t.at, n}), n);
		return true;
	}
	if (token != NULL)
		say(s, token, known);
	return token != NULL;
}

void
redact_text(struct redact *r, struct text in, bool error, struct buf *out)
{
	struct text_state s = {.r = r, .in = in, .error = error, .out = out};
	const size_t longest = sizeof(((struct err *)NULL)->message) - 8;

	if (r == NULL) {
		buf_add(out, in);
		return;
	}
	s.server = error &&
		   (text_starts(in, "old server: ") || text_starts(in, "new server: "));
	/* A sentence that was cut off ends in a part of something. */
	if (error && in.len >= longest)
		while (s.in.len > 0 && !is_blank(s.in.at[s.in.len - 1]))
			s.in.len--;
	while (s.at < s.in.len)
		if (!take(&s)) {
			buf_byte(out, s.in.at[s.at]);
			s.at++;
		}
	if (s.in.len < in.len)
		buf_add(out, text_of("…"));
}

void
redact_value(struct redact *r, struct text in, bool error, struct buf *out)
{
	const char *token = r != NULL ? redact_find_uidl(r, in) : NULL;

	if (token != NULL)
		buf_add(out, text_of(token));
	else
		redact_text(r, in, error, out);
}
