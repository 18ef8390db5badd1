/* Names for containers that were given none: two plain words. It knows no store. */
#include "state/private.h"

#include <stdio.h>
#include <sys/random.h>

enum { WORDS = 64 };

static const char *const adjectives[WORDS] = {
	"amber",  "ample",   "bold",  "brave",	"brief",  "bright",  "broad",  "calm",
	"clear",  "clever",  "cool",  "cosy",	"crisp",  "curious", "deep",   "eager",
	"early",  "earnest", "easy",  "even",	"fair",	  "famous",  "fine",   "firm",
	"fresh",  "gentle",  "glad",  "golden", "grand",  "green",   "happy",  "hardy",
	"honest", "humble",  "jolly", "keen",	"kind",	  "light",   "lively", "lucky",
	"mellow", "merry",   "mild",  "neat",	"noble",  "patient", "plain",  "proud",
	"quick",  "quiet",   "ready", "round",	"silent", "silver",  "simple", "sleepy",
	"smooth", "steady",  "sunny", "swift",	"tidy",	  "warm",    "wide",   "wise",
};

static const char *const nouns[WORDS] = {
	"acorn",   "anchor",  "badger", "barley",  "basil",  "beaver", "birch",	 "brook",
	"candle",  "canoe",   "cedar",	"cherry",  "cloud",  "clover", "comet",	 "copper",
	"cricket", "dune",    "falcon", "feather", "fern",   "finch",  "forest", "garden",
	"ginger",  "grove",   "harbor", "hazel",   "heron",  "hill",   "island", "ivy",
	"kettle",  "lantern", "lark",	"lemon",   "linden", "maple",  "marble", "meadow",
	"mint",	   "nutmeg",  "oak",	"orchid",  "otter",  "paddle", "pebble", "pepper",
	"pine",	   "plum",    "puffin", "raven",   "reed",   "river",  "robin",	 "sparrow",
	"spruce",  "stone",   "swan",	"thistle", "tulip",  "valley", "willow", "wren",
};

void state_generate_name(char name[static STATE_NAME_MAX + 1], unsigned attempt)
{
	unsigned char bytes[4] = {0};
	ssize_t n = getrandom(bytes, sizeof(bytes), 0);

	/* Names need no secrecy: without random bytes the attempt makes them differ. */
	if (n != (ssize_t)sizeof(bytes))
		bytes[0] = bytes[1] = (unsigned char)attempt;
	if (attempt < 2)
		snprintf(name, STATE_NAME_MAX + 1, "%s_%s", adjectives[bytes[0] % WORDS],
			 nouns[bytes[1] % WORDS]);
	else
		snprintf(name, STATE_NAME_MAX + 1, "%s_%s_%u", adjectives[bytes[0] % WORDS],
			 nouns[bytes[1] % WORDS], bytes[2] * 256u + bytes[3] + attempt);
}
