/*
 * The program itself, as a person or a script calls it: what it prints where, and with
 * which exit code it ends.
 */
#include <poll.h>
#include <pty.h>
#include <termios.h>

#include "cli.h"

TestSuite(cli, .timeout = 60);

Test(cli, without_a_command_the_help_is_no_result)
{
	struct cli c;

	set_up(&c);
	run(&c, "");
	cr_expect_eq(c.code, 64);
	cr_expect_str_eq(c.out, "");
	cr_expect(strstr(c.err, "usage: reuidl") != NULL);
	run(&c, "--help");
	cr_expect_eq(c.code, 0);
	cr_expect(strstr(c.out, "usage: reuidl") != NULL);
	cr_expect_str_eq(c.err, "");
	tear_down(&c);
}

Test(cli, a_wrong_command_line_is_json_for_those_who_want_it)
{
	static const struct {
		const char *line, *json;
	} cases[] = {
		{"find --bogus --json", "{\"schema\":1,\"command\":\"find\",\"exit\":64,"
					"\"error\":{\"message\":"
					"\"unknown option --bogus\",\"reason\":\"\"}}\n"},
		{"--json nonsense",
			"{\"schema\":1,\"command\":\"nonsense\",\"exit\":64,\"error\":{"
			"\"message\":"
			"\"there is no command \\\"nonsense\\\"\",\"reason\":\"\"}}\n"},
		{"--json", "{\"schema\":1,\"command\":\"\",\"exit\":64,\"error\":{"
			   "\"message\":"
			   "\"want a command\",\"reason\":\"\"}}\n"},
		{"apply --json --wait 3",
			"{\"schema\":1,\"command\":\"apply\",\"exit\":64,\"error\":{"
			"\"message\":"
			"\"apply does not take --wait\",\"reason\":\"\"}}\n"},
		{"undo --json --forget x",
			"{\"schema\":1,\"command\":\"undo\",\"exit\":64,\"error\":{"
			"\"message\":"
			"\"--forget wants a number, not \\\"x\\\"\",\"reason\":\"\"}}\n"},
		{"diff --json --client nosuch --map m",
			"{\"schema\":1,\"command\":\"diff\",\"exit\":64,\"error\":{"
			"\"message\":"
			"\"--client: there is no client \\\"nosuch\\\"; reuidl formats "
			"lists them\","
			"\"reason\":\"\"}}\n"},
		{"apply --map m --account anna --json",
			"{\"schema\":1,\"command\":\"apply\",\"exit\":64,\"error\":{"
			"\"message\":"
			"\"--account wants USER@HOST, not "
			"\\\"anna\\\"\",\"reason\":\"\"}}\n"},
		{"find --bogus -- --json", ""},
	};
	struct cli c;

	set_up(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(&c, cases[i].line);
		cr_expect_eq(c.code, 64, "%s: %d", cases[i].line, c.code);
		cr_expect_str_eq(c.out, cases[i].json, "%s: %s", cases[i].line, c.out);
		cr_expect_eq(strncmp(c.err, "reuidl: ", 8) != 0,
			strcmp(cases[i].line, "--json") == 0);
	}
	tear_down(&c);
}

Test(cli, a_store_that_failed_is_an_error_beside_exit)
{
	static const char *const lines[] = {
		"show --json hello", "check --json hello --new pop3://u@localhost:1"};
	struct cli c;

	set_up(&c);
	put("hello", "hello\n", 0600);
	run(&c, lines[0]);
	cr_expect_eq(c.code, 65);
	cr_expect(strstr(c.out, "\"state\":\"failed\",\"reason\":\"format\"") != NULL,
		"%s", c.out);
	cr_expect(strstr(c.out, "\"exit\":65,\"error\":{\"message\":\"") != NULL, "%s",
		c.out);
	cr_expect_eq(strchr(c.out, '\n'), c.out + strlen(c.out) - 1);
	run(&c, lines[1]);
	cr_expect_eq(c.code, 64);
	cr_expect(strstr(c.out, "{\"message\":\"no password for the new server") != NULL,
		"%s", c.out);
	tear_down(&c);
}

