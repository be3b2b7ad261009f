"""Writes testdata/parquet: small files by pyarrow 26.0.1 and polars 2.1.0, whose values parquet_test.go expects.

    python3 testdata/make_parquet.py        # in the folder sources
"""
import math
import os

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parquet")


def write(name, **columns):
    pq.write_table(pa.table(columns), os.path.join(OUT, name), row_group_size=3)


# Text as a dictionary, as a large string, ids as numbers, a column that is not wanted, rows to reject, two row groups.
write("documents.parquet",
      lang=pa.array(["en", "en", "sw", "sw", "sw"]).dictionary_encode(),
      _id=pa.array([1, 2, 2, 2, None], pa.int64()),
      body=pa.array(["one", None, "mbili", "tena", "hapana"], pa.large_string()),
      unwanted=pa.array([[1], [2], [3], [4], [5]]))
pl.DataFrame({"language": ["en", "sw"], "id": ["a", "b"], "title": ["T", ""], "text": ["polars", "dubu"]}).write_parquet(os.path.join(OUT, "polars.parquet"))

nan = math.nan
lists = [[0.5, -1, 2], None, [1, nan, 2], [1, 2], [1, None, 2], [1, 2, math.inf], [4, 5, 6]]
ids = [str(i) for i in range(len(lists))]
exclude = pa.array([["d1", "d2"], [], [], [], [], [], None])
write("vectors_list.parquet", id=pa.array(ids), vector=pa.array(lists, pa.list_(pa.float32())), exclude=exclude)
write("vectors_double.parquet", id=pa.array(ids), vector=pa.array(lists, pa.large_list(pa.float64())))
fixed = [v if v is None or len(v) == 3 else [7, 8, 9] for v in lists]
write("vectors_fixed.parquet", id=pa.array(ids), vector=pa.array(fixed, pa.list_(pa.float32(), 3)))
half = pa.FixedSizeListArray.from_arrays(pa.array(np.array([0.5, -1, 2, 4, 5, 6], np.float16)), 3)
write("vectors_half.parquet", id=pa.array(["0", "6"]), vector=half)

small = pa.FixedSizeListArray.from_arrays(pa.array(np.array([127, -128, 0, 4, 5, 6], np.int8)), 3)
write("vectors_scaled.parquet", id=pa.array(["0", "6"]), vector=small, scale=pa.array([0.5, 0.25], pa.float32()))
write("vectors_with_scale.parquet", id=pa.array(["0"]), vector=pa.array([[0.5, -1, 2]], pa.list_(pa.float32())), scale=pa.array(["kg"]))

tiny = pa.FixedSizeListArray.from_arrays(pa.array(np.array([2**-24, 2**-15, 1], np.float16)), 3)
write("vectors_tiny.parquet", id=pa.array(["0"]), vector=tiny)

tokens = [[[0.5, 1], [2, 4]], [[1, 2]], [[1, 2], [3]], [[1, nan]], [[1, 2], None]]
counts = pa.array([[0, 17], [0, 17], [0, 17], [0], [0, 17]], pa.list_(pa.int64()))
write("tokens.parquet", id=pa.array(ids[:5]), ids=counts, vectors=pa.array(tokens, pa.list_(pa.list_(pa.float64()))))
inner = pa.FixedSizeListArray.from_arrays(pa.array(np.array([0.5, 1, 2, 4], np.float16)), 2)
write("tokens_half.parquet", id=pa.array(["0"]), ids=pa.array([[0, 17]], pa.list_(pa.int32())), vectors=pa.ListArray.from_arrays(pa.array([0, 2], pa.int32()), inner))

write("judgments.parquet", query_id=pa.array(["q1", "q2"]), document_id=pa.array(["d1", "d2"]), grade=pa.array([2.0, 1.5]))
