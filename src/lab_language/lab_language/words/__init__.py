"""From a sentence to what it says."""
