#include "cmd/secret.h"
#include "cmd/console.h"
#include "cmd/servers.h"
#include "mailbox/sasl.h"

#include <stdlib.h>

/* A file of secrets, which nobody else may read; `what` it holds. */
static int
read_private(const char *path, size_t most, const char *what, char **bytes, size_t *len,
	struct err *e)
{
	struct os_stat st;

	if (os_read(path, most, bytes, len, &st, e) < 0)
		return -1;
	if ((st.mode & 077) == 0)
		return 0;
	os_wipe(*bytes, *len);
	free(*bytes);
	return err_set(e, ERR_USAGE, "",
		"%s: others can read %s (mode %04o): chmod 600 it", path, what, st.mode);
}

static int
from_file(const char *path, char **password, struct err *e)
{
	char *bytes;
	size_t len;
	struct cursor c = {{NULL, 0}, 0};
	struct text line = {NULL, 0};

	if (read_private(path, 65536, "this password file", &bytes, &len, e) < 0)
		return -1;
	c.all = (struct text){bytes, len};
	take_line(&c, &line);
	if (line.len > 0)
		*password = must_string(line);
	os_wipe(bytes, len);
	free(bytes);
	if (*password == NULL)
		return err_set(e, ERR_USAGE, "",
			"%s: its first line, the password, is empty", path);
	return 0;
}

/* ~/.netrc as ftp(1) and curl read it: words; "machine HOST login USER password PW". A
 * word may stand in quotes, with \" \\ \n \r \t in it (curl 7.84): it is written over its
 * own place, where it is never longer. */
static bool
next_word(char *bytes, size_t len, size_t *off, struct text *word)
{
	size_t at = *off, end;

	while (at < len && strchr(" \t\r\n", bytes[at]) != NULL)
		at++;
	bool quoted = at < len && bytes[at] == '"';
	size_t start = at += quoted;
	for (end = start; at < len; at++) {
		char c = bytes[at];

		if (quoted ? c == '"' : strchr(" \t\r\n", c) != NULL)
			break;
		if (quoted && c == '\\' && at + 1 < len) {
			c = bytes[++at];
			c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
		}
		bytes[end++] = c;
	}
	*word = (struct text){bytes + start, end - start};
	*off = at < len ? at + 1 : at;
	return end > start || (quoted && at < len);
}

static int
from_netrc(struct run *r, const struct mailbox_url *url, char **password, struct err *e)
{
	char *home = os_home(&r->arena), *path, *bytes;
	struct text key, value, login = {NULL, 0};
	bool here = false;
	size_t len, off = 0;

	path = arena_print(&r->arena, "%s/.netrc", home != NULL ? home : "");
	if (read_private(path, 1 << 20, "these passwords", &bytes, &len, e) < 0)
		return -1;
	while (*password == NULL && next_word(bytes, len, &off, &key)) {
		if (text_equal(key, text_of("default"))) {
			here = true;
			login.len = 0;
			continue;
		}
		if (!next_word(bytes, len, &off, &value))
			break;
		if (text_equal(key, text_of("machine"))) {
			here = text_equal_nocase(value, text_of(url->host));
			login.len = 0;
		} else if (text_equal(key, text_of("login"))) {
			login = value;
		} else if (text_equal(key, text_of("password")) && here &&
			   (login.len == 0 || text_equal(login, text_of(url->user)))) {
			*password = must_string(value);
		}
	}
	os_wipe(bytes, len);
	free(bytes);
	if (*password == NULL)
		return err_set(e, ERR_USAGE, "", "%s: no password for %s at %s", path,
			url->user, url->host);
	return 0;
}

static int
get_password(struct run *r, const struct side_options *so, int side,
	const struct mailbox_url *url, char **password, struct err *e)
{
	char *prompt;

	if (so->password_file != NULL)
		return from_file(so->password_file, password, e);
	if (so->password_command != NULL)
		return os_command_line(so->password_command, password, e);
	if (so->password_env != NULL) {
		const char *value = os_env(so->password_env);
		if (value == NULL)
			return err_set(e, ERR_USAGE, "",
				"the environment variable %s is not set",
				so->password_env);
		*password = must_string(text_of(value));
		return 0;
	}
	if (so->netrc)
		return from_netrc(r, url, password, e);
	char shown[2][256];
	prompt = arena_print(&r->arena, "Password of %s at the %s %s: ",
		console_show(r->console, REDACT_USER, text_of(url->user), shown[0],
			sizeof(shown[0])),
		server_names[side],
		console_show(r->console, REDACT_HOST, text_of(url->host), shown[1],
			sizeof(shown[1])));
	if (r->options->no_input || !os_ask_secret(prompt, password))
		return err_set(e, ERR_USAGE, "",
			"no password for the %s: give --%spassword-file, -command or "
			"-env, or --%snetrc",
			server_names[side], server_prefixes[side], server_prefixes[side]);
	return 0;
}

int
secret_get(struct run *r, int side, const struct mailbox_url *url, char **password,
	char **token, struct err *e)
{
	const struct side_options *so = &r->options->side[side];
	const struct sasl *sasl = so->auth != NULL ? sasl_of_option(so->auth) : NULL;
	bool wants_token = sasl != NULL && sasl->token;

	if (so->token_command != NULL)
		return os_command_line(so->token_command, token, e);
	return get_password(r, so, side, url, wants_token ? token : password, e);
}
