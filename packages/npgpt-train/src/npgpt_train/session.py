"""The steps of a prepared run, with evaluations and checkpoints, and a sample at the end."""

from contextlib import closing
from functools import partial

from npgpt_core.errors import NpgptError, warn
from npgpt_core.events import Checkpointed, Evaluated, Event, Finished, Started, Stepped
from npgpt_train.events import Reporter
from npgpt_train.loop.preflight import estimate, warn_of_first_loss
from npgpt_train.loop.processes import Processes
from npgpt_train.loop.trainer import Trainer
from npgpt_train.loop.workers import open_workers
from npgpt_train.machine.disk import writing
from npgpt_train.machine.interruption import Interrupted, Signals, catching_signals
from npgpt_train.plots import plot_curves
from npgpt_train.preparation import Preparation
from npgpt_train.run.checkpoint import Checkpoint
from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import MetricsLog
from npgpt_train.run.reference import verdict
from npgpt_train.run.sample import sample_text
from npgpt_train.run.state import Best


def run_session(prepared: Preparation, processes: Processes, report: Reporter) -> Run:
    """The steps, with an evaluation and a checkpoint every so often, and the end of the run.

    All processes do the same; rank 0 alone writes.

    Raises:
        Interrupted: a signal came; the step was finished and has a checkpoint, if one was begun.
        NpgptError: a number that is not finite, or a disk that cannot be written.
    """
    run, settings, tokens = prepared.run, prepared.run.record.settings, prepared.tokens
    writes, alone = processes.rank == 0, processes.size == 1
    report(_started(prepared))
    with (
        writing(str(run.folder), lambda: _advice(run)),
        # several processes leave after the same step, and one that left before would be missed
        catching_signals(partial(_before_a_step, prepared) if alone else None) as signals,
        open_workers(prepared.model, settings.workers, settings.batch_size) as workers,
        closing(MetricsLog(run.metrics_path if writes else None)) as log,
    ):
        trainer = Trainer(
            workers,
            prepared.optimizer,
            prepared.schedule,
            tokens.train,
            tokens.val,
            settings,
            processes,
            run.record.on_nan,
        )
        best = _begin(trainer, prepared, log, report)
        signals.defer()
        _train(trainer, prepared, best, log, report, signals)
        if writes:
            report(_finish(run))
    return run


def _before_a_step(prepared: Preparation, signal: int) -> Interrupted:
    return Interrupted(signal, prepared.run.folder, prepared.step)


def _begin(trainer: Trainer, prepared: Preparation, log: MetricsLog, report: Reporter) -> Best:
    """What is measured before the first step; gives the lowest loss that there are weights of."""
    run, step, best = prepared.run, prepared.step, prepared.best
    imported = run.record.init_from is not None
    if step < trainer.settings.max_iters:
        report(estimate(trainer, step))
    if step == 0:
        evaluation = trainer.evaluate(0)
        is_best = imported and evaluation["val_loss"] < best.loss
        best = Best(0, evaluation["val_loss"]) if is_best else best
        log.append(evaluation)
        report(Evaluated(evaluation, is_best))
        if not imported and trainer.processes.rank == 0:
            warn_of_first_loss(evaluation["train_loss"], run.record.vocab_size)
    return best


def _train(
    trainer: Trainer,
    prepared: Preparation,
    best: Best,
    log: MetricsLog,
    report: Reporter,
    signals: Signals,
) -> None:
    """The steps; a checkpoint at every evaluation, at the end, and after a signal."""
    run, s = prepared.run, trainer.settings
    for metrics in trainer.steps(prepared.step, s.max_iters):
        log.append(metrics)
        step = metrics["step"]
        events: list[Event] = [Stepped(metrics)]
        if step % s.eval_interval == 0 or step == s.max_iters:
            evaluation = trainer.evaluate(step)
            is_best = evaluation["val_loss"] < best.loss
            best = Best(step, evaluation["val_loss"]) if is_best else best
            log.append(evaluation)
            events.append(Evaluated(evaluation, is_best))
        number = trainer.processes.max(signals.number)
        if trainer.processes.rank == 0 and (len(events) > 1 or number):
            log.sync()
            checkpoint = Checkpoint(
                step, prepared.model.state_dict(), prepared.optimizer.state_dict(), best
            )
            folder = run.checkpoints.save(checkpoint, keep=run.record.keep, every=s.eval_interval)
            events.append(Checkpointed(folder, step))
        for event in events:  # after the checkpoint: a closed terminal takes no print
            report(event)
        if number and step < s.max_iters:
            raise Interrupted(number, run.folder, step)


def _advice(run: Run) -> str:
    """What is left after the disk failed, and how to go on."""
    if not run.is_trained():
        return "No step was taken; when the disk can be written again, start the run once more"
    steps = run.checkpoints.steps()
    last = f"The checkpoint of step {steps[-1]} is complete" if steps else "There is no checkpoint"
    how = f"`resume=True` and `out={run.folder}`"
    return f"{last}; when the disk can be written again, train on with {how}"


def _started(prepared: Preparation) -> Started:
    run = prepared.run
    return Started(
        run.folder,
        run.record.settings.to_json(),
        prepared.step,
        run.record.parameters,
        run.record.vocab_size,
        len(prepared.tokens.train),
        len(prepared.tokens.val),
        run.text_record().characters,
    )


def _finish(run: Run) -> Finished:
    """Draw the curves, write a sample, and say how it ended."""
    metrics = run.whole_metrics()
    curves, note = run.folder / "curves.png", ""
    try:
        plot_curves(metrics, curves, title=run.folder.name)
    except NpgptError as error:
        note = str(error)
    last = [event for event in metrics if "val_loss" in event][-1]
    return Finished(
        folder=run.folder,
        metrics=last,
        sample=_sample(run),
        curves=None if note else curves,
        note=note,
        verdict=verdict(run, metrics),
        skipped=sum("skipped" in event for event in metrics),
    )


def _sample(run: Run) -> str:
    """Write a sample; of a model whose numbers are not finite there is none, but a warning."""
    try:
        sample = sample_text(run)
    except NpgptError as error:
        warn(f"there is no sample: {error}")
        return ""
    run.files.replace("sample.txt", sample.encode("utf-8", "surrogatepass"))
    return sample
