/* Between the files of `rootlet doctor`: its command line, its screen, its JSON. */
#ifndef ROOTLET_CLI_DOCTOR_H
#define ROOTLET_CLI_DOCTOR_H

#include "cli/cli.h"

/* doctor_text.c: the screen, the problems, the letter. */
void doctor_print_text(const rootlet_doctor *doctor);
/* doctor_json.c */
int doctor_print_json(const rootlet_doctor *doctor);
/* "green", "amber", "red", "unknown" */
const char *doctor_verdict_name(rootlet_verdict verdict);

#endif
