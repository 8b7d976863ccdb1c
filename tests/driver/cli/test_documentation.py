#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The man page and the completion know what --help knows.

usage: test_documentation.py VIRTSEV SOURCE_DIRECTORY
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

PROGRAM, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
DOCUMENTATION = SOURCE / "driver/cli/documentation"
ENVIRONMENT = {**os.environ, "LC_ALL": "C", "PATH": f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}"}


def help_of(*command):
    return subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout


def subcommands(text):
    part = text.split("Subcommands:\n", 1)
    return re.findall(r"^  ([a-z]+) ", part[1], re.M) if len(part) > 1 else []


def all_commands():
    for name in subcommands(help_of()):
        below = subcommands(help_of(name))
        yield from ([name, other] for other in below) if below else [[name]]


def complete(*words):
    script = (f"source '{DOCUMENTATION}/completion.bash'; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _virtsev; "
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    return subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, check=True,
                          env=ENVIRONMENT, cwd="/").stdout.split()


class Documentation(unittest.TestCase):
    def test_the_man_page_names_every_command_and_option(self):
        page = (DOCUMENTATION / "virtsev.1").read_text().replace("\\-", "-")
        for command in all_commands():
            self.assertIn("virtsev " + " ".join(command), page)
            for option in set(re.findall(r"(?<!\S)(?:-h,)?(--[a-z-]+)", help_of(*command))):
                self.assertIn(option, page, command)

    def test_every_help_has_an_example_that_it_knows(self):
        groups = {tuple(command[:-1]) for command in all_commands()}
        for command in [*all_commands(), *map(list, groups)]:
            text = help_of(*command)
            examples = re.findall(r"^    (.*\bvirtsev .*)$", text.split("Example", 1)[-1], re.M) if "\nExample" in text else []
            self.assertTrue(examples, command)
            for example in examples:
                words = re.findall(r"[^\s']+", example.split("virtsev ", 1)[1])
                self.assertEqual(words[:len(command)], command, example)
                shown = help_of(*words[:2]) if command == ["platform"] else text
                for option in (word for word in words if word.startswith("--")):
                    self.assertIn(option, shown, example)

    def test_the_man_page_is_well_formed(self):
        if subprocess.run(["which", "man"], capture_output=True, check=False).returncode != 0:
            self.skipTest("man is not installed")
        result = subprocess.run(["man", "--warnings", "-l", str(DOCUMENTATION / "virtsev.1")], capture_output=True, text=True,
                                check=False, env={**ENVIRONMENT, "MANWIDTH": "120"})
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_completes_commands_options_and_values(self):
        self.assertEqual(complete("virtsev", "me"), ["measure"])
        self.assertEqual(sorted(complete("virtsev", "platform", "")), ["export", "show", "verify"])
        self.assertEqual(complete("virtsev", "session", "--pl"), ["--platform"])
        self.assertEqual(complete("virtsev", "platform", "verify", "--ce"), ["--cek"])
        self.assertEqual(complete("virtsev", "measure", "--vmsa", "l"), ["legacy"])
        self.assertIn("etc", complete("virtsev", "measure", "et"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
