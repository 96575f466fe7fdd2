/*
 * What the server says, taken apart as it comes (imap_parse.h): a response ends where its
 * last literal has ended, and the octets of literals stream by.
 */
#include "mailbox/imap.h"

#include <stdio.h>

/*
 * What a hostile or broken server may cost us. Lines without literals are short; a
 * response has one literal, or a few; a server that talks must come to the point: so many
 * responses in a row that bring nothing are no answer.
 */
#define LITERALS_MAX 1000
#define IDLE_MAX     1000000

static int
tagged(struct imap *im, const struct imap_line *l, struct err *e)
{
	char tag[24];

	snprintf(tag, sizeof(tag), IMAP_TAG, im->tag);
	if (!text_equal(l->tag, text_of(tag)) || im->asking == IMAP_ASK_NOTHING) {
		if (!im->answered)
			return FINE;
		return imap_surprise(im, ERR_PROTOCOL, e, "want the tag %s, not \"%.*s\"",
			tag, TEXT_ARG(imap_words(im, l->tag)));
	}
	im->answered = true;
	switch (im->asking) {
	case IMAP_ASK_LIST:
	case IMAP_ASK_UIDS:
		return imap_list_done(im, l, e);
	case IMAP_ASK_EXAMINE:
		return imap_examine_done(im, l, e);
	case IMAP_ASK_FETCH:
		return imap_fetch_done(im, l, e);
	case IMAP_ASK_LOGOUT:
		imap_hang_up(im);
		return FINE;
	default:
		return imap_login_done(im, l, e);
	}
}

static int
status(struct imap *im, const struct imap_line *l, struct err *e)
{
	struct cursor c = {l->code, 0};
	struct text word;

	if (l->status == IMAP_BYE) {
		struct text words = imap_words(im, l->words);
		if (im->asking == IMAP_ASK_LOGOUT)
			return FINE;
		if (im->stage < STAGE_READY && login_is_busy(l->words)) {
			err_set(e, ERR_BUSY, "locked", "%s: %s is busy: \"%.*s\"",
				im->m->options.name, im->m->options.url.host,
				TEXT_ARG(words));
			return imap_rest(im, e);
		}
		return imap_surprise(im, ERR_UNREACHABLE, e,
			"the server has said goodbye: \"%.*s\"", TEXT_ARG(words));
	}
	if (take_word(&c, &word) && text_equal_nocase(word, text_of("CAPABILITY")))
		imap_capability(
			&im->can, (struct text){l->code.at + c.off, l->code.len - c.off});
	else
		imap_list_code(im, l->code);
	return FINE;
}

/* A FETCH response has ended. */
static int
fetched(struct imap *im, struct err *e)
{
	if (im->asking == IMAP_ASK_UIDS)
		return imap_list_mail(im, e);
	if (im->asking == IMAP_ASK_FETCH)
		return imap_fetch_mail(im, e);
	return FINE;
}

/* How long the section of a message may be. */
static uint64_t
most(const struct imap *im)
{
	size_t position =
		im->fetch.has_uid ? imap_position(im, im->fetch.uid) : im->nmails;

	if (position < im->nmails)
		return session_reply_max(im->mails[position].size);
	/* Its UID stands behind it: as much as the largest may have. */
	return session_reply_max(im->largest);
}

static int
begin_literal(struct imap *im, uint64_t octets, struct err *e)
{
	bool message = im->what == IMAP_FETCH && im->asking == IMAP_ASK_FETCH &&
		       im->fetch.item != ITEM_OTHER;

	im->literal = octets;
	im->octets = message		     ? OCTETS_MESSAGE
		     : im->what == IMAP_LIST ? OCTETS_NAME
					     : OCTETS_NOWHERE;
	if (++im->literals > LITERALS_MAX ||
		octets > (message ? most(im) : IMAP_NAME_MAX)) {
		imap_surprise(im, ERR_PROTOCOL, e,
			"a literal of %llu octets is more than can be",
			(unsigned long long)octets);
		return FAILURE;
	}
	if (message) {
		reading_begin(&im->reading, im->job.what == JOB_BODIES);
		im->wire.line_max =
			im->job.what == JOB_BODIES ? BODY_LINE_MAX : HEADER_LINE_MAX;
	}
	if (im->octets == OCTETS_NAME)
		buf_add(&im->text, text_of(" \""));
	if (im->octets == OCTETS_NAME && octets == 0)
		buf_byte(&im->text, '"');
	return FINE;
}

