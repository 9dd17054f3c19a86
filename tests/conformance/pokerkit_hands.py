#!/usr/bin/env python3
"""Hands between our rules and PokerKit, an independent engine (scripts/fetch-pokerkit; run by `make conformance`).

  gen --n N --seed S       PokerKit plays random hands, one JSON object per line, for `pokerctl hand oracle`
  judge FILE               PokerKit replays the lines of `pokerctl hand random`; prints one line of JSON

Where PokerKit departs from the TDA on purpose or not (docs/conformance.md), `gen` keeps out of the way: blinds are
covered, no player raises after a short all-in of the street and no bounds are written there; where
pots are shared otherwise (odd chips, side pots without a low) it writes the TDA's stacks beside
PokerKit's. `judge` compares all stacks with the TDA's (settlement.py), and counts hands that
PokerKit sees otherwise under the name of the departure."""
import argparse
import collections
import json
import math
import multiprocessing
import random
import sys

import pokerkit as pk

import settlement


class PotLimitTexasHoldem(pk.games.TexasHoldemMixin, pk.PotLimitOmahaHoldem):
    """PokerKit has the parts of pot-limit hold'em, but does not put them together."""

    hand_types = (pk.StandardHighHand,)


GAMES = {
    "NT": pk.NoLimitTexasHoldem,
    "PT": PotLimitTexasHoldem,
    "FT": pk.FixedLimitTexasHoldem,
    "NS": pk.NoLimitShortDeckHoldem,
    "PO": pk.PotLimitOmahaHoldem,
    "FO/8": pk.FixedLimitOmahaHoldemHighLowSplitEightOrBetter,
}
AUTOMATIC = tuple(
    getattr(pk.Automation, name)
    for name in ("ANTE_POSTING", "BLIND_OR_STRADDLE_POSTING", "BET_COLLECTION", "RUNOUT_COUNT_SELECTION",
                 "HAND_KILLING", "CHIPS_PUSHING", "CHIPS_PULLING")
)


def start(hand):
    game = GAMES[hand["variant"]]
    bets = [hand["small_bet"], hand["big_bet"]] if "small_bet" in hand else [hand["min_bet"]]
    stacks = hand["starting_stacks"]
    return game.create_state(AUTOMATIC, hand["ante_trimming_status"], hand["antes"], hand["blinds_or_straddles"],
                             *bets, stacks, len(stacks))


class Table:
    """A PokerKit hand with facts that its state does not tell: short all-ins of the street, and pots at the showdown."""

    def __init__(self, hand):
        self.hand, self.state = hand, start(hand)
        self.pots, self.street, self.short, self.step, self.bets = None, None, False, 0, 0
        self.action = None

    def turn_street(self):
        if self.state.street_index != self.street:
            self.street, self.short, self.step = self.state.street_index, False, self.least_step()
            self.bets = int(self.street == 0)

    def least_step(self):
        late = (self.state.street_index or 0) >= 2
        return self.hand.get("min_bet") or self.hand["big_bet" if late else "small_bet"]

    def raise_to(self, total):
        self.turn_street()
        step = total - max(self.state.bets)
        self.state.complete_bet_or_raise_to(total)
        self.bets += 1
        if step < self.step:
            self.short = True
        elif "min_bet" in self.hand:
            self.step = step

    def burn(self):
        if self.state.can_burn_card("??"):
            self.state.burn_card("??")

    def show(self, nth):
        if self.pots is None:
            pots = self.state.pots
            self.pots = [[pot.amount, [player + 1 for player in sorted(pot.player_indices)]] for pot in pots]
        self.state.show_or_muck_hole_cards(True, nth)

    def winners(self):
        pushed = [op.amounts for op in self.state.operations if isinstance(op, pk.ChipsPushing)]
        return sum(any(amounts) for amounts in zip(*pushed))

    def shares_otherwise(self):
        """Returns the reason why PokerKit may share these pots otherwise than the TDA, if there is one."""
        winners = self.winners()
        if not self.pots or winners < 2:
            return None
        if len(self.pots) > 1 and len(self.state.hand_types) > 1:
            # PokerKit halves every pot if any player has a low; in a pot without a low among its
            # claims, it shares the low half among all claims.
            return "a side pot without a low (TDA 21)"
        parts = 2 * math.lcm(*range(1, winners + 1))
        return "odd chips (TDA 20)" if any(amount % parts for amount, _ in self.pots) else None


