"""Test vectors of exact tiling and rounding, which every language reproduces bit for bit.

`tiles.json` holds what the Python implementation does: `PYTHONPATH=tests python -m vectors` writes
it, and `tests/test_vectors.py` checks that it is current.

- `tilings`: a picture, without color if it is `gray`; the file's scale, halo and sizes (or a side);
  the halo that the file names for 8 bits, if it does, and whether the `exact` one is asked for;
  the plan as spans of rows and of columns, each `[read start, read stop, kept start, kept stop]`,
  the tiles being all pairs, row by row; whether the picture is mirrored at the bottom and on the
  right; the CRC-32 of the RGB bytes of the result. Or, instead, why it is `refused`.
- `rounding`: float32 values (their bits) and the 8-bit values that they become. `floats` are the
  bits of the float32 values of 0..255.
- `transparency`: pictures with alpha, which is 0 where it would be less than `hidden_below`, and
  the CRC-32 of the RGBA bytes of their results.

Pictures are made by a linear congruential generator; see `make_bytes`. The network is integer
arithmetic on 8-bit values: every output value is the sum, modulo 256, of the nine input values at
distance 0 or exactly `halo` on each axis (zeros outside the input), plus 7 i + 13 j for the
sub-pixel in row i and column j, plus 0, 29 and 58 for red, green and blue. A tile that misses one
pixel of its halo changes the result.
"""
