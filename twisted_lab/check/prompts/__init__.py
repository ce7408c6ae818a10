"""The questions that programs ask on a terminal, and answers that suit them."""
