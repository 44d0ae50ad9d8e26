//! What a pipeline will cost on AWS, which quotas it comes near, how long a backlog takes, and what only `trunkline worker` carries.
//!
//! All of it is computed from the file alone: a rate is stated by whoever asks, prices and quotas are tables of this binary. Nothing is
//! asked of AWS, so an account's own agreements are not in it.

pub mod carried;
pub mod cost;
pub mod drain;
pub mod price;
pub mod quota;

mod flow;

pub use crate::forecast::carried::{Carried, Unit};
pub use crate::forecast::cost::{Cost, Line};
pub use crate::forecast::drain::Drain;
pub use crate::forecast::quota::Headroom;

use crate::forecast::flow::Flow;
use crate::pipeline::Pipeline;

/// Bytes of an event, where its size is needed: most derived events are smaller.
pub const EVENT_BYTES: f64 = 2_048.0;
/// How long a call of a function, and an Express execution, takes where nothing else is known, in s.
pub const CALL_S: f64 = 0.1;

/// What whoever asks states.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Events a second that come to the bus; `None`: costs are those of a million events.
    pub rate: Option<f64>,
    /// Messages that wait at each place where messages wait.
    pub backlog: Option<f64>,
}

/// A template as far as its size counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Bytes, minified.
    pub bytes: usize,
    /// Resources.
    pub resources: usize,
}

/// What is told of a pipeline before it is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// What was stated.
    pub load: Load,
    /// What it costs.
    pub cost: Cost,
    /// Quotas that it uses, those that it comes nearest to first.
    pub quotas: Vec<Headroom>,
    /// How long backlogs take; empty where none was stated.
    pub drains: Vec<Drain>,
    /// What only a worker does.
    pub carried: Carried,
}

/// The forecast of a pipeline in a region.
pub fn forecast(pipeline: &Pipeline, region: &str, size: Size, load: Load) -> Forecast {
    let flow = Flow::of(pipeline, load.rate.unwrap_or(1.0));
    let share = Flow::of(pipeline, 1.0);
    Forecast {
        load,
        cost: cost::cost(pipeline, &share, load.rate),
        quotas: quota::quotas(pipeline, region, (size, &flow), load.rate),
        drains: load
            .backlog
            .map_or_else(Vec::new, |backlog| drain::drains(pipeline, &flow, (backlog, load.rate))),
        carried: carried::carried(pipeline),
    }
}

/// Reads `40/s`, `2400/min`, `100000/h`, `1000000/d`, or a number of events a second.
///
/// # Errors
/// How a rate is written.
pub fn rate(text: &str) -> Result<f64, String> {
    let wrong = || "a rate is like 40/s, 600/min, 10000/h or 1000000/d".to_owned();
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "min" | "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    let rate = number / seconds;
    if rate.is_finite() && rate > 0.0 && rate <= 1e7 { Ok(rate) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn rates_are_read_in_the_units_that_people_write() {
        assert_eq!(["40/s", "40", "2400/min", "7200/h"].map(rate), [40.0, 40.0, 40.0, 2.0].map(Ok));
        assert!(["", "-1/s", "0", "x/s", "4/y", "NaN", "inf/s"].iter().all(|text| rate(text).is_err()));
    }
}
