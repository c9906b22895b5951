"""The whole story of `devnet demo`: a first slot to its reward, a second one at the faded reserve price."""

from typing import Any

from rich.table import Table

from oracle.cli.devnet.prompts import demo_prompt
from oracle.cli.devnet.story import BIDS, Story
from oracle.cli.devnet.timeline import Timeline
from oracle.cli.devnet.up import TOKEN, Devnet
from oracle.cli.proposal import facts as proposal_facts
from oracle.cli.words import bps, res, tok

PAUSE_EPOCHS = 2
"""Epochs that pass without a bid before the second slot, so that its reserve price has faded."""


def tell(devnet: Devnet, timeline: Timeline, *, live: bool) -> dict[str, Any]:
    """Run the story and return what `--json` prints, see README; `live` leaves a third proposal to vote on."""
    org = devnet.organisation
    story = Story(devnet, timeline)
    epoch = story.auction({role: amount * TOKEN for role, amount in BIDS.items()}, demo_prompt(org, "results"))
    story.post(epoch)
    number = story.facts["proposal_id"]
    story.decide(number)
    story.market()
    first, story.facts = story.facts, {}

    story.pass_epochs(PAUSE_EPOCHS)
    second = story.auction({"rival": 2 * TOKEN, "prompter": 5 * TOKEN}, demo_prompt(org, "breadth"))
    story.post(second)
    opened = org.chain.events("PromptUpdate", "SlotOpened", first=org.file.block, where={"epoch": epoch})
    rewards = story.reward(opened[0].args["slotId"])
    data = {
        "network": devnet.node.kind.value,
        "chain_id": devnet.node.chain_id,
        **first,
        "rewards": rewards,
        "second_slot": dict(story.facts),
        "gas": timeline.gas,
        "seconds": timeline.seconds,
        "data": proposal_facts(org, number)["data"]["uri"],
    }
    _summary(devnet, timeline, data, number)
    if live:
        story.expire(story.facts["proposal_id"])
        story.post(story.auction({"rival": 2 * TOKEN, "prompter": 3 * TOKEN}, demo_prompt(org, "thrift")))
        devnet.node.time.skip(1)  # voting begins a second after the proposal
    return data


def _summary(devnet: Devnet, timeline: Timeline, data: dict[str, Any], number: int) -> None:
    org, found = devnet.organisation, proposal_facts(devnet.organisation, number)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("proposal", "; ".join(action["words"] for action in found["actions"]))
    table.add_row(
        "answer", f"sample {data['pick']} of {data['samples']['valid']} valid: {found['data'].get('rationale')}"
    )
    table.add_row(
        "margin", f"{bps(data['gamma_bps'])} over every other action, dispersion {bps(data['dispersion_bps'])}"
    )
    votes = found["votes"]
    table.add_row("votes", f"for {tok(org, votes['for'])}, against {tok(org, votes['against'])}, {data['track']} track")
    table.add_row("state", data["state"])
    table.add_row("price", f"{tok(org, data['price'])} (second price; reserve {tok(org, data['reserve_price'])})")
    rewards = data["rewards"]
    table.add_row("rewards", f"prompter {tok(org, rewards['prompter'])}, weight setter {tok(org, rewards['setter'])}")
    table.add_row("market cap", res(org, org.chain.read("BToken", "marketCap")))
    table.add_row("gas", ", ".join(f"{kind} {gas:,}" for kind, gas in data["gas"].items()))
    table.add_row("data", f"{data['data']} in {devnet.home / 'store'}")
    table.add_row("time", f"{sum(timeline.seconds.values()):.1f} s, of it samples {timeline.seconds['sample']:.1f} s")
    timeline.heading("summary")
    timeline.console.print(table)
