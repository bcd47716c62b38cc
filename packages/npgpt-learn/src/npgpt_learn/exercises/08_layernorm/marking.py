"""The gradients of x, γ and β, against central differences."""

from npgpt_learn import Layer

MARKING = Layer("layernorm", x="N C", gamma="C", beta="C")
