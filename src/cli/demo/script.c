/* A demonstration as a plain lecture script: what would be said, asked, typed and seen. Runs
 * nothing. */
#include "cli/demo/demo.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80 };

static void print_lines(const char *lead, const char *next, const char *text)
{
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		printf("%s%.*s\n", lead, (int)len, text);
		lead = next;
	}
}

static void print_check(const char *rule)
{
	const char *words = strstr(rule, " -- ");
	int len = words ? (int)(words - rule) : (int)strlen(rule);
	char lead[512];

	snprintf(lead, sizeof(lead), "    - %.*s", len, rule);
	if (words)
		show_wrapped(strcat(lead, ": "), 6, WIDTH, words + 4);
	else
		puts(lead);
}

static const char *side_lead(enum item_kind kind)
{
	switch ((int)kind) {
	case ITEM_INSIDE:
		return "    inside $ ";
	case ITEM_HOST:
		return "    host   $ ";
	default:
		return "           $ ";
	}
}

static void print_item(const struct item *item, int *step)
{
	switch (item->kind) {
	case ITEM_STEP:
		printf("\n%d. %s\n\n", ++*step, item->text);
		break;
	case ITEM_SAY:
		show_wrapped("    ", 4, WIDTH, item->text);
		break;
	case ITEM_ASK:
		show_wrapped("\n    Ask: ", 9, WIDTH, item->text);
		break;
	case ITEM_START:
	case ITEM_INSIDE:
	case ITEM_HOST:
	case ITEM_BOTH:
		putchar('\n');
		print_lines(side_lead(item->kind), "           > ", item->text);
		break;
	case ITEM_CHECK:
		print_check(item->text);
		break;
	case ITEM_RULE:
		show_wrapped("\n    Rule: ", 10, WIDTH, item->text);
		break;
	case ITEM_WAIT:
		show_wrapped("\n    Wait: ", 10, WIDTH, item->text);
		break;
	case ITEM_OTHERWISE:
		show_wrapped("    Only where it can be done; otherwise say: ", 4, WIDTH,
			     item->text);
		break;
	case ITEM_TITLE:
	case ITEM_ABOUT:
	case ITEM_NEED:
	case ITEM_WHEN:
	case ITEM_UNTIL:
	case ITEM_FACT:
	case ITEM_TABLE:
	case ITEM_ROW:
	case ITEM_FINALLY:
		break;
	}
}

void show_script(const struct demo *demo)
{
	const struct item *about = demo_find(demo, 0, ITEM_ABOUT);
	size_t first = demo->count;
	int step = 0;

	printf("%s\n", demo_title(demo));
	for (size_t i = strlen(demo_title(demo)); i > 0; i--)
		putchar('=');
	putchar('\n');
	if (about) {
		putchar('\n');
		show_wrapped("", 0, WIDTH, about->text);
	}
	for (size_t i = demo->count; i > 0; i--)
		if (demo->items[i - 1].kind == ITEM_STEP)
			first = i - 1;
	for (size_t i = 0; i < demo->count; i++)
		if (demo->items[i].kind == ITEM_NEED)
			printf("\nNeeds: %s\n", demo->items[i].text);
	for (size_t i = first; i < demo->count; i++)
		print_item(&demo->items[i], &step);
}
