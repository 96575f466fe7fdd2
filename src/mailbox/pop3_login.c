#include "mailbox/pop3.h"

/* No mechanism that we speak takes more. */
#define ANSWERS_MAX 3

/* The mailbox is locked or the server busy: try again later, within options.wait. */
int
pop3_rest(struct pop3 *p, struct err *e)
{
	if (session_rest(&p->rest, p->m, &p->job, e) != FINE)
		return FAILURE;
	pop3_hang_up(p);
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
	err_set(e, ERR_LOGIN, "login",
		"%s: %s refuses the login of %s%s%s: \"%.*s\"%s%s%s", o->name,
		o->url.host, o->url.user, p->sasl != NULL ? " by " : "",
		p->sasl != NULL ? p->sasl->name : "", TEXT_ARG(words),
		p->reason[0] != '\0' ? ", because of " : "", p->reason,
		p->can.sasl && p->can.offered == 0
			? ". All that it offers needs the Windows domain (NTLM, GSSAPI) or is "
			  "not known here; a plain password or a token must be allowed there"
			: "");
	return FAILURE;
}

/* How to say who we are: a mechanism in p->sasl, else APOP, else USER and PASS. APOP only
 * where it is asked for: servers greet with a timestamp whose users have no secret for it
 * (solid-pop3d). */
static bool
choose(struct pop3 *p)
{
	const struct mailbox_options *o = &p->m->options;

	if (o->auth != NULL) {
		p->sasl = sasl_of_option(o->auth);
		return strcmp(o->auth, "apop") == 0;
	}
	p->sasl = sasl_choose(p->can.offered, o);
	if (p->sasl == NULL && o->token != NULL)
		p->sasl = sasl_of_option("xoauth2");
	/* Those that take USER as well may have no secrets for it. */
	if (p->sasl != NULL && p->can.user && strcmp(p->sasl->option, "cram-md5") == 0)
		p->sasl = NULL;
	return false;
}

int
pop3_login_begin(struct pop3 *p, struct err *e)
{
	const struct mailbox_options *o = &p->m->options;
	struct text timestamp = login_timestamp(buf_text(&p->wire.before));
	bool apop = choose(p);

	p->answers = 0;
	p->reason[0] = '\0';
	if (p->sasl != NULL && p->sasl->token ? o->token == NULL : o->password == NULL)
		return err_set(e, ERR_INTERNAL, "", "%s: no password was given", o->name);
	if (p->sasl != NULL) {
		pop3_say(p, ASK_AUTH, 0, NULL);
		return login_say_auth(&p->wire, p->sasl, o, e);
	}
	if (!apop) {
		pop3_say(p, ASK_USER, 0, NULL);
		return login_say_user(&p->wire, o, e);
	}
	if (timestamp.len == 0)
		return err_set(e, ERR_LOGIN, "login",
			"%s: %s has no APOP: its greeting bears no timestamp", o->name,
			o->url.host);
	pop3_say(p, ASK_APOP, 0, NULL);
	return login_say_apop(&p->wire, timestamp, o, e);
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

/* A challenge. A server that asks again after an answer of OAuth2 says why it refuses. */
int
pop3_login_continue(
	struct pop3 *p, const struct request *r, struct text line, struct err *e)
{
	struct text challenge = text_trim((struct text){line.at + 1, line.len - 1});

	if ((r->ask != ASK_AUTH && r->ask != ASK_ANSWER) || p->answers == ANSWERS_MAX)
		return pop3_surprise(p, ERR_PROTOCOL, e, "want +OK or -ERR, not +");
	if (p->sasl->token && p->answers > 0)
		sasl_show(challenge, p->reason, sizeof(p->reason));
	p->first++;
	p->count--;
	pop3_say(p, ASK_ANSWER, 0, NULL);
	return sasl_say(
		p->sasl, &p->wire, "", p->answers++, challenge, &p->m->options, e);
}
