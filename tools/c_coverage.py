"""Which lines of the C library the tests have run: ``python tools/c_coverage.py OBJECTS REPORTS FLOOR``.

OBJECTS is the folder of a library that was built with ``gcc --coverage`` and used since. Files with lines that were not
run are listed, and written to the folder REPORTS with marks. Exits with 1 if the total is below FLOOR per cent.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def line_counts(objects: Path) -> dict[str, dict[int, int]]:
    """How often each line of each file ran. A line of a header counts once, whoever includes it."""
    counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for data in sorted(objects.glob("*.gcda")):
        command = ["gcov", "--json-format", "--stdout", str(data)]
        printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for file in json.loads(printed)["files"]:
            if file["file"].startswith("/"):
                continue  # the system's headers
            for line in file["lines"]:
                counts[file["file"]][line["line_number"]] += line["count"]
    return counts


def page(file: str, lines: dict[int, int]) -> str:
    """The text of a file; lines that did not run are marked."""
    text = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return "".join(f"{'!!' if lines.get(at, 1) == 0 else '  '} {line}\n" for at, line in enumerate(text, 1))


def main(objects: Path, reports: Path, floor: float) -> int:
    """Report, and compare with the floor."""
    counts = line_counts(objects)
    reports.mkdir(parents=True, exist_ok=True)
    total = sum(map(len, counts.values()))
    ran = 0
    for file, lines in sorted(counts.items()):
        own = sum(count > 0 for count in lines.values())
        ran += own
        if own < len(lines):
            print(f"{file:<60} {len(lines):>5} {len(lines) - own:>5} {100 * own / len(lines):>6.1f}%")
            (reports / Path(file).name).write_text(page(file, lines), encoding="utf-8")
    share = 100 * ran / total if total else 0.0
    print(f"{'C in total':<60} {total:>5} {total - ran:>5} {share:>6.1f}%")
    if share < floor:
        print(f"c_coverage: {share:.2f} % is below the floor of {floor} %", file=sys.stderr)
    return int(share < floor)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
