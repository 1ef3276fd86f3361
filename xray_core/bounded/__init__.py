"""Running functions over files that nobody vouches for in processes with limits of time and memory.

`run_bounded` and `map_bounded` (pool.py) hand a function and its arguments to a child process
(child.py); messages.py is how the two talk.
"""

from xray_core.bounded.pool import close_pool, map_bounded, run_bounded

__all__ = ["close_pool", "map_bounded", "run_bounded"]
