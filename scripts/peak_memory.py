#!/usr/bin/env python3
"""The most memory that a process held while it trained, side by side: the maximum resident set that the system reports when it ends.

    scripts/peak_memory.py [--cases mlp_small,gpt_m,resnet] NAME=COMMAND NAME=COMMAND ...
    scripts/peak_memory.py cotangent=target/release/deps/yardstick-HASH PyTorch="python torch_bench.py"

A command gets the case as its last argument. mlp_small, which needs next to nothing, shows what a program takes before it trains: for PyTorch
that is its libraries.
"""

import argparse
import os
import shlex
import subprocess
import sys


def peak_mib(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{shlex.join(command)} ended with status {process.returncode}")
    # Linux counts in KiB, macOS in bytes.
    return usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default="mlp_small,gpt_m,resnet")
    parser.add_argument("commands", nargs="+", metavar="NAME=COMMAND")
    arguments = parser.parse_args()
    programs = [command.split("=", 1) for command in arguments.commands]
    print("| peak memory, MiB | " + " | ".join(name for name, _ in programs) + " |")
    print("|---" * (len(programs) + 1) + "|")
    for case in arguments.cases.split(","):
        peaks = [f"{peak_mib(shlex.split(command) + [case]):.0f}" for _, command in programs]
        print(f"| {case} | " + " | ".join(peaks) + " |", flush=True)


if __name__ == "__main__":
    main()
