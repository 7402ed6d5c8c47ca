"""The face for asyncio. The blocking one is made from it by ``tools/unasync.py``."""
