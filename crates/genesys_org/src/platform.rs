//! The Platform API of Genesys Cloud, as a simulated org serves it: pure handlers, a request in and an answer out.
//!
//! Tokens and channels live in memory, as their real life is short and nothing of a channel survives its socket; integrations
//! are stored.

pub mod analytics;
pub mod bus_integration;
pub mod channel;
pub mod integration;
pub mod oauth;
pub mod org;
pub mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use genesys::platform::response::ApiError;

use crate::platform::channel::Channels;
use crate::platform::integration::Sources;
use crate::platform::token::Tokens;
use crate::simulator::Org;
use crate::simulator::history::History;
use crate::simulator::trouble::{ApiMishap, ApiTrouble};

/// The state that all requests share. Clones are the same platform.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) tokens: Tokens,
    pub(crate) channels: Channels,
    pub(crate) simulation: Option<Simulation>,
    pub(crate) sources: Sources,
    /// Of integrations in the tutorial's form.
    pub(crate) buses: Vec<String>,
}

/// The simulated org, as the Platform API reads it.
#[derive(Debug)]
pub struct Simulation {
    /// What exists.
    pub org: Org,
    /// What happened.
    pub history: History,
    /// What goes wrong at the API.
    pub trouble: ApiTrouble,
    /// Decides which calls go wrong.
    pub seed: u64,
    /// Calls so far.
    pub calls: u64,
}

impl Platform {
    /// A platform without an org: tokens are issued, so that Trunkline's own services can authenticate callers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets this org answer requests from now on.
    pub fn open(&self, simulation: Simulation) {
        self.state().simulation = Some(simulation);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A handler that panicked has left the state as it was between two assignments at worst; others go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the simulated org.
    ///
    /// # Errors
    /// 404 where there is none, and what `read` refuses.
    pub(crate) fn with_simulation<T>(
        &self,
        read: impl FnOnce(&Simulation) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        match &self.state().simulation {
            Some(simulation) => read(simulation),
            None => Err(ApiError::not_found(
                "No simulated org runs here: start `trunkline dev`, or send this request to the real org's own address.",
            )),
        }
    }

    /// What goes wrong with the next call, where trouble is configured. A token that is reported as expired is revoked.
    pub(crate) fn mishap(&self, token: &str) -> Option<ApiError> {
        let mut state = self.state();
        let simulation = state.simulation.as_mut()?;
        simulation.calls += 1;
        match simulation.trouble.on_call(simulation.seed, simulation.calls)? {
            ApiMishap::TooManyRequests => Some(ApiError::too_many_requests(1)),
            ApiMishap::ExpiredToken => {
                state.tokens.revoke(token);
                Some(ApiError::bad_token())
            }
        }
    }

    /// After how long a notification socket is closed, where trouble is configured.
    pub fn socket_life_ms(&self) -> Option<u64> {
        let life_ms = self.state().simulation.as_ref()?.trouble.socket_closing_ms;
        (life_ms > 0).then_some(life_ms)
    }
}
