"""From a file on disk to the pixels a network is given: fixed steps, cache, random changes."""
