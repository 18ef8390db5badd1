/* The colours: each can be read on a light ground and on a dark one. Contrast as WCAG 2 counts it.
 */
#include "base/tint.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Of the 256: 16 of the terminal's own, a cube of 6 by 6 by 6, and 24 greys. */
static double level(int number, int channel)
{
	static const int steps[] = {0, 95, 135, 175, 215, 255}, places[] = {36, 6, 1};
	int value =
		number < 232 ? steps[(number - 16) / places[channel] % 6] : 8 + 10 * (number - 232);
	double part = value / 255.0;

	return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

static void tint__is_readable_on_white_and_on_black(void **state)
{
	static const char *const tints[] = {TINT_DIM, TINT_GOOD, TINT_WARN,   TINT_BAD,
					    TINT_ASK, TINT_HEAD, TINT_INSIDE, TINT_HOST};

	for (size_t i = 0; i < sizeof(tints) / sizeof(tints[0]); i++) {
		int number = 0;
		double light;

		assert_int_equal(sscanf(tints[i], "38;5;%d", &number), 1);
		assert_in_range(number, 16, 255); /* below 16 the terminal decides */
		light = 0.2126 * level(number, 0) + 0.7152 * level(number, 1) +
			0.0722 * level(number, 2);
		if (1.05 / (light + 0.05) < 4 || (light + 0.05) / 0.05 < 4)
			fail_msg("%s: %.1f on white, %.1f on black", tints[i],
				 1.05 / (light + 0.05), (light + 0.05) / 0.05);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tint__is_readable_on_white_and_on_black),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
