"""What this package uses of Pyodide (314.0)."""
