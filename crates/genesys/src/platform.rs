//! The Platform API of Genesys Cloud, as a simulated org serves it: pure handlers, a request in and an answer out.

pub mod answer;
pub mod asked;
pub mod oauth;
pub mod org;
pub mod page;
pub mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::platform::token::Tokens;
use crate::simulator::Org;

/// What all requests share. Clones are the same platform.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) tokens: Tokens,
    pub(crate) org: Option<Org>,
}

impl Platform {
    /// A platform without an org: tokens are given, and Trunkline's own services can ask who calls.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A handler that panicked has left the state as it was between two assignments at worst; others go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
