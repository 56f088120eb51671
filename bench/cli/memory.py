"""Most memory that `rme run` holds for a pipeline without modules. usage: memory.py RME PIPELINE"""

import resource
import subprocess
import sys


def main():
    rme, pipeline = sys.argv[1:]
    subprocess.run([rme, "run", "-q", pipeline, "--input", "-", "--format", "text/plain"], input=b"hello there\n",
                   stdout=subprocess.DEVNULL, check=True)
    peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"run/no_modules rss_mb {peak_kib * 1024 / 1e6:.1f}")


if __name__ == "__main__":
    main()
