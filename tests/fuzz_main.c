/*
 * Runs a fuzz target over files, without libFuzzer: what `make check` does with the
 * corpus, under any compiler.
 *
 *     build/fuzz_NAME FILE-OR-FOLDER…
 *
 * Folders are walked to the bottom. Each input is handed over in a block of exactly its
 * size, so that a sanitizer sees one byte too many. Nothing found is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs;

static void
run_bytes(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	inputs++;
}

/* The file, and the file cut short in three places: a truncated input is the commonest. */
static int
run_file(const char *path, long long size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc((size_t)size + 1);
	size_t len;

	if (!f || !bytes) {
		perror(path);
		exit(1);
	}
	len = fread(bytes, 1, (size_t)size, f);
	fclose(f);
	run_bytes(bytes, len);
	for (size_t i = 1; i < 4; i++)
		run_bytes(bytes, len * i / 4);
	free(bytes);
	return 0;
}

static void
run_path(const char *path)
{
	struct stat st;
	struct dirent *entry;
	DIR *dir;

	if (stat(path, &st) < 0) {
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode)) {
		run_file(path, st.st_size);
		return;
	}
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		char below[4096];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if ((size_t)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) <
			sizeof(below))
			run_path(below);
	}
	if (dir)
		closedir(dir);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	printf("%s: %zu inputs\n", argv[0], inputs);
	return inputs ? 0 : 1;
}
