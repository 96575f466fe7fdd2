#include "mailbox/maildir.h"

#include <errno.h>
#include <stdlib.h>

#include "base/os.h"
#include "base/os_below.h"
#include "base/os_file.h"
#include "model/rule.h"

/* A million records of a dovecot-uidlist have some 100 MB. */
#define LIST_MAX  ((uint64_t)1 << 30)
#define UIDL_MOST 4096

static const char courier_name[] = "courierpop3dsizelist",
		  dovecot_name[] = "dovecot-uidlist";

/* ",W=1234" in a name is the size with CRLF, as Dovecot and Courier put it there. */
static void
size_of_name(struct maildir_file *f)
{
	for (size_t i = 0; i + 3 < f->base.len; i++) {
		struct text t = {f->base.at + i, f->base.len - i};

		if (!text_starts(t, ",W="))
			continue;
		t = (struct text){t.at + 3, t.len - 3};
		t.len = text_find(t, ',');
		f->sized = text_number(t, &f->size);
		return;
	}
}

/* --- UIDLs ------------------------------------------------------------------------ */

static struct text
by_rule(struct maildir *d, const char *rule, const struct rule_fields *f, struct buf *out)
{
	return rule_uidl(rule, f, out) ? arena_text(&d->arena, buf_text(out))
				       : (struct text){"", 0};
}

/* The order of what the server's list says of the files: both are sorted by name. */
struct named {
	struct text name;
	size_t at;
};

static int
by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = text_compare(x->name, y->name);

	return order != 0 ? order : x->at < y->at ? -1 : x->at > y->at;
}

/* *record is that of the file, or SIZE_MAX; likewise if several are its. */
static void
find_record(const struct named *names, size_t n, size_t *next, struct text base,
	size_t *record)
{
	size_t same = 0;

	while (*next < n && text_compare(names[*next].name, base) < 0)
		(*next)++;
	while (*next + same < n && text_equal(names[*next + same].name, base))
		same++;
	*record = same == 1 ? names[*next].at : SIZE_MAX;
}

/* Keeps the files for which `give` knows a UIDL. */
static void
give_uidls(struct maildir *d, struct named *names, size_t n,
	bool (*give)(struct maildir *d, const void *list, size_t record,
		struct maildir_file *f, struct buf *out),
	const void *list)
{
	size_t next = 0, kept = 0, record;
	struct buf out;

	buf_init(&out, UIDL_MOST);
	if (n > 0)
		qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < d->n; i++) {
		struct maildir_file f = d->at[i];

		size_of_name(&f);
		find_record(names, n, &next, f.base, &record);
		if (record != SIZE_MAX && give(d, list, record, &f, &out))
			d->at[kept++] = f;
		else
			d->unlisted++;
	}
	d->n = kept;
	buf_release(&out);
}

static bool
give_courier(struct maildir *d, const void *list, size_t record, struct maildir_file *f,
	struct buf *out)
{
	const struct sizelist_record *r = &((const struct sizelist *)list)->at[record];
	struct rule_fields fields = {.uid = r->number,
		.has_uid = true,
		.validity = r->validity,
		.has_validity = true,
		.file = f->base};

	f->uidl = by_rule(d, sizelist_rule(r), &fields, out);
	f->size = r->size;
	f->sized = true;
	return f->uidl.len > 0;
}

/* maildir-mail.c: P, and the base name where P is empty; the GUID is G, or that name. */
static bool
give_dovecot(struct maildir *d, const void *list, size_t record, struct maildir_file *f,
	struct buf *out)
{
	const struct uidlist_record *r = &((const struct uidlist *)list)->at[record];
	struct rule_fields fields = {.uid = r->uid,
		.has_uid = true,
		.validity = d->uidlist.validity,
		.has_validity = true,
		.guid = r->guid.len > 0 ? r->guid : f->base,
		.file = f->base};

	f->record = (uint32_t)record;
	f->computed = !r->has_pop3;
	if (f->computed)
		f->uidl = by_rule(d, d->rule, &fields, out);
	else
		f->uidl = r->pop3.len > 0 ? r->pop3 : f->base;
	if (r->has_vsize) {
		f->size = r->vsize;
		f->sized = true;
	}
	d->computed += f->computed;
	return f->uidl.len > 0;
}

static int
by_courier_order(const void *a, const void *b)
{
	const struct maildir_file *x = a, *y = b;

	return sizelist_compare(x->base, y->base);
}

/* pop3_sort_program: by O, those without it behind; then by UID. */
struct ordered {
	uint64_t order;
	uint32_t record;
	struct maildir_file file;
};

static int
by_dovecot_order(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->record < y->record ? -1 : x->record > y->record;
}

static void
sort_dovecot(struct maildir *d)
{
	struct ordered *o = must_alloc((d->n + 1) * sizeof(*o));

	for (size_t i = 0; i < d->n; i++) {
		const struct uidlist_record *r = &d->uidlist.at[d->at[i].record];

		o[i] = (struct ordered){
			r->has_order ? r->order : UINT64_MAX, d->at[i].record, d->at[i]};
	}
	qsort(o, d->n, sizeof(*o), by_dovecot_order);
	for (size_t i = 0; i < d->n; i++)
		d->at[i] = o[i].file;
	free(o);
}

/* --- the server's list ------------------------------------------------------------ */

