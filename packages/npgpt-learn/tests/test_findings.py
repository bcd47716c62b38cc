"""What is said of a wrong array that no known mistake gives."""

import pytest

from npgpt_learn.exercises import PATH
from npgpt_learn.marking.picture import spelled

DW, DB, DX = "dW += x.T @ dy", "db += dy.sum(axis=0)", "dx = dy @ W.T"


@pytest.mark.parametrize(
    ("line", "instead", "name", "said"),
    [
        (DX, "dx = -dy @ W.T", "dx", "dx has the wrong sign everywhere"),
        (DX, "dx = 2 * dy @ W.T", "dx", "dx is 2 times too large (here 2)"),
        (DX, "dx = dy @ W.T / len(x)", "dx", "dx is N times too small (here 5)"),
        (DX, "dx = -dy @ W.T * dy.size", "dx", "has the wrong sign, and is N·O times too large"),
        (DX, "dx = dy @ W.T * len(x) / 3", "dx", "dx is N/I times too large (here 1.66667)"),
        (DX, "dx = dy @ W.T / len(x) * 3", "dx", "dx is N/I times too small (here 1.66667)"),
        (DX, "dx = 0.123 * dy @ W.T", "dx", "every number of dx is 0.123 times what it should be"),
        (DX, "dx = (dy @ W.T)[::-1]", "dx", "the rows of dx are right, but in another order"),
        (DX, "dx = (dy @ W.T)[:, ::-1]", "dx", "the columns of dx are right, but in another order"),
        (DX, "dx = dy @ W.T; dx[-1] = 0", "dx", "dx is right but for the last row"),
        (DX, "dx = dy @ W.T; dx[:, 0] *= 3", "dx", "dx is right but for the first column"),
        (DX, "dx = abs(dy @ W.T)", "dx", "some numbers of dx have the wrong sign"),
        (DX, "dx = dy @ W.T * float('nan')", "dx", "15 of the 15 numbers of dx are not finite"),
        (DX, "dx = 0 * x", "dx", "dx is 0 everywhere"),
        (DX, "dx = dy @ W.T * (1 + 1e-5)", "dx", "every number of dx is 1.00001 times"),
        (DX, "dx = (dy @ W.T) * x", "dx", "dx has the factor x too often"),
        (DX, "dx = dy @ W.T + x", "dx", "dx has the term x too often"),
        (DX, "dx = dy @ W.T - 1", "dx", "dx lacks the term 1"),
        (DX, "dx = (dy @ W.T)**2", "dx", "dx is not proportional to dy"),
        (DX, "dx = (dy @ W.T).tolist()", "dx", "dx is a list, expected an array"),
        (DX, "dx = (dy @ W.T)[0]", "dx", "has the shape (3,), expected (5, 3)"),
        (DB, "db[...] = dy.sum(axis=0)", "db", "db is written over, but it is to be added to"),
        (DB, "db -= dy.sum(axis=0)", "db", "db has the wrong sign everywhere"),
        (DB, "db = dy.sum(axis=0)", "db", "db is as it was given: db += ... writes into it, db = "),
        (DX, "dx = None", "dx", "dx is None, expected an array: does the function return it?"),
        (DX, "dx = (dy @ W.T)[:2]", "dx", "a gradient has the shape of what it is the gradient of"),
        ("y = x @ W + b", "y = x @ W + 1.1 * b", "y", "y is off by the same number all along"),
    ],
)
def test_what_is_said(linear, line, instead, name, said):
    report = linear.mark(linear.solution.replace(line, instead))
    results = {result.name: result for result in report.results}
    assert results[name].state == "wrong"
    assert said in results[name].finding
    assert [n for n, result in results.items() if result.state == "wrong"] == [name]


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ("loss = np.inf", "loss is inf, which is not finite"),
        ("loss = 0 * log_p[0, 0]", "loss is 0"),
        ("loss = 3.3 * log_p[n, targets].mean()", "loss is -3.3 times what it should be"),
        ("loss = log_p[n, targets]", "loss has the shape (5,), expected ()"),
    ],
)
def test_what_is_said_of_a_number(instead, said):
    entropy = PATH.find("cross_entropy")
    report = entropy.mark(entropy.solution.replace("loss = -log_p[n, targets].mean()", instead))
    assert report.results[0].finding == said


