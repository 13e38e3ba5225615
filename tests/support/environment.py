"""A data directory of its own for every test process. A plugin (`-p`), because settings are read before conftest."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

for _name in [name for name in os.environ if name.startswith("LABELKEEP_")]:
    del os.environ[_name]
_directory = tempfile.mkdtemp(prefix="labelkeep-test-")
os.environ["LABELKEEP_DATA_DIR"] = _directory
atexit.register(shutil.rmtree, _directory, ignore_errors=True)
