"""uvicorn's ``--env-file``: python-dotenv reads it, as in uvicorn."""

from dotenv import load_dotenv


def load_file(path: str) -> None:
    """Sets the variables of a file, but for those that are set already. A directory, or a file that
    is gone meanwhile, has none.
    """
    load_dotenv(dotenv_path=path)
