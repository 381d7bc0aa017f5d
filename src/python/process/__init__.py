"""The life of a process: what it is told to be, how it forks and how it ends."""
