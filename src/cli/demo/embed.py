#!/usr/bin/env python3
"""Write demonstrations as a C table: embed.py OUTPUT FILE.demo... (in the order in which --list shows them)"""
import json
import pathlib
import sys

output, *files = sys.argv[1:]
with open(output, "w", encoding="ascii") as out:
    out.write('#include "cli/demo/demo.h"\n\nconst struct demo_text demo_texts[] = {\n')
    for file in map(pathlib.Path, files):
        out.write(f'\t{{"{file.stem}",')
        for line in file.read_text(encoding="ascii").splitlines(keepends=True):
            # JSON's escapes of ASCII text are C's too; ?? could begin a trigraph
            out.write("\n\t " + json.dumps(line).replace("??", '?""?'))
        out.write("},\n")
    out.write(f"}};\n\nconst size_t demo_text_count = {len(files)};\n")
