//! How long a backlog takes until nothing of it waits any more.

use crate::forecast::CALL_S;
use crate::forecast::flow::{Flow, Stop};
use crate::noun::worker::{Act, TIMEOUT_MS_DEFAULT, Worker};
use crate::pipeline::Pipeline;

/// A place where messages wait, and how fast they leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Drain {
    /// Where they wait.
    pub what: String,
    /// Messages.
    pub backlog: f64,
    /// Messages a second that leave, where calls take as long as is assumed, or the stated rate bounds them.
    pub rate: f64,
    /// The same where each call takes as long as it may.
    pub rate_worst: f64,
    /// What bounds them.
    pub why: String,
    /// Messages a second that come meanwhile.
    pub arriving: f64,
}

impl Drain {
    /// In s; `None` where more comes than leaves.
    pub fn seconds(&self) -> Option<f64> {
        within(self.backlog, self.rate - self.arriving)
    }

    /// The same where each call takes as long as it may.
    pub fn seconds_worst(&self) -> Option<f64> {
        within(self.backlog, self.rate_worst - self.arriving)
    }
}

fn within(backlog: f64, rate: f64) -> Option<f64> {
    (rate > 0.0).then(|| backlog / rate)
}

pub(super) fn drains(pipeline: &Pipeline, flow: &Flow, (backlog, rate): (f64, Option<f64>)) -> Vec<Drain> {
    let arriving = |stop: &Stop| if rate.is_some() { flow.to(stop) } else { 0.0 };
    let workers = pipeline.workers.iter().filter(|worker| !worker.prints()).map(|worker| {
        let Bound { rate, rate_worst, why } = bound(worker);
        let arriving = arriving(&Stop::Queue(worker.queue.value.clone()));
        Drain {
            what: format!("queue {} -> {}", worker.queue.value, target(&worker.act)),
            backlog,
            rate,
            rate_worst,
            why,
            arriving,
        }
    });
    let destinations = pipeline.api_destinations.iter().map(|destination| {
        let rate = whole(destination.rate_limit_per_second);
        let stop = Stop::ApiDestination(destination.name.value.clone());
        Drain {
            what: format!("API destination {}", destination.name.value),
            backlog,
            rate,
            rate_worst: rate,
            why: format!("{rate} calls a second"),
            arriving: arriving(&stop),
        }
    });
    let functions = pipeline.functions.iter().filter_map(|function| {
        let concurrency = function.concurrency.filter(|concurrency| *concurrency > 0)?;
        let stop = Stop::Function(function.name.value.clone());
        Some(Drain {
            what: format!("function {}", function.name.value),
            backlog,
            rate: whole(concurrency) / CALL_S,
            rate_worst: whole(concurrency) / whole(function.timeout_s.max(1)),
            why: format!("{concurrency} at a time, 100 ms a call; at worst {} s", function.timeout_s),
            arriving: arriving(&stop),
        })
    });
    workers.chain(destinations).chain(functions).collect()
}

struct Bound {
    rate: f64,
    rate_worst: f64,
    why: String,
}

/// Lanes of one worker process, where the file bounds nothing.
const LANES: u64 = 10;

fn bound(worker: &Worker) -> Bound {
    let concurrency = worker.concurrency.as_ref().map_or(LANES, |value| value.value);
    let timeout_ms = worker.timeout_ms.as_ref().map_or(TIMEOUT_MS_DEFAULT, |value| value.value);
    let paced = worker.rate.as_ref().map_or(f64::INFINITY, |value| whole(value.value));
    let many = if worker.concurrency.is_some() {
        format!("{concurrency} at a time over all workers")
    } else {
        format!("{concurrency} lanes of one worker")
    };
    let pace = worker.rate.as_ref().map(|rate| format!(", {} a second", rate.value)).unwrap_or_default();
    Bound {
        rate: (whole(concurrency) / CALL_S).min(paced),
        rate_worst: (whole(concurrency) * 1_000.0 / whole(timeout_ms.max(1))).min(paced),
        why: format!("{many}{pace}, 100 ms a call; at worst {timeout_ms} ms"),
    }
}

/// Whom a worker calls; a URL may hold a secret behind its host.
pub(super) fn target(act: &Act) -> String {
    match act {
        Act::Print(_) => "printed".to_owned(),
        Act::Post { url, .. } => {
            format!("POST {}", url.value.splitn(4, '/').take(3).collect::<Vec<_>>().join("/"))
        }
        Act::Function(name) => format!("function {}", name.value),
        Act::StateMachine(name) => format!("state machine {}", name.value),
        Act::Send(name) => format!("queue {}", name.value),
    }
}

fn whole(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::Drain;

    #[test]
    fn what_comes_faster_than_it_leaves_never_ends() {
        let of = |arriving| Drain {
            what: String::new(),
            backlog: 1_000.0,
            rate: 20.0,
            rate_worst: 2.0,
            why: String::new(),
            arriving,
        };
        assert_eq!((of(0.0).seconds(), of(0.0).seconds_worst()), (Some(50.0), Some(500.0)));
        assert_eq!((of(10.0).seconds(), of(10.0).seconds_worst()), (Some(100.0), None));
        assert_eq!(of(20.0).seconds(), None);
    }
}
