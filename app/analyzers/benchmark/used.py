"""What this process uses of the machine while an analyzer answers: computing, memory, and of a GPU where one is."""

import os
import time
from contextlib import suppress
from typing import Any

from app.analyzers.benchmark.base import Used

MB = 2**20


class Meter:
    """`look` after each answer, `read` at the end. Only an idle service is measured, so others' work hardly counts."""

    def __init__(self) -> None:
        import psutil

        self._process = psutil.Process()
        self._gpus = Gpus()
        self._ram, self._vram, self._loads = 0, 0, list[float]()
        self._cpu_s = self._seconds = 0.0
        self._begun: tuple[float, float] | None = None

    def begin(self) -> None:
        self._begun = (time.perf_counter(), time.process_time())

    def look(self) -> None:
        """Adds what has passed since `begin`."""
        if self._begun is None:
            return
        wall, cpu = self._begun
        self._seconds += time.perf_counter() - wall
        self._cpu_s += time.process_time() - cpu
        self._begun = None
        self._ram = max(self._ram, self._process.memory_info().rss)
        self._vram = max(self._vram, self._gpus.memory())
        self._loads += self._gpus.loads()

    def read(self) -> Used:
        gpus = bool(self._gpus.handles)
        return Used(
            cpu_s=round(self._cpu_s, 3),
            cpu_share=round(self._cpu_s / self._seconds, 3) if self._seconds else 0.0,
            ram_mb=round(self._ram / MB, 1) if self._ram else None,
            vram_mb=round(self._vram / MB, 1) if gpus else None,
            gpu_share=round(sum(self._loads) / len(self._loads), 3) if self._loads else None,
        )


class Gpus:
    """NVIDIA's own library; without it, or without a GPU, there are none."""

    def __init__(self) -> None:
        self.handles: list[Any] = []
        self._nvml: Any = None
        with suppress(ImportError):
            import pynvml

            with suppress(pynvml.NVMLError):
                pynvml.nvmlInit()
                self.handles = [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]
                self._nvml = pynvml

    def memory(self) -> int:
        """Bytes that this process holds."""
        total = 0
        for handle in self.handles:
            with suppress(self._nvml.NVMLError):
                running = self._nvml.nvmlDeviceGetComputeRunningProcesses(handle)
                total += sum(each.usedGpuMemory or 0 for each in running if each.pid == os.getpid())
        return total

    def loads(self) -> list[float]:
        found = []
        for handle in self.handles:
            with suppress(self._nvml.NVMLError):
                found.append(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100)
        return found
