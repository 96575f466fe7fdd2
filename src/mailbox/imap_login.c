#include "mailbox/imap.h"

#include <stdio.h>

#include "base/os.h"

/* No mechanism that we speak takes more; LOGIN with two literals neither. */
#define ANSWERS_MAX 3

void
imap_capability(struct imap_capabilities *can, struct text words)
{
	struct cursor c = {words, 0};
	struct text word;

	while (take_word(&c, &word)) {
		if (word.len > 5 &&
			text_equal_nocase((struct text){word.at, 5}, text_of("AUTH=")))
			can->offered |=
				sasl_bit((struct text){word.at + 5, word.len - 5});
		can->sasl_ir |= text_equal_nocase(word, text_of("SASL-IR"));
		can->login_disabled |= text_equal_nocase(word, text_of("LOGINDISABLED"));
		can->gmail |= text_equal_nocase(word, text_of("X-GM-EXT-1"));
		can->deflate |= text_equal_nocase(word, text_of("COMPRESS=DEFLATE"));
	}
}

int
imap_rest(struct imap *im, struct err *e)
{
	if (session_rest(&im->rest, im->m, &im->job, e) != FINE)
		return FAILURE;
	imap_hang_up(im);
	im->stage = STAGE_RESTING;
	return FINE;
}

static int
refused(struct imap *im, struct text words, struct err *e)
{
	const struct mailbox_options *o = &im->m->options;
	bool busy = login_is_busy(words);

	words = login_words(words, 300, o);
	if (busy) {
		err_set(e, ERR_BUSY, "locked", "%s: %s lets nobody in now: \"%.*s\"",
			o->name, o->url.host, TEXT_ARG(words));
		return imap_rest(im, e);
	}
	err_set(e, ERR_LOGIN, "login",
		"%s: %s refuses the login of %s by %s: \"%.*s\"%s%s", o->name,
		o->url.host, o->url.user, im->sasl != NULL ? im->sasl->name : "LOGIN",
		TEXT_ARG(words), im->reason[0] != '\0' ? ", because of " : "",
		im->reason);
	return FAILURE;
}

/* A mechanism in im->sasl, or else LOGIN, which needs no secret of its own as CRAM-MD5
 * does. */
static void
choose(struct imap *im)
{
	const struct mailbox_options *o = &im->m->options;

	if (o->auth != NULL) {
		im->sasl = sasl_of_option(o->auth);
		return;
	}
	im->sasl = sasl_choose(im->can.offered, o);
	if (im->sasl == NULL && o->token != NULL)
		im->sasl = sasl_of_option("xoauth2");
	if (im->sasl != NULL && strcmp(im->sasl->option, "cram-md5") == 0 &&
		!im->can.login_disabled)
		im->sasl = NULL;
}

/* A quoted string, or "{n}" and a line end: then its octets are to be said next. */
static bool
say_string(struct wire *w, const char *value, bool *octets)
{
	struct buf b;
	char literal[24];
	bool said;

	buf_init(&b, 4096);
	buf_room(&b, 4096);
	*octets = !imap_quote(text_of(value), &b);
	snprintf(literal, sizeof(literal), "{%zu}\r\n", strlen(value));
	said = wire_say(w, *octets ? text_of(literal) : buf_text(&b));
	said = said && (*octets || !b.full);
	os_wipe(b.at, b.cap);
	buf_release(&b);
	return said;
}

/* LOGIN in as many turns as it has literals: the n-th, from 0, up to the next. */
static int
say_login(struct imap *im, struct err *e)
{
	const struct mailbox_options *o = &im->m->options;
	struct wire *w = &im->wire;
	bool octets = false, said = true;
	unsigned n = im->answers++;

	w->secret = true;
	if (n == 0)
		said = say_string(w, o->url.user, &octets);
	else if (!im->password_next)
		said = wire_say(w, text_of(o->url.user));
	else
		said = wire_say(w, text_of(o->password)) && wire_say(w, text_of("\r\n"));
	if (said && !octets && !im->password_next) {
		im->password_next = true;
		said = wire_say(w, text_of(" ")) && say_string(w, o->password, &octets) &&
		       (octets || wire_say(w, text_of("\r\n")));
	}
	return said ? FINE
		    : err_set(e, ERR_USAGE, "",
			      "%s: the user or the password is too long", o->name);
}

