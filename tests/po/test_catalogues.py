#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the translations to the sources: nothing untranslated, nothing fuzzy, every field of a text in its place."""

import pathlib
import re
import string
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
PO = ROOT / "po"
# CONTRIBUTING's table of wrong and right, as far as words show it.
WRONG_WORDS = {
    r"\bis no (?!longer\b|more\b)(?<!there is no )": "is not a",
    r"\banew\b": "again",
    # "A digest alone" says what only means elsewhere.
    r"(?<!a digest )(?<!a PDH )(?<!sev_snp=0 )\balone\b": "only",
    r"\bwherever\b": "if",
    r"\bplease\b": "(nothing)",
}
CALL = re.compile(r'\btext\(\s*(?P<argument>.)')


def lines_of(name):
    return [line for line in (PO / name).read_text().splitlines() if line and not line.startswith("#")]


def languages():
    return lines_of("LINGUAS")


def sources():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "sevcore", "domain-xml",
                             "driver"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in listed if name.endswith((".cpp", ".hpp")) and (ROOT / name).is_file()]


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def unquote(quoted):
    """The text of a sequence of PO string lines."""
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', quoted)).encode().decode("unicode_escape").encode("latin-1").decode()


def messages(path):
    """Pairs of text and translation. msgcat writes each entry in one known shape."""
    all_of_it = run("msgattrib", "--no-obsolete", "--no-wrap", path).stdout
    for entry in all_of_it.split("\n\n"):
        match = re.search(r'^msgid (.*?)^msgstr (.*)', entry, re.S | re.M)
        if match and unquote(match.group(1)):
            yield unquote(match.group(1)), unquote(match.group(2))


def fields(message):
    """The replacement fields as fmt numbers them: (which, format), in no order."""
    found, automatic = [], 0
    for _, name, form, _ in string.Formatter().parse(message):
        if name is None:
            continue
        if name == "":
            name, automatic = str(automatic), automatic + 1
        found.append((name, form))
    return sorted(set(found))


class Catalogues(unittest.TestCase):
    maxDiff = None

    def test_potfiles_lists_every_source_with_a_text(self):
        with_text = sorted(str(path.relative_to(ROOT)) for path in sources() if CALL.search(path.read_text()))
        self.assertGreater(len(with_text), 50, "the sources were not found")
        self.assertEqual(with_text, lines_of("POTFILES"), "run po/update")

    def test_every_text_is_a_literal_so_that_it_is_extracted(self):
        wrong = []
        for path in sources():
            if path.relative_to(ROOT).parts[:2] == ("sevcore", "base"):
                continue
            code = path.read_text()
            for match in CALL.finditer(code):
                line = code.count("\n", 0, match.start()) + 1
                if match.group("argument") != '"' and not code.splitlines()[line - 1].lstrip().startswith("//"):
                    wrong.append(f"{path.relative_to(ROOT)}:{line}")
        self.assertEqual([], wrong)

    def test_catalogues_are_well_formed(self):
        self.assertIn("de", languages())
        for language in languages():
            result = run("msgfmt", "--check", "--check-format", "--output-file=/dev/null", PO / f"{language}.po")
            self.assertEqual((0, ""), (result.returncode, result.stderr), language)

    def test_nothing_is_untranslated_or_fuzzy(self):
        with tempfile.NamedTemporaryFile(suffix=".pot") as template:
            extracted = run("xgettext", "--directory", ROOT, "--from-code=UTF-8", "--language=C++", "--keyword=text:1",
                            "--output", template.name, *lines_of("POTFILES"))
            self.assertEqual(0, extracted.returncode, extracted.stderr)
            content = pathlib.Path(template.name).read_text().replace("charset=CHARSET", "charset=UTF-8")
            pathlib.Path(template.name).write_text(content)
            for language in languages():
                compared = run("msgcmp", PO / f"{language}.po", template.name)
                self.assertEqual((0, ""), (compared.returncode, compared.stderr), f"{language}: run po/update, translate")
        for language in languages():
            for flag in ("--untranslated", "--only-fuzzy", "--only-obsolete"):
                self.assertEqual("", run("msgattrib", flag, PO / f"{language}.po").stdout, f"{language} {flag}")

    def test_every_field_of_a_text_is_in_its_translation(self):
        for language in languages():
            pairs = list(messages(PO / f"{language}.po"))
            self.assertGreater(len(pairs), 100)
            self.assertEqual([], [pair for pair in pairs if fields(pair[0]) != fields(pair[1])], language)

    def test_fields_are_told_apart(self):
        self.assertEqual([("0", ""), ("1", "#x")], fields("{1:#x} in {0}"))
        self.assertEqual(fields("{} and {:#x}"), fields("{1:#x} in {0}"))
        self.assertNotEqual(fields("{} and {}"), fields("{}"))
        self.assertEqual([], fields("{{}}"))


class Language(unittest.TestCase):
    def test_messages_are_in_plain_english(self):
        (catalogue, *_) = languages()
        texts = [text for text, _ in messages(PO / f"{catalogue}.po")]
        self.assertGreater(len(texts), 500, "the messages were not found")
        wrong = [f"{text}: write '{right}'" for text in texts for word, right in WRONG_WORDS.items() if re.search(word, text)]
        self.assertEqual([], wrong)

    def test_a_wrong_word_is_seen(self):
        for text in ("kernel 'k' is no bzImage", "devices see shared memory alone", "the guest is launched anew"):
            self.assertTrue(any(re.search(word, text) for word in WRONG_WORDS), text)
        for text in ("there is no such file", "it is no longer there", "a digest alone does not say it"):
            self.assertFalse(any(re.search(word, text) for word in WRONG_WORDS), text)


if __name__ == "__main__":
    unittest.main()
