#include <criterion/criterion.h>

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/os_file.h"
#include "work/replace.h"

#define OLD                                                                              \
	"# POP3 State File\n\n*localhost lab\nk aaaaaaaaaaaa 1700000001\nk "             \
	"bbbbbbbbbbbb 1700000002\n"
#define NEW                                                                              \
	"# POP3 State File\n\n*localhost lab\nk cccccccccccc 1700000001\nk "             \
	"dddddddddddd 1700000002\n"
#define OTHER                                                                            \
	"# POP3 State File\n\n*localhost lab\nk eeeeeeeeeeee 1700000001\nk "             \
	"bbbbbbbbbbbb 1700000002\n"

static char dir[64];
static struct err e;
static struct arena arena;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

static char *
in(const char *name)
{
	return arena_print(&arena, "%s/%s", dir, name);
}

static void
put_file(const char *path, const char *bytes)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	cr_assert_geq(fputs(bytes, f), 0);
	fclose(f);
}

/* A profile as Thunderbird makes it; two accounts. */
static void
begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/reuidl-replace-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chmod(dir, 0755), 0);
	cr_assert_eq(mkdir(in("p"), 0755), 0);
	cr_assert_eq(mkdir(in("p/Mail"), 0755), 0);
	cr_assert_eq(mkdir(in("p/Mail/one"), 0755), 0);
	cr_assert_eq(mkdir(in("p/Mail/two"), 0755), 0);
	put_file(in("p/prefs.js"), "// prefs\n");
	put_file(in("p/Mail/one/popstate.dat"), OLD);
	put_file(in("p/Mail/two/popstate.dat"), OLD);
	cr_assert_eq(chmod(in("p/Mail/one/popstate.dat"), 0644), 0);
}

