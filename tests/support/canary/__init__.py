"""One-line changes of the code, each of which `satark canary` must notice."""
