"""`python -m connectly_api.cli`: the same as `connectly`."""

import sys

from connectly_api.cli import main

if __name__ == "__main__":  # pragma: no branch  (it is what this module is for)
    sys.exit(main())
