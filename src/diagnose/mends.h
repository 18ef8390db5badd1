/* Lines that depend on more of the host than one value; private to this room. Each adds the text of
 * the placeholder of its name (expand.c). */
#ifndef ROOTLET_DIAGNOSE_MENDS_H
#define ROOTLET_DIAGNOSE_MENDS_H

#include "facts/facts.h"

struct buffer;
typedef void mend_text(struct buffer *b, const struct facts *f);

void mend_user(struct buffer *b, const struct facts *f); /* the name, or the number */

mend_text mend_raise_userns, mend_nproc, mend_subid_overlap, mend_regrant, mend_ask_regrant,
	mend_remount_helper, mend_uncover, mend_leave_container, mend_shared_meanwhile,
	mend_proc_meanwhile, mend_cgroup_hybrid, mend_cgroup_folder, mend_delegate,
	mend_delegate_controllers, mend_raise_files, mend_ask_files, mend_runtime, mend_ask_runtime;

#endif
