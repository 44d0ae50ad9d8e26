//! The path as a picture: sources, buses, rules, targets and dead-letter queues in columns, lines between them.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::address::{href, href_with};
use crate::pages::link::page_of;
use crate::parts::grouped;
use crate::payload::{LineEnd, visible};
use crate::pipeline::{Kind, Pipeline, name_of};
use crate::standing::Standing;

/// Rules that are drawn.
pub(crate) const RULES_DRAWN_MAX: usize = 40;
/// Characters of a name that fit into a box.
const NAME_MAX: usize = 19;

const BOX_WIDTH: usize = 180;
const BOX_HEIGHT: usize = 50;
const ROW: usize = 66;
const COLUMN: usize = 246;
const TOP: usize = 34;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Sources,
    Buses,
    Rules,
    Targets,
    DeadLetters,
}

impl Column {
    const ALL: [Self; 5] = [Self::Sources, Self::Buses, Self::Rules, Self::Targets, Self::DeadLetters];

    fn at(self) -> usize {
        match self {
            Self::Sources => 0,
            Self::Buses => 1,
            Self::Rules => 2,
            Self::Targets => 3,
            Self::DeadLetters => 4,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sources => "sources",
            Self::Buses => "event buses",
            Self::Rules => "rules",
            Self::Targets => "targets",
            Self::DeadLetters => "dead letters",
        }
    }
}

/// A box.
#[derive(Clone, Debug)]
struct Node {
    column: Column,
    row: usize,
    name: String,
    /// In small type below the name.
    kind: String,
    href: Option<String>,
    /// A live figure at the right.
    key: String,
    figure: String,
    is_off: bool,
}

/// A line between two boxes.
#[derive(Clone, Debug)]
struct Edge {
    from: usize,
    to: usize,
    key: String,
}

/// The picture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawing {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// Boxes by what they stand for.
    known: BTreeMap<(Column, String), usize>,
}

impl Drawing {
    /// The picture of a pipeline.
    pub(crate) fn of(pipeline: &Pipeline, standing: &Standing) -> Self {
        let mut drawing = Self::default();
        let rules: Vec<_> = pipeline.rules().take(RULES_DRAWN_MAX).collect();
        drawing.sources(pipeline, standing);
        for rule in &rules {
            let bus = drawing.bus(&rule.bus);
            let href = href(&["rules", &rule.bus, &rule.name]);
            let kind = if rule.schedule.is_empty() { "rule" } else { "schedule" };
            let key = format!("rule.{}/{}", rule.bus, rule.name);
            let node = Node {
                href: Some(href),
                kind: kind.to_owned(),
                is_off: !rule.is_enabled,
                ..node(&rule.name)
            };
            let at = drawing.put(Column::Rules, &key, node);
            drawing.edge(bus, at, &format!("{key}.rate"));
            for target in &rule.targets {
                let to = drawing.target(pipeline, &target.arn);
                drawing.edge(at, to, &format!("target.{}/{}/{}.edge", rule.bus, rule.name, target.id));
                if !target.dead_letter_arn.is_empty() {
                    let dead = drawing.dead_letters(pipeline, &target.dead_letter_arn);
                    drawing.edge(to, dead, "");
                }
            }
        }
        for queue in pipeline.queues.iter().filter(|queue| !queue.dead_letter_arn.is_empty()) {
            if let Some(&from) = drawing.known.get(&(Column::Targets, queue.arn.clone())) {
                let dead = drawing.dead_letters(pipeline, &queue.dead_letter_arn);
                drawing.edge(from, dead, "");
            }
        }
        drawing
    }

    /// Feeds and webhooks, and the tracker between a feed's bus and the bus of what is derived.
    fn sources(&mut self, pipeline: &Pipeline, standing: &Standing) {
        let partner = pipeline.buses.iter().filter(|bus| bus.name.starts_with("aws.partner/genesys.com/"));
        let mut feeds = Vec::new();
        for bus in partner {
            let node = Node { kind: "feed".to_owned(), ..node("Genesys Cloud") };
            let feed = self.put(Column::Sources, &bus.name, node);
            let at = self.bus(&bus.name);
            self.edge(feed, at, "");
            feeds.push(feed);
        }
        if let Some(derived) = &standing.feed_bus {
            let node = Node { kind: "derives of the feed".to_owned(), ..node("Conversation tracker") };
            let tracker = self.put(Column::Sources, "tracker", node);
            let at = self.bus(derived);
            self.edge(tracker, at, "");
        }
        for webhook in &standing.webhooks {
            let kind = if webhook.verified { "webhook, verified" } else { "webhook" };
            let node = Node { kind: kind.to_owned(), ..node(&webhook.name) };
            let from = self.put(Column::Sources, &format!("webhook {}", webhook.name), node);
            let at = self.bus(&webhook.bus);
            self.edge(from, at, "");
        }
    }

    fn bus(&mut self, name: &str) -> usize {
        let short = name.strip_prefix("aws.partner/").unwrap_or(name);
        let node = Node {
            href: Some(href_with(&["live"], &[("bus", name)])),
            kind: "event bus".to_owned(),
            key: format!("bus.{name}.rate"),
            figure: "–".to_owned(),
            ..node(short)
        };
        self.put(Column::Buses, name, node)
    }

