#!/usr/bin/env python3
"""Put together one recording, 48 kHz mono, out of people's voices that Debian packages bring (alsa-utils, pocketsphinx-testdata).

    make_recording.py OUT.wav [OUT.txt]

OUT.txt gets what is said when, one line per utterance: start and end in seconds, and the words.
"""

import array
import math
import operator
import pathlib
import random
import sys
import wave

RATE = 48000
ALSA = pathlib.Path("/usr/share/sounds/alsa")
SPHINX = pathlib.Path("/usr/share/pocketsphinx/test/data")
NOVEL = "librivox/sense_and_sensibility_01_austen_64kb-{}.wav"

# Pause before it in seconds, file, words.
SCENE = [
    (0.8, SPHINX / NOVEL.format("0880"), "he was not an ill disposed young man"),
    (1.2, SPHINX / NOVEL.format("0930"), "he might even have been made amiable himself"),
    (1.2, ALSA / "Front_Center.wav", "front center"),
    (1.0, SPHINX / "goforward.raw", "go forward ten meters"),
    (1.2, ALSA / "Rear_Left.wav", "rear left"),
    (1.0, ALSA / "Side_Right.wav", "side right"),
    (1.0, ALSA / "Front_Right.wav", "front right"),
    (1.0, ALSA / "Rear_Center.wav", "rear center"),
]
CLOSING_PAUSE = 1.0
NOISE_PEAK = 8  # of 32768: the floor of a quiet room, -72 dBFS


def read(path):
    """Samples of a file and their rate."""
    if path.suffix == ".raw":
        return array.array("h", path.read_bytes()), 16000
    with wave.open(str(path)) as w:
        assert w.getnchannels() == 1 and w.getsampwidth() == 2, path
        return array.array("h", w.readframes(w.getnframes())), w.getframerate()


def triple(samples, taps=24):
    """Samples at three times the rate: a windowed sinc (Hann), one branch per phase."""
    branches = []
    for phase in range(3):
        offsets = [k - phase / 3 for k in range(-taps // 2 + 1, taps // 2 + 1)]
        row = [(math.sin(math.pi * x) / (math.pi * x) if x else 1.0) * (0.5 + 0.5 * math.cos(2 * math.pi * x / taps)) for x in offsets]
        branches.append([v / sum(row) for v in row])
    padded = array.array("h", bytes(taps)) + samples + array.array("h", bytes(2 * taps))
    out = array.array("h")
    for i in range(len(samples)):
        window = padded[i + 1 : i + 1 + taps]
        for row in branches:
            value = round(sum(map(operator.mul, window, row)))
            out.append(max(-32768, min(32767, value)))
    return out


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    noise = random.Random(1)
    track, said = array.array("h"), []

    def pause(seconds):
        track.extend(noise.randint(-NOISE_PEAK, NOISE_PEAK) for _ in range(round(seconds * RATE)))

    for silence, path, words in SCENE:
        try:
            samples, rate = read(path)
        except FileNotFoundError:
            sys.exit(f"{path} is missing: install alsa-utils and pocketsphinx-testdata (scripts/setup.sh demo)")
        pause(silence)
        start = len(track) / RATE
        track.extend(triple(samples) if rate * 3 == RATE else samples)
        said.append(f"{start:.2f} {len(track) / RATE:.2f} {words}")
    pause(CLOSING_PAUSE)
    with wave.open(sys.argv[1], "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(RATE)
        w.writeframes(track.tobytes())
    if len(sys.argv) == 3:
        pathlib.Path(sys.argv[2]).write_text("\n".join(said) + "\n")


if __name__ == "__main__":
    main()
