"""The ledger as logboom prints it, and what must hold of it at every moment."""

import json
import subprocess

from support.logboom import binary


def run(root_dir, *args):
    """The ledger of a state directory: (exit status, the ledger or None, what was said on stderr)."""
    done = subprocess.run([binary(), "ledger", "--root-dir", str(root_dir), "--json", *args], capture_output=True,
                          text=True, timeout=30)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def balanced(root_dir):
    """The ledger, checked: everything that it says adds up."""
    status, ledger, notes = run(root_dir)
    assert status == 0, f"status {status}: {ledger} {notes}"
    for name, source in ledger["sources"].items():
        check_source(name, source)
        for tag, amounts in source["tags"].items():
            check_source(f"{name}, tag {tag}", amounts)
    for name, output in ledger["outputs"].items():
        went = output["delivered"] + output["buffered"] + sum(output["dropped"].values()) + output["gap"]
        assert output["in"] == went, f"output {name}: {output}"
    return ledger


def check_source(name, amounts):
    went = sum(value for term, value in amounts.items()
               if term not in ("in", "made", "tags", "difference", "gap")) + amounts.get("gap", 0)
    # What a gap took is known by source, not by tag.
    if "tags" in amounts or amounts["in"] + amounts["made"] == went:
        assert amounts["in"] + amounts["made"] == went, f"source {name}: {amounts}"
