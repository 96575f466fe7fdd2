/* KConfig's files, the two KMails' settings, the name of KMail 1's list. */
#include "model/format.h"
#include "model/kconfig.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define IS(t, s) cr_assert(text_equal(t, text_of(s)), "%.*s", TEXT_ARG(t))

Test(kmail, kconfig_lines)
{
	static const char bytes[] =
		"first=1\n[A]\n k [x] = v=w \n#k=no\n[B][C][$i]\nk2[$e]="
		"\n[not ended\nk3=\n[]\nk4=4";
	struct kconfig k = {.at = {text_of(bytes), 0}, .group = {"", 0}};

	cr_assert(kconfig_next(&k) && k.group.len == 0);
	IS(k.key, "first");
	cr_assert(kconfig_next(&k));
	IS(k.group, "A");
	IS(k.key, "k ");
	IS(k.marks, "[x]");
	IS(k.value, "v=w");
	cr_assert(!kconfig_is_plain(&k));
	cr_assert(kconfig_next(&k));
	IS(k.group, "B][C");
	IS(k.marks, "[$e]");
	cr_assert(kconfig_is_plain(&k) && k.value.len == 0);
	cr_assert(kconfig_next(&k));
	IS(k.group, "B][C");
	cr_assert(kconfig_next(&k));
	IS(k.group, "[]");
	IS(k.value, "4");
	cr_assert(!kconfig_next(&k));
}

Test(kmail, kconfig_values)
{
	struct arena a = {0};

	IS(kconfig_text(text_of("\\sa\\tb\\\\n\\x41\\xe9\\n\\r"), &a),
		" a\tb\\nA\xe9\n\r");
	/* None of KConfig's: it stays. */
	IS(kconfig_text(text_of("\\q\\x4\\xzz\\"), &a), "\\q\\x4\\xzz\\");
	cr_assert(kconfig_bool(text_of("True"), false) &&
		  kconfig_bool(text_of("1"), false) && kconfig_bool(text_of("x"), true));
	cr_assert(
		!kconfig_bool(text_of("no"), true) && !kconfig_bool(text_of(""), false));
	cr_assert_eq(kconfig_number(text_of("-7"), 1), -7);
	cr_assert_eq(kconfig_number(text_of("2147483647"), 1), INT32_MAX);
	cr_assert_eq(kconfig_number(text_of("2147483648"), 1), 1);
	cr_assert_eq(kconfig_number(text_of("7 "), 1), 1);
	arena_free(&a);
}

static void
is_list(const char *spelled, int n, const char *const *want)
{
	struct kconfig_list l = {.value = text_of(spelled)};
	struct arena a = {0};
	struct text item;
	struct buf b;
	int rc, i = 0;

	for (; (rc = kconfig_item(&l, &item)) > 0; i++) {
		cr_assert(i < n, "%s", spelled);
		IS(kconfig_item_text(item, &a), want[i]);
		buf_init(&b, 100);
		kconfig_spell_item(text_of(want[i]), &b);
		cr_assert(item.len == 0 || text_equal(item, buf_text(&b)), "%s", spelled);
		buf_release(&b);
	}
	cr_assert(n < 0 ? rc < 0 : rc == 0 && i == n, "%s: %d, %d items", spelled, rc, i);
	arena_free(&a);
}

/* Observed in what kdepim-runtime 22.12 wrote, and KConfigGroupPrivate::serializeList(). */
Test(kmail, kconfig_lists)
{
	is_list("", 0, NULL);
	is_list("\\\\0", 1, (const char *const[]){""});
	is_list("a", 1, (const char *const[]){"a"});
	is_list(",", 2, (const char *const[]){"", ""});
	is_list("a,,b,", 4, (const char *const[]){"a", "", "b", ""});
	is_list("a\\\\,b,\\\\\\\\,\\\\\\\\\\\\,", 3,
		(const char *const[]){"a,b", "\\", "\\,"});
	is_list("\\a", -1, NULL);
	is_list("a\\", -1, (const char *const[]){"a"});
	is_list("\\\\\\,", -1, NULL);
	is_list("\\x2c", -1, NULL);
}

static const struct format *
format(const char *name)
{
	return format_named(text_of(name));
}

static void
accounts_of(const char *client, const char *path, const char *bytes, struct arena *a,
	struct account_list *list)
{
	struct source src;
	struct err e;

	*list = (struct account_list){0};
	source_of(&src, path, text_of(bytes));
	cr_assert_eq(format(client)->accounts(&src, a, list, &e), 0);
}

