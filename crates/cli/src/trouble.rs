//! Trouble on demand: what goes wrong with a simulated org, as flags and as the pipeline file says it.

use clap::Args;
use genesys_org::simulator::Trouble;
use genesys_org::simulator::trouble::{ApiTrouble, BACKLOG_MAX_MS, REORDER_WINDOW_MS};
use provision::noun::trouble::Trouble as Said;

/// What goes wrong between the org and whoever listens, as flags; what is not said is as it was.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Trouble on demand, the same for the same seed")]
pub(crate) struct TroubleArguments {
    /// Share of events that come twice, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    duplicates: Option<f64>,
    /// Share of events that come late, while later ones pass, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    reorder: Option<f64>,
    /// How late at most, in simulated time [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    reorder_window: Option<u64>,
    /// Share of events that never come, 0 to 0.99
    #[arg(long, value_name = "SHARE", value_parser = some_pass)]
    drop: Option<f64>,
    /// Share of after-call work that is told minutes late, beyond the tracker's default grace, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    late_wrapups: Option<f64>,
    /// The org has run so long already and reached nobody, up to 4d as with Genesys Cloud; all of it comes first, at once
    #[arg(long, value_name = "TIME", value_parser = backlog)]
    backlog: Option<u64>,
}

impl TroubleArguments {
    /// The flags over what is said elsewhere.
    pub(crate) fn over(self, said: Trouble) -> Trouble {
        Trouble {
            duplicate: self.duplicates.unwrap_or(said.duplicate),
            reorder: self.reorder.unwrap_or(said.reorder),
            reorder_window_ms: self.reorder_window.unwrap_or(said.reorder_window_ms),
            drop: self.drop.unwrap_or(said.drop),
            late_wrapup: self.late_wrapups.unwrap_or(said.late_wrapup),
            backlog_ms: self.backlog.unwrap_or(said.backlog_ms),
            api: said.api,
        }
    }
}

/// What goes wrong at the Platform API that the org serves, as flags; what is not said is as it was.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Trouble at the org's Platform API")]
pub(crate) struct ApiTroubleArguments {
    /// Share of calls that are answered 429 with a Retry-After, 0 to 0.99
    #[arg(long, value_name = "SHARE", value_parser = some_pass)]
    too_many_requests: Option<f64>,
    /// Share of calls whose token is said to have expired, and has: 401; 0 to 0.99
    #[arg(long, value_name = "SHARE", value_parser = some_pass)]
    expired_tokens: Option<f64>,
    /// After so long, by your clock, a notification socket is told that it will close, and closed
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    socket_closing: Option<u64>,
}

impl ApiTroubleArguments {
    /// The flags over what is said elsewhere.
    pub(crate) fn over(self, said: ApiTrouble) -> ApiTrouble {
        ApiTrouble {
            too_many_requests: self.too_many_requests.unwrap_or(said.too_many_requests),
            expired_token: self.expired_tokens.unwrap_or(said.expired_token),
            socket_closing_ms: self.socket_closing.unwrap_or(said.socket_closing_ms),
        }
    }
}

/// As the pipeline file says it.
pub(crate) fn of_file(said: &Said) -> Trouble {
    Trouble {
        duplicate: said.duplicates,
        reorder: said.reorder,
        reorder_window_ms: said.reorder_window_s.map_or(REORDER_WINDOW_MS, |seconds| seconds * 1_000),
        drop: said.drop,
        late_wrapup: said.late_wrapups,
        backlog_ms: said.backlog_s * 1_000,
        api: ApiTrouble {
            too_many_requests: said.too_many_requests,
            expired_token: said.expired_tokens,
            socket_closing_ms: said.socket_closing_s * 1_000,
        },
    }
}

/// A share, as clap reads it.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a share is a number from 0 to 1, like 0.05".to_owned())
}

/// A share of which some must pass: an org of which nothing is ever heard would be waited for without end.
fn some_pass(text: &str) -> Result<f64, String> {
    let below = share(text)?;
    match below <= 0.99 {
        true => Ok(below),
        false => Err("nothing would ever come through; up to 0.99 lets some".to_owned()),
    }
}

/// A stretch of simulated time in milliseconds, as clap reads it: `90s`, `5m`, `8h`, `4d`.
pub(crate) fn milliseconds(text: &str) -> Result<u64, String> {
    let units = [("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let read = units.iter().find_map(|(unit, ms)| {
        let number = text.strip_suffix(unit)?;
        // `parse` would accept a sign.
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse::<u64>().ok().filter(|_| is_plain)?.checked_mul(*ms)
    });
    // A century: what is beyond it is a slip, and would not fit into a date.
    read.filter(|ms| *ms <= 100 * 366 * 86_400_000)
        .ok_or_else(|| "a time is a whole number with s, m, h or d, like 90s, 5m, 8h or 4d".to_owned())
}

fn backlog(text: &str) -> Result<u64, String> {
    let ms = milliseconds(text)?;
    match ms <= BACKLOG_MAX_MS {
        true => Ok(ms),
        false => Err("Genesys Cloud keeps undelivered events for at most 4d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{backlog, milliseconds, share, some_pass};

    #[test]
    fn values_are_read_as_people_write_them() {
        assert_eq!(
            ["90s", "5m", "8h", "4d"].map(milliseconds),
            [90_000, 300_000, 28_800_000, 345_600_000].map(Ok)
        );
        for wrong in ["", "5", "m", "+5m", "5 m", "1w", "99999999999999999999d", "40000d"] {
            assert!(milliseconds(wrong).is_err(), "{wrong}");
        }
        assert!(backlog("4d").is_ok() && backlog("97h").is_err());
        assert!(some_pass("0.99").is_ok() && some_pass("1").is_err());
        assert_eq!(share("0.05"), Ok(0.05));
        for wrong in ["", "-0.1", "1.01", "5%", "NaN", "inf"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }
}
