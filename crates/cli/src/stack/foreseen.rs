//! What a plan tells besides its changes: cost, quotas, backlogs, what only a worker carries, what `check` says.

use doctor::{doubts, lint};
use provision::forecast::{Drain, Forecast, Headroom, Line, price};
use provision::{Mistake, Pipeline};
use serde_json::{Value, json};

use crate::output::{self, BAD, FAINT, STRONG, styled};
use crate::pipeline_file::PipelineFile;
use crate::stack::other_side::{self, OtherSide};

/// All of it.
#[derive(Debug)]
pub(crate) struct Foreseen<'f> {
    pub(crate) forecast: Forecast,
    pub(crate) lints: Lints,
    /// The org's side, where the stack has one, and what is there of it.
    pub(crate) other: Option<(&'f OtherSide, other_side::Found)>,
}

/// What `trunkline check` finds in the file beyond its mistakes.
#[derive(Debug)]
pub(crate) struct Lints {
    found: Vec<Mistake>,
    shown: String,
}

impl Lints {
    pub(crate) fn of(file: &PipelineFile, pipeline: &Pipeline) -> Self {
        let mut found = lint(pipeline);
        found.extend(doubts(pipeline));
        let shown = if found.is_empty() { String::new() } else { file.show(&found) };
        Self { found, shown }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let one = |mistake: &Mistake| json!({"line": mistake.span.line, "rule": mistake.rule, "sentence": mistake.sentence});
        self.found.iter().map(one).collect()
    }
}

impl Foreseen<'_> {
    /// For a person, at most 80 signs a line.
    pub(crate) fn show(&self) {
        show_cost(&self.forecast);
        show_quotas(&self.forecast);
        if !self.forecast.drains.is_empty() {
            heading("until a backlog is done");
            self.forecast.drains.iter().for_each(show_drain);
        }
        let carried = &self.forecast.carried;
        if !carried.by_worker.is_empty() {
            heading("only `trunkline worker` carries");
            carried.by_worker.iter().for_each(|one| output::line(format_args!("  {one}")));
        }
        if !carried.by_server.is_empty() {
            heading("not on AWS: a running Trunkline alone has");
            carried.by_server.iter().for_each(|one| output::line(format_args!("  {one}")));
        }
        if !self.lints.shown.is_empty() {
            heading("`trunkline check` says");
            output::line(&self.lints.shown);
        }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let Forecast { load, cost, quotas, drains, carried } = &self.forecast;
        json!({
            "eventsPerSecond": load.rate, "backlog": load.backlog,
            "cost": {
                "region": price::REGION, "pricesOf": price::AS_OF, "currency": "USD", "events": cost.events, "total": cents(cost.usd()),
                "lines": cost.lines.iter().map(line_json).collect::<Vec<_>>(), "assumptions": cost.assumptions,
            },
            "quotas": quotas.iter().map(quota_json).collect::<Vec<_>>(),
            "drains": drains.iter().map(drain_json).collect::<Vec<_>>(),
            "onlyWorker": carried.by_worker, "onlyTrunkline": carried.by_server,
        })
    }
}

fn heading(text: &str) {
    output::line(styled(STRONG, format_args!("\n{text}")));
}

fn show_cost(forecast: &Forecast) {
    let Forecast { load, cost, .. } = forecast;
    match load.rate {
        Some(rate) => heading(&format!("a month at {} events/s", plain(rate))),
        None => heading("a million events (--rate 40/s: a month at that rate)"),
    }
    for line in &cost.lines {
        let Line { what, quantity, price } = line;
        let quantity = format!("{} {}", short(*quantity), price.unit);
        output::line(format_args!("  {:<38}{quantity:>24}{:>14}", cut(what, 37), dollars(line.usd())));
    }
    output::line(format_args!("  {:<62}{:>14}", "total", dollars(cost.usd())));
    let said = format!("prices of {} as of {}, before free tiers", price::REGION, price::AS_OF);
    for sentence in std::iter::once(&said).chain(&cost.assumptions) {
        output::line(styled(FAINT, format_args!("  {sentence}")));
    }
}

