"""Replays the corpora of the fuzzers, without the fuzzers."""

from importlib import import_module

from twisted.trial.unittest import SynchronousTestCase

from fuzz.__main__ import CORPUS, NAMES


class CorpusTests(SynchronousTestCase):
    def test_each_corpus_passes_its_fuzzer(self) -> None:
        self.assertEqual({path.name for path in CORPUS.iterdir()}, set(NAMES))
        for name in NAMES:
            module, _, function = name.partition(".")
            target = getattr(import_module(f"fuzz.{module}"), function)
            inputs = sorted((CORPUS / name).iterdir())
            self.assertGreater(len(inputs), 0)
            for path in inputs:
                try:
                    target(path.read_bytes())
                except Exception as error:
                    raise AssertionError(f"{name}: {path.name}") from error
