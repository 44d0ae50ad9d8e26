//! Trouble on demand: what goes wrong between the org and whoever listens to it or asks it.

use super::random::Dice;

/// What goes wrong, as probabilities from 0 to 1 unless stated otherwise. What happens in the org stays the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trouble {
    /// An event comes twice: half of the time redelivered with its envelope id, else published again under a new one.
    pub duplicate: f64,
    /// An event is held back for up to [`Trouble::reorder_window_ms`], while later ones pass.
    pub reorder: f64,
    /// Maximum delay of a reordered event, in milliseconds.
    pub reorder_window_ms: u64,
    /// An event never comes.
    pub drop: f64,
    /// An `acw` comes minutes late, after any sensible grace.
    pub late_wrapup: f64,
    /// How long after its start the org delivers nothing, in milliseconds; then everything comes at once, as from Genesys Cloud,
    /// which keeps events for up to four days.
    pub backlog_ms: u64,
    /// What goes wrong at the Platform API: for whoever serves it.
    pub api: ApiTrouble,
}

/// Maximum time for which Genesys Cloud keeps events that it cannot deliver. Source: the vendor's blog, 2022-07-29.
pub const BACKLOG_MAX_MS: u64 = 4 * 24 * 3_600_000;

/// Default maximum delay of reordered events.
pub const REORDER_WINDOW_MS: u64 = 30_000;

/// What goes wrong at the Platform API of the org.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ApiTrouble {
    /// Share of calls that are answered 429 with a `Retry-After`.
    pub too_many_requests: f64,
    /// Share of calls whose token is treated as expired: 401.
    pub expired_token: f64,
    /// After how many milliseconds of wall-clock time a notification socket gets `v2.system.socket_closing` and is closed; 0:
    /// never.
    pub socket_closing_ms: u64,
}

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiMishap {
    /// It is answered 429.
    TooManyRequests,
    /// It is answered 401, and the token that it brought is good for nothing from then on.
    ExpiredToken,
}

impl Default for Trouble {
    /// None.
    fn default() -> Self {
        Self {
            duplicate: 0.0,
            reorder: 0.0,
            reorder_window_ms: REORDER_WINDOW_MS,
            drop: 0.0,
            late_wrapup: 0.0,
            backlog_ms: 0,
            api: ApiTrouble::default(),
        }
    }
}

impl Trouble {
    /// Whether anything goes wrong between the org and its listener, but for a backlog.
    pub(super) fn is_on_the_way(&self) -> bool {
        let Self { duplicate, reorder, drop, late_wrapup, .. } = self;
        [duplicate, reorder, drop, late_wrapup].into_iter().any(|share| *share > 0.0)
    }
}

impl ApiTrouble {
    /// What goes wrong with the call of this number, the same for the same seed.
    pub fn on_call(&self, seed: u64, number: u64) -> Option<ApiMishap> {
        let mut dice = Dice::new(seed, 4, number);
        let [limited, expired] = [self.too_many_requests, self.expired_token].map(|share| dice.chance(share));
        match (limited, expired) {
            (true, _) => Some(ApiMishap::TooManyRequests),
            (false, true) => Some(ApiMishap::ExpiredToken),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiMishap, ApiTrouble};

    #[test]
    fn as_many_calls_go_wrong_as_were_asked_for() {
        let trouble = ApiTrouble { too_many_requests: 0.2, expired_token: 0.1, ..ApiTrouble::default() };
        let mishaps: Vec<_> = (0..10_000).map(|number| trouble.on_call(7, number)).collect();
        let share = |wanted| mishaps.iter().filter(|mishap| **mishap == Some(wanted)).count();
        assert!((1_850..2_150).contains(&share(ApiMishap::TooManyRequests)));
        assert!((700..900).contains(&share(ApiMishap::ExpiredToken)), "of what is not limited");
        assert_eq!(mishaps, (0..10_000).map(|number| trouble.on_call(7, number)).collect::<Vec<_>>());
        assert!((0..1_000).all(|number| ApiTrouble::default().on_call(7, number).is_none()));
    }
}