int
imap_login_begin(struct imap *im, struct err *e)
{
	const struct mailbox_options *o = &im->m->options;
	char command[32];

	choose(im);
	im->answers = 0;
	im->reason[0] = '\0';
	im->password_next = false;
	if (im->sasl != NULL && im->sasl->token ? o->token == NULL : o->password == NULL)
		return err_set(e, ERR_INTERNAL, "", "%s: no password was given", o->name);
	if (im->sasl == NULL && im->can.login_disabled)
		return err_set(e, ERR_LOGIN, "login",
			"%s: %s takes no LOGIN here, and no mechanism that is known here; "
			"without TLS many servers take none",
			o->name, o->url.host);
	if (im->sasl == NULL) {
		imap_begin(im, IMAP_ASK_LOGIN, "LOGIN ");
		return say_login(im, e);
	}
	snprintf(command, sizeof(command), "AUTHENTICATE %s", im->sasl->name);
	imap_begin(im, IMAP_ASK_AUTHENTICATE, command);
	/* Others wait to be asked: Office 365 takes a token in a second line only. */
	if (im->can.sasl_ir && strcmp(im->sasl->name, "PLAIN") == 0)
		return sasl_say(im->sasl, &im->wire, " ", im->answers++,
			(struct text){"", 0}, o, e);
	wire_say(&im->wire, text_of("\r\n"));
	return FINE;
}

/* A challenge. A server that asks again after an answer of OAuth2 says why it refuses. */
int
imap_login_continue(struct imap *im, struct text challenge, struct err *e)
{
	if ((im->asking != IMAP_ASK_AUTHENTICATE && im->asking != IMAP_ASK_LOGIN) ||
		im->answers >= ANSWERS_MAX)
		return imap_surprise(im, ERR_PROTOCOL, e,
			"it asks to go on, with \"%.*s\"",
			TEXT_ARG(imap_words(im, challenge)));
	if (im->asking == IMAP_ASK_LOGIN)
		return say_login(im, e);
	if (im->sasl->token && im->answers > 0)
		sasl_show(challenge, im->reason, sizeof(im->reason));
	return sasl_say(
		im->sasl, &im->wire, "", im->answers++, challenge, &im->m->options, e);
}

int
imap_login_done(struct imap *im, const struct imap_line *l, struct err *e)
{
	bool login = im->asking == IMAP_ASK_LOGIN || im->asking == IMAP_ASK_AUTHENTICATE;
	enum imap_ask asked = im->asking;

	im->asking = IMAP_ASK_NOTHING;
	if (login && l->status != IMAP_OK)
		return refused(im, l->words, e);
	if (asked == IMAP_ASK_CAPABILITY)
		return imap_login_begin(im, e);
	if (login) {
		im->rest = (struct rest){0};
		im->can = (struct imap_capabilities){0};
		imap_say(im, IMAP_ASK_CAPABILITY_AGAIN, "CAPABILITY");
		return FINE;
	}
	/* Nothing is said behind it before it is answered: the answer is not packed. */
	if (asked == IMAP_ASK_CAPABILITY_AGAIN && im->can.deflate) {
		imap_say(im, IMAP_ASK_COMPRESS, "COMPRESS DEFLATE");
		return FINE;
	}
	if (asked == IMAP_ASK_COMPRESS && l->status == IMAP_OK &&
		!wire_deflate(&im->wire))
		return imap_surprise(im, ERR_PROTOCOL, e, "it cannot be unpacked");
	im->stage = STAGE_READY;
	return FINE;
}
