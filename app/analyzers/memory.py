"""How much memory this machine has for analyzers, and how much this process takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.core.brief import Footprint

CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
GIB = 2**30


class Memory(Protocol):
    def total(self) -> Footprint:
        """Of the machine, or of the container it is."""
        ...

    def free(self) -> Footprint:
        """What a new model could take now."""
        ...

    def resident(self) -> Footprint:
        """What this process holds."""
        ...


@dataclass(frozen=True, slots=True)
class Machine:
    """By psutil, and by NVML where there is a graphics card and its binding."""

    cgroups: tuple[Path, ...] = CGROUPS

    def total(self) -> Footprint:
        import psutil

        limits = [limit for file in self.cgroups if (limit := _limit(file))]
        return Footprint(min([psutil.virtual_memory().total, *limits]), sum(card.total for card in _cards()))

    def free(self) -> Footprint:
        import psutil

        taken = psutil.Process().memory_info().rss
        ram = min(psutil.virtual_memory().available, self.total().ram - taken)
        return Footprint(max(0, ram), sum(card.free for card in _cards()))

    def resident(self) -> Footprint:
        import psutil

        return Footprint(psutil.Process().memory_info().rss, sum(card.used for card in _cards()))


@dataclass(frozen=True, slots=True)
class Card:
    total: int
    used: int

    @property
    def free(self) -> int:
        return self.total - self.used


def _cards() -> list[Card]:
    try:
        import pynvml
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]
        found = [pynvml.nvmlDeviceGetMemoryInfo(handle) for handle in handles]
    except pynvml.NVMLError:  # no driver, so no card
        return []
    return [Card(int(card.total), int(card.used)) for card in found]


def _limit(file: Path) -> int | None:
    try:
        told = file.read_text().strip()
    except OSError:
        return None
    return int(told) if told.isdecimal() and int(told) > 0 else None


def add(*parts: Footprint) -> Footprint:
    return Footprint(sum(part.ram for part in parts), sum(part.vram for part in parts))


def short(need: Footprint, free: Footprint) -> Footprint:
    """What is missing; nothing where it fits."""
    return Footprint(max(0, need.ram - free.ram), max(0, need.vram - free.vram))


def told(size: Footprint) -> str:
    """`1.25 GiB`, with the graphics memory beside it where there is some."""
    ram = f"{size.ram / GIB:.2f} GiB"
    return f"{ram} and {size.vram / GIB:.2f} GiB of graphics memory" if size.vram else ram
