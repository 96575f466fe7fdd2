/*
 * The digests of docs/matching.md once more, plainly, so that the code under test does
 * not say itself what it should have found.
 */
#include "truth.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define FIELDS 80
#define BASIS  0xcbf29ce484222325u /* FNV-1a's */

struct field {
	char name[LETTER_WIDTH], value[4 * LETTER_WIDTH];
};

/* Lists of names as the documentation has them; "*" stands for any rest. */
static const char *const dropped[] = {"Content-Length", "Lines", "Status", "X-Status",
	"X-Keywords", "X-UID", "X-IMAP", "X-IMAPbase", "X-UIDL", "Return-Path",
	"Mbox-Line", "X-Message-Flag", "X-Mozilla-*", "X-Account-Key", "X-Evolution*",
	"X-Gmail-*", "X-Yahoo-Newman-Property", NULL};
static const char *const delivery[] = {"Received", "X-Received", "Delivered-To",
	"X-Original-To", "Envelope-To", "X-Spam-*", "X-Virus-*", "X-Antivirus*",
	"Authentication-Results", "ARC-*", "DKIM-Signature", "Bcc", NULL};

static bool
is_in(const char *const *list, const char *name)
{
	for (; *list != NULL; list++) {
		size_t n = strcspn(*list, "*");
		if (strncasecmp(*list, name, n) == 0 &&
			((*list)[n] == '*' || name[n] == '\0'))
			return true;
	}
	return false;
}

static uint64_t
mix(uint64_t key, const char *s)
{
	for (; *s != '\0'; s++)
		key = (key ^ (unsigned char)*s) * 0x100000001b3u;
	return (key ^ 0x100) * 0x100000001b3u;
}

/* Next line without its line end, whatever that is. */
static bool
next_line(struct text *rest, char *line, size_t size)
{
	size_t n = 0, len;

	if (rest->len == 0)
		return false;
	while (n < rest->len && rest->at[n] != '\n')
		n++;
	len = n;
	while (len > 0 && rest->at[len - 1] == '\r')
		len--;
	if (len >= size)
		abort();
	memcpy(line, rest->at, len);
	line[len] = '\0';
	n += n < rest->len;
	rest->at += n;
	rest->len -= n;
	return true;
}

/* The line's words behind what the value has. */
static void
add_value(struct field *f, char *line)
{
	while (*(line += strspn(line, " \t")) != '\0') {
		size_t n = strcspn(line, " \t");
		char end = line[n];
		if (f->value[0] != '\0')
			append(f->value, sizeof(f->value), " ");
		line[n] = '\0';
		append(f->value, sizeof(f->value), line);
		line[n] = end;
		line += n;
	}
}

static size_t
read_fields(struct text *rest, struct field *f)
{
	char line[4 * LETTER_WIDTH];
	struct field *open = NULL;
	size_t n = 0;

	while (next_line(rest, line, sizeof(line)) && line[0] != '\0') {
		if (line[0] == ' ' || line[0] == '\t') {
			if (open != NULL)
				add_value(open, line);
			continue;
		}
		size_t colon = strcspn(line, ":"), len = colon;
		open = NULL;
		while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
			len--;
		bool good = len > 0 && line[colon] == ':' && len < LETTER_WIDTH;
		for (size_t i = 0; i < len; i++)
			good = good && line[i] >= 0x21 && line[i] <= 0x7e;
		if (!good)
			continue;
		if (n == FIELDS)
			abort();
		open = &f[n++];
		memcpy(open->name, line, len);
		open->name[len] = open->value[0] = '\0';
		add_value(open, line + colon + 1);
	}
	return n;
}

/* By name whatever its case, equal ones in order. */
static void
sort_fields(struct field **f, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0; k--) {
			struct field *swap = f[k];
			if (strcasecmp(f[k - 1]->name, f[k]->name) <= 0)
				break;
			f[k] = f[k - 1];
			f[k - 1] = swap;
		}
}

static uint64_t
tell_body(struct text rest)
{
	char line[4 * LETTER_WIDTH];
	uint64_t key = BASIS, end = key;

	while (next_line(&rest, line, sizeof(line))) {
		key = mix(key, line);
		if (line[0] != '\0')
			end = key;
	}
	return end;
}

/* The first of each of five; whether there is a Message-ID or a Date. */
static void
tell_id(const struct field *f, size_t n, struct telling *t)
{
	static const char *const names[] = {
		"Message-ID", "Date", "From", "Subject", "To"};

	t->id = BASIS;
	t->weak = true;
	for (size_t k = 0; k < 5; k++) {
		const char *value = NULL;
		for (size_t i = n; i-- > 0;)
			if (strcasecmp(f[i].name, names[k]) == 0)
				value = f[i].value;
		t->id = value ? mix(mix(t->id, "is"), value) : mix(t->id, "is not");
		if (k < 2 && value != NULL && value[0] != '\0' &&
			strcmp(value, "<>") != 0)
			t->weak = false;
	}
}

struct telling
tell(struct text wire)
{
	static struct field f[FIELDS]; /* one thread; too large for some stacks */
	struct field *loose[FIELDS];
	size_t n = read_fields(&wire, f), nloose = 0;
	struct telling t = {.strict = BASIS, .loose = BASIS};

	tell_id(f, n, &t);
	for (size_t i = 0; i < n; i++) {
		if (is_in(dropped, f[i].name))
			continue;
		t.strict = mix(mix(t.strict, f[i].name), f[i].value);
		if (!is_in(delivery, f[i].name))
			loose[nloose++] = &f[i];
	}
	sort_fields(loose, nloose);
	for (size_t i = 0; i < nloose; i++) {
		for (char *c = loose[i]->name; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
		t.loose = mix(mix(t.loose, loose[i]->name), loose[i]->value);
	}
	t.body = tell_body(wire);
	return t;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct tally_entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

void
tally_make(struct tally *y, size_t n)
{
	*y = (struct tally){must_alloc((n + 1) * sizeof(*y->at)), n};
}

void
tally_sort(struct tally *y)
{
	qsort(y->at, y->n, sizeof(*y->at), compare_entries);
}

const struct tally_entry *
tally_find(const struct tally *y, uint64_t key, size_t *n)
{
	size_t low = 0, high = y->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (y->at[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (*n = 0; low + *n < y->n && y->at[low + *n].key == key;)
		++*n;
	return &y->at[low];
}

void
tally_release(struct tally *y)
{
	free(y->at);
}
