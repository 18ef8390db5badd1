/* What is behind the public handle of a plan: for the files of lib alone. */
#ifndef ROOTLET_LIB_PLAN_HANDLE_H
#define ROOTLET_LIB_PLAN_HANDLE_H

#include "plan/plan.h"

struct rootlet_plan {
	struct plan *plan;
};

#endif
