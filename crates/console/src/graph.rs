//! The graph of a state machine: a layered layout of its blocks, as a picture.
//!
//! A block's states stand in layers, each below what leads to it; Parallel branches and Map processors are pictures inside their
//! state. Lines that lead back up, as loops do, run at the right of their block.

use std::collections::BTreeMap;

use asl::Machine;
use asl::definition::{Block, BlockId, Kind, State, Transition};
use maud::{Markup, html};

use crate::payload::{LineEnd, visible};

const STATE_WIDTH: usize = 190;
const STATE_HEIGHT: usize = 46;
const GAP_X: usize = 28;
const GAP_Y: usize = 44;
/// Around the blocks inside a state, and above them for its name.
const PADDING: usize = 18;
const HEAD: usize = 40;
/// Room at the right of a block for lines that lead back.
const BACK: usize = 22;
/// Characters of a name that fit into a box.
const NAME_MAX: usize = 23;
/// States of a block that are drawn, and how deep blocks lie in each other.
const STATES_MAX: usize = 400;
const DEPTH_MAX: usize = 12;

/// How a state stands in an execution, by its name: `succeeded`, `failed`, `running`; nothing of those that were not entered.
pub(crate) type Marks = BTreeMap<String, &'static str>;

/// Where a state leads and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    pub(crate) to: String,
    /// Empty: it is what comes next.
    pub(crate) when: String,
    pub(crate) kind: ExitKind,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitKind {
    Next,
    Choice,
    Catch,
}

/// Where a state leads.
pub(crate) fn exits(state: &State) -> Vec<Exit> {
    let exit = |to: &str, when: String, kind| Exit { to: to.to_owned(), when, kind };
    let mut exits = Vec::new();
    if let Kind::Choice(choice) = &state.kind {
        for (at, rule) in choice.rules.iter().enumerate() {
            exits.push(exit(&rule.next, format!("choice {}", at + 1), ExitKind::Choice));
        }
        exits.extend(choice.default.iter().map(|to| exit(to, "default".to_owned(), ExitKind::Choice)));
    } else if let Transition::Next(to) = &state.transition {
        exits.push(exit(to, String::new(), ExitKind::Next));
    }
    for catcher in state.guard().map(|guard| guard.catch.as_slice()).unwrap_or_default() {
        exits.push(exit(&catcher.next, catcher.error_equals.join(", "), ExitKind::Catch));
    }
    exits
}

/// The blocks inside a state.
pub(crate) fn inner(kind: &Kind) -> Vec<BlockId> {
    match kind {
        Kind::Parallel(parallel) => parallel.branches.clone(),
        Kind::Map(map) => vec![map.processor],
        _ => Vec::new(),
    }
}

/// A block with places.
#[derive(Clone, Debug, Default)]
struct Layout {
    width: usize,
    height: usize,
    boxes: Vec<Placed>,
    lines: Vec<Line>,
}

/// A state with its place in the block.
#[derive(Clone, Debug)]
struct Placed {
    name: String,
    kind: &'static str,
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    inner: Vec<Inner>,
}

/// A block inside a state.
#[derive(Clone, Debug)]
struct Inner {
    x: usize,
    layout: Layout,
}

/// A line between two states.
#[derive(Clone, Debug)]
struct Line {
    from: usize,
    exit: Exit,
    to: usize,
}

/// The layer of each state: one below the deepest of those that lead to it, lines back left out.
fn layers(block: &Block, lines: &[Line]) -> Vec<usize> {
    let count = block.states.len();
    let mut order = Vec::new();
    let mut seen = vec![Seen::No; count];
    let start = block.states.iter().position(|state| state.name == block.start_at);
    for root in start.into_iter().chain(0..count) {
        walk(root, lines, &mut seen, &mut order);
    }
    order.reverse();
    let rank: BTreeMap<usize, usize> = order.iter().enumerate().map(|(at, state)| (*state, at)).collect();
    let is_forward = |line: &&Line| rank.get(&line.from) < rank.get(&line.to);
    let mut layers = vec![0; count];
    for state in order {
        let below = layers.get(state).copied().unwrap_or_default() + 1;
        for line in lines.iter().filter(|line| line.from == state).filter(is_forward) {
            if let Some(layer) = layers.get_mut(line.to) {
                *layer = below.max(*layer);
            }
        }
    }
    layers
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    No,
    Yes,
}

