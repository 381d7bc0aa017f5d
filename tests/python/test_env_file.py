"""Files of environment variables: the values are those that python-dotenv 1.2 finds in the same
text.
"""

import tempfile
import unittest
from pathlib import Path

from wasgi_runtime.servers.uvicorn.env_file import parse, read

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


class EnvFile(unittest.TestCase):
    def test_lines_are_read_as_python_dotenv_reads_them(self) -> None:
        self.assertEqual(
            parse(TEXT, {"HOME": "/root"}),
            {
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

    def test_a_directory_and_a_file_that_is_gone_have_none(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            self.assertEqual(read(directory, {}), {})
            self.assertEqual(read(f"{directory}/missing", {}), {})
            file = Path(directory, ".env")
            file.write_text("\ufeffA=1\n", encoding="utf-8")
            self.assertEqual(read(str(file), {}), {"A": "1"})


if __name__ == "__main__":
    unittest.main()
