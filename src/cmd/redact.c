/* What is known, and what stands for it. */
#include "cmd/redact.h"

#include <stdlib.h>

#include "base/arena.h"
#include "model/format.h"

static const char *const kind_names[] = {
	[REDACT_USER] = "user",
	[REDACT_HOST] = "host",
	[REDACT_UIDL] = "uidl",
	[REDACT_NAME] = "name",
	[REDACT_PATH] = "path",
	[REDACT_SUBJECT] = "subject",
	[REDACT_ADDRESS] = "address",
	[REDACT_TEXT] = "text",
};

#define NOTHING UINT32_MAX

struct known {
	struct text text;
	const char *token;
	uint32_t next; /* in the bucket of its first byte */
};

struct table {
	struct known *at;
	size_t n, cap;
	uint32_t *slot; /* index + 1 by hash, 0 empty */
	size_t mask;
};

struct redact {
	/* UIDLs differ in their case, all else does not. */
	struct table names, uidls;
	uint32_t bucket[256]; /* of the names that are looked for in texts */
	size_t count[REDACT_KINDS];
	struct arena arena;
};

static unsigned char
fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool
redact_is_word(char c)
{
	unsigned char b = fold(c);

	return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '_' || b >= 0x80;
}

struct redact *
redact_new(void)
{
	struct redact *r = must_alloc(sizeof(*r));

	*r = (struct redact){0};
	for (size_t i = 0; i < 256; i++)
		r->bucket[i] = NOTHING;
	return r;
}

void
redact_free(struct redact *r)
{
	if (r == NULL)
		return;
	free(r->names.at);
	free(r->names.slot);
	free(r->uidls.at);
	free(r->uidls.slot);
	arena_free(&r->arena);
	free(r);
}

static bool
same(const struct redact *r, const struct table *t, size_t i, struct text text)
{
	return t == &r->uidls ? text_equal(t->at[i].text, text)
			      : text_equal_nocase(t->at[i].text, text);
}

static size_t
hash(const struct redact *r, const struct table *t, struct text text)
{
	size_t h = 5381;

	if (t == &r->uidls)
		return text_hash(text);
	for (size_t i = 0; i < text.len; i++)
		h = h * 33 + fold(text.at[i]);
	return h ^ h >> 17;
}

/* Its place, or the empty one where it belongs. */
static size_t
slot_of(const struct redact *r, const struct table *t, struct text text)
{
	size_t at = hash(r, t, text) & t->mask;

	while (t->slot[at] != 0 && !same(r, t, t->slot[at] - 1, text))
		at = (at + 1) & t->mask;
	return at;
}

static void
grow(const struct redact *r, struct table *t)
{
	size_t size = t->slot == NULL ? 256 : 2 * (t->mask + 1);

	free(t->slot);
	t->slot = must_alloc(size * sizeof(*t->slot));
	memset(t->slot, 0, size * sizeof(*t->slot));
	t->mask = size - 1;
	for (size_t i = 0; i < t->n; i++)
		t->slot[slot_of(r, t, t->at[i].text)] = (uint32_t)i + 1;
}

static size_t
put(struct redact *r, struct table *t, struct text text, const char *token)
{
	if (t->slot == NULL || 2 * t->n > t->mask)
		grow(r, t);
	t->at = array_grow(t->at, &t->cap, t->n + 1, sizeof(*t->at));
	t->at[t->n] = (struct known){arena_text(&r->arena, text), token, NOTHING};
	t->slot[slot_of(r, t, text)] = (uint32_t)t->n + 1;
	return t->n++;
}

/* The name of a store says which client it is, and nothing of whose. */
static const char *
store_name(struct text path)
{
	struct text last = path;

	while (last.len > 0 && memchr(last.at, '/', last.len) != NULL) {
		size_t skip = text_find(last, '/') + 1;
		last = (struct text){last.at + skip, last.len - skip};
	}
	for (size_t k = 0; last.len < path.len && formats[k] != NULL; k++)
		for (const char *const *p = formats[k]->places; *p != NULL; p++) {
			const char *slash = strrchr(*p, '/');
			const char *name = slash != NULL ? slash + 1 : *p;
			if (text_equal(last, text_of(name)))
				return name;
		}
	return NULL;
}

/* Names that are looked for in texts must not take the sentences apart. */
static bool
is_telling(struct text t)
{
	size_t letters = 0, digits = 0;

	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] >= '0' && t.at[i] <= '9')
			digits++;
		else
			letters += redact_is_word(t.at[i]);
	return letters > 0 || digits > 3;
}

static void
look_for(struct redact *r, size_t i)
{
	struct known *k = &r->names.at[i];
	uint32_t *bucket = &r->bucket[fold(k->text.at[0])];

	k->next = *bucket;
	*bucket = (uint32_t)i;
}

const char *
redact_token(struct redact *r, enum redact_kind kind, struct text t)
{
	struct table *in;
	char safe[1024];

	if (r == NULL || t.len == 0)
		return "";
	in = kind == REDACT_UIDL ? &r->uidls : &r->names;
	if (in->slot != NULL && in->slot[slot_of(r, in, t)] != 0)
		return in->at[in->slot[slot_of(r, in, t)] - 1].token;
	const char *store = kind == REDACT_PATH ? store_name(t) : NULL;
	const char *token = arena_print(&r->arena, "%s-%zu%s%s", kind_names[kind],
		++r->count[kind], store != NULL ? "/" : "", store != NULL ? store : "");
	size_t i = put(r, in, t, token);
	if (in == &r->names && is_telling(t))
		look_for(r, i);
	/* As it is shown. */
	text_escape(t, safe, sizeof(safe));
	if (!text_equal(t, text_of(safe)) &&
		in->slot[slot_of(r, in, text_of(safe))] == 0) {
		i = put(r, in, text_of(safe), token);
		if (in == &r->names && is_telling(t))
			look_for(r, i);
	}
	return token;
}

void
redact_who(struct redact *r, struct text who)
{
	size_t at = who.len;

	while (at > 0 && who.at[at - 1] != '@')
		at--;
	if (at > 0)
		redact_token(r, REDACT_HOST, (struct text){who.at + at, who.len - at});
	redact_token(r, REDACT_USER, (struct text){who.at, at > 0 ? at - 1 : who.len});
}

const char *
redact_find_name(const struct redact *r, struct text rest, size_t *len)
{
	const char *token = NULL;

	*len = 0;
	if (rest.len == 0)
		return NULL;
	for (uint32_t i = r->bucket[fold(rest.at[0])]; i != NOTHING;
		i = r->names.at[i].next) {
		struct text t = r->names.at[i].text;
		char next = t.len < rest.len ? rest.at[t.len] : ' ';
		if (t.len <= *len || t.len > rest.len ||
			!text_equal_nocase(t, (struct text){rest.at, t.len}))
			continue;
		/* A folder's name is not its file's. */
		if ((redact_is_word(t.at[t.len - 1]) && redact_is_word(next)) ||
			(t.at[0] == '/' && next == '/'))
			continue;
		token = r->names.at[i].token;
		*len = t.len;
	}
	return token;
}

const char *
redact_find_uidl(const struct redact *r, struct text word)
{
	if (r->uidls.slot == NULL || word.len == 0)
		return NULL;
	uint32_t i = r->uidls.slot[slot_of(r, &r->uidls, word)];
	return i != 0 ? r->uidls.at[i - 1].token : NULL;
}