/// Adds the states that can be reached in the order in which they are left (depth first, without recursion: a definition may have
/// thousands in a row).
fn walk(root: usize, lines: &[Line], seen: &mut [Seen], order: &mut Vec<usize>) {
    let next_of = |state: usize| lines.iter().filter(move |line| line.from == state).map(|line| line.to);
    let mut visit = |state: usize| {
        let mark = seen.get_mut(state);
        mark.is_some_and(|mark| std::mem::replace(mark, Seen::Yes) == Seen::No)
    };
    if !visit(root) {
        return;
    }
    let mut path = vec![(root, 0_usize)];
    while let Some((state, at)) = path.last_mut() {
        match next_of(*state).nth(*at) {
            Some(next) => {
                *at += 1;
                if visit(next) {
                    path.push((next, 0));
                }
            }
            None => {
                order.push(*state);
                path.pop();
            }
        }
    }
}

fn laid_out(machine: &Machine, id: BlockId, depth: usize) -> Layout {
    let Some(block) = machine.blocks.get(id).filter(|_| depth < DEPTH_MAX) else { return Layout::default() };
    let index: BTreeMap<&str, usize> =
        block.states.iter().enumerate().map(|(at, state)| (state.name.as_str(), at)).collect();
    let lines: Vec<Line> = block
        .states
        .iter()
        .enumerate()
        .flat_map(|(from, state)| exits(state).into_iter().map(move |exit| (from, exit)))
        .filter_map(|(from, exit)| Some(Line { from, to: *index.get(exit.to.as_str())?, exit }))
        .collect();
    let layers = layers(block, &lines);
    let mut boxes: Vec<Placed> = block.states.iter().map(|state| sized(machine, state, depth)).collect();
    let count = layers.iter().max().map_or(0, |most| most + 1);
    let rows: Vec<Vec<usize>> = (0..count)
        .map(|layer| layers.iter().enumerate().filter(|(_, of)| **of == layer).map(|(at, _)| at).collect())
        .collect();
    let width_of = |row: &[usize]| {
        let widths: usize = row.iter().filter_map(|at| boxes.get(*at)).map(|placed| placed.width).sum();
        widths + GAP_X * row.len().saturating_sub(1)
    };
    let widths: Vec<usize> = rows.iter().map(|row| width_of(row)).collect();
    let width = widths.iter().max().copied().unwrap_or(STATE_WIDTH);
    let mut y = 0;
    for (row, row_width) in rows.iter().zip(widths) {
        let mut x = (width - row_width) / 2;
        let mut height = 0;
        for at in row {
            let Some(placed) = boxes.get_mut(*at) else { continue };
            (placed.x, placed.y) = (x, y);
            x += placed.width + GAP_X;
            height = height.max(placed.height);
        }
        y += height + GAP_Y;
    }
    Layout { width: width + BACK, height: y.saturating_sub(GAP_Y), boxes, lines }
}

/// A state with its size, and the blocks inside it with their places.
fn sized(machine: &Machine, state: &State, depth: usize) -> Placed {
    let mut inner_blocks = Vec::new();
    let (mut x, mut height) = (PADDING, 0);
    for id in inner(&state.kind) {
        let layout = laid_out(machine, id, depth + 1);
        let width = layout.width;
        height = height.max(layout.height);
        inner_blocks.push(Inner { x, layout });
        x += width + GAP_X;
    }
    let (width, height) = if inner_blocks.is_empty() {
        (STATE_WIDTH, STATE_HEIGHT)
    } else {
        ((x - GAP_X + PADDING).max(STATE_WIDTH), height + HEAD + PADDING)
    };
    Placed {
        name: state.name.clone(),
        kind: state.type_name(),
        x: 0,
        y: 0,
        width,
        height,
        inner: inner_blocks,
    }
}

/// The picture of a machine, its states marked as they stand in an execution.
pub(crate) fn svg(machine: &Machine, marks: &Marks) -> Option<Markup> {
    let states: usize = machine.blocks.iter().map(|block| block.states.len()).sum();
    if states > STATES_MAX {
        return None;
    }
    let layout = laid_out(machine, 0, 0);
    let (width, height) = (layout.width + 2 * PADDING, layout.height + 2 * PADDING);
    Some(html! {
        svg.graph viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img" aria-labelledby="graph-title" {
            title #graph-title { "The states and where they lead; the table below says the same" }
            (drawn(&layout, PADDING, PADDING, marks))
        }
    })
}

fn drawn(layout: &Layout, x: usize, y: usize, marks: &Marks) -> Markup {
    html! {
        @for line in &layout.lines { (line_of(layout, line, x, y)) }
        @for placed in &layout.boxes { (boxed(placed, x, y, marks)) }
    }
}

