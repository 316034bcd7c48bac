"""``python -m columna``."""

import sys

from columna.cli import main

sys.exit(main())
