"""One module per source; each recipe's docstring or `about` says what was published."""
