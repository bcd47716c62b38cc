"""Several runs that differ in one thing, measured on the same text: ``npgpt compare``.

``variants`` says which runs there are, ``compare`` trains and measures them, ``report`` writes what
came out. ``characters``, ``held_out``, ``generated`` and ``stability`` are what is measured.
"""
