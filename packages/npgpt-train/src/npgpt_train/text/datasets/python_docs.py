"""The language reference of Python, which every Python carries for ``help()``."""

from collections.abc import Iterator


class PythonDocs:
    """The topics of ``pydoc_data``, about half a million characters of technical English.

    The text is that of the running Python: another version of Python has another text.
    """

    def texts(self) -> Iterator[str]:
        """One topic a piece, in alphabetical order of their names."""
        from pydoc_data.topics import topics

        for name in sorted(topics):
            yield topics[name].strip() + "\n\n"
