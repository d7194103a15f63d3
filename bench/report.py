"""The bench's table, for a terminal and for Markdown."""

HEAD = ("row", "logboom", "floor", "ratio", "target", "verdict")


def verdict(result):
    """An absolute figure drifts with the machine: where a row has both, its ratio to the floor is what counts."""
    if "error" in result:
        return "FAILED"
    targets = result["targets"]
    if not targets:
        return ""
    if all(target["met"] for target in targets):
        return "ok"
    ratio = next((target for target in targets if target["what"] == "ratio"), None)
    if ratio:
        return "ok by ratio" if ratio["met"] else "over"
    missed = [target["what"] for target in targets if not target["met"]]
    return "over: " + ", ".join(missed) if len(targets) > 1 else "over"


def describe_targets(targets):
    parts = []
    for target in targets:
        limit = f"{target['limit']:g}"
        if target["what"] == "ratio":
            parts.append(f"≤ {limit} × floor")
        elif target["what"] == "above the floor":
            parts.append(f"≤ floor + {limit}")
        elif target["what"] == "added":
            parts.append(f"≤ {limit} added: {target['value']:.3f}")
        elif target["what"] == "subject":
            parts.append(f"≤ {limit}")
        else:
            parts.append(f"{target['what']} ≤ {limit} {target['unit']}")
    return ", ".join(parts)


def cells(result):
    if "error" in result:
        return (result["title"], result["error"].splitlines()[0], "", "", "", verdict(result))
    floor = f"{result['floor']:.3f} ({result['floor_kind']})" if "floor" in result else ""
    subject = result.get("text") or (f"{result['subject']:.3f}" if "subject" in result else "–")
    if not result.get("held", True):
        subject += " (rate not held)"
    ratio = f"{result['ratio']:.2f}" if "ratio" in result else ""
    return (result["title"], subject, floor, ratio, describe_targets(result["targets"]), verdict(result))


def table(report):
    rows = [HEAD] + [cells(result) for result in report["rows"]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines + ["", footer(report)])


def markdown(report):
    rows = [HEAD, ("---",) * len(HEAD)] + [cells(result) for result in report["rows"]]
    return "\n".join(["| " + " | ".join(row) + " |" for row in rows] + ["", footer(report)])


def footer(report):
    machine = report["machine"]
    sndbuf = f"{report['sndbuf']} bytes" if report["sndbuf"] else "the kernel's own size"
    return (f"CPU-seconds per million events where no unit stands; medians of {report['rounds']} round(s), floor and "
            f"logboom in turn; send buffers of {sndbuf} in the rows with large writes. "
            f"{machine['date']}, {machine['cpu']}, {machine['cores']} cores, Linux "
            f"{machine['kernel']}, load average {machine['load']:.2f} before the run.")
