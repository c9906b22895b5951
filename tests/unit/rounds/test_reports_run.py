"""A settlement by a model: asked, kept, checked, settled again; and every way somebody may tamper with it."""

from dataclasses import replace
from fractions import Fraction

import pytest

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.mechanism import canonical, reports_data
from oracle.mechanism.reports import Rule
from oracle.mechanism.reports_document import Spec
from oracle.rounds import reports_run
from tests.support.fake_reader import HASHES, SPEC, FakeReader, counting


def made(spec: Spec = SPEC, mind=counting):
    return reports_run.run(spec, FakeReader(mind), HASHES, Sampler())


def test_run__a_reader_who_counts__pays_by_the_median_of_samples() -> None:
    _, figures, settlement = made()
    assert figures.by_mask == {mask: Fraction(5 + (mask & 1) + (mask >> 1 & 1) - (mask >> 2), 10) for mask in range(8)}
    assert settlement.payments["alice"] == settlement.payments["bob"] > 0 > settlement.payments["carol"]
    assert settlement.total == 1_000_000 * (Fraction(1, 4) - Fraction(16, 100))


def test_run__all_questions__share_their_noise_and_tell_how_far() -> None:
    reader, seen = FakeReader(counting), []
    reports_run.run(SPEC, reader, HASHES, Sampler(), lambda tokens, samples: seen.append((tokens, samples)))
    assert len(reader.asked) == 8 and len({seed for _, seed in reader.asked}) == 1
    assert [samples for _, samples in seen] == [5 * n for n in range(1, 9)]


def test_run__a_reader_who_ignores_reports__pays_nothing() -> None:
    _, _, settlement = made(mind=lambda instruction, texts, index: f'{{"permille":{300 + index}}}')
    assert set(settlement.payouts.values()) == {0}


def test_run__zero_shot__asks_for_consistency_too() -> None:
    terms = replace(SPEC.terms, rule=Rule.ZERO_SHOT, beta=1_000_000, rho=Fraction(1, 5))
    _, figures, settlement = made(replace(SPEC, terms=terms))
    assert figures.consistency == Fraction(4, 5) and len(figures.by_mask) == 8
    _, figures, settlement = made(replace(SPEC, terms=terms, outcome=None))
    assert settlement.payouts is None and figures.by_mask == {}


def test_run__nine_reporters__asks_the_sampled_coalitions_only() -> None:
    names = tuple(f"p{n}" for n in range(9))
    spec = replace(
        SPEC, reporters=names, reports=dict.fromkeys(names, "clean"), terms=replace(SPEC.terms, permutations=4)
    )
    reader = FakeReader(lambda instruction, texts, index: f'{{"permille":{500 + 50 * len(texts)}}}')
    _, _, settlement = reports_run.run(spec, reader, HASHES, Sampler())
    assert len(reader.asked) == settlement.coalitions < 40
    assert settlement.total == 1_000_000 * (Fraction(1, 4) - Fraction(1, 400))


def test_run__most_answers_invalid__is_refused() -> None:
    with pytest.raises(Refused, match="0 of 5 answers are valid"):
        made(mind=lambda instruction, texts, index: "no")


def test_data_file__any_settlement__reads_back_and_verifies() -> None:
    for spec in (
        SPEC,
        replace(SPEC, misreports={"carol": "clean"}),
        replace(SPEC, terms=replace(SPEC.terms, rule=Rule.LOO)),
    ):
        data, _, settlement = made(spec)
        read = reports_data.loads(reports_data.dumps(data))
        assert read == data
        assert reports_run.verify(read, FakeReader(counting), Sampler()) == (settlement, "")


def tampered(change) -> tuple[object, str]:
    data, _, _ = made()
    return reports_run.verify(change(data), FakeReader(counting), Sampler())


def with_sample(data, **changes):
    first = (replace(data.answers[3][1], **changes), *data.answers[3][2:])
    return replace(data, answers=(*data.answers[:3], (data.answers[3][0], *first), *data.answers[4:]))


def test_verify__another_token__is_found_by_question_sample_and_place() -> None:
    text = '{"permille":510}'
    settlement, wrong = tampered(lambda d: with_sample(d, token_ids=tuple(text.encode()), text=text))
    assert settlement is None and wrong.startswith(
        "posterior of coalition 4: sample 1, token 12 is 53, the model draws 52"
    )


