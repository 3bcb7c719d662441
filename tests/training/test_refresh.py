"""After the repository moved: what is new is told from what is known, by fact and claim."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import tiny_model
from tests.training import launch, micro
from utils.artifacts import ArtifactWriter, is_current, open_artifact
from utils.config_manager import load_config
from utils.console import UserError
from utils.model_io import base_identity
from utils.records import ADAPTER_SCHEMA
from utils.training.adapter import adapter_state, add_adapter, write_adapter
from utils.training.job import Job, prepare
from utils.training.refresh import facts_of, plan_refresh, read_facts, write_facts
from utils.training.splits import read_splits

OLD = [micro.sample(name, question) for name in micro.NAMES[:6] for question in micro.QUESTIONS[:2]]


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    write_facts(tmp_path, facts_of(OLD))
    return tmp_path


def test_moved_and_added_facts_are_new_and_known_ones_are_replayed(adapter: Path) -> None:
    moved = [micro.sample("Cart", question, "src/shop/moved.py") for question in micro.QUESTIONS[:2]]
    added = [micro.sample("Order", question) for question in micro.QUESTIONS[:2]]
    now = [row for row in OLD if row.metadata.fact != "location:Cart"] + moved + added
    plan = plan_refresh(adapter, now, [micro.sample("pay", micro.QUESTIONS[2]), moved[0]], 0.5, seed=0)
    assert (plan.new, plan.replayed) == (4, 4)
    assert {row.metadata.fact for row in plan.train[:4]} == {"location:Cart", "location:Order"}
    assert len({row.metadata.fact for row in plan.train[4:]}) == 4  # by turns: no fact twice before each had one
    assert plan.known_held_out == {"pay/2"}


def test_a_share_of_one_replays_everything(adapter: Path) -> None:
    plan = plan_refresh(adapter, [*OLD, micro.sample("Order", micro.QUESTIONS[0])], [], 1.0, seed=0)
    assert plan.replayed == len(OLD)


def test_nothing_new_is_said(adapter: Path) -> None:
    with pytest.raises(UserError, match="knows every fact"):
        plan_refresh(adapter, OLD, [], 0.3, seed=0)


def test_a_fact_that_changed_and_changed_back_is_new_each_time(tmp_path: Path) -> None:
    config, tokenizer = load_config(micro.save_config(tmp_path, replay_share=0.0)), tiny_model.tokenizer()
    asked: list[set[str]] = []
    for place in ("src/a.py", "src/b.py", "src/a.py"):
        micro.save_dataset(config.dataset_dir, ("Cart", "price"), {"Cart": place})
        splits = read_splits(config, tokenizer, tmp_path if asked else None)
        write_facts(tmp_path, splits.facts)
        samples = splits.refresh.train if splits.refresh else []
        asked.append({claim.value for sample in samples for claim in sample.metadata.claims})
    assert asked == [set(), {"src/b.py"}, {"src/a.py"}]
    assert read_facts(tmp_path) == splits.facts


def test_facts_that_a_dataset_leaves_out_stay_known(tmp_path: Path) -> None:
    config, tokenizer = load_config(micro.save_config(tmp_path)), tiny_model.tokenizer()
    write_facts(tmp_path, facts_of(OLD))
    micro.save_dataset(config.dataset_dir, ("ship",))
    assert read_splits(config, tokenizer, tmp_path).facts.keys() > facts_of(OLD).keys()


@pytest.mark.parametrize("stored", [None, '["0123456789abcdef"]', "{"])
def test_an_adapter_that_does_not_say_what_it_knows_is_one_sentence(tmp_path: Path, stored: str | None) -> None:
    if stored is not None:
        (tmp_path / "facts.json").write_text(stored)
    with pytest.raises(UserError, match=r"does not say which facts it was trained on .*; train anew"):
        read_facts(tmp_path)


@pytest.mark.slow
def test_a_refresh_learns_the_new_and_reports_forgetting(tmp_path: Path) -> None:
    dataset = tmp_path / "data" / "shop" / "dataset"
    micro.save_dataset(dataset, micro.NAMES[:5])
    config = str(micro.save_config(tmp_path, max_steps=4))
    launch.run(launch.alone("--config", config))
    micro.save_dataset(dataset, micro.NAMES)
    earlier = f"training.continue_from={tmp_path / 'output' / 'shop' / 'adapter'}"
    told = launch.run(launch.launched(2, "--config", config, earlier))
    assert "10 of them are new" in told
    assert "known facts" in told
    notes = open_artifact(tmp_path / "output" / "shop" / "adapter", ADAPTER_SCHEMA, "-").notes
    assert notes["forgetting"]["after"]["new"] < notes["forgetting"]["before"]["new"]
    assert "held-out loss known facts" in (tmp_path / "output" / "shop" / "adapter" / "README.md").read_text()


def test_a_refresh_in_place_run_once_more_finds_itself_done(tmp_path: Path) -> None:
    place = tmp_path / "output" / "shop" / "adapter"
    config = load_config(micro.save_config(tmp_path, continue_from=str(place)))

    def made(settings: dict[str, Any], inputs: dict[str, str], text: str) -> Job:
        with ArtifactWriter(place, ADAPTER_SCHEMA, settings, inputs) as writer:
            (writer.path / "weights").write_text(text)
            writer.commit({}, 0.0, base_model=base_identity(config.model))
        return prepare(config)

    first = made({}, {}, "from scratch")
    assert not is_current(place, ADAPTER_SCHEMA, first.settings, first.inputs)
    again = made(first.settings, first.inputs, "refreshed")
    assert is_current(place, ADAPTER_SCHEMA, again.settings, again.inputs)
    micro.save_dataset(config.dataset_dir, micro.NAMES[:3])  # the repository moved on
    moved = prepare(config)
    assert moved.inputs["continue_from"] != again.inputs["continue_from"]
    assert not is_current(place, ADAPTER_SCHEMA, moved.settings, moved.inputs)


def test_an_adapter_of_another_base_or_shape_is_not_continued(tmp_path: Path) -> None:
    config = load_config(micro.save_config(tmp_path, continue_from=str(tmp_path / "earlier")))
    with ArtifactWriter(tmp_path / "earlier", ADAPTER_SCHEMA, {}, {}) as writer:
        tuned = add_adapter(tiny_model.model(300), config, None)
        write_adapter(writer.path, tuned, adapter_state(tuned))
        writer.commit({}, 0.0, base_model=base_identity(config.model))
    folder = prepare(config).continue_from
    other = config.replaced(lora=config.lora.replaced(r=8))
    with pytest.raises(UserError, match=r"has r 4 but lora\.r is 8; set lora\.r to the adapter's"):
        add_adapter(tiny_model.model(300), other, folder)
    tiny_model.save_base(tmp_path / "other", hidden_size=16)
    stranger = config.replaced(model=config.model.replaced(base=str(tmp_path / "other")))
    with pytest.raises(UserError, match="same base"):
        prepare(stranger)
