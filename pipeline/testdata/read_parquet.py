"""Reads every Parquet file below a folder with pyarrow, polars and DuckDB and compares what they see.

python read_parquet.py FOLDER
"""
import pathlib
import sys

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet

for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.parquet")):
    table = pyarrow.parquet.read_table(path)
    table.validate(full=True)
    frame = polars.read_parquet(path)
    rows = duckdb.read_parquet(str(path))
    assert rows.columns == table.column_names, path
    assert frame.height == table.num_rows > 0, path
    assert frame.columns == table.column_names, path
    for field in table.schema:
        column = table[field.name]
        assert field.nullable or column.null_count == 0, (path, field)
        assert frame[field.name].null_count() == column.null_count, (path, field)
        if field.name == "vector":
            assert pa.types.is_fixed_size_list(field.type) and field.type.list_size == 32, (path, field)
            half, scaled = path.name == "halves.parquet", "scale" in table.column_names
            assert field.type.value_type == (pa.float16() if half else pa.int8() if scaled else pa.float32()), (path, field)
            assert frame.schema["vector"].size == 32, (path, frame.schema)
            assert half or frame.schema["vector"] == polars.Array(polars.Int8 if scaled else polars.Float32, 32), (path, frame.schema)
            vectors = np.array(column.to_pylist(), float)
            if scaled:
                assert (abs(vectors).max(1) == 127).all(), path
                vectors *= frame["scale"].to_numpy()[:, None]
            assert (abs((vectors**2).sum(1) - 1) < (1e-2 if scaled else 1e-3 if half else 1e-5)).all(), path
        if field.name == "vectors":
            inner = field.type.value_type
            assert pa.types.is_fixed_size_list(inner) and inner.list_size == 32, (path, field)
            assert inner.value_type == pa.float16(), (path, field)
            assert frame.schema["vectors"].inner.size == 32, (path, frame.schema)
            tokens = [len(ids) for ids in table["ids"].to_pylist()]
            assert [len(v) for v in column.to_pylist()] == tokens, path
        if not str(field.type).startswith(("fixed_size_list", "list<element: fixed")):
            assert frame[field.name].to_list() == column.to_pylist(), (path, field)
        assert [row[0] for row in rows.select(f'"{field.name}"').fetchall()] == column.to_pylist(), (path, field)
    print("ok", path.name, table.num_rows)
