"""One folder per runtime family; `api` is what a family is to an environment."""
