"""`python -m xray_core`: see `xray_core.cli`."""

import sys

from xray_core.cli import main

sys.exit(main())
