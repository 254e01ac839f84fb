"""Damaged model files end in a sentence and an exit code: a sample of `nox -s fuzzing`."""

from random import Random

import pytest
from fuzzing.damaged_files import list_models
from fuzzing.inconsistent_metadata import INCONSISTENCIES
from fuzzing.runs import make_originals
from fuzzing.workers import run_cases
from model_files import copy_alone

from mobile_runtime.model_file.file_hash import hash_file


@pytest.fixture(scope="module")
def originals(converted, tmp_path_factory):
    return make_originals(converted, tmp_path_factory.mktemp("originals"))


@pytest.mark.parametrize(
    "numbers",
    [range(8), pytest.param(range(8, 60), marks=pytest.mark.full)],
    ids=["sample", "more"],
)
def test_damaged_files_end_in_a_sentence_and_an_exit_code(
    originals, tmp_path, monkeypatch, numbers
):
    monkeypatch.chdir(tmp_path)  # where faulty files are kept
    outcomes = list(run_cases(originals, 0, numbers, workers=1))  # other tests run beside it
    assert [outcome for outcome in outcomes if outcome.faults] == []
    assert {outcome.number for outcome in outcomes} == set(numbers)
    codes = [code for outcome in outcomes for code in outcome.codes.values()]
    assert {0, 2} <= set(codes)


@pytest.mark.parametrize(
    ("suffix", "name"),
    [(suffix, name) for suffix, ways in INCONSISTENCIES.items() for name in ways],
)
def test_every_inconsistency_can_be_made(originals, tmp_path, suffix, name):
    for model in list_models(originals, suffix):
        copy = copy_alone(model, tmp_path / model.name)
        for seed in range(8):
            INCONSISTENCIES[suffix][name](copy, Random(seed))
        assert hash_file(copy) != hash_file(model)
