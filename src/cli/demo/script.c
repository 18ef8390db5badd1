/* A demonstration as a plain lecture script: what would be said, asked, typed and seen. Runs
 * nothing. */
#include "cli/demo/demo.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80 };

static void print_lines(const char *lead, const char *next, const char *text, const char *end)
{
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		printf("%s%.*s%s\n", lead, (int)len, text, text[len] ? "" : end);
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

static bool is_command(const struct item *item)
{
	return item->kind == ITEM_INSIDE || item->kind == ITEM_HOST || item->kind == ITEM_BOTH ||
	       item->kind == ITEM_START;
}

/* A fact that later commands use is a variable that the lecturer has to set. */
static void print_fact(const struct demo *demo, size_t at)
{
	const char *text = demo->items[at].text;
	int len = (int)strcspn(text, " =");
	char variable[80];

	snprintf(variable, sizeof(variable), "$%.*s", len < 64 ? len : 64, text);
	for (size_t i = at + 1; i < demo->count; i++)
		if (is_command(&demo->items[i]) && strstr(demo->items[i].text, variable)) {
			printf("    (keep %.*s: a later command uses it)\n", len, text);
			return;
		}
}

static void print_until(const char *text)
{
	char file[64] = "", name[64] = "";

	if (sscanf(text, "%63s %63s", file, name) == 2)
		printf("    (wait for the file %s; %s is what it says)\n", file, name);
}

static void print_need(const char *text)
{
	char program[64] = "", package[64] = "", other[64] = "";

	if (sscanf(text, "%63s %63s %63s", program, package, other) >= 2)
		printf("\nNeeds %s, of the package %s%s%s%s.\n", program, package,
		       *other ? " (Fedora: " : "", other, *other ? ")" : "");
}

static void print_item(const struct demo *demo, size_t at, int *step)
{
	const struct item *item = &demo->items[at];

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
		print_lines(side_lead(item->kind), "           > ", item->text,
			    item->kind == ITEM_START ? " &" : "");
		break;
	case ITEM_CHECK:
		print_check(item->text);
		break;
	case ITEM_UNTIL:
		print_until(item->text);
		break;
	case ITEM_FACT:
		print_fact(demo, at);
		break;
	case ITEM_RULE:
		show_wrapped("\n    Rule: ", 10, WIDTH, item->text);
		break;
	case ITEM_WAIT:
		show_wrapped("\n    Wait: ", 10, WIDTH, item->text);
		break;
	case ITEM_OTHERWISE:
		show_wrapped("    Only where it can be done; otherwise say:\n      ", 6, WIDTH,
			     item->text);
		break;
	case ITEM_RECORDED:
		show_wrapped("    What it showed elsewhere, recorded ", 4, WIDTH, item->text);
		break;
	case ITEM_RECORD:
		printf("    * %s\n", item->text);
		break;
	case ITEM_TITLE:
	case ITEM_ABOUT:
	case ITEM_NEED:
	case ITEM_WHEN:
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
			print_need(demo->items[i].text);
	for (size_t i = first; i < demo->count; i++)
		print_item(demo, i, &step);
}
