from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.text.tables import table


class TableTests(SynchronousTestCase):
    def test_columns_are_aligned_without_trailing_spaces(self) -> None:
        rows = [("service", "connected", "note"), ("netlab-echo", 7, "")]
        self.assertEqual(table(rows), "service      connected  note\nnetlab-echo  7")

    def test_a_row_of_another_length_is_an_error(self) -> None:
        self.assertRaises(ValueError, table, [("a", "b"), ("c",)])