static void
literal_line(struct imap *im, struct text line, bool cut)
{
	if (im->octets == OCTETS_MESSAGE) {
		reading_line(&im->reading, line, cut);
	} else if (im->octets == OCTETS_NAME) {
		for (size_t i = 0; i < line.len; i++) {
			if (line.at[i] == '"' || line.at[i] == '\\')
				buf_byte(&im->text, '\\');
			buf_byte(&im->text, line.at[i]);
		}
		if (im->literal == 0)
			buf_byte(&im->text, '"');
	}
	if (im->literal == 0)
		im->wire.line_max = IMAP_LINE_MAX;
}

/* A line of a response that may have literals in it, or the last of it. */
static int
response_text(struct imap *im, struct text t, struct err *e)
{
	uint64_t octets = 0;
	bool literal = imap_literal(&t, &octets);
	enum imap_went went = literal ? IMAP_LITERAL : IMAP_DONE;

	im->in_response = literal;
	if (im->what == IMAP_FETCH) {
		went = imap_fetch_text(&im->fetch, t, literal);
		if (im->fetch.quoted.at != NULL && im->asking == IMAP_ASK_FETCH) {
			reading_begin(&im->reading, im->job.what == JOB_BODIES);
			if (im->fetch.quoted.len > 0)
				reading_line(&im->reading, im->fetch.quoted, false);
		}
	} else if (im->what == IMAP_LIST) {
		buf_add(&im->text, t);
	}
	if (went == IMAP_BROKEN)
		return imap_surprise(im, ERR_PROTOCOL, e,
			"this is no FETCH response: \"%.*s\"",
			TEXT_ARG(imap_words(im, t)));
	if (literal)
		return begin_literal(im, octets, e);
	if (im->what == IMAP_FETCH)
		return fetched(im, e);
	if (im->what == IMAP_LIST && im->asking == IMAP_ASK_LIST)
		return imap_list_name(im, buf_text(&im->text), e);
	return FINE;
}

static int
first_line(struct imap *im, struct text line, struct err *e)
{
	struct imap_line l;

	imap_line(line, &l);
	if (l.what == IMAP_TAGGED)
		return tagged(im, &l, e);
	if (im->asking == IMAP_ASK_NOTHING && l.what == IMAP_GARBAGE)
		return imap_surprise(
			im, ERR_PROTOCOL, e, "it speaks without being asked");
	if (++im->idle > IDLE_MAX)
		return imap_surprise(im, ERR_PROTOCOL, e, "the reply has no end");
	switch (l.what) {
	case IMAP_CONTINUE:
		return im->answered || im->asking != IMAP_ASK_CAPABILITY
			       ? imap_login_continue(im, l.rest, e)
			       : FINE;
	case IMAP_STATUS:
		return status(im, &l, e);
	case IMAP_CAPABILITY:
		imap_capability(&im->can, l.rest);
		return FINE;
	case IMAP_EXISTS:
		im->exists = l.number;
		return FINE;
	case IMAP_GARBAGE:
		return imap_surprise(im, ERR_PROTOCOL, e, "this is not IMAP: \"%.*s\"",
			TEXT_ARG(imap_words(im, line)));
	default:
		break;
	}
	im->what = l.what;
	im->literals = 0;
	imap_fetch_begin(&im->fetch);
	buf_clear(&im->text);
	return response_text(im, l.rest, e);
}

int
imap_read(struct imap *im, struct err *e)
{
	enum wire_line got;
	struct text line;
	int result = FINE;

	while (result == FINE && im->stage >= STAGE_TALKING) {
		if (im->literal > 0) {
			got = wire_part(&im->wire, &im->literal, &line);
			if (got == WIRE_NONE)
				break;
			literal_line(im, line, got == WIRE_CUT);
			continue;
		}
		if ((got = wire_line(&im->wire, &line)) == WIRE_NONE)
			break;
		if (got == WIRE_CUT)
			return imap_surprise(im, ERR_PROTOCOL, e, "the line is too long");
		result = im->in_response ? response_text(im, line, e)
					 : first_line(im, line, e);
	}
	if (result == FINE && im->wire.skipping && im->literal == 0)
		return imap_surprise(im, ERR_PROTOCOL, e, "the line has no end");
	return result;
}
