"""What CPython lacks here and apps expect of the standard library."""
