"""asyncio's event loop on the waits of ``threads``."""
