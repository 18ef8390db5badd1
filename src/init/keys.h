/* Finding the detach sequence in what is typed. Freestanding; one function, so that it can be
 * tested alone. */
#ifndef ROOTLET_INIT_KEYS_H
#define ROOTLET_INIT_KEYS_H

#include <stdbool.h>

struct keys {
	const unsigned char *sequence;
	unsigned int count;   /* 0: nothing is a sequence */
	unsigned int matched; /* bytes of it that were typed and are held back */
};

/* Is sequence[0..n) what the held bytes end with? */
static inline bool keys_border(const struct keys *k, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (k->sequence[i] != k->sequence[k->matched - n + i])
			return false;
	}
	return true;
}

/* Take one typed byte. What must be sent on is added at *to (at most count bytes, of those held
 * back, and the byte itself). Returns true when the sequence is complete. */
static inline bool keys_type(struct keys *k, unsigned char byte, unsigned char **to)
{
	while (k->matched && k->sequence[k->matched] != byte) {
		unsigned int shorter = k->matched - 1;

		while (!keys_border(k, shorter))
			shorter--;
		for (unsigned int i = 0; i < k->matched - shorter; i++)
			*(*to)++ = k->sequence[i];
		k->matched = shorter;
	}
	if (k->count && k->sequence[k->matched] == byte)
		return ++k->matched == k->count;
	*(*to)++ = byte;
	return false;
}

/* Nothing more is typed: what was held back. */
static inline void keys_end(struct keys *k, unsigned char **to)
{
	for (unsigned int i = 0; i < k->matched; i++)
		*(*to)++ = k->sequence[i];
	k->matched = 0;
}

#endif