fn show_quotas(forecast: &Forecast) {
    heading("quotas, as AWS has them by default");
    for quota in &forecast.quotas {
        let Headroom { what, used, limit, beyond, .. } = quota;
        let of = format!("{} of {}", plain(*used), plain(*limit));
        let left = if quota.part() > 1.0 {
            "TOO MUCH".to_owned()
        } else {
            format!("{:.0} % left", ((1.0 - quota.part()) * 100.0).floor())
        };
        let line = format!("  {:<40}{of:>20}{left:>12}", cut(what, 39));
        if quota.bites() {
            let raise = if quota.is_adjustable { "; AWS raises it on request" } else { "" };
            output::line(styled(BAD, line));
            output::line(styled(BAD, format_args!("    beyond it {beyond}{raise}")));
        } else {
            output::line(line);
        }
    }
}

fn show_drain(drain: &Drain) {
    output::line(format_args!("  {}", drain.what));
    let outcome = match (drain.seconds(), drain.seconds_worst()) {
        (None, _) => {
            let sentence =
                format!("never: {} a second come, and {} leave", plain(drain.arriving), plain(drain.rate));
            output::line(styled(BAD, format_args!("    {sentence}")));
            return output::line(styled(FAINT, format_args!("    {}", drain.why)));
        }
        (Some(best), Some(worst)) if (worst - best).abs() < 1.0 => spell(best),
        (Some(best), Some(worst)) => format!("{}, at worst {}", spell(best), spell(worst)),
        (Some(best), None) => format!("{}, at worst never", spell(best)),
    };
    output::line(format_args!("    {} messages: {outcome}", plain(drain.backlog)));
    output::line(styled(FAINT, format_args!("    {}", drain.why)));
}

fn line_json(line: &Line) -> Value {
    json!({
        "what": line.what, "quantity": line.quantity, "unit": line.price.unit, "priceOfOne": line.price.usd, "amount": cents(line.usd()),
        "source": line.price.source,
    })
}

fn quota_json(quota: &Headroom) -> Value {
    json!({
        "what": quota.what, "used": quota.used, "limit": quota.limit, "left": quota.limit - quota.used, "bites": quota.bites(),
        "beyond": quota.beyond, "isAdjustable": quota.is_adjustable,
    })
}

fn drain_json(drain: &Drain) -> Value {
    json!({
        "what": drain.what, "messages": drain.backlog, "leavingPerSecond": drain.rate, "leavingPerSecondAtWorst": drain.rate_worst,
        "arrivingPerSecond": drain.arriving, "seconds": drain.seconds(), "secondsAtWorst": drain.seconds_worst(), "why": drain.why,
    })
}

/// US dollars to the hundredth of a cent, so that sums stay readable.
fn cents(usd: f64) -> f64 {
    (usd * 10_000.0).round() / 10_000.0
}

fn dollars(usd: f64) -> String {
    if usd > 0.0 && usd < 0.01 { "< $0.01".to_owned() } else { format!("${usd:.2}") }
}

/// `105.1 M`.
fn short(number: f64) -> String {
    [(1e9, "G"), (1e6, "M"), (1e3, "k")]
        .into_iter()
        .find(|(size, _)| number >= *size)
        .map_or_else(|| plain(number), |(size, sign)| format!("{:.1} {sign}", number / size))
}

/// Without decimals that say nothing.
fn plain(number: f64) -> String {
    if (number - number.round()).abs() < 0.005 { format!("{number:.0}") } else { format!("{number:.2}") }
}

fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max.saturating_sub(3)).chain("...".chars()).collect()
}

/// `2 h 47 min`: the two largest units.
fn spell(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")];
    let mut rest = seconds.ceil();
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        let whole = (rest / size).floor();
        rest -= whole * size;
        if whole >= 1.0 {
            parts.push(format!("{whole:.0} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "at once".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::{cut, dollars, plain, short, spell};

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(
            [0.0, 59.5, 3_600.0, 10_020.0, 90_000.0].map(spell),
            ["at once", "1 min", "1 h", "2 h 47 min", "1 d 1 h"]
        );
        assert_eq!([0.004, 1.0, 105.123].map(dollars), ["< $0.01", "$1.00", "$105.12"]);
        assert_eq!([40.0, 0.25, 105_120_000.0].map(short), ["40", "0.25", "105.1 M"]);
        assert_eq!((plain(13.333), cut("abcdef", 5)), ("13.33".to_owned(), "ab...".to_owned()));
    }
}