Test(cli, from_a_csv_to_the_store_and_back)
{
	static const char before[] =
		"k 00000001aaaa0001 1700000001\nk 00000001aaaa0002 1700000002\n"
		"k 00000001aaaa0005 1700000005\n";
	static const char after[] =
		"k 00000002bbbb0002 1700000001\nk 00000002bbbb0001 1700000002\n"
		"k 00000001aaaa0005 1700000005\n";
	static const char only_old[] =
		"2 messages are only on the old server; 1 of them no client here has "
		"fetched. "
		"Fetch them before the old server goes:\n    UIDL 00000001aaaa0004\n";
	char text[1024], want[1024];
	struct cli c;

	set_up(&c);
	put("pairs.csv",
		"old_uidl,new_uidl,evidence\n00000001aaaa0001,00000002bbbb0002,\n"
		"00000001aaaa0002,00000002bbbb0001,\n,00000002bbbb0003,\n"
		"00000001aaaa0004,,\n00000001aaaa0005,,\n",
		0600);
	cr_assert_eq(mkdir("Mail", 0700), 0);
	cr_assert_eq(mkdir("Mail/old", 0700), 0);
	snprintf(text, sizeof(text), "%s%s", HEAD, before);
	put("Mail/old/popstate.dat", text, 0600);
	run(&c, "map m --import pairs.csv --old-account anna@old.example.org "
		"--new-account anna@new.example.org");
	cr_assert_eq(c.code, 0, "%s", c.err);
	/* Settings unknown: a rename could be a DELE order, and an import proves too little. */
	run(&c, "diff --map m Mail");
	cr_expect_eq(c.code, 0);
	cr_expect(strstr(c.out, "3 of 3 would be downloaded") != NULL, "%s", c.out);
	put("prefs.js",
		"user_pref(\"mail.account.account1.server\", \"server1\");\n"
		"user_pref(\"mail.accountmanager.accounts\", \"account1\");\n"
		"user_pref(\"mail.server.server1.type\", \"pop3\");\n"
		"user_pref(\"mail.server.server1.hostname\", \"old.example.org\");\n"
		"user_pref(\"mail.server.server1.userName\", \"anna\");\n"
		"user_pref(\"mail.server.server1.directory-rel\", \"[ProfD]Mail/old\");\n"
		"user_pref(\"mail.server.server1.leave_on_server\", true);\n",
		0600);
	run(&c, "diff --map m Mail");
	cr_expect_eq(c.code, 1);
	cr_expect(strstr(c.out, "1 of 3 would be downloaded") != NULL, "%s", c.out);
	cr_expect(strstr(c.out, only_old) != NULL, "%s", c.out);
	run(&c, "apply --map m Mail --quiet");
	cr_expect_eq(c.code, 0, "%s", c.err);
	cr_expect_str_eq(c.out, "");
	run(&c, "apply --map m Mail");
	cr_expect_eq(c.code, 0, "%s", c.err);
	cr_expect(strstr(c.out, only_old) != NULL, "%s", c.out);
	get("Mail/old/popstate.dat", text, sizeof(text));
	snprintf(want, sizeof(want), "%s%s", HEAD, after);
	cr_expect_str_eq(text, want);
	run(&c, "diff --map m Mail --json");
	cr_expect_eq(c.code, 0);
	cr_expect(strstr(c.out, "\"state\":\"already\"") != NULL, "%s", c.out);
	run(&c, "undo Mial");
	cr_expect_eq(c.code, 66);
	run(&c, "undo");
	cr_expect_eq(c.code, 0);
	get("Mail/old/popstate.dat", text, sizeof(text));
	snprintf(want, sizeof(want), "%s%s", HEAD, before);
	cr_expect_str_eq(text, want);
	tear_down(&c);
}

/* It is named, and fails no run that is not about it. */
Test(cli, a_store_that_nothing_can_be_done_about)
{
	static const char live[] = "AppData/Local/Microsoft/Windows\\ Live\\ Mail";
	char command[600];
	struct cli c;

	set_up(&c);
	snprintf(command, sizeof(command),
		"mkdir -p %s .thunderbird/p/Mail/old && printf "
		"'1234\\357\\315\\253\\211' > %s/Mail.MSMessageStore && ln -s %s live",
		live, live, live);
	cr_assert_eq(system(command), 0);
	put(".thunderbird/p/Mail/old/popstate.dat", HEAD, 0600);
	put("pairs.csv", "old_uidl,new_uidl,evidence\n1,2,\n", 0600);
	run(&c, "map m --import pairs.csv --old-account anna@old.example.org "
		"--new-account anna@new.example.org");
	run(&c, "diff --map m");
	cr_expect_eq(c.code, 0);
	cr_expect(strstr(c.err, "an ESE database, which only Windows itself can write") !=
			  NULL,
		"%s", c.err);
	cr_expect(
		strstr(c.out, "1 store: 1 with nothing to change") != NULL, "%s", c.out);
	run(&c, "apply --map m --yes");
	cr_expect_eq(c.code, 0);
	run(&c, "apply --map m --yes live");
	cr_expect_eq(c.code, 65);
	run(&c, "show live/Mail.MSMessageStore");
	cr_expect_eq(c.code, 65);
	run(&c, "find");
	cr_expect_eq(c.code, 0);
	cr_expect(strstr(c.out, "Live Mail/Mail.MSMessageStore: ") != NULL, "%s", c.out);
	tear_down(&c);
}

