//! Which variables a state reads: DescribeStateMachine's `variableReferences`.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{
    Amount, Condition, Flow, Guard, Items, Kind, Machine, Mode, Payload, Selection, State, Text, Until,
};

impl Machine {
    /// The variables that each state reads, sorted; states that read none are left out.
    pub fn variable_references(&self) -> BTreeMap<String, Vec<String>> {
        let read = self.states().map(|state| (state.name.clone(), Names::of(state)));
        read.filter(|(_, names)| !names.is_empty()).collect()
    }
}

/// Names on their way together.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn of(state: &State) -> Vec<String> {
        let mut names = Self::default();
        names.flow(&state.flow);
        if let Some(guard) = state.guard() {
            names.guard(guard);
        }
        match &state.kind {
            Kind::Pass { .. } | Kind::Succeed | Kind::Parallel(_) => {}
            Kind::Task(task) => {
                names.amount(task.timeout.as_ref());
                names.amount(task.heartbeat.as_ref());
                names.payload(task.credentials.as_ref());
            }
            Kind::Choice(choice) => {
                for rule in &choice.rules {
                    match &rule.condition {
                        Condition::Rule(rule) => names.0.extend(rule.variables()),
                        Condition::Jsonata(template) => names.0.extend(template.variables()),
                    }
                    names.payload(rule.assign.as_ref());
                    names.payload(rule.output.as_ref());
                }
            }
            Kind::Wait(until) => match until {
                Until::Seconds(amount) => names.amount(Some(amount)),
                Until::Moment(_) => {}
                Until::MomentPath(field) => names.0.extend(field.path.variables()),
                Until::MomentJsonata(template) => names.0.extend(template.variables()),
            },
            Kind::Fail(fail) => {
                for text in [&fail.error, &fail.cause].into_iter().flatten() {
                    match text {
                        Text::Fixed(_) => {}
                        Text::Dynamic(dynamic) => names.0.extend(dynamic.variables()),
                        Text::Jsonata(template) => names.0.extend(template.variables()),
                    }
                }
            }
            Kind::Map(map) => names.map(map),
        }
        names.0.into_iter().collect()
    }

    fn map(&mut self, map: &crate::definition::Map) {
        match &map.items {
            Items::Path(selection) => self.selection(selection),
            Items::Jsonata(template) | Items::Fixed(template) => self.0.extend(template.variables()),
            Items::Input => {}
        }
        self.payload(map.item_selector.as_ref());
        self.amount(map.max_concurrency.as_ref());
        let Mode::Distributed(distributed) = &map.mode else { return };
        self.amount(distributed.tolerated_count.as_ref());
        self.amount(distributed.tolerated_percentage.as_ref());
        if let Some(reader) = &distributed.reader {
            self.payload(reader.parameters.as_ref());
            self.amount(reader.max_items.as_ref());
        }
        if let Some(batcher) = &distributed.batcher {
            self.amount(batcher.max_items.as_ref());
            self.amount(batcher.max_bytes.as_ref());
            self.payload(batcher.batch_input.as_ref());
        }
        if let Some(writer) = &distributed.writer {
            self.payload(writer.parameters.as_ref());
        }
    }

    fn flow(&mut self, flow: &Flow) {
        self.selection(&flow.input_path);
        self.selection(&flow.output_path);
        for payload in [&flow.parameters, &flow.result_selector, &flow.output, &flow.assign] {
            self.payload(payload.as_ref());
        }
    }

    fn guard(&mut self, guard: &Guard) {
        for catcher in &guard.catch {
            self.payload(catcher.output.as_ref());
            self.payload(catcher.assign.as_ref());
        }
    }

    fn selection(&mut self, selection: &Selection) {
        if let Selection::Path(field) = selection {
            self.0.extend(field.path.variables());
        }
    }

    fn amount(&mut self, amount: Option<&Amount>) {
        match amount {
            None | Some(Amount::Fixed(_)) => {}
            Some(Amount::Path(field)) => self.0.extend(field.path.variables()),
            Some(Amount::Jsonata(template)) => self.0.extend(template.variables()),
        }
    }

    fn payload(&mut self, payload: Option<&Payload>) {
        match payload {
            None => {}
            Some(Payload::Paths(template)) => self.0.extend(template.variables()),
            Some(Payload::Jsonata(template)) => self.0.extend(template.variables()),
        }
    }
}
