//! Parts of pipelines, each with the pairing of a rule and a target that only it has, and the pipelines that are put together of them.

use std::collections::BTreeMap;

/// A part: its name, and entries of sections. An entry without a section's list is the section's value itself.
struct Part {
    name: &'static str,
    entries: &'static [Entry],
}

struct Entry {
    section: &'static str,
    text: &'static str,
}

const fn entry(section: &'static str, text: &'static str) -> Entry {
    Entry { section, text }
}

/// Sections that have one value and not a list.
const SINGLE: &[&str] = &["bus", "genesys"];

const PARTS: &[Part] = &[
    Part {
        name: "bus",
        entries: &[
            entry("bus", "contact-centre"),
            entry("queues", "{ name: of-bus }"),
            entry("rules", "{ name: r-bus, pattern: { source: [a] }, targets: [{ queue: of-bus }] }"),
        ],
    },
    Part {
        name: "dead-letters",
        entries: &[
            entry("queues", "{ name: dead, retention: 14d }"),
            entry(
                "queues",
                "{ name: calls, visibilityTimeout: 90s, deadLetter: { queue: dead, maxReceiveCount: 3 } }",
            ),
            entry(
                "rules",
                "{ name: r-dead, pattern: { source: [b] }, targets: [{ queue: calls, deadLetter: dead, retry: { attempts: 3, maxAge: 1h } }] }",
            ),
        ],
    },
    Part {
        name: "function",
        entries: &[
            entry(
                "functions",
                "{ name: f, runtime: python3.13, timeout: 30s, concurrency: 2, environment: { TOKEN: '${env:TOKEN}', STAGE: prod }, inline: 'def handler(event, context): return event' }",
            ),
            entry("rules", "{ name: r-function, pattern: { source: [c] }, targets: [{ function: f }] }"),
        ],
    },
    Part {
        name: "state-machine",
        entries: &[
            entry("queues", "{ name: of-machine }"),
            entry(
                "stateMachines",
                "{ name: m, definition: { StartAt: S, States: { S: { Type: Task, Resource: 'arn:aws:states:::sqs:sendMessage', Parameters: { QueueUrl: '${queue:of-machine}', MessageBody: x }, End: true } } } }",
            ),
            entry("rules", "{ name: r-machine, pattern: { source: [d] }, targets: [{ stateMachine: m }] }"),
        ],
    },
    Part {
        name: "express",
        entries: &[
            entry(
                "stateMachines",
                "{ name: e, type: EXPRESS, definition: { StartAt: S, States: { S: { Type: Pass, End: true } } } }",
            ),
            entry("rules", "{ name: r-express, pattern: { source: [e] }, targets: [{ stateMachine: e }] }"),
        ],
    },
    Part {
        name: "log-group",
        entries: &[
            entry("logGroups", "{ name: /aws/events/all, retentionDays: 30 }"),
            entry(
                "rules",
                "{ name: r-log, pattern: { source: [f] }, targets: [{ logGroup: /aws/events/all }] }",
            ),
        ],
    },
    Part {
        name: "api-destination",
        entries: &[
            entry("connections", "{ name: crm, basic: { username: u, password: '${env:PASSWORD}' } }"),
            entry(
                "apiDestinations",
                "{ name: crm-calls, connection: crm, endpoint: 'https://crm.example.com/calls/*', method: POST, rateLimitPerSecond: 20 }",
            ),
            entry(
                "rules",
                "{ name: r-api, pattern: { source: [g] }, targets: [{ apiDestination: crm-calls, http: { path: ['$.detail.id'] } }] }",
            ),
        ],
    },
    Part {
        name: "oauth",
        entries: &[
            entry(
                "connections",
                "{ name: oauth, oauth: { endpoint: 'https://login.example.com/token', clientId: t, clientSecret: '${env:SECRET}' } }",
            ),
            entry(
                "apiDestinations",
                "{ name: tickets, connection: oauth, endpoint: 'https://crm.example.com/tickets', method: PUT }",
            ),
            entry(
                "rules",
                "{ name: r-oauth, pattern: { source: [h] }, targets: [{ apiDestination: tickets }] }",
            ),
        ],
    },
    Part { name: "archive", entries: &[entry("archives", "{ name: all, retentionDays: 30 }")] },
    Part {
        name: "table",
        entries: &[
            entry("tables", "{ name: items, key: id, sortKey: at, sortKeyType: N, ttl: expires }"),
            entry(
                "functions",
                "{ name: g, runtime: nodejs22.x, environment: { TABLE: '${table:items}' }, inline: 'exports.handler = async () => 1' }",
            ),
        ],
    },
    Part {
        name: "schedule",
        entries: &[
            entry("queues", "{ name: nightly }"),
            entry(
                "rules",
                "{ name: r-schedule, schedule: 'cron(0 8 * * ? *)', targets: [{ queue: nightly, input: { by: clock } }] }",
            ),
        ],
    },
    Part {
        name: "genesys-queue",
        entries: &[
            entry("genesys", "{ source: simulate, queues: [Support] }"),
            entry("queues", "{ name: support }"),
            entry(
                "rules",
                "{ name: r-support, queue: Support, targets: [{ queue: support, inputTransformer: { paths: { id: $.detail.conversationId }, template: '{\"id\": <id>, \"queue\": \"${queue:Support}\"}' } }] }",
            ),
        ],
    },
    Part {
        name: "workers",
        entries: &[
            entry("queues", "{ name: work }"),
            entry("queues", "{ name: passed-on }"),
            entry(
                "functions",
                "{ name: w, runtime: python3.13, inline: 'def handler(event, context): return event' }",
            ),
            entry("workers", "{ queue: work, function: w, concurrency: 2, rate: 10 }"),
            entry("workers", "{ queue: passed-on, url: 'https://crm.example.com/hook' }"),
        ],
    },
];

/// Parts that a file cannot have together: the clock's rules are on the default bus alone.
const EXCLUDED: [&str; 2] = ["bus", "schedule"];

/// Pipeline files by name: each part alone, each two of them, and all of them but one of those that exclude each other.
pub(super) fn pipelines() -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (at, one) in PARTS.iter().enumerate() {
        out.push(pipeline(&[one]));
        let others = PARTS.iter().skip(at + 1);
        let others = others.filter(|other| [one.name, other.name] != EXCLUDED);
        out.extend(others.map(|other| pipeline(&[one, other])));
    }
    for left_out in EXCLUDED {
        let parts: Vec<&Part> = PARTS.iter().filter(|part| part.name != left_out).collect();
        out.push((format!("all-but-{left_out}"), pipeline(&parts).1));
    }
    out
}

fn pipeline(parts: &[&Part]) -> (String, String) {
    let name = parts.iter().map(|part| part.name).collect::<Vec<_>>().join("+");
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in parts.iter().flat_map(|part| part.entries) {
        sections.entry(entry.section).or_default().push(entry.text);
    }
    let mut text = "version: 1\nname: generated\n".to_owned();
    for (section, entries) in sections {
        if SINGLE.contains(&section) {
            text.push_str(&format!("{section}: {}\n", entries.concat()));
            continue;
        }
        text.push_str(&format!("{section}:\n"));
        entries.iter().for_each(|entry| text.push_str(&format!("  - {entry}\n")));
    }
    (name, text)
}
