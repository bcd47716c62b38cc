"""Every optimizer and schedule of the house keeps its contract, as a stranger's would."""

from functools import partial

from npgpt_core.testing import parametrize_with_checks
from npgpt_optim import SGD, Adam, AdamW, Constant, Muon, Step, WarmupCosine


@parametrize_with_checks("optimizer", SGD)
def test_sgd(check):
    check()


@parametrize_with_checks("optimizer", partial(SGD, momentum=0.9))
def test_sgd_with_momentum(check):
    check()


@parametrize_with_checks("optimizer", partial(SGD, momentum=0.9, nesterov=True))
def test_sgd_with_nesterov_momentum(check):
    check()


@parametrize_with_checks("optimizer", Adam)
def test_adam(check):
    check()


@parametrize_with_checks("optimizer", AdamW)
def test_adamw(check):
    check()


@parametrize_with_checks("optimizer", partial(AdamW, weight_decay=0.5))
def test_adamw_that_decays_fast(check):
    check()


@parametrize_with_checks("optimizer", Muon)
def test_muon(check):
    check()


@parametrize_with_checks("optimizer", partial(Muon, nesterov=False, relative_lr=3.0))
def test_muon_with_options(check):
    check()


@parametrize_with_checks("schedule", Constant)
def test_constant(check):
    check()


@parametrize_with_checks("schedule", Step)
def test_step(check):
    check()


@parametrize_with_checks("schedule", WarmupCosine)
def test_warmup_cosine(check):
    check()


@parametrize_with_checks("schedule", partial(WarmupCosine, warmup_iters=50, min_lr=0.0))
def test_warmup_cosine_that_warms_up_longer_than_short_runs(check):
    check()