    fn target(&mut self, pipeline: &Pipeline, arn: &str) -> usize {
        let waiting =
            pipeline.queue_of_arn(arn).map(|queue| (format!("queue.{}.visible", queue.name), queue.visible));
        let (key, waiting) = waiting.map_or((String::new(), None), |(key, waiting)| (key, Some(waiting)));
        let node = Node {
            href: page_of(arn),
            kind: Kind::of(arn).word().to_owned(),
            key,
            figure: waiting.map(grouped).unwrap_or_default(),
            ..node(&name_of(arn))
        };
        self.put(Column::Targets, arn, node)
    }

    fn dead_letters(&mut self, pipeline: &Pipeline, arn: &str) -> usize {
        let name = name_of(arn);
        let waiting = pipeline.queue_of_arn(arn).map(|queue| queue.visible);
        let node = Node {
            href: Some(href(&["dead-letters", &name])),
            kind: "dead-letter queue".to_owned(),
            key: format!("queue.{name}.visible"),
            figure: waiting.map(grouped).unwrap_or_default(),
            ..node(&name)
        };
        self.put(Column::DeadLetters, arn, node)
    }

    /// The box that stands for `what`; made where it is not there.
    fn put(&mut self, column: Column, what: &str, node: Node) -> usize {
        let key = (column, what.to_owned());
        if let Some(&at) = self.known.get(&key) {
            return at;
        }
        let row = self.nodes.iter().filter(|node| node.column == column).count();
        self.nodes.push(Node { column, row, ..node });
        self.known.insert(key, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize, key: &str) {
        if !self.edges.iter().any(|edge| (edge.from, edge.to) == (from, to)) {
            self.edges.push(Edge { from, to, key: key.to_owned() });
        }
    }

    /// The picture as SVG, without any style of its own.
    pub(crate) fn svg(&self) -> Markup {
        let rows = self.nodes.iter().map(|node| node.row + 1).max().unwrap_or(1);
        let columns: Vec<Column> = Column::ALL
            .into_iter()
            .filter(|column| self.nodes.iter().any(|node| node.column == *column))
            .collect();
        let (first, last) = (columns.first().map_or(0, |c| c.at()), columns.last().map_or(0, |c| c.at()));
        let (width, height) = ((last - first) * COLUMN + BOX_WIDTH + 4, TOP + rows * ROW);
        let x = |column: Column| (column.at() - first) * COLUMN + 2;
        html! {
            svg.path viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="group" aria-labelledby="path-title" {
                title #path-title { "Sources, event buses, rules, targets and dead-letter queues; the table below says the same" }
                @for column in &columns { text.column x=(x(*column)) y="16" { (column.name()) } }
                @for edge in &self.edges { (self.line(edge, &x)) }
                @for node in &self.nodes { (boxed(node, x(node.column))) }
            }
        }
    }

    fn line(&self, edge: &Edge, x: &impl Fn(Column) -> usize) -> Markup {
        let (Some(from), Some(to)) = (self.nodes.get(edge.from), self.nodes.get(edge.to)) else {
            return html! {};
        };
        let (x1, y1) = (x(from.column) + BOX_WIDTH, middle(from));
        let (x2, y2) = (x(to.column), middle(to));
        let half = x1.midpoint(x2);
        let d = format!("M{x1} {y1}C{half} {y1} {half} {y2} {x2} {y2}");
        html! {
            path.edge d=(d) {}
            @if !edge.key.is_empty() {
                text.rate x=(x2.saturating_sub(6)) y=(y2.saturating_sub(5)) text-anchor="end" data-live=(edge.key) {}
            }
        }
    }
}

fn node(name: &str) -> Node {
    Node {
        column: Column::Sources,
        row: 0,
        name: name.to_owned(),
        kind: String::new(),
        href: None,
        key: String::new(),
        figure: String::new(),
        is_off: false,
    }
}

fn middle(node: &Node) -> usize {
    TOP + node.row * ROW + BOX_HEIGHT / 2
}

fn boxed(node: &Node, x: usize) -> Markup {
    let y = TOP + node.row * ROW;
    let class = match (node.column, node.is_off) {
        (_, true) => "node off",
        (Column::DeadLetters, _) if node.figure != "0" => "node dead",
        _ => "node",
    };
    let name = visible(&node.name, LineEnd::Escaped);
    let short = if name.chars().count() > NAME_MAX {
        let head: String = name.chars().take(NAME_MAX - 1).collect();
        format!("{head}…")
    } else {
        name.clone()
    };
    let kind = if node.is_off { format!("{}, paused", node.kind) } else { node.kind.clone() };
    let inner = html! {
        rect x=(x) y=(y) width=(BOX_WIDTH) height=(BOX_HEIGHT) rx="8" {}
        text.name x=(x + 12) y=(y + 21) { (short) }
        text.kind x=(x + 12) y=(y + 38) { (kind) }
        @if !node.key.is_empty() {
            text.count x=(x + BOX_WIDTH - 12) y=(y + 38) text-anchor="end" data-live=(node.key) { (node.figure) }
        }
    };
    html! {
        g class=(class) {
            title { (name) }
            @if let Some(href) = &node.href { a href=(href) { (inner) } } @else { (inner) }
        }
    }
}
