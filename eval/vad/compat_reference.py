"""Golden vectors of the energy detector of existing services, computed with NumPy: tests/vectors/vad/compat.json.

The detector follows its description in docs/design/vad.md; the arrays are float32 as in those services, so NumPy's own
arithmetic (2.x: float32 stays float32) defines the result. Run from the repository's root:
    python3 eval/vad/compat_reference.py > tests/vectors/vad/compat.json
"""

import json

import numpy as np

SENTENCE = "tests/vectors/vad/sentence.s16le"


class Random:
    """The generator of all vectors: x = x * 1664525 + 1013904223 mod 2^32, the upper half as -32768 .. 32767."""

    def __init__(self, seed):
        self.x = seed

    def next(self):
        self.x = (self.x * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.x >> 16) - 32768


def make_signal(seed, peak, channels, n):
    """Interleaved s16: the sentence in the first channel, plus noise of this peak in all (division cuts towards 0)."""
    sentence = np.fromfile(SENTENCE, "<i2").astype(int)
    random = Random(seed)
    out = np.zeros((n, channels), int)
    for i in range(n):
        for c in range(channels):
            noise = random.next() * peak
            noise = noise // 32768 if noise >= 0 else -(-noise // 32768)
            out[i, c] = noise + (sentence[i] if c == 0 and i < len(sentence) else 0)
    return np.clip(out, -32768, 32767).astype("<i2")


class Detector:
    def __init__(self, energy_threshold, speech_threshold):
        self.history = []
        self.energy_threshold = energy_threshold
        self.speech_threshold = speech_threshold

    def threshold(self):
        if not self.history:
            return self.energy_threshold
        floor = sorted(self.history)[int(len(self.history) * 0.3)]
        return 0.7 * (floor * 2.5) + 0.3 * self.energy_threshold

    def item(self, audio, frame):
        """audio: float32, (channels, samples)."""
        mono = np.mean(audio, axis=0) if audio.shape[0] > 1 else audio[0]
        frames = len(mono) // frame
        threshold = self.threshold()
        total, speech = 0, 0
        for i in range(frames):
            energy = np.sqrt(np.mean(mono[i * frame : (i + 1) * frame] ** 2))
            assert energy.dtype == np.float32
            total += energy
            self.history = (self.history + [energy])[-100:]
            speech += bool(energy > threshold)
        ratio = speech / max(frames, 1)
        return {
            "is_speech": ratio >= self.speech_threshold,
            "speech_ratio": ratio,
            "avg_energy": float(total / max(frames, 1)),
            "threshold": float(np.float32(threshold)),
        }


def make_case(**c):
    pcm = make_signal(c["seed"], c["peak"], c["channels"], c["samples"])
    audio = np.ascontiguousarray((pcm.astype(np.float32) / np.float32(32768)).T)
    frame = int(c["rate"] * c["frame_duration_ms"] / 1000)
    detector = Detector(c["energy_threshold"], c["speech_threshold"])
    step = c["item_samples"]
    c["items"] = [detector.item(audio[:, at : at + step], frame) for at in range(0, c["samples"], step)]
    return c


def main():
    default = {"energy_threshold": 0.02, "speech_threshold": 0.3, "frame_duration_ms": 30}
    cases = [
        make_case(seed=1, peak=200, channels=1, rate=16000, samples=80960, item_samples=4096, **default),
        make_case(seed=2, peak=2000, channels=1, rate=16000, samples=64000, item_samples=1600, **default),
        make_case(seed=3, peak=50, channels=2, rate=44100, samples=88200, item_samples=4410, **default),
        make_case(seed=4, peak=0, channels=1, rate=22050, samples=44100, item_samples=660, **default),
        make_case(seed=5, peak=300, channels=3, rate=8000, samples=24000, item_samples=8000, energy_threshold=0.1,
                  speech_threshold=0.75, frame_duration_ms=20),
    ]
    print(json.dumps({"about": "energy detector of existing services; see eval/vad/compat_reference.py", "cases": cases}, indent=0))


main()
