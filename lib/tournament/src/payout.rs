//! The division of a prize pool. It computes with integers: every part is rounded down and the odd
//! chips go to first place, so that the prizes always add up to the pool.

use wire::{Chips, tournament::Payout};

/// Percentage of the entries that the standard table pays, rounded up.
const PAID_PERCENT: u64 = 15;
/// Scale of the standard table's weights: divisible by 1 to 10, so that the top ten keep their
/// exact proportions.
const WEIGHT: u64 = 2_520_000_000;

/// Returns the prizes from first place down to the last paid one, for `entries` entries that paid
/// `buy_in` each into the pool.
///
/// The standard table pays 15 % of the entries (rounded up). When more than one place is paid, each
/// gets one and a half buy-ins, and the rest of the pool is divided by the weights 1, 1/2, 1/3 and
/// so on. With shares, the parts of places beyond the number of entries go to first place too.
#[must_use]
pub fn prizes(payout: &Payout, entries: u32, buy_in: Chips) -> Vec<Chips> {
    let pool = buy_in.times(u64::from(entries));
    let mut prizes = match payout {
        Payout::Standard => standard(entries, buy_in, pool),
        Payout::Shares(shares) => {
            let paid = shares.iter().take(entries as usize);
            paid.map(|&share| part(pool, u64::from(share), 10_000)).collect()
        }
    };
    let given: Chips = prizes.iter().copied().sum();
    if let Some(first) = prizes.first_mut() {
        *first = first.plus(pool.minus_or_zero(given));
    }
    prizes
}

fn standard(entries: u32, buy_in: Chips, pool: Chips) -> Vec<Chips> {
    let paid = (u64::from(entries) * PAID_PERCENT).div_ceil(100);
    if paid < 2 {
        return vec![pool; paid as usize];
    }
    let base = Chips(buy_in.0 + buy_in.0 / 2);
    let rest = pool.minus_or_zero(base.times(paid));
    let weights: u64 = (1..=paid).map(|place| WEIGHT / place).sum();
    (1..=paid).map(|place| base.plus(part(rest, WEIGHT / place, weights))).collect()
}

fn part(whole: Chips, weight: u64, of: u64) -> Chips {
    Chips((u128::from(whole.0) * u128::from(weight) / u128::from(of)) as u64)
}

/// Returns the prizes of `sharing` players who share `place` (from 1) and the places after it:
/// equal parts, and one odd chip each to the first of them as long as there are any.
pub(crate) fn shared(prizes: &[Chips], place: u32, sharing: usize) -> Vec<Chips> {
    let from = (place as usize).saturating_sub(1);
    let together: Chips = prizes.iter().skip(from).take(sharing).copied().sum();
    let each = together.0 / (sharing as u64).max(1);
    let odd = together.0 - each * sharing as u64;
    (0..sharing as u64).map(|i| Chips(each + u64::from(i < odd))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_standard_table_pays_nine_of_sixty_places() {
        let prizes = prizes(&Payout::Standard, 60, Chips(10_000));
        assert_eq!(prizes.len(), 9);
        // The winner gets about 30 %, the last paid place a little more than three buy-ins.
        assert!((175_000..185_000).contains(&prizes[0].0), "{prizes:?}");
        assert!((30_000..35_000).contains(&prizes[8].0), "{prizes:?}");
    }

    #[test]
    fn small_fields_pay_one_or_two_places() {
        assert_eq!(prizes(&Payout::Standard, 2, Chips(100)), [Chips(200)]);
        assert_eq!(prizes(&Payout::Standard, 6, Chips(100)), [Chips(600)]);
        assert_eq!(prizes(&Payout::Standard, 7, Chips(100)), [Chips(417), Chips(283)]);
        assert_eq!(prizes(&Payout::Standard, 7, Chips(0)), [Chips(0), Chips(0)]);
        assert_eq!(
            prizes(&Payout::Shares(vec![5_000, 3_000, 2_000]), 2, Chips(101)),
            [Chips(142), Chips(60)]
        );
    }

    #[test]
    fn sharing_splits_evenly() {
        let prizes = [Chips(100), Chips(51), Chips(20)];
        assert_eq!(shared(&prizes, 2, 2), [Chips(36), Chips(35)]);
        assert_eq!(shared(&prizes, 3, 2), [Chips(10), Chips(10)]);
        assert_eq!(shared(&prizes, 4, 1), [Chips(0)]);
        let prizes = [Chips(100), Chips(80), Chips(26)];
        assert_eq!(shared(&prizes, 1, 3), [Chips(69), Chips(69), Chips(68)], "one odd chip each");
    }

    proptest! {
        #[test]
        fn prizes_add_up_and_never_rise(entries in 2_u32..5_000, buy_in in 0_u64..=1 << 38) {
            let prizes = prizes(&Payout::Standard, entries, Chips(buy_in));
            prop_assert_eq!(prizes.iter().copied().sum::<Chips>(), Chips(buy_in).times(u64::from(entries)));
            prop_assert!(prizes.is_sorted_by(|a, b| a >= b));
            let paid = prizes.len() as u32 * 100;
            prop_assert!(paid >= entries * 15 && paid < entries * 15 + 100);
            if prizes.len() > 1 {
                prop_assert!(prizes[prizes.len() - 1].0 >= buy_in + buy_in / 2);
            }
        }

        #[test]
        fn shares_add_up(cuts in prop::collection::vec(0_u16..=10_000, 0..20), entries in 2_u32..30, buy_in in 0_u64..1_000_000) {
            let mut cuts = cuts;
            cuts.extend([0, 10_000]);
            cuts.sort_unstable();
            let mut shares: Vec<u16> = cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
            shares.sort_unstable_by(|a, b| b.cmp(a));
            let prizes = prizes(&Payout::Shares(shares), entries, Chips(buy_in));
            prop_assert!(prizes.len() <= entries as usize);
            prop_assert_eq!(prizes.iter().copied().sum::<Chips>(), Chips(buy_in).times(u64::from(entries)));
        }
    }
}
