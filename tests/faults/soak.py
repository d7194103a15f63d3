"""./dev soak [ROUNDS] [--seed SEED] [--only NAME]: rounds of load and faults with random seeds, one after the other.

Each round says its seed. One that fails keeps its files and says where they are; the status is then 1.
"""

import argparse
import pathlib
import random
import shutil
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import disk_storms, network_storms, storms  # noqa: E402

ROUNDS = {**storms.ROUNDS, **disk_storms.ROUNDS, **network_storms.ROUNDS}


def one_round(number, name, seed):
    """Whether it passed."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="logboom-soak."))
    start = time.monotonic()
    try:
        ROUNDS[name](directory, seed)
    except Exception:
        (directory / "failure").write_text(traceback.format_exc())
        print(f"{number}: FAILED {name} --seed {seed}\n{traceback.format_exc()}the files are in {directory}", flush=True)
        return False
    shutil.rmtree(directory)
    print(f"{number}: {name} --seed {seed} {time.monotonic() - start:.1f} s", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(prog="dev soak", description=__doc__.split("\n")[0])
    parser.add_argument("rounds", nargs="?", type=int, default=1000)
    parser.add_argument("--seed", help="of the first round; the others follow from it")
    parser.add_argument("--only", choices=ROUNDS, help="rounds of this kind only")
    options = parser.parse_args()
    seed = options.seed or str(random.SystemRandom().randrange(1 << 32))
    names = [options.only] if options.only else list(ROUNDS)
    failed = []
    for number in range(options.rounds):
        if not one_round(number, names[number % len(names)], seed):
            failed.append(seed)
        seed = str(random.Random(seed).randrange(1 << 32))
    print(f"{options.rounds - len(failed)} of {options.rounds} rounds passed" + "".join(f"\n--seed {s}" for s in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
