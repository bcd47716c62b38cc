"""The gradients of q, k and v, against central differences."""

from npgpt_learn import Layer

MARKING = Layer("attention", q="T D", k="T D", v="T E")
