//! Trouble on demand: what goes wrong with a simulated org, as flags and as the pipeline file says it.

use clap::Args;
use genesys_org::simulator::Trouble;
use genesys_org::simulator::trouble::{ApiTrouble, BACKLOG_MAX_MS, REORDER_WINDOW_MS};
use provision::duration;
use provision::noun::trouble::Trouble as TroubleNoun;

/// What goes wrong between the org and whoever listens, as flags; what is not said is as it was.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Simulated trouble (the same for the same seed)")]
pub(crate) struct TroubleArguments {
    /// Share of events delivered twice, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    duplicates: Option<f64>,
    /// Share of events delayed behind later ones, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    reorder: Option<f64>,
    /// Maximum delay, in simulated time [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    reorder_window: Option<u64>,
    /// Share of events lost, 0 to 0.99
    #[arg(long, value_name = "SHARE", value_parser = some_pass)]
    drop: Option<f64>,
    /// Share of after-call work reported minutes late, after the tracker's default grace, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    late_wrapups: Option<f64>,
    /// Begin with the undelivered events of this much time, at once; up to 4d, as Genesys Cloud keeps
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
#[command(next_help_heading = "Simulated trouble of the Platform API")]
pub(crate) struct ApiTroubleArguments {
    /// Share of calls answered with 429 and Retry-After, 0 to 0.99
    #[arg(long, value_name = "SHARE", value_parser = some_pass)]
    too_many_requests: Option<f64>,
    /// Share of calls answered with 401 because the token expires, 0 to 0.99
    #[arg(long, value_name = "SHARE", value_parser = some_pass)]
    expired_tokens: Option<f64>,
    /// Close each notification socket after this much real time, with a warning before
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
pub(crate) fn of_file(said: &TroubleNoun) -> Trouble {
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
    if below <= 0.99 {
        Ok(below)
    } else {
        Err("nothing would ever come through; the maximum is 0.99".to_owned())
    }
}

/// A stretch of simulated time in milliseconds, as clap reads it: `90s`, `5m`, `8h`, `4d`.
pub(crate) fn milliseconds(text: &str) -> Result<u64, String> {
    let ms = duration::parse(text).and_then(|duration| u64::try_from(duration.as_millis()).ok());
    ms.ok_or_else(|| format!("a time is {}", duration::FORM))
}

fn backlog(text: &str) -> Result<u64, String> {
    let ms = milliseconds(text)?;
    if ms <= BACKLOG_MAX_MS {
        Ok(ms)
    } else {
        Err("Genesys Cloud keeps undelivered events for at most 4d".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{backlog, milliseconds, share, some_pass};

    #[test]
    fn values_are_read_as_people_write_them() {
        assert_eq!(milliseconds("90s"), Ok(90_000));
        assert!(milliseconds("5").is_err());
        assert!(backlog("4d").is_ok() && backlog("97h").is_err());
        assert!(some_pass("0.99").is_ok() && some_pass("1").is_err());
        assert_eq!(share("0.05"), Ok(0.05));
        for wrong in ["", "-0.1", "1.01", "5%", "NaN", "inf"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }
}
