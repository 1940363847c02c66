"""`python -m benchmarks.soak --minutes 30`: exit code 1 where something failed, grew, or took too long."""

import argparse
import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import databases
from benchmarks.load import ask, request
from benchmarks.processes import SOURCES
from benchmarks.soak.application import write_down
from benchmarks.soak.traffic import PEOPLE, Record, Traffic, arrive, percentile

REDIS = os.environ.get("OSTIARY_TEST_REDIS", "redis://127.0.0.1:6379")
WORKERS = 4
CALIBRATION = 8.0  # seconds
LONGEST_STALL = 50.0  # milliseconds
SLOWEST_READ = 500.0  # milliseconds at the 99th percentile, bursts of sign-ins included
TOLERATED_GROWTH = 1.1
MOST_LATER = 0.05


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(folder: Path, database: str) -> Iterator[int]:
    """Run the workers for the time of a block; yield their port."""
    port = free_port()
    settings = {
        "database": database,
        "redis": REDIS,
        "redis_prefix": f"soak-{secrets.token_hex(6)}:",
        "base_url": f"http://127.0.0.1:{port}",
        "trusted_origins": ["http://127.0.0.1"],
        "log_level": "error",
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (folder / "ostiary.toml").write_text("\n".join([*lines, "[options]", "rateLimit = {enabled = false}"]))
    (folder / ".env").write_text(f"BETTER_AUTH_SECRET={secrets.token_hex(32)}\n")
    command = [sys.executable, "-m", "uvicorn", "benchmarks.soak.application:create_app", "--factory"]
    command += ["--workers", str(WORKERS), "--port", str(port), "--no-access-log", "--log-level", "error"]
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)
    try:
        asyncio.run(_answering(port))
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def _answering(port: int) -> None:
    for _ in range(300):
        try:
            if (await ask(port, request("GET", "/readyz"))).status == 200:
                return
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError("the server does not answer")


def forget(folder: Path) -> None:
    """Empty what was written down so far."""
    for path in folder.glob("*.txt"):
        path.write_text("")


async def soak(port: int, folder: Path, minutes: float) -> tuple[float, Record]:
    """Find out what the server can do, and send half of it for a time; return the rate and the record."""
    idle = asyncio.create_task(write_down(folder / "idle.txt"))
    people = [await arrive(port, number) for number in range(PEOPLE)]
    traffic = Traffic(port, people)
    capacity = (await traffic.flow(CALIBRATION)).count / CALIBRATION
    forget(folder)  # what was full speed is not judged
    print(f"capacity {capacity:.0f} requests per second; {minutes:g} minutes at half of it", flush=True)
    record = await traffic.flow(minutes * 60, capacity / 2, bursts=True)
    idle.cancel()
    return capacity / 2, record


def seconds_of(path: Path) -> list[tuple[float, float]]:
    """Return the delay and the memory of each second that a worker wrote down."""
    lines = [line.split() for line in path.read_text().replace("\0", "").splitlines()]
    return [(float(line[0]), float(line[1])) for line in lines if len(line) == 2]


def at_rest(lines: list[tuple[float, float]]) -> float:
    """Return the memory that stays when no password is being hashed, which takes 32 MiB each time."""
    return percentile([memory for _, memory in lines], 0.1)


def judged(record: Record, folder: Path, rate: float, seconds: float) -> list[str]:
    """Print what came of it, and return what is wrong."""
    workers = [lines for path in sorted(folder.glob("worker-*.txt")) if (lines := seconds_of(path))]
    stall = percentile([delay for lines in workers for delay, _ in lines], 0.95)
    quiet = percentile([delay for delay, _ in seconds_of(folder / "idle.txt")], 0.95)
    early = sum(at_rest(lines[len(lines) // 4 : len(lines) // 2]) for lines in workers)
    late = sum(at_rest(lines[-(len(lines) // 4) :]) for lines in workers)
    p99 = percentile(record.reads, 0.99) * 1000
    later, sign_ins = record.later, len(record.sign_ins) + record.bursts
    print(f"{record.count:,} answers, {record.count / seconds:.0f} of {rate:.0f} per second asked for")
    print(f"session reads: median {percentile(record.reads, 0.5) * 1000:.1f} ms, p99 {p99:.1f} ms")
    half, most = (percentile(record.sign_ins, share) * 1000 for share in (0.5, 0.99))
    print(f"sign-ins: median {half:.0f} ms, p99 {most:.0f} ms")
    print(
        f"longest stall of an event loop in a second, p95: {stall:.1f} ms; of the asking one: {quiet:.1f} ms"
    )
    print(
        f"memory of {len(workers)} workers: {early:.0f} MiB in the second quarter, {late:.0f} MiB in the last"
    )
    checks = {
        f"answers that were no success: {record.failures}": not record.failures,
        f"{len(record.wrong)} people were mistaken": not record.wrong,
        f"{len(workers)} workers wrote something down": len(workers) == WORKERS,
        f"{later} of {sign_ins} sign-ins were asked to come later": later <= sign_ins * MOST_LATER,
        f"p99 of session reads is over {SLOWEST_READ:.0f} ms": p99 <= SLOWEST_READ + 2 * quiet,
        f"an event loop stalls over {LONGEST_STALL:.0f} ms": stall <= LONGEST_STALL + 2 * quiet,
        f"memory grew by more than a tenth: {early:.0f} to {late:.0f} MiB": late <= early * TOLERATED_GROWTH,
    }
    return [fault for fault, holds in checks.items() if not holds]


def main() -> int:
    """Run it and return the exit code."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    arguments.add_argument("--minutes", type=float, default=30.0)
    minutes: float = arguments.parse_args().minutes
    with databases.postgresql() as database, tempfile.TemporaryDirectory(prefix="ostiary-soak-") as name:
        folder = Path(name)
        with served(folder, database) as port:
            began = time.perf_counter()
            rate, record = asyncio.run(soak(port, folder, minutes))
            print(f"{time.perf_counter() - began:.0f} s in all")
        faults = judged(record, folder, rate, minutes * 60)
    for fault in faults:
        print(f"FAULT: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
