/*
 * What there is: the mailboxes, if all are wanted, and of each the UIDs, sizes and, at
 * Gmail, its own numbers of messages.
 */
#include "mailbox/imap.h"

#include <stdlib.h>

/* The largest mailboxes known have about a million messages. */
#define MESSAGES_MAX 10000000u
#define BOXES_MAX    100000u

static int
add_box(struct imap *im, struct text name, struct err *e)
{
	struct imap_box *b;
	struct buf quoted;

	for (size_t i = 0; i < im->nboxes; i++)
		if (text_equal(im->boxes[i].name, name))
			return FINE;
	if (im->nboxes == BOXES_MAX)
		return imap_surprise(im, ERR_PROTOCOL, e, "the list has no end");
	buf_init(&quoted, 2 * name.len + 2);
	im->boxes =
		array_grow(im->boxes, &im->boxes_cap, im->nboxes + 1, sizeof(*im->boxes));
	b = &im->boxes[im->nboxes];
	*b = (struct imap_box){.name = arena_text(&im->arena, name)};
	/* Not within the rules of names; nobody can open it. */
	if (imap_quote(name, &quoted)) {
		b->quoted = arena_text(&im->arena, buf_text(&quoted));
		im->nboxes++;
	} else {
		im->part = true;
	}
	buf_release(&quoted);
	return FINE;
}

static int
add_named_box(struct imap *im, struct err *e)
{
	const struct mailbox_options *o = &im->m->options;
	const char *name = o->mailbox != NULL ? o->mailbox : "INBOX";
	struct buf wire;
	int result = FINE;

	buf_init(&wire, 8 * strlen(name) + 8);
	if (!imap_utf7(text_of(name), &wire))
		result = err_set(e, ERR_USAGE, "",
			"%s: the mailbox's name is not UTF-8: \"%s\"", o->name, name);
	else
		result = add_box(im, buf_text(&wire), e);
	buf_release(&wire);
	return result;
}

/* A mailbox's name for people. */
static const char *
shown(struct imap *im, size_t box)
{
	struct buf utf8;
	const char *out;

	buf_init(&utf8, 4 * im->boxes[box].name.len + 4);
	imap_utf8(im->boxes[box].name, &utf8);
	out = arena_string(&im->arena, buf_text(&utf8));
	buf_release(&utf8);
	return out;
}

/* --- EXAMINE ---------------------------------------------------------------------- */

void
imap_examine(struct imap *im, size_t box)
{
	im->box = IMAP_NO_BOX;
	im->opening = box;
	im->exists = 0;
	im->validity = 0;
	imap_say(im, IMAP_ASK_EXAMINE, "EXAMINE %.*s", TEXT_ARG(im->boxes[box].quoted));
}

void
imap_list_code(struct imap *im, struct text code)
{
	struct cursor c = {code, 0};
	struct text word, number;
	uint64_t n;

	if (im->asking == IMAP_ASK_EXAMINE && take_word(&c, &word) &&
		text_equal_nocase(word, text_of("UIDVALIDITY")) &&
		take_word(&c, &number) && text_number(number, &n) && n <= UINT32_MAX)
		im->validity = (uint32_t)n;
}

/* One of many that cannot be opened is left out, and that is said. */
static int
not_opened(struct imap *im, const struct imap_line *l, struct err *e)
{
	const char *name = shown(im, im->opening);
	struct text words = imap_words(im, l->words);

	if (im->listed || im->m->options.mailbox == NULL ||
		strcmp(im->m->options.mailbox, "*") != 0) {
		err_set(e, im->listed ? ERR_PROTOCOL : ERR_USAGE, "",
			"%s: %s does not open the mailbox \"%s\": \"%.*s\"",
			im->m->options.name, im->m->options.url.host, name,
			TEXT_ARG(words));
		return FAILURE;
	}
	mailbox_note(im->m,
		"%s: the mailbox \"%s\" cannot be opened, and is left out: \"%.*s\"",
		im->m->options.name, name, TEXT_ARG(words));
	im->boxes[im->opening].from = im->boxes[im->opening].to = im->nmails;
	im->part = true;
	im->box_at++;
	im->opening = IMAP_NO_BOX;
	return FINE;
}

int
imap_examine_done(struct imap *im, const struct imap_line *l, struct err *e)
{
	struct imap_box *b = &im->boxes[im->opening];

	im->asking = IMAP_ASK_NOTHING;
	if (l->status != IMAP_OK)
		return not_opened(im, l, e);
	im->box = im->opening;
	im->opening = IMAP_NO_BOX;
	if (!im->listed) {
		b->validity = im->validity;
		return FINE;
	}
	if (b->validity == im->validity)
		return FINE;
	err_set(e, ERR_PROTOCOL, "",
		"%s: the mailbox \"%s\" has been made anew meanwhile (UIDVALIDITY was %u and "
		"is %u): run it again",
		im->m->options.name, shown(im, im->box), b->validity, im->validity);
	return FAILURE;
}

