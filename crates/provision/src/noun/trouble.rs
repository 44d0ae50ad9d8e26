//! `genesys.trouble`: what goes wrong with a simulated org, on demand.

use crate::fields::Fields;
use crate::table::{Kind, Section, may};

/// What goes wrong between the simulated org and Trunkline. Shares are from 0 to 1; 0: nothing of the kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trouble {
    /// Share of events that come twice.
    pub duplicates: f64,
    /// Share of events that come late, while later ones pass.
    pub reorder: f64,
    /// How late at most, in simulated seconds.
    pub reorder_window_s: Option<u64>,
    /// Share of events that never come.
    pub drop: f64,
    /// Share of after-call work that is told minutes late.
    pub late_wrapups: f64,
    /// So many simulated seconds the org has run already and reached nobody.
    pub backlog_s: u64,
    /// Share of calls to the Platform API that are answered 429.
    pub too_many_requests: f64,
    /// Share of calls to it whose token is said to have expired.
    pub expired_tokens: f64,
    /// After so many seconds of the wall's clock a notification socket is closed; 0: never.
    pub socket_closing_s: u64,
}

const SHARE: Kind = Kind::Number { max: 1.0 };
/// A share of which some pass: what never comes through would be waited for without end.
const SOME_PASS: Kind = Kind::Number { max: 0.99 };

pub(crate) const SECTION: Section = Section {
    noun: "trouble on demand",
    keys: &[
        may("duplicates", "Share of events that come twice, up to 1.", SHARE),
        may("reorder", "Share of events that come late, while later ones pass, up to 1.", SHARE),
        may(
            "reorderWindow",
            "Maximum delay, in simulated time. Default 30s.",
            Kind::Duration { seconds_min: 1, seconds_max: 86_400 },
        ),
        may("drop", "Share of events that never come, up to 0.99.", SOME_PASS),
        may(
            "lateWrapups",
            "Share of after-call work reported minutes late, after the tracker's default grace, up to 1.",
            SHARE,
        ),
        may(
            "backlog",
            "Begin with the undelivered events of this much time, at once; up to 4d, as Genesys Cloud keeps.",
            Kind::Duration { seconds_min: 0, seconds_max: 345_600 },
        ),
        may(
            "tooManyRequests",
            "Share of calls to the org's Platform API answered with 429 and Retry-After, up to 0.99.",
            SOME_PASS,
        ),
        may(
            "expiredTokens",
            "Share of calls to it answered with 401 because the token expires, up to 0.99.",
            SOME_PASS,
        ),
        may(
            "socketClosing",
            "Close each notification socket after this much real time, with a warning before.",
            Kind::Duration { seconds_min: 1, seconds_max: 86_400 },
        ),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Trouble {
    let share = |key| fields.number(key).unwrap_or_default();
    Trouble {
        duplicates: share("duplicates"),
        reorder: share("reorder"),
        reorder_window_s: fields.seconds("reorderWindow"),
        drop: share("drop"),
        late_wrapups: share("lateWrapups"),
        backlog_s: fields.seconds("backlog").unwrap_or_default(),
        too_many_requests: share("tooManyRequests"),
        expired_tokens: share("expiredTokens"),
        socket_closing_s: fields.seconds("socketClosing").unwrap_or_default(),
    }
}
