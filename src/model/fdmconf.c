/*
 * After lex.c and parse.y of fdm 1.9 and its manual page.
 */
#include "model/fdmconf.h"

#include <stdlib.h>

#define NAME "/.fdm.conf"

enum kind { WORD, STRING, MACRO, COMMAND, NUMBER, SIGN, END, LOST };

struct token {
	enum kind kind;
	struct text text; /* of a MACRO its name with the '$' or '%' */
};

struct macro {
	struct text name, value; /* its `at` NULL: a command says it */
};

struct conf {
	struct cursor at;
	struct arena *arena;
	struct account_list *out;
	struct text home;
	struct macro *macros;
	size_t nmacros, cap;
};

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static struct text
take_name(struct conf *f)
{
	struct text all = f->at.all, name = {all.at + f->at.off, 0};

	while (f->at.off < all.len && is_name(all.at[f->at.off])) {
		f->at.off++;
		name.len++;
	}
	return name;
}

/* The last definition of a name counts for what comes after it. */
static bool
find_macro(const struct conf *f, struct text name, struct text *value)
{
	for (size_t i = f->nmacros; i-- > 0;)
		if (text_equal(f->macros[i].name, name)) {
			*value = f->macros[i].value;
			return true;
		}
	return false;
}

/* "$NAME" or "${NAME}", at its '$' or '%'. */
static bool
take_macro_name(struct conf *f, struct text *name)
{
	struct text all = f->at.all;
	char sign = all.at[f->at.off++];
	bool braces = f->at.off < all.len && all.at[f->at.off] == '{';

	f->at.off += braces;
	struct text bare = take_name(f);
	if (bare.len == 0 ||
		(braces && (f->at.off == all.len || all.at[f->at.off++] != '}')))
		return false;
	*name = text_of(arena_print(f->arena, "%c%.*s", sign, TEXT_ARG(bare)));
	return true;
}

/* In "": \r \n \t and \ before anything else, and ${NAME}, which is empty if there is no
 * such macro. In '' all is what it is. */
static bool
take_string(struct conf *f, struct text *out)
{
	struct text all = f->at.all, name, value;
	char quote = all.at[f->at.off++];
	struct buf b;
	bool done = false;

	buf_init(&b, SOURCE_MAX);
	while (!done && f->at.off < all.len) {
		char c = all.at[f->at.off],
		     next = f->at.off + 1 < all.len ? all.at[f->at.off + 1] : '\0';
		if (c == quote) {
			f->at.off++;
			done = true;
		} else if (quote == '"' && (c == '$' || c == '%') && next == '{') {
			if (!take_macro_name(f, &name))
				break;
			if (find_macro(f, name, &value) && value.at == NULL)
				break;
			if (find_macro(f, name, &value))
				buf_add(&b, value);
		} else if (quote == '"' && c == '\\') {
			if (f->at.off + 1 == all.len)
				break;
			buf_byte(&b, next == 'r'   ? '\r'
				     : next == 'n' ? '\n'
				     : next == 't' ? '\t'
						   : next);
			f->at.off += 2;
		} else {
			buf_byte(&b, c);
			f->at.off++;
		}
	}
	*out = arena_text(f->arena, buf_text(&b));
	buf_release(&b);
	return done;
}

/* "$(command)": what it says nobody knows, but it ends at its ')'. */
static bool
take_command(struct conf *f)
{
	struct text all = f->at.all, ignored;
	size_t depth = 0;

	for (f->at.off++; f->at.off < all.len;) {
		char c = all.at[f->at.off];
		if (c == '"' || c == '\'') {
			if (!take_string(f, &ignored))
				return false;
			continue;
		}
		f->at.off++;
		depth += c == '(';
		depth -= c == ')';
		if (depth == 0)
			return true;
	}
	return false;
}

static void
skip_blanks(struct conf *f)
{
	struct text all = f->at.all, line;

	while (f->at.off < all.len) {
		char c = all.at[f->at.off];
		if (c == '#') {
			if (!take_until(&f->at, '\n', &line))
				f->at.off = all.len;
		} else if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			f->at.off++;
		else
			return;
	}
}

static struct token
take(struct conf *f)
{
	struct text all = f->at.all;
	struct token t = {.kind = END};

	skip_blanks(f);
	if (f->at.off == all.len)
		return t;
	char c = all.at[f->at.off];
	char next = f->at.off + 1 < all.len ? all.at[f->at.off + 1] : '\0';
	if (c == '"' || c == '\'')
		t.kind = take_string(f, &t.text) ? STRING : LOST;
	else if ((c == '$' || c == '%') && (next == '{' || is_name(next)))
		t.kind = take_macro_name(f, &t.text) ? MACRO : LOST;
	else if ((c == '$' || c == '%') && next == '(')
		t.kind = take_command(f) ? COMMAND : LOST;
	else if (is_name(c)) {
		uint64_t n;
		t.text = take_name(f);
		t.kind = text_number(t.text, &n) ? NUMBER : WORD;
	} else {
		t.kind = c == '$' || c == '%' ? LOST : SIGN;
		t.text = (struct text){all.at + f->at.off++, 1};
	}
	return t;
}

static bool
is(struct token t, const char *word)
{
	return t.kind == WORD && text_equal(t.text, text_of(word));
}

/* A string or a number, possibly by the name of a macro; its `at` NULL: a command says. */
static bool
take_value(struct conf *f, struct text *value)
{
	struct token t = take(f);

	*value = t.text;
	return t.kind == STRING || t.kind == NUMBER || t.kind == COMMAND ||
	       (t.kind == MACRO && find_macro(f, t.text, value));
}