/* --- the messages ----------------------------------------------------------------- */

int
imap_list_name(struct imap *im, struct text rest, struct err *e)
{
	bool selectable;
	struct buf name;
	int result = FINE;

	buf_init(&name, rest.len + 1);
	if (!imap_list(rest, &selectable, &name))
		result = imap_surprise(im, ERR_PROTOCOL, e,
			"this is no LIST response: \"%.*s\"",
			TEXT_ARG(imap_words(im, rest)));
	else if (selectable)
		result = add_box(im, buf_text(&name), e);
	buf_release(&name);
	return result;
}

int
imap_list_mail(struct imap *im, struct err *e)
{
	const struct imap_fetch *f = &im->fetch;

	/* Flags that somebody else has changed. */
	if (!f->has_uid || !f->has_size)
		return FINE;
	if (im->nmails == MESSAGES_MAX)
		return imap_surprise(im, ERR_PROTOCOL, e, "the list has no end");
	im->mails =
		array_grow(im->mails, &im->mails_cap, im->nmails + 1, sizeof(*im->mails));
	im->mails[im->nmails++] = (struct imap_mail){.uid = f->uid,
		.size = f->size,
		.gmail = f->has_gmail ? f->gmail : 0,
		.box = (uint32_t)im->box};
	im->idle = 0;
	if (im->nmails % 4096 == 0)
		session_progress(&im->job, im->doing, im->nmails,
			im->boxes[im->box].from + (size_t)im->exists);
	return FINE;
}

static int
by_uid(const void *a, const void *b)
{
	const struct imap_mail *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static int
end_of_box(struct imap *im, struct err *e)
{
	struct imap_box *b = &im->boxes[im->box];
	size_t n = im->nmails - b->from, kept = b->from;

	if (n > 0)
		qsort(im->mails + b->from, n, sizeof(*im->mails), by_uid);
	for (size_t i = b->from; i < im->nmails; i++) {
		if (kept > b->from && im->mails[kept - 1].uid == im->mails[i].uid) {
			if (im->mails[kept - 1].size == im->mails[i].size)
				continue;
			err_set(e, ERR_PROTOCOL, "", "%s: %s lists UID %u twice",
				im->m->options.name, im->m->options.url.host,
				im->mails[i].uid);
			return FAILURE;
		}
		im->mails[kept++] = im->mails[i];
		if (im->mails[i].size > im->largest)
			im->largest = im->mails[i].size;
	}
	im->nmails = b->to = kept;
	if (kept - b->from < im->expected) {
		mailbox_note(im->m, "%s: of %llu messages in \"%s\" %zu were listed",
			im->m->options.name, (unsigned long long)im->expected,
			shown(im, im->box), kept - b->from);
		im->part = true;
	}
	im->box_at++;
	return FINE;
}

int
imap_list_done(struct imap *im, const struct imap_line *l, struct err *e)
{
	bool uids = im->asking == IMAP_ASK_UIDS;

	im->asking = IMAP_ASK_NOTHING;
	if (l->status != IMAP_OK) {
		err_set(e, ERR_PROTOCOL, "", "%s: %s refuses %s: \"%.*s\"",
			im->m->options.name, im->m->options.url.host,
			uids ? "UID FETCH" : "LIST", TEXT_ARG(imap_words(im, l->words)));
		return FAILURE;
	}
	if (uids)
		return end_of_box(im, e);
	im->named = true;
	return FINE;
}

int
imap_list_next(struct imap *im, struct err *e)
{
	const char *name = im->m->options.mailbox;

	if (im->listed)
		return FINE;
	if (!im->named && name != NULL && strcmp(name, "*") == 0) {
		im->nboxes = 0;
		imap_say(im, IMAP_ASK_LIST, "LIST \"\" \"*\"");
		return FINE;
	}
	if (!im->named && add_named_box(im, e) != FINE)
		return FAILURE;
	im->named = true;
	/* The connection broke off within a mailbox: that one again. */
	if (im->box_at < im->nboxes && im->box != im->box_at) {
		im->nmails = im->box_at > 0 ? im->boxes[im->box_at - 1].to : 0;
		im->boxes[im->box_at].from = im->nmails;
		imap_examine(im, im->box_at);
	} else if (im->box_at < im->nboxes && im->exists == 0) {
		im->boxes[im->box_at].to = im->nmails;
		im->box_at++;
		return imap_list_next(im, e);
	} else if (im->box_at < im->nboxes) {
		im->expected = im->exists;
		imap_say(im, IMAP_ASK_UIDS, "UID FETCH 1:* (UID RFC822.SIZE%s)",
			im->can.gmail ? " X-GM-MSGID" : "");
	} else {
		im->listed = true;
		session_progress(&im->job, im->doing, im->nmails, im->nmails);
	}
	return FINE;
}
