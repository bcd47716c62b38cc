"""Several runs that differ in one thing, measured on the same text: ``npgpt compare``.

``compare`` does it all. ``variants`` lists the runs, one for each point of the ``axes``. ``runs``
trains them. ``summary`` measures them (``characters``, ``held_out``, ``generated``, ``stability``).
``report`` writes the pages: ``tables`` chooses ``rows`` by the ``differences`` of the runs, and
``npgpt_train.formatting`` formats their numbers.
"""
