"""What a process and its children cost, read from /proc."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, open_ = [], [pid]
    while open_:
        found.append(open_.pop())
        open_ += children.get(found[-1], [])
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree so far."""
    stats = [fields for member in tree(pid) if (fields := _stat(member))]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / TICKS


def rss_mb(pid: int) -> float:
    pages = 0
    for member in tree(pid):
        try:
            pages += int((PROC / str(member) / "statm").read_text().split()[1])
        except OSError:  # ended meanwhile
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _stat(pid: int) -> list[str] | None:
    """The fields after the command's name, which may itself hold spaces and brackets."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
