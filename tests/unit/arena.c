/* The arena: texts of every length, and arrays that grow. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Short texts take another way than long ones; the border must not show. */
static void arena__prints_texts_of_every_length(void **state)
{
	struct arena a;
	char *long_text = malloc(20001);

	arena_init(&a);
	memset(long_text, 'x', 20000);
	for (int len = 0; len <= 20000; len += len < 600 ? 1 : 4850) {
		char *text;

		long_text[len] = '\0';
		text = arena_printf(&a, "<%s %d>", long_text, 7);
		assert_int_equal(strlen(text), len + 4);
		assert_memory_equal(text + 1, long_text, (size_t)len);
		assert_string_equal(text + 1 + len, " 7>");
		long_text[len] = 'x';
	}
	free(long_text);
	arena_release(&a);
}

static void arena__grown_arrays_keep_their_elements(void **state)
{
	static const size_t firsts[] = {4, 128};

	for (size_t f = 0; f < 2; f++) {
		uint64_t *items = NULL, *before = NULL;
		size_t moves = 0;
		struct arena a;

		arena_init(&a);
		for (size_t i = 0; i < 5000; i++) {
			assert_int_equal(arena_grow_from(&a, &items, i, sizeof(*items), firsts[f]),
					 0);
			moves += items != before;
			before = items;
			assert_int_equal((uintptr_t)items % 16, 0);
			items[i] = i * i;
		}
		for (size_t i = 0; i < 5000; i++)
			assert_int_equal(items[i], i * i);
		/* doubling, from the first size on: 4 or 128 up to 8192 */
		assert_int_equal(moves, f ? 7 : 12);
		arena_release(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena__prints_texts_of_every_length),
		cmocka_unit_test(arena__grown_arrays_keep_their_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
