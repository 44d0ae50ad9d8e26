//! The judge of executions: none is lost, none ends twice, none has a history with a gap.

use std::collections::BTreeMap;

use crate::commands::torture::checker::{Outcome, violation};
use crate::commands::torture::line::{Line, Number, Walk};

/// What is known of the executions since the last drain.
#[derive(Debug, Default)]
pub(crate) struct ExecutionJudge {
    known: BTreeMap<Number, Known>,
    /// Starts that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Executions whose end and history were read.
    pub(crate) ended: u64,
}

#[derive(Debug, Default)]
struct Known {
    wait_s: u64,
    is_acknowledged: bool,
    walk: Option<Walk>,
}

impl ExecutionJudge {
    /// Takes a line about executions; others are none of its business.
    pub(crate) fn observe(&mut self, line: &Line) -> Outcome {
        match line {
            Line::Starting { number, wait_s } => {
                self.known.entry(*number).or_default().wait_s = *wait_s;
                Ok(())
            }
            Line::Begun { number } => {
                let known = self.known.entry(*number).or_default();
                self.acknowledged += u64::from(!known.is_acknowledged);
                known.is_acknowledged = true;
                Ok(())
            }
            Line::Walked { number, walk } => self.walked(*number, walk),
            _ => Ok(()),
        }
    }

    fn walked(&mut self, number: Number, walk: &Walk) -> Outcome {
        let known = self.known.entry(number).or_default();
        let is_whole = walk.succeeded
            && !walk.has_gap
            && walk.starts == 1
            && walk.ends == 1
            && walk.is_last_an_end
            && walk.took_ms >= known.wait_s * 1_000;
        if !is_whole {
            return violation(
                format!("the execution e{number}, which waits {} s, has ended as {walk:?}", known.wait_s),
                &[],
            );
        }
        match known.walk.replace(walk.clone()) {
            Some(before) if before != *walk => {
                violation(format!("ended twice: the execution e{number} was {before:?} and is {walk:?}"), &[])
            }
            Some(_) => Ok(()),
            None => {
                self.ended += 1;
                Ok(())
            }
        }
    }

    /// All have come to their end.
    pub(crate) fn settle(&mut self) -> Outcome {
        let open = self.known.iter().find(|(_, known)| known.is_acknowledged && known.walk.is_none());
        if let Some((number, _)) = open {
            return violation(
                format!("lost: the execution e{number} was acknowledged and has not ended"),
                &[],
            );
        }
        self.known = BTreeMap::new();
        Ok(())
    }

    /// Those that must end.
    pub(crate) fn begun(&self) -> Vec<Number> {
        self.known.iter().filter(|(_, known)| known.is_acknowledged).map(|(number, _)| *number).collect()
    }
}