static void
resource_is(const char *keys, uint32_t port, bool leaves, uint32_t days)
{
	struct arena a = {0};
	struct account_list l;
	char *bytes = arena_print(&a, "[General]\nhost=h\nlogin=u\n%s\n", keys);

	accounts_of("kmail", "/h/.config/akonadi_pop3_resource_0rc", bytes, &a, &l);
	cr_assert_eq(l.n, 1);
	cr_assert_str_eq(l.at[0].store, "/h/.config/akonadi_pop3_resource_0rc");
	IS(l.at[0].settings.host, "h");
	IS(l.at[0].settings.user, "u");
	cr_assert_eq(l.at[0].settings.port, port, "%s", keys);
	cr_assert_eq(l.at[0].settings.leave_on_server, leaves, "%s", keys);
	cr_assert_eq(l.at[0].settings.delete_after_days, days, "%s", keys);
	free(l.at);
	arena_free(&a);
}

Test(kmail, what_a_resource_leaves_on_the_server)
{
	struct arena a = {0};
	struct account_list l;

	resource_is("", 110, false, 0);
	resource_is("leaveOnServer=true\nport=995", 995, true, 0);
	resource_is("leaveOnServer=true\nleaveOnServerDays=-1", 110, true, 0);
	resource_is("leaveOnServer=true\nleaveOnServerDays[$i]=7", 110, true, 7);
	resource_is("leaveOnServer=false\nleaveOnServerDays=7", 110, false, 0);
	/* Which ones it deletes then, nobody can say. */
	resource_is("leaveOnServer=true\nleaveOnServerCount=9", 110, false, 0);
	resource_is("leaveOnServer=true\nleaveOnServerSize=9", 110, false, 0);
	resource_is("[Other]\nport=7", 110, false, 0);
	accounts_of(
		"kmail", "/h/.config/akonadi_pop3_resource_0rc", "[General]\n", &a, &l);
	cr_assert_eq(l.n, 0);
	arena_free(&a);
}

Test(kmail, accounts_of_kmail_1)
{
	static const char kmailrc[] =
		"[General]\naccounts=4\n"
		"[Account 1]\nName=One\nType=pop\nhost=h1\nlogin=u1\nleave-on-server=true\n"
		"leave-on-server-days=30\nport=995\n"
		"[Account 2]\nType=cachedimap\nhost=h2\nlogin=u2\n"
		"[Account 3]\nType=Pop\nhost=h3\nlogin=u3\n"
		"[Account 4]\nType=pop\nhost=h4\nlogin=a/b\n";
	struct arena a = {0};
	struct account_list l;

	accounts_of("kmail1", "/h/.kde/share/config/kmailrc", kmailrc, &a, &l);
	cr_assert_eq(l.n, 2);
	cr_assert_str_eq(l.at[0].store, "/h/.kde/share/apps/kmail/u1:@h1:995");
	cr_assert(l.at[0].settings.leave_on_server);
	cr_assert_eq(l.at[0].settings.delete_after_days, 30);
	IS(l.at[0].settings.name, "One");
	cr_assert_str_eq(l.at[1].store, "/h/.kde/share/apps/kmail/u3:@h3:110");
	cr_assert(!l.at[1].settings.leave_on_server);
	free(l.at);
	arena_free(&a);
}

static void
is_named(const char *now, const char *host, const char *user, uint32_t port,
	const char *want)
{
	struct err e = {0};
	struct buf b;

	buf_init(&b, 1000);
	int rc = format("kmail1")->rename(
		text_of(now), text_of(host), text_of(user), port, &b, &e);
	cr_assert_eq(rc, want == NULL ? -1 : 0);
	if (want != NULL)
		IS(buf_text(&b), want);
	buf_release(&b);
}

Test(kmail, the_name_of_kmail_1s_list)
{
	is_named("x:@y:2110", "h", "a:b@c", 995, "a:b@c:@h:995");
	is_named("x:@y:2110", "h", "u", 0, "u:@h:2110");
	is_named("x", "h", "u", 0, "u:@h:110");
	is_named("x", "h/i", "u", 110, NULL);
	is_named("x", "h", "", 110, NULL);
}

/* KMail keeps Unicode, and a list's bytes are told by escapes; the rest is refused. */
Test(kmail, spells_what_a_server_may_give)
{
	struct source src;
	struct store s;
	struct buf out;
	struct err e;

	source_of(&src, "akonadi_pop3_resource_0rc",
		text_of("[LeaveOnServer]\nseenUidList=a,b\n"));
	cr_assert_eq(store_read(&s, format("kmail"), &src, &e), 0);
	buf_init(&out, 0);
	static const char *const bad[] = {"", "a b", "a\tb", "\xfc", "\x7f"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct edit edit = edit_make(EDIT_UIDL, 1, text_of(bad[i]));
		cr_assert_eq(store_write(&s, &edit, 1, &out, &e), -1, "%zu", i);
		cr_assert_eq(e.kind, ERR_DATA, "%s", e.message);
	}
	struct edit odd = {1, EDIT_UIDL, 8, "\\,$a=[#]"};
	cr_assert_eq(store_write(&s, &odd, 1, &out, &e), 0, "%s", e.message);
	IS(buf_text(&out), "[LeaveOnServer]\nseenUidList=a,\\\\\\\\\\\\,$a=[#]\n");
	buf_release(&out);
	store_release(&s);
}