def test_methods_of_one_name_are_told_apart():
    """Attention.forward is wrong, and no other forward; a list of arrays is as good as a tuple."""
    gpt = PATH.find("gpt")
    right = "z, a = zip(*map(attention.attention, q, k, v))"
    wrong = "z, a = map(list, zip(*map(attention.attention, q, k, q)))"
    said = gpt.mark(gpt.solution.replace(right, wrong)).results[0].finding
    assert said.startswith("it begins in Attention.forward with z")
    assert "no number" not in said


def test_the_first_call_only(linear):
    source = (
        linear.solution.replace(DX, "LEFT.append(1); dx = len(LEFT) * dy @ W.T") + "LEFT = []\n"
    )
    (dx,) = [result for result in linear.mark(source).results if result.name == "dx"]
    assert "right for the first call only" in dx.finding


def test_arrays_in_the_wrong_order():
    attention = PATH.find("attention")
    source = attention.solution.replace("return dq, dk, dv", "return dk, dq, dv")
    found = {result.name: result.finding for result in attention.mark(source).results}
    assert found["dq"] == "dq is what dk should be: are they returned in the order asked for?"


def test_the_wrong_number_of_arrays():
    attention = PATH.find("attention")
    report = attention.mark(attention.solution.replace("return dq, dk, dv", "return dq, dk"))
    assert report.problem == "attention_backward returned 2 values, expected dq, dk, dv"


def test_numpy_that_is_not_imported():
    """Not every file needs it, and a learner has it in mind."""
    square = PATH.find("square")
    assert "import numpy" not in square.learners_file
    report = square.mark(square.solution.replace("(dy * x**2).sum(", "np.sum(dy * x**2, "))
    assert report.problem.endswith("write import numpy as np above the functions")


@pytest.mark.parametrize(
    ("topic", "right", "wrong", "said"),
    [
        ("softmax", "(axis=-1, keepdims=True)\n    dx", "(axis=-1)\n    dx", "(2, 1), which"),
        ("layernorm", "mean = dx_hat.mean(axis=-1, keepdims=True)", "mean = dx_hat.mean(axis=-1)",
         "(2, 1), which"),
        ("linear", DX, "dx = dy + W", ""),  # other axes
        ("linear", DX, "dx = dy + b[:2]", ""),
    ],
)  # fmt: skip
def test_an_axis_that_is_lost(topic, right, wrong, said):
    exercise = PATH.find(topic)
    report = exercise.mark(exercise.solution.replace(right, wrong))
    assert report.problem.startswith(("ValueError", "NameError"))
    assert ("keepdims" in report.problem) == bool(said)
    assert said in report.problem


def test_what_is_named_as_its_variable_begins_with_nothing_later():
    cache = PATH.find("kv_cache")
    kept = 'cache["k"][start:end] = '
    report = cache.mark(cache.solution.replace(f"{kept}k", f"{kept}x"))
    found = {result.name: result.finding for result in report.results}
    assert "begins" not in found["keys in the cache"]
    assert "begins with keys" in found["y of the next"]


def test_a_transposed_array():
    softmax = PATH.find("softmax")
    report = softmax.mark(softmax.solution.replace("return dx", "return dx.T"))
    assert "they lie the wrong way round (transposed)" in report.results[0].finding


def test_a_square_array_that_is_transposed():
    attention = PATH.find("attention")
    source = attention.solution.replace("da = dy @ v.T", "da = v @ dy.T")
    assert source != attention.solution
    found = {result.name: result.finding for result in attention.mark(source).results}
    said = "it begins with da: da is transposed: its rows should be its columns"
    assert (found["dq"], found["dk"]) == (said, said)


def test_rows_that_should_sum_to_zero():
    softmax = PATH.find("softmax")
    report = softmax.mark(softmax.solution.replace("dx = y * (dy - along)", "dx = (y * dy)**3"))
    assert "is not proportional to dy" in report.results[0].finding
    report = softmax.mark(softmax.solution.replace("dx = y * (dy - along)", "dx = y**3 * dy"))
    assert "each row of dx should sum to 0" in report.results[0].finding


def test_what_is_written_into_a_parameter_is_where_it_ends():
    adam = PATH.find("adam")
    report = adam.mark(adam.solution.replace("m_hat = m / ", "m_hat = 1.7 * m / "))
    said = "it begins with m_hat: every number of m_hat is 1.7 times what it should be"
    assert {result.finding for result in report.results if result.finding} == {said}


def test_a_given_line_that_fails_for_want_of_a_line_above():
    """Such as np.stack(...): what it says has no ellipsis in it."""
    gpt = PATH.find("gpt")
    text = gpt.learners_file.replace("y = ...", "y = self.proj(self.gelu(self.expand(x)))")
    report = gpt.mark(text)
    assert (report.state, report.problem) == ("not written yet", "")
    assert text.splitlines()[report.line - 1].strip() == "z = ..."


