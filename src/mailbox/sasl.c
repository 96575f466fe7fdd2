#include "mailbox/sasl.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/os.h"
#include "mailbox/kind.h"

/* A token has some thousand bytes; a line of the wire must hold it in base64. */
#define ANSWER_MAX    ((size_t)32 << 10)
#define CHALLENGE_MAX ((size_t)4096)

static void
add_string(struct buf *b, const char *s)
{
	buf_add(b, text_of(s));
}

/* RFC 4616: authzid NUL authcid NUL password. The same again if it is asked for again
 * (RFC 5034: a server may do so although the first line had it). */
static int
plain(const struct mailbox_options *o, unsigned n, struct text challenge, struct buf *out,
	struct err *e)
{
	(void)n, (void)challenge, (void)e;
	if (o->authzid != NULL)
		add_string(out, o->authzid);
	buf_byte(out, '\0');
	add_string(out, o->url.user);
	buf_byte(out, '\0');
	add_string(out, o->password);
	return 0;
}

/* draft-murchison-sasl-login: the user, then the password, whatever the prompts say. */
static int
login(const struct mailbox_options *o, unsigned n, struct text challenge, struct buf *out,
	struct err *e)
{
	(void)challenge;
	if (n > 1)
		return err_set(e, ERR_PROTOCOL, "",
			"%s: AUTH LOGIN wants a third answer, and has two", o->name);
	add_string(out, n == 0 ? o->url.user : o->password);
	return 0;
}

/* RFC 2195 */
static int
cram_md5(const struct mailbox_options *o, unsigned n, struct text challenge,
	struct buf *out, struct err *e)
{
	char hex[33];

	if (n > 0 || challenge.len == 0)
		return err_set(e, ERR_PROTOCOL, "",
			"%s: AUTH CRAM-MD5 wants one challenge", o->name);
	hmac_md5_hex(text_of(o->password), challenge, hex);
	buf_print(out, "%s %s", o->url.user, hex);
	os_wipe(hex, sizeof(hex));
	return 0;
}

/* RFC 7628 section 3.1. Its second challenge is the reason of a refusal, in JSON, and is
 * answered by one ^A (3.2.3). */
static int
oauthbearer(const struct mailbox_options *o, unsigned n, struct text challenge,
	struct buf *out, struct err *e)
{
	(void)challenge, (void)e;
	if (n > 0) {
		buf_byte(out, 1);
		return 0;
	}
	add_string(out, "n,a=");
	/* ',' and '=' are its own (RFC 5801 section 4). */
	for (const char *c = o->authzid != NULL ? o->authzid : o->url.user; *c != '\0';
		c++) {
		if (*c == ',' || *c == '=')
			add_string(out, *c == ',' ? "=2C" : "=3D");
		else
			buf_byte(out, *c);
	}
	buf_print(out, ",\001host=%s\001port=%u\001auth=Bearer %s\001\001", o->url.host,
		(unsigned)o->url.port, o->token);
	return 0;
}

/* Google's and Microsoft's: the reason of a refusal is answered by an empty line. */
static int
xoauth2(const struct mailbox_options *o, unsigned n, struct text challenge,
	struct buf *out, struct err *e)
{
	(void)challenge, (void)e;
	if (n == 0)
		buf_print(
			out, "user=%s\001auth=Bearer %s\001\001", o->url.user, o->token);
	return 0;
}

const struct sasl sasl_table[] = {
	{"OAUTHBEARER", "oauthbearer", true, oauthbearer},
	{"XOAUTH2", "xoauth2", true, xoauth2},
	{"PLAIN", "plain", false, plain},
	{"LOGIN", "login", false, login},
	{"CRAM-MD5", "cram-md5", false, cram_md5},
	{NULL, NULL, false, NULL},
};

unsigned
sasl_bit(struct text name)
{
	for (unsigned i = 0; sasl_table[i].name != NULL; i++)
		if (text_equal_nocase(name, text_of(sasl_table[i].name)))
			return 1u << i;
	return 0;
}

const struct sasl *
sasl_of_option(const char *option)
{
	for (const struct sasl *s = sasl_table; s->name != NULL; s++)
		if (strcmp(s->option, option) == 0)
			return s;
	return NULL;
}

/* In the order of the table, so CRAM-MD5 last, TLS or not: many a server offers it whose
 * users have no secret for it, and refused logins lock people out. */
