"""The gradient of the table, with an id that is there twice."""

from npgpt_learn import Layer

MARKING = Layer("embedding", W="V C", ids="N < V")