def test_where_it_begins():
    layernorm = PATH.find("layernorm")
    source = layernorm.solution.replace("mean = dx_hat.mean", "mean = 7 * dx_hat.mean")
    dx = layernorm.mark(source).results[-1]
    assert dx.finding == "it begins with mean: every number of mean is 7 times what it should be"


@pytest.mark.parametrize(
    ("topic", "changes", "name", "said"),
    [
        # of a variable that another function has, which is right
        ("sampling", {"z = (logits": "z = 7; x = (logits", "exp(z)": "exp(x)", "[:k]": "[1:k]"},
         "p after top_k", "it begins with likeliest"),
        # of a variable that is made of the result
        ("adam", {"(dw - m)": "(dw + m)"}, "m", ""),
        ("adam", {"(dw - m)": "(dw + m)"}, "w after 3 steps", "it begins with m_hat, which is"),
        # of a variable that is written into the result itself
        ("adam", {"+ epsilon)": ") - epsilon"}, "w after 1 step", "in the first step m_hat is dw"),
        # a term that is the size of an axis by chance
        ("kv_cache", {"positions = np.arange(start, end)": "positions = np.arange(start, end) - 4",
                      "> positions[:, None]": "> np.arange(start, end)[:, None]"},
         "y of one token more", "it begins with positions, which is wrong"),
        # what is no gradient
        ("heads", {"return z": "return z[0]"}, "z", "z has the shape (5, 4), expected (2, 5, 4)"),
    ],
)  # fmt: skip
def test_nothing_is_blamed_that_is_not_where_it_begins(topic, changes, name, said):
    exercise = PATH.find(topic)
    source = exercise.solution
    for right, wrong in changes.items():
        assert source.count(right) == 1
        source = source.replace(right, wrong)
    (found,) = [result for result in exercise.mark(source).results if result.name == name]
    assert found.finding.startswith(said)
    assert bool(found.finding) == bool(said)
    assert "a gradient has" not in found.finding


def test_two_mistakes_at_once_are_told_both(linear):
    wrong = linear.mistakes[0].made_in(linear.solution)
    wrong = wrong.replace(DB, "db += dy.mean(axis=0)")
    assert len(linear.mark(wrong).hints) == 2


def test_what_is_given_is_reported_only_if_it_is_wrong(linear):
    for instead, names in (("y = x @ W + b", []), ("y = x @ W - b", ["y"])):
        report = linear.mark(linear.solution.replace("y = x @ W + b", instead))
        assert [result.name for result in report.results] == [*names, "dW", "db", "dx"]


def test_no_mistake_is_told_that_would_make_more_wrong():
    """A mistake in merge would show in merge; here encode does not call it yet."""
    bpe = PATH.find("bpe")
    loop = "    for pair, new in merges.items():\n        ids = merge(ids, pair, new)\n"
    report = bpe.mark(bpe.solution.replace(loop, "    ...\n"))
    states = {result.name: result.state for result in report.results}
    assert [name for name, state in states.items() if state != "passed"] == ["encoded"]
    assert report.hints == []


def test_what_is_written_already_is_marked(linear):
    """The other lines are still to be written."""
    source = linear.learners_file.replace("    ...", f"    {DW}", 1)
    report = linear.mark(source)
    assert {result.name: result.state for result in report.results} == {
        "dW": "passed",
        "db": "not written yet",
        "dx": "not written yet",
    }
    assert report.state == "not written yet"


def test_a_picture_shows_which_numbers_are_right(linear):
    report = linear.mark(linear.solution.replace(DX, "dx = dy @ W.T; dx[0, 0] = 7"))
    picture = report.results[-1].picture
    assert picture.yours[0][0] == "7"
    assert picture.right == [[False, True, True, True], [True] * 4]
    assert len(picture.truth) == 2


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1e-9, "0"), (1.5, "1.5"), (100.0, "100"), (0.0004, "0.0004"),
        (-0.71563, "-0.716"), (21.8949, "21.895"), (-21.8949, "-21.89"), (1234.56, "1234.6"),
        (1e6, "1e+06"), (-123456, "-1e+05"), (-0.00004, "-4e-05"), (float("inf"), "inf"),
    ],
)  # fmt: skip
def test_numbers_are_short(number, text):
    assert spelled(number) == text
