"""The page: who may open it, how it looks, and the stop that works without the rest of it."""