static void
end(void)
{
	arena_free(&arena);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(replace, .init = begin, .fini = end, .timeout = 30);

static char *
store(void)
{
	return in("p/Mail/one/popstate.dat");
}

static void
holds(const char *path, const char *bytes)
{
	char *have;
	size_t len;
	struct os_stat st;

	cr_assert_eq(os_read(path, 1 << 20, &have, &len, &st, &e), 0, "%s", e.message);
	cr_assert(text_equal((struct text){have, len}, text_of(bytes)), "%s: %.*s", path,
		(int)len, have);
	free(have);
}

static size_t
count_names(const char *folder)
{
	char **names;
	size_t n;

	cr_assert_eq(os_list(&arena, folder, &names, &n, &e), 0, "%s", e.message);
	return n;
}

static int
try_open(struct target *t, const char *path)
{
	return target_open(t, path, NULL, true, in("state"), &e);
}

static void
open_target(struct target *t, const char *path)
{
	cr_assert_eq(try_open(t, path), 0, "%s", e.message);
}

static struct journal *
open_journal(void)
{
	struct journal *j;

	cr_assert_eq(journal_open(in("state"), &j, &e), 0, "%s", e.message);
	return j;
}

/* All of it: open, replace, close. */
static int
replace(const char *path, const char *bytes)
{
	struct journal_file record = {.map_id = in("m")};
	struct journal *j = open_journal();
	struct target t;
	int rc = try_open(&t, path);

	if (rc == 0) {
		rc = target_replace(&t, text_of(bytes), j, &record, &e);
		target_close(&t);
	}
	journal_close(j);
	return rc;
}

static void
refused(int rc, enum err_kind kind, const char *reason, const char *words)
{
	cr_assert_eq(rc, -1);
	cr_assert_eq(e.kind, kind, "%s", e.message);
	cr_assert_str_eq(e.reason, reason, "%s", e.message);
	cr_assert_not_null(strstr(e.message, words), "%s", e.message);
}

static enum journal_state
last_state(struct journal *j)
{
	struct journal_file *files;
	size_t n;

	cr_assert_eq(journal_files(j, &arena, false, &files, &n, &e), 0, "%s", e.message);
	cr_assert_gt(n, 0);
	return files[0].state;
}

/* Another process that holds a lock; its end is the caller's to make. */
static pid_t
hold(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int ready[2];
	char c;

	cr_assert_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		/* A test that fails must not leave it behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = open(path, O_RDWR | O_CREAT, 0600);
		if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 &&
			write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	return child;
}

static void
let_go(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Can another process lock the file now? */
static bool
is_free(const char *path)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		bool taken;
		long pid;
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = open(path, O_RDONLY);
		(void)taken, (void)pid;
		if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0)
			_exit(2);
		_exit(lock.l_type == F_UNLCK ? 0 : 1);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

Test(replace, puts_the_bytes_and_says_done)
{
	struct journal_file record = {.map_id = in("m"), .renamed = 2};
	struct journal *j = open_journal();
	struct target t;
	bool applied;

	open_target(&t, store());
	cr_assert_str_eq(t.format->name, "thunderbird");
	cr_assert_eq(
		target_replace(&t, text_of(NEW), j, &record, &e), 0, "%s", e.message);
	holds(store(), NEW);
	holds(record.old_copy, OLD);
	holds(record.new_copy, NEW);
	cr_assert_eq(record.state, JOURNAL_DONE);
	cr_assert_str_eq(record.path, t.path);
	cr_assert_eq(journal_applied(j, t.path, in("m"), &applied, &e), 0);
	cr_assert(applied);
	target_close(&t);
	cr_assert_eq(count_names(in("p/Mail/one")), 1, "nothing beside it");
	journal_close(j);
}

Test(replace, keeps_mode)
{
	cr_assert_eq(chmod(store(), 0464), 0);
	cr_assert_eq(replace(store(), NEW), 0, "%s", e.message);
	struct stat st;
	cr_assert_eq(stat(store(), &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0464);
}

Test(replace, keeps_owner)
{
	struct stat st;

	if (geteuid() != 0)
		cr_skip_test("only root replaces another's file");
	cr_assert_eq(chown(store(), 4321, 1234), 0);
	cr_assert_eq(chmod(store(), 0640), 0);
	cr_assert_eq(replace(store(), NEW), 0, "%s", e.message);
	cr_assert_eq(stat(store(), &st), 0);
	cr_assert_eq(st.st_uid, 4321);
	cr_assert_eq(st.st_gid, 1234);
	cr_assert_eq(st.st_mode & 07777, 0640);
}

/* A lock of root's would keep the client's owner from starting it. */
Test(replace, of_root_makes_the_client_lock_for_the_profiles_owner)
{
	struct target t;
	struct stat st;

	if (geteuid() != 0)
		cr_skip_test("only root can give files away");
	cr_assert_eq(chown(in("p"), 4321, 1234), 0);
	open_target(&t, store());
	cr_assert_eq(stat(in("p/.parentlock"), &st), 0);
	cr_assert_eq(st.st_uid, 4321);
	cr_assert_eq(st.st_mode & 07777, 0600);
	target_close(&t);
}

Test(replace, keeps_extended_attributes)
{
	char value[16];

	if (setxattr(store(), "user.reuidl", "kept\0it", 7, 0) < 0)
		cr_skip_test("this file system has no extended attributes");
	cr_assert_eq(replace(store(), NEW), 0, "%s", e.message);
	cr_assert_eq(getxattr(store(), "user.reuidl", value, sizeof(value)), 7);
	cr_assert_eq(memcmp(value, "kept\0it", 7), 0);
}

/* linux/posix_acl_xattr.h: version 2, then tag, permissions, id of each entry. */
#define ACL(user, mask)                                                                  \
	"\2\0\0\0\1\0\6\0\xff\xff\xff\xff\2\0" user                                      \
	"\0\x39\5\0\0\4\0\4\0\xff\xff\xff\xff"                                           \
	"\x10\0" mask "\0\xff\xff\xff\xff\x20\0\0\0\xff\xff\xff\xff"

Test(replace, keeps_the_acl)
{
	static const char acl[] = ACL("\6", "\6");
	char before[64], after[64];

	if (setxattr(store(), "system.posix_acl_access", acl, sizeof(acl) - 1, 0) < 0)
		cr_skip_test("this file system has no ACLs");
	ssize_t n = getxattr(store(), "system.posix_acl_access", before, sizeof(before));
	cr_assert_eq(n, 44);
	cr_assert_eq(replace(store(), NEW), 0, "%s", e.message);
	cr_assert_eq(
		getxattr(store(), "system.posix_acl_access", after, sizeof(after)), n);
	cr_assert_eq(memcmp(before, after, (size_t)n), 0);
}

/* New files in the folder are open to user 1337; this one is not. */
Test(replace, does_not_take_the_folders_default_acl)
{
	static const char acl[] = ACL("\6", "\6");
	char after[64];

	if (setxattr(in("p/Mail/one"), "system.posix_acl_default", acl, sizeof(acl) - 1,
		    0) < 0)
		cr_skip_test("this file system has no ACLs");
	cr_assert_eq(replace(store(), NEW), 0, "%s", e.message);
	cr_assert_eq(
		getxattr(store(), "system.posix_acl_access", after, sizeof(after)), -1);
	struct stat st;
	cr_assert_eq(stat(store(), &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0644);
}

Test(replace, follows_a_symbolic_link_and_leaves_it)
{
	struct stat st;

	cr_assert_eq(symlink("p/Mail/one/popstate.dat", in("link")), 0);
	cr_assert_eq(replace(in("link"), NEW), 0, "%s", e.message);
	holds(store(), NEW);
	cr_assert_eq(lstat(in("link"), &st), 0);
	cr_assert(S_ISLNK(st.st_mode));
}

Test(replace, refuses_a_file_with_two_names)
{
	struct target t;

	cr_assert_eq(link(store(), in("other")), 0);
	refused(try_open(&t, store()), ERR_DATA, "format", "has 2 names (hard links)");
	cr_assert_eq(target_open(&t, store(), NULL, false, in("state"), &e), 0,
		"reading it is no harm: %s", e.message);
	target_close(&t);
}

Test(replace, refuses_what_is_no_file)
{
	struct target t;

	refused(try_open(&t, in("p")), ERR_DATA, "format", "not a regular file");
	cr_assert_eq(mkfifo(in("fifo"), 0600), 0);
	refused(try_open(&t, in("fifo")), ERR_DATA, "format", "not a regular file");
	refused(try_open(&t, in("nothing")), ERR_NO_STORE, "io", "No such file");
}

Test(replace, refuses_while_the_client_runs)
{
	struct target t;
	pid_t client = hold(in("p/.parentlock"));
	char *words =
		arena_print(&arena, "is running on %s/p, process %d", dir, (int)client);

	refused(try_open(&t, store()), ERR_BUSY, "client-running", words);
	cr_assert_not_null(strstr(e.message, "nothing was changed"));
	cr_assert_eq(target_open(&t, store(), NULL, false, in("state"), &e), 0);
	cr_assert_not_null(strstr(t.running, words), "%s", t.running);
	target_close(&t);
	let_go(client);
	cr_assert_eq(replace(store(), NEW), 0, "%s", e.message);
}

/* Builds for file systems without fcntl locks have only the link. */
Test(replace, symlink_without_plus_and_a_live_process_is_a_running_client)
{
	struct target t;

	cr_assert_eq(
		symlink(arena_print(&arena, "127.0.0.1:%d", (int)getpid()), in("p/lock")),
		0);
	refused(try_open(&t, store()), ERR_BUSY, "client-running", "is running on");
}

/* No lock of ours keeps such a one from starting while we are at work. */
Test(replace, a_client_that_has_started_since)
{
	struct journal_file record = {0};
	struct journal *j = open_journal();
	struct target t;

	open_target(&t, store());
	cr_assert_eq(
		symlink(arena_print(&arena, "127.0.0.1:%d", (int)getpid()), in("p/lock")),
		0);
	refused(target_replace(&t, text_of(NEW), j, &record, &e), ERR_BUSY,
		"client-running", "quit it first; nothing was changed");
	target_close(&t);
	holds(store(), OLD);
	cr_assert_eq(count_names(in("p/Mail/one")), 1, "no temporary file is left");
	journal_close(j);
}

/* Thunderbird leaves it after a clean end, and with '+' the other lock decides. */
Test(replace, symlink_with_plus_or_a_dead_process_is_not)
{
	struct target t;
	pid_t dead = fork();

	if (dead == 0)
		_exit(0);
	cr_assert_eq(waitpid(dead, NULL, 0), dead);
	cr_assert_eq(symlink(arena_print(&arena, "127.0.0.1:+%d", (int)getpid()),
			     in("p/lock")),
		0);
	open_target(&t, store());
	target_close(&t);
	cr_assert_eq(unlink(in("p/lock")), 0);
	cr_assert_eq(
		symlink(arena_print(&arena, "127.0.0.1:%d", (int)dead), in("p/lock")), 0);
	open_target(&t, store());
	target_close(&t);
}

Test(replace, holds_the_clients_lock_to_the_end)
{
	struct journal_file record = {0};
	struct journal *j = open_journal();
	struct target t;

	open_target(&t, store());
	cr_assert_not(is_free(in("p/.parentlock")));
	cr_assert_eq(
		target_replace(&t, text_of(NEW), j, &record, &e), 0, "%s", e.message);
	cr_assert_not(is_free(in("p/.parentlock")), "after the rename, too");
	target_close(&t);
	cr_assert(is_free(in("p/.parentlock")));
	journal_close(j);
}

/* Closing any descriptor of a file would drop the other's lock. */
Test(replace, two_stores_of_one_profile_share_the_lock)
{
	struct target one, two, look;
	bool taken;
	long pid;

	open_target(&one, store());
	open_target(&two, in("p/Mail/two/popstate.dat"));
	target_close(&two);
	cr_assert_not(is_free(in("p/.parentlock")), "the first still holds it");
	cr_assert_eq(os_lock_taken(in("p/.parentlock"), &taken, &pid, &e), 0);
	cr_assert_not(taken, "not by another");
	cr_assert_not(is_free(in("p/.parentlock")), "asking has not dropped it");
	cr_assert_eq(target_open(&look, in("p/Mail/two/popstate.dat"), NULL, false,
			     in("state"), &e),
		0, "%s", e.message);
	cr_assert_null(look.running);
	target_close(&look);
	cr_assert_not(is_free(in("p/.parentlock")), "nor has looking");
	target_close(&one);
	cr_assert(is_free(in("p/.parentlock")));
}

Test(replace, looking_takes_and_makes_no_lock)
{
	struct target t;

	cr_assert_eq(target_open(&t, store(), NULL, false, in("state"), &e), 0);
	cr_assert_not(os_exists(in("p/.parentlock")));
	cr_assert_not(os_exists(in("state")));
	cr_assert_null(t.running);
	target_close(&t);
}

Test(replace, reads_the_settings_of_the_profile)
{
	struct target t;

	open_target(&t, store());
	cr_assert_str_eq(t.settings.path, in("p/prefs.js"));
	cr_assert(text_equal(t.settings.bytes, text_of("// prefs\n")));
	target_close(&t);
}

/* Six folders, the store's own the first. */
Test(replace, does_not_look_for_settings_far_above)
{
	struct target t;
	char *path = in("p");

	for (int i = 0; i < 6; i++) {
		path = arena_print(&arena, "%s/d%d", path, i);
		cr_assert_eq(mkdir(path, 0755), 0);
		char *file = arena_print(&arena, "%s/popstate.dat", path);
		put_file(file, OLD);
		cr_assert_eq(
			target_open(&t, file, "thunderbird", false, in("state"), &e), 0);
		cr_assert_eq(t.settings.path != NULL, i < 5, "%s", file);
		target_close(&t);
	}
}

Test(replace, without_a_profile_makes_no_client_lock)
{
	struct target t;

	put_file(in("popstate.dat"), OLD);
	cr_assert_eq(
		target_open(&t, in("popstate.dat"), "thunderbird", true, in("state"), &e),
		0, "%s", e.message);
	cr_assert_null(t.settings.path);
	target_close(&t);
	cr_assert_not(os_exists(in(".parentlock")));
}

/* A lock that lies beside a store without a profile is honoured. */
Test(replace, without_a_profile_honours_a_lock_beside_it)
{
	struct target t;
	pid_t client = hold(in(".parentlock"));

	put_file(in("popstate.dat"), OLD);
	refused(target_open(&t, in("popstate.dat"), "thunderbird", true, in("state"), &e),
		ERR_BUSY, "client-running", "is running on");
	let_go(client);
	cr_assert_eq(
		target_open(&t, in("popstate.dat"), "thunderbird", true, in("state"), &e),
		0, "%s", e.message);
	cr_assert_not(is_free(in(".parentlock")), "and held");
	target_close(&t);
}

Test(replace, refuses_while_another_reuidl_is_at_it)
{
	struct target t;
	struct stat st;

	cr_assert_eq(stat(store(), &st), 0);
	char *lock = journal_lock_path(&arena, in("state"), st.st_dev, st.st_ino, &e);
	cr_assert_not_null(lock);
	pid_t other = hold(lock);
	refused(try_open(&t, store()), ERR_BUSY, "locked", "another reuidl");
	cr_assert_not_null(
		strstr(e.message, arena_print(&arena, "process %d", (int)other)));
	let_go(other);
}

/* The next reuidl must find it locked, although the file has another number now. */
Test(replace, keeps_our_lock_over_the_rename)
{
	struct journal_file record = {0};
	struct journal *j = open_journal();
	struct target t;
	struct stat st;

	open_target(&t, store());
	cr_assert_eq(
		target_replace(&t, text_of(NEW), j, &record, &e), 0, "%s", e.message);
	cr_assert_eq(stat(store(), &st), 0);
	char *lock = journal_lock_path(&arena, in("state"), st.st_dev, st.st_ino, &e);
	cr_assert(os_exists(lock));
	cr_assert_not(is_free(lock));
	target_close(&t);
	cr_assert(is_free(lock));
	journal_close(j);
}

static void
replace_after(const char *now)
{
	struct journal_file record = {0};
	struct journal *j = open_journal();
	struct journal_file *files;
	struct target t;
	size_t n;

	open_target(&t, store());
	if (now != NULL)
		put_file(store(), now);
	else
		cr_assert_eq(unlink(store()), 0);
	refused(target_replace(&t, text_of(NEW), j, &record, &e), ERR_GUARD,
		"changed-since-read", "changed since it was read");
	cr_assert_not_null(strstr(e.message, "nothing was changed"), "%s", e.message);
	cr_assert_eq(journal_files(j, &arena, false, &files, &n, &e), 0);
	cr_assert_eq(n, 0);
	target_close(&t);
	journal_close(j);
}

Test(replace, refuses_a_store_that_changed_since_it_was_read)
{
	replace_after(OLD "k ffffffffffff 1700000003\n");
	holds(store(), OLD "k ffffffffffff 1700000003\n");
	cr_assert_eq(count_names(in("p/Mail/one")), 1);
}

/* The pieces that a file is read in end where they end, in it or with it. */
Test(replace, reads_back_every_byte)
{
	static const size_t lens[] = {0, 1, 131071, 131072, 131073, 262144};
	char *bytes = arena_alloc(&arena, 262145);
	bool same;
	int fd;

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		struct text t = {bytes, lens[i]};
		char *path = arena_print(&arena, "%s/same.%zu", dir, i);

		cr_assert_eq(os_open_new(path, &fd, &e), 0, "%s", e.message);
		cr_assert_eq(os_write_fd(fd, path, t, &e), 0, "%s", e.message);
		cr_assert_eq(os_same_fd(fd, path, t, &same, &e), 0, "%s", e.message);
		cr_assert(same, "%zu bytes", t.len);
		t.len++;
		cr_assert_eq(os_same_fd(fd, path, t, &same, &e), 0);
		cr_assert(!same, "%zu bytes and one more", lens[i]);
		if (lens[i] > 0) {
			t.len = lens[i] - 1;
			cr_assert_eq(os_same_fd(fd, path, t, &same, &e), 0);
			cr_assert(!same, "%zu bytes but the last", lens[i]);
			t.len = lens[i];
			bytes[t.len - 1] ^= 1;
			cr_assert_eq(os_same_fd(fd, path, t, &same, &e), 0);
			cr_assert(!same, "%zu bytes, the last another", lens[i]);
			bytes[t.len - 1] ^= 1;
		}
		cr_assert_eq(os_close(fd, path, &e), 0);
	}
}

/* What is large goes to the disk and comes from it by itself, but for its end. */
Test(replace, writes_and_reads_back_what_is_large)
{
	static const size_t places[] = {0, 1048575, 1048576, 9999999, 17825791, 17825892};
	size_t len = 17825893; /* 17 MiB and 101 */
	char *bytes = malloc(len), *path = in("large"), *read;
	struct text t = {bytes, len};
	struct os_stat st;
	bool same;
	size_t n;
	int fd;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	cr_assert_eq(os_open_new(path, &fd, &e), 0, "%s", e.message);
	cr_assert_eq(os_write_fd(fd, path, t, &e), 0, "%s", e.message);
	cr_assert_eq(os_sync_fd(fd, path, &e), 0);
	cr_assert_eq(os_reads_back(fd, path, t, &same, &e), 0, "%s", e.message);
	cr_assert(same);
	cr_assert_eq(os_read(path, len, &read, &n, &st, &e), 0, "%s", e.message);
	cr_assert_eq(n, len);
	cr_assert_eq(memcmp(read, bytes, len), 0);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		bytes[places[i]] ^= 1;
		cr_assert_eq(os_reads_back(fd, path, t, &same, &e), 0);
		cr_assert(!same, "byte %zu is another", places[i]);
		bytes[places[i]] ^= 1;
	}
	t.len--;
	cr_assert_eq(os_reads_back(fd, path, t, &same, &e), 0);
	cr_assert(!same, "a byte more than was written");
	/* The flag is taken back: the next write is of any length. */
	cr_assert_eq(os_write_fd(fd, path, text_of("x"), &e), 0, "%s", e.message);
	cr_assert_eq(os_close(fd, path, &e), 0);
	cr_assert_eq(os_stat(path, &st, &e), 0);
	cr_assert_eq(st.size, len + 1);
	free(bytes);
	free(read);
}

/* Same size, same time: only the bytes tell. */
Test(replace, refuses_other_bytes_of_the_same_size_and_time)
{
	struct journal_file record = {0};
	struct journal *j = open_journal();
	struct target t;
	struct stat st;

	cr_assert_eq(stat(store(), &st), 0);
	open_target(&t, store());
	put_file(store(), OTHER);
	struct timespec times[2] = {st.st_atim, st.st_mtim};
	cr_assert_eq(utimensat(AT_FDCWD, store(), times, 0), 0);
	refused(target_replace(&t, text_of(NEW), j, &record, &e), ERR_GUARD,
		"changed-since-read", "changed since it was read");
	holds(store(), OTHER);
	target_close(&t);
	journal_close(j);
}

Test(replace, refuses_a_store_that_is_gone)
{
	replace_after(NULL);
	cr_assert_not(os_exists(store()));
}

Test(replace, refuses_a_store_that_was_replaced)
{
	struct journal_file record = {0};
	struct journal *j = open_journal();
	struct target t;

	open_target(&t, store());
	put_file(in("p/Mail/one/x"), OLD);
	cr_assert_eq(rename(in("p/Mail/one/x"), store()), 0);
	refused(target_replace(&t, text_of(NEW), j, &record, &e), ERR_GUARD,
		"changed-since-read", "changed since it was read");
	target_close(&t);
	journal_close(j);
}

/* What follows needs a process that is not root, or one that may mount. */
static void
as_nobody(void (*run)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(3);
		run();
		_exit(9);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status), "it crashed");
	cr_assert_eq(WEXITSTATUS(status), 0, "step %d", WEXITSTATUS(status));
}

