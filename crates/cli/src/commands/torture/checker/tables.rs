//! The judge of a table: a lease is never held by two, a pair is never written by halves, and what was acknowledged stays.

use std::collections::{BTreeSet, HashMap};

use crate::commands::torture::checker::{Outcome, violation};
use crate::commands::torture::line::{Line, Number};

/// What is known of the table.
#[derive(Debug, Default)]
pub(crate) struct TableJudge {
    leases: HashMap<u8, Lease>,
    pairs: HashMap<u8, Pair>,
    /// Claims and pairs that were acknowledged.
    pub(crate) acknowledged: u64,
}

#[derive(Debug, Default)]
struct Lease {
    /// Who has it for all that was acknowledged.
    holder: Option<Number>,
    /// A delete was asked for, and perhaps done.
    is_freeing: bool,
}

#[derive(Debug, Default)]
struct Pair {
    /// What both halves hold.
    acknowledged: Option<Number>,
    /// What was asked for since, and perhaps done: several, where kills cut off the reads between.
    tried: BTreeSet<Number>,
}

impl TableJudge {
    /// Takes a line about the table; others are none of its business.
    pub(crate) fn observe(&mut self, line: &Line) -> Outcome {
        match line {
            Line::Claimed { lease, owner } => self.claimed(*lease, *owner),
            Line::Freeing { lease, owner } => {
                let lease = self.leases.entry(*lease).or_default();
                lease.is_freeing |= lease.holder == Some(*owner);
                Ok(())
            }
            Line::Freed { lease, owner } => {
                let lease = self.leases.entry(*lease).or_default();
                if lease.holder == Some(*owner) {
                    lease.holder = None;
                }
                Ok(())
            }
            Line::Found { lease, owner, found } => self.found(*lease, *owner, *found),
            Line::Pairing { pair, number, .. } => {
                self.pairs.entry(*pair).or_default().tried.insert(*number);
                Ok(())
            }
            Line::Paired { pair, number } => {
                self.acknowledged += 1;
                let pair = self.pairs.entry(*pair).or_default();
                (pair.acknowledged, pair.tried) = (Some(*number), BTreeSet::new());
                Ok(())
            }
            Line::Unpaired { pair, number } => {
                self.pairs.entry(*pair).or_default().tried.remove(number);
                Ok(())
            }
            Line::Halves { pair, left, right } => self.halves(*pair, *left, *right),
            _ => Ok(()),
        }
    }

    fn claimed(&mut self, number: u8, owner: Number) -> Outcome {
        self.acknowledged += 1;
        let lease = self.leases.entry(number).or_default();
        let before = lease.holder.filter(|_| !lease.is_freeing).filter(|holder| *holder != owner);
        (lease.holder, lease.is_freeing) = (Some(owner), false);
        match before {
            Some(before) => violation(
                format!("held by two: lease {number} is {owner}'s, and {before} has not given it up"),
                &[],
            ),
            None => Ok(()),
        }
    }

    /// Only who has a lease, or has claimed it and heard nothing, looks: nobody else changes it meanwhile.
    fn found(&mut self, number: u8, owner: Number, found: Option<Number>) -> Outcome {
        let lease = self.leases.entry(number).or_default();
        if lease.holder == Some(owner) && !lease.is_freeing && found != Some(owner) {
            let text = format!(
                "lost: lease {number} was acknowledged as {owner}'s, who has not given it up, and is {found:?}'s"
            );
            return violation(text, &[]);
        }
        // The claim whose answer a kill cut off was done.
        if found == Some(owner) { self.claimed(number, owner) } else { Ok(()) }
    }

    fn halves(&mut self, number: u8, left: Option<Number>, right: Option<Number>) -> Outcome {
        let pair = self.pairs.entry(number).or_default();
        if left != right {
            return violation(format!("by halves: pair {number} is {left:?} and {right:?}"), &[]);
        }
        let is_known = left == pair.acknowledged || left.is_some_and(|left| pair.tried.contains(&left));
        if !is_known {
            let Pair { acknowledged, tried } = pair;
            let text = format!(
                "pair {number} is {left:?}; {acknowledged:?} was acknowledged and {tried:?} tried after it"
            );
            return violation(text, &[]);
        }
        (pair.acknowledged, pair.tried) = (left, BTreeSet::new());
        Ok(())
    }
}
