#include "mailbox/login.h"

#include <stdio.h>

#include "base/digest.h"
#include "mailbox/kind.h"

/* RFC 5034 section 4: a command with its initial response is at most 255 octets long,
 * with its CRLF. */
#define COMMAND_MAX 255

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
	c->utf8 = c->utf8 || text_equal_nocase(word, text_of("UTF8"));
	c->user = c->user || text_equal_nocase(word, text_of("USER"));
	if (!text_equal_nocase(word, text_of("SASL")))
		return;
	c->sasl = true;
	while (take_word(&words, &word))
		c->offered |= sasl_bit(word);
}

struct text
login_timestamp(struct text greeting)
{
	size_t from = text_find(greeting, '<');
	struct text t = {greeting.at + from, greeting.len - from};
	size_t to = text_find(t, '>');

	if (to == t.len || text_find((struct text){t.at, to}, '@') == to)
		return (struct text){"", 0};
	return (struct text){t.at, to + 1};
}

/* RFC 2449, RFC 3206, RFC 5530 (IMAP) and the words of servers without response codes: Courier's and
 * qpopper's "lock", mailutils' "in use", "too many" of all kinds. A locked account is
 * not a locked mailbox. */
bool
login_is_busy(struct text t)
{
	static const char *const busy[] = {"[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]",
		"[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "too many", "in use",
		"try again later", "already locked", NULL};

	if (contains(t, "[AUTH]") || contains(t, "[SYS/PERM]"))
		return false;
	for (size_t i = 0; busy[i] != NULL; i++) {
		if (contains(t, busy[i]))
			return true;
	}
	return contains(t, "lock") && !contains(t, "account") && !contains(t, "user");
}

static bool
holds(struct text words, const char *secret)
{
	size_t n = secret != NULL ? strlen(secret) : 0;

	for (size_t i = 0; n > 0 && i + n <= words.len; i++)
		if (memcmp(words.at + i, secret, n) == 0)
			return true;
	return false;
}

struct text
login_words(struct text words, size_t most, const struct mailbox_options *o)
{
	if (holds(words, o->password) || holds(words, o->token))
		return text_of("(not shown: the password is in it)");
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

int
login_say_apop(struct wire *w, struct text timestamp, const struct mailbox_options *o,
	struct err *e)
{
	struct buf line;
	char hex[33];

	buf_init(&line, COMMAND_MAX);
	md5_hex(timestamp, text_of(o->password), hex);
	buf_print(&line, "%s %s", o->url.user, hex);
	buf_byte(&line, '\0');
	int rc = line.full
			 ? err_set(e, ERR_USAGE, "", "%s: the user is too long", o->name)
			 : say(w, "APOP", line.at, o, e);
	buf_release(&line);
	return rc;
}

int
login_say_auth(struct wire *w, const struct sasl *s, const struct mailbox_options *o,
	struct err *e)
{
	char command[32];
	bool plain = strcmp(s->name, "PLAIN") == 0;
	size_t clear = 2 + strlen(o->url.user) +
		       (o->authzid != NULL ? strlen(o->authzid) : 0) +
		       (plain ? strlen(o->password) : 0);

	/* Others wait to be asked: Office 365 takes a token in a second line only. */
	snprintf(command, sizeof(command), "AUTH %s%s", s->name, plain ? " " : "\r\n");
	if (plain && strlen(command) + (clear + 2) / 3 * 4 + 2 <= COMMAND_MAX)
		return sasl_say(s, w, command, 0, (struct text){"", 0}, o, e);
	if (plain)
		snprintf(command, sizeof(command), "AUTH PLAIN\r\n");
	wire_say(w, text_of(command));
	return 0;
}