def test_verify__text_that_is_not_its_tokens__is_found() -> None:
    assert "does not read as its tokens do" in tampered(lambda d: with_sample(d, text='{"permille":999}'))[1]
    assert "does not read as its tokens do" in tampered(lambda d: with_sample(d, finished=False))[1]


def test_verify__payouts_that_do_not_follow__are_found() -> None:
    settlement, wrong = tampered(lambda d: replace(d, payouts=d.payouts | {"alice": 10**9}))
    assert settlement is not None and wrong == "the payouts do not follow from the answers"


def test_verify__a_warmer_sampler__is_found() -> None:
    wrong = tampered(lambda d: replace(d, sampler=replace(d.sampler, temperature_milli=2000)))[1]
    assert wrong == "the sampler is not the model's committed one"


def test_verify__another_report_or_seed__is_found_where_the_model_reads_it() -> None:
    assert (
        "coalition" in tampered(lambda d: replace(d, spec=replace(d.spec, reports=d.spec.reports | {"bob": "foul"})))[1]
    )


def test_verify__answers_that_settle_nothing__are_invalid() -> None:
    def silent(instruction: str, texts: list[str], index: int) -> str:
        return "no"

    data, _, _ = made()
    mute = tuple(RawSample(index, tuple(b"no"), "no", True) for index in range(5))
    found = reports_run.verify(replace(data, answers=(mute,) * 8), FakeReader(silent), Sampler())
    assert found == (None, "posterior of coalition 7: 0 of 5 answers are valid, at least 60% must be")


def test_verify__engine_of_another_class__is_refused() -> None:
    data, _, _ = made()
    reader = FakeReader(counting)
    reader.numeric_class = "F"
    with pytest.raises(BadInput, match="of class E, fake computes in F"):
        reports_run.verify(data, reader, Sampler())


def of_class_f() -> FakeReader:
    reader = FakeReader(counting)
    reader.numeric_class = "F"
    return reader


def test_verify__class_f__holds_by_an_engine_of_its_class_and_by_no_other() -> None:
    data, _, settlement = reports_run.run(SPEC, of_class_f(), HASHES, Sampler())
    read = reports_data.loads(reports_data.dumps(data))
    assert read.sampler.numeric_class == "F"
    assert reports_run.verify(read, of_class_f(), Sampler()) == (settlement, "")
    with pytest.raises(BadInput, match="of class F, fake computes in E"):
        reports_run.verify(read, FakeReader(counting), Sampler())


def test_verify__class_f__a_token_beyond_its_tolerance_or_another_tolerance__is_found() -> None:
    data, _, _ = reports_run.run(SPEC, of_class_f(), HASHES, Sampler())
    text = '{"permille":510}'
    lie = with_sample(data, token_ids=tuple(text.encode()), text=text)
    settlement, wrong = reports_run.verify(lie, of_class_f(), Sampler())
    assert settlement is None and "sample 1, token 12 is 53, the model draws 52" in wrong
    loose = replace(data, sampler=replace(data.sampler, tau=data.sampler.tau + 1))
    assert reports_run.verify(loose, of_class_f(), Sampler())[1] == "the sampler is not the model's committed one"


def document():
    return canonical.loads(reports_data.dumps(made()[0]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("model"), "lacks model"),
        (lambda d: d.update(version=2), "only version 1"),
        (lambda d: d.update(model=d["model"][:2]), "hashes of weights"),
        (lambda d: d["answers"].pop(), "7 questions, the spec asks 8"),
        (lambda d: d["answers"][0].pop(), "4 samples, the spec says 5"),
        (lambda d: d["answers"][0][1].update(index=0), "0, not 1"),
        (lambda d: d["answers"][0][1].update(tokens=[-1]), "whole number"),
        (lambda d: d["spec"].update(outcome=7), "outcome"),
        (lambda d: d["payouts"].update(alice="1"), "whole number"),
    ],
)
def test_loads__malformed__is_refused_with_its_place(change, words: str) -> None:
    value = document()
    change(value)
    with pytest.raises(BadInput, match=words):
        reports_data.loads(canonical.dumps(value))
