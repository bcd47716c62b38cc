"""Several runs that differ in one thing, measured on the same text: ``npgpt compare``.

``variants`` says which runs there are, ``compare`` trains and measures them, ``report`` writes what
came out. ``characters``, ``held_out``, ``generated`` and ``stability`` are what is measured. What a
report tells of it depends on what differs (``subject``): ``tables`` chooses among the ``rows``, and
``npgpt_train.formats`` writes their numbers.
"""
