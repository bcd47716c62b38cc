"""The machine on one page: a model and a text taken apart for the browser, in one file."""
