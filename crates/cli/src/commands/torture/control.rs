//! What the threads of a torture share: where the server is, and what is to be done.

use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::commands::torture::journal::Journal;

/// What the threads do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Producers send, consumers receive.
    Load,
    /// Producers rest, consumers receive and delete.
    Drain,
    /// All rest.
    Rest,
    /// All end.
    Stop,
}

/// A life of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) address: SocketAddr,
}

/// Shared by all threads.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) journal: Journal,
    pub(crate) seed: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    life: Option<Life>,
    lives: u64,
    /// The last life that was killed.
    killed: u64,
    /// Producers and consumers that rest.
    producers_resting: usize,
    consumers_resting: usize,
}

/// Who a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Producer,
    Consumer,
}

impl Control {
    pub(crate) fn new(journal: Journal, seed: u64) -> Self {
        let state = State {
            mode: Mode::Load,
            life: None,
            lives: 0,
            killed: 0,
            producers_resting: 0,
            consumers_resting: 0,
        };
        Self { journal, seed, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// A server listens here: the threads may go on.
    pub(crate) fn open(&self, address: SocketAddr) {
        let mut state = self.lock();
        state.lives += 1;
        state.life = Some(Life { number: state.lives, address });
        self.changed.notify_all();
    }

    /// The server is killed at this moment: connections may break from now on. To be called right before, so that as
    /// much as possible is in flight.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if let Some(life) = state.life.take() {
            state.killed = life.number;
        }
    }

    /// Whether this life was ended by us.
    pub(crate) fn was_killed(&self, life: Life) -> bool {
        self.lock().killed >= life.number
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.lock().mode = mode;
        self.changed.notify_all();
    }

    /// What to do. Waits while the role is to rest; `Stop` also where the torture has ended early.
    pub(crate) fn next(&self, role: Role) -> Mode {
        let mut state = self.lock();
        let rests = |mode: Mode| mode == Mode::Rest || (mode == Mode::Drain && role == Role::Producer);
        if rests(state.mode) {
            *state.resting(role) += 1;
            while rests(state.mode) {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let resting = state.resting(role);
            *resting = resting.saturating_sub(1);
        }
        let mode = state.mode;
        drop(state);
        if self.journal.ended().is_some() { Mode::Stop } else { mode }
    }

    /// How many of a role rest.
    pub(crate) fn resting(&self, role: Role) -> usize {
        *self.lock().resting(role)
    }

    /// The present life; waits for one. `None`: all end.
    pub(crate) fn life(&self) -> Option<Life> {
        let mut state = self.lock();
        loop {
            if state.mode == Mode::Stop {
                return None;
            }
            if let Some(life) = state.life {
                return Some(life);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn resting(&mut self, role: Role) -> &mut usize {
        match role {
            Role::Producer => &mut self.producers_resting,
            Role::Consumer => &mut self.consumers_resting,
        }
    }
}