# --- gen


def setup(code, rng):
    # Chips that are a multiple of 120 split without odd ones.
    unit = rng.choice([1, 120])
    small = rng.choice([1, 5, 25, 50]) * unit
    big = 2 * small
    count = rng.randint(2, 6 if code == "NS" else 9)
    # PokerKit counts antes in the size of the pot (TDA 54).
    ante = 0 if code[0] == "P" else rng.choice([0, 0, 0, max(small // unit // 5, 1) * unit])
    deep = rng.random() < 0.25
    stacks = []
    for nth in range(count):
        most = 200 if deep else rng.choice([4, 15, 60])
        least = ante + big if nth < 2 else unit
        stacks.append(rng.randrange(least, max(most * big, least + unit) + 1, unit))
    hand = {"variant": code, "ante_trimming_status": True, "antes": [ante] * count,
            "blinds_or_straddles": [small, big] + [0] * (count - 2), "starting_stacks": stacks, "actions": []}
    hand |= {"small_bet": big, "big_bet": 2 * big} if code[0] == "F" else {"min_bet": big}
    return hand, unit


def bounds(table):
    """Returns the bounds that PokerKit allows the actor: the price of a call, the least and the largest total of a raise."""
    state = table.state
    me, level = state.actor_index, max(state.bets)
    reach = [state.stacks[nth] + state.bets[nth] for nth in state.player_indices if nth != me and state.statuses[nth]]
    callable_ = any(total > level for total in reach)
    # In fixed limit PokerKit does not count the big blind as a bet (TDA 48).
    capped = "small_bet" in table.hand and table.bets >= 4
    known = callable_ and not table.short and not capped
    may = known and state.can_complete_bet_or_raise_to()
    least, most = state.min_completion_betting_or_raising_to_amount, state.max_completion_betting_or_raising_to_amount
    if "small_bet" in table.hand:
        # PokerKit lets raises of fixed limit be as large as the stack.
        most = least
    return known, [state.checking_or_calling_amount, least if may else None, most if may else None]


def decide(table, unit, temper, rng):
    state, hand = table.state, table.hand
    table.turn_street()
    name = f"p{state.actor_index + 1}"
    known, (call, least, most) = bounds(table)
    if known:
        hand["legal"].append([len(hand["actions"]), state.actor_index + 1, call, least, most])
    roll = rng.random()
    if least is not None and roll < temper:
        total = rng.choice([least, least, most, rng.randint(least, min(most, 3 * least))])
        if total not in (least, most):
            total = min(max(total // unit * unit, least), most)
        table.raise_to(total)
        hand["actions"].append(f"{name} cbr {total}")
    elif call and roll > 0.88:
        state.fold()
        hand["actions"].append(f"{name} f")
    else:
        state.check_or_call()
        hand["actions"].append(f"{name} cc")


def play(task):
    code, seed, number = task
    rng = random.Random(f"{code} {seed} {number}")
    hand, unit = setup(code, rng)
    hand |= {"id": f"{code}-{seed}-{number}", "legal": []}
    ranks = "6789TJQKA" if code == "NS" else "23456789TJQKA"
    deck = [rank + suit for rank in ranks for suit in "cdhs"]
    rng.shuffle(deck)
    table, temper = Table(hand), rng.choice([0.1, 0.25, 0.4, 0.6])
    state = table.state
    while state.status:
        table.burn()
        if (nth := state.hole_dealee_index) is not None:
            cards = "".join(deck.pop() for _ in state.hole_dealing_statuses[nth])
            state.deal_hole(cards)
            hand["actions"].append(f"d dh p{nth + 1} {cards}")
        elif state.can_deal_board():
            cards = "".join(deck.pop() for _ in range(state.board_dealing_count))
            state.deal_board(cards)
            hand["actions"].append(f"d db {cards}")
        elif (nth := state.showdown_index) is not None:
            hand["actions"].append(f"p{nth + 1} sm {''.join(map(repr, state.hole_cards[nth]))}")
            table.show(nth)
        else:
            decide(table, unit, temper, rng)
    hand["finishing_stacks"] = list(state.stacks)
    if table.shares_otherwise():
        hand["finishing_stacks_tda"] = settlement.stacks(hand, state.hand_types)
    if table.pots is not None:
        hand["pots"] = table.pots
    return json.dumps(hand, separators=(",", ":"))


# --- judge


def replay(table):
    state = table.state
    for action in table.hand["actions"]:
        table.burn()
        table.turn_street()
        table.action = action
        who, what, *rest = action.split()
        if who == "d":
            state.deal_hole(rest[1]) if what == "dh" else state.deal_board(rest[0])
            continue
        nth = int(who[1:]) - 1
        if what == "sm":
            table.show(nth)
            continue
        if state.actor_index != nth:
            raise ValueError(f"PokerKit waits for {state.actor_index}")
        if what == "cbr":
            table.raise_to(int(rest[0]))
        elif what == "cc":
            state.check_or_call()
        else:
            state.fold()
    table.action = None
    if state.status:
        raise ValueError("PokerKit waits for more actions")


def departure(table, refused):
    """The listed departure (docs/conformance.md) that makes PokerKit see a hand differently, if there is one. The stacks are
    known to be the TDA's by now; a refused raise or a sharing of the pots is left to explain."""
    hand, raised = table.hand, " cbr " in (table.action or "")
    blinds, antes, stacks = hand["blinds_or_straddles"], hand["antes"], hand["starting_stacks"]
    if len(stacks) == 2:
        blinds, antes = blinds[::-1], antes[::-1]
    if any(blind > max(stack - ante, 0) for blind, ante, stack in zip(blinds, antes, stacks)):
        return "a short blind lowers the price (TDA 43)"
    if refused and raised and table.short:
        return "raises after a short all-in (TDA 47)"
    if refused and raised and hand["variant"][0] == "P" and table.street == 0 and sum(map(bool, blinds)) < 2:
        return "pot-limit before the flop with a dead small blind (TDA 54-B)"
    if refused and raised and hand["variant"][0] == "F" and sum(table.state.statuses) == 2:
        return "no cap on raises heads-up (TDA 48)"
    return None if refused else table.shares_otherwise()


def judge_line(text):
    hand = json.loads(text)
    table = Table(hand)
    tda = settlement.stacks(hand, table.state.hand_types)
    if hand["finishing_stacks"] != tda:
        return hand["id"], f"stacks {hand['finishing_stacks']}, but the TDA gives {tda}", None
    try:
        replay(table)
        found = list(table.state.stacks)
        wrong = found != hand["finishing_stacks"] and f"stacks {found}, but {hand['finishing_stacks']}"
        if not wrong and table.pots and hand["pots"] and table.pots != hand["pots"]:
            wrong = f"pots {table.pots}, but {hand['pots']}"
        refused = False
    except ValueError as error:
        wrong, refused = f"{table.action!r}: {error}", True
    return hand["id"], wrong, wrong and departure(table, refused)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["gen", "judge"])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--n", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with multiprocessing.Pool() as pool:
        if args.what == "gen":
            codes = list(GAMES)
            tasks = ((codes[number % len(codes)], args.seed, number) for number in range(args.n))
            for line in pool.imap(play, tasks, 20):
                print(line)
            return
        if not args.file:
            parser.error("judge needs a file")
        report = {"hands": 0, "exact": 0, "different": 0, "departures": collections.Counter(), "reasons": []}
        with open(args.file, encoding="utf-8") as file:
            for name, wrong, excuse in pool.imap(judge_line, file, 20):
                report["hands"] += 1
                report["exact"] += not wrong
                if excuse:
                    report["departures"][excuse] += 1
                elif wrong:
                    report["different"] += 1
                    report["reasons"].append(f"{name}: {wrong}")
    print(json.dumps(report))
    sys.exit(report["different"] > 0 or report["hands"] == 0)


if __name__ == "__main__":
    main()
