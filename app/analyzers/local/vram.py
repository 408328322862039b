"""How much memory of the first GPU is free, without a library that takes seconds to import."""


def free_vram() -> int | None:
    """Bytes, by NVIDIA's own library; None where it is not installed or sees no GPU."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(0)).free)
    except pynvml.NVMLError:
        return None