fn line_of(layout: &Layout, line: &Line, x: usize, y: usize) -> Markup {
    let (Some(from), Some(to)) = (layout.boxes.get(line.from), layout.boxes.get(line.to)) else {
        return html! {};
    };
    let (x1, y1) = (x + from.x + from.width / 2, y + from.y + from.height);
    let (x2, y2) = (x + to.x + to.width / 2, y + to.y);
    let is_back = y2 <= y1;
    let d = if is_back {
        let side = x + layout.width - 6;
        let (start, end) = (x + from.x + from.width, x + to.x + to.width);
        let (middle_from, middle_to) = (y + from.y + from.height / 2, y + to.y + to.height / 2);
        format!("M{start} {middle_from}C{side} {middle_from} {side} {middle_to} {end} {middle_to}")
    } else {
        let half = y1.midpoint(y2);
        format!("M{x1} {y1}C{x1} {half} {x2} {half} {x2} {y2}")
    };
    let class = match (line.exit.kind, is_back) {
        (ExitKind::Catch, _) => "edge catch",
        (_, true) => "edge back",
        _ => "edge",
    };
    let label = visible(&line.exit.when, LineEnd::Escaped);
    let short: String = label.chars().take(NAME_MAX).collect();
    html! {
        path class=(class) d=(d) {}
        @if !is_back { path.tip d={ "M" (x2.saturating_sub(4)) " " (y2.saturating_sub(7)) "L" (x2) " " (y2) "L" (x2 + 4) " " (y2.saturating_sub(7)) } {} }
        @if !label.is_empty() && !is_back {
            text.rate x=(x1.midpoint(x2) + 5) y=(y1.midpoint(y2) + 4) { (short) }
        }
    }
}

fn boxed(placed: &Placed, x: usize, y: usize, marks: &Marks) -> Markup {
    let (x, y) = (x + placed.x, y + placed.y);
    let mark = marks.get(&placed.name).copied().unwrap_or_default();
    let class = format!("node {mark}");
    let name = visible(&placed.name, LineEnd::Escaped);
    let short: String = name.chars().take(NAME_MAX).collect();
    let sign = match mark {
        "succeeded" => "✓ ",
        "failed" => "✕ ",
        "running" => "… ",
        _ => "",
    };
    html! {
        g class=(class) {
            title { (name) " (" (placed.kind) ")" }
            rect x=(x) y=(y) width=(placed.width) height=(placed.height) rx="8" {}
            text.name x=(x + 12) y=(y + 19) { (sign) (short) @if short.len() < name.len() { "…" } }
            text.kind x=(x + 12) y=(y + 35) { (placed.kind) }
            @for inner in &placed.inner { (drawn(&inner.layout, x + inner.x, y + HEAD, marks)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Layout, Marks, laid_out, svg};
    use asl::{MachineType, parse};

    fn machine(text: &str) -> asl::Machine {
        parse(text, MachineType::Standard).machine.unwrap()
    }

    fn place(layout: &Layout, name: &str) -> (usize, usize) {
        let placed = layout.boxes.iter().find(|placed| placed.name == name).unwrap();
        (placed.x, placed.y)
    }

    const LOOP: &str = r#"{"StartAt": "Ask", "States": {
        "Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "Next": "Done?",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]},
        "Done?": {"Type": "Choice", "Choices": [{"Variable": "$.done", "BooleanEquals": true, "Next": "End"}], "Default": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Ask"}, "End": {"Type": "Succeed"}, "Sorry": {"Type": "Fail"}}}"#;

    #[test]
    fn a_state_stands_below_what_leads_to_it_and_a_loop_ends() {
        let layout = laid_out(&machine(LOOP), 0, 0);
        let (_, ask) = place(&layout, "Ask");
        let (wait_x, wait) = place(&layout, "Wait");
        let (end_x, end) = place(&layout, "End");
        assert!(ask < place(&layout, "Done?").1 && place(&layout, "Done?").1 < wait);
        assert!(wait == end && wait_x != end_x, "beside each other");
        let picture =
            svg(&machine(LOOP), &Marks::from([("Ask".to_owned(), "failed")])).unwrap().into_string();
        for part in ["node failed", "edge catch", "edge back", "States.ALL", "choice 1", "default"] {
            assert!(picture.contains(part), "{part}");
        }
    }

    #[test]
    fn no_two_states_of_a_block_overlap_and_inner_blocks_lie_inside() {
        let text = r#"{"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Next": "Each", "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": true}}},
            {"StartAt": "C", "States": {"C": {"Type": "Pass", "End": true}}}]},
            "Each": {"Type": "Map", "ItemProcessor": {"StartAt": "D", "States": {"D": {"Type": "Pass", "End": true}}}, "End": true}}}"#;
        let layout = laid_out(&machine(text), 0, 0);
        let [both, each] = layout.boxes.as_slice() else { panic!("two states") };
        assert!(both.y + both.height < each.y);
        let [left, right] = both.inner.as_slice() else { panic!("two branches") };
        assert!(left.x + left.layout.width < right.x && right.x + right.layout.width <= both.width);
        assert!(both.inner.iter().all(|inner| super::HEAD + inner.layout.height < both.height));
    }
}