static void
open_in_read_only_folder(void)
{
	struct target t;

	if (try_open(&t, store()) == 0)
		_exit(4);
	if (e.kind != ERR_IO || strstr(e.message, "cannot write to the folder") == NULL ||
		strstr(e.message, "p/Mail/one: ") == NULL ||
		strstr(e.message, "nothing was changed") == NULL)
		_exit(5);
	if (target_open(&t, store(), NULL, false, in("state"), &e) < 0)
		_exit(6);
	_exit(0);
}

Test(replace, refuses_a_read_only_folder_when_it_is_opened)
{
	cr_assert_eq(chmod(in("p/Mail/one"), 0555), 0);
	cr_assert_eq(chmod(in("p"), 0555), 0);
	as_nobody(open_in_read_only_folder);
	cr_assert_not(os_exists(in("p/.parentlock")));
}

static void
replace_anothers(void)
{
	struct journal_file record = {0};
	struct journal *j;
	struct target t;

	if (journal_open(in("mine/state"), &j, &e) < 0 ||
		target_open(&t, store(), NULL, true, in("mine/state"), &e) < 0)
		_exit(4);
	if (target_replace(&t, text_of(NEW), j, &record, &e) == 0)
		_exit(5);
	if (strstr(e.message, "cannot keep its owner") == NULL ||
		strstr(e.message, "nothing was changed") == NULL)
		_exit(6);
	if (last_state(j) != JOURNAL_ROLLED_BACK)
		_exit(7);
	_exit(0);
}

