# An app that cannot be imported.
raise ImportError("this app does not import")