Test(cli, names_of_files_reach_the_terminal_without_control_bytes)
{
	struct cli c;

	set_up(&c);
	cr_assert_eq(mkdir("ev\033[31mil\xff", 0700), 0);
	put("ev\033[31mil\xff/popstate.dat", HEAD, 0600);
	run(&c, "show ev\033[31mil\xff");
	cr_expect_eq(c.code, 0);
	cr_expect(
		strstr(c.out, "/ev\\x1b[31mil\\xff/popstate.dat: ") != NULL, "%s", c.out);
	cr_expect_eq(strchr(c.out, '\033'), NULL);
	run(&c, "show --json ev\033[31mil\xff");
	cr_expect(strstr(c.out, "/ev\\u001b[31mil\\ufffd/popstate.dat\"") != NULL, "%s",
		c.out);
	run(&c, "show nix\033[31m");
	cr_expect_eq(c.code, 66);
	cr_expect_eq(strchr(c.err, '\033'), NULL);
	tear_down(&c);
}

Test(cli, output_that_cannot_be_written_is_no_success)
{
	struct cli c;

	set_up(&c);
	run_to(&c, "/dev/full", "formats");
	cr_expect_eq(c.code, 74);
	cr_expect_str_eq(c.err, "reuidl: cannot write the output\n");
	tear_down(&c);
}

Test(cli, secrets_that_others_can_read_are_refused)
{
	struct cli c;

	set_up(&c);
	put("popstate.dat", HEAD, 0600);
	put(".netrc", "machine localhost login u password p\n", 0644);
	put("open", "p\n", 0640);
	put("empty", "\n", 0600);
	run(&c, "check --new pop3://u@localhost:1 --new-netrc popstate.dat");
	cr_expect_eq(c.code, 64);
	cr_expect(strstr(c.err, ".netrc: others can read") != NULL, "%s", c.err);
	cr_assert_eq(chmod(".netrc", 0600), 0);
	run(&c, "check --new pop3://u@localhost:1 --new-netrc popstate.dat");
	cr_expect_eq(c.code, 69, "%s", c.err);
	run(&c, "check --new pop3://v@localhost:1 --new-netrc popstate.dat");
	cr_expect_eq(c.code, 64);
	run(&c, "check --new pop3://u@localhost:1 --new-password-file open popstate.dat");
	cr_expect_eq(c.code, 64);
	cr_expect(strstr(c.err, "open: others can read") != NULL, "%s", c.err);
	run(&c, "check --new pop3://u@localhost:1 --new-password-file empty "
		"popstate.dat");
	cr_expect_eq(c.code, 64);
	run(&c, "check --new pop3://u@localhost:1 --new-netrc --new-proxy x:1 "
		"popstate.dat");
	cr_expect_eq(c.code, 64);
	run(&c, "check --new pop3://u:p@localhost:1 popstate.dat");
	cr_expect_eq(c.code, 64);
	cr_expect(strstr(c.err, "a password does not belong in a URL") != NULL, "%s",
		c.err);
	tear_down(&c);
}

static bool
echoes(int terminal)
{
	struct termios t;

	cr_assert_eq(tcgetattr(terminal, &t), 0);
	return t.c_lflag & ECHO;
}

Test(cli, an_interrupted_prompt_leaves_a_terminal_that_echoes)
{
	char said[256] = "";
	struct cli c;
	int terminal, status;
	size_t n = 0;

	set_up(&c);
	put("popstate.dat", HEAD, 0600);
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid == 0) {
		/* Tests that a shell has put into the background are begun deaf to it. */
		signal(SIGINT, SIG_DFL);
		execl(c.program, c.program, "check", "--new", "pop3://u@localhost:1",
			"popstate.dat", (char *)NULL);
		_exit(127);
	}
	while (strstr(said, "localhost: ") == NULL) {
		struct pollfd p = {.fd = terminal, .events = POLLIN};

		cr_assert_eq(poll(&p, 1, 20000), 1, "it says only \"%s\"", said);
		ssize_t got = read(terminal, said + n, sizeof(said) - 1 - n);
		cr_assert_gt(got, 0);
		n += (size_t)got;
	}
	for (int i = 0; i < 200 && echoes(terminal); i++)
		usleep(10000);
	cr_expect_not(echoes(terminal), "a password would be seen");
	cr_assert_eq(write(terminal, "\003", 1), 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	cr_expect(echoes(terminal));
	close(terminal);
	tear_down(&c);
}
