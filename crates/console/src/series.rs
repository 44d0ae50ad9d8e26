//! Series over time: what the server has kept of each minute and hour, as small drawings with their figures beside them.

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::parts::grouped;
use crate::source::{Question, Source, find};

/// Bars of a drawing.
const BARS: usize = 60;
/// Width of a bar with the gap behind it, and the height of a drawing, in its own units.
const BAR: usize = 2;
const HEIGHT: u64 = 24;

/// A stretch of time that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// The last hour, by minutes.
    Hour,
    /// The last day, by minutes.
    Day,
    /// The last 30 days, by hours.
    Month,
}

impl Stretch {
    /// All of them, the shortest first.
    pub(crate) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    fn question(self, prefixes: &[&str]) -> Question {
        let (span, rows) = match self {
            Self::Hour => ("minute", 60),
            Self::Day => ("minute", 1_440),
            Self::Month => ("hour", 720),
        };
        Question::of("console", "ListSeries", json!({"Span": span, "Rows": rows, "Prefixes": prefixes}))
    }

    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Hour => "last hour",
            Self::Day => "last day",
            Self::Month => "last 30 days",
        }
    }
}

/// A series over a stretch.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Series {
    name: String,
    /// The values are of how often something happened, and add up; else of how much there was.
    adds_up: bool,
    /// The oldest first; nothing where nobody ran who could have counted.
    values: Vec<Option<u64>>,
}

/// All series of a stretch.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    stretch: Stretch,
    series: Vec<Series>,
}

/// What is kept of a stretch: of the series whose names begin so.
pub(crate) async fn kept(source: &Source, stretch: Stretch, prefixes: &[&str]) -> Kept {
    let answer = find(source, stretch.question(prefixes)).await.unwrap_or_default();
    let series = answer.get("Series").cloned().unwrap_or(Value::Null);
    Kept { stretch, series: serde_json::from_value(series).unwrap_or_default() }
}

impl Kept {
    /// What happened in the whole stretch, as far as somebody counted.
    pub(crate) fn sum(&self, name: &str) -> u64 {
        let found = self.series.iter().find(|series| series.name == name);
        let values = found.into_iter().flat_map(|series| series.values.iter().flatten());
        values.fold(0, |sum, value| sum.saturating_add(*value))
    }

    /// A series as a drawing with its figures; nothing where there is none of this name.
    pub(crate) fn drawing(&self, name: &str) -> Markup {
        let found = self.series.iter().find(|series| series.name == name);
        let Some(series) = found.filter(|series| series.values.iter().any(Option::is_some)) else {
            return html! { span.faint { "not yet" } };
        };
        let most = series.values.iter().flatten().max().copied().unwrap_or_default();
        let said = if series.adds_up {
            let all: u64 = series.values.iter().flatten().fold(0, |sum, value| sum.saturating_add(*value));
            grouped(all)
        } else {
            format!("at most {}", grouped(most))
        };
        let label = format!("{}: {said}", self.stretch.words());
        let bars = series.bars();
        html! {
            span.series {
                svg.spark role="img" aria-label=(label) viewBox=(format!("0 0 {} {HEIGHT}", BARS * BAR)) preserveAspectRatio="none" {
                    @for (at, height) in heights(&bars).into_iter().enumerate() {
                        @if let Some(height) = height {
                            rect x=(at * BAR) y=(HEIGHT - height) width="1.6" height=(height) {}
                        }
                    }
                }
                " " span.num { (said) }
            }
        }
    }
}

impl Series {
    /// The values of neighbours as one, so that there are as many as bars at most.
    fn bars(&self) -> Vec<Option<u64>> {
        let of_bar = self.values.len().div_ceil(BARS).max(1);
        let bar = |values: &[Option<u64>]| {
            let counted = values.iter().flatten().copied();
            if self.adds_up { counted.reduce(u64::saturating_add) } else { counted.max() }
        };
        self.values.chunks(of_bar).map(bar).collect()
    }
}

/// How high each bar is: a line at least where somebody counted, and nothing where nobody did.
fn heights(bars: &[Option<u64>]) -> Vec<Option<u64>> {
    let most = u128::from(bars.iter().flatten().max().copied().unwrap_or_default().max(1));
    let height = |value: u64| {
        let scaled = u128::from(value) * u128::from(HEIGHT) / most;
        u64::try_from(scaled).unwrap_or(HEIGHT).clamp(1, HEIGHT)
    };
    bars.iter().map(|value| value.map(height)).collect()
}

#[cfg(test)]
mod tests {
    use super::{BARS, Kept, Series, Stretch, heights};

    fn counts(values: Vec<Option<u64>>) -> Series {
        Series { name: "a".to_owned(), adds_up: true, values }
    }

    #[test]
    fn a_day_is_as_many_bars_as_an_hour_and_loses_nothing() {
        let values: Vec<Option<u64>> = (0..1_440).map(|n| (n >= 720).then_some(2)).collect();
        let bars = counts(values.clone()).bars();
        assert_eq!((bars.len(), bars[0], bars[BARS - 1]), (BARS, None, Some(48)));
        assert_eq!(Series { adds_up: false, ..counts(values) }.bars()[BARS - 1], Some(2));
        assert_eq!(heights(&[None, Some(0), Some(u64::MAX)]), [None, Some(1), Some(24)]);
    }

    #[test]
    fn what_nobody_counted_is_not_drawn_as_nothing() {
        let kept = |values| Kept { stretch: Stretch::Hour, series: vec![counts(values)] };
        assert!(kept(vec![None, None]).drawing("a").into_string().contains("not yet"));
        let html = kept(vec![None, Some(3), Some(4)]).drawing("a").into_string();
        assert_eq!(html.matches("<rect").count(), 2);
        assert!(html.contains("last hour: 7"), "{html}");
        assert!(kept(vec![Some(1)]).drawing("b").into_string().contains("not yet"));
    }
}
