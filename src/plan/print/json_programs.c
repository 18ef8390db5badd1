/* Programs that the kernel is given, as JSON: a length and a digest, enough to see that two plans
 * load the same one; and, where it has them, the rules that it was made from. */
#include "plan/print/json.h"

#include "base/hash.h"

#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdio.h>

struct json_object *json_texts(struct json_writer *w, const char *const *list)
{
	struct json_object *array = json_object_new_array();

	for (; array && list && *list; list++)
		json_push(w, array, json_text(*list));
	return array;
}

static uint64_t filter_digest(const struct sock_filter *program, size_t length)
{
	uint64_t hash = FNV1A_START;

	for (size_t i = 0; program && i < length; i++) {
		const struct sock_filter *f = &program[i];
		const uint8_t bytes[] = {
			(uint8_t)f->code,
			(uint8_t)(f->code >> 8),
			f->jt,
			f->jf,
			(uint8_t)f->k,
			(uint8_t)(f->k >> 8),
			(uint8_t)(f->k >> 16),
			(uint8_t)(f->k >> 24),
		};

		hash = fnv1a(hash, bytes, sizeof(bytes));
	}
	return hash;
}

void json_args_filter(struct json_writer *w, struct json_object *o, const struct step *step)
{
	char digest[32];

	snprintf(digest, sizeof(digest), "fnv1a64:%016" PRIx64,
		 filter_digest(step->a.filter.program, step->a.filter.length));
	json_put_text(w, o, "name", step->a.filter.name);
	json_put_u64(w, o, "length", step->a.filter.length);
	json_put_text(w, o, "digest", digest);
	if (step->a.filter.flags)
		json_put_u64(w, o, "flags", step->a.filter.flags);
	if (step->a.filter.notify)
		json_put_bool(w, o, "notify", true);
}

/* Field by field: how they lie in memory is the machine's matter. */
static uint64_t devices_digest(const struct bpf_insn *program, size_t length)
{
	uint64_t hash = FNV1A_START;

	for (size_t i = 0; program && i < length; i++) {
		const struct bpf_insn *b = &program[i];
		const uint32_t imm = (uint32_t)b->imm;
		const uint16_t off = (uint16_t)b->off;
		const uint8_t bytes[] = {
			b->code,
			(uint8_t)(b->src_reg << 4 | b->dst_reg),
			(uint8_t)off,
			(uint8_t)(off >> 8),
			(uint8_t)imm,
			(uint8_t)(imm >> 8),
			(uint8_t)(imm >> 16),
			(uint8_t)(imm >> 24),
		};

		hash = fnv1a(hash, bytes, sizeof(bytes));
	}
	return hash;
}

void json_args_devices(struct json_writer *w, struct json_object *o, const struct step *step)
{
	char digest[32];

	snprintf(digest, sizeof(digest), "fnv1a64:%016" PRIx64,
		 devices_digest(step->a.devices.program, step->a.devices.length));
	json_put(w, o, "rules", json_texts(w, step->a.devices.rules));
	json_put_u64(w, o, "length", step->a.devices.length);
	json_put_text(w, o, "digest", digest);
}
