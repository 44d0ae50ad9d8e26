//! What a benchmark has measured, each figure beside its goal: as lines while it runs, or as JSON at its end.

use serde_json::{Value, json};

/// What a figure is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Told beside others, with no goal of its own.
    None,
}

/// One figure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// What was measured, in a few words.
    pub(crate) about: &'static str,
    pub(crate) value: f64,
    /// Of the value and of the goal, for example `ms` or `/s`.
    pub(crate) unit: &'static str,
    pub(crate) goal: Goal,
}

/// How figures are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    #[default]
    Lines,
    Json,
}

/// All figures of a run.
#[derive(Debug)]
pub(crate) struct Figures {
    form: Form,
    all: Vec<Figure>,
}

impl Figure {
    fn is_met(self) -> Option<bool> {
        match self.goal {
            Goal::AtMost(most) => Some(self.value <= most),
            Goal::AtLeast(least) => Some(self.value >= least),
            Goal::None => None,
        }
    }

    fn line(self) -> String {
        let Figure { about, value, unit, goal } = self;
        let met = match self.is_met() {
            Some(true) => ": met",
            Some(false) => ": MISSED",
            None => "",
        };
        let goal = match goal {
            Goal::AtMost(most) => format!(" (at most {most}{met})"),
            Goal::AtLeast(least) => format!(" (at least {least}{met})"),
            Goal::None => String::new(),
        };
        let digits = if value.abs() < 100.0 { 2 } else { 0 };
        format!("{about}: {value:.digits$} {unit}{goal}")
    }

    fn json(self) -> Value {
        let goal = match self.goal {
            Goal::AtMost(most) => json!({"atMost": most}),
            Goal::AtLeast(least) => json!({"atLeast": least}),
            Goal::None => Value::Null,
        };
        let Figure { about, value, unit, .. } = self;
        json!({"about": about, "value": value, "unit": unit, "goal": goal, "isMet": self.is_met()})
    }
}

impl Figures {
    pub(crate) const fn new(form: Form) -> Self {
        Self { form, all: Vec::new() }
    }

    /// Notes a figure, and tells it where lines are wanted.
    pub(crate) fn add(&mut self, figure: Figure) {
        if self.form == Form::Lines {
            println!("{}", figure.line());
        }
        self.all.push(figure);
    }

    /// Tells all of them where JSON is wanted. A goal that is missed is no failure: what it says depends on the machine.
    pub(crate) fn tell(&self) {
        if self.form == Form::Json {
            let all: Vec<Value> = self.all.iter().map(|figure| figure.json()).collect();
            println!("{:#}", json!({"figures": all}));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, Goal};

    #[test]
    fn a_figure_says_whether_its_goal_is_met() {
        let figure = |value, goal| Figure { about: "put", value, unit: "ms", goal };
        assert_eq!(figure(1.5, Goal::AtMost(2.0)).line(), "put: 1.50 ms (at most 2: met)");
        assert_eq!(figure(250.4, Goal::AtLeast(1000.0)).line(), "put: 250 ms (at least 1000: MISSED)");
        assert_eq!(figure(3.0, Goal::None).json()["isMet"], serde_json::Value::Null);
    }
}
