"""Several runs that differ in one thing, measured on the same text: ``npgpt compare``.

``compare`` is all of it: ``variants`` says which runs there are, ``runs`` trains and ``measuring``
measures them (``characters``, ``held_out``, ``generated``, ``stability``), ``summary`` is what came
out, ``report`` writes it. What a
report tells of it depends on what differs (``subject``): ``tables`` chooses among the ``rows``, and
``npgpt_train.formats`` writes their numbers.
"""
