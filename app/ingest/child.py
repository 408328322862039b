"""The process that reads one hostile file after another: bounded in memory and time, without network or disk."""

import os
import pickle
import resource
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from app.core.errors import InvalidDocument, UnsupportedFormat
from app.core.wire import to_json
from app.faults.own import teach
from app.ingest.parse import Job, Parsed, parse

FORBIDDEN = frozenset(
    [
        "socket.connect",
        "socket.bind",
        "socket.getaddrinfo",
        "socket.sendto",
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.fork",
        "os.posix_spawn",
        "os.spawn",
        "os.remove",
        "os.rename",
        "os.kill",
        "ctypes.dlopen",
    ]
)


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory` is address space in bytes; `seconds` of computing go to any file, more to large ones."""

    memory: int = 1536 * 2**20
    seconds: int = 30

    def of(self, size: int) -> int:
        return self.seconds + 3 * (size >> 20)


@dataclass(frozen=True, slots=True)
class Reply:
    parsed: Parsed | None = None
    reason: str = ""
    hint: str = ""
    line: int | None = None
    unsupported: bool = False
    spent: bool = False  # this process ends itself: who ran out of memory once has it in pieces


def main() -> None:
    """`argv`: the search path, the connection's number, the limits, the operator's grammars."""
    limits = Limits(int(sys.argv[3]), int(sys.argv[4]))
    connection = Connection(int(sys.argv[2]))
    teach(Path(sys.argv[5]) if sys.argv[5] else None)
    confine(limits)
    while True:
        try:
            job: Job = pickle.loads(connection.recv_bytes())  # noqa: S301 - from our own parent
        except EOFError:  # it is gone, or done
            return
        allow(limits.of(len(job.content)))
        reply = answer(job, limits)
        connection.send_bytes(to_json(reply))
        if reply.spent:
            os._exit(0)


def confine(limits: Limits) -> None:
    """A terminal's Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(refuse)


def refuse(event: str, args: tuple[object, ...]) -> None:
    if event in FORBIDDEN and not (event == "ctypes.dlopen" and args == (None,)):
        raise PermissionError(f"{event} is not for a reader of documents")


def allow(seconds: int) -> None:
    """The system's clock counts all that this process has computed: the next file's share comes on top."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def answer(job: Job, limits: Limits) -> Reply:
    try:
        return Reply(parse(job))
    except InvalidDocument as error:
        return Reply(None, error.message, error.hint, error.line)
    except UnsupportedFormat as error:
        return Reply(None, error.message, error.hint, unsupported=True)
    except RecursionError:
        return Reply(None, f"{job.path}: it is nested too deep.", InvalidDocument.hint, spent=True)
    except MemoryError:
        need = f"reading it needs more memory than {limits.memory >> 20} MiB"
        return Reply(None, f"{job.path}: {need}.", "Split the file.", spent=True)
    except Exception as error:  # noqa: BLE001 - a reader's own slip costs this one file, and is told
        what = f"{type(error).__name__}: {str(error)[:200]}"
        return Reply(None, f"{job.path}: its reader failed: {what}.", InvalidDocument.hint, spent=True)
