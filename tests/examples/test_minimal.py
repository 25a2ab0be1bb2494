"""The short example: it learns, and prints what it says."""

import minimal


def test_accuracy(capsys):
    assert minimal.main(epochs=10) > 0.9
    assert "the mean beta of Swish" in capsys.readouterr().out
