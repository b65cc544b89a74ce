"""What Linux tells of a backend: CPU time, instructions, peak of memory. Each is None where it cannot be had.

Only a backend on this machine can be looked at, and only its own work counts: that of parallel workers is in the wall
clock alone.
"""
import ctypes
import errno
import os
import platform
import struct

TICKS = os.sysconf("SC_CLK_TCK")


def is_here(pid):
    """Whether the process of this number on this machine is a backend of PostgreSQL."""
    return (read(f"/proc/{pid}/cmdline") or "").startswith("postgres")


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def cpu_seconds(pid):
    """User and system time: from schedstat to the nanosecond, where the kernel has it, else utime and stime of stat."""
    fine = read(f"/proc/{pid}/schedstat")
    if fine:
        return int(fine.split()[0]) / 1e9
    coarse = read(f"/proc/{pid}/stat")
    if not coarse:
        return None
    fields = coarse.rpartition(")")[2].split()  # the name before it may have blanks
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_bytes(pid):
    """Peak of resident memory since the backend started, less what it shares with others."""
    status = read(f"/proc/{pid}/status")
    if not status:
        return None
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return (int(fields["VmHWM"].split()[0]) - int(fields["RssShmem"].split()[0])) * 1024


class Instructions:
    """Counts the instructions that a backend runs in user mode, by the processor's own counter.

    Raises OSError where there is no such counter, as in many virtual machines, or no right to read it.
    """

    HARDWARE, SOFTWARE = 0, 1  # enum perf_type_id in linux/perf_event.h
    INSTRUCTIONS = 1  # PERF_COUNT_HW_INSTRUCTIONS
    USER_ONLY = 1 << 5 | 1 << 6  # exclude_kernel, exclude_hv
    CALLS = {"x86_64": 298, "aarch64": 241}  # perf_event_open

    def __init__(self, pid, kind=HARDWARE, event=INSTRUCTIONS):
        call = self.CALLS.get(platform.machine())
        if platform.system() != "Linux" or call is None:
            raise OSError("not Linux on x86_64 or aarch64")
        # struct perf_event_attr, up to the bits of flags; the kernel takes what is missing as 0.
        attributes = struct.pack("<IIQQQQQ", kind, 64, event, 0, 0, 0, self.USER_ONLY).ljust(64, b"\0")
        library = ctypes.CDLL(None, use_errno=True)
        self.file = library.syscall(call, attributes, pid, -1, -1, 0)
        if self.file < 0:
            number = ctypes.get_errno()
            absent = number in (errno.ENOENT, errno.ENODEV, errno.EOPNOTSUPP)
            raise OSError(number, "the system has no counter of them" if absent else os.strerror(number))

    def count(self):
        """So many since this was made."""
        return int.from_bytes(os.read(self.file, 8), "little")

    def close(self):
        os.close(self.file)


def why_no_instructions(pid):
    """None where they can be counted, else the reason."""
    if not is_here(pid):
        return "the server is on another machine"
    try:
        Instructions(pid).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def machine():
    """The processor, how many of it, and the memory."""
    model = next((line for line in (read("/proc/cpuinfo") or "").splitlines() if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model.partition(":")[2].strip() or platform.machine(),
        "processors": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
    }
