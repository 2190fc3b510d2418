"""The library that the tables are made with, without the libraries it loads for tables of numbers.

`sqlite_utils` loads numpy wherever it is installed, a tenth of a second and 25 MB at every start, to know its types of
numbers. Ours are Python's own; numpy is loaded when words are typed, and not before.
"""

import sys

_WITHOUT = [name for name in ("numpy", "pandas") if name not in sys.modules]
for _name in _WITHOUT:
    sys.modules[_name] = None  # type: ignore[assignment] # importing it fails, which sqlite_utils provides for
try:
    from sqlite_utils import Database, Migrations
finally:
    for _name in _WITHOUT:
        del sys.modules[_name]

__all__ = ["Database", "Migrations"]
