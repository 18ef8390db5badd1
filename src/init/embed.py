#!/usr/bin/env python3
"""Write files as C arrays: embed.py OUTPUT HEADER NAME=FILE..."""
import sys

output, header, *pairs = sys.argv[1:]
with open(output, "w", encoding="ascii") as out:
    out.write(f'#include "{header}"\n')
    for pair in pairs:
        name, path = pair.split("=", 1)
        with open(path, "rb") as file:
            data = file.read()
        out.write(f"\nconst unsigned long {name}_size = {len(data)};\n")
        out.write(f"const unsigned char {name}[] = {{\n")
        for at in range(0, len(data), 16):
            out.write("\t" + " ".join(f"0x{b:02x}," for b in data[at : at + 16]) + "\n")
        out.write("};\n")
