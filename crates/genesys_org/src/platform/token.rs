//! Access tokens and the rate limit that each of them has.
//!
//! Tokens live in memory: after a restart a client is refused with 401 and asks for a new one, as it must anyway when a
//! token ends. They are no protection while any client credentials are taken, which is so on loopback.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use aws::{Ids, Timestamp};
use genesys::platform::response::ApiError;

/// The limits of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Lifetime of a token: 86,400 s unless the OAuth client is configured otherwise.
    pub token_lifetime: Duration,
    /// Requests per token and minute: 300.
    pub requests_per_minute: u32,
    /// Tokens per client and minute. The vendor names no number; this one stops a client that requests a token for each call.
    pub tokens_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { token_lifetime: Duration::from_secs(86_400), requests_per_minute: 300, tokens_per_minute: 60 }
    }
}

/// Maximum number of tokens kept; the oldest are dropped first.
const TOKENS_MAX: usize = 10_000;
/// Maximum number of clients whose token requests are counted.
const CLIENTS_MAX: usize = 10_000;
const MINUTE_MS: u64 = 60_000;

/// A token as it is issued to a client.
#[derive(Debug)]
pub(crate) struct AccessToken {
    pub(crate) token: String,
    pub(crate) expires_in_s: u64,
}

/// The sender of a request, and whether it is accepted.
#[derive(Debug)]
pub struct Authentication {
    /// `None` where the token is missing or unknown. A caller is known even where its limit is exceeded.
    pub caller: Option<Caller>,
    /// Why the request is refused.
    pub error: Option<ApiError>,
}

impl Authentication {
    pub(crate) fn refused(error: ApiError) -> Self {
        Self { caller: None, error: Some(error) }
    }
}

/// All valid tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) limits: Limits,
    good: HashMap<String, Grant>,
    /// Oldest first.
    order: VecDeque<String>,
    granted: HashMap<String, Window>,
}

#[derive(Debug)]
struct Grant {
    client_id: String,
    until: Timestamp,
    window: Window,
}

/// A count that starts again each minute.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    since: Timestamp,
    count: u32,
}

impl Window {
    /// Counts one more; returns the seconds until the next minute.
    fn count(&mut self, now: Timestamp) -> u64 {
        if now.unix_ms() >= self.since.unix_ms() + MINUTE_MS {
            *self = Self { since: now, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        (self.since.unix_ms() + MINUTE_MS).saturating_sub(now.unix_ms()).div_ceil(1_000).max(1)
    }
}

/// The caller and its rate limit: the `inin-ratelimit-*` headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The OAuth client.
    pub client_id: String,
    /// Requests counted in this minute.
    pub count: u32,
    /// Requests allowed in a minute.
    pub allowed: u32,
    /// Seconds until the count starts again.
    pub reset_s: u64,
}

impl Tokens {
    /// A new token for a client, and for how many seconds it is good; `None` when the client has had too many.
    pub(crate) fn grant(&mut self, client_id: &str, now: Timestamp, ids: &Ids) -> Option<AccessToken> {
        if self.granted.len() >= CLIENTS_MAX {
            self.granted.clear();
        }
        let window = self.granted.entry(client_id.to_owned()).or_default();
        window.count(now);
        if window.count > self.limits.tokens_per_minute {
            return None;
        }
        let token = [ids.next_uuid(), ids.next_uuid()].concat().replace('-', "");
        let until = now.plus(self.limits.token_lifetime);
        let grant = Grant { client_id: client_id.to_owned(), until, window: Window::default() };
        self.good.insert(token.clone(), grant);
        self.order.push_back(token.clone());
        while self.order.len() > TOKENS_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.good.remove(&oldest);
            }
        }
        // The client gets one second less, so that it never uses a token in its last moment: 86,399 in a recorded answer.
        Some(AccessToken { token, expires_in_s: self.limits.token_lifetime.as_secs().saturating_sub(1) })
    }

    /// The sender of this token; the request is counted against its limit.
    pub(crate) fn check(&mut self, token: &str, now: Timestamp) -> Authentication {
        let allowed = self.limits.requests_per_minute;
        let Some(grant) = self.good.get_mut(token) else {
            return Authentication::refused(ApiError::bad_token());
        };
        if now >= grant.until {
            self.revoke(token);
            return Authentication::refused(ApiError::bad_token());
        }
        let reset_s = grant.window.count(now);
        let count = grant.window.count;
        let caller = Caller { client_id: grant.client_id.clone(), count, allowed, reset_s };
        let error = (count > allowed).then(|| ApiError::too_many_requests(reset_s));
        Authentication { caller: Some(caller), error }
    }

    /// Revokes one token.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.good.remove(token);
        self.order.retain(|other| other != token);
    }

    /// Revokes all tokens, as an administrator can.
    pub(crate) fn revoke_all(&mut self) {
        self.good.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws::{Ids, Timestamp};

    use super::{AccessToken, Limits, Tokens};

    #[test]
    fn a_token_ends_and_is_limited() {
        let (ids, start) = (Ids::from_seed(1), Timestamp::from_unix_ms(1_000_000));
        let limits = Limits { requests_per_minute: 2, tokens_per_minute: 1, ..Limits::default() };
        let mut tokens = Tokens { limits, ..Tokens::default() };
        let AccessToken { token, expires_in_s } = tokens.grant("me", start, &ids).unwrap();
        assert_eq!(expires_in_s, 86_399);
        assert!(tokens.grant("me", start, &ids).is_none(), "a second one in the same minute");
        let status = |tokens: &mut Tokens, after_s: u64| {
            let refusal = tokens.check(&token, start.plus(Duration::from_secs(after_s))).error;
            refusal.map_or(200, |error| error.status)
        };
        assert_eq!([0, 1, 2, 59, 60].map(|after| status(&mut tokens, after)), [200, 200, 429, 429, 200]);
        assert_eq!(status(&mut tokens, 86_399), 200);
        assert_eq!(status(&mut tokens, 86_400), 401);
        assert_eq!(tokens.check("another", start).error.unwrap().status, 401);
    }
}
