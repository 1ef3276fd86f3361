"""Parts of the Prepare page."""