const struct sasl *
sasl_choose(unsigned offered, const struct mailbox_options *o)
{
	/* Only these say whose mailbox is meant. */
	if (o->authzid != NULL)
		return sasl_of_option(o->token != NULL ? "oauthbearer" : "plain");
	for (unsigned i = 0; sasl_table[i].name != NULL; i++) {
		const struct sasl *s = &sasl_table[i];
		if ((offered & 1u << i) && s->token == (o->token != NULL))
			return s;
	}
	return NULL;
}

static bool
one_of(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

int
sasl_check(const struct mailbox_options *o, struct err *e)
{
	static const char *const others[] = {"user", "apop", NULL};
	static const char *const windows[] = {"ntlm", "gssapi", "gss-spnego", NULL};
	static const char *const authzid[] = {"plain", "oauthbearer", NULL};
	const char *option = mailbox_option(o);

	if (o->auth != NULL && one_of(o->auth, windows))
		return err_set(e, ERR_USAGE, "",
			"%sauth=%s is not spoken here: it needs the Windows domain. Such "
			"servers take plain or login under TLS, or a token (xoauth2)",
			option, o->auth);
	if (o->auth != NULL && !one_of(o->auth, others) &&
		sasl_of_option(o->auth) == NULL)
		return err_set(e, ERR_USAGE, "",
			"want %sauth= user, apop, plain, login, cram-md5, xoauth2 or "
			"oauthbearer, not \"%s\"",
			option, o->auth);
	if (o->authzid != NULL && o->auth != NULL && !one_of(o->auth, authzid))
		return err_set(e, ERR_USAGE, "",
			"%sauthzid needs %sauth=plain or oauthbearer: the others cannot "
			"say it",
			option, option);
	return 0;
}

static bool
decode(struct text base64, struct buf *out)
{
	char *room;
	int n;

	base64 = text_trim(base64);
	if (base64.len == 0)
		return true;
	if (base64.len > CHALLENGE_MAX || base64.len % 4 != 0 ||
		(room = buf_room(out, base64.len)) == NULL)
		return false;
	n = EVP_DecodeBlock(
		(unsigned char *)room, (const unsigned char *)base64.at, (int)base64.len);
	/* It counts the padding as bytes. */
	for (size_t i = base64.len; n > 0 && i > 0 && base64.at[i - 1] == '='; i--)
		n--;
	out->len += n > 0 ? (size_t)n : 0;
	return n >= 0;
}

static void
wipe(struct buf *b)
{
	if (b->at != NULL)
		os_wipe(b->at, b->cap);
	buf_release(b);
}

static bool
say(struct wire *w, const char *before, const struct buf *clear)
{
	size_t size = (clear->len + 2) / 3 * 4;
	char *base64 = must_alloc(size + 1);
	bool said;

	EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)clear->at,
		(int)clear->len);
	w->secret = true;
	said = wire_say(w, text_of(before)) && wire_say(w, (struct text){base64, size}) &&
	       wire_say(w, text_of("\r\n"));
	os_wipe(base64, size);
	free(base64);
	return said;
}

int
sasl_say(const struct sasl *s, struct wire *w, const char *before, unsigned n,
	struct text challenge, const struct mailbox_options *o, struct err *e)
{
	struct buf asked, clear;
	int rc = 0;

	buf_init(&asked, CHALLENGE_MAX);
	buf_init(&clear, ANSWER_MAX);
	/* An answer that grows would leave what it held behind. */
	buf_room(&clear, ANSWER_MAX / 2);
	if (!decode(challenge, &asked))
		rc = err_set(e, ERR_PROTOCOL, "",
			"%s: the challenge of AUTH %s is not base64", o->name, s->name);
	if (rc == 0)
		rc = s->answer(o, n, buf_text(&asked), &clear, e);
	if (rc == 0 && (clear.full || !say(w, before, &clear)))
		rc = err_set(e, ERR_USAGE, "", "%s: the user or the %s is too long",
			o->name, s->token ? "token" : "password");
	wipe(&clear);
	buf_release(&asked);
	return rc;
}

void
sasl_show(struct text challenge, char *out, size_t size)
{
	struct buf clear;

	buf_init(&clear, CHALLENGE_MAX);
	out[0] = '\0';
	if (decode(challenge, &clear))
		text_escape(buf_text(&clear), out, size);
	buf_release(&clear);
}
