"""How an exercise is called: ``03_linear``, its folder and the learner's file alike."""

import re

NAME = re.compile(r"(?P<number>\d\d)_(?P<topic>[a-z]\w*)")