/* 1: there is none. */
static int
read_list(struct maildir *d, const char *name, struct err *e)
{
	char *whole = arena_print(&d->arena, "%s/%s", d->path, name);
	struct os_stat st;
	int fd, rc = os_open_below(d->fd, d->path, name, &fd, e);

	if (rc != 0)
		return rc;
	free(d->bytes);
	d->bytes = NULL;
	rc = os_read_fd(fd, whole, LIST_MAX, &d->bytes, &d->bytes_len, &st, e);
	os_close(fd, whole, &(struct err){0});
	return rc;
}

static int
use_courier(struct maildir *d, struct err *e)
{
	struct text bytes = {d->bytes, d->bytes_len};
	struct sizelist l;
	struct named *names;
	int rc = sizelist_read(
		&l, arena_print(&d->arena, "%s/%s", d->path, courier_name), bytes, e);

	if (rc == 0) {
		names = must_alloc((l.n + 1) * sizeof(*names));
		for (size_t i = 0; i < l.n; i++)
			names[i] = (struct named){l.at[i].name, i};
		give_uidls(d, names, l.n, give_courier, &l);
		free(names);
		if (d->n > 0)
			qsort(d->at, d->n, sizeof(*d->at), by_courier_order);
	}
	sizelist_release(&l);
	return rc;
}

static int
use_dovecot(struct maildir *d, struct err *e)
{
	struct text bytes = {d->bytes, d->bytes_len};
	struct uidlist *l = &d->uidlist;
	struct named *names;

	if (uidlist_read(l, arena_print(&d->arena, "%s/%s", d->path, dovecot_name), bytes,
		    e) < 0)
		return -1;
	names = must_alloc((l->n + 1) * sizeof(*names));
	for (size_t i = 0; i < l->n; i++)
		names[i] = (struct named){l->at[i].name, i};
	give_uidls(d, names, l->n, give_dovecot, l);
	free(names);
	sort_dovecot(d);
	return 0;
}

static void
use_names(struct maildir *d)
{
	struct buf out;

	buf_init(&out, UIDL_MOST);
	for (size_t i = 0; i < d->n; i++) {
		struct maildir_file *f = &d->at[i];
		struct rule_fields fields = {.file = f->base};

		size_of_name(f);
		f->computed = true;
		f->uidl = by_rule(d, d->rule, &fields, &out);
	}
	d->computed = d->n;
	buf_release(&out);
	if (d->n > 0)
		qsort(d->at, d->n, sizeof(*d->at), by_courier_order);
}

/* The template that WORDS names, of those that the server's list can serve. */
static int
choose_rule(struct maildir *d, const char *words, struct err *e)
{
	const char **rules;
	unsigned needs, have = RULE_FILE;

	if (d->server == MAILDIR_DOVECOT)
		have |= RULE_UID | RULE_VALIDITY | RULE_GUID;
	if (words == NULL)
		words = d->server == MAILDIR_DOVECOT ? "dovecot" : "qmail";
	if (rule_named(words, &d->arena, &rules, e) < 0)
		return -1;
	d->rule = rules[0];
	if (strcmp(words, "courier") == 0)
		d->rule = "{file:courier}"; /* without its list there are no numbers */
	if (rule_check(d->rule, &needs, e) < 0)
		return -1;
	if ((needs & ~have) == 0)
		return 0;
	return err_set(e, ERR_USAGE, "",
		"%s: nothing there says what the UIDL rule %s wants (%s)", d->path,
		d->rule,
		d->server == MAILDIR_DOVECOT
			? "it can have {u} {v} {guid} {file} {md5file}"
			: "without a dovecot-uidlist it can have {file} "
			  "{file:courier} {md5file}");
}

static int
choose_server(struct maildir *d, const char *words, struct err *e)
{
	bool courier = words != NULL && strcmp(words, "courier") == 0;
	struct os_stat st;
	char *lists[2] = {arena_print(&d->arena, "%s/%s", d->path, courier_name),
		arena_print(&d->arena, "%s/%s", d->path, dovecot_name)};
	bool has[2] = {
		os_stat_link(lists[0], &st) == 0, os_stat_link(lists[1], &st) == 0};

	if (words == NULL && has[0] && has[1])
		return err_set(e, ERR_USAGE, "",
			"%s: has been Courier's (%s) and Dovecot's (%s): say whose UIDLs "
			"its users know, with --X-uidl-rule courier or dovecot",
			d->path, courier_name, dovecot_name);
	if (has[0] && (courier || words == NULL))
		d->server = MAILDIR_COURIER;
	else if (has[1] && !courier)
		d->server = MAILDIR_DOVECOT;
	else
		d->server = MAILDIR_NAMES;
	return 0;
}

int
maildir_read(struct maildir *d, const char *path, const char *words, struct err *e)
{
	int rc;

	*d = (struct maildir){.fd = -1};
	d->path = arena_string(&d->arena, text_of(path));
	if (os_open_folder(path, &d->fd, e) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			e->kind = ERR_NO_STORE;
		return -1;
	}
	if (choose_server(d, words, e) < 0)
		return -1;
	if (d->server != MAILDIR_COURIER && choose_rule(d, words, e) < 0)
		return -1;
	/* The list first: what comes in between is not in it, and left out. */
	if (d->server != MAILDIR_NAMES) {
		rc = read_list(
			d, d->server == MAILDIR_COURIER ? courier_name : dovecot_name, e);
		if (rc != 0)
			return rc < 0 ? -1
				      : err_set(e, ERR_DATA, "",
						"%s: its server's list went away", path);
	}
	if (maildir_list_files(d, e) < 0)
		return -1;
	if (d->server == MAILDIR_NAMES)
		use_names(d);
	else
		return d->server == MAILDIR_COURIER ? use_courier(d, e)
						    : use_dovecot(d, e);
	return 0;
}
