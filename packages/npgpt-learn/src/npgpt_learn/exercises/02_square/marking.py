"""The gradients of x and s, against central differences."""

from npgpt_learn import Layer

MARKING = Layer("square", x="N C", s="C")
