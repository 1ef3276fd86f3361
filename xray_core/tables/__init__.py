"""CSV, workbooks and their cells: separators, encodings, missing words, numbers, ids."""
