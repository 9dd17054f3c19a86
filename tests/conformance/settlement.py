"""The finishing stacks of a hand by the TDA alone: prices, uncalled bets, pots (21) and odd chips
(20), in the plainest way.

Works on a line of `pokerkit_hands.py` and uses neither this engine nor PokerKit's settlement; only
the ranking of cards is PokerKit's. So where PokerKit departs from the TDA, a hand's stacks are still
checked independently of this engine."""


class Seat:
    def __init__(self, stack):
        self.stack, self.bet, self.live, self.dead, self.folded, self.hole = stack, 0, 0, 0, False, ""

    def pay(self, amount):
        paid = min(amount, self.stack)
        self.stack -= paid
        return paid

    def bet_up_to(self, level):
        paid = self.pay(max(level - self.bet, 0))
        self.bet += paid
        self.live += paid


def by_player(hand, field):
    """A list of the line by player: heads-up the format has blinds and antes the other way round."""
    values = hand[field]
    return values[::-1] if len(hand["starting_stacks"]) == 2 else values


def play(hand):
    """The seats after the last bet, and the board."""
    seats = [Seat(stack) for stack in hand["starting_stacks"]]
    for seat, ante in zip(seats, by_player(hand, "antes")):
        paid = seat.pay(ante)
        if hand["ante_trimming_status"]:
            seat.live += paid
        else:
            # One player's for the whole table: the others do not match it (RP-11).
            seat.dead += paid
    blinds = by_player(hand, "blinds_or_straddles")
    for seat, blind in zip(seats, blinds):
        seat.bet_up_to(blind)
    # A blind that its owner is short of costs the others its full price.
    level, board = max(blinds), ""
    for action in hand["actions"]:
        who, what, *rest = action.split()
        if what == "db":
            # Only now are the bets of the street before it over.
            board, level = board + rest[0], 0
            for seat in seats:
                seat.bet = 0
        elif what == "dh":
            seats[int(rest[0][1:]) - 1].hole += rest[1]
        elif what == "f":
            seats[int(who[1:]) - 1].folded = True
        elif what == "cc":
            seats[int(who[1:]) - 1].bet_up_to(level)
        elif what == "cbr":
            seats[int(who[1:]) - 1].bet_up_to(int(rest[0]))
            level = max(level, int(rest[0]))
    return seats, board


def give_back(seats):
    """Gives the uncalled bet back: the chips that no other player, folded ones included, has matched."""
    first = max(seats, key=lambda seat: seat.live)
    called = max(seat.live for seat in seats if seat is not first)
    if not first.folded:
        first.stack += first.live - called
        first.live = called


def pots(seats):
    """Each pot with the players who have a claim on it: one more for every different amount (TDA 21)."""
    prices = sorted({seat.live for seat in seats if not seat.folded})
    below, found = 0, []
    for price in prices:
        amount = sum(min(seat.live, price) - min(seat.live, below) for seat in seats)
        if below == 0:
            amount += sum(seat.dead for seat in seats)
        claims = [nth for nth, seat in enumerate(seats) if not seat.folded and seat.live >= price]
        below = price
        if amount:
            found.append([amount, claims])
    # Chips of folded players above the bets of all players left belong to the last pot.
    found[-1][0] += sum(max(seat.live - below, 0) for seat in seats)
    return found


def share(seats, amount, winners):
    """Shares a pot in equal parts; the odd chips go one each to the winners from the first one left of
    the button on, who is the first player (TDA 20)."""
    each, odd = divmod(amount, len(winners))
    for place, nth in enumerate(sorted(winners)):
        seats[nth].stack += each + (place < odd)


def best(hands, claims):
    made = [hands[nth] for nth in claims if hands[nth] is not None]
    return [nth for nth in claims if hands[nth] is not None and hands[nth] == max(made)] if made else []


def stacks(hand, hand_types):
    """Finishing stacks of a line whose actions are legal. `hand_types` are PokerKit's: the high one first, then the low one."""
    seats, board = play(hand)
    give_back(seats)
    alone = sum(not seat.folded for seat in seats) == 1
    made = [[None if seat.folded or alone else kind.from_game_or_none(seat.hole, board) for seat in seats]
            for kind in hand_types]
    for amount, claims in pots(seats):
        if alone:
            share(seats, amount, claims)
            continue
        low = best(made[1], claims) if len(made) > 1 else []
        # The odd chip goes to the high half (TDA 20); each pot looks at its own claims only
        # (TDA 21).
        low_half = amount // 2 if low else 0
        share(seats, amount - low_half, best(made[0], claims))
        if low:
            share(seats, low_half, low)
    return [seat.stack for seat in seats]