/* $NAME = "…", %NAME = 1; elsewhere a macro is a value in a rule. */
static bool
define(struct conf *f, struct text name)
{
	struct cursor before = f->at;
	struct token equals = take(f), value = take(f);

	if (equals.kind != SIGN || equals.text.at[0] != '=' || value.kind == SIGN) {
		f->at = before;
		return true;
	}
	if (value.kind != STRING && value.kind != NUMBER && value.kind != COMMAND)
		return false;
	f->macros = array_grow(f->macros, &f->cap, f->nmacros + 1, sizeof(*f->macros));
	f->macros[f->nmacros++] = (struct macro){name, value.text};
	return true;
}

struct pop3 {
	struct text name, host, user, cache, port;
	bool tls, old_only, no_uidl;
};

/* ~ and %h are the home of who runs fdm. Other tags are not known here. */
static const char *
store_of(struct conf *f, struct text path)
{
	static const char *const homes[] = {"~", "%h", "%[home]"};

	for (size_t i = 0; i < sizeof(homes) / sizeof(*homes); i++)
		if (text_starts(path, homes[i])) {
			size_t n = strlen(homes[i]);
			struct text rest = {path.at + n, path.len - n};
			if (!text_starts(rest, "/"))
				return NULL;
			path = text_of(arena_print(
				f->arena, "%.*s%.*s", TEXT_ARG(f->home), TEXT_ARG(rest)));
			break;
		}
	if (!text_starts(path, "/") || text_find(path, '%') < path.len)
		return NULL;
	return arena_string(f->arena, path);
}

static void
list_account(struct conf *f, const struct pop3 *p)
{
	const char *store = store_of(f, p->cache);
	uint64_t port = p->tls ? 995 : 110;

	if (store == NULL || p->host.len == 0 || p->user.len == 0 || p->no_uidl)
		return;
	if (p->port.len > 0 && (!text_number(p->port, &port) || port > UINT16_MAX))
		port = text_equal(p->port, text_of("pop3"))    ? 110
		       : text_equal(p->port, text_of("pop3s")) ? 995
							       : 0;
	struct account_list *l = f->out;
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = (struct listed_account){
		.store = store,
		.server = arena_string(f->arena, p->name),
		.settings = {.known = true,
			.host = p->host,
			.user = p->user,
			.port = (uint32_t)port,
			/* new-only does not touch what is in the cache; old-only fetches
			 * it again, and drops it then. */
			.leave_on_server = !p->old_only,
			.key = p->name},
	};
}

/* pop3 server "HOST" port … user … pass … new-only cache "PATH", in this order, of which
 * all but the first may be missing. A word of another kind begins the next statement. */
static bool
read_pop3(struct conf *f, struct pop3 *p)
{
	struct text ignored;

	for (;;) {
		struct cursor before = f->at;
		struct token t = take(f);

		if (is(t, "server")	 ? !take_value(f, &p->host)
			: is(t, "port")	 ? !take_value(f, &p->port)
			: is(t, "user")	 ? !take_value(f, &p->user)
			: is(t, "pass")	 ? !take_value(f, &ignored)
			: is(t, "cache") ? !take_value(f, &p->cache)
					 : false)
			return false;
		p->old_only |= is(t, "old-only");
		p->no_uidl |= is(t, "no-uidl");
		static const char *const words[] = {"server", "port", "user", "pass",
			"cache", "new-only", "old-only", "no-uidl", "no-apop",
			"no-verify", "verify", "starttls", "insecure", "no-tls1", "keep"};
		bool known = false;
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			known |= is(t, words[i]);
		if (t.kind == LOST)
			return false;
		if (!known) {
			f->at = before;
			list_account(f, p);
			return true;
		}
	}
}

/* account "NAME" [disabled] [user "U" | users { … }] TYPE … */
static bool
read_account(struct conf *f)
{
	struct pop3 p = {.name = {"", 0}};

	if (!take_value(f, &p.name))
		return false;
	for (;;) {
		struct cursor before = f->at;
		struct token t = take(f);
		struct text ignored;

		if (is(t, "user")) {
			if (!take_value(f, &ignored))
				return false;
		} else if (is(t, "users")) {
			while (t.kind != END && t.kind != LOST &&
				!(t.kind == SIGN && t.text.at[0] == '}'))
				t = take(f);
		} else if (is(t, "pop3") || is(t, "pop3s")) {
			p.tls = is(t, "pop3s");
			return read_pop3(f, &p);
		} else if (!is(t, "disabled")) {
			/* Another kind of account, whose words are no statements. */
			f->at = before;
			return t.kind != END && t.kind != LOST;
		}
	}
}

static bool
read_all(struct conf *f)
{
	for (;;) {
		struct token t = take(f);

		if (t.kind == END)
			return true;
		/* What stands between these may count or not. */
		if (t.kind == LOST || is(t, "ifdef") || is(t, "ifndef"))
			return false;
		if (is(t, "account") ? !read_account(f)
				     : t.kind == MACRO && !define(f, t.text))
			return false;
	}
}

int
fdm_accounts(const struct source *conf, struct arena *a, struct account_list *out,
	struct err *e)
{
	struct text path = text_of(conf->path);
	struct conf f = {.at = {conf->bytes, 0}, .arena = a, .out = out};
	size_t before = out->n;

	(void)e;
	if (text_ends(path, NAME))
		f.home = (struct text){path.at, path.len - strlen(NAME)};
	if (!read_all(&f))
		out->n = before;
	free(f.macros);
	return 0;
}
