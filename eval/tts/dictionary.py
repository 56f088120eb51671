#!/usr/bin/env python3
"""dictionary.py CMUDICT-0.4.out > words.txt - the dictionary of the package festlex-cmu as lines "word PHONE PHONE...".

Phones have the names of the CMU dictionary; vowels end in their stress (0 none, 1 main, 2 secondary), and the reduced vowel
is AX. The first pronunciation of a word counts."""

import re
import sys

SYLLABLE = re.compile(r"\(\(([a-z0-9 ]+)\) (\d)\)")
VOWELS = set("aa ae ah ao aw ax ay eh er ey ih iy ow oy uh uw".split())


def phones_of(syllables):
    out = []
    for body, stress in SYLLABLE.findall(syllables):
        for phone in body.split():
            name = phone.upper()
            if phone in VOWELS:
                if phone == "ah" and stress == "0":
                    name = "AX"
                name += stress
            out.append(name)
    return out


def main():
    seen = {}
    with open(sys.argv[1], encoding="latin-1") as f:
        for line in f:
            m = re.match(r'\("([a-z\']+)" (\S+) (.*)\)\s*$', line)
            if m and m.group(1) not in seen:
                phones = phones_of(m.group(3))
                if phones:
                    seen[m.group(1)] = phones
    for word in sorted(seen):
        print(word, " ".join(seen[word]))


if __name__ == "__main__":
    main()
