//! The best that could have been chosen, had one known the whole day beforehand.

use super::{Arrival, Decision};
use qingfeng_rules::SelectionKind;

/// What an office's day reached, and what could have been reached.
#[derive(Clone, Debug, Default)]
pub struct Hindsight {
    /// Worth and cost of each declaration that could be targeted and was not drawn.
    choices: Vec<(i64, u32)>,
    other: u64,
    reached: i128,
}

impl Hindsight {
    /// Takes note of a declaration and what was decided.
    pub fn add(&mut self, arrival: &Arrival<'_>, decision: &Decision) {
        match decision.selected {
            Some(SelectionKind::Mandatory | SelectionKind::Random) => {
                self.other += u64::from(arrival.cost);
                return;
            }
            Some(SelectionKind::Targeted) => self.reached += i128::from(arrival.worth),
            None if arrival.mandatory.is_some() => return,
            None => {}
        }
        if arrival.is_eligible() && arrival.worth > 0 {
            self.choices.push((arrival.worth, arrival.cost));
        }
    }

    /// Takes a declaration out of which note was taken.
    pub(super) fn remove(&mut self, arrival: &Arrival<'_>, selected: Option<SelectionKind>) {
        match selected {
            Some(SelectionKind::Mandatory | SelectionKind::Random) => {
                self.other = self.other.saturating_sub(arrival.cost.into());
                return;
            }
            Some(SelectionKind::Targeted) => self.reached -= i128::from(arrival.worth),
            None => {}
        }
        let choice = (arrival.worth, arrival.cost);
        if let Some(at) = self.choices.iter().rposition(|known| *known == choice)
            && arrival.mandatory.is_none()
            && arrival.is_eligible()
        {
            self.choices.swap_remove(at);
        }
    }

    /// The worth of what was targeted.
    pub fn reached(&self) -> i128 {
        self.reached
    }

    /// The most worth that could have been targeted with what mandatory and drawn inspections left of this capacity:
    /// the bound of the fractional knapsack (Dantzig 1957), which counts a part of the last declaration. It knows the
    /// whole day and asks for no quota and no limit of traders, so no selection reaches more.
    pub fn best(&self, capacity: u64) -> i128 {
        let mut choices = self.choices.clone();
        choices.sort_unstable_by(|a, b| {
            let (left, right) = (i128::from(a.0) * i128::from(b.1), i128::from(b.0) * i128::from(a.1));
            right.cmp(&left).then_with(|| b.cmp(a))
        });
        let (mut room, mut best) = (capacity.saturating_sub(self.other), 0);
        for (worth, cost) in choices {
            let taken = room.min(cost.into());
            best += match cost {
                0 => i128::from(worth),
                cost => i128::from(worth) * i128::from(taken) / i128::from(cost),
            };
            room -= taken;
            if room == 0 {
                break;
            }
        }
        best
    }
}
