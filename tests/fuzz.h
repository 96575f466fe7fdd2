/*
 * A fuzz target: tests/fuzz_NAME.c. libFuzzer calls it, or fuzz_main.c with files.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds whatever the bytes are. */
static inline void
must(bool holds)
{
	if (!holds)
		abort();
}

#endif
