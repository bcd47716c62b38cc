"""The gradient of x, against central differences."""

from npgpt_learn import Layer

MARKING = Layer("gelu", x="N C")
