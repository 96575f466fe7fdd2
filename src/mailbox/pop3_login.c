#include "mailbox/pop3.h"

#include <stdio.h>

#include "base/os.h"

/* Seconds of rest from a locked mailbox: doubled each time up to this. */
#define REST_MAX 16

/* The mailbox is locked or the server busy: try again later, within options.wait. */
int
pop3_rest(struct pop3 *p, struct err *e)
{
	double left = (double)p->m->options.wait - p->waited;
	double pause = p->rests < 4 ? (double)(1u << p->rests) : REST_MAX;
	char sentence[1024];

	if (left <= 0)
		return FAILURE;
	if (pause > left)
		pause = left;
	snprintf(sentence, sizeof(sentence), "%s; trying again for %.0f s", e->message,
		left);
	pop3_tell(p, sentence);
	pop3_hang_up(p);
	p->rests++;
	p->waited += pause;
	p->rest_until = os_seconds() + pause;
	p->stage = STAGE_RESTING;
	return FINE;
}

static int
refused(struct pop3 *p, struct text words, struct err *e)
{
	const struct mailbox_options *o = &p->m->options;
	bool busy = login_is_busy(words);

	words = login_words(words, 300, o);
	if (busy) {
		err_set(e, ERR_BUSY, "locked",
			"%s: %s: the mailbox cannot be opened now: \"%.*s\"", o->name,
			o->url.host, TEXT_ARG(words));
		return pop3_rest(p, e);
	}
	err_set(e, ERR_LOGIN, "login", "%s: %s refuses the login of %s: \"%.*s\"",
		o->name, o->url.host, o->url.user, TEXT_ARG(words));
	return FAILURE;
}

int
pop3_login_begin(struct pop3 *p, struct err *e)
{
	const struct mailbox_options *o = &p->m->options;

	if (o->password == NULL)
		return err_set(e, ERR_INTERNAL, "", "%s: no password was given", o->name);
	if (!login_by_plain(&p->can, o)) {
		pop3_say(p, ASK_USER, 0, NULL);
		return login_say_user(&p->wire, o, e);
	}
	pop3_say(p, ASK_AUTH, 0, NULL);
	return login_say_auth(&p->wire, o, &p->two_steps, e);
}

int
pop3_login_status(struct pop3 *p, const struct request *r, bool yes, struct text words,
	struct err *e)
{
	if (!yes)
		return refused(p, words, e);
	if (r->ask == ASK_USER) {
		pop3_say(p, ASK_PASS, 0, NULL);
		return login_say_pass(&p->wire, &p->m->options, e);
	}
	pop3_say(p, ASK_CAPA_AGAIN, 0, "CAPA");
	return FINE;
}

/* "+ " asks for the second step. A server may ask for it although we have answered in
 * the first line: then the same answer again is what it wants (RFC 5034). */
int
pop3_login_continue(struct pop3 *p, const struct request *r, struct err *e)
{
	if (r->ask != ASK_AUTH)
		return pop3_surprise(p, ERR_PROTOCOL, e, "want +OK or -ERR, not +");
	p->first++;
	p->count--;
	pop3_say(p, ASK_ANSWER, 0, NULL);
	return login_say_answer(&p->wire, &p->m->options, e);
}
