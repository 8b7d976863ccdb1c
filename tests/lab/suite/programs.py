# SPDX-License-Identifier: LGPL-2.1-or-later
"""The build's own test programs that start guests (meson's suite "guests"), for a machine where they can't: run in the lab, counted one by one."""
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[3]
SUITE = "guests"
# As tests/run has it: time limits find what hangs. The lab is slower than a machine under load.
PATIENCE = 6


def load_count_results():
    loader = importlib.machinery.SourceFileLoader("count_results", str(SOURCE / "tests/tools/count-results"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Program:
    """One of meson's tests."""

    def __init__(self, test, build):
        self.name, self.command, self.environment = test["name"], test["cmd"], test["env"]
        # Its words may be paths below the build directory, in which meson runs it.
        self.directory, self.timeout = test["workdir"] or build, test["timeout"] * PATIENCE

    def run(self):
        """Its output, its count, and the lines that say what failed and why something was skipped."""
        count = CountedLines()
        with tempfile.TemporaryDirectory() as reports, tempfile.TemporaryFile("w+", errors="replace") as output:
            environment = {**os.environ, **self.environment, "GTEST_OUTPUT": f"xml:{reports}/"}
            try:
                status = subprocess.run(self.command, env=environment, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=output, timeout=self.timeout, check=False).returncode
            except subprocess.TimeoutExpired:
                status = 124
            output.seek(0)
            text = output.read()
            if status == 124:
                count.fail(self.name, f"took longer than {self.timeout} s")
            elif status == 77:
                count.skip(self.name, (text.strip().splitlines() or ["no reason given"])[-1])
            elif written := list(pathlib.Path(reports).glob("*.xml")):
                count_results.count_gtest(count, written[0], status)
            else:
                count_results.count_unittest(count, self.name, text, status)
        return text, count


count_results = load_count_results()


class CountedLines(count_results.Count):
    """Says it in unittest's words, which whoever counts the whole suite reads."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def fail(self, name, reason):
        self.failed += 1
        self.lines.append(f"FAIL: {name}: {reason}")

    def skip(self, name, reason):
        self.skipped += 1
        self.lines.append(f"{name.replace(' ', '-')} (in the lab) ... skipped {reason!r}")


def of_build(build):
    """All of them, in the order of the build's description."""
    tests = json.loads((pathlib.Path(build) / "meson-info/intro-tests.json").read_text())
    return [Program(test, build) for test in tests if any(suite.split(":")[-1] == SUITE for suite in test["suite"])]