/* A folder that all may write to, a file of somebody else's. */
Test(replace, refuses_what_it_could_not_keep_the_owner_of)
{
	if (geteuid() != 0)
		cr_skip_test("needs two users");
	cr_assert_eq(mkdir(in("mine"), 0755), 0);
	cr_assert_eq(chown(in("mine"), 65534, 65534), 0);
	cr_assert_eq(chmod(in("p"), 0777), 0);
	cr_assert_eq(chmod(in("p/Mail/one"), 0777), 0);
	as_nobody(replace_anothers);
	holds(store(), OLD);
	cr_assert_eq(count_names(in("p/Mail/one")), 1);
}

/* A disk with room for some blocks; 77 if this machine will not have it. */
static void
mount_small(const char *path, const char *size)
{
	if (unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", path, "tmpfs", 0, size) < 0)
		_exit(77);
}

static int
in_child(void (*run)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		run();
		_exit(9);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status), "it crashed");
	return WEXITSTATUS(status);
}

/* Fill it to the last byte. */
static void
fill(const char *path)
{
	static char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	if (fd < 0)
		_exit(78);
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static void
replace_on_full_mail_disk(void)
{
	struct journal_file record = {0};
	struct journal *j;
	struct target t;

	mount_small(in("p/Mail/one"), "size=64k");
	put_file(store(), OLD);
	if (journal_open(in("state"), &j, &e) < 0 || try_open(&t, store()) < 0)
		_exit(2);
	fill(in("p/Mail/one/filler"));
	if (target_replace(&t, text_of(NEW), j, &record, &e) == 0)
		_exit(3);
	if (e.kind != ERR_IO || strstr(e.message, "No space left") == NULL ||
		strstr(e.message, "nothing was changed") == NULL)
		_exit(4);
	holds(store(), OLD);
	if (count_names(in("p/Mail/one")) != 2)
		_exit(5);
	if (last_state(j) != JOURNAL_ROLLED_BACK)
		_exit(6);
	target_close(&t);
	journal_close(j);
	_exit(0);
}

static void
replace_with_full_state_disk(void)
{
	struct journal_file record = {0};
	struct journal *j;
	struct target t;

	if (mkdir(in("state"), 0700) < 0)
		_exit(1);
	mount_small(in("state"), "size=64k");
	if (journal_open(in("state"), &j, &e) < 0 || try_open(&t, store()) < 0)
		_exit(2);
	fill(in("state/filler"));
	if (target_replace(&t, text_of(NEW), j, &record, &e) == 0)
		_exit(3);
	if (e.kind != ERR_IO || strstr(e.message, "nothing was changed") == NULL)
		_exit(4);
	holds(store(), OLD);
	if (count_names(in("p/Mail/one")) != 1)
		_exit(5);
	target_close(&t);
	journal_close(j);
	_exit(0);
}

static void
full_disk(void (*run)(void))
{
	if (geteuid() != 0)
		cr_skip_test("only root can mount a small disk");
	int code = in_child(run);
	if (code == 77)
		cr_skip_test("no mounts here");
	cr_assert_eq(code, 0, "step %d", code);
}

Test(replace, full_mail_disk_changes_nothing)
{
	full_disk(replace_on_full_mail_disk);
}

Test(replace, full_state_disk_changes_nothing)
{
	full_disk(replace_with_full_state_disk);
}

/* From here on: what a run leaves that died, made by hand. */
static char *
prepared(struct journal *j, const char *map_id)
{
	struct journal_file f = {
		.run = journal_new_run(&arena),
		.path = store(),
		.temporary = in("p/Mail/one/.reuidl-0123456789abcdef.tmp"),
		.map_id = in(map_id),
		.format = arena_string(&arena, text_of("thunderbird")),
		.old_digest = digest_of(text_of(OLD)),
	};

	cr_assert_eq(journal_keep(j, &arena, &f, text_of(OLD), text_of(NEW), &e), 0);
	cr_assert_eq(journal_prepare(j, &f, &e), 0, "%s", e.message);
	return f.old_copy;
}

static char said[256];

static void
say(void *arg, const char *sentence)
{
	(void)arg;
	snprintf(said, sizeof(said), "%s", sentence);
}

static enum journal_state
recovered(struct journal *j)
{
	cr_assert_eq(replace_recover(j, say, NULL, &e), 0, "%s", e.message);
	return last_state(j);
}

Test(recover, before_the_temporary_file_rolls_back, .init = begin, .fini = end)
{
	struct journal *j = open_journal();
	char *backup = prepared(j, "m");

	cr_assert_eq(recovered(j), JOURNAL_ROLLED_BACK);
	cr_assert_not_null(strstr(said, "rolled back"), "%s", said);
	cr_assert_not(os_exists(backup));
	holds(store(), OLD);
	journal_close(j);
}

Test(recover, before_the_rename_rolls_back, .init = begin, .fini = end)
{
	struct journal *j = open_journal();

	prepared(j, "m");
	put_file(in("p/Mail/one/.reuidl-0123456789abcdef.tmp"), "half");
	cr_assert_eq(recovered(j), JOURNAL_ROLLED_BACK);
	holds(store(), OLD);
	cr_assert_eq(count_names(in("p/Mail/one")), 1);
	journal_close(j);
}

Test(recover, after_the_rename_finishes, .init = begin, .fini = end)
{
	struct journal *j = open_journal();
	char *backup = prepared(j, "m");
	bool applied;

	put_file(store(), NEW);
	cr_assert_eq(recovered(j), JOURNAL_DONE);
	cr_assert_not_null(strstr(said, "finished"), "%s", said);
	cr_assert(os_exists(backup));
	cr_assert_eq(journal_applied(j, store(), in("m"), &applied, &e), 0);
	cr_assert(applied);
	holds(store(), NEW);
	journal_close(j);
}

/* The client has been there in between. */
Test(recover, rewritten_before_the_rename_rolls_back, .init = begin, .fini = end)
{
	struct journal *j = open_journal();
	char *backup = prepared(j, "m");

	put_file(in("p/Mail/one/.reuidl-0123456789abcdef.tmp"), NEW);
	put_file(store(), OTHER);
	cr_assert_eq(recovered(j), JOURNAL_ROLLED_BACK);
	holds(store(), OTHER);
	cr_assert_eq(count_names(in("p/Mail/one")), 1);
	cr_assert(os_exists(backup), "nobody else has the old bytes now");
	journal_close(j);
}

/* It has been at the new server by itself: its UIDLs are ours by nobody's hand. */
Test(recover, new_uidls_before_the_rename_are_not_ours, .init = begin, .fini = end)
{
	struct journal *j = open_journal();

	prepared(j, "m");
	put_file(in("p/Mail/one/.reuidl-0123456789abcdef.tmp"), NEW);
	put_file(store(),
		"# POP3 State File\n\n*localhost lab\nk cccccccccccc 1700000009\n");
	cr_assert_eq(recovered(j), JOURNAL_ROLLED_BACK);
	journal_close(j);
}

Test(recover, rewritten_after_the_rename_finishes, .init = begin, .fini = end)
{
	struct journal *j = open_journal();

	prepared(j, "m");
	put_file(store(), NEW "k ffffffffffff 1700000009\n");
	cr_assert_eq(recovered(j), JOURNAL_DONE);
	journal_close(j);
}

/* The temporary file is gone, too, when a run failed and could not say so any more. */
Test(recover, rewritten_with_nothing_of_ours_rolls_back, .init = begin, .fini = end)
{
	struct journal *j = open_journal();

	prepared(j, "m");
	put_file(store(), OTHER);
	cr_assert_eq(recovered(j), JOURNAL_ROLLED_BACK);
	holds(store(), OTHER);
	journal_close(j);
}

Test(recover, store_that_is_gone_keeps_the_backup, .init = begin, .fini = end)
{
	struct journal *j = open_journal();
	char *backup = prepared(j, "m");

	cr_assert_eq(unlink(store()), 0);
	cr_assert_eq(recovered(j), JOURNAL_DONE);
	holds(backup, OLD);
	journal_close(j);
}

Test(recover, disk_that_is_not_there_is_left_alone, .init = begin, .fini = end)
{
	struct journal *j = open_journal();

	prepared(j, "m");
	cr_assert_eq(rename(in("p"), in("unmounted")), 0);
	cr_assert_eq(recovered(j), JOURNAL_PREPARED);
	journal_close(j);
}

Test(recover, leaves_a_live_run_alone, .init = begin, .fini = end)
{
	struct journal *j = open_journal();
	struct stat st;

	prepared(j, "m");
	put_file(in("p/Mail/one/.reuidl-0123456789abcdef.tmp"), "half");
	cr_assert_eq(stat(store(), &st), 0);
	pid_t live =
		hold(journal_lock_path(&arena, in("state"), st.st_dev, st.st_ino, &e));
	cr_assert_eq(recovered(j), JOURNAL_PREPARED);
	cr_assert_eq(count_names(in("p/Mail/one")), 2);
	let_go(live);
	cr_assert_eq(recovered(j), JOURNAL_ROLLED_BACK);
	journal_close(j);
}

/* The journal is a file in a home; its word is not enough to remove any file. */
Test(recover, removes_nothing_that_is_not_ours, .init = begin, .fini = end)
{
	struct journal *j = open_journal();
	struct journal_file f = {
		.run = journal_new_run(&arena),
		.path = store(),
		.temporary = in("p/prefs.js"),
		.format = arena_string(&arena, text_of("thunderbird")),
		.old_digest = digest_of(text_of(OLD)),
	};

	cr_assert_eq(journal_keep(j, &arena, &f, text_of(OLD), text_of(NEW), &e), 0);
	cr_assert_eq(journal_prepare(j, &f, &e), 0, "%s", e.message);
	recovered(j);
	cr_assert(os_exists(in("p/prefs.js")));
	journal_close(j);
}
