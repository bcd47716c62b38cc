"""Several runs that differ in one thing, measured on the same text: ``npgpt compare``.

``compare`` is all of it: ``variants`` says which runs there are (a point of each of the ``axes``),
``runs`` trains them, ``summary`` measures them (``characters``, ``held_out``, ``generated``,
``stability``) and puts together what came out, ``report`` writes it. What it tells depends on what
differs (``subject``): ``tables`` chooses among the ``rows``, and ``npgpt_train.formatting`` writes
their numbers.
"""
