"""Files of environment variables, as uvicorn's ``--env-file`` loads them."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from wasgi_runtime.servers.uvicorn.environment import load_file

TEXT = r"""# comment
A=1
export B = two words # comment
C='single $HOME \' q'
D="double\n${A}-${NONE:-default}-${HOME}"
E=
F=${B}x
 G=g#not
H=h #yes
I="multi
line"
NOTHING
K="x" # c
A=again
"""


def loaded(path: str, environ: dict[str, str]) -> dict[str, str]:
    """The environment that was ``environ``."""
    with patch.dict(os.environ, environ, clear=True):
        load_file(path)
        return dict(os.environ)


class EnvFile(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.file = Path(directory.name, ".env")

    def test_lines_are_read_as_python_dotenv_reads_them(self) -> None:
        self.file.write_text(TEXT, encoding="utf-8")
        self.assertEqual(
            loaded(str(self.file), {"HOME": "/root"}),
            {
                "HOME": "/root",
                "A": "again",
                "B": "two words",
                "C": "single $HOME ' q",
                "D": "double\n1-default-/root",
                "E": "",
                "F": "two wordsx",
                "G": "g#not",
                "H": "h",
                "I": "multi\nline",
                "K": "x",
            },
        )

    def test_what_is_set_already_stays(self) -> None:
        self.file.write_text("A=1\nB=2\n", encoding="utf-8")
        self.assertEqual(loaded(str(self.file), {"A": "0"}), {"A": "0", "B": "2"})

    def test_a_directory_and_a_file_that_is_gone_have_none(self) -> None:
        self.assertEqual(loaded(self.directory, {}), {})
        self.assertEqual(loaded(f"{self.directory}/missing", {}), {})

    def test_a_byte_order_mark_is_no_part_of_a_name(self) -> None:
        self.file.write_text("\ufeffA=1\n", encoding="utf-8")
        self.assertEqual(loaded(str(self.file), {}), {"A": "1"})


if __name__ == "__main__":
    unittest.main()
