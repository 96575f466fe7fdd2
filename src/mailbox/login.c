#include "mailbox/login.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/os.h"

/* RFC 5034 section 4: a command with its initial response is at most 255 octets long,
 * with its CRLF. */
#define COMMAND_MAX 255
#define AUTH_PLAIN  "AUTH PLAIN "

static bool
contains(struct text t, const char *lower)
{
	struct text word = text_of(lower);

	for (size_t i = 0; i + word.len <= t.len; i++) {
		if (text_equal_nocase((struct text){t.at + i, word.len}, word))
			return true;
	}
	return false;
}

void
login_capability(struct capabilities *c, struct text line)
{
	struct cursor words = {line, 0};
	struct text word;

	if (!take_word(&words, &word))
		return;
	c->pipelining = c->pipelining || text_equal_nocase(word, text_of("PIPELINING"));
	c->top = c->top || text_equal_nocase(word, text_of("TOP"));
	c->uidl = c->uidl || text_equal_nocase(word, text_of("UIDL"));
	c->user = c->user || text_equal_nocase(word, text_of("USER"));
	if (!text_equal_nocase(word, text_of("SASL")))
		return;
	while (take_word(&words, &word))
		c->sasl_plain =
			c->sasl_plain || text_equal_nocase(word, text_of("PLAIN"));
}

bool
login_by_plain(const struct capabilities *c, const struct mailbox_options *o)
{
	if (o->auth != NULL)
		return strcmp(o->auth, "plain") == 0;
	return c->sasl_plain || o->authzid != NULL;
}

/* RFC 2449, RFC 3206 and the words of servers without response codes: Courier's and
 * qpopper's "lock", mailutils' "in use", "too many" of all kinds. A locked account is
 * not a locked mailbox. */
bool
login_is_busy(struct text t)
{
	static const char *const busy[] = {"[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]",
		"too many", "in use", "try again later", "already locked", NULL};

	if (contains(t, "[AUTH]") || contains(t, "[SYS/PERM]"))
		return false;
	for (size_t i = 0; busy[i] != NULL; i++) {
		if (contains(t, busy[i]))
			return true;
	}
	return contains(t, "lock") && !contains(t, "account") && !contains(t, "user");
}

struct text
login_words(struct text words, size_t most, const struct mailbox_options *o)
{
	size_t n = o->password != NULL ? strlen(o->password) : 0;

	for (size_t i = 0; n > 0 && i + n <= words.len; i++) {
		if (memcmp(words.at + i, o->password, n) == 0)
			return text_of("(not shown: the password is in it)");
	}
	if (words.len > most)
		words.len = most;
	return words;
}

static int
say(struct wire *w, const char *command, const char *value,
	const struct mailbox_options *o, struct err *e)
{
	if (value[strcspn(value, "\r\n")] != '\0')
		return err_set(e, ERR_USAGE, "",
			"%s: a line end in the user's name or the password cannot be "
			"sent with %s; use %sauth=plain",
			o->name, command, mailbox_option(o));
	w->secret = true;
	if (!wire_say(w, text_of(command)) || !wire_say(w, text_of(" ")) ||
		!wire_say(w, text_of(value)) || !wire_say(w, text_of("\r\n")))
		return err_set(e, ERR_USAGE, "",
			"%s: the user or the password is too long", o->name);
	return 0;
}

int
login_say_user(struct wire *w, const struct mailbox_options *o, struct err *e)
{
	return say(w, "USER", o->url.user, o, e);
}

int
login_say_pass(struct wire *w, const struct mailbox_options *o, struct err *e)
{
	return say(w, "PASS", o->password, o, e);
}

/* RFC 4616: authzid NUL authcid NUL password, in base64. Wiped and freed by the caller. */
static char *
plain_answer(const struct mailbox_options *o, size_t *len)
{
	const char *parts[3] = {
		o->authzid != NULL ? o->authzid : "", o->url.user, o->password};
	size_t n = 2, at = 0;
	char *clear, *base64;

	for (int i = 0; i < 3; i++)
		n += strlen(parts[i]);
	clear = must_alloc(n + 1);
	base64 = must_alloc((n + 2) / 3 * 4 + 1);
	for (int i = 0; i < 3; i++) {
		size_t part = strlen(parts[i]);
		memcpy(clear + at, parts[i], part);
		at += part + 1;
	}
	*len = (size_t)EVP_EncodeBlock(
		(unsigned char *)base64, (const unsigned char *)clear, (int)n);
	os_wipe(clear, n);
	free(clear);
	return base64;
}

static int
say_plain(struct wire *w, const char *before, const struct mailbox_options *o,
	struct err *e)
{
	size_t len;
	char *answer = plain_answer(o, &len);
	bool said;

	w->secret = true;
	said = wire_say(w, text_of(before)) && wire_say(w, (struct text){answer, len}) &&
	       wire_say(w, text_of("\r\n"));
	os_wipe(answer, len);
	free(answer);
	return said ? 0
		    : err_set(e, ERR_USAGE, "",
			      "%s: the user or the password is too long", o->name);
}

int
login_say_auth(
	struct wire *w, const struct mailbox_options *o, bool *two_steps, struct err *e)
{
	size_t clear = 2 + strlen(o->url.user) + strlen(o->password) +
		       (o->authzid != NULL ? strlen(o->authzid) : 0);

	*two_steps = strlen(AUTH_PLAIN) + (clear + 2) / 3 * 4 + 2 > COMMAND_MAX;
	if (!*two_steps)
		return say_plain(w, AUTH_PLAIN, o, e);
	wire_say(w, text_of("AUTH PLAIN\r\n"));
	return 0;
}

int
login_say_answer(struct wire *w, const struct mailbox_options *o, struct err *e)
{
	return say_plain(w, "", o, e);
}
