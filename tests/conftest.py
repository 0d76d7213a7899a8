"""What holds for all tests."""

import atexit
import os
import shutil
import tempfile

# BoTorch compiles a kernel into a folder that all processes share: a lock left there by a killed one blocks for ever
_FOLDER = tempfile.mkdtemp(prefix="torch-extensions-")
os.environ["TORCH_EXTENSIONS_DIR"] = _FOLDER
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
