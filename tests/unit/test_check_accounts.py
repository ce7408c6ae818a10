"""Names and passwords in the data files of a folder."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.conversation.accounts import StoredAccount, accounts_in


class AccountTests(SynchronousTestCase):
    """Pairs of words are found in lines and in JSON, and nothing else is."""

    def test_pairs_in_lines_and_in_json(self) -> None:
        for text in (
            "anna:1234\n",
            "anna, 1234\r\n",
            "anna 1234",
            '{"anna": "1234"}',
            '[{"login": "anna", "password": "1234"}]',
            '{"users": [{"age": 20, "name": "anna", "pass": "1234"}]}',
        ):
            expected = [StoredAccount("users", "anna", "1234")]
            self.assertEqual([*accounts_in({"users": text})], expected, text)

    def test_hashes_and_sentences_are_none(self) -> None:
        for text in ("anna:" + "5f4dcc3b5aa765d6" * 2, "a word and more", "[" * 100_000, "", "7"):
            self.assertEqual([*accounts_in({"users": text})], [], text)
